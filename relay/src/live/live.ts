import { type Database, type Db, Prisma, type Tx } from '../db/database.ts';

/** One word for all: processes of other versions on this database must agree on it. */
const CHANNEL = 'confab_live';

/**
 * What somebody may wait for: what happens at a site, in one conversation of it, or to a user. Ids only: PostgreSQL hands it
 * to every process, and nothing of a person may travel where nobody asked for it.
 */
export type LiveEvent = { type: string; id?: string; by?: string };

/** `site {id}`, `conversation {id}` or `user {id}`. */
export type Topic = `${'site' | 'conversation' | 'user'} ${string}`;

type Hearer = (event: LiveEvent) => void;

export type Live = Awaited<ReturnType<typeof createLive>>;

/** Tells every relay process of this database what happens now. What nobody hears is gone: it is never the only record. */
export async function createLive({ database }: { database: Pick<Database, 'db' | 'listen'> }) {
  const hearers = new Map<Topic, Set<Hearer>>();
  await database.listen({
    channel: CHANNEL,
    hear(payload) {
      const { topic, event } = JSON.parse(payload) as { topic: Topic; event: LiveEvent };
      for (const hear of hearers.get(topic) ?? []) hear(event);
    },
    missed() {
      for (const each of hearers.values()) for (const hear of each) hear({ type: 'missed' });
    },
  });

  return {
    /** Heard once `tx` is committed, and not before. */
    async tell(topic: Topic, event: LiveEvent, tx: Db | Tx = database.db): Promise<void> {
      await tx.$queryRaw`SELECT pg_notify(${CHANNEL}, ${JSON.stringify({ topic, event })})::text`;
    },

    /**
     * Calls `hear` until what it returns is called. After a connection was lost there is a `missed`: read again what you
     * show.
     */
    on(topic: Topic, hear: Hearer): () => void {
      const those = hearers.get(topic) ?? new Set();
      hearers.set(topic, those.add(hear));
      return () => {
        those.delete(hear);
        if (those.size === 0 && hearers.get(topic) === those) hearers.delete(topic);
      };
    },
  };
}

/**
 * The same as a column of a statement: told once that is committed, for each of its rows. For what a statement finds out by
 * itself, such as the id.
 */
export const telling = (topic: Topic, { type, id, by }: { type: string; id: Prisma.Sql; by?: string }): Prisma.Sql =>
  Prisma.sql`pg_notify(${CHANNEL}, json_strip_nulls(json_build_object('topic', ${topic}::text, 'event',
    json_build_object('type', ${type}::text, 'id', ${id}, 'by', ${by ?? null}::text)))::text)::text`;
