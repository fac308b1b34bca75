import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type FakeShop, startFakeShopify } from '../e2e/fakes/shopify/index.ts';
import { startPostgres } from '../e2e/postgres.ts';
import { startRelayProcess } from './relay-process.ts';

const usage = `Measures how the relay takes a storm of Shopify's webhooks: so many at once, each event twice, in an order of their own, while
the relay works them off. Shopify gives up after 5 seconds, so the slowest answer is told as a share of that. Prints a
Markdown table.

Usage: npm run bench:webhooks -- [options]

  --count 1000    webhooks at once
  --products 500  of so many products
  --rounds 3      storms, the worst one counts
  --help          this text

As it stands it takes two minutes. Needs the schema files of Shopify: npm run demo:shopify fetches them.`;

const { values: options } = parseArgs({
  options: {
    count: { type: 'string', default: '1000' },
    products: { type: 'string', default: '500' },
    rounds: { type: 'string', default: '3' },
    help: { type: 'boolean', default: false },
  },
});

/** From then on Shopify counts a delivery as failed. */
const LIMIT_MS = 5_000;
/** Without a request for so long, the relay has nothing more to do for the shop. */
const QUIET_MS = 6_000;

const preload = new URL('../e2e/fakes/shopify/rewrite-fetch.ts', import.meta.url).href;

type Storm = { slowest: number; median: number; lost: number; workedOff: number };

if (options.help) console.log(usage);
else await main();

async function main(): Promise<void> {
  const postgres = await startPostgres({ durable: true });
  const lines = [];
  for (const [title, environment] of [
    ['PGlite (embedded)', {}],
    ['PostgreSQL', { DATABASE_URL: await postgres.createDatabase() }],
  ] as const) {
    const storms = await stormsOn(environment);
    const worst = storms.reduce((one, other) => (other.slowest > one.slowest ? other : one));
    const lost = storms.reduce((sum, storm) => sum + storm.lost, 0);
    const cells = [title, seconds(worst.median), seconds(worst.slowest), (worst.slowest / LIMIT_MS).toFixed(2), lost];
    lines.push(`| ${[...cells, seconds(worst.workedOff)].join(' | ')} |`);
  }
  await postgres.stop();
  console.log(`${options.count} webhooks at once, the worst of ${options.rounds}; load ${loadavg()[0]?.toFixed(1)} on ${cpus().length} cores

| database | median answer | slowest answer | of Shopify's 5 s | not answered by 200 | all worked off after |
| --- | --- | --- | --- | --- | --- |
${lines.join('\n')}`);
}

async function stormsOn(environment: Record<string, string>): Promise<Storm[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'confab-bench-'));
  const shopify = await startFakeShopify();
  const shop = shopify.shop({ products: Number(options.products) });
  const relay = await startRelayProcess({
    folder,
    environment: { ...shopify.env, CONFAB_DEMO: 'off', FAKE_SHOPIFY_URL: shopify.url, ...environment },
    execArgv: [`--import=${preload}`],
  });
  const url = `http://127.0.0.1:${relay.port}`;
  // Its last request is the end of what it does for the shop.
  const quiet = async () => {
    for (let seen = -1; seen !== shopify.requests.length; ) {
      seen = shopify.requests.length;
      await wait(QUIET_MS);
    }
  };
  try {
    const opened = await shop.open(url);
    if (opened.status !== 200) throw new Error(`The app was not installed: ${opened.status}`);
    await quiet();
    const storms: Storm[] = [];
    for (let round = 0; round < Number(options.rounds); round += 1) {
      const begun = performance.now();
      const storm = await stormOf(shop, url, round);
      await quiet();
      storms.push({ ...storm, workedOff: performance.now() - begun - QUIET_MS });
    }
    return storms;
  } finally {
    await relay.stop();
    await shopify.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function stormOf(shop: FakeShop, url: string, round: number): Promise<Omit<Storm, 'workedOff'>> {
  const { products } = shop.catalogue;
  const count = Number(options.count);
  const answers = await Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const event = (n * 7) % Math.ceil(count / 2);
      const id = Number(products[event % products.length]?.id.split('/').at(-1));
      const begun = performance.now();
      const status = await shop.webhook(url, 'products/update', { id }, { eventId: `storm-${round}-${event}` }).then(
        answer => answer.status,
        () => 0,
      );
      return { status, took: performance.now() - begun };
    }),
  );
  const took = answers.map(answer => answer.took).toSorted((one, other) => one - other);
  const lost = answers.filter(({ status }) => status !== 200).length;
  return { slowest: took.at(-1) ?? 0, median: took[took.length >> 1] ?? 0, lost };
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
