import { describe, expect, it, onTestFinished } from 'vitest';
import { everything, leaksIn } from '../../../e2e/fakes/sentinels.ts';
import { createMetrics, type Gauges, metricsTogether, shared } from './metrics.ts';
import { measureProcess } from './process-gauges.ts';

function withGauges(gauges: Gauges, faults: unknown[] = []) {
  const metrics = createMetrics({ onFault: (error, metric) => void faults.push([metric, (error as Error).message]) });
  metrics.gauges(gauges);
  return metrics;
}

describe('a gauge', () => {
  it('is read when it is asked, once for all who ask at the same time', async () => {
    let reads = 0;
    const metrics = withGauges({ confab_x: { help: 'Of a test.', read: async () => ++reads } });
    expect(reads).toBe(0);
    const [one, two] = await Promise.all([metrics.text(), metrics.text()]);
    expect(one).toContain('# HELP confab_x Of a test.\n# TYPE confab_x gauge\nconfab_x 1\n');
    expect(two).toBe(one);
    expect(await metrics.text()).toContain('confab_x 2\n');
  });

  it('that cannot be read is left out and named, beside all others, and not for ever', async () => {
    let broken = true;
    const faults: unknown[] = [];
    const read = async () => (broken ? Promise.reject(new Error('away')) : 3);
    const labelled = async () => (broken ? Promise.reject(new Error('away')) : [{ labels: { of: 'a' }, value: 4 }]);
    const metrics = withGauges(
      {
        confab_x: { help: 'Of a test.', read },
        confab_y: { help: 'Of a test.', labels: { of: ['a'] }, read: labelled },
        confab_z: { help: 'Of a test.', read: () => 5 },
      },
      faults,
    );
    for (const _ of [1, 2]) {
      const text = await metrics.text();
      expect(text).not.toMatch(/^confab_[xy]\b/m);
      expect(text).toContain('confab_z 5\n');
      expect(text).toContain('confab_metric_failed{metric="confab_x"} 1\nconfab_metric_failed{metric="confab_y"} 1\n');
    }
    // Told once, and not at each look.
    expect(faults).toEqual([
      ['confab_x', 'away'],
      ['confab_y', 'away'],
    ]);
    broken = false;
    const text = await metrics.text();
    expect(text).toContain('confab_x 3\n');
    expect(text).toContain('confab_y{of="a"} 4\n');
    expect(text).not.toMatch(/^confab_metric_failed\{/m);
  });

  it('keeps no series of what is no more', async () => {
    let of = 'a';
    const read = async () => [{ labels: { of }, value: 1 }];
    const metrics = withGauges({ confab_x: { help: 'Of a test.', labels: { of: ['a', 'b'] }, read } });
    expect(await metrics.text()).toContain('confab_x{of="a"} 1\n');
    of = 'b';
    expect(await metrics.text()).not.toContain('confab_x{of="a"}');
  });

  it('shares what it reads with others that are read at the same time', async () => {
    let reads = 0;
    const read = shared(async () => ++reads);
    expect(await Promise.all([read(), read()])).toEqual([1, 1]);
    expect(await read()).toBe(2);
  });

  it('of one relay is kept apart from that of another in the same process', async () => {
    const [one, two] = [1, 2].map(value => withGauges({ confab_x: { help: 'Of a test.', read: () => value } }));
    expect(await one?.text()).toContain('confab_x 1\n');
    expect(await two?.text()).toContain('confab_x 2\n');
  });
});

describe('a label', () => {
  it('holds only words that were declared: what a person wrote is counted as "other"', async () => {
    const metrics = createMetrics();
    const shape = (value: string) => (/^[a-z]{1,9}$/.test(value) ? value : undefined);
    const counter = metrics.counter('confab_c_total', 'Of a test.', { of: ['a', 'b'], by: shape });
    const histogram = metrics.histogram('confab_h', 'Of a test.', { of: ['a'] }, [1]);
    const level = metrics.level('confab_l', 'Of a test.', { by: shape });
    for (let n = 0; n < 500; n += 1) {
      counter.add({ of: `${everything} ${n}`, by: `${n}` });
      histogram.observe({ of: `site-${n}` }, 2);
      level.add({ by: `${everything}${n}` }, 1);
    }
    metrics.gauges({
      confab_g: { help: 'Of a test.', labels: { of: ['a'] }, read: () => [{ labels: { of: everything }, value: 1 }] },
    });
    const text = await metrics.text();
    expect(leaksIn(text)).toEqual([]);
    expect(text).toContain('confab_c_total{of="other",by="other"} 500\n');
    expect(text).toContain('confab_h_count{of="other"} 500\n');
    expect(text).toContain('confab_l{by="other"} 500\n');
    expect(text).toContain('confab_g{of="other"} 1\n');
    expect(text.split('\n').length).toBeLessThan(40);
  });

  it('whose words are known begins at zero, so that the first step is seen', async () => {
    const metrics = createMetrics();
    metrics.counter('confab_c_total', 'Of a test.', { of: ['a', 'b'], by: ['c'] });
    metrics.counter('confab_bare_total', 'Of a test.', {});
    const text = await metrics.text();
    expect(text).toContain('confab_c_total{of="a",by="c"} 0\nconfab_c_total{of="b",by="c"} 0\n');
    expect(text).toContain('confab_bare_total 0\n');
  });
});

it('of several processes become one text: counts add up, and what the database says does not', async () => {
  const all = await Promise.all(
    [1, 2].map(async n => {
      const metrics = createMetrics();
      metrics.counter('confab_c_total', 'Of a test.', { of: ['a'] }).add({ of: 'a' }, n);
      metrics.histogram('confab_h', 'Of a test.', { of: ['a'] }, [1, 5]).observe({ of: 'a' }, n);
      metrics.level('confab_l', 'Of a test.', {}).add({}, n);
      metrics.gauges({
        confab_rows: { help: 'Of a test.', read: () => 7 },
        confab_bytes: { help: 'Of a test.', together: 'sum', read: () => n },
      });
      // As it goes from one process to another.
      return JSON.parse(JSON.stringify(await metrics.json()));
    }),
  );
  const text = await metricsTogether(all);
  expect(text).toContain('confab_c_total{of="a"} 3\n');
  expect(text).toContain('confab_h_bucket{le="1",of="a"} 1\n');
  expect(text).toContain('confab_h_count{of="a"} 2\n');
  expect(text).toContain('confab_l 3\n');
  expect(text).toContain('confab_rows 7\n');
  expect(text).toContain('confab_bytes 3\n');
});

it('tells how the process is: what it runs, holds, and how late its event loop is', async () => {
  const metrics = createMetrics();
  onTestFinished(() => metrics.close());
  measureProcess(metrics, '1.2.3');
  const numberOf = async (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(await metrics.text())?.[1]);
  expect(await metrics.text()).toContain(`confab_build_info{version="1.2.3",node="${process.version}"} 1\n`);
  expect(await numberOf('confab_memory_bytes{kind="rss"}')).toBeGreaterThan(10_000_000);
  expect(await numberOf('confab_started_seconds')).toBeLessThan(Date.now() / 1_000);
  expect(await metrics.text()).toMatch(/^confab_handles\{kind="\w+"\} \d+$/m);
  await expect
    .poll(async () => {
      const end = Date.now() + 150;
      while (Date.now() < end);
      await new Promise(resolve => setTimeout(resolve, 40));
      return numberOf('confab_event_loop_lag_seconds{at="max"}');
    })
    .toBeGreaterThan(0.05);
});
