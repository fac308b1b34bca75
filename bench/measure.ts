import { setTimeout as wait } from 'node:timers/promises';
import type { Child } from './child.ts';
import type { Heard, Order } from './load.ts';
import { cpuMs, familyOf, machineCpuMs, residentKb } from './process-usage.ts';
import type { Pace } from './stub-provider.ts';
import type { Running } from './ways.ts';

/** One window of measurement. CPU is in milliseconds per second of the window: 1,000 is one core. */
export type Sample = {
  heard: Heard;
  seconds: number;
  /** Of the way's own process, and of the database server where it has one. */
  cpu: number;
  databaseCpu: number;
  residentKb: number;
  stubCpu: number;
  loadCpu: number;
  /** What everything else on this machine used, which we cannot help. */
  othersCpu: number;
};

/** What one repetition of one way found: a sample for each number of streams, and one under more than it can do. */
export type Repetition = { streams: Map<number, Sample>; saturated: Sample | undefined; idleKb: number };

export type Plan = {
  streams: number[];
  seconds: number;
  pace: Pace;
  /** What is offered to find the most that a way can do. */
  saturation: { streams: number; tokensPerSecond: number } | undefined;
  warmUpMs: number;
  /** A connection and its first answer settle in this. */
  settleMs: number;
  /** How often a window is measured at most, where other work disturbs it; the calmest counts. */
  looks: number;
};

export type Machine = {
  stub: Child<Pace, null>;
  load: Child<Order, Heard | null>;
  postmaster: () => Promise<number | undefined>;
  signal: AbortSignal;
};

/** Whether other work left this window alone: it may use 0.3 of a core. */
export const isCalm = ({ othersCpu }: Sample): boolean => othersCpu <= 300;

/** With one stream an answer of full length would give one first token in five seconds. */
const SHORT_ANSWER = 4;

/** Runs one way through all its numbers of streams, more and more, and ends with as much as it can take. */
export async function measureWay(machine: Machine, running: Running, plan: Plan): Promise<Repetition> {
  const { stub, load, signal } = machine;
  const pause = (ms: number) => wait(ms, undefined, { signal });
  const { pace, saturation, settleMs } = plan;
  await load.call({ do: 'aim', target: running.target });
  await load.call({ do: 'supply', tokens: running.consentTokens });

  const hold = async (streams: number, withinMs: number) => {
    await load.call({ do: 'hold', streams, withinMs });
    await pause(withinMs + settleMs);
  };

  await stub.call(warmUpPace);
  await hold(warmUpStreams, plan.warmUpMs);
  await load.call({ do: 'release' });
  await pause(settleMs);

  const found: Repetition = { streams: new Map(), saturated: undefined, idleKb: Number.NaN };
  for (const streams of plan.streams) {
    const paceNow = streams === 1 ? { ...pace, tokens: Math.min(SHORT_ANSWER, pace.tokens) } : pace;
    await stub.call(paceNow);
    if (streams > 1 && Number.isNaN(found.idleKb) && running.pid) found.idleKb = residentOf(running.pid);
    // One answer's time to fill up, so that the streams are at every point of an answer when we look.
    await hold(streams, streams === 1 ? 0 : answerMs(paceNow));
    found.streams.set(streams, await calmest(machine, running, plan));
  }
  if (saturation) {
    const perSecond = saturation.tokensPerSecond / saturation.streams;
    await stub.call({ ...pace, perSecond });
    await load.call({ do: 'release' });
    await pause(2 * settleMs);
    await hold(saturation.streams, answerMs({ ...pace, perSecond }));
    found.saturated = await calmest(machine, running, plan);
  }
  await load.call({ do: 'release' });
  await pause(settleMs);
  return found;
}

/** Other work on a machine comes in bursts: a window that one fell into is measured again. */
async function calmest(machine: Machine, running: Running, { seconds, looks }: Plan): Promise<Sample> {
  let best = await sample(machine, running, seconds);
  for (let look = 1; look < looks && !isCalm(best); look += 1) {
    const next = await sample(machine, running, seconds);
    if (next.othersCpu < best.othersCpu) best = next;
  }
  return best;
}

async function sample(machine: Machine, running: Running, seconds: number): Promise<Sample> {
  const { stub, load, signal } = machine;
  const postmaster = await machine.postmaster();
  const database = postmaster ? familyOf(postmaster) : [];
  const own = running.pid ? familyOf(running.pid) : [];
  // A connection that is closed meanwhile keeps what it was last seen to have used.
  const databaseMs = new Map<number, number>();
  const read = () => {
    const at = performance.now();
    const ownCpu = own.reduce((sum, pid) => sum + cpuOrNothing(pid), 0);
    for (const pid of database) databaseMs.set(pid, Math.max(databaseMs.get(pid) ?? 0, cpuOrNothing(pid)));
    const databaseCpu = [...databaseMs.values()].reduce((sum, ms) => sum + ms, 0);
    return { at, ownCpu, databaseCpu, stub: cpuMs(stub.pid), load: cpuMs(load.pid), machine: machineCpuMs() };
  };

  await load.call({ do: 'begin' });
  const before = read();
  const resident: number[] = [];
  while (performance.now() - before.at < seconds * 1_000) {
    await wait(250, undefined, { signal });
    if (running.pid) resident.push(residentOf(running.pid));
  }
  const after = read();
  const heard = (await load.call({ do: 'end' })) as Heard;

  const took = (after.at - before.at) / 1_000;
  const per = (name: Exclude<keyof typeof after, 'at'>) => (after[name] - before[name]) / took;
  const ours = per('ownCpu') + per('databaseCpu') + per('stub') + per('load');
  return {
    heard,
    seconds: took,
    cpu: per('ownCpu'),
    databaseCpu: per('databaseCpu'),
    residentKb: resident.sort((a, b) => a - b)[resident.length >> 1] ?? Number.NaN,
    stubCpu: per('stub'),
    loadCpu: per('load'),
    othersCpu: Math.max(0, per('machine') - ours),
  };
}

/** Of a process and those that it has started. */
const residentOf = (pid: number): number => familyOf(pid).reduce((sum, each) => sum + (residentKb(each) || 0), 0);

/** A connection of the database may be closed between two readings. */
function cpuOrNothing(pid: number): number {
  try {
    return cpuMs(pid);
  } catch {
    return 0;
  }
}

const warmUpPace: Pace = { firstMs: 50, perSecond: 100, tokens: 20 };
const warmUpStreams = 10;

const answerMs = ({ firstMs, perSecond, tokens }: Pace): number => firstMs + ((tokens - 1) * 1_000) / perSecond;

/** How many turns one repetition takes at most: for so many the visitors' consents are needed. */
export function turnsOf({ streams, seconds, pace, saturation, warmUpMs, settleMs, looks }: Plan): number {
  const turns = (count: number, ofPace: Pace, ms: number) => count * (1 + Math.ceil(ms / answerMs(ofPace)));
  const windowMs = looks * seconds * 1_000 + settleMs;
  const warmUp = turns(warmUpStreams, warmUpPace, warmUpMs + settleMs);
  const single = turns(1, { ...pace, tokens: Math.min(SHORT_ANSWER, pace.tokens) }, windowMs);
  const many = streams.reduce((sum, count) => sum + turns(count, pace, answerMs(pace) / 2 + windowMs), 0);
  // Under saturation a stored turn of today's relay gets far less than half of what is offered.
  const most = saturation ? ((saturation.tokensPerSecond * 0.45) / pace.tokens) * (windowMs / 1_000 + 2) : 0;
  return Math.ceil(warmUp + single + many + most) + 50;
}
