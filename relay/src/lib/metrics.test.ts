import { expect, it } from 'vitest';
import { createMetrics } from './metrics.ts';

it('reads each gauge when it is asked, once for all who ask at the same time', async () => {
  let reads = 0;
  const metrics = createMetrics({ confab_x: { help: 'Of a test.', read: async () => ++reads } });
  expect(reads).toBe(0);
  const [one, two] = await Promise.all([metrics.text(), metrics.text()]);
  expect(one).toContain('# HELP confab_x Of a test.\n# TYPE confab_x gauge\nconfab_x 1\n');
  expect(two).toBe(one);
  expect(await metrics.text()).toContain('confab_x 2\n');
});

it('fails where a gauge cannot be read, and not for ever', async () => {
  let broken = true;
  const read = async () => (broken ? Promise.reject(new Error('away')) : 3);
  const metrics = createMetrics({ confab_x: { help: 'Of a test.', read } });
  await expect(metrics.text()).rejects.toThrow('away');
  broken = false;
  expect(await metrics.text()).toContain('confab_x 3\n');
});

it('keeps the gauges of two relays in one process apart', async () => {
  const [one, two] = [1, 2].map(value => createMetrics({ confab_x: { help: 'Of a test.', read: async () => value } }));
  expect(await one?.text()).toContain('confab_x 1\n');
  expect(await two?.text()).toContain('confab_x 2\n');
});
