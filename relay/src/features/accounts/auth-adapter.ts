import { type CleanedWhere, createAdapterFactory } from '@better-auth/core/db/adapter';
import type { Db } from '../../db/database.ts';

type Row = Record<string, unknown>;
type Where = Record<string, unknown>;

/** What we use of a model of Prisma, whichever it is. */
type Delegate = {
  create: (given: { data: Row }) => Promise<Row>;
  findFirst: (given: { where: Where }) => Promise<Row | null>;
  findMany: (given: { where: Where; take: number; skip?: number; orderBy?: Row }) => Promise<Row[]>;
  updateManyAndReturn: (given: { where: Where; data: Row }) => Promise<Row[]>;
  updateMany: (given: { where: Where; data: Row }) => Promise<{ count: number }>;
  deleteMany: (given: { where: Where }) => Promise<{ count: number }>;
  count: (given: { where: Where }) => Promise<number>;
};

/** Has better-auth keep its rows in our tables. Each of its operations is one statement, or one that only one of many wins. */
export const authAdapter = (db: Db) =>
  createAdapterFactory({
    config: { adapterId: 'confab', supportsNumericIds: false, transaction: false },
    adapter: () => {
      const of = (model: string) => (db as unknown as Record<string, Delegate>)[model] as Delegate;
      return {
        create: async ({ model, data }) => (await of(model).create({ data })) as typeof data,
        findOne: async <T>({ model, where }: { model: string; where: CleanedWhere[] }) =>
          (await of(model).findFirst({ where: conditionOf(where) })) as T | null,
        findMany: async <T>({ model, where, limit, sortBy, offset }: Many) =>
          (await of(model).findMany({
            where: conditionOf(where),
            take: limit,
            ...(offset !== undefined && { skip: offset }),
            ...(sortBy && { orderBy: { [sortBy.field]: sortBy.direction } }),
          })) as T[],
        update: async <T>({ model, where, update }: { model: string; where: CleanedWhere[]; update: T }) => {
          const [row] = await of(model).updateManyAndReturn({ where: conditionOf(where), data: update as Row });
          return (row ?? null) as T | null;
        },
        updateMany: async ({ model, where, update }) =>
          (await of(model).updateMany({ where: conditionOf(where), data: update })).count,
        delete: async ({ model, where }) => {
          await of(model).deleteMany({ where: conditionOf(where) });
        },
        deleteMany: async ({ model, where }) => (await of(model).deleteMany({ where: conditionOf(where) })).count,
        count: async ({ model, where }) => of(model).count({ where: conditionOf(where) }),
        consumeOne: async <T>({ model, where }: { model: string; where: CleanedWhere[] }) => {
          const row = await of(model).findFirst({ where: conditionOf(where) });
          if (!row) return null;
          const { count } = await of(model).deleteMany({ where: { AND: [{ id: row.id }, conditionOf(where)] } });
          return (count === 1 ? row : null) as T | null;
        },
        incrementOne: async <T>({ model, where, increment, set }: Increment) => {
          const steps = Object.entries(increment).map(([field, by]) => [field, { increment: by }]);
          const data = { ...set, ...Object.fromEntries(steps) };
          const [row] = await of(model).updateManyAndReturn({ where: conditionOf(where), data });
          return (row ?? null) as T | null;
        },
      };
    },
  });

type Many = {
  model: string;
  where?: CleanedWhere[] | undefined;
  limit: number;
  sortBy?: { field: string; direction: 'asc' | 'desc' } | undefined;
  offset?: number | undefined;
};
type Increment = {
  model: string;
  where: CleanedWhere[];
  increment: Record<string, number>;
  set?: Record<string, unknown> | undefined;
};

const OPERATORS: Record<string, string> = {
  eq: 'equals',
  ne: 'not',
  lt: 'lt',
  lte: 'lte',
  gt: 'gt',
  gte: 'gte',
  in: 'in',
  not_in: 'notIn',
};

/** Throws for what none of the calls that we make asks for: a condition that is left out would match too much. */
export function conditionOf(where: CleanedWhere[] = []): Where {
  const conditions = where.map(({ field, value, operator, connector }) => {
    const by = OPERATORS[operator];
    // Prisma takes `undefined` for no condition at all.
    if (!by || value === undefined || (connector === 'OR' && where.length > 1)) {
      throw new Error(`no condition that is known here: ${field} ${operator} ${connector}`);
    }
    return { [field]: { [by]: value } };
  });
  return { AND: conditions };
}
