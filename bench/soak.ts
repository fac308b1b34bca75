import { parseArgs } from 'node:util';

const usage = `Lives through an hour of mixed traffic in minutes, and watches whether the relay grows: visitors who accept and who
decline, leads, consents, live streams that come and go, an owner who reads, syncs of pages, and a provider that fails now
and then. Memory after a garbage collection, handles, listeners, connections and the sizes of tables are sampled; the slope
of the second half judges. Prints a table and a verdict; ends with 1 where something grows.

Usage: npm run bench:soak -- [options]

  --minutes 6          how long; the traffic is that of an hour on a busy shop (6,000 turns), so ten times as dense
  --turns 6000         how many questions are asked in that time
  --embedded           on the embedded database in place of PostgreSQL
  --quick              20 seconds and 300 turns: a smoke test, whose verdict means little
  --help               this text`;

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string' },
    turns: { type: 'string' },
    embedded: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) console.log(usage);
else process.exitCode = await main();

async function main(): Promise<number> {
  const minutes = Number(options.minutes ?? (options.quick ? 1 / 3 : 6));
  const turns = Number(options.turns ?? (options.quick ? 300 : 6_000));
  if (!(minutes > 0 && turns > 0)) {
    console.error(`bench:soak: numbers not understood\n\n${usage}`);
    return 2;
  }
  // The relay's test bed comes with packages that --help does not need.
  const { soak } = await import('./soak-run.ts');
  return soak({ ms: minutes * 60_000, turns, database: options.embedded ? 'embedded' : 'postgres' });
}
