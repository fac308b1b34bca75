import { isCalm, type Repetition, type Sample } from './measure.ts';

/** What all repetitions of one way found. */
export type Result = { id: string; title: string; repetitions: Repetition[] };

/** The medians of a way's calm repetitions, or of all where none was; what cannot be had is NaN. */
export type Figures = {
  firstP50: number;
  firstP99: number;
  laterP50: number;
  laterP99: number;
  /** Milliseconds for 1,000 tokens, of the way's own process and of the database server. */
  cpu: number;
  databaseCpu: number;
  kbPerStream: number;
};

type Saturation = { tokensPerSecond: number; cores: number; tokensPerCpuSecond: number };

/** Which results everything is a ratio to. */
const DIRECT = 'direct';
const FLOOR = 'pass-through';
const GATEWAY = 'gateway';

/** All of it as Markdown: a table for each number of streams, one for saturation, and what they say in words. */
export function report(results: Result[]): string {
  const counts = [...(results[0]?.repetitions[0]?.streams.keys() ?? [])];
  const largest = Math.max(...counts);
  const tables = counts.map(count => streamsTable(results, count, count === largest));
  const saturated = results.every(result => result.repetitions.every(repetition => repetition.saturated));
  return [...tables, ...(saturated ? [saturationTable(results)] : []), sentence(results, largest, saturated)].join(
    '\n\n',
  );
}

/** What makes the figures doubtful, one line each. */
export function doubts(results: Result[]): string[] {
  const lines: string[] = [];
  for (const { title, repetitions } of results) {
    for (const { streams, saturated } of repetitions) {
      const samples: [string, Sample][] = [...streams].map(([count, sample]) => [`${count} streams`, sample]);
      if (saturated) samples.push(['saturation', saturated]);
      for (const [where, { heard, stubCpu, loadCpu }] of samples) {
        const limit = where === 'saturation' ? 850 : 500;
        const at = `${title}, ${where}`;
        if (stubCpu > limit)
          lines.push(`${at}: the stub used ${percent(stubCpu)} of a core; the figure may be its own.`);
        if (loadCpu > limit) lines.push(`${at}: the generator used ${percent(loadCpu)} of a core; so may it be.`);
        if (heard.faultCount > 0) lines.push(`${at}: ${heard.faultCount} faults, such as: ${heard.faults[0]}`);
        if (heard.tokens === 0) lines.push(`${at}: no token arrived.`);
      }
    }
  }
  return lines;
}

/** What the machine was like: the share of a core that stub, generator and everybody else used, at most. */
export function conditions(results: Result[]): string {
  const samples = results.flatMap(({ repetitions }) => repetitions.flatMap(({ streams }) => [...streams.values()]));
  const saturated = results.flatMap(({ repetitions }) => repetitions.flatMap(repetition => repetition.saturated ?? []));
  const most = (of: Sample[], pick: (sample: Sample) => number) => percent(Math.max(...of.map(pick)));
  const all = [...samples, ...saturated];
  const disturbed = all.filter(sample => !isCalm(sample)).length;
  const underSaturation =
    saturated.length === 0
      ? ''
      : ` (under saturation ${most(saturated, s => s.stubCpu)} and ${most(saturated, s => s.loadCpu)})`;
  return (
    `Stub at most ${most(samples, s => s.stubCpu)} of a core, generator ${most(samples, s => s.loadCpu)}` +
    `${underSaturation}. Other work took ${percent(median(all.map(s => s.othersCpu)))} of a core in the median window, ` +
    `${most(all, s => s.othersCpu)} in the worst; ${disturbed} of ${all.length} windows were disturbed by it, and count ` +
    `only where a way has no calm one.`
  );
}

function streamsTable(results: Result[], count: number, isLargest: boolean): string {
  const figures = new Map(results.map(result => [result.id, figuresOf(result, count)]));
  const direct = figures.get(DIRECT);
  const floor = figures.get(FLOOR);
  const columns: { head: string; of: (figures: Figures) => string; ratios: (keyof Figures)[] }[] = [
    { head: 'first token +ms', of: f => pair(f.firstP50, f.firstP99), ratios: ['firstP50', 'firstP99'] },
    { head: 'later tokens +ms', of: f => pair(f.laterP50, f.laterP99), ratios: ['laterP50', 'laterP99'] },
  ];
  const withCost = count > 1;
  const heads = columns.flatMap(({ head }) => [head, '× pass-through', '× direct']);
  if (withCost) heads.push('CPU ms / 1,000 tokens', '× pass-through');
  if (isLargest) heads.push('kB / stream', '× pass-through');
  const rows = results.map(({ id, title }) => {
    const own = figures.get(id) as Figures;
    const ratio = (base: Figures | undefined, keys: (keyof Figures)[]) =>
      keys.map(key => times(own[key], base?.[key])).join(' / ');
    const cells = columns.flatMap(({ of, ratios }) => [of(own), ratio(floor, ratios), ratio(direct, ratios)]);
    if (withCost) {
      const database = own.databaseCpu >= 0.5 ? ` + ${figure(own.databaseCpu)}` : '';
      cells.push(`${figure(own.cpu)}${database}`, times(own.cpu, floor?.cpu));
    }
    if (isLargest) cells.push(figure(own.kbPerStream), times(own.kbPerStream, floor?.kbPerStream));
    return [title, ...cells];
  });
  return table(`**${count} ${count === 1 ? 'stream' : 'streams'}**, p50 / p99`, heads, rows);
}

function saturationTable(results: Result[]): string {
  const figures = new Map(results.map(result => [result.id, saturationOf(result)]));
  const rows = results.map(({ id, title }) => {
    const { tokensPerSecond, cores, tokensPerCpuSecond } = figures.get(id) as Saturation;
    const to = (base: string) => times(tokensPerSecond, figures.get(base)?.tokensPerSecond);
    const perCpu = times(tokensPerCpuSecond, figures.get(FLOOR)?.tokensPerCpuSecond);
    return [title, whole(tokensPerSecond), to(FLOOR), to(DIRECT), figure(cores), whole(tokensPerCpuSecond), perCpu];
  });
  const heads = [
    'tokens / s',
    '× pass-through',
    '× direct',
    'cores it used',
    'tokens / s of its CPU time',
    '× pass-through',
  ];
  return table('**Saturation**, offered more than any of them can do', heads, rows);
}

function sentence(results: Result[], count: number, saturated: boolean): string {
  const of = (id: string) => results.find(result => result.id === id);
  const floor = of(FLOOR);
  if (!floor) return '';
  const base = figuresOf(floor, count);
  const relays = results.filter(({ id }) => id !== DIRECT && id !== FLOOR && id !== GATEWAY);
  return relays
    .map(relay => {
      const own = figuresOf(relay, count);
      const most = saturated
        ? ` and carries ${times(saturationOf(relay).tokensPerSecond, saturationOf(floor).tokensPerSecond)} of its tokens per second at saturation (${whole(saturationOf(relay).tokensPerSecond)})`
        : '';
      return (
        `With ${count} streams open, the ${relay.title} adds ${figure(own.firstP50)} ms to the first token in the middle ` +
        `and ${figure(own.firstP99)} ms at the worst of a hundred (pass-through: ${pair(base.firstP50, base.firstP99)}), ` +
        `takes ${times(own.cpu, base.cpu)} the CPU and ${times(own.kbPerStream, base.kbPerStream)} the memory of the ` +
        `pass-through${most}.`
      );
    })
    .join('\n');
}

export function figuresOf({ repetitions }: Result, count: number): Figures {
  const samples = repetitions.flatMap(repetition => {
    const sample = repetition.streams.get(count);
    return sample ? { sample, repetition } : [];
  });
  const calm = samples.filter(({ sample }) => isCalm(sample));
  const counted = calm.length > 0 ? calm : samples;
  const of = (pick: (sample: Sample, repetition: Repetition) => number) =>
    median(counted.map(({ sample, repetition }) => pick(sample, repetition)));
  const perThousand = (cpu: number, { heard, seconds }: Sample) => (cpu * seconds * 1_000) / heard.tokens || Number.NaN;
  return {
    firstP50: of(({ heard }) => heard.first.p50),
    firstP99: of(({ heard }) => heard.first.p99),
    laterP50: of(({ heard }) => heard.later.p50),
    laterP99: of(({ heard }) => heard.later.p99),
    cpu: of(sample => perThousand(sample.cpu, sample)),
    databaseCpu: of(sample => perThousand(sample.databaseCpu, sample)),
    kbPerStream: of(({ residentKb }, { idleKb }) => (residentKb - idleKb) / count),
  };
}

export function saturationOf({ repetitions }: Result): Saturation {
  const samples = repetitions.flatMap(({ saturated }) => saturated ?? []);
  const calm = samples.filter(isCalm);
  const of = (pick: (sample: Sample) => number) => median((calm.length > 0 ? calm : samples).map(pick));
  return {
    tokensPerSecond: of(({ heard, seconds }) => heard.tokens / seconds),
    cores: of(({ cpu }) => cpu / 1_000 || Number.NaN),
    tokensPerCpuSecond: of(({ heard, seconds, cpu }) => heard.tokens / ((cpu / 1_000) * seconds || Number.NaN)),
  };
}

function table(corner: string, heads: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line([corner, ...heads]), line(['---', ...heads.map(() => '---:')]), ...rows.map(line)].join('\n');
}

function median(values: number[]): number {
  const sorted = values.filter(value => !Number.isNaN(value)).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

const pair = (p50: number, p99: number) => `${figure(p50)} / ${figure(p99)}`;
const times = (value: number, base: number | undefined) =>
  base === undefined || Number.isNaN(value / base) ? '–' : `${figure(value / base)}×`;
const percent = (cpu: number) => `${Math.round(cpu / 10)} %`;
const whole = (value: number) => (Number.isNaN(value) ? '–' : Math.round(value).toLocaleString('en'));

function figure(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (Math.abs(value) >= 100) return whole(value);
  return value.toFixed(Math.abs(value) >= 10 ? 0 : Math.abs(value) >= 1 ? 1 : 2);
}
