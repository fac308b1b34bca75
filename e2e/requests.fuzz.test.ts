import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { type Operation, operations, problemSchema, uploadTypes } from '@confab/contract';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { mailsTo, signUp, type User } from './console.ts';
import type { FakeShop } from './fakes/shopify/index.ts';
import { spoiled, valuesOf } from './from-schema.ts';
import { damaged, damages, fuzz, hostileText } from './fuzz.ts';
import { pages, question, SHOP, type TestRelay, type TestSite } from './relay.ts';
import { type ShopifyRelay, startShopifyRelay } from './shopify.ts';

const STRIPE_SECRET = `whsec_${'5'.repeat(32)}`;

/** These end, where they are well meant, what the other requests need. */
const ENDS = /^(disconnectSite|requestData|putSettings|leaveAccount|planAccountDeletion)/;
const withBody = operations.filter(({ body, id }) => body && id !== 'signOut');
const bodies = new Map(withBody.map(({ id, body }) => [id, valuesOf(body as NonNullable<Operation['body']>)]));

describe('a relay on the internet', () => {
  let bed: ShopifyRelay;
  let relay: TestRelay;
  let site: TestSite;
  let user: User;
  let shop: FakeShop;
  let accountId: string;
  let handle: string;

  beforeAll(async () => {
    bed = await startShopifyRelay({
      env: {
        STRIPE_SECRET_KEY: 'sk_test_of_the_fuzzed_relay',
        STRIPE_WEBHOOK_SECRET: STRIPE_SECRET,
        // Nobody is there, and nobody is needed: what is asked here ends before Stripe is.
        STRIPE_BASE_URL: 'http://127.0.0.1:9',
      },
    });
    relay = bed.relay;
    site = await relay.site({ documents: pages });
    handle = await site.widget.begin('Is it wool?', ['storage', 'analytics']);
    user = await signUp(relay);
    accountId = (await user.me()).accounts[0]?.accountId ?? '';
    await user.request('POST', `/v1/accounts/${accountId}/sites/adopt`, { siteSecret: site.secret });
    shop = bed.shopify.shop({ products: 1 });
    shop.isInstalled = true;
    await relay.services.shopify?.install({ domain: shop.domain, idToken: shop.idToken() });
    await bed.jobsDone();
  });
  afterAll(() => bed.stop());

  /** What opens the operation, as somebody who may. */
  function credentialsOf({ credential }: Operation): Record<string, string> {
    if (credential === 'siteSecret') return { Authorization: `Bearer ${site.secret}` };
    if (credential === 'conversationHandle') return { Authorization: `Bearer ${handle}` };
    return { Cookie: user.cookie, Origin: relay.url };
  }

  /** The address of the operation; what it names besides the tenant is `id`. */
  const pathOf = ({ path }: Operation, id: string) =>
    path.replace(/\{(\w+)\}/g, (_, name: string) => {
      if (name === 'siteKey') return site.key;
      if (name === 'siteId') return site.id;
      return name === 'accountId' ? accountId : encodeURIComponent(id.toWellFormed()) || 'x';
    });

  type Sent = {
    body?: string | Uint8Array<ArrayBuffer>;
    headers?: Record<string, string>;
    query?: string;
    id?: string;
  };

  async function send(operation: Operation, { body, headers = {}, query = '', id = crypto.randomUUID() }: Sent) {
    const response = await fetch(`${relay.url}${pathOf(operation, id)}${query}`, {
      method: operation.method.toUpperCase(),
      headers: {
        ...credentialsOf(operation),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body }),
      redirect: 'manual',
      signal: AbortSignal.timeout(20_000),
    });
    if (response.headers.get('Content-Type')?.startsWith('text/event-stream') && operation.method === 'get') {
      await response.body?.cancel();
      return { status: response.status, text: '' };
    }
    const text = await response.text();
    expectAnswer(operation, response, text);
    return { status: response.status, text };
  }

  /** No fault of ours, and whatever is refused is refused in the words of the contract. */
  function expectAnswer(
    { id, problems }: Pick<Operation, 'id' | 'problems'>,
    { status, headers }: Response,
    text: string,
  ) {
    expect({ id, status, text }).toEqual({ id, status: expect.toSatisfy(code => code < 500), text });
    if (status < 400) return;
    expect(headers.get('Content-Type')).toBe('application/problem+json');
    const problem = problemSchema.parse(JSON.parse(text));
    expect({ id, status: problem.status }).toEqual({ id, status });
    expect({ id, problems }).toEqual({ id, problems: expect.toSatisfy(codes => codes.includes(problem.code)) });
  }

  const some = fc.constantFrom(...withBody.map(({ id }) => id));
  const operationOf = (id: string) => withBody.find(each => each.id === id) as Operation;
  const bodyOf = (change: (value: fc.Arbitrary<unknown>) => fc.Arbitrary<unknown>) =>
    some.chain(id => fc.tuple(fc.constant(id), change(bodies.get(id) as fc.Arbitrary<unknown>)));

  let kept: Record<string, string[]>;
  it('stands before all that follows', async () => {
    kept = await stored();
    expect(Object.keys(kept).length).toBeGreaterThan(20);
  });

  fuzz(
    'every body that the contract refuses is refused, as a problem',
    [bodyOf(spoiled)],
    async ([id, body]) => {
      const operation = operationOf(id);
      // What nobody refuses is sent below.
      if (operation.body?.safeParse(body).success) return;
      const { status } = await send(operation, { body: JSON.stringify(body) });
      expect({ id, status }).toEqual({ id, status: expect.toSatisfy(code => code >= 400) });
    },
    { runs: 400 },
  );

  fuzz(
    'every body that is damaged on its way is refused, as a problem',
    [bodyOf(value => value), damages({ min: 1 })],
    async ([id, body], done) => {
      const bytes = damaged(Buffer.from(JSON.stringify(body)), done);
      const operation = operationOf(id);
      if (isRead(operation, bytes)) return;
      const { status } = await send(operation, { body: bytes });
      expect({ id, status }).toEqual({ id, status: expect.toSatisfy(code => code >= 400) });
    },
    { runs: 200 },
  );

  it('has kept nothing of all that it refused', async () => {
    expect(await stored()).toEqual(kept);
  });

  fuzz(
    'every body of the right shape is taken or refused, whatever is in it',
    [bodyOf(value => value), hostileText({ max: 60 }), fc.boolean()],
    async ([id, body], other, isOther) => {
      const operation = operationOf(id);
      if (ENDS.test(id)) return;
      await send(operation, { body: JSON.stringify(body), ...(isOther && { id: other }) });
    },
    { runs: 200 },
  );

  fuzz(
    'every query and every id in an address is taken or refused',
    [
      fc.constantFrom(...operations.filter(({ method }) => method === 'get').map(({ id }) => id)),
      fc.dictionary(
        fc.constantFrom(
          'cursor',
          'limit',
          'format',
          'q',
          'locale',
          'from',
          'to',
          'days',
          'state',
          'type',
          'search',
          '__proto__',
          'limit[]',
        ),
        fc.oneof(
          hostileText({ max: 200 }),
          fc.constantFrom('0', '1', '-1', '1e9', '2026-02-30', 'csv', '0001-01-01T00:00:00Z'),
        ),
        { maxKeys: 3 },
      ),
      hostileText({ max: 60 }),
    ],
    async (id, query, other) => {
      const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`);
      const operation = operations.find(each => each.id === id) as Operation;
      await send(operation, { query: `?${pairs.join('&')}`, id: other });
    },
    { runs: 200 },
  );

  /** What a header can carry at all: the rest is refused by whoever sends it. */
  const headerValue = hostileText({ max: 300 }).map(text =>
    Buffer.from(text)
      .toString('latin1')
      .replace(/[^\x20-\x7e\x80-\xff]/g, '')
      .trim(),
  );

  fuzz(
    'every header is read or passed over',
    [
      fc.constantFrom(
        'getSite',
        'getWidgetConfig',
        'readConversation',
        'getMe',
        'takeTurn',
        'putSettings',
        'exportConsents',
      ),
      fc.dictionary(
        fc.constantFrom(
          ...[
            'Authorization',
            'Cookie',
            'Origin',
            'Content-Type',
            'Accept',
            'Accept-Language',
            'If-Match',
            'If-None-Match',
            'Range',
          ],
          ...[
            'X-Forwarded-For',
            'X-Forwarded-Host',
            'X-Forwarded-Proto',
            'X-Request-Id',
            'Sec-Fetch-Site',
            'Content-Encoding',
            'Forwarded',
          ],
        ),
        headerValue,
        { minKeys: 1, maxKeys: 4 },
      ),
    ],
    async (id, headers) => {
      const operation = operations.find(each => each.id === id) as Operation;
      const body = operation.body && { body: JSON.stringify(question('Is it wool?', { thread: [] })) };
      const response = await fetch(`${relay.url}${pathOf(operation, 'x')}`, {
        method: operation.method,
        headers: { ...credentialsOf(operation), ...headers },
        ...body,
      });
      const text = await response.text();
      expect({ id, status: response.status, text }).toEqual({ id, status: expect.toSatisfy(code => code < 500), text });
      const allowed = response.headers.get('Access-Control-Allow-Origin');
      expect([null, SHOP]).toContain(allowed);
    },
  );

  fuzz(
    'no token, handle or seal is taken that is changed',
    [
      fc.constantFrom('token', 'handle', 'seal'),
      damages({ min: 1, max: 2 }),
      fc.oneof(fc.constant(''), hostileText({ max: 300 })),
    ],
    async (which, done, text) => {
      const change = (good: string) => text || Buffer.from(damaged(Buffer.from(good), done)).toString('latin1');
      const { token, thread } = await secrets();
      const [before, seal] = [thread.slice(0, -1), thread.at(-1)?.seal ?? ''];
      const good = { token, handle, seal }[which];
      const bad = change(good);
      // A handle is the same in capitals, and Base64 with signs in it that are none of Base64.
      const bytesOf = (each: string) =>
        which === 'handle' ? each.toLowerCase() : Buffer.from(each, 'base64url').toString('hex');
      if (bytesOf(bad) === bytesOf(good)) return;
      const how =
        which === 'token'
          ? { consentToken: bad }
          : which === 'handle'
            ? { conversationId: bad }
            : { thread: [...before, { ...thread.at(-1), seal: bad }] };
      const { status } = await site.widget.turn(question('And when?', how));
      expect({ which, bad, status }).toEqual({
        which,
        bad,
        status: expect.toSatisfy(code => code >= 400 && code < 500),
      });
    },
    { runs: 200 },
  );

  fuzz(
    'every upload is taken or refused',
    [
      fc.constantFrom(...uploadTypes, 'text/html', 'application/zip'),
      hostileText({ max: 120 }),
      damages(),
      fc.uint8Array({ maxLength: 400 }),
    ],
    async (type, name, done, bytes) => {
      const operation = operations.find(each => each.id === 'uploadFile') as Operation;
      const file = type === 'application/pdf' ? Buffer.concat([Buffer.from('%PDF-1.7\n'), bytes]) : bytes;
      const query = `?name=${encodeURIComponent(name.toWellFormed())}`;
      await send(operation, { body: damaged(file, done), headers: { 'Content-Type': type }, query });
    },
    { runs: 60 },
  );

  fuzz(
    'no webhook of Shopify is believed that is changed by a byte, and none is a fault',
    [
      fc.constantFrom('products/update', 'app/uninstalled', 'customers/redact', 'shop/redact', 'orders/create', '../x'),
      fc.jsonValue(),
      damages(),
      fc.boolean(),
    ],
    async (topic, payload, done, isSigned) => {
      const text = JSON.stringify(payload);
      const bytes = Buffer.from(damaged(Buffer.from(text), done)).toString('latin1');
      const signed = isSigned ? { body: bytes } : { tampered: bytes };
      const before = await relay.db.shopifyWebhook.count();
      const { status } = await shop.webhook(relay.url, topic, { [text]: 1 }, signed);
      // The empty body under a signature of its own is no webhook either.
      if (!isSigned) expect([status, await relay.db.shopifyWebhook.count()]).toEqual([401, before]);
      else expect(status).toBeLessThan(500);
    },
    { runs: 150 },
  );

  fuzz(
    'no event of Stripe is believed that is changed by a byte, and none is a fault',
    [fc.jsonValue(), damages({ max: 2 }), fc.constantFrom('right', 'wrong', 'old', 'odd'), hostileText({ max: 100 })],
    async (value, done, how, odd) => {
      const event = { id: 'evt_1', object: 'event', type: 'invoice.paid', created: 1, data: { object: value } };
      const body = damaged(Buffer.from(JSON.stringify(event)), done);
      const at = Math.floor(Date.now() / 1_000) - (how === 'old' ? 3_600 : 0);
      const v1 = createHmac('sha256', how === 'wrong' ? 'whsec_another' : STRIPE_SECRET)
        .update(`${at}.`)
        .update(body)
        .digest('hex');
      const header =
        how === 'odd'
          ? Buffer.from(odd)
              .toString('latin1')
              .replace(/[^\x20-\x7e]/g, '')
          : `t=${at},v1=${v1}`;
      const response = await fetch(`${relay.url}/stripe/events`, {
        method: 'POST',
        headers: { 'Stripe-Signature': header },
        body,
      });
      const status = response.status;
      await response.body?.cancel();
      if (how === 'right') expect(status).toBeLessThan(500);
      else expect(status).toBe(401);
    },
    { runs: 150 },
  );

  const raw = [
    `POST /v1/widget/KEY/turns HTTP/1.1`,
    'Host: relay.example',
    'Origin: https://shop.example',
    'Content-Type: text/plain',
    'Transfer-Encoding: chunked',
    '',
    '5\r\n{"a":\r\n2\r\n1}\r\n0\r\n\r\n',
    '',
  ].join('\r\n');

  fuzz(
    'whatever bytes come over a connection, the relay answers the next one',
    [damages({ min: 1, max: 6 }), fc.boolean()],
    async (done, isSized) => {
      const text = isSized ? raw.replace('Transfer-Encoding: chunked', 'Content-Length: 22') : raw;
      const bytes = damaged(Buffer.from(text.replace('KEY', site.key)), done);
      const { hostname, port } = new URL(relay.url);
      const socket = connect(Number(port), hostname);
      let answer = '';
      socket.on('data', data => {
        answer += data;
      });
      socket.on('error', () => {});
      socket.end(bytes);
      if (!socket.closed) await once(socket, 'close');
      for (const [, status] of answer.matchAll(/^HTTP\/1\.1 (\d+)/gm)) {
        expect({ bytes: Buffer.from(bytes).toString('latin1'), status: Number(status) }).toEqual({
          bytes: Buffer.from(bytes).toString('latin1'),
          // What Node's server itself says of a method or a protocol that there is not.
          status: expect.toSatisfy(code => code < 500 || code === 501 || code === 505),
        });
      }
    },
  );

  it('names itself in its mails, whatever host a request names', async () => {
    const body = JSON.stringify({ email: user.email });
    const { hostname, port } = new URL(relay.url);
    const headers = {
      Host: 'evil.example',
      'X-Forwarded-Host': 'evil.example',
      Origin: 'http://evil.example',
      'Content-Type': 'application/json',
    };
    const asked = request({ hostname, port, path: '/v1/auth/reset-request', method: 'POST', headers }).end(body);
    const [response] = await once(asked, 'response');
    response.resume();
    expect(response.statusCode).toBe(202);
    const mail = await vi.waitFor(
      async () => {
        const found = (await mailsTo(relay, user.email)).find(({ text }) => text.includes('/console/reset/new'));
        expect(found).toBeDefined();
        return found;
      },
      { timeout: 15_000, interval: 50 },
    );
    expect(mail?.text).toContain(`${relay.url}/console/reset/new`);
    expect(JSON.stringify(mail)).not.toContain('evil.example');
  });

  it('is well after all of it', async () => {
    expect((await fetch(`${relay.url}/readyz`)).status).toBe(200);
    expect(relay.logLines.filter(line => line.includes('"level":"error"'))).toEqual([]);
  });

  /** All that is kept, but for what tells that somebody is there at all. */
  async function stored() {
    const { ...tables } = await relay.dump('public');
    // Counts are written every two seconds, whoever caused them.
    const busy = /Session|SharedCount|DayCount|MinuteCount/;
    return Object.fromEntries(Object.entries(tables).filter(([name]) => !busy.test(name)));
  }

  let secretsOf: Promise<{ token: string; thread: Awaited<ReturnType<TestSite['widget']['carry']>> }> | undefined;
  function secrets() {
    secretsOf ??= (async () => ({
      token: await site.widget.token(),
      thread: await site.widget.carry('Is it wool?'),
    }))();
    return secretsOf;
  }
});

/** Whether the bytes are a body that the operation takes. */
function isRead({ body }: Operation, bytes: Uint8Array): boolean {
  try {
    return body?.safeParse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))).success ?? false;
  } catch {
    return false;
  }
}
