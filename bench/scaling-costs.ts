import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readConfig } from '@confab/relay/config.ts';
import { openDatabase } from '@confab/relay/db/database.ts';
import { createLog } from '@confab/relay/lib/log.ts';
import { createServices } from '@confab/relay/services.ts';
import { Client } from 'pg';
import { type OwnPostgres, startPostgres } from '../e2e/postgres.ts';
import { seeded } from '../e2e/seeded.ts';
import { startChild } from './child.ts';
import { loadMessages } from './expired-messages.ts';
import type { Heard, Order } from './load.ts';
import { measureWay, turnsOf } from './measure.ts';
import { startRelayProcess } from './relay-process.ts';
import type { Costs } from './scaling-model.ts';
import type { Pace } from './stub-provider.ts';
import { waysTo } from './ways.ts';

type Tell = (line: string) => void;

const SITES = 20_000;
const MESSAGES = 600_000;
const PURGED_SITES = 200;
const PAGES = 300;
const AT_ONCE = 16;
const SECONDS = 4;

/** Measures what one unit of each work costs on this machine. On a busy one the figures are too high. */
export async function measureCosts(tell: Tell): Promise<Costs> {
  const folder = mkdtempSync(path.join(tmpdir(), 'confab-scaling-'));
  const postgres = await startPostgres({ durable: true });
  try {
    tell('what a turn costs …');
    const turn = await turnCosts(folder);
    tell('what a site costs that nobody visits …');
    const sites = await siteCosts(postgres, folder);
    tell('what one site can take, and what knowledge weighs …');
    const site = await oneSite(postgres, folder);
    tell('how many transactions commit that tell …');
    const [quiet, telling] = [await commitsPerS(postgres, false), await commitsPerS(postgres, true)];
    tell(`${Math.round(quiet)} commits a second, ${Math.round(telling)} where each tells by NOTIFY`);
    return rounded({ ...turn, ...sites, ...site, notifyingCommitsPerS: telling });
  } finally {
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Two significant digits: more is not known. */
const rounded = (costs: Costs): Costs =>
  Object.fromEntries(Object.entries(costs).map(([name, value]) => [name, Number(value.toPrecision(2))])) as Costs;

/** A stored turn, at 50 streams, and the memory of 300. */
async function turnCosts(folder: string) {
  const stub = await startChild<Pace, null>('stub-provider.ts');
  const load = await startChild<Order, Heard | null>('load.ts');
  const { ways, postmaster, close } = waysTo(stub, { api: 'responses', folder, profile: undefined });
  const way = ways.find(({ id }) => id === 'postgres-stored');
  if (!way) throw new Error('there is no such way');
  const plan = {
    streams: [50, 300],
    seconds: 6,
    pace: { firstMs: 200, perSecond: 20, tokens: 100 },
    saturation: undefined,
    warmUpMs: 2_000,
    settleMs: 300,
    looks: 2,
  };
  const running = await way.start(turnsOf(plan));
  try {
    const signal = new AbortController().signal;
    const found = await measureWay({ stub, load, postmaster, signal }, running, plan);
    const [few, many] = plan.streams.map(streams => found.streams.get(streams));
    if (!few || !many) throw new Error('nothing was measured');
    const turnsPerS = few.heard.tokens / plan.pace.tokens / few.seconds;
    return {
      relayMsPerTurn: few.cpu / turnsPerS,
      databaseMsPerTurn: few.databaseCpu / turnsPerS,
      kbPerStream: (many.residentKb - found.idleKb) / 300,
    };
  } finally {
    await running.stop();
    await Promise.all([stub.stop(), load.stop(), close()]);
  }
}

/** What is done for every site, whether anybody visits it or not. */
async function siteCosts(postgres: OwnPostgres, folder: string) {
  const databaseUrl = await postgres.createDatabase();
  const environment = { DATABASE_URL: databaseUrl, CONFAB_DATA_DIR: path.join(folder, 'sites'), CONFAB_DEMO: 'off' };
  const config = readConfig(environment);
  const database = await openDatabase(config);
  const services = await createServices({ config, database, log: createLog('silent'), now: () => new Date() });
  try {
    await loadMessages(databaseUrl, { sites: SITES, messages: MESSAGES });
    const conversations = MESSAGES / 10;
    const bytes = await sizeOf(databaseUrl, ['Conversation', 'Message']);
    await services.jobs.open();
    const sweep = await medianMs(() => services.retention.sweep(async () => {}));
    const scrape = await medianMs(() => services.metrics.text());

    const ids = (
      await database.db.site.findMany({ select: { id: true }, orderBy: { id: 'desc' }, take: PURGED_SITES })
    ).map(({ id }) => id);
    const purge = async () => {
      const begun = performance.now();
      let messages = 0;
      for (const id of ids) {
        const certificate = await services.retention.purgeSite(id, { trigger: 'manual' });
        messages += certificate?.counts.conversations?.messages ?? 0;
      }
      return { ms: performance.now() - begun, messages };
    };
    // The first site has half of all messages: what its purge takes is what deleting takes.
    const first = (await database.db.site.findFirst({ select: { id: true }, orderBy: { id: 'asc' } }))?.id ?? '';
    const begun = performance.now();
    const biggest = await services.retention.purgeSite(first, { trigger: 'manual' });
    const biggestS = (performance.now() - begun) / 1_000;
    await purge();
    const empty = await purge();
    return {
      bytesPerConversation: bytes / conversations,
      sweepMsPer1000: sweep / (SITES / 1_000),
      scrapeMsPer1000: scrape / (SITES / 1_000),
      purgeMsPerSite: empty.ms / PURGED_SITES,
      purgedMessagesPerS: (biggest?.counts.conversations?.messages ?? 0) / biggestS,
    };
  } finally {
    await services.jobs.stop();
    await services.extractor.close();
    await database.close();
  }
}

/** One site: its consent log, which is a chain, its knowledge, and what a turn commits. */
async function oneSite(postgres: OwnPostgres, folder: string) {
  const databaseUrl = await postgres.createDatabase();
  const environment = {
    DATABASE_URL: databaseUrl,
    CONFAB_DEMO_SECRET: 'secret-of-the-bench',
    CONFAB_PRIVATE_URLS: 'allow',
  };
  const relay = await startRelayProcess({ folder: path.join(folder, 'one'), environment, execArgv: [] });
  try {
    const tables = ['Document', 'Chunk', 'ChunkTerm'];
    const before = await sizeOf(databaseUrl, tables);
    const random = seeded(3);
    for (let page = 0; page < PAGES; page += 100) {
      const upsert = Array.from({ length: 100 }, (_, index) => pageOf(page + index, random));
      const sent = await fetch(`http://127.0.0.1:${relay.port}/v1/site/documents`, {
        method: 'POST',
        headers: { Authorization: 'Bearer secret-of-the-bench', 'Content-Type': 'application/json' },
        body: JSON.stringify({ upsert }),
      });
      if (sent.status !== 202) throw new Error(`documents: ${sent.status}`);
    }
    const bytes = (await sizeOf(databaseUrl, tables)) - before;
    const begun = performance.now();
    const consents = 400;
    await relay.consentTokens(consents);
    const consentsPerSPerSite = consents / ((performance.now() - begun) / 1_000);
    const tokens = await relay.consentTokens(40);
    const committed = await commitsOf(databaseUrl);
    for (const consentToken of tokens) {
      const body = {
        clientTurnId: crypto.randomUUID(),
        text: 'Do you ship?',
        page: { url: 'http://localhost/' },
        consentToken,
      };
      const url = `http://127.0.0.1:${relay.port}/v1/widget/demo/turns`;
      await (await fetch(url, { method: 'POST', body: JSON.stringify(body) })).text();
    }
    const commitsPerTurn = ((await commitsOf(databaseUrl)) - committed) / tokens.length;
    return { bytesPerPage: bytes / PAGES, consentsPerSPerSite, commitsPerTurn };
  } finally {
    await relay.stop();
  }
}

/** A page of 300 words out of 4,000, as pages of one shop share them. */
function pageOf(number: number, random: () => number) {
  const words = Array.from({ length: 300 }, () => `word${Math.floor(4_000 * random() ** 2)}`);
  return {
    externalId: `page-${number}`,
    type: 'page',
    url: `https://shop.example/${number}`,
    title: `Page ${number}`,
    text: words.join(' '),
    updatedAt: '2026-01-01T00:00:00Z',
  };
}

async function withClient<Value>(url: string, work: (client: Client) => Promise<Value>): Promise<Value> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const sizeOf = (url: string, tables: string[]): Promise<number> =>
  withClient(url, async client => {
    const sum = tables.map(table => `pg_total_relation_size('"${table}"')`).join(' + ');
    return Number((await client.query(`SELECT (${sum})::float8 AS bytes`)).rows[0].bytes);
  });

/** What PostgreSQL has counted is told with a delay, unless one asks for it anew. */
const commitsOf = (url: string): Promise<number> =>
  withClient(url, async client => {
    await new Promise(resolve => setTimeout(resolve, 1_500));
    const sql = 'SELECT xact_commit::float8 AS commits FROM pg_stat_database WHERE datname = current_database()';
    return Number((await client.query(sql)).rows[0].commits);
  });

async function medianMs(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let look = 0; look < 5; look += 1) {
    const begun = performance.now();
    await work();
    times.push(performance.now() - begun);
  }
  return times.sort((a, b) => a - b)[2] ?? Number.NaN;
}

/** So many connections insert one row in each transaction; a NOTIFY makes them commit one after another. */
async function commitsPerS(postgres: OwnPostgres, tells: boolean): Promise<number> {
  const url = await postgres.createDatabase();
  await withClient(url, client => client.query('CREATE TABLE t (id bigserial PRIMARY KEY, text text)'));
  const until = performance.now() + SECONDS * 1_000;
  let commits = 0;
  const insert = tells
    ? `WITH made AS (INSERT INTO t (text) VALUES ('a message') RETURNING id) SELECT pg_notify('c', id::text) FROM made`
    : `INSERT INTO t (text) VALUES ('a message') RETURNING id`;
  const work = () =>
    withClient(url, async client => {
      for (; performance.now() < until; commits += 1) await client.query(insert);
    });
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return commits / SECONDS;
}
