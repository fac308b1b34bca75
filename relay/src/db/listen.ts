import type { PGlite } from '@electric-sql/pglite';
import pg from 'pg';

/** How long to wait before a lost connection is tried again. */
const AGAIN_MS = 1_000;

export type Listener = {
  channel: string;
  hear: (payload: string) => void;
  /** After a time in which what was said may have been missed. */
  missed: () => void;
};

/** Hears what is said on a channel by NOTIFY. Resolves when it does; what it resolves to ends it. */
export async function listenEmbedded(pglite: PGlite, { channel, hear }: Listener): Promise<() => Promise<void>> {
  return pglite.listen(channel, hear);
}

/** The same on PostgreSQL, by a connection of its own; a lost one is made again until it is ended. */
export async function listenPostgres(
  databaseUrl: string,
  { channel, hear, missed }: Listener,
): Promise<() => Promise<void>> {
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isEnded = false;

  async function connect(): Promise<void> {
    const made = new pg.Client({ connectionString: databaseUrl, keepAlive: true });
    const lost = () => {
      if (client !== made || isEnded) return;
      client = undefined;
      timer = setTimeout(again, AGAIN_MS);
    };
    made.on('error', lost);
    made.on('end', lost);
    made.on('notification', ({ payload = '' }) => hear(payload));
    client = made;
    await made.connect();
    await made.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
  }
  async function again(): Promise<void> {
    try {
      await connect();
      missed();
    } catch {
      client = undefined;
      if (!isEnded) timer = setTimeout(again, AGAIN_MS);
    }
  }

  await connect();
  return async () => {
    isEnded = true;
    clearTimeout(timer);
    await client?.end();
  };
}
