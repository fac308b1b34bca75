import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type Breaker, type BreakerNews, createBreaker } from './breaker.ts';

describe('the breaker', () => {
  let time: number;
  let breaker: Breaker;
  beforeEach(() => {
    time = 1_000_000;
    breaker = createBreaker({ now: () => time });
  });

  const fail = (times: number, key = 'openai') => {
    for (let at = 0; at < times; at++) breaker.failed(key);
  };
  /** Goes on until the key is let through again; how long that took, in seconds. */
  const pause = () => {
    const from = time;
    while (!breaker.allows('openai')) time += 1_000;
    return (time - from) / 1_000;
  };

  it('pauses a provider that fails three times in a row, and no other', () => {
    fail(2);
    expect(breaker.allows('openai')).toBe(true);
    fail(1);
    expect(breaker.allows('openai')).toBe(false);
    expect(breaker.allows('anthropic')).toBe(true);
    expect(pause()).toBe(30);
  });

  it('says whether a provider is paused, without taking the trial', () => {
    expect(breaker.isPaused('openai')).toBe(false);
    fail(3);
    expect(breaker.isPaused('openai')).toBe(true);
    time += 30_000;
    expect(breaker.isPaused('openai')).toBe(false);
    expect(breaker.allows('openai')).toBe(true);
  });

  it('counts failures in a row only', () => {
    fail(2);
    breaker.succeeded('openai');
    fail(2);
    expect(breaker.allows('openai')).toBe(true);
  });

  it('lets one call at a time try whether the provider is back', () => {
    fail(3);
    pause();
    expect(breaker.allows('openai')).toBe(false);
    breaker.succeeded('openai');
    expect(breaker.allows('openai')).toBe(true);
    expect(breaker.allows('openai')).toBe(true);
  });

  it('pauses for twice as long after each failed trial, at most five minutes', () => {
    fail(3);
    const pauses = [pause()];
    for (let trial = 0; trial < 5; trial++) {
      fail(1);
      pauses.push(pause());
    }
    expect(pauses).toEqual([30, 60, 120, 240, 300, 300]);
  });

  it('begins anew after a trial that succeeded', () => {
    fail(3);
    pause();
    fail(1);
    pause();
    breaker.succeeded('openai');
    fail(2);
    expect(breaker.allows('openai')).toBe(true);
    fail(1);
    expect(pause()).toBe(30);
  });

  it('does not pause for longer because many calls fail at once', () => {
    fail(50);
    expect(pause()).toBe(30);
  });

  it('waits as long as the vendor asks, at most five minutes', () => {
    breaker.failed('openai', 7_000);
    expect(pause()).toBe(7);
    breaker.failed('openai', 3_600_000);
    expect(pause()).toBe(300);
  });

  it('waits longer when the vendor asks for it in a pause', () => {
    breaker.failed('openai', 7_000);
    breaker.failed('openai', 20_000);
    breaker.failed('openai', 10_000);
    expect(pause()).toBe(20);
  });

  it('is not told the provider is back by a call from before the pause', () => {
    fail(3);
    breaker.succeeded('openai');
    expect(breaker.allows('openai')).toBe(false);
  });

  it('gives the trial to the next call when the visitor left, and after 30 s when nobody told its end', () => {
    fail(3);
    pause();
    breaker.leftOpen('openai');
    expect(breaker.allows('openai')).toBe(true);
    expect(pause()).toBe(30);
  });

  it('remembers no more keys than it may', () => {
    breaker = createBreaker({ now: () => time, keysMax: 2 });
    for (const key of ['a', 'b', 'c']) fail(3, key);
    expect(['a', 'b', 'c'].map(key => breaker.allows(key))).toEqual([true, false, false]);
  });

  it('tells other processes of a pause and of its end, which they keep to', () => {
    const others = createBreaker({ now: () => time });
    const told: BreakerNews[] = [];
    breaker = createBreaker({
      now: () => time,
      tell(news) {
        told.push(news);
        others.heard(news);
      },
    });
    fail(3);
    expect(told).toEqual([{ key: 'openai', forMs: 30_000 }]);
    expect([others.allows('openai'), others.isPaused('openai'), others.allows('anthropic')]).toEqual([
      false,
      true,
      true,
    ]);
    pause();
    expect(others.allows('openai')).toBe(true);
    breaker.succeeded('openai');
    expect(told.at(-1)).toEqual({ key: 'openai', forMs: 0 });
    others.failed('openai');
    expect(others.isPaused('openai')).toBe(false);
  });

  it('has its own trial after a pause that it heard of, and pauses for longer where that fails', () => {
    breaker.heard({ key: 'openai', forMs: 30_000 });
    expect(pause()).toBe(30);
    breaker.failed('openai');
    expect(pause()).toBe(60);
  });

  it('tells nothing of a key that was never paused', () => {
    const tell = vi.fn();
    breaker = createBreaker({ now: () => time, tell });
    breaker.failed('openai');
    breaker.succeeded('openai');
    expect(tell).not.toHaveBeenCalled();
  });
});
