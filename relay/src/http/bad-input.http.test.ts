import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import {
  agentMessageRequest,
  beginTurn,
  carriedTurn,
  consentRequest,
  continueTurn,
  documentsRequest,
  entryRequest,
  evalCaseRequest,
  invitationRequest,
  invitationToken,
  leadRequest,
  memberUpdate,
  type Problem,
  pageviewRequest,
  passkeyRequest,
  passwordConfirmation,
  passwordRequest,
  planChange,
  planChoice,
  profileRequest,
  SITE_BODY_MAX,
  secondFactorRequest,
  settingsUpdate,
  signInRequest,
  signUpRequest,
  siteRequest,
  transcriptRequest,
  WIDGET_BODY_MAX,
  webhookRequest,
} from '@confab/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { softwareAuthenticator } from '../../../e2e/authenticator.ts';
import { PASSWORD, signUp } from '../../../e2e/console.ts';
import { sharedData } from '../../../e2e/fakes/shared-data.ts';
import {
  call,
  databases,
  oneDatabase,
  pages,
  question,
  startTestRelay,
  type TestRelay,
  type TestSite,
} from '../../../e2e/relay.ts';

type Body = string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
type Answer = { status: number; headers: Headers; body: Partial<Problem> & { rejected?: unknown[] } };
/** A call with a body: where it goes, what it takes, and a good example. */
type Target = {
  method: 'POST' | 'PUT';
  path: string;
  headers: Record<string, string>;
  schema: z.ZodType;
  maxBytes: number;
  good: object;
};

const NAMES = [
  'consents',
  'a first turn',
  'a further turn',
  'a carried turn',
  'a lead',
  'a transcript',
  'a page view',
  'documents',
  'settings',
  'an entry',
  'a test case',
  'a webhook endpoint',
  'a sign-up',
  'a sign-in',
  'a second factor',
  'a passkey',
  'a profile',
  'a change of password',
  'a site of an account',
  'an invitation',
  'the link of an invitation',
  'the role of a member',
  'the end of an account',
  'a choice of a plan',
  'a change of plan',
  'a message of the team',
] as const;
type Name = (typeof NAMES)[number];

describe.each(oneDatabase)('bad input on %s', database => {
  let relay: TestRelay;
  let site: TestSite;
  let targets: Record<Name, Target>;
  beforeAll(async () => {
    relay = await startTestRelay({ database, demo: true });
    site = await relay.site({ documents: pages });
    targets = await describeTargets();
  });
  afterAll(() => relay.stop());

  async function describeTargets(): Promise<Record<Name, Target>> {
    const widget = { method: 'POST', headers: {}, maxBytes: WIDGET_BODY_MAX } as const;
    const plugin = { headers: { Authorization: `Bearer ${site.secret}` } };
    const turn = { ...widget, path: `${site.widget.base}/turns` };
    const settings = await site.plugin.settings();
    const user = await signUp(relay);
    const { accounts, user: me } = await user.me();
    const ofAccount = { headers: { Cookie: user.cookie, Origin: relay.url }, maxBytes: WIDGET_BODY_MAX };
    const account = `${relay.url}/v1/accounts/${accounts[0]?.accountId}`;
    const taken = await takenOver();
    const page = { url: 'https://shop.example/jumper', title: 'Jumper', referrer: 'https://search.example/' };
    const handle = await site.widget.begin('Is it wool?');
    const { noticeVersion } = (await site.widget.config()).body.consent;
    return {
      consents: {
        ...widget,
        path: `${site.widget.base}/consents`,
        schema: consentRequest,
        good: {
          decision: 'declined',
          purposes: ['storage'],
          noticeVersion,
          source: 'banner',
          locale: 'en',
          conversationId: handle,
        },
      },
      'a first turn': {
        ...turn,
        schema: beginTurn,
        good: { ...question('Is it wool?', { consentToken: await site.widget.token() }), page, locale: 'en' },
      },
      'a further turn': {
        ...turn,
        schema: continueTurn,
        good: { ...question('Is it wool?', { conversationId: handle }), page, locale: 'en' },
      },
      'a lead': {
        ...widget,
        path: `${site.widget.base}/leads`,
        schema: leadRequest,
        good: {
          kind: 'callback',
          fields: { name: 'Ann', email: 'ann@shop.example', phone: '+353850123456', message: 'Hello', size: 'XL' },
          conversationId: handle,
          page,
          callbackAt: new Date(Date.now() + 86_400_000).toISOString(),
          timezone: 'Europe/Dublin',
          locale: 'en',
        },
      },
      'a transcript': {
        ...widget,
        headers: { Authorization: `Bearer ${handle}` },
        path: `${site.widget.base}/conversation/transcript`,
        schema: transcriptRequest,
        good: { email: 'ann@shop.example' },
      },
      'a page view': {
        ...widget,
        path: `${site.widget.base}/pageviews`,
        schema: pageviewRequest,
        good: { conversationId: handle, url: page.url, referrer: page.referrer },
      },
      'a carried turn': {
        ...turn,
        schema: carriedTurn,
        good: { ...question('Is it wool?', { thread: await site.widget.carry('Hello') }), page, locale: 'en' },
      },
      documents: {
        ...plugin,
        method: 'POST',
        path: `${site.plugin.base}/documents`,
        maxBytes: SITE_BODY_MAX,
        schema: documentsRequest,
        good: {
          upsert: [{ ...pages[0], locale: 'en', attributes: { colour: 'red', sizes: ['S'] } }],
          delete: ['gone'],
        },
      },
      settings: {
        method: 'PUT',
        path: `${site.plugin.base}/settings`,
        headers: { ...plugin.headers, 'If-Match': settings.headers.get('ETag') ?? '' },
        maxBytes: WIDGET_BODY_MAX,
        schema: settingsUpdate,
        good: {
          ...settings.body,
          texts: { en: { send: 'Ask' } },
          consent: {
            policyUrl: 'https://shop.example/privacy',
            notices: { en: { title: 'May we?', body: 'We', acceptLabel: 'Yes', declineLabel: 'No' } },
          },
        },
      },
      'an entry': {
        ...plugin,
        method: 'POST',
        path: `${site.plugin.base}/entries`,
        maxBytes: WIDGET_BODY_MAX,
        schema: entryRequest,
        good: { question: 'Why?', answer: 'So.', links: [{ title: 'More', url: page.url }], locale: 'en' },
      },
      'a test case': {
        ...plugin,
        method: 'POST',
        path: `${site.plugin.base}/eval-cases`,
        maxBytes: WIDGET_BODY_MAX,
        schema: evalCaseRequest,
        good: { question: 'Why?', locale: 'en', expects: 'answer', documents: [page.url], phrases: ['So'] },
      },
      'a webhook endpoint': {
        ...plugin,
        method: 'POST',
        path: `${site.plugin.base}/webhooks`,
        maxBytes: WIDGET_BODY_MAX,
        schema: webhookRequest,
        good: { url: page.url, events: ['lead.created'], description: 'Ours', disabled: true },
      },
      'a sign-up': {
        ...ofAccount,
        method: 'POST',
        path: `${relay.url}/v1/auth/sign-up`,
        schema: signUpRequest,
        good: { name: 'Ann', email: 'ann@shop.example', password: PASSWORD, locale: 'en', invitation: 'a'.repeat(43) },
      },
      'a sign-in': {
        ...ofAccount,
        method: 'POST',
        path: `${relay.url}/v1/auth/sign-in`,
        schema: signInRequest,
        good: { email: 'ann@shop.example', password: PASSWORD },
      },
      'a second factor': {
        ...ofAccount,
        method: 'POST',
        path: `${relay.url}/v1/auth/second-factor`,
        schema: secondFactorRequest,
        good: { code: '123456', kind: 'totp' },
      },
      'a passkey': {
        ...ofAccount,
        method: 'POST',
        path: `${relay.url}/v1/me/passkeys`,
        schema: passkeyRequest,
        good: {
          name: 'Laptop',
          response: softwareAuthenticator(relay.url).create({ challenge: 'none', rp: {} }),
        },
      },
      'a profile': {
        ...ofAccount,
        method: 'PUT',
        path: `${relay.url}/v1/me`,
        schema: profileRequest,
        good: { name: 'Ann', locale: 'en' },
      },
      'a change of password': {
        ...ofAccount,
        method: 'PUT',
        path: `${relay.url}/v1/me/password`,
        schema: passwordRequest,
        good: { current: 'not-the-Right-one', password: PASSWORD },
      },
      'a site of an account': {
        ...ofAccount,
        method: 'POST',
        path: `${account}/sites`,
        schema: siteRequest,
        good: { name: 'A shop', origin: 'https://shop.example' },
      },
      'an invitation': {
        ...ofAccount,
        method: 'POST',
        path: `${account}/invitations`,
        schema: invitationRequest,
        good: { email: 'ann@shop.example', role: 'agent', siteIds: [site.id] },
      },
      'the link of an invitation': {
        ...ofAccount,
        method: 'POST',
        path: `${relay.url}/v1/invitations/look`,
        schema: invitationToken,
        good: { token: 'a'.repeat(43) },
      },
      'the end of an account': {
        ...ofAccount,
        method: 'POST',
        path: `${account}/deletion`,
        schema: passwordConfirmation,
        good: { password: 'not the password' },
      },
      'a choice of a plan': {
        ...ofAccount,
        method: 'POST',
        path: `${account}/billing/checkout`,
        schema: planChoice,
        good: { plan: 'starter', interval: 'month' },
      },
      'a change of plan': {
        ...ofAccount,
        method: 'POST',
        path: `${account}/billing/change`,
        schema: planChange,
        good: { plan: 'starter', interval: 'month', prorationAt: '2026-01-01T00:00:00Z' },
      },
      'the role of a member': {
        ...ofAccount,
        method: 'PUT',
        path: `${account}/members/${me.id}`,
        schema: memberUpdate,
        good: { role: 'agent', siteIds: [site.id] },
      },
      'a message of the team': {
        ...ofAccount,
        method: 'POST',
        path: `${taken}/messages`,
        schema: agentMessageRequest,
        good: { text: 'Hello', clientMessageId: randomUUID() },
      },
    };

    /** Where a conversation is that the user has taken over. */
    async function takenOver(): Promise<string> {
      await user.request('POST', `/v1/accounts/${accounts[0]?.accountId}/sites/adopt`, { siteSecret: site.secret });
      await site.widget.begin('Is it wool?');
      const path = `/v1/sites/${site.id}/conversations/${(await site.plugin.conversations()).body.items[0]?.id}`;
      await user.request('POST', `${path}/takeover`);
      return relay.url + path;
    }
  }

  async function send(target: Target, body: Body, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(target.path, {
      method: target.method,
      headers: { 'Content-Type': 'application/json', ...target.headers, ...headers },
      body,
      ...(body instanceof ReadableStream && { duplex: 'half' }),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('Content-Type') ?? '');
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : {} };
  }

  /** The refusals that a batch of bad bodies gets; fails where one of them is no proper problem or left a trace. */
  async function refusals(name: Name, bodies: [Body, Record<string, string>?][]): Promise<string[]> {
    // A session tells when somebody was last there, which is no trace of what they sent.
    const rows = async () => ({ ...(await relay.dump('public')), 'public."Session"': [] });
    // What was counted before is written within seconds, which would be in the middle of this.
    await relay.services.counts.flush();
    const before = await rows();
    const seen = new Set<string>();
    for (const [body, headers] of bodies) {
      const answer = await send(targets[name], body, headers);
      expectProblem(answer);
      seen.add(`${answer.status} ${answer.body.code}`);
    }
    expect(await rows()).toEqual(before);
    return [...seen];
  }

  function expectProblem({ status, headers, body }: Answer): void {
    expect(body).toMatchObject({ status, code: expect.any(String), detail: expect.any(String) });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(headers.get('Content-Type')).toBe('application/problem+json');
    expect(body.requestId).toBe(headers.get('X-Request-Id'));
  }

  it('is measured against bodies that are good', async () => {
    for (const name of NAMES) {
      expect(targets[name].schema.safeParse(targets[name].good).error).toBeUndefined();
    }
    const { status } = await send(targets['a carried turn'], JSON.stringify(targets['a carried turn'].good));
    expect(status).toBe(200);
  });

  describe.each(NAMES)('to %s', name => {
    const good = () => targets[name].good as Record<string, unknown>;
    const json = (value: unknown): [string] => [JSON.stringify(value)];

    it('that is not JSON is a 400', async () => {
      const malformed = [
        '',
        '{',
        '{"a":1}}',
        "{'a':1}",
        '[1,',
        'undefined',
        '\u0000',
        '{"a":\u00a01}',
        '<b>',
        `"${'\n'}"`,
      ];
      expect(
        await refusals(
          name,
          malformed.map(body => [body]),
        ),
      ).toEqual(['400 malformed_json']);
    });

    it('that is not UTF-8 is a 400', async () => {
      const whole = Buffer.from(JSON.stringify(good()));
      const bytes = [
        Buffer.from([0x22, 0xff, 0x22]),
        Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]),
        Buffer.from('"a"', 'utf16le'),
        Buffer.concat([whole, Buffer.from([0xc3])]),
      ];
      expect(
        await refusals(
          name,
          bytes.map(body => [new Uint8Array(body)]),
        ),
      ).toEqual(['400 malformed_json']);
    });

    it('that is no object is a 400', async () => {
      const others = [null, [], 7, 'text', true, [good()]];
      expect(await refusals(name, others.map(json))).toEqual(['400 validation_failed']);
    });

    it('of another content type is a 415', async () => {
      const body = JSON.stringify(good());
      const types = [
        'application/xml',
        'multipart/form-data',
        'application/x-www-form-urlencoded',
        'image/png',
        'nonsense',
        ...(targets[name].path.startsWith(site.plugin.base) ? ['text/plain'] : []),
      ];
      const cases = types.map((type): [string, Record<string, string>] => [body, { 'Content-Type': type }]);
      expect(await refusals(name, [...cases, [body, { 'Content-Encoding': 'gzip' }]])).toEqual([
        '415 unsupported_media_type',
      ]);
    });

    it('that is too large is a 413, whether it says so or not', async () => {
      const { maxBytes } = targets[name];
      const long = JSON.stringify({ ...good(), filling: 'x'.repeat(maxBytes) });
      expect(await refusals(name, [[long], [inPieces(long)]])).toEqual(['413 body_too_large']);
    });

    it('with unknown fields, or fields of the prototype, is a 400', async () => {
      const raw = JSON.stringify(good());
      const bodies = [
        json({ ...good(), colour: 'red' }),
        json({ ...good(), constructor: { prototype: { admin: true } } }),
        json({ ...good(), toString: 'x' }),
        [raw.replace('{', '{"__proto__":{"admin":true},')] as [string],
        [raw.replace('{', `{"${'x'.repeat(10_000)}":1,`)] as [string],
      ];
      expect(await refusals(name, bodies)).toEqual(['400 validation_failed']);
      expect({}).not.toHaveProperty('admin');
    });

    it('that nests without end is a 400', async () => {
      const depth = 100_000;
      const nested = `${'['.repeat(depth)}${']'.repeat(depth)}`;
      const first = Object.keys(good())[0] ?? '';
      const bodies = [
        nested,
        JSON.stringify({ ...good(), [first]: 0 }).replace(':0', `:${nested}`),
        JSON.stringify({ ...good(), extra: 0 }).replace('"extra":0', `"extra":${nested}`),
      ];
      expect(
        await refusals(
          name,
          bodies.map(body => [body]),
        ),
      ).toEqual(['400 validation_failed']);
    });

    it('with a value of another type in any field is a 400, where the contract says so', async () => {
      const wrong = [null, true, -1.5, 1e308, {}, [], [[]], { $gt: '' }, ''];
      const bodies = leavesOf(good()).flatMap(path => wrong.map(value => replaced(good(), path, value)));
      const refused = bodies.filter(body => !targets[name].schema.safeParse(body).success);
      expect(refused.length).toBeGreaterThanOrEqual(wrong.length);
      expect(await refusals(name, refused.map(json))).toEqual(['400 validation_failed']);
    });

    it('with any field missing is a 400, where the contract says so', async () => {
      const bodies = Object.keys(good()).map(field => replaced(good(), [field], undefined));
      const refused = bodies.filter(body => !targets[name].schema.safeParse(body).success);
      if (refused.length > 0) expect(await refusals(name, refused.map(json))).toEqual(['400 validation_failed']);
    });

    it.each([
      ['a NUL', 'a\u0000b'],
      ['half a character', 'a\ud800b'],
      ['the other half', '\udc00'],
    ])('with %s in any text is refused', async (_, broken) => {
      for (const path of leavesOf(good())) {
        const before = await relay.rows('Message');
        const answer = await send(targets[name], JSON.stringify(replaced(good(), path, broken)));
        // A document that cannot be stored is told by name, and does not stop the others.
        if (answer.status === 202) expect(answer.body.rejected).toHaveLength(1);
        else expectProblem(answer);
        expect(await relay.rows('Message')).toEqual(before);
      }
    });

    it('with a word of 10,000 letters in any text is no fault', async () => {
      for (const path of leavesOf(good())) {
        const body = replaced(good(), path, 'ß'.repeat(10_000));
        const answer = await send(targets[name], JSON.stringify(body));
        if (answer.status === 202) expect(name).toBe('documents');
        else expectProblem(answer);
      }
    });
  });

  it('of a megabyte is a 413 to a visitor', async () => {
    for (const name of NAMES.filter(each => each !== 'documents')) {
      expect(await refusals(name, [['x'.repeat(1_000_000)]])).toEqual(['413 body_too_large']);
    }
  });

  describe('in an address', () => {
    /** The path as it is, which `fetch` would tidy. */
    async function get(path: string) {
      const { hostname, port } = new URL(relay.url);
      const sent = request({ hostname, port, path, agent: false }).end();
      const [response] = await once(sent, 'response');
      return { status: response.statusCode, headers: new Headers(response.headers), text: await textOf(response) };
    }

    it.each([
      '/demo/../../package.json',
      '/demo/..%2f..%2fpackage.json',
      '/demo/%2e%2e/%2e%2e/package.json',
      '/demo/..%5c..%5cpackage.json',
      '/demo/....//package.json',
      '/demo//etc/passwd',
      '/demo/%00',
      '/demo/index.html%00.css',
      '/demo/%zz',
      '/demo/%',
      '/demo/%c0%ae%c0%ae%2f',
      '/demo/%ed%a0%80',
      '/demo/page.ts',
      '/demo/__proto__',
      '/demo/constructor',
      '/widget/../package.json',
      '/widget/..%2fpackage.json',
      '/widget/%00',
      '/widget/__proto__',
      '/v1/widget/%zz/config',
      '/v1/widget/%00/config',
      '/v1/widget/__proto__/config',
      "/v1/widget/demo'--/config",
      '/v1/widget//config',
      '/%',
      `/${'a'.repeat(10_000)}`,
    ])('%s leads nowhere', async path => {
      const { status, headers, text } = await get(path);
      expect(status).toBe(404);
      expect(headers.get('Content-Type')).toBe('application/problem+json');
      expect(JSON.parse(text)).toMatchObject({ status: 404, requestId: headers.get('X-Request-Id') });
      expect(text).not.toContain('a'.repeat(100));
    });

    it.each(['/demo/index.html', '/demo/', '/demo/shop.css'])('%s leads to the shop', async path => {
      expect((await get(path)).status).toBe(200);
    });
  });

  it('has brought down nothing', async () => {
    expect((await fetch(`${relay.url}/readyz`)).status).toBe(200);
    expect(errorsOf(relay)).toEqual([]);
  });
});

describe.each(databases)('the strings of attackers on %s', database => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startTestRelay({ database });
  });
  afterAll(() => relay.stop());

  const strings = ['naughty_strings', 'xss_html', 'sqli'].flatMap(
    (name): string[] => sharedData(`fetched/security/${name}.json.gz`) ?? [],
  );
  const why = strings.length === 0 ? ' (skipped: ../shared/data is not here)' : '';

  it.skipIf(strings.length === 0)(`are text like any other${why}`, async () => {
    const own = await relay.site();
    const answers: number[] = [];
    for (let at = 0; at < strings.length; at += 20) {
      const batch = strings.slice(at, at + 20);
      const asked = batch.map(async text => {
        const body = {
          ...question(text, { thread: [] }),
          page: { url: 'https://shop.example/', title: text.slice(0, 500) },
        };
        const { status } = await call('POST', `${own.widget.base}/turns`, { body });
        expect(status, text).toBe(carriedTurn.safeParse(body).success ? 200 : 400);
        answers.push(status);
      });
      await Promise.all(asked);
    }
    expect(answers.length).toBeGreaterThan(500);

    const upsert = Array.from({ length: 30 }, (_, at) => {
      const some = strings.filter((_, place) => place % 30 === at);
      const page = { ...pages[0], externalId: some[0] || `page ${at}`, title: some[1]?.slice(0, 500) ?? '' };
      return at % 2 ? { ...page, text: some.join('\n') } : { ...page, text: undefined, html: some.join('<br>') };
    });
    const { status, body } = await own.plugin.sync({ upsert });
    expect(status).toBe(202);
    expect(body.accepted).toBeGreaterThan(20);
    for (const q of strings.filter(text => text !== '').slice(0, 100)) {
      expect((await own.plugin.search({ q: q.slice(0, 4_000) })).status, q).toBe(200);
    }
    expect((await own.plugin.status()).body.documents).toBe(body.accepted);
    expect(errorsOf(relay)).toEqual([]);
  });
});

const errorsOf = ({ logLines }: TestRelay) => logLines.filter(line => line.includes('"level":"error"'));

function inPieces(text: string): ReadableStream<Uint8Array> {
  const bytes = Buffer.from(text);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(new Uint8Array(bytes.subarray(at, at + 65_536)));
      at += 65_536;
    },
  });
}

type Path = (string | number)[];

/** The way to every string and number in a value. */
function leavesOf(value: unknown): Path[] {
  if (typeof value === 'string' || typeof value === 'number') return [[]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    leavesOf(member).map(path => [Array.isArray(value) ? Number(key) : key, ...path]),
  );
}

function replaced(value: unknown, [key, ...rest]: Path, by: unknown): unknown {
  if (key === undefined) return by;
  const copy: Record<string | number, unknown> = Array.isArray(value)
    ? ([...value] as never)
    : { ...(value as object) };
  copy[key] = replaced(copy[key], rest, by);
  return copy;
}
