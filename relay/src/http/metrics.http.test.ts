import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, oneDatabase, startTestRelay, type TestRelay } from '../../../e2e/relay.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS);

describe.each(oneDatabase)('the metrics on %s', database => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startTestRelay({ database });
  });
  afterAll(() => relay.stop());

  const read = () => call<string>('GET', `${relay.url}/metrics`);
  const numberOf = async (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec((await read()).body)?.[1]);

  it('are text as Prometheus reads it, with a word on each number', async () => {
    const { status, headers, body } = await read();
    expect(status).toBe(200);
    expect(headers.get('Content-Type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const names = [...body.matchAll(/^# TYPE (\S+) gauge$/gm)].map(([, name]) => name);
    expect(names).toEqual(expect.arrayContaining(['confab_data_requests_open', 'confab_data_requests_overdue']));
    for (const name of names) {
      expect(name).toMatch(/^confab_[a-z_]+$/);
      expect(body).toMatch(new RegExp(`^# HELP ${name} \\S.{10,}$`, 'm'));
    }
  });

  it('are of no site and no person', async () => {
    expect((await read()).body).not.toMatch(/[{}@]/);
  });

  it('count the data requests that wait, and those that are late', async () => {
    const { id: siteId } = await relay.site();
    const rows = [
      { status: 'received', dueAt: inDays(1) },
      { status: 'running', dueAt: inDays(-1) },
      { status: 'completed', dueAt: inDays(-1) },
    ];
    const common = { siteId, type: 'access', source: 'site', counts: {}, retained: {}, events: [] };
    const data = rows.map(row => ({ ...common, ...row, id: randomUUID(), receivedAt: inDays(-10) }));
    await relay.db.dataRequest.createMany({ data });
    expect(await numberOf('confab_data_requests_open')).toBe(2);
    expect(await numberOf('confab_data_requests_overdue')).toBe(1);
    relay.clock.setAhead(2 * DAY_MS);
    expect(await numberOf('confab_data_requests_overdue')).toBe(2);
    relay.clock.setAhead(0);
  });
});
