import { setTimeout as pause } from 'node:timers/promises';
import { type Database, type Db, Prisma, type Tx } from '../db/database.ts';
import { afterCommit } from '../db/transaction.ts';
import type { Redis } from '../providers/redis/redis.ts';

/** One word for all: processes of other versions on this database must agree on it. */
const CHANNEL = 'confab_live';
const REDIS_CHANNEL = 'confab:live';

/** Who is at work on something says so at once; an event that was lost is asked for a second time. */
const HELD_MS = 700;
const HELD_TRIES = 2;

/**
 * What somebody may wait for: what happens at a site, in one conversation of it, to a user, to all processes, or to what
 * one of them is at work on. Ids only: every process gets it, and nothing of a person may travel where nobody asked for it.
 */
export type LiveEvent = { type: string; id?: string; by?: string; forMs?: number };

/** `site {id}` and the like, `knowledge {site id}`, `turn {id}`, or `processes`. */
export type Topic = `${'site' | 'conversation' | 'user' | 'knowledge' | 'turn'} ${string}` | 'processes';

type Hearer = (event: LiveEvent) => void;

export type Live = Awaited<ReturnType<typeof createLive>>;

/** How a statement tells something by itself. `telling` is a column of it, and `told` is given its rows. */
export type Telling = {
  telling(topic: Topic, event: { type: string; id: Prisma.Sql; by?: string }): Prisma.Sql;
  told(rows: readonly { told: string | null }[]): void;
};

type Deps = {
  database: Pick<Database, 'db' | 'listen'>;
  /** Where there is one, events go by it, and PostgreSQL has nothing to do with them. */
  redis?: Pick<Redis, 'publish' | 'subscribe'> | undefined;
};

/** What somebody else says on the channel is nothing to us. */
function read(payload: string): { topic: Topic; event: LiveEvent } | undefined {
  try {
    const said = JSON.parse(payload);
    return typeof said?.topic === 'string' && typeof said?.event?.type === 'string' ? said : undefined;
  } catch {
    return undefined;
  }
}

/** Tells every relay process of this database what happens now. What nobody hears is gone: it is never the only record. */
export async function createLive({ database, redis }: Deps) {
  const hearers = new Map<Topic, Set<Hearer>>();
  const held = new Map<Topic, number>();
  const listener = {
    hear(payload: string) {
      const said = read(payload);
      if (!said) return;
      const { topic, event } = said;
      if (event.type === 'who' && held.has(topic)) void tell(topic, { type: 'mine' }).catch(() => {});
      for (const hear of hearers.get(topic) ?? []) hear(event);
    },
    missed() {
      for (const each of hearers.values()) for (const hear of each) hear({ type: 'missed' });
    },
  };
  if (redis) await redis.subscribe(REDIS_CHANNEL, listener);
  else await database.listen({ channel: CHANNEL, ...listener });

  /** A Redis that is away has nobody miss more than the events: who hears is told that some may be missing. */
  const publish = (payload: string) => void redis?.publish(REDIS_CHANNEL, payload).catch(() => {});

  async function tell(topic: Topic, event: LiveEvent, tx: Db | Tx = database.db): Promise<void> {
    const payload = JSON.stringify({ topic, event });
    if (redis) afterCommit(tx, () => publish(payload));
    else await tx.$queryRaw`SELECT pg_notify(${CHANNEL}, ${payload})::text`;
  }

  function on(topic: Topic, hear: Hearer): () => void {
    const those = hearers.get(topic) ?? new Set();
    hearers.set(topic, those.add(hear));
    return () => {
      those.delete(hear);
      if (those.size === 0 && hearers.get(topic) === those) hearers.delete(topic);
    };
  }

  const statements: Telling = redis
    ? {
        telling: eventIn,
        told(rows) {
          for (const { told } of rows) if (told !== null) publish(told);
        },
      }
    : byNotify;

  return {
    ...statements,

    /** Heard once `tx`, a transaction of `inTransaction`, is committed, and not before. */
    tell,

    /**
     * Calls `hear` until what it returns is called. After a connection was lost there is a `missed`: read again what you
     * show.
     */
    on,

    /** This process is at work on it, until what this returns is called. */
    hold(topic: Topic): () => void {
      held.set(topic, (held.get(topic) ?? 0) + 1);
      return () => {
        const left = (held.get(topic) ?? 1) - 1;
        if (left > 0) held.set(topic, left);
        else held.delete(topic);
      };
    },

    /** Whether any process is at work on it. Where nobody is, that takes a second or two to be known. */
    async isHeld(topic: Topic): Promise<boolean> {
      if (held.has(topic)) return true;
      const answered = Promise.withResolvers<boolean>();
      const stop = on(topic, ({ type }) => {
        if (type === 'mine') answered.resolve(true);
      });
      try {
        for (let tries = 1; tries <= HELD_TRIES; tries += 1) {
          await tell(topic, { type: 'who' });
          if (await Promise.race([answered.promise, pause(HELD_MS, false)])) return true;
        }
        return false;
      } finally {
        stop();
      }
    },
  };
}

/** The event as JSON, without what it does not have. */
const eventIn: Telling['telling'] = (topic, { type, id, by }) =>
  Prisma.sql`json_strip_nulls(json_build_object('topic', ${topic}::text, 'event',
    json_build_object('type', ${type}::text, 'id', ${id}, 'by', ${by ?? null}::text)))::text`;

/** Told once the statement is committed, for each of its rows. For what a statement finds out by itself, such as the id. */
export const byNotify: Telling = {
  telling: (...given) => Prisma.sql`pg_notify(${CHANNEL}, ${eventIn(...given)})::text`,
  told() {},
};
