import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Counts } from './counts.ts';

/** What every kind of counts promises; `others` are those of another process, which shares them. */
export function countsContract(name: string, open: () => { counts: Counts; others: Counts }): void {
  describe(name, () => {
    it('adds up, and says for how long', async () => {
      const { counts } = open();
      const key = randomUUID();
      expect(await counts.add(key, 1, 60_000)).toEqual({ points: 1, msLeft: 60_000 });
      const { points, msLeft } = await counts.add(key, 2, 10_000);
      expect(points).toBe(3);
      expect(msLeft).toBeGreaterThan(50_000);
      expect(msLeft).toBeLessThanOrEqual(60_000);
    });

    it('counts each key by itself', async () => {
      const { counts } = open();
      const [one, other] = [randomUUID(), randomUUID()];
      await counts.add(one, 5, 60_000);
      expect((await counts.add(other, 1, 60_000)).points).toBe(1);
    });

    it('takes points back', async () => {
      const { counts } = open();
      const key = randomUUID();
      await counts.add(key, 5_000_000_000, 60_000);
      expect((await counts.add(key, -4_000_000_000, 60_000)).points).toBe(1_000_000_000);
    });

    it('begins anew once the time is over', async () => {
      const { counts } = open();
      const key = randomUUID();
      await counts.add(key, 7, 30);
      await expect.poll(async () => (await counts.add(key, 0, 60_000)).points, { interval: 10 }).toBe(0);
      expect((await counts.add(key, 1, 60_000)).msLeft).toBeGreaterThan(50_000);
    });

    it('gives to two hundred at once, in two processes, two hundred sums', async () => {
      const { counts, others } = open();
      const key = randomUUID();
      const adds = Array.from({ length: 200 }, (_, at) => (at % 2 ? counts : others).add(key, 1, 60_000));
      const sums = (await Promise.all(adds)).map(({ points }) => points);
      expect(sums.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, at) => at + 1));
    });
  });
}
