import { describe, expect, it } from 'vitest';
import { createDrain } from './drain.ts';

const untilAborted = (signal: AbortSignal) =>
  new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }));

describe('a drain', () => {
  it('lets what runs end, and nothing new begin', async () => {
    const drain = createDrain();
    const gate = Promise.withResolvers<void>();
    const done: string[] = [];
    const running = drain.run(async () => {
      await gate.promise;
      done.push('work');
    });
    const drained = drain.drain({ patienceMs: 60_000, graceMs: 60_000 }).then(() => done.push('drained'));
    await expect(drain.run(async () => {})).rejects.toMatchObject({ code: 'unavailable', status: 503, retryAfterS: 2 });
    gate.resolve();
    await Promise.all([running, drained]);
    expect(done).toEqual(['work', 'drained']);
  });

  it('aborts what does not end, and still waits for it to keep what it has', async () => {
    const drain = createDrain();
    const done: string[] = [];
    const running = drain.run(async signal => {
      await untilAborted(signal);
      done.push('kept');
    });
    await drain.drain({ patienceMs: 1, graceMs: 60_000 });
    await running;
    expect(done).toEqual(['kept']);
  });

  it('does not wait for ever for what does not even hear', async () => {
    const drain = createDrain();
    void drain.run(() => new Promise<void>(() => {}));
    await drain.drain({ patienceMs: 1, graceMs: 1 });
  });

  it('waits for nothing when nothing runs, also after work that failed', async () => {
    const drain = createDrain();
    await expect(drain.run(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    await drain.drain({ patienceMs: 60_000, graceMs: 60_000 });
  });
});
