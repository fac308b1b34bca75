import { AggregatorRegistry, Counter, Gauge, Histogram, Registry } from 'prom-client';

/**
 * What a label may say: one of these words, or a word of this shape, of which the code itself has but so many. All else
 * is counted as "other", so that no site, person or text can become a label, and no label can grow without end.
 */
export type Label = readonly string[] | ((value: string) => string | undefined);
export type Labels = Record<string, Label>;
export type LabelValues<L extends Labels> = { [Name in keyof L]: string };

/** A value, or one for each of several labels. */
export type Reading = number | readonly { labels: Record<string, string>; value: number }[];

type OneGauge = {
  help: string;
  labels?: Labels;
  /** How the values of several processes become one: the database says the same to all, memory adds up. */
  together?: 'max' | 'sum';
  read(): Reading | Promise<Reading>;
};
/** Numbers that are read when somebody asks. */
export type Gauges = Record<string, OneGauge>;

export type CounterOf<L extends Labels> = { add(labels: LabelValues<L>, n?: number): void };
export type LevelOf<L extends Labels> = { add(labels: LabelValues<L>, n: number): void };
export type HistogramOf<L extends Labels> = { observe(labels: LabelValues<L>, value: number): void };

export type Metrics = ReturnType<typeof createMetrics>;

/** A gauge that takes longer has failed: Prometheus itself waits for ten seconds. */
const READ_MS = 5_000;
/** Of so many the series of a metric begin at zero; the first step of one that begins with it would be lost to `rate()`. */
const ZEROES_MAX = 300;

/**
 * Counts and times what happens, and reads the gauges that features hand in, as Prometheus takes them. Counting is an
 * addition in memory. A gauge that cannot be read is left out of the answer, and named by `confab_metric_failed`.
 */
export function createMetrics({ onFault = () => {} }: { onFault?: (error: unknown, metric: string) => void } = {}) {
  const registry = new Registry();
  const gauges: { name: string; gauge: Gauge; own: OneGauge }[] = [];
  const failed = new Gauge({
    name: 'confab_metric_failed',
    help: '1 for each metric that could not be read just now, and is therefore missing.',
    labelNames: ['metric'],
    aggregator: 'max',
    registers: [registry],
  });
  const failing = new Set<string>();
  const closers: (() => void)[] = [];
  let reading: Promise<void> | undefined;

  async function read({ name, gauge, own }: (typeof gauges)[number]): Promise<void> {
    try {
      const found = await inTime(Promise.resolve(own.read()));
      const all = typeof found === 'number' ? [{ labels: {}, value: found }] : found;
      gauge.reset();
      // What was not found is not there, and not 0.
      if (own.labels === undefined && all.length === 0) gauge.remove();
      for (const { labels, value } of all) gauge.set(admitted(own.labels ?? {}, labels), value);
      failing.delete(name);
    } catch (error) {
      gauge.reset();
      if (own.labels === undefined) gauge.remove();
      if (!failing.has(name)) onFault(error, name);
      failing.add(name);
    }
  }

  /** Reads all of them; calls that come meanwhile share the answer, so that many callers cost one. */
  function readAll(): Promise<void> {
    reading ??= Promise.all(gauges.map(read))
      .then(() => {
        failed.reset();
        for (const metric of failing) failed.set({ metric }, 1);
      })
      .finally(() => {
        reading = undefined;
      });
    return reading;
  }

  return {
    contentType: registry.contentType,

    /** Something that happens, and is counted. */
    counter<const L extends Labels>(name: string, help: string, labels: L): CounterOf<L> {
      const counter = new Counter({ name, help, labelNames: Object.keys(labels), registers: [registry] });
      for (const zero of everyOf(labels)) counter.inc(zero, 0);
      return { add: (values, n = 1) => counter.inc(admitted(labels, values), n) };
    },

    /** How long something takes, in seconds, or how large it is. */
    histogram<const L extends Labels>(name: string, help: string, labels: L, buckets: number[]): HistogramOf<L> {
      const histogram = new Histogram({ name, help, labelNames: Object.keys(labels), buckets, registers: [registry] });
      for (const zero of everyOf(labels)) histogram.zero(zero);
      return { observe: (values, value) => histogram.observe(admitted(labels, values), value) };
    },

    /** How many there are at the moment, in this process. */
    level<const L extends Labels>(name: string, help: string, labels: L): LevelOf<L> {
      const gauge = new Gauge({
        name,
        help,
        labelNames: Object.keys(labels),
        aggregator: 'sum',
        registers: [registry],
      });
      return { add: (values, n) => gauge.inc(admitted(labels, values), n) };
    },

    /** Has these read whenever somebody asks. */
    gauges(all: Gauges): void {
      for (const [name, own] of Object.entries(all)) {
        const { help, labels = {}, together = 'max' } = own;
        const labelNames = Object.keys(labels);
        const gauge = new Gauge({ name, help, labelNames, aggregator: together, registers: [registry] });
        gauges.push({ name, gauge, own });
      }
    },

    /** Has this done when the relay stops. */
    onClose: (close: () => void): void => void closers.push(close),

    /** As Prometheus reads it. */
    async text(): Promise<string> {
      await readAll();
      return registry.metrics();
    },

    /** For whoever puts the metrics of several processes together, by `metricsTogether`. */
    async json(): Promise<object[]> {
      await readAll();
      return registry.getMetricsAsJSON();
    },

    close(): void {
      for (const close of closers.splice(0)) close();
    },
  };
}

/** What `json` of each process gave, as the text of one. */
export const metricsTogether = (all: object[][]): Promise<string> => AggregatorRegistry.aggregate(all).metrics();

/** Those who ask while it is being read share the answer. */
export function shared<Value>(read: () => Promise<Value>): () => Promise<Value> {
  let reading: Promise<Value> | undefined;
  return () => {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  };
}

function admitted(labels: Labels, values: Record<string, string>): Record<string, string> {
  const own: Record<string, string> = {};
  for (const name in labels) {
    const value = String(values[name]);
    const label = labels[name] as Label;
    own[name] = (typeof label === 'function' ? label(value) : label.includes(value) ? value : undefined) ?? 'other';
  }
  return own;
}

/** Every combination of the labels, where that is known beforehand and not too much. */
function everyOf(labels: Labels): Record<string, string>[] {
  let all: Record<string, string>[] = [{}];
  for (const [name, label] of Object.entries(labels)) {
    if (typeof label === 'function') return [];
    all = all.flatMap(each => label.map(value => ({ ...each, [name]: value })));
  }
  return all.length <= ZEROES_MAX ? all : [];
}

async function inTime<Value>(value: Promise<Value>): Promise<Value> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error('took too long')), READ_MS);
  return Promise.race([value, late.promise]).finally(() => clearTimeout(timer));
}
