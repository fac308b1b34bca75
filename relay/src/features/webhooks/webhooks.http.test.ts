import { createHash, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  isStorable,
  type WebhookCreated,
  type WebhookDelivery,
  type WebhookDeliveryPage,
  type WebhookEndpoint,
  type WebhookEvent,
  type WebhookPage,
  webhookEvent,
  webhookMessage,
  webhookRequest,
} from '@confab/contract';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sharedData } from '../../../../e2e/fakes/shared-data.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../../../../e2e/fakes/webhook-receiver.ts';
import { plantConversation } from '../../../../e2e/plant.ts';
import {
  call,
  oneDatabase,
  question,
  SHOP,
  startTestRelay,
  type TestRelay,
  type TestSite,
} from '../../../../e2e/relay.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const ago = (ms: number) => new Date(Date.now() - ms);
const eventually = (what: () => unknown) => expect.poll(what, { timeout: 10_000, interval: 25 });
const live = new AbortController().signal;

const ann = {
  name: 'Ann Zanzibarine',
  email: 'ann.zanzi@example.com',
  phone: '+353 85 012 3456',
  message: 'My quixolotl jumper shrank',
  size: 'Brumble XL',
};
const PERSONAL = ['Zanzibarine', 'zanzi@example', '012 3456', '353850123456', 'quixolotl', 'Brumble', 'wimplethorpe'];

describe.each(oneDatabase)('webhooks on %s', database => {
  let relay: TestRelay;
  let site: TestSite;
  let receiver: WebhookReceiver;
  beforeAll(async () => {
    relay = await startTestRelay({ database });
  });
  beforeEach(async () => {
    site = await relay.site();
    receiver = await startWebhookReceiver();
  });
  afterEach(async () => {
    relay.clock.setAhead(0);
    await receiver.close();
  });
  afterAll(() => relay.stop());

  const clientOf = ({ plugin: { base }, secret: bearer }: TestSite) => {
    const ask = <Body>(method: string, path = '', body?: object) =>
      call<Body>(method, `${base}/webhooks${path}`, { bearer, body });
    return {
      ask,
      add: (body: object) => ask<WebhookCreated>('POST', '', body),
      list: (query = '') => ask<WebhookPage>('GET', query),
      get: (id: string) => ask<WebhookEndpoint>('GET', `/${id}`),
      change: (id: string, body: object) => ask<WebhookEndpoint>('PUT', `/${id}`, body),
      remove: (id: string) => ask<string>('DELETE', `/${id}`),
      rotate: (id: string) => ask<{ secret: string; oldSecretValidUntil: string }>('POST', `/${id}/secret`),
      test: (id: string) => ask<{ messageId: string }>('POST', `/${id}/test`),
      deliveries: (id: string, query = '') => ask<WebhookDeliveryPage>('GET', `/${id}/deliveries${query}`),
      replay: (id: string, messageId: string) => ask<object>('POST', `/${id}/deliveries/${messageId}/replay`),
    };
  };
  const client = () => clientOf(site);

  /** An endpoint at the receiver, which knows its secret. */
  async function listening(events: WebhookEvent[] = ['lead.created'], more: object = {}): Promise<WebhookCreated> {
    const { status, body } = await client().add({ url: `${receiver.url}/hook?from=confab`, events, ...more });
    expect(status).toBe(201);
    receiver.trust(body.secret);
    return body;
  }

  const leave = async (more: object = {}) =>
    (await site.widget.lead({ fields: ann, page: { url: `${SHOP}/wimplethorpe` }, ...more })).body.leadId;
  async function logOf(id: string): Promise<WebhookDelivery[]> {
    // Nobody waits here for the outbox to look by itself.
    relay.services.outbox.wake();
    return (await client().deliveries(id)).body.items;
  }
  const first = async (id: string) => (await logOf(id))[0] as WebhookDelivery;
  const states = async (id: string) => (await logOf(id)).map(({ state }) => state);
  const idsOf = (calls: { id: string }[]) => [...new Set(calls.map(({ id }) => id))];
  /** Nobody waits here for the pause before a try. */
  async function hurry(): Promise<void> {
    await relay.db.$executeRaw`
      UPDATE "Delivery" SET "nextAt" = now() - interval '1 minute' WHERE "state" = 'waiting' AND "claim" IS NULL`;
    relay.services.outbox.wake();
  }
  const sweep = () => relay.services.webhooks.sweep(live);
  const erase = (subject: object) => site.plugin.requestData({ type: 'erasure', subject });

  describe('an endpoint', () => {
    it('is added, read, changed and removed, and shows its secret once', async () => {
      const url = `${receiver.url}/hook?from=confab`;
      const { status, body } = await client().add({ url, events: ['lead.created'], description: ' CRM of the shop ' });
      const { secret, ...shown } = body;
      expect(status).toBe(201);
      expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
      expect(shown).toEqual({
        webhookId: expect.any(String),
        url,
        events: ['lead.created'],
        description: 'CRM of the shop',
        disabled: false,
        disabledReason: null,
        createdAt: expect.stringMatching(/Z$/),
        state: 'ready',
        lastDeliveredAt: null,
        waiting: 0,
        failed: 0,
        oldSecretValidUntil: null,
      });
      expect((await client().list()).body).toEqual({ items: [shown], nextCursor: null });
      expect((await client().get(shown.webhookId)).body).toEqual(shown);
      const changed = { url: `${receiver.url}/other`, events: ['purge.completed'], disabled: true };
      expect((await client().change(shown.webhookId, changed)).body).toEqual({
        ...shown,
        ...changed,
        description: '',
        disabledReason: 'owner',
        state: 'disabled',
      });
      expect(await relay.tablesWith(secret)).toEqual([]);
      expect(relay.logLines.filter(line => line.includes(secret) || line.includes('/hook?'))).toEqual([]);
      expect((await client().remove(shown.webhookId)).status).toBe(204);
      expect((await client().list()).body.items).toEqual([]);
      expect(await relay.rows('WebhookSecret', site)).toEqual([]);
    });

    it.each([
      ['no address', { events: ['lead.created'] }],
      ['an address that is none', { url: 'shop', events: ['lead.created'] }],
      ['an address of another kind', { url: 'ftp://shop.example/', events: ['lead.created'] }],
      ['a password in its address', { url: 'https://ann:secret@shop.example/', events: ['lead.created'] }],
      ['a user in its address', { url: 'https://ann@shop.example/', events: ['lead.created'] }],
      ['a fragment', { url: 'https://shop.example/#top', events: ['lead.created'] }],
      ['no event', { url: SHOP, events: [] }],
      ['an event that there is not', { url: SHOP, events: ['lead.deleted'] }],
      ['an event twice', { url: SHOP, events: ['lead.created', 'lead.created'] }],
      ['a description that is too long', { url: SHOP, events: ['lead.created'], description: 'x'.repeat(201) }],
      ['a NUL', { url: SHOP, events: ['lead.created'], description: 'a\u0000b' }],
      ['a secret of its own', { url: SHOP, events: ['lead.created'], secret: 'whsec_x' }],
    ])('with %s is refused, and nothing is kept', async (_, body) => {
      expect(await client().add(body)).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
      expect((await client().list()).body.items).toEqual([]);
    });

    it('is listed page by page, newest first', async () => {
      const ids = [];
      for (let count = 0; count < 3; count += 1) ids.unshift((await listening()).webhookId);
      const page = (await client().list('?limit=2')).body;
      const rest = (await client().list(`?limit=2&cursor=${page.nextCursor}`)).body;
      expect([...page.items, ...rest.items].map(({ webhookId }) => webhookId)).toEqual(ids);
      expect(rest.nextCursor).toBeNull();
    });

    it('is nobody else’s to see, change, test, replay or remove', async () => {
      const { webhookId } = await listening();
      const { messageId } = (await client().test(webhookId)).body;
      await eventually(() => states(webhookId)).toEqual(['delivered']);
      const other = clientOf(await relay.site());
      const good = { url: SHOP, events: ['lead.created'] };
      for (const [asking, id] of [
        [other, webhookId],
        [client(), randomUUID()],
        [client(), 'x'],
      ] as const) {
        const answers = await Promise.all([
          asking.get(id),
          asking.change(id, good),
          asking.remove(id),
          asking.rotate(id),
          asking.test(id),
          asking.deliveries(id),
          asking.replay(id, messageId),
        ]);
        for (const { status, body } of answers)
          expect({ status, code: body.code }).toEqual({ status: 404, code: 'not_found' });
      }
      for (const id of ['msg_x', `msg_${randomUUID()}`, 'x']) {
        expect((await client().replay(webhookId, id)).status).toBe(404);
      }
      expect((await other.list()).body.items).toEqual([]);
      expect(await client().get(webhookId)).toMatchObject({
        status: 200,
        body: { url: expect.stringContaining('hook') },
      });
      expect(receiver.calls).toHaveLength(1);
    });

    const strings: string[] = sharedData('fetched/security/naughty_strings.json.gz') ?? [];
    const why = strings.length === 0 ? ' (skipped: ../shared/data is not here)' : '';
    it.skipIf(strings.length === 0)(`takes any text, or refuses it as bad input${why}`, async () => {
      const { webhookId } = await listening();
      const events = ['lead.created'];
      for (const text of strings) {
        const read = webhookRequest.safeParse({ url: `${SHOP}/${text}`, events, description: text });
        if (read.success) expect(new URL(read.data.url).origin).toBe(SHOP);
      }
      const texts = strings.filter(isStorable).map(text => text.slice(0, 100).toWellFormed());
      for (let at = 0; at < texts.length; at += 5) {
        const some = texts.slice(at, at + 5).join(' ');
        const [description, url] = [
          some.slice(0, 200).toWellFormed(),
          `${receiver.url}/?q=${encodeURIComponent(some.slice(0, 150).toWellFormed())}`,
        ];
        const { status, body } = await client().change(webhookId, { url, events, description });
        expect({ status, description: body.description }).toEqual({ status: 200, description: description.trim() });
      }
      await client().change(webhookId, { url: `${receiver.url}/a%0d%0aX-Evil:1?b\r\nc`, events });
      await client().test(webhookId);
      await eventually(() => states(webhookId)).toEqual(['delivered']);
      expect(receiver.calls[0]?.path).toBe('/a%0d%0aX-Evil:1?bc');
      expect(receiver.calls[0]?.headers).not.toHaveProperty('x-evil');
    });

    it('that is removed takes along what it was told, and what waits for it', async () => {
      const [going, staying] = [await listening(), await listening()];
      receiver.react({ status: 500 });
      await leave();
      await eventually(() => receiver.calls.length).toBe(2);
      await client().remove(going.webhookId);
      const targets = (await relay.rows('Delivery', site)).map(({ target }) => target);
      expect(targets).toEqual([`webhook:${staying.webhookId}`]);
    });

    it('goes with its site', async () => {
      await listening();
      await leave();
      await eventually(() => receiver.calls.length).toBe(1);
      await relay.db.site.delete({ where: { id: site.id } });
      for (const table of ['WebhookEndpoint', 'WebhookSecret', 'WebhookMessage', 'Delivery']) {
        expect(await relay.rows(table, site)).toEqual([]);
      }
    });
  });

  describe('a message', () => {
    it('comes signed to the endpoints that chose its event, and to no other', async () => {
      const { webhookId } = await listening(['lead.created']);
      await listening(['purge.completed'], { url: `${receiver.url}/purges` });
      await listening(['lead.created'], { url: `${receiver.url}/disabled`, disabled: true });
      const leadId = await leave();
      await eventually(() => states(webhookId)).toEqual(['delivered']);
      expect(receiver.calls).toHaveLength(1);
      const [told] = receiver.calls;
      expect(told).toMatchObject({
        path: '/hook?from=confab',
        signedBy: [expect.any(String)],
        headers: { 'content-type': 'application/json', 'webhook-id': expect.stringMatching(/^msg_[0-9a-f-]{36}$/) },
        body: {
          type: 'lead.created',
          timestamp: expect.stringMatching(/Z$/),
          data: { siteId: site.id, leadId, kind: 'lead', name: ann.name, email: ann.email, fields: { size: ann.size } },
        },
      });
      expect(webhookMessage.parse(told?.body)).toEqual(told?.body);
      expect(await first(webhookId)).toMatchObject({ messageId: told?.id, type: 'lead.created', attempts: 1 });
    });

    it('has the same id at every try, until it is taken, and each try its own time', async () => {
      const { webhookId } = await listening();
      const answers = [{ status: 500, body: 'sorry' }, 'cut', { status: 422 }, { status: 401 }, 'take'] as const;
      receiver.react((_, nth) => answers[nth - 1] ?? 'take');
      await leave();
      for (let tries = 1; tries <= answers.length; tries += 1) {
        await eventually(async () => (await first(webhookId))?.attempts).toBe(tries);
        await hurry();
      }
      expect(await first(webhookId)).toMatchObject({ state: 'delivered', nextAt: null });
      expect((await first(webhookId)).log.map(({ outcome, fault, words }) => [outcome, fault, words])).toEqual([
        ['later', 'unavailable', 'It answered 500: sorry'],
        ['later', 'unreachable', expect.stringMatching(/^The connection failed/)],
        ['later', 'invalid', 'It answered 422.'],
        ['later', 'unauthorized', 'It answered 401.'],
        ['delivered', undefined, undefined],
      ]);
      expect(receiver.calls).toHaveLength(answers.length);
      expect(idsOf(receiver.calls)).toHaveLength(1);
      expect(receiver.calls.every(({ signedBy }) => signedBy.length === 1)).toBe(true);
    });

    it('is sent again by its owner, under the same id, also where it had arrived', async () => {
      const { webhookId } = await listening();
      await leave();
      await eventually(() => states(webhookId)).toEqual(['delivered']);
      const { messageId } = await first(webhookId);
      expect(await client().replay(webhookId, messageId)).toMatchObject({ status: 202, body: { messageId } });
      await eventually(() => receiver.calls.length).toBe(2);
      expect(idsOf(receiver.calls)).toEqual([messageId]);
      await eventually(async () => (await first(webhookId)).attempts).toBe(2);
      expect((await first(webhookId)).state).toBe('delivered');
    });

    it.each([
      [429, () => '7200', 7_200],
      [503, () => new Date(Date.now() + 3 * 60 * MINUTE_MS).toUTCString(), 10_800],
    ])('waits as long as the receiver asks for (%i)', async (status, retryAfter, seconds) => {
      const { webhookId } = await listening();
      receiver.react({ status, headers: { 'Retry-After': retryAfter() } });
      await client().test(webhookId);
      await eventually(async () => (await first(webhookId))?.attempts).toBe(1);
      const waits = Date.parse((await first(webhookId)).nextAt ?? '') - Date.now();
      expect(Math.abs(waits - seconds * 1_000)).toBeLessThan(MINUTE_MS);
    });

    it('follows no redirect, inward or elsewhere', async () => {
      const inward = await startWebhookReceiver();
      try {
        for (const status of [301, 302, 303, 307, 308]) {
          const { webhookId } = await listening();
          receiver.react({ status, headers: { Location: `${inward.url}/latest/meta-data/` } });
          await client().test(webhookId);
          await eventually(async () => (await first(webhookId))?.attempts).toBe(1);
          expect(await first(webhookId)).toMatchObject({
            state: 'waiting',
            log: [
              { outcome: 'later', fault: 'misconfigured', words: expect.stringContaining(`${status}: a redirect`) },
            ],
          });
        }
        expect(inward.calls).toEqual([]);
      } finally {
        await inward.close();
      }
    });

    it('to one that is gone (410) is the last: the others are held, and come when it is enabled again', async () => {
      const { webhookId, url } = await listening();
      receiver.react({ status: 410 });
      await leave();
      await eventually(async () => (await client().get(webhookId)).body).toMatchObject({
        disabled: true,
        disabledReason: 'gone',
        state: 'disabled',
      });
      await eventually(() => states(webhookId)).toEqual(['failed']);
      expect((await first(webhookId)).log).toMatchObject([{ outcome: 'refused', fault: 'misconfigured' }]);
      await client().replay(webhookId, (await first(webhookId)).messageId);
      await eventually(() => states(webhookId)).toEqual(['held']);
      expect(receiver.calls).toHaveLength(1);
      receiver.react('take');
      const enabled = await client().change(webhookId, { url, events: ['lead.created'] });
      expect(enabled.body).toMatchObject({ disabled: false, disabledReason: null });
      await eventually(() => states(webhookId)).toEqual(['delivered']);
      expect(idsOf(receiver.calls)).toHaveLength(1);
    });

    it('that the old address answers with 410 once its endpoint has moved disables nothing', async () => {
      const { webhookId } = await listening();
      const { promise: mayAnswer, resolve: answer } = Promise.withResolvers<void>();
      const asked = Promise.withResolvers<void>();
      const old = createServer(async (_, response) => {
        asked.resolve();
        await mayAnswer;
        response.writeHead(410).end();
      });
      await new Promise<void>(resolve => old.listen(0, '127.0.0.1', resolve));
      try {
        const at = `http://127.0.0.1:${(old.address() as AddressInfo).port}/`;
        await client().change(webhookId, { url: at, events: ['lead.created'] });
        await leave();
        await asked.promise;
        await client().change(webhookId, { url: `${receiver.url}/moved`, events: ['lead.created'] });
        answer();
        await eventually(() => states(webhookId)).toEqual(['delivered']);
        expect((await client().get(webhookId)).body).toMatchObject({ disabled: false });
        expect(receiver.calls.map(({ path }) => path)).toEqual(['/moved']);
      } finally {
        old.closeAllConnections();
        old.close();
      }
    });

    it('goes to the new address where its endpoint has moved', async () => {
      const { webhookId } = await listening();
      receiver.react({ status: 500 });
      await leave();
      await eventually(async () => (await first(webhookId))?.attempts).toBe(1);
      receiver.react('take');
      await client().change(webhookId, { url: `${receiver.url}/moved`, events: ['lead.created'] });
      await eventually(() => receiver.calls.map(({ path }) => path)).toEqual(['/hook?from=confab', '/moved']);
    });

    it('that the receiver answers with the person’s own words shows none of them to anybody', async () => {
      const { webhookId } = await listening();
      receiver.react(({ raw }) => ({ status: 400, body: `<p>No:</p> ${raw} ${raw.toUpperCase()} call 0850123456` }));
      await leave();
      await eventually(async () => (await first(webhookId))?.attempts).toBe(1);
      const { log } = await first(webhookId);
      expect(log).toMatchObject([{ words: expect.stringMatching(/^It answered 400: No: /) }]);
      expect((log[0]?.words ?? '').length).toBeLessThanOrEqual(200);
      const places = JSON.stringify(await relay.rows('Delivery', site)) + relay.logLines.join();
      expect(PERSONAL.filter(word => places.toLowerCase().includes(word.toLowerCase()))).toEqual([]);
      receiver.react(() => ({ status: 400, body: 'unknown customer ZANZIBARINE (ann.zanzi@example.com), Quixolotl' }));
      await hurry();
      await eventually(async () => (await first(webhookId)).attempts).toBe(2);
      expect((await first(webhookId)).log[1]?.words).toBe(
        'It answered 400: unknown customer [redacted] ([redacted].[redacted]@[redacted].[redacted]), [redacted]',
      );
    });

    it('is shown without a person’s values, and kept without them', async () => {
      const { webhookId } = await listening();
      const leadId = await leave();
      await eventually(() => states(webhookId)).toEqual(['delivered']);
      const { body } = await first(webhookId);
      expect(body).toMatchObject({
        type: 'lead.created',
        data: {
          leadId,
          kind: 'lead',
          name: '[redacted]',
          email: '[redacted]',
          phone: '[redacted]',
          message: '[redacted]',
          pageUrl: '[redacted]',
          fields: { size: '[redacted]' },
          callbackAt: null,
        },
      });
      expect(PERSONAL.filter(word => JSON.stringify(body).includes(word))).toEqual([]);
      const kept = JSON.stringify([await relay.rows('WebhookMessage', site), await relay.rows('Delivery', site)]);
      expect(PERSONAL.filter(word => kept.includes(word))).toEqual([]);
    });

    it('of a test arrives signed, also where the endpoint is disabled, and is listed page by page', async () => {
      const { webhookId } = await listening(['lead.created'], { disabled: true });
      for (let count = 1; count <= 3; count += 1) {
        const { status, body } = await client().test(webhookId);
        expect(status).toBe(202);
        await eventually(() => receiver.calls.at(-1)).toMatchObject({
          id: body.messageId,
          signedBy: [expect.any(String)],
        });
      }
      expect(receiver.calls[0]?.body).toEqual({
        type: 'webhook.test',
        timestamp: expect.stringMatching(/Z$/),
        data: { siteId: site.id, webhookId },
      });
      const page = (await client().deliveries(webhookId, '?limit=2')).body;
      const rest = (await client().deliveries(webhookId, `?limit=2&cursor=${page.nextCursor}`)).body;
      expect([...page.items, ...rest.items].map(({ messageId }) => messageId)).toEqual(
        receiver.calls.map(({ id }) => id).toReversed(),
      );
      expect(rest.nextCursor).toBeNull();
      expect((await client().deliveries(webhookId, '?cursor=x')).status).toBe(400);
    });

    it('that is older than thirty days is forgotten, and so is a secret that has expired', async () => {
      const { webhookId } = await listening();
      await client().test(webhookId);
      await eventually(() => states(webhookId)).toEqual(['delivered']);
      await client().rotate(webhookId);
      relay.clock.setAhead(29 * DAY_MS);
      await sweep();
      expect(await states(webhookId)).toEqual(['delivered']);
      expect(await relay.rows('WebhookSecret', site)).toHaveLength(1);
      relay.clock.setAhead(31 * DAY_MS);
      await sweep();
      expect(await states(webhookId)).toEqual([]);
      expect(await relay.rows('Delivery', site)).toEqual([]);
      expect(await relay.rows('WebhookMessage', site)).toEqual([]);
    });
  });

  describe('a secret that is rotated', () => {
    const signatures = () =>
      receiver.calls.map(({ headers }) => String(headers['webhook-signature']).split(' ').length);

    it('signs beside the new one for a day, and then no more', async () => {
      const { webhookId, secret: old } = await listening();
      const { secret, oldSecretValidUntil } = (await client().rotate(webhookId)).body;
      expect(secret).not.toBe(old);
      expect(Math.abs(Date.parse(oldSecretValidUntil) - Date.now() - DAY_MS)).toBeLessThan(MINUTE_MS);
      expect((await client().get(webhookId)).body).toMatchObject({ oldSecretValidUntil });
      receiver.trust(secret);
      await client().test(webhookId);
      await eventually(() => receiver.calls.length).toBe(1);
      expect(receiver.calls[0]?.signedBy).toEqual([old, secret]);
      expect(signatures()).toEqual([2]);

      relay.clock.setAhead(DAY_MS + MINUTE_MS);
      await client().test(webhookId);
      await eventually(() => signatures()).toEqual([2, 1]);
      await sweep();
      relay.clock.setAhead(0);
      await client().test(webhookId);
      await eventually(() => receiver.calls.length).toBe(3);
      expect(receiver.calls[2]?.signedBy).toEqual([secret]);
      expect((await client().get(webhookId)).body).toMatchObject({ oldSecretValidUntil: null });
    });

    it('is void at once where it was rotated out before, so that never more than two sign', async () => {
      const { webhookId, secret: lost } = await listening();
      const second = (await client().rotate(webhookId)).body.secret;
      const third = (await client().rotate(webhookId)).body.secret;
      for (const each of [second, third]) receiver.trust(each);
      await client().test(webhookId);
      await eventually(() => receiver.calls.length).toBe(1);
      expect(receiver.calls[0]?.signedBy).toEqual([second, third]);
      expect(receiver.calls[0]?.signedBy).not.toContain(lost);
    });
  });

  describe('a person’s right', () => {
    it('to have their data restricted holds what was not sent yet, until they allow it again', async () => {
      const { webhookId } = await listening();
      receiver.react({ status: 500 });
      await leave();
      await eventually(async () => (await first(webhookId))?.attempts).toBe(1);
      const restriction = { type: 'restriction', subject: { email: ann.email } };
      await site.plugin.requestData(restriction);
      receiver.react('take');
      await hurry();
      await eventually(() => states(webhookId)).toEqual(['held']);
      expect((await first(webhookId)).body).toBeNull();
      expect(receiver.calls).toHaveLength(1);
      await site.plugin.requestData({ ...restriction, changes: { restricted: false } });
      await eventually(() => states(webhookId)).toEqual(['delivered']);
      expect(idsOf(receiver.calls)).toHaveLength(1);
    });

    it('to be erased takes what was not sent yet away', async () => {
      const { webhookId } = await listening();
      receiver.react({ status: 500 });
      await leave();
      await eventually(async () => (await first(webhookId))?.attempts).toBe(1);
      await erase({ email: ann.email });
      receiver.react('take');
      await hurry();
      await eventually(() => logOf(webhookId)).toEqual([]);
      expect(receiver.calls).toHaveLength(1);
    });

    it('to be put right is in what is sent from then on', async () => {
      const { webhookId } = await listening();
      receiver.react({ status: 500 });
      await leave();
      await eventually(async () => (await first(webhookId))?.attempts).toBe(1);
      await site.plugin.requestData({
        type: 'rectification',
        subject: { email: ann.email },
        changes: { email: 'right@example.com' },
      });
      receiver.react('take');
      await hurry();
      await eventually(() => states(webhookId)).toEqual(['delivered']);
      expect(receiver.calls[1]?.body.data.email).toBe('right@example.com');
    });
  });

  describe('an event', () => {
    it('conversation.ended comes half an hour after the last message, with counts and no word', async () => {
      const { webhookId } = await listening(['conversation.ended']);
      const handle = await site.widget.begin('Is the quixolotl wool?');
      await sweep();
      expect(await relay.rows('WebhookMessage', site)).toEqual([]);
      const [message] = await relay.rows('Message', site);
      await relay.db.webhookEndpoint.updateMany({ data: { endedUntil: ago(DAY_MS) }, where: { siteId: site.id } });
      await relay.db.message.updateMany({ where: { siteId: site.id }, data: { createdAt: ago(31 * MINUTE_MS) } });
      await sweep();
      await sweep();
      await eventually(() => states(webhookId)).toEqual(['delivered']);
      const [told] = receiver.calls;
      expect(webhookMessage.parse(told?.body)).toEqual(told?.body);
      expect(told?.body).toMatchObject({
        type: 'conversation.ended',
        data: {
          siteId: site.id,
          conversationId: message.conversationId,
          messages: 2,
          pageUrl: `${SHOP}/jumper`,
          outcomes: { answered: 0, askedBack: 0, unanswered: 1 },
        },
      });
      expect(told?.body.timestamp).toBe(told?.body.data.endedAt);
      expect(told?.raw).not.toContain('quixolotl');
      // Who comes back has it end once more.
      await site.widget.turn(question('And this one?', { conversationId: handle }));
      receiver.react({ status: 200 });
      relay.clock.setAhead(31 * MINUTE_MS);
      await sweep();
      await eventually(() => receiver.calls.length).toBe(2);
      expect(receiver.calls[1]?.body.data).toMatchObject({ conversationId: message.conversationId, messages: 4 });
      expect(idsOf(receiver.calls)).toHaveLength(2);
    });

    it('conversation.ended is not told of what ended before somebody wanted to know', async () => {
      await plantConversation(relay.db, site.id, ago(2 * DAY_MS), [ago(2 * DAY_MS)]);
      const { webhookId, url } = await listening(['conversation.ended']);
      await sweep();
      const enabling = { url, events: ['conversation.ended'] };
      await client().change(webhookId, { ...enabling, disabled: true });
      await plantConversation(relay.db, site.id, ago(40 * MINUTE_MS), [ago(40 * MINUTE_MS)]);
      await client().change(webhookId, enabling);
      await sweep();
      expect(await logOf(webhookId)).toEqual([]);
    });

    it('consent.withdrawn comes with the record, and without what could name the visitor', async () => {
      const { webhookId } = await listening(['consent.withdrawn']);
      const handle = await site.widget.begin('Is it wool?');
      const { receipt } = (await site.widget.decide('withdrawn', { conversationId: handle })).body;
      await eventually(() => states(webhookId)).toEqual(['delivered']);
      expect(receipt.subject).toMatch(/^[0-9a-f]{64}$/);
      const { subject: _, ...named } = receipt;
      expect(receiver.calls[0]?.body).toEqual({
        type: 'consent.withdrawn',
        timestamp: receipt.recordedAt,
        data: named,
      });
      await site.widget.decide('declined');
      await site.widget.decide('granted');
      expect(await relay.rows('WebhookMessage', site)).toHaveLength(1);
    });

    it('data_request.completed says what was done, and not about whom', async () => {
      const { webhookId } = await listening(['data_request.completed']);
      await leave();
      const request = (await erase({ email: ann.email })).body;
      await eventually(() => states(webhookId)).toEqual(['delivered']);
      const [told] = receiver.calls;
      expect(webhookMessage.parse(told?.body)).toEqual(told?.body);
      expect(told?.body).toMatchObject({
        type: 'data_request.completed',
        data: {
          dataRequestId: request.dataRequestId,
          type: 'erasure',
          source: 'plugin',
          counts: { leads: 1 },
          retained: {},
        },
      });
      expect(PERSONAL.filter(word => told?.raw.includes(word))).toEqual([]);
    });

    it('purge.completed comes with the certificate, whose hash anybody can check', async () => {
      const { webhookId } = await listening(['purge.completed']);
      const certificate = await relay.services.retention.purgeSite(site.id, { trigger: 'manual' });
      await eventually(() => states(webhookId)).toEqual(['delivered']);
      const { data } = receiver.calls[0]?.body ?? {};
      expect(data).toEqual(certificate);
      const { hash, ...others } = data;
      const sorted = JSON.stringify(others, (_, member) =>
        member && typeof member === 'object' && !Array.isArray(member)
          ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
          : member,
      );
      expect(createHash('sha256').update(sorted).digest('hex')).toBe(hash);
    });

    it('of no kind carries a conversation’s handle, in its body, its headers or its address', async () => {
      const all = webhookEvent.options;
      const { webhookId } = await listening([...all]);
      const handle = await site.widget.begin('Is it wool?');
      await leave({ conversationId: handle });
      await site.widget.requestData(handle, { type: 'access' });
      await relay.db.message.updateMany({ where: { siteId: site.id }, data: { createdAt: ago(40 * MINUTE_MS) } });
      await relay.db.webhookEndpoint.updateMany({ data: { endedUntil: ago(DAY_MS) }, where: { siteId: site.id } });
      await sweep();
      await relay.services.retention.purgeSite(site.id, { trigger: 'manual' });
      await eventually(() => receiver.told('conversation.ended').length).toBe(1);
      await eventually(() => receiver.told('lead.created').length).toBe(1);
      await site.widget.decide('withdrawn', { conversationId: handle });
      await eventually(() => new Set(receiver.calls.map(({ body }) => body.type)).size).toBe(all.length);
      const seen = JSON.stringify([receiver.calls, (await client().deliveries(webhookId)).body]);
      expect(seen).not.toContain(handle);
      expect(seen).not.toContain(handle.replaceAll('-', ''));
      // What stands for the conversation is there: this test can see.
      expect(receiver.told('lead.created')[0]?.body.data.conversationId).toBe(
        receiver.told('conversation.ended')[0]?.body.data.conversationId,
      );
    });

    it('is none where a visitor declined: nothing of them is sent or kept', async () => {
      await listening([...webhookEvent.options]);
      await site.widget.decide('declined');
      await site.widget.carry('Is the quixolotl wool?');
      await sweep();
      relay.clock.setAhead(DAY_MS);
      await sweep();
      await leave();
      await eventually(() => receiver.calls.length).toBe(1);
      expect(receiver.calls.map(({ body }) => body.type)).toEqual(['lead.created']);
      expect(await relay.rows('WebhookMessage', site)).toHaveLength(1);
    });
  });

  it('are named among the integrations of the site, with whether what is told arrives', async () => {
    const state = async () =>
      (await site.plugin.site()).body.integrations.find(({ name }) => name === 'webhooks')?.state;
    expect(await state()).toBe('not_configured');
    const { webhookId } = await listening();
    expect(await state()).toBe('ready');
    receiver.react({ status: 500 });
    await client().test(webhookId);
    await eventually(state).toBe('failing');
    expect((await client().get(webhookId)).body).toMatchObject({ state: 'failing', waiting: 1, lastDeliveredAt: null });
    receiver.react('take');
    await hurry();
    await eventually(state).toBe('ready');
    expect((await client().get(webhookId)).body).toMatchObject({ waiting: 0, lastDeliveredAt: expect.any(String) });
  });
});

describe('a relay that keeps to the public internet', () => {
  it('takes no other address, and sends nothing to a name that leads inward', async () => {
    const relay = await startTestRelay({ env: { CONFAB_PRIVATE_URLS: 'refuse' } });
    const receiver = await startWebhookReceiver();
    const { plugin, secret: bearer } = await relay.site();
    const ask = <Body>(method: string, path: string, body?: object) =>
      call<Body>(method, `${plugin.base}/webhooks${path}`, { bearer, body });
    const events = ['lead.created'];
    for (const url of [receiver.url, SHOP.replace('https', 'http'), `https://127.0.0.1:${receiver.port}/`]) {
      expect(await ask('POST', '', { url, events })).toMatchObject({
        status: 400,
        body: { errors: [{ path: 'url' }] },
      });
    }
    const added = await ask<WebhookCreated>('POST', '', { url: `https://localhost:${receiver.port}/`, events });
    expect(added.status).toBe(201);
    const { webhookId } = added.body;
    expect((await ask('PUT', `/${webhookId}`, { url: receiver.url, events })).status).toBe(400);
    await ask('POST', `/${webhookId}/test`);
    const log = async () => (await ask<WebhookDeliveryPage>('GET', `/${webhookId}/deliveries`)).body.items[0];
    await eventually(async () => (await log())?.state).toBe('failed');
    expect((await log())?.log).toMatchObject([
      { outcome: 'refused', fault: 'unreachable', words: expect.stringContaining('public internet') },
    ]);
    expect(receiver.calls).toEqual([]);
    await Promise.all([relay.stop(), receiver.close()]);
  });
});
