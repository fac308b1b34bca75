import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startChild } from './child.ts';
import type { Heard, Order } from './load.ts';
import { type Machine, measureWay, type Plan, type Repetition, turnsOf } from './measure.ts';
import { conditions, doubts, type Result, report } from './report.ts';
import type { Api } from './stub-events.ts';
import type { Pace } from './stub-provider.ts';
import { type Way, waysTo } from './ways.ts';

const usage = `Measures what a turn costs on its way through the whole relay, next to a stub provider asked directly and to a
minimal Koa pass-through over the same SDK, in one run. Prints Markdown tables; progress goes to standard error.

Usage: npm run bench:turn -- [options]

  --streams 1,50,500   how many answers are open at once, smallest first
  --seconds 5          how long each of them is measured
  --repetitions 3      how often all is repeated; the tables show medians
  --api responses      what is spoken to the provider: responses, or chat_completions
  --ways a,b           only these: direct, pass-through, embedded-carried, embedded-stored, postgres-carried,
                       postgres-stored
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
    api: { type: 'string', default: 'responses' },
    ways: { type: 'string' },
    profile: { type: 'string' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (options.help) console.log(usage);
else process.exitCode = await main();

async function main(): Promise<number> {
  const { quick } = options;
  const repetitions = Number(options.repetitions ?? (quick ? 1 : 3));
  const plan: Plan = {
    streams: (options.streams ?? (quick ? '1,20' : '1,50,500'))
      .split(',')
      .map(Number)
      .sort((a, b) => a - b),
    seconds: Number(options.seconds ?? (quick ? 0.75 : 5)),
    pace: quick ? QUICK_PACE : REAL_PACE,
    saturation: quick ? undefined : SATURATION,
    warmUpMs: quick ? 300 : 2_000,
    settleMs: quick ? 100 : 300,
    looks: quick ? 1 : 3,
  };
  const valid = [repetitions, plan.seconds, ...plan.streams].every(value => value > 0 && value <= 10_000);
  const api = options.api as Api;
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

  const wanted = options.ways?.split(',');
  const chosen = ways.filter(({ id }) => !wanted || wanted.includes(id));
  if (chosen.length !== (wanted ?? ways).length) return refuse('--ways');
  const machine: Machine = { stub, load, postmaster, signal: stopping.signal };

  const results = chosen.map(({ id, title }): Result => ({ id, title, repetitions: [] }));
  try {
    say(`${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}; making the databases …`);
    await prepare(chosen);
    await measureAll(machine, chosen, results, repetitions, plan);
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
    say('stopped; what was measured until now:');
  }
  const measured = results.filter(result => result.repetitions.length > 0);
  if (measured.length > 0) {
    console.log(`\n${report(measured)}\n\n${conditions(measured)}`);
    for (const line of doubts(measured)) console.log(`Doubtful: ${line}`);
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
  console.error(`bench:turn: ${what} not understood\n\n${usage}`);
  return 2;
}
