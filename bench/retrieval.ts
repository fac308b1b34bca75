import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type Database, openDatabase } from '@confab/relay/db/database.ts';
import { createKnowledge, knowledgeStore, type Meaning, vectorStore } from '@confab/relay/features/knowledge/index.ts';
import { createSites, type Site, siteStore } from '@confab/relay/features/sites/index.ts';
import { createKeyring } from '@confab/relay/lib/keyring.ts';
import { startPostgres } from '../e2e/postgres.ts';
import { seeded } from '../e2e/seeded.ts';
import { anyVector, loadVectors, SPACE } from './load-vectors.ts';
import { anyQuestion, loadWords } from './load-words.ts';

const usage = `Measures how long the search of the knowledge takes in a site of 10,000 passages, among a million passages of
other sites on PostgreSQL, and alone on the embedded database: everything between a question and its passages, but no vendor that
embeds it. By words, and by words and meaning where the database has pgvector. Words are spread as in real text; a
question has five that say something and about as many that do not. Prints a Markdown table.

Usage: npm run bench:retrieval -- [options]

  --chunks 10000       passages of the site that is searched, and of each other one
  --others 1000000     passages of the other sites on PostgreSQL
  --searches 500       searches that are measured, one after the other
  --only <text>        only the databases with this text in their name
  --help               this text

DATABASE_URL names an empty database to use instead of a PostgreSQL started for it: one with pgvector, for instance.
As it stands it takes about 20 minutes and 15 GB of the temporary folder; with --others 50000 a minute or two.`;

const { values: options } = parseArgs({
  options: {
    chunks: { type: 'string', default: '10000' },
    others: { type: 'string', default: '1000000' },
    searches: { type: 'string', default: '500' },
    only: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(usage);
  process.exit(0);
}
const [chunks = 0, others = 0, searches = 0] = [options.chunks, options.others, options.searches].map(Number);
for (const [name, value] of Object.entries({ chunks, others, searches })) {
  if (!Number.isInteger(value) || value < (name === 'others' ? 0 : 1)) throw new Error(`--${name} is not a number`);
}

/** Connections are made, statements planned and pages read before anything is measured. */
const WARM_UP = 100;

const started = performance.now();
const say = (text: string) => console.error(`[${Math.round((performance.now() - started) / 1_000)} s] ${text}`);

console.log(`${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}\n`);
console.log('| search | p50 ms | p95 ms | p99 ms |\n| --- | --- | --- | --- |');
if ('PostgreSQL'.includes(options.only)) await onPostgres();
if ('embedded'.includes(options.only)) await onEmbedded();

async function onPostgres(): Promise<void> {
  const server = process.env.DATABASE_URL ? undefined : await startPostgres();
  const databaseUrl = process.env.DATABASE_URL ?? (await server?.createDatabase());
  const database = await openDatabase({ databaseUrl, dataDir: '' });
  try {
    await measure(database, `PostgreSQL, ${chunks} among ${others} of others`, Math.round(others / chunks));
  } finally {
    await database.close();
    await server?.stop();
  }
}

async function onEmbedded(): Promise<void> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'confab-retrieval-'));
  const database = await openDatabase({ databaseUrl: undefined, dataDir });
  try {
    await measure(database, `embedded, ${chunks}`, 0);
  } finally {
    await database.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function measure(database: Database, title: string, otherSites: number): Promise<void> {
  const { db } = database;
  // The one that is searched lies in the middle, as any does.
  const sites: string[] = [];
  for (let at = 0; at <= otherSites; at += 1) {
    sites.push(await loadWords(database, chunks));
    if (at % 10 === 0) say(`${title}: ${at + 1} of ${otherSites + 1} sites loaded`);
  }
  if (database.hasVectors) await loadVectors(database, sites);
  // As autovacuum does in time: what is all visible need not be looked up in the table.
  for (const table of ['Document', 'Chunk', 'ChunkTerm']) await db.$executeRawUnsafe(`VACUUM ANALYZE "${table}"`);
  say(`${title}: vacuumed`);

  const site = await siteOf(database, sites[sites.length >> 1] as string);
  const store = knowledgeStore(db);
  const now = () => new Date();
  await time(`${title}: words`, createKnowledge({ store, now }), site);
  if (!database.hasVectors) return say(`${title}: no pgvector here, so no search by meaning`);
  const vectors = vectorStore(db);
  const meaning: Meaning = {
    nearest: ({ id }, _, limit) => vectors.nearest(id, SPACE, anyVector(), limit),
    progress: async () => ({ pending: 0, failed: 0 }),
  };
  await time(`${title}: words and meaning`, createKnowledge({ store, meaning, now }), site);
}

/** A site as the relay reads it. */
async function siteOf({ db }: Database, id: string): Promise<Site> {
  const sites = createSites({
    store: siteStore(db),
    keyring: createKeyring([new Uint8Array(32)]),
    now: () => new Date(),
  });
  const like = await sites.ensure({ key: 'like', name: 'Like', secret: 'secret-of-like', allowedOrigins: [] });
  return { ...like, id };
}

async function time(title: string, knowledge: ReturnType<typeof createKnowledge>, site: Site): Promise<void> {
  const random = seeded(7);
  const times: number[] = [];
  let found = 0;
  for (let at = 0; at < WARM_UP + searches; at += 1) {
    const question = anyQuestion(random);
    const before = performance.now();
    const { passages } = await knowledge.search(site, question, { limit: 8 });
    if (at >= WARM_UP) times.push(performance.now() - before);
    found += passages.length;
  }
  if (found === 0) throw new Error(`${title}: nothing was found`);
  times.sort((a, b) => a - b);
  const at = (share: number) => (times[Math.ceil(share * times.length) - 1] ?? Number.NaN).toFixed(1);
  console.log(`| ${title} | ${at(0.5)} | ${at(0.95)} | ${at(0.99)} |`);
}
