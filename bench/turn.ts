import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startChild } from './child.ts';
import type { Heard, Order } from './load.ts';
import { type Machine, measureWay, type Plan, type Repetition, turnsOf } from './measure.ts';
import { type Overload, overload } from './overload.ts';
import { conditions, doubts, type Result, report } from './report.ts';
import type { Api } from './stub-events.ts';
import type { Pace } from './stub-provider.ts';
import { targets } from './targets.ts';
import { FULL, type Way, waysTo } from './ways.ts';

const loadUsage = `Measures the relay on PostgreSQL under load, in one run with a minimal Koa pass-through over the same SDK and with
@portkey-ai/gateway: time to the first token, CPU and memory at 50 and 500 streams, tokens per second at saturation, one
process and one for each core, and what a full relay does with who comes too many. Prints Markdown tables, and which
targets are met; progress goes to standard error. Ends with 1 where one is not met.

Usage: npm run bench:load -- [options]

  --quick              a smoke test in a minute: short answers, no saturation, no verdict
  and --streams, --seconds, --repetitions, --ways and --profile as npm run bench:turn -- --help tells them

It speaks chat completions, as the gateway does, with some hundred different questions, and takes about six minutes on a
quiet machine. It needs Linux (for /proc); on a busy machine, read the ratios.`;

const TURN_WAYS = [
  'direct',
  'pass-through',
  'embedded-carried',
  'embedded-stored',
  'postgres-carried',
  'postgres-stored',
];

const LOAD_WAYS = [
  'direct',
  'pass-through',
  'gateway',
  'postgres-carried',
  'postgres-stored',
  'cluster-carried',
  'cluster-stored',
];

const usage = `Measures what a turn costs on its way through the whole relay, next to a stub provider asked directly and to a
minimal Koa pass-through over the same SDK, in one run. Prints Markdown tables; progress goes to standard error.

Usage: npm run bench:turn -- [options]

  --streams 1,50,500   how many answers are open at once, smallest first
  --seconds 5          how long each of them is measured
  --repetitions 3      how often all is repeated; the tables show medians
  --api responses      what is spoken to the provider: responses, or chat_completions
  --ways a,b           only these: direct, pass-through, gateway (by chat completions), embedded-carried,
                       embedded-stored, postgres-carried, postgres-stored, cluster-carried, cluster-stored
  --quick              a smoke test in half a minute: 1 and 20 streams, short answers, no saturation
  --profile FOLDER     writes a CPU profile of every process that is measured into this folder
  --help               this text

As it stands it takes about 12 minutes, and longer where other work disturbs it: a window in which that took more than 0.3
of a core is measured again, up to three times in all. It needs Linux (for /proc); on a busy machine, read the ratios.`;

const REAL_PACE: Pace = { firstMs: 200, perSecond: 20, tokens: 100 };
const QUICK_PACE: Pace = { firstMs: 100, perSecond: 20, tokens: 10 };

/** Twice what the SDK's pass-through can do on one core. */
const SATURATION = { streams: 500, tokensPerSecond: 40_000 };

const { values: options } = parseArgs({
  options: {
    streams: { type: 'string' },
    seconds: { type: 'string' },
    repetitions: { type: 'string' },
    api: { type: 'string' },
    ways: { type: 'string' },
    profile: { type: 'string' },
    load: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) console.log(options.load ? loadUsage : usage);
else process.exitCode = await main();

async function main(): Promise<number> {
  const { quick, load: isLoad } = options;
  const repetitions = Number(options.repetitions ?? (quick || isLoad ? 1 : 3));
  const plan: Plan = {
    streams: (options.streams ?? (isLoad ? (quick ? '20' : '50,500') : quick ? '1,20' : '1,50,500'))
      .split(',')
      .map(Number)
      .sort((a, b) => a - b),
    seconds: Number(options.seconds ?? (quick ? 0.75 : 5)),
    pace: quick ? QUICK_PACE : REAL_PACE,
    saturation: quick ? undefined : SATURATION,
    warmUpMs: quick ? 300 : 2_000,
    settleMs: quick ? 100 : 300,
    looks: quick ? 1 : isLoad ? 2 : 3,
  };
  const valid = [repetitions, plan.seconds, ...plan.streams].every(value => value > 0 && value <= 10_000);
  const api = (options.api ?? (isLoad ? 'chat_completions' : 'responses')) as Api;
  if (!valid || !Number.isInteger(repetitions) || !plan.streams.every(Number.isInteger)) return refuse('numbers');
  if (api !== 'responses' && api !== 'chat_completions') return refuse('--api');

  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort());
  await using cleanUp = new AsyncDisposableStack();
  const folder = mkdtempSync(path.join(tmpdir(), 'confab-bench-'));
  cleanUp.defer(() => rmSync(folder, { recursive: true, force: true }));
  const profile = options.profile && path.resolve(options.profile);
  if (profile) mkdirSync(profile, { recursive: true });

  const stub = await startChild<Pace, null>('stub-provider.ts');
  cleanUp.defer(stub.stop);
  const load = await startChild<Order, Heard | null>('load.ts');
  cleanUp.defer(load.stop);
  const { ways, prepare, postmaster, close } = waysTo(stub, { api, folder, profile });
  cleanUp.defer(close);

  const wanted = options.ways?.split(',') ?? (isLoad ? LOAD_WAYS : TURN_WAYS);
  const chosen = ways.filter(({ id }) => wanted.includes(id));
  if (chosen.length !== wanted.length) return refuse('--ways');
  const machine: Machine = { stub, load, postmaster, signal: stopping.signal };

  let full: Overload | undefined;
  const results = chosen.map(({ id, title }): Result => ({ id, title, repetitions: [] }));
  try {
    say(`${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}; making the databases …`);
    await prepare(chosen);
    await measureAll(machine, chosen, results, repetitions, plan);
    const fullWay = isLoad && ways.find(({ id }) => id === 'postgres-full');
    if (fullWay) full = await overload(machine, fullWay, FULL, plan.pace);
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
    say('stopped; what was measured until now:');
  }
  const measured = results.filter(result => result.repetitions.length > 0);
  if (measured.length > 0) {
    console.log(`\n${report(measured)}\n\n${conditions(measured)}`);
    for (const line of doubts(measured)) console.log(`Doubtful: ${line}`);
    if (full) console.log(`\n${told(full)}`);
    if (isLoad && !quick && !stopping.signal.aborted) {
      const verdict = targets(measured, plan.streams);
      console.log(`\n${verdict}`);
      if (verdict.includes('| NO |')) return 1;
    }
  }
  return stopping.signal.aborted ? 130 : 0;
}

/** All ways once, then all of them again: what the machine does meanwhile touches every way alike. */
async function measureAll(
  machine: Machine,
  ways: Way[],
  results: Result[],
  repetitions: number,
  plan: Plan,
): Promise<void> {
  const all = repetitions * ways.length;
  for (let round = 0; round < repetitions; round += 1) {
    for (const [index, way] of ways.entries()) {
      const begun = performance.now();
      const running = await way.start(turnsOf(plan));
      let found: Repetition;
      try {
        found = await measureWay(machine, running, plan);
      } finally {
        await running.stop();
      }
      results[index]?.repetitions.push(found);
      const done = round * ways.length + index + 1;
      say(`${done} of ${all}: ${way.title} (${Math.round((performance.now() - begun) / 1_000)} s) ${glance(found)}`);
    }
  }
}

function told({ most, asked, refused, slowestMs, faults, later }: Overload): string {
  return (
    `With ${most} streams, as many as it takes, ${refused} of ${asked} further questions were refused by 503 with ` +
    `Retry-After, the slowest within ${slowestMs.toFixed(0)} ms; of the running streams ${faults} broke off, and their later ` +
    `tokens came +${later.p50.toFixed(2)} / ${later.p99.toFixed(1)} ms (p50 / p99).`
  );
}

/** A first look while the rest is still running. */
function glance({ streams, saturated }: Repetition): string {
  const firsts = [...streams].map(([count, { heard }]) => `${count}: +${heard.first.p50.toFixed(1)} ms`);
  const most = saturated ? `; ${Math.round(saturated.heard.tokens / saturated.seconds)} tokens/s` : '';
  const faults = [...streams.values()].flatMap(({ heard }) => heard.faults);
  return `${firsts.join(', ')}${most}${faults.length > 0 ? `; FAULTS: ${faults[0]}` : ''}`;
}

function say(line: string): void {
  console.error(`[${Math.round(performance.now() / 1_000)} s] ${line}`);
}

function refuse(what: string): number {
  console.error(`bench: ${what} not understood\n\n${usage}`);
  return 2;
}
