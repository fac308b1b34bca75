import { describe, expect, it } from 'vitest';
import { createLog } from '../../lib/log.ts';
import type { Counts } from './counts.ts';
import { insuredCounts } from './insured.ts';
import { memoryCounts } from './memory.ts';
import { createTally } from './tally.ts';

const MINUTE = { most: 20, windowMs: 60_000 };

function processes(count: number) {
  let ms = Date.parse('2026-11-22T12:00:00Z');
  const now = () => new Date(ms);
  const together = memoryCounts(now);
  const told: { key: string; points: number; windowMs: number }[] = [];
  const shared: Counts = {
    add(key, points, windowMs) {
      told.push({ key, points, windowMs });
      return together.add(key, points, windowMs);
    },
  };
  const tallies = Array.from({ length: count }, () => createTally({ shared, hashOf: key => `hash of ${key}`, now }));
  return {
    told,
    pass(by: number): void {
      ms += by;
    },
    async admits(which: number, points = 1): Promise<boolean> {
      return ((await tallies[which]?.add('who', points, MINUTE))?.points ?? 0) <= MINUTE.most;
    },
    known: (which: number) => tallies[which]?.known('who'),
    addForAll: (which: number) => tallies[which]?.addForAll('who', 1, 60_000),
  };
}

describe('a tally', () => {
  it('tells nobody of a quarter of what is allowed', async () => {
    const { admits, told } = processes(1);
    for (let n = 1; n <= 5; n += 1) expect(await admits(0)).toBe(true);
    expect(told).toEqual([]);
  });

  it('then tells of all of it, by a hash, for the rest of its time', async () => {
    const { admits, told, pass } = processes(1);
    for (let n = 1; n <= 5; n += 1) await admits(0);
    pass(10_000);
    await admits(0);
    await admits(0);
    expect(told).toEqual([
      { key: 'hash of who', points: 6, windowMs: 50_000 },
      { key: 'hash of who', points: 1, windowMs: 50_000 },
    ]);
  });

  it('admits what is allowed at all processes together, in a burst too, and anew when the time is over', async () => {
    const { admits, pass } = processes(2);
    const burst = async () => {
      const all = await Promise.all(Array.from({ length: 80 }, (_, n) => admits(n % 2)));
      return all.filter(Boolean).length;
    };
    expect(await burst()).toBe(20);
    pass(61_000);
    expect(await burst()).toBe(20);
  });

  it('asks nobody again about a key that is beyond what is allowed', async () => {
    const { admits, told } = processes(1);
    for (let n = 1; n <= 21; n += 1) await admits(0);
    const before = told.length;
    for (let n = 1; n <= 50; n += 1) expect(await admits(0)).toBe(false);
    expect(told).toHaveLength(before);
  });

  it('takes back what was not used', async () => {
    const { admits, known } = processes(2);
    expect(await admits(0, 18)).toBe(true);
    expect(await admits(1, 6)).toBe(false);
    await admits(1, -6);
    await admits(0, -10);
    expect(known(0)).toBe(8);
    expect(await admits(1, 6)).toBe(true);
  });

  it('counts each one of what guards at once', async () => {
    const { addForAll, told } = processes(2);
    await addForAll(0);
    expect(await addForAll(1)).toMatchObject({ points: 2 });
    expect(told).toHaveLength(2);
  });
});

describe('shared counts that fail', () => {
  const lines: string[] = [];
  const log = createLog('info', { write: (line: string) => void lines.push(line) } as never);

  it('leave a process to its own, told once a minute', async () => {
    let ms = Date.parse('2026-11-22T12:00:00Z');
    const now = () => new Date(ms);
    const broken: Counts = { add: () => Promise.reject(new Error('away')) };
    const counts = insuredCounts(broken, memoryCounts(now), { log, now });
    for (let n = 1; n <= 3; n += 1) expect((await counts.add('who', 1, 600_000)).points).toBe(n);
    expect(lines).toHaveLength(1);
    ms += 61_000;
    await counts.add('who', 1, 600_000);
    expect(lines).toHaveLength(2);
  });

  it('are not waited for for long', async () => {
    const now = () => new Date();
    const silent: Counts = { add: () => new Promise(() => {}) };
    const counts = insuredCounts(silent, memoryCounts(now), { log, now, patienceMs: 20 });
    expect((await counts.add('who', 1, 60_000)).points).toBe(1);
  });
});
