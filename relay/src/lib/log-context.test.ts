import { Writable } from 'node:stream';
import { setImmediate as soon } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { everything, leaksIn } from '../../../e2e/fakes/sentinels.ts';
import { createLog } from './log.ts';
import { logContext, withLogContext } from './log-context.ts';

const ids = ['0197a1b2-0000-7000-8000-000000000001', '0197a1b2-0000-7000-8000-000000000002'] as const;

function listening() {
  const lines: Record<string, unknown>[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  return { log: createLog('debug', stream), lines };
}

it('is in every line that comes of the work, also of two at once and of what they wait for', async () => {
  const { log, lines } = listening();
  const work = async (msg: string) => {
    log.info({}, msg);
    await soon();
    await Promise.all([1, 2].map(() => soon().then(() => log.warn({ status: 200 }, msg))));
  };
  await Promise.all(ids.map(requestId => withLogContext({ requestId }, () => work(requestId))));
  log.info({}, 'outside');
  expect(lines).toHaveLength(7);
  for (const { requestId, msg } of lines) expect(requestId).toBe(msg === 'outside' ? undefined : msg);
  expect(logContext()).toEqual({});
});

it('is beside what the line says itself, which counts more', () => {
  const { log, lines } = listening();
  withLogContext({ queue: 'retention.purge', jobId: ids[0] }, () => log.info({ jobId: ids[1], count: 2 }, 'x'));
  expect(lines[0]).toMatchObject({ queue: 'retention.purge', jobId: ids[1], count: 2 });
});

it('passes the same check as every field', () => {
  const { log, lines } = listening();
  withLogContext({ requestId: everything, queue: 'jane.doe@example.com' }, () => log.info({}, 'x'));
  expect(leaksIn(JSON.stringify(lines))).toEqual([]);
});
