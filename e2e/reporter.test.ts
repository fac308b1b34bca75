import { rm } from 'node:fs/promises';
import { Client } from 'pg';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startFakeOpenai } from './fakes/openai.ts';
import { everything, leaksIn, scrubbed, WORDS } from './fakes/sentinels.ts';
import { startSink } from './fakes/sentry.ts';
import {
  call,
  databaseEnvironment,
  makeDataDir,
  question,
  runCommand,
  spawnRelay,
  startTestRelay,
  within,
} from './relay.ts';

vi.setConfig({ testTimeout: 60_000 });

const header = scrubbed.filter(each => /^[\x20-\x7e]+$/.test(each)).join(' , ');

/** What a visitor sends with a question, in every place that a request has. */
const sent = {
  method: 'POST',
  headers: {
    'Content-Type': 'text/plain',
    Cookie: header,
    Authorization: `Bearer ${header}`,
    'X-Forwarded-For': '203.0.113.9',
    'User-Agent': header,
    Referer: `https://shop.example/?q=${WORDS}`,
  },
};

/** A relay on PostgreSQL whose database repeats each message in its refusals, as a constraint or a trigger may. */
async function startBroken({
  when = 'INSERT',
  env = {},
}: {
  when?: 'INSERT' | 'UPDATE';
  env?: NodeJS.ProcessEnv;
} = {}) {
  const database = await databaseEnvironment('postgres');
  const relay = await startTestRelay({ demo: true, env: { ...database, ...env } });
  const client = new Client({ connectionString: database.DATABASE_URL });
  await client.connect();
  await client.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'cannot keep %', NEW.text USING DETAIL = NEW.text; END $$;
    CREATE TRIGGER refuse BEFORE ${when} ON "Message" FOR EACH ROW EXECUTE FUNCTION refuse();`);
  await client.end();
  onTestFinished(() => relay.stop());
  return relay;
}

describe('a fault in a request', () => {
  it('is reported with its route and request id, and nothing of what the visitor sent', async () => {
    const sink = await startSink();
    onTestFinished(() => sink.close());
    const relay = await startBroken({ env: { SENTRY_DSN: sink.dsn, CONFAB_TRUST_PROXY: '1' } });
    const { widget } = relay.demo;
    const begin = question(everything, { consentToken: await widget.token() });
    const body = JSON.stringify({ ...begin, page: { url: `https://shop.example/?q=${WORDS}`, title: WORDS } });
    const response = await fetch(`${widget.base}/turns?q=${encodeURIComponent(everything)}`, { ...sent, body });
    expect(response.status).toBe(500);
    expect(leaksIn(await response.text())).toEqual([]);

    await expect.poll(() => sink.envelopes.length).toBe(1);
    const event = sink.parsed()[0]?.items[0]?.payload;
    const requestId = response.headers.get('X-Request-Id');
    expect(event.tags).toEqual({ route: '/v1/widget/:siteKey/turns', requestId });
    expect(event.exception.values.at(-1).type).toMatch(/^Prisma|DriverAdapterError/);
    expect(leaksIn(sink.envelopes.join())).toEqual([]);

    const lines = relay.logLines.filter(line => line.includes(requestId ?? '?')).map(line => JSON.parse(line));
    expect(lines.map(({ msg, network }) => [msg, network])).toEqual([
      ['request failed', undefined],
      ['request', '203.0.113.0/24'],
    ]);
    expect(leaksIn(relay.logLines.join())).toEqual([]);
  });

  it('after the first byte is reported too', async () => {
    const sink = await startSink();
    onTestFinished(() => sink.close());
    const vendor = await startFakeOpenai({ script: { pieces: [everything] } });
    onTestFinished(() => vendor.close());
    const relay = await startBroken({ when: 'UPDATE', env: { SENTRY_DSN: sink.dsn } });
    const site = await relay.site({ openai: vendor });
    const body = JSON.stringify(question(everything, { consentToken: await site.widget.token() }));
    const given = { 'X-Request-Id': '0197a1b2-0000-7000-8000-000000000001', 'Content-Type': 'text/plain' };
    const response = await fetch(`${site.widget.base}/turns`, { method: 'POST', headers: given, body });
    expect(await response.text()).toContain('"code":"internal"');
    await expect.poll(() => sink.envelopes.length).toBe(1);
    // By the id that the caller was given, which is ours: the fault is found by it in the report and in the log.
    const requestId = response.headers.get('X-Request-Id');
    expect(requestId).not.toBe(given['X-Request-Id']);
    expect(sink.parsed()[0]?.items[0]?.payload.tags).toEqual({ siteId: site.id, requestId });
    await expect
      .poll(() => relay.logLines.filter(line => line.includes(requestId ?? '?')).map(line => JSON.parse(line).msg))
      .toEqual(['the answer could not be kept', 'request']);
    expect(relay.logLines.join()).not.toContain(given['X-Request-Id']);
    expect(leaksIn(sink.envelopes.join())).toEqual([]);
    expect(leaksIn(relay.logLines.join())).toEqual([]);
  });

  it('is only ours: what a caller did wrong, and a provider that fails, are not reported', async () => {
    const sink = await startSink();
    onTestFinished(() => sink.close());
    const vendor = await startFakeOpenai({ script: { status: 500 } });
    onTestFinished(() => vendor.close());
    const relay = await startTestRelay({ demo: true, env: { SENTRY_DSN: sink.dsn } });
    const site = await relay.site({ openai: vendor });
    await call('GET', `${relay.url}/nowhere?q=${WORDS}`);
    await call('GET', `${relay.url}/v1/site`, { bearer: WORDS });
    await call('POST', `${site.widget.base}/turns`, { body: { text: everything } });
    await site.widget.turn(question(everything, { thread: [] }));
    const left = await site.widget.open(question(everything, { thread: [] }));
    left.leave();
    await relay.stop();
    expect(sink.connections()).toBe(0);
    expect(leaksIn(relay.logLines.join())).toEqual([]);
  });

  it.each(['fail', 'hang', 'gone'] as const)('is answered as ever where the reports go nowhere: %s', async answer => {
    const sink = await startSink({ answer: answer === 'gone' ? 'take' : answer });
    onTestFinished(() => sink.close());
    if (answer === 'gone') await sink.close();
    const relay = await startBroken({ env: { SENTRY_DSN: sink.dsn } });
    const { widget } = relay.demo;
    for (let time = 1; time <= 3; time += 1) {
      const consentToken = await widget.token();
      expect((await widget.turn(question(everything, { consentToken }))).status).toBe(500);
    }
    expect((await call('GET', `${relay.url}/healthz`)).status).toBe(200);
    // The report has two seconds, the rest of a stop takes less than another three.
    await within(5_000, relay.stop());
    expect(leaksIn(relay.logLines.join())).toEqual([]);
  });

  it('is told to nobody without a SENTRY_DSN', async () => {
    const relay = await startBroken();
    const { widget } = relay.demo;
    const turn = await widget.turn(question(everything, { consentToken: await widget.token() }));
    expect(turn.status).toBe(500);
    expect(leaksIn(relay.logLines.join())).toEqual([]);
  });
});

describe('a fault that nobody caught', () => {
  /** Code that runs in the relay's process before the relay: on a signal it fails as careless code does. */
  const careless = (fault: string) =>
    `--import data:text/javascript,${encodeURIComponent(`process.on('SIGUSR2', () => { ${fault} });`)}`;

  async function spawnCareless(env: NodeJS.ProcessEnv) {
    const dataDir = await makeDataDir({ empty: true });
    onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
    return spawnRelay({ dataDir, env: { ...(await databaseEnvironment('postgres')), ...env } });
  }
  const faults = [
    ['an exception', `throw new RangeError(${JSON.stringify(everything)})`],
    ['a rejection', `Promise.reject(new RangeError(${JSON.stringify(everything)}))`],
    ['a rejection that is no error', `Promise.reject(${JSON.stringify(everything)})`],
  ] as const;

  it.each(faults)('stops the process, and is reported before: %s', async (_, fault) => {
    const sink = await startSink();
    onTestFinished(() => sink.close());
    const relay = await spawnCareless({ SENTRY_DSN: sink.dsn, NODE_OPTIONS: careless(fault) });
    relay.kill('SIGUSR2');
    expect(await within(10_000, relay.ended)).toEqual({ code: 1, signal: null });
    expect(sink.envelopes).toHaveLength(1);
    expect(leaksIn(sink.envelopes.join())).toEqual([]);
    expect(relay.output()).toContain('a fault that nobody caught');
    expect(leaksIn(relay.output())).toEqual([]);
  });

  it('stops the process without a SENTRY_DSN too, which loads no SDK', async () => {
    const tell = `
      import { registerHooks } from 'node:module';
      registerHooks({ resolve(name, context, next) {
        if (name.startsWith('@sentry/')) process.stdout.write('loads the SDK\\n');
        return next(name, context);
      } });`;
    const sink = await startSink();
    onTestFinished(() => sink.close());
    for (const SENTRY_DSN of ['', sink.dsn]) {
      const NODE_OPTIONS = `--import data:text/javascript,${encodeURIComponent(tell)} ${careless(faults[0][1])}`;
      const relay = await spawnCareless({ SENTRY_DSN, NODE_OPTIONS });
      expect(relay.output().includes('loads the SDK')).toBe(SENTRY_DSN !== '');
      relay.kill('SIGUSR2');
      expect(await within(10_000, relay.ended)).toEqual({ code: 1, signal: null });
      expect(leaksIn(relay.output())).toEqual([]);
    }
    expect(sink.envelopes).toHaveLength(1);
  });

  it('stops the process in time, where the reports go nowhere', async () => {
    const sink = await startSink({ answer: 'hang' });
    onTestFinished(() => sink.close());
    const relay = await spawnCareless({ SENTRY_DSN: sink.dsn, NODE_OPTIONS: careless(faults[0][1]) });
    relay.kill('SIGUSR2');
    expect(await within(10_000, relay.ended)).toEqual({ code: 1, signal: null });
  });
});

describe('a fault of a command', () => {
  async function spawnCommand(fault: string, more: NodeJS.ProcessEnv = {}) {
    const sink = await startSink();
    onTestFinished(() => sink.close());
    const dataDir = await makeDataDir({ empty: true });
    onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
    const env = { ...(await databaseEnvironment('postgres')), SENTRY_DSN: sink.dsn, ...more };
    const NODE_OPTIONS = `--import data:text/javascript,${encodeURIComponent(fault)}`;
    return { ...(await runCommand(['data-map'], { dataDir, env: { ...env, NODE_OPTIONS } })), sink };
  }
  const thrown = `new RangeError(${JSON.stringify(everything)})`;

  // After the command has begun, and before it can be done.
  it.each([
    ['an exception', `throw ${thrown}`],
    ['a rejection', `Promise.reject(${thrown})`],
  ])('that nobody caught ends it, and is reported before: %s', async (_, fault) => {
    const watch = `
      const { on } = process;
      process.once('newListener', function watch(name) {
        if (name === 'uncaughtException') setImmediate(() => { ${fault} });
        else process.once('newListener', watch);
      });`;
    const { code, out, err, sink } = await spawnCommand(watch);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('a fault that nobody caught');
    expect(sink.envelopes).toHaveLength(1);
    expect(leaksIn(sink.envelopes.join() + err)).toEqual([]);
  });

  it('is reported where the command fails of it', async () => {
    const [user, password] = WORDS.split(' ');
    const { code, sink } = await spawnCommand('', {
      DATABASE_URL: `postgresql://${user}:${password}@127.0.0.1:1/${user}`,
    });
    expect(code).toBe(1);
    expect(sink.parsed()[0]?.items[0]?.payload.exception.values.at(-1)).toMatchObject({ value: 'ECONNREFUSED' });
    expect(leaksIn(sink.envelopes.join())).toEqual([]);
  });
});

describe('a process that reads pages of others', () => {
  it('has no way to report or to write: a fault in it is a word', async () => {
    const sink = await startSink();
    onTestFinished(() => sink.close());
    const relay = await startTestRelay({ env: { SENTRY_DSN: sink.dsn } });
    onTestFinished(() => relay.stop());
    const broken = Buffer.from(`%PDF-1.7\n${everything}\n1 0 obj << /Type /Catalog >>\nendobj\ntrailer <<`);
    const reading = relay.services.extractor.extract({
      kind: 'pdf',
      contentType: null,
      bytes: broken,
      url: `https://shop.example/?q=${encodeURIComponent(everything)}`,
    });
    const fault = await reading.then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(fault).toMatchObject({ name: 'ExtractError' });
    relay.services.reporter.report(fault);
    relay.services.log.error({ err: fault }, 'a page could not be read');
    await expect.poll(() => sink.envelopes.length).toBe(1);
    expect(leaksIn(sink.envelopes.join() + relay.logLines.join())).toEqual([]);
  });
});
