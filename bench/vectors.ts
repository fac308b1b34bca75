import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openDatabase } from '@confab/relay/db/database.ts';
import { vectorStore } from '@confab/relay/features/knowledge/index.ts';
import { anyVector, loadVectors, SPACE } from './load-vectors.ts';

const usage = `Measures what it takes to find the passages of a site that are nearest to a question, among those of many other
sites, without the time that a vendor takes to embed the question. Fills the empty database that DATABASE_URL names, which
needs pgvector, or one embedded database of its own. Prints a row of a Markdown table.

Usage: node bench/vectors.ts [options]

  --sites 101        how many sites there are; one of them is searched
  --chunks 10000     how many passages each of them has
  --searches 300     how many searches are measured
  --help             this text`;

const { values: options } = parseArgs({
  options: {
    sites: { type: 'string', default: '101' },
    chunks: { type: 'string', default: '10000' },
    searches: { type: 'string', default: '300' },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(usage);
  process.exit(0);
}
const [sites, chunks, searches] = [options.sites, options.chunks, options.searches].map(Number) as [
  number,
  number,
  number,
];

const dataDir = await mkdtemp(path.join(tmpdir(), 'confab-vectors-'));
const database = await openDatabase({ databaseUrl: process.env.DATABASE_URL, dataDir });
try {
  if (!database.hasVectors) throw new Error('This PostgreSQL has no pgvector 0.7 or later.');
  const { db } = database;
  const siteIds = Array.from({ length: sites }, () => randomUUID());
  for (const siteId of siteIds) {
    await db.$executeRaw`
      INSERT INTO "Site" ("id", "key", "settings", "createdAt") VALUES (${siteId}::uuid, ${siteId}, '{}', now())`;
    await db.$executeRaw`
      INSERT INTO "Document" ("siteId", "id", "externalId", "type", "url", "title", "attributes", "contentHash", "updatedAt", "syncedAt")
      SELECT ${siteId}::uuid, gen_random_uuid(), "at"::text, 'page', '', '', '{}', '', now(), now()
      FROM generate_series(1, ${Math.ceil(chunks / 10)}::int) AS "at"`;
    await db.$executeRaw`
      INSERT INTO "Chunk" ("siteId", "documentId", "ordinal", "heading", "text")
      SELECT "siteId", "id", "ordinal", '', repeat('word ', 120)
      FROM "Document" CROSS JOIN generate_series(0, 9) AS "ordinal" WHERE "siteId" = ${siteId}::uuid`;
  }
  await loadVectors(database, siteIds);
  const store = vectorStore(db);
  const searched = siteIds[sites >> 1] as string;
  const search = () => store.nearest(searched, SPACE, anyVector(), 50);
  for (let time = 0; time < 20; time += 1) await search();
  const times: number[] = [];
  for (let time = 0; time < searches; time += 1) {
    const began = performance.now();
    await search();
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => (times[Math.floor(times.length * share)] as number).toFixed(1);
  const load = (loadavg()[0] as number).toFixed(1);
  console.log(`| ${database.kind} | ${chunks} | ${(sites - 1) * chunks} | ${at(0.5)} | ${at(0.95)} | ${at(0.99)} |`);
  console.log(`(passages of the site, of others, p50, p95, p99 ms; ${cpus().length} cores, load ${load})`);
} finally {
  await database.close();
  await rm(dataDir, { recursive: true, force: true });
}
