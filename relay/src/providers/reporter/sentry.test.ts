import * as Sentry from '@sentry/node';
import { describe, expect, it, onTestFinished } from 'vitest';
import { everything, leaksIn, scrubbed, surviving, WORDS } from '../../../../e2e/fakes/sentinels.ts';
import { type Sink, startSink } from '../../../../e2e/fakes/sentry.ts';
import { AppError } from '../../lib/app-error.ts';
import { ProviderError } from '../llm/llm.ts';
import type { FaultContext, Reporter } from './reporter.ts';
import { sentryReporter } from './sentry.ts';

const at = new Date('2026-11-21T10:00:00Z');
const id = '0197a1b2-0000-7000-8000-000000000001';
const where = { route: '/v1/widget/:siteKey/turns', requestId: id, siteId: id, queue: 'data-requests', jobId: id };

const reporterTo = ({ dsn }: Pick<Sink, 'dsn'>): Reporter =>
  sentryReporter({ dsn, environment: 'test', release: 'confab@1', now: () => at });

/** What arrives of these reports. */
async function arrived(report: (reporter: Reporter) => void) {
  const sink = await startSink();
  onTestFinished(() => sink.close());
  const reporter = reporterTo(sink);
  report(reporter);
  await reporter.close(2_000);
  return sink;
}

async function eventOf(error: unknown, context?: FaultContext) {
  const sink = await arrived(reporter => reporter.report(error, context));
  expect(sink.envelopes).toHaveLength(1);
  return { raw: sink.envelopes[0] ?? '', event: sink.parsed()[0]?.items[0]?.payload };
}

/** An error as the function throws it, with all sentinels in its local variables. */
function thrownWith(make: () => unknown): unknown {
  const local = { everything, words: WORDS };
  try {
    throw local && make();
  } catch (error) {
    return error;
  }
}

const circular: Record<string, unknown> = { words: everything };
circular.self = circular;

const personal = {
  request: {
    headers: { cookie: everything, authorization: everything, 'x-forwarded-for': everything },
    body: everything,
  },
  response: { data: everything },
  url: `https://shop.example/?q=${everything}`,
  query: everything,
  user: { email: everything, ip_address: '203.0.113.9' },
  payload: circular,
  prompt: everything,
  tags: { email: everything },
  extra: circular,
};

const manyErrors = (depth: number): Error =>
  new AggregateError(depth > 0 ? Array(20).fill(manyErrors(depth - 1)) : [], everything, { cause: everything });

const errors: Record<string, () => unknown> = {
  'a message': () => new TypeError(everything),
  'a message of several lines': () => new Error(`x\n    at zanzibarine (node:quixolotl:1:1)\n${everything}`),
  'a huge message': () => new Error(everything.repeat(3_000)),
  'a cause of a cause': () => new Error('x', { cause: new Error(everything, { cause: new Error(everything) }) }),
  'the cause of an error of ours': () =>
    new AppError('internal', 'Please try again.', { cause: new Error(everything) }),
  'a circular cause': () => {
    const error = new Error(everything);
    error.cause = error;
    return error;
  },
  'many errors in many errors': () => manyErrors(4),
  'properties of an error': () => Object.assign(new Error(), personal),
  'the name, code and status of an error': () =>
    Object.assign(new Error(), { name: everything, code: WORDS, status: everything }),
  'a stack that was written by hand': () =>
    Object.assign(new Error(), { stack: `Error: ${everything}\n    at jane.doe@example.com (/x/zanzibarine:1:1)` }),
  'a prompt in a provider’s error': () =>
    new ProviderError('openai', 'refused', { status: 400, cause: Object.assign(new Error(everything), personal) }),
  'a webhook’s payload in an error': () => new Error(`cannot read ${JSON.stringify({ customer: everything })}`),
  'a job’s payload in an error': () => Object.assign(new Error('a job failed'), { job: { data: personal } }),
  'our own message': () => new AppError('internal', scrubbed.join(' , ')),
  'a name of a function': () => {
    const named = {
      AKIAIOSFODNN7EXAMPLE() {
        throw new Error(everything);
      },
    };
    return thrownBy(named.AKIAIOSFODNN7EXAMPLE);
  },
  'a text': () => everything,
  'a number': () => 4242424242424242,
  nothing: () => undefined,
  'a symbol': () => Symbol(everything),
  'a circular object': () => circular,
  'what pretends to be an error': () => ({
    name: 'AppError',
    message: everything,
    stack: everything,
    toJSON: () => everything,
  }),
  'what throws when it is read': () =>
    new Proxy(new Error(everything), {
      get: () => {
        throw new Error(everything);
      },
    }),
};

function thrownBy(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

describe('a report', () => {
  it('tells what failed, where and in which request, and nothing else', async () => {
    const error = new AppError('unavailable', 'Please try again.', { cause: new TypeError(everything) });
    const sink = await arrived(reporter => reporter.report(error, where));
    const [envelope] = sink.parsed();
    const sdk = { name: 'sentry.javascript.node', version: Sentry.SDK_VERSION };
    expect(envelope?.header).toEqual({ event_id: expect.any(String), sent_at: expect.any(String), sdk });
    expect(envelope?.items).toHaveLength(1);
    expect(envelope?.items[0]?.header).toEqual({ type: 'event' });
    const frame = expect.objectContaining({
      filename: 'relay/src/providers/reporter/sentry.test.ts',
      function: expect.any(String),
      lineno: expect.any(Number),
      colno: expect.any(Number),
      in_app: true,
    });
    expect(envelope?.items[0]?.payload).toEqual({
      event_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      timestamp: at.getTime() / 1_000,
      platform: 'node',
      level: 'error',
      environment: 'test',
      release: 'confab@1',
      exception: {
        values: [
          { type: 'TypeError', value: '', stacktrace: { frames: expect.arrayContaining([frame]) } },
          { type: 'AppError', value: 'Please try again.', stacktrace: { frames: expect.arrayContaining([frame]) } },
        ],
      },
      tags: where,
      sdk: { ...sdk, integrations: [], packages: [{ name: 'npm:@sentry/node', version: Sentry.SDK_VERSION }] },
    });
    const [cause] = envelope?.items[0]?.payload.exception.values ?? [];
    for (const each of cause.stacktrace.frames) {
      expect(Object.keys(each).sort()).toEqual(['colno', 'filename', 'function', 'in_app', 'lineno']);
    }
    expect(cause.stacktrace.frames.at(-1).filename).toBe('relay/src/providers/reporter/sentry.test.ts');
  });

  it.each(Object.keys(errors))('holds nothing that stands in %s', async name => {
    const { raw, event } = await eventOf(thrownWith(errors[name] as () => unknown), where);
    expect(event.exception.values.length).toBeGreaterThan(0);
    expect(event.exception.values.length).toBeLessThanOrEqual(10);
    expect(leaksIn(raw)).toEqual([]);
    expect(raw.length).toBeLessThan(60_000);
  });

  it('leaves out a place that is none', async () => {
    const place = '/v1/widget/demo/6f1c2f7e-1111-4a2b-8c3d-222233334444';
    const context = {
      route: place,
      requestId: everything,
      siteId: WORDS,
      queue: 'jane.doe@example.com',
      jobId: '4242',
    };
    const { raw, event } = await eventOf(new Error(), context);
    expect(event.tags).toEqual({});
    expect(raw).not.toContain('6f1c2f7e');
    expect(leaksIn(raw)).toEqual([]);
  });

  it.each(surviving)('tells our own words as they are: %s', async harmless => {
    const { event } = await eventOf(new AppError('internal', harmless));
    expect(event.exception.values[0].value).toBe(harmless);
  });

  it('tells the code of a library’s error in the place of its message', async () => {
    const { event } = await eventOf(Object.assign(new Error(everything), { code: 'ECONNREFUSED' }));
    expect(event.exception.values[0]).toMatchObject({ type: 'Error', value: 'ECONNREFUSED' });
  });
});

describe('what somebody gives to the SDK', () => {
  it('joins no report: user, tags, extra, contexts, breadcrumbs, request, attachments, spans, processors', async () => {
    for (const scope of [Sentry.getGlobalScope(), Sentry.getIsolationScope(), Sentry.getCurrentScope()]) {
      scope.setUser({ id: WORDS, email: everything, ip_address: '203.0.113.9' });
      scope.setTags({ email: everything, route: everything });
      scope.setExtras({ body: everything, circular });
      scope.setContext('body', { everything });
      scope.setTransactionName('/v1/conversations/6f1c2f7e-1111-4a2b-8c3d-222233334444/zanzibarine');
      scope.setFingerprint([everything]);
      scope.addBreadcrumb({ category: 'console', message: everything });
      scope.addBreadcrumb({ category: 'http', data: { url: `https://shop.example/?q=${everything}` } });
      scope.addAttachment({ filename: 'zanzibarine.txt', data: everything });
      scope.setSDKProcessingMetadata({
        normalizedRequest: {
          url: everything,
          headers: { cookie: everything },
          data: everything,
          query_string: everything,
        },
        ipAddress: '203.0.113.9',
      });
      scope.addEventProcessor(event => ({ ...event, message: everything }));
      scope.addEventProcessor(() => {
        throw new Error(everything);
      });
    }
    const sink = await arrived(reporter =>
      Sentry.startSpan({ name: `SELECT ${everything}`, op: 'db', attributes: { 'http.url': everything } }, () => {
        reporter.report(new Error(everything), where);
      }),
    );
    expect(sink.envelopes).toHaveLength(1);
    expect(leaksIn(sink.envelopes.join())).toEqual([]);
    expect(sink.parsed()[0]?.items[0]?.payload.tags).toEqual(where);
  });
});

describe('a reporter', () => {
  it.each(['fail', 'hang'] as const)(
    'lives with a server that answers by "%s", and ends in time',
    { timeout: 5_000 },
    async answer => {
      const sink = await startSink({ answer });
      onTestFinished(() => sink.close());
      const reporter = reporterTo(sink);
      for (let time = 1; time <= 200; time += 1) reporter.report(new Error(everything), where);
      await reporter.close(500);
      expect(sink.envelopes.length).toBeGreaterThan(0);
      expect(leaksIn(sink.envelopes.join())).toEqual([]);
    },
  );

  it('lives with a server that is not there', async () => {
    const gone = await startSink();
    await gone.close();
    const reporter = reporterTo(gone);
    reporter.report(new Error(everything), where);
    await reporter.close(2_000);
  });

  it('does not let the SDK rewrite what others import', async () => {
    await arrived(reporter => reporter.report(new Error()));
    expect(globalThis).not.toHaveProperty('__SENTRY_ORCHESTRION__.runtime');
  });

  it('leaves no listener behind', async () => {
    const before = process.eventNames().map(name => [name, process.listenerCount(name)]);
    await arrived(reporter => reporter.report(new Error()));
    expect(process.eventNames().map(name => [name, process.listenerCount(name)])).toEqual(before);
  });
});
