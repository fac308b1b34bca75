import { Writable } from 'node:stream';
import { readConfig } from '@confab/relay/config.ts';
import { createLog } from '@confab/relay/lib/log.ts';
import { startRelay } from '@confab/relay/relay.ts';
import { serveParent } from './child.ts';

/** How the relay's process is, after a garbage collection. */
export type Sample = {
  heapMb: number;
  externalMb: number;
  residentMb: number;
  handles: number;
  listeners: number;
  connections: number;
  /** Rows of the tables that nothing but the clock empties. */
  rows: number;
};

const gc = globalThis.gc as () => void;
const log = createLog('silent', new Writable({ write: (_chunk, _encoding, done) => done() }));
const relay = await startRelay({ config: readConfig(process.env), log, now: () => new Date() });

async function sample(): Promise<Sample> {
  gc();
  await new Promise(resolve => setImmediate(resolve));
  gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  const { in_use: inUse, idle } = relay.database.connections();
  const [{ rows }] = (await relay.database.db.$queryRaw`
    SELECT (SELECT count(*) FROM "SharedCount")::int + (SELECT count(*) FROM "MinuteCount")::int AS "rows"`) as [
    { rows: number },
  ];
  const listeners = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
  return {
    heapMb: heapUsed / 2 ** 20,
    externalMb: external / 2 ** 20,
    residentMb: rss / 2 ** 20,
    handles: process.getActiveResourcesInfo().length,
    listeners,
    connections: inUse + idle,
    rows,
  };
}

serveParent(Number(new URL(relay.url).port), sample);
