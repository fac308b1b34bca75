import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { gathered } from './gather.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('many calls in short time', () => {
  it('become one at once and one after the pause, and none is forgotten', () => {
    const work = vi.fn();
    const { ask } = gathered(work, 1_000);
    ask();
    ask();
    vi.advanceTimersByTime(0);
    expect(work).toHaveBeenCalledTimes(1);
    ask();
    ask();
    vi.advanceTimersByTime(999);
    expect(work).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1);
    expect(work).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(5_000);
    expect(work).toHaveBeenCalledTimes(2);
  });

  it('do nothing any more once they are stopped', () => {
    const work = vi.fn();
    const { ask, stop } = gathered(work, 1_000);
    ask();
    stop();
    vi.advanceTimersByTime(5_000);
    expect(work).not.toHaveBeenCalled();
  });
});
