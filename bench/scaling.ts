import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { measureCosts } from './scaling-costs.ts';
import { type Costs, limitsOf, oneRegion, ordinary, simulate } from './scaling-model.ts';

const usage = `What this relay needs at ten thousand, a hundred thousand and a million sites, and what breaks first: a simulation of the
busiest day, minute by minute, from what one unit of work costs. The costs are those of docs/scaling.md, or measured anew.

Usage: npm run bench:scaling -- [options]

  --sites 10000,100000,1000000   how many sites there are
  --conversations 3              of one site on an ordinary day, on average
  --rush 4                       how much busier the busiest day is
  --cores 32                     of the PostgreSQL primary
  --measure                      measures the costs on this machine first (about 3 minutes), and prints them
  --seed 1                       of the day's visitors
  --help                         this text`;

/** As `--measure` found them on 2026-11-23, 2 cores; see docs/scaling.md. */
const MEASURED: Costs = {
  relayMsPerTurn: 23,
  databaseMsPerTurn: 3.8,
  kbPerStream: 250,
  bytesPerConversation: 6_700,
  sweepMsPer1000: 18,
  scrapeMsPer1000: 34,
  purgeMsPerSite: 29,
  purgedMessagesPerS: 22_000,
  bytesPerPage: 150_000,
  consentsPerSPerSite: 640,
  commitsPerTurn: 3.3,
  notifyingCommitsPerS: 4_700,
};

const { values: options } = parseArgs({
  options: {
    sites: { type: 'string', default: '10000,100000,1000000' },
    conversations: { type: 'string', default: String(ordinary.conversationsPerDay) },
    rush: { type: 'string', default: String(ordinary.rush) },
    cores: { type: 'string', default: String(oneRegion.databaseCores) },
    measure: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) console.log(usage);
else process.exitCode = await main();

async function main(): Promise<number> {
  const sizes = options.sites.split(',').map(Number);
  const [conversations, rush, cores, seed] = [options.conversations, options.rush, options.cores, options.seed].map(
    Number,
  );
  const numbers = [...sizes, conversations, rush, cores, seed] as number[];
  if (!numbers.every(value => value > 0 && value <= 10_000_000)) {
    console.error(`bench:scaling: numbers not understood\n\n${usage}`);
    return 2;
  }
  const costs = options.measure ? await measureCosts(line => console.error(line)) : MEASURED;
  const world = { ...ordinary, conversationsPerDay: conversations as number, rush: rush as number };
  const machines = { ...oneRegion, databaseCores: cores as number };
  if (options.measure) console.log(`Measured on ${cpus().length} cores:\n\n${JSON.stringify(costs, null, 2)}\n`);

  const days = sizes.map(sites => simulate({ ...world, sites }, costs, machines, seed));
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  const heads = ['need, and its share of what there is', ...sizes.map(sites => `${sites.toLocaleString('en')} sites`)];
  console.log([line(heads), line(heads.map((_, column) => (column === 0 ? '---' : '---:')))].join('\n'));
  for (const [part, { what, have, unit }] of (days[0] ?? []).entries()) {
    const cells = days.map(needs => {
      const need = needs[part]?.need ?? 0;
      const share = (100 * need) / have;
      return `${shown(need)} ${unit} (${share >= 100 ? '**' : ''}${shown(share)} %${share >= 100 ? '**' : ''})`;
    });
    console.log(line([`${what} (${shown(have)} ${unit})`, ...cells]));
  }
  console.log('\nWhat breaks first, at so many sites:\n');
  for (const { what, sites } of limitsOf(world, costs, machines)) {
    console.log(`- ${what}: ${Number.isFinite(sites) ? sites.toLocaleString('en') : 'beyond 1.8 million'}`);
  }
  return 0;
}

function shown(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(2);
}
