import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFakeOpenai } from '../../../e2e/fakes/openai.ts';
import { everything, leaksIn } from '../../../e2e/fakes/sentinels.ts';
import { call, oneDatabase, pages, question, startTestRelay, type TestRelay } from '../../../e2e/relay.ts';
import { metricsIn } from '../../deploy/metrics-in.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
/** One of their labels is not known beforehand, so of what has not happened there is no series. */
const SEEN_LATER = [
  'confab_http_requests_total',
  'confab_jobs_total',
  'confab_provider_faults_total',
  'confab_rate_limited_total',
];
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS);

describe.each(oneDatabase)('the metrics on %s', database => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startTestRelay({ database });
  });
  afterAll(() => relay.stop());

  const read = async () => (await call<string>('GET', `${relay.url}/metrics`)).body;
  /** The value of a series, 0 where there is none. */
  const numberOf = async (series: string) => {
    const line = (await read()).split('\n').find(each => each.startsWith(`${series} `));
    return Number(line?.slice(series.length + 1) ?? 0);
  };
  /** By how much it has grown when `act` is done. */
  async function growth(series: string[], act: () => Promise<unknown>): Promise<number[]> {
    const before = await Promise.all(series.map(numberOf));
    await act();
    return Promise.all(series.map(async (each, index) => (await numberOf(each)) - (before[index] ?? 0)));
  }

  it('are text as Prometheus reads it, with a word on each number', async () => {
    const { status, headers, body } = await call<string>('GET', `${relay.url}/metrics`);
    expect(status).toBe(200);
    expect(headers.get('Content-Type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const names = [...body.matchAll(/^# TYPE (\S+) (?:gauge|counter|histogram)$/gm)].map(([, name]) => name);
    expect(names).toEqual(expect.arrayContaining(['confab_data_requests_open', 'confab_data_requests_overdue']));
    for (const name of names) {
      expect(name).toMatch(/^confab_[a-z_]+$/);
      expect(body).toMatch(new RegExp(`^# HELP ${name} \\S.{10,}$`, 'm'));
    }
    expect(body).not.toMatch(/^confab_metric_failed\{/m);
  });

  it('hold all that the alerts and the dashboard ask for, with the labels that those name', async () => {
    const body = await read();
    const asked = await metricsIn(['prometheus/alerts.yaml', 'grafana/confab.json']);
    expect(asked.size).toBeGreaterThan(20);
    for (const [name, labels] of asked) {
      const own = name.replace(/_(?:bucket|count|sum)$/, '');
      expect(body, name).toMatch(new RegExp(`^# TYPE (?:${name}|${own}) `, 'm'));
      for (const [label, values] of labels) {
        const found = [...body.matchAll(new RegExp(`^${name}\\{[^}]*\\b${label}="([^"]*)"`, 'gm'))].map(([, at]) => at);
        if (!SEEN_LATER.includes(name)) for (const value of values) expect(found, name).toContain(value);
      }
    }
  });

  it('are of no site and no person, whatever they send', async () => {
    const site = await relay.site({ documents: pages });
    const path = `${site.widget.base}/${encodeURIComponent(everything)}?q=${encodeURIComponent(everything)}`;
    await call('GET', path);
    await call('GET', `${relay.url}/${encodeURIComponent(everything)}`);
    await site.widget.turn(question(everything, { thread: [] }));
    await call('POST', `${site.widget.base}/turns`, { body: { text: everything } });
    const body = await read();
    // The digits of a measured number are nobody's.
    expect(leaksIn(body.replace(/ [\d.e+-]+$/gm, ''))).toEqual([]);
    expect(body).not.toContain(site.id);
    expect(body).not.toMatch(/@|site-|[0-9a-f]{8}-[0-9a-f]{4}|\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}/);
    for (const [labels] of body.matchAll(/\{[^}]*\}/g)) expect(labels.length).toBeLessThan(160);
    expect(body.length).toBeLessThan(150_000);
  });

  it('count questions by kind, outcome and provider, with the time to the first word', async () => {
    const vendor = await startFakeOpenai({ script: { pieces: ['Nine ', 'days.'] } });
    const site = await relay.site({ openai: vendor, documents: pages });
    const consentToken = await site.widget.token();
    const series = [
      'confab_turns_total{kind="stored",outcome="completed",provider="openai"}',
      'confab_turns_total{kind="carried",outcome="completed",provider="openai"}',
      'confab_turns_total{kind="stored",outcome="refused",provider="none"}',
      'confab_time_to_first_token_seconds_count{provider="openai"}',
      'confab_answer_seconds_count{provider="openai"}',
      'confab_http_requests_total{route="/v1/widget/:siteKey/turns",method="POST",status="2xx"}',
      'confab_consents_total{decision="granted"}',
    ];
    const grown = await growth(series, async () => {
      await site.widget.turn(question('How long to Iceland?', { consentToken }));
      await site.widget.turn(question('How long to Iceland?', { thread: [] }));
      await site.widget.turn(question('How long to Iceland?', { consentToken: await site.widget.token() }));
      await site.widget.turn(question('How long to Iceland?', { consentToken: 'x'.repeat(43) }));
    });
    await vendor.close();
    expect(grown).toEqual([2, 1, 1, 3, 3, 3, 1]);
    expect(await numberOf('confab_streams_open{route="/v1/widget/:siteKey/turns"}')).toBe(0);
  });

  it('count what a provider did wrong, and who answered in its place', async () => {
    const vendor = await startFakeOpenai({ script: { status: 500 } });
    const site = await relay.site({ openai: vendor, documents: pages });
    const series = [
      'confab_provider_faults_total{provider="openai",fault="server_error"}',
      'confab_answers_failed_over_total{provider="extractive"}',
      'confab_turns_total{kind="carried",outcome="completed",provider="extractive"}',
    ];
    expect(await growth(series, () => site.widget.turn(question('How long?', { thread: [] })))).toEqual([1, 1, 1]);
    await vendor.close();
  });

  it('count the questions that no model is asked for, by whose limit it was', async () => {
    const vendor = await startFakeOpenai({ script: { pieces: ['Nine ', 'days.'] } });
    const site = await relay.site({ openai: vendor, documents: pages });
    const limitTo = (answersPerMonth: number | null, perAnswer: number | null = null) =>
      site.plugin.change(({ limits, answers, ...settings }) => ({
        ...settings,
        // One that has a price.
        answers: { ...answers, openai: { ...answers.openai, model: 'gpt-4.1-mini' } },
        limits: { ...limits, answersPerMonth, spend: { ...limits.spend, perAnswer } },
      }));
    const ask = () => site.widget.turn(question('How long to Iceland?', { thread: [] }));
    const series = ['owner', 'spend', 'plan'].map(limit => `confab_limits_reached_total{limit="${limit}"}`);
    await limitTo(1);
    expect(await growth(series, ask)).toEqual([0, 0, 0]);
    expect(await growth(series, ask)).toEqual([1, 0, 0]);
    await limitTo(null, 0.000001);
    expect(await growth(series, ask)).toEqual([0, 1, 0]);
    await vendor.close();
  });

  it('count refusals by the name of the rate, and what is turned away while a relay stops', async () => {
    const other = await startTestRelay({ database, env: { CONFAB_RATE_LIMIT: 'on' } });
    const site = await other.site();
    const has = async (line: string) =>
      (await call<string>('GET', `${other.url}/metrics`)).body.split('\n').includes(line);
    const ask = async () => (await call('POST', `${site.widget.base}/turns`, { body: {} })).status;
    while ((await ask()) !== 429);
    expect(await has('confab_rate_limited_total{rate="turnsPerIp"} 1')).toBe(true);
    expect(await has('confab_turned_away_total 0')).toBe(true);
    await other.services.drain.drain({ patienceMs: 0, graceMs: 0 });
    const asked = question('How long?', { thread: [] });
    expect((await (await other.site()).widget.turn(asked)).status).toBe(503);
    expect(await has('confab_turned_away_total 1')).toBe(true);
    expect(await has('confab_turns_total{kind="carried",outcome="turned_away",provider="none"} 1')).toBe(true);
    await other.stop();
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

  it('tell how long a job has been due, of every queue, and not of one that is due later', async () => {
    const waiting = 'confab_jobs_oldest_waiting_seconds{queue="retention.purge"}';
    expect(await read()).toContain(`${waiting} 0\n`);
    const insert = (name: string, at: string) =>
      relay.db.$executeRawUnsafe(`
      INSERT INTO pgboss.job (name, data, start_after, created_on, retry_limit, policy, singleton_key)
      VALUES ('${name}', '{}', now() ${at}, now() - interval '2 hours', 0, 'short', '${randomUUID()}')`);
    // A queue that nobody works on here.
    await relay.db.$executeRawUnsafe(`SELECT pgboss.create_queue('test.idle', '{"policy":"standard"}'::jsonb)`);
    await insert('test.idle', "- interval '1 hour'");
    await insert('test.idle', "+ interval '1 hour'");
    expect(await numberOf('confab_jobs_waiting{queue="test.idle"}')).toBe(1);
    const seconds = await numberOf('confab_jobs_oldest_waiting_seconds{queue="test.idle"}');
    expect(seconds).toBeGreaterThan(3_590);
    expect(seconds).toBeLessThan(3_700);
  });

  it('tell of webhooks that were taken and are not done', async () => {
    const receivedAt = new Date(Date.now() - 90_000);
    await relay.db.stripeEvent.createMany({
      data: [
        { id: 'evt_1', type: 'invoice.paid', createdAt: receivedAt, receivedAt },
        { id: 'evt_2', type: 'invoice.paid', createdAt: receivedAt, receivedAt, processedAt: receivedAt },
      ],
    });
    expect(await numberOf('confab_webhooks_unprocessed{sender="stripe"}')).toBe(1);
    expect(await numberOf('confab_webhooks_oldest_unprocessed_seconds{sender="stripe"}')).toBeGreaterThanOrEqual(90);
    expect(await numberOf('confab_webhooks_unprocessed{sender="shopify"}')).toBe(0);
  });
});
