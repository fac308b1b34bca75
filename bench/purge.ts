import { execFileSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Database, openDatabase } from '@confab/relay/db/database.ts';
import { conversationPersonalData } from '@confab/relay/features/conversations/index.ts';
import { createLegalHolds } from '@confab/relay/features/privacy/index.ts';
import { createRetention, purgeStore } from '@confab/relay/features/retention/index.ts';
import { createLog } from '@confab/relay/lib/log.ts';
import { type Postgres, startPostgres } from '../e2e/postgres.ts';
import { loadMessages } from './expired-messages.ts';
import { turnsUntil } from './turn-database-work.ts';

const usage = `Measures what turns feel of the nightly purge: the milliseconds that a turn's statements take while nothing else runs, and
while a million expired messages out of five million go beside them, by the relay's purge and by one DELETE statement for
comparison. Starts a durable PostgreSQL of its own, with a fresh copy of the data for each way. Prints a Markdown table.

Usage: npm run bench:purge -- [options]

  --messages 5000000   how many there are; a fifth has expired, and half belongs to the first site
  --sites 20           over how many sites
  --rate 50            turns a second beside it
  --idle 30            for how many seconds turns are measured alone
  --quick              a smoke test in half a minute: 50,000 messages
  --help               this text

As it stands it takes about 10 minutes and 10 GB of the temporary folder. On a busy machine, read the ratios.`;

const { values: options } = parseArgs({
  options: {
    messages: { type: 'string' },
    sites: { type: 'string', default: '20' },
    rate: { type: 'string', default: '50' },
    idle: { type: 'string' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** One way to get rid of what has expired; gives how many messages went. */
type Way = { title: string; purge(database: Database, siteIds: string[]): Promise<number> };
type Result = { title: string; seconds: number; rows: number; idle: number[]; beside: number[] };

const WINDOW = "interval '365 days'";
/** Connections are made and statements planned before anything is measured. */
const WARM_UP_MS = 2_000;

const ways: Way[] = [
  {
    title: 'one DELETE statement',
    async purge({ db }) {
      const rows = await db.$executeRawUnsafe(`DELETE FROM "Message" WHERE "createdAt" < now() - ${WINDOW}`);
      await db.$executeRawUnsafe(
        `DELETE FROM "Conversation" c WHERE "createdAt" < now() - ${WINDOW}
         AND NOT EXISTS (SELECT FROM "Message" m WHERE m."siteId" = c."siteId" AND m."conversationId" = c."id")`,
      );
      return rows;
    },
  },
  {
    title: 'the relay’s purge',
    async purge(database, siteIds) {
      const { db } = database;
      const now = () => new Date();
      const retention = createRetention({
        db,
        store: purgeStore(db),
        owners: [conversationPersonalData({ consent: { receiptsOf: async () => [] }, live: { tell: async () => {} } })],
        legalHolds: createLegalHolds({ db, hasConversation: async () => false, now }),
        forgetDeleted: database.forgetDeleted,
        emit: async () => {},
        log: createLog('silent'),
        now,
      });
      let rows = 0;
      for (const siteId of siteIds) {
        const certificate = await retention.purgeSite(siteId, { trigger: 'nightly' });
        rows += certificate?.counts.conversations?.messages ?? 0;
      }
      return rows;
    },
  },
];

if (options.help) console.log(usage);
else process.exitCode = await main();

async function main(): Promise<number> {
  const messages = Number(options.messages ?? (options.quick ? 50_000 : 5_000_000));
  const [sites, rate] = [Number(options.sites), Number(options.rate)];
  const idleMs = Number(options.idle ?? (options.quick ? 2 : 30)) * 1_000;
  const valid = [messages / 100, sites, rate].every(value => Number.isInteger(value) && value > 1) && idleMs > 0;
  if (!valid) {
    console.error(`bench:purge: numbers not understood\n\n${usage}`);
    return 2;
  }
  say(`${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}; writing ${messages} messages …`);
  const postgres = await startPostgres({ durable: true });
  process.once('SIGINT', () => process.exit(130));
  try {
    const template = await postgres.createDatabase();
    await (await openDatabase({ databaseUrl: template, dataDir: '' })).close();
    await loadMessages(template, { sites, messages });
    const results: Result[] = [];
    for (const way of ways) {
      const url = await copyOf(postgres, template);
      results.push(await measure(way, url, { rate, idleMs }));
    }
    console.log(`\n${report(results)}\n\nload ${loadavg()[0]?.toFixed(1)} at the end`);
  } finally {
    await postgres.stop();
  }
  return 0;
}

/** A fresh copy, all of it on the disk: gigabytes that are still on their way there would be felt by every turn. */
async function copyOf(postgres: Postgres, template: string): Promise<string> {
  const url = await postgres.createDatabase(new URL(template).pathname.slice(1));
  const database = await openDatabase({ databaseUrl: url, dataDir: '' });
  await database.db.$executeRawUnsafe('CHECKPOINT');
  await database.close();
  execFileSync('sync');
  return url;
}

async function measure({ title, purge }: Way, url: string, { rate, idleMs }: { rate: number; idleMs: number }) {
  const database = await openDatabase({ databaseUrl: url, dataDir: '' });
  try {
    const { db } = database;
    const siteIds = (await db.site.findMany({ orderBy: { id: 'asc' } })).map(({ id }) => id);
    const turnsFor = async <Value>(work: () => Promise<Value>) => {
      const over = new AbortController();
      const turns = turnsUntil(over.signal, db, siteIds, rate);
      const value = await Promise.race([work(), turns.then(() => Promise.reject(new Error('the turns ended')))]);
      over.abort();
      return { value, took: await turns };
    };
    await turnsFor(() => wait(WARM_UP_MS));
    const { took: idle } = await turnsFor(() => wait(idleMs));
    say(`${title}: a turn alone takes ${pair(idle)} ms; purging …`);
    const begun = performance.now();
    let seconds = 0;
    const { value: rows, took: beside } = await turnsFor(() =>
      purge(database, siteIds).finally(() => {
        seconds = (performance.now() - begun) / 1_000;
      }),
    );
    say(`${title}: ${rows} messages in ${seconds.toFixed(1)} s; a turn beside it takes ${pair(beside)} ms`);
    return { title, seconds, rows, idle, beside } satisfies Result;
  } finally {
    await database.close();
  }
}

function report(results: Result[]): string {
  const heads = ['seconds', 'messages / s', 'turn alone, ms', 'turn beside, ms', '× p50', '× p99', 'turns'];
  const rows = results.map(({ title, seconds, rows: count, idle, beside }) => [
    title,
    seconds.toFixed(1),
    String(Math.round(count / seconds)),
    pair(idle),
    pair(beside),
    ...[0.5, 0.99].map(share => `${(quantile(beside, share) / quantile(idle, share)).toFixed(2)}×`),
    `${idle.length} / ${beside.length}`,
  ]);
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  const corner = 'way; p50 / p99';
  return [line([corner, ...heads]), line(['---', ...heads.map(() => '---:')]), ...rows.map(line)].join('\n');
}

function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function pair(values: number[]): string {
  return `${quantile(values, 0.5).toFixed(1)} / ${quantile(values, 0.99).toFixed(1)}`;
}

function say(line: string): void {
  console.error(`[${Math.round(performance.now() / 1_000)} s] ${line}`);
}
