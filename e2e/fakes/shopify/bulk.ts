import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type GraphQLSchema,
  getNamedType,
  isObjectType,
  Kind,
  parse,
  type SelectionSetNode,
  TypeInfo,
  validate,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { gid } from './catalogue.ts';
import type { Answer } from './execute.ts';

/** What bulk operations do from now on, besides their duty. */
export type BulkFaults = {
  /** They stay RUNNING until `finish()`. */
  holds?: boolean;
  /** They end so, with no file. */
  fails?: 'ACCESS_DENIED' | 'INTERNAL_SERVER_ERROR' | 'TIMEOUT';
  /** The file repeats its first object, under new ids, to this size. */
  bytes?: number;
  /** How long the texts of the repeated objects are. */
  textBytes?: number;
  /** The connection breaks after so many bytes; every time, or so many times. */
  cutAfter?: number;
  /** One line in the middle is not JSON. */
  broken?: boolean;
  /** The address of the file answers so. */
  status?: number;
};

export type Operation = {
  id: string;
  status: 'CREATED' | 'RUNNING' | 'COMPLETED' | 'FAILED' | 'CANCELED';
  errorCode: string | null;
  createdAt: string;
  completedAt: string | null;
  objectCount: string;
  rootObjectCount: string;
  fileSize: string | null;
  url: string | null;
  partialDataUrl: string | null;
  query: string;
  type: 'QUERY';
};

type Line = Record<string, unknown>;
type Kept = { operation: Operation; lines: Line[]; groups: Line[][] };

export type Bulk = ReturnType<typeof createBulk>;

const CONCURRENT = 5;
const MAX_CONNECTIONS = 5;
const MAX_DEPTH = 2;

/** The bulk operations of one shop. `execute` runs the inner query over everything; `finished` hears of each end. */
export function createBulk(deps: {
  fileUrl: (number: string) => string;
  schema: () => GraphQLSchema;
  execute: (query: string, scopes: readonly string[]) => Promise<Answer>;
  finished: (operation: Operation) => void;
}) {
  const all = new Map<string, Kept>();
  const faults: BulkFaults = {};
  let last = 700;

  async function complete(kept: Kept, grouped: boolean, scopes: readonly string[]): Promise<void> {
    const { operation } = kept;
    if (operation.status === 'CANCELED') return;
    const { data, errors } = faults.fails ? { data: null, errors: [] } : await deps.execute(operation.query, scopes);
    operation.completedAt = new Date().toISOString();
    if (errors || !data) {
      operation.status = 'FAILED';
      operation.errorCode = faults.fails ?? (errors?.[0]?.extensions?.code || 'INTERNAL_SERVER_ERROR');
    } else {
      kept.groups = groupsOf(data);
      // Where nobody asked for groups the children come anywhere; here behind all parents, the last one first.
      kept.lines = grouped
        ? kept.groups.flat()
        : [
            ...kept.groups.flatMap(group => group.slice(0, 1)),
            ...kept.groups.flatMap(group => group.slice(1)).toReversed(),
          ];
      operation.status = 'COMPLETED';
      operation.objectCount = String(kept.lines.length);
      operation.rootObjectCount = String(kept.groups.length);
      operation.fileSize = String(
        faults.bytes ?? Buffer.byteLength(kept.lines.map(line => JSON.stringify(line)).join('\n')),
      );
      // As Shopify has it: no file where nothing was found.
      operation.url = kept.lines.length > 0 ? deps.fileUrl(operation.id.split('/').pop() ?? '') : null;
    }
    deps.finished(operation);
  }

  const held: (() => Promise<void>)[] = [];

  return {
    faults,
    operation: (id: string): Operation | null => all.get(id)?.operation ?? null,
    operations: (): Operation[] => [...all.values()].map(({ operation }) => operation),

    run({ query, groupObjects }: { query: string; groupObjects: boolean }, scopes: readonly string[]) {
      const refusal = whyRefused(query, deps.schema());
      const running = [...all.values()].filter(({ operation }) => /CREATED|RUNNING/.test(operation.status));
      const message =
        refusal ??
        (running.length >= CONCURRENT ? 'A bulk query operation for this app and shop is already in progress.' : '');
      if (message) {
        const code = refusal ? 'INVALID' : 'OPERATION_IN_PROGRESS';
        return { bulkOperation: null, userErrors: [{ field: ['query'], message, code }] };
      }
      last += 1;
      const operation: Operation = {
        id: gid('BulkOperation', last),
        status: 'CREATED',
        errorCode: null,
        createdAt: new Date().toISOString(),
        completedAt: null,
        objectCount: '0',
        rootObjectCount: '0',
        fileSize: null,
        url: null,
        partialDataUrl: null,
        query,
        type: 'QUERY',
      };
      const kept: Kept = { operation, lines: [], groups: [] };
      all.set(operation.id, kept);
      const created = { ...operation };
      operation.status = 'RUNNING';
      const finish = () => complete(kept, groupObjects, scopes);
      if (faults.holds) held.push(finish);
      else void nextTurn().then(finish);
      return { bulkOperation: created, userErrors: [] };
    },

    cancel(id: string) {
      const kept = all.get(id);
      if (!kept)
        return { bulkOperation: null, userErrors: [{ field: ['id'], message: 'Bulk operation does not exist' }] };
      if (kept.operation.status === 'RUNNING') kept.operation.status = 'CANCELED';
      return { bulkOperation: kept.operation, userErrors: [] };
    },

    /** Ends the operations that were held. */
    async finish(): Promise<void> {
      for (const each of held.splice(0)) await each();
    },

    /** Serves the file of an operation. */
    async serve(number: string, response: ServerResponse): Promise<void> {
      const kept = all.get(gid('BulkOperation', number));
      if (faults.status || !kept) return void response.writeHead(faults.status ?? 404).end();
      response.writeHead(200, { 'content-type': 'application/jsonl' });
      const pieces = Readable.from(cut(texts(kept, faults), faults.cutAfter));
      // Whoever reads goes, or the connection is cut: both are what was asked for.
      await pipeline(pieces, response).catch(() => {});
    },
  };
}

function* cut(pieces: Iterable<string>, after: number | undefined): Generator<string> {
  let sent = 0;
  for (const piece of pieces) {
    if (after !== undefined && sent + piece.length > after) {
      yield piece.slice(0, after - sent);
      throw new Error('cut');
    }
    sent += piece.length;
    yield piece;
  }
}

function* texts({ lines, groups }: Kept, { bytes, textBytes = 1_000, broken }: BulkFaults): Generator<string> {
  if (bytes === undefined) {
    for (const [at, line] of lines.entries()) {
      if (broken && at === Math.floor(lines.length / 2)) yield '{"id":"gid://shopify/\n';
      yield `${JSON.stringify(line)}\n`;
    }
    return;
  }
  const [template = []] = groups;
  const filler = 'Knitted from the wool of a sheep. '.repeat(Math.ceil(textBytes / 34)).slice(0, textBytes);
  for (let n = 1, made = 0; made < bytes; n += 1) {
    const text = template
      .map(line => `${JSON.stringify(line, (key, value) => renamed(key, value, n, filler))}\n`)
      .join('');
    made += text.length;
    yield text;
  }
}

/** The n-th copy of an object: ids and handles of its own, and long texts. */
function renamed(key: string, value: unknown, n: number, filler: string): unknown {
  if (typeof value !== 'string') return value;
  if (value.startsWith('gid://')) return `${value}${String(n).padStart(9, '0')}`;
  if (/^(description|descriptionHtml|body)$/.test(key)) return filler;
  if (key === 'handle' || key === 'onlineStoreUrl') return `${value}-${n}`;
  if (key === 'title' || key === 'displayName') return `${value} ${n}`;
  return value;
}

/** The objects of an answer, each with its children behind it. */
function groupsOf(data: Record<string, unknown>): Line[][] {
  return Object.values(data).flatMap(value => (isConnection(value) ? nodesOf(value).map(node => linesOf(node)) : []));
}

function linesOf(node: Line, parent?: unknown): Line[] {
  const own = Object.entries(node).filter(([, value]) => !isConnection(value));
  const children = Object.values(node).filter(isConnection);
  const line = { ...Object.fromEntries(own), ...(parent !== undefined && { __parentId: parent }) };
  return [line, ...children.flatMap(each => nodesOf(each).flatMap(child => linesOf(child, node.id)))];
}

type Connection = { edges: { node: Line }[] };
const isConnection = (value: unknown): value is Connection =>
  typeof value === 'object' && value !== null && Array.isArray((value as Connection).edges);
const nodesOf = ({ edges }: Connection) => edges.map(({ node }) => node);

/** Why Shopify would not run this query in bulk. */
export function whyRefused(query: string, schema: GraphQLSchema): string | undefined {
  let document: ReturnType<typeof parse>;
  try {
    document = parse(query);
  } catch (error) {
    return `Invalid bulk query: ${(error as Error).message}`;
  }
  const [fault] = validate(schema, document);
  if (fault) return `Invalid bulk query: ${fault.message}`;
  const [operation, ...more] = document.definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION || more.length > 0) return 'Bulk queries have one operation.';
  if (operation.selectionSet.selections.length !== 1) return 'Bulk queries have one top-level field.';
  if (operation.variableDefinitions?.length) return 'Bulk queries have no variables.';
  const info = new TypeInfo(schema);
  let connections = 0;
  let depth = 0;
  let deepest = 0;
  let refusal: string | undefined;
  const isConnectionField = () => {
    const type = getNamedType(info.getType() ?? undefined);
    return isObjectType(type) && type.name.endsWith('Connection');
  };
  visit(
    document,
    visitWithTypeInfo(info, {
      Field: {
        enter(node) {
          if (/^nodes?$/.test(node.name.value) && info.getParentType()?.name === 'QueryRoot') {
            refusal = 'Bulk queries cannot contain the top-level node or nodes.';
          }
          if (!isConnectionField()) return;
          connections += 1;
          depth += 1;
          deepest = Math.max(deepest, depth);
          if (!names(node.selectionSet).includes('edges')) refusal = 'Bulk queries read connections by edges and node.';
        },
        leave() {
          if (isConnectionField()) depth -= 1;
        },
      },
    }),
  );
  if (refusal) return refusal;
  if (connections === 0) return 'Bulk queries must contain at least one connection.';
  if (connections > MAX_CONNECTIONS) return 'Bulk queries cannot contain more than 5 connections.';
  // The connection of the top level is not nested in any other.
  if (deepest - 1 > MAX_DEPTH) return 'Bulk queries cannot contain connections with a nesting depth greater than 2.';
  return undefined;
}

const names = (set: SelectionSetNode | undefined) =>
  set?.selections.flatMap(each => (each.kind === Kind.FIELD ? each.name.value : [])) ?? [];
