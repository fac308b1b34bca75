import { randomUUID } from 'node:crypto';
import { textLines, verifyLog } from '@confab/relay/features/consent/index.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FakeShop } from './fakes/shopify/index.ts';
import { conversationRow, daysAgo } from './plant.ts';
import { oneDatabase } from './relay.ts';
import { type ShopifyRelay, startShopifyRelay } from './shopify.ts';
import { problemsOf } from './shopify-markup.ts';
import { changeSettings, HOSTILE, LONG, plantShop, siteOf } from './shopify-plant.ts';

const RETRY = 'X-Shopify-Retry-Invalid-Session-Request';
const PAGES = ['', '/conversations', '/leads', '/knowledge', '/privacy', '/privacy?verify=1'];

describe.each(oneDatabase)('the app in the Shopify admin, on %s', database => {
  let bed: ShopifyRelay;
  let shop: FakeShop;
  let planted: Awaited<ReturnType<typeof plantShop>>;
  let empty: FakeShop;
  beforeAll(async () => {
    bed = await startShopifyRelay({ database });
    [shop, empty] = [bed.shopify.shop(), bed.shopify.shop()];
    for (const each of [shop, empty]) expect((await each.open(bed.relay.url)).status).toBe(200);
    await bed.jobsDone({ hurry: true });
    planted = await plantShop(bed.relay, shop.domain);
  });
  afterAll(() => bed.stop());

  /** As a browser asks for a document in the admin; `query` changes what the admin puts into its address. */
  function open(path: string, query: Record<string, string | undefined> = {}, of = shop): Promise<Response> {
    const all = of.pageQuery();
    for (const [name, value] of Object.entries(query)) {
      if (value === undefined) all.delete(name);
      else all.set(name, value);
    }
    return fetch(`${bed.relay.url}/shopify/app${path}${path.includes('?') ? '&' : '?'}${all}`, { redirect: 'manual' });
  }

  /** As our script asks. */
  async function ask(path: string, { of = shop, token = of.idToken(), body }: Ask = {}): Promise<Response> {
    return fetch(`${bed.relay.url}/shopify/app${path}`, {
      headers: {
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
      },
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    });
  }
  type Ask = { of?: FakeShop; token?: string; body?: unknown };
  const text = async (path: string, how?: Ask) => (await ask(path, how)).text();

  describe('a document', () => {
    it('is the app’s page, with App Bridge first, for this shop’s admin alone, and nothing is left of the token', async () => {
      const response = await open('/leads');
      const html = await response.text();
      expect(response.status).toBe(200);
      expect(response.headers.get('Content-Security-Policy')).toMatch(
        new RegExp(`^frame-ancestors https://${shop.domain} https://admin\\.shopify\\.com;`),
      );
      expect(response.headers.get('Cache-Control')).toBe('no-store');
      expect(response.headers.get('Referrer-Policy')).toBe('no-referrer');
      expect(response.headers.has('Set-Cookie')).toBe(false);
      expect(html).not.toContain('eyJ');
      expect([...html.matchAll(/<(?:meta name="shopify|script)[^>]*>/g)].map(([tag]) => tag)).toEqual([
        `<meta name="shopify-api-key" content="${bed.shopify.apiKey}">`,
        '<script src="https://cdn.shopify.com/shopifycloud/app-bridge.js">',
        '<script src="https://cdn.shopify.com/shopifycloud/polaris-2.js">',
        expect.stringMatching(/^<script src="\/shopify\/app\/assets\/client\.js\?v=\w+" defer>$/),
      ]);
    });

    it('outside of the admin leads into it', async () => {
      const response = await open('', { embedded: undefined });
      expect(response.status).toBe(302);
      const store = shop.domain.split('.')[0];
      expect(response.headers.get('Location')).toBe(
        `https://admin.shopify.com/store/${store}/apps/${bed.shopify.apiKey}`,
      );
    });

    it.each(['', 'evil.com', 'evil.com; script-src *', 'a.myshopify.com.evil.com', '"><script>alert(1)</script>'])(
      'for the shop %j is refused in words that repeat nothing, and shown nowhere',
      async given => {
        const response = await open('', { shop: given });
        const html = await response.text();
        expect(response.status).toBe(400);
        expect(response.headers.get('Content-Security-Policy')).toContain("frame-ancestors 'none';");
        expect(JSON.stringify([html, ...response.headers])).not.toMatch(/evil|alert/);
        expect(html).toContain('Open Confab in the Shopify admin');
      },
    );

    it('without a token has one fetched, and then is there', async () => {
      const response = await open('/leads', { id_token: undefined });
      expect(response.status).toBe(302);
      const bounce = await fetch(new URL(response.headers.get('Location') ?? '', bed.relay.url));
      const html = await bounce.text();
      expect(bounce.status).toBe(200);
      expect(bounce.headers.get('Content-Security-Policy')).toContain(`https://${shop.domain}`);
      expect(html).toContain('https://cdn.shopify.com/shopifycloud/app-bridge.js');
      expect(html).toContain(bed.shopify.apiKey);
      const reload = new URL(new URL(bounce.url).searchParams.get('shopify-reload') ?? '');
      reload.searchParams.set('id_token', shop.idToken());
      const page = await fetch(reload);
      expect(page.status).toBe(200);
      expect(await page.text()).toContain('heading="Leads"');
    });

    it.each<[string, (of: FakeShop) => string]>([
      ['stale', of => of.idToken({ exp: seconds() - 60, nbf: seconds() - 120, iat: seconds() - 120 })],
      ['of another secret', of => of.idToken({}, 'the secret of somebody else')],
      ['for another app', of => of.idToken({ aud: 'another-app' })],
      ['of another shop', () => empty.idToken()],
      ['issued by another shop', of => of.idToken({ iss: `https://${empty.domain}/admin` })],
      ['no token at all', () => 'nonsense'],
    ])('with a token that is %s has another one fetched, once, and is then refused in words', async (_, tokenOf) => {
      const response = await open('', { id_token: tokenOf(shop) });
      expect(response.status).toBe(302);
      const to = new URL(response.headers.get('Location') ?? '', bed.relay.url);
      expect(to.pathname).toBe('/shopify/app/bounce');
      expect(to.href).not.toContain(tokenOf(shop).slice(0, 12));
      const again = new URL(to.searchParams.get('shopify-reload') ?? '');
      again.searchParams.set('id_token', tokenOf(shop));
      const last = await fetch(again, { redirect: 'manual' });
      expect(last.status).toBe(401);
      expect(await last.text()).toContain('could not prove who you are');
    });

    it('is there where what the admin says stands in its address twice, and not where it says two things', async () => {
      const query = shop.pageQuery();
      for (const [name, value] of [...query]) if (name !== 'id_token') query.append(name, value);
      const url = `${bed.relay.url}/shopify/app/leads`;
      expect((await fetch(`${url}?${query}`, { redirect: 'manual' })).status).toBe(200);
      query.append('shop', empty.domain);
      expect((await fetch(`${url}?${query}`, { redirect: 'manual' })).status).toBe(400);
    });

    it('that has a token fetched brings it to no address but ours', async () => {
      const query = shop.pageQuery({ 'shopify-reload': 'https://evil.example/shopify/app' });
      const response = await fetch(`${bed.relay.url}/shopify/app/bounce?${query}`);
      expect(response.status).toBe(400);
      expect(await response.text()).not.toMatch(/evil|app-bridge/);
    });

    it('that is not there says so in words', async () => {
      for (const path of ['/nowhere', `/conversations/${randomUUID()}`, '/conversations/..%2f', '/leads?cursor=x']) {
        const response = await open(path);
        expect([400, 404]).toContain(response.status);
        expect(response.headers.get('Content-Type')).toMatch(/html/);
        expect(await response.text()).toContain('This page cannot be shown');
      }
    });

    it('of a shop that Shopify does not hand a token for says what happened, and is there once it does', async () => {
      const late = bed.shopify.shop();
      late.faults.fail(1, 503, {}, 'token');
      const response = await late.open(bed.relay.url);
      expect(response.status).toBe(503);
      expect(await response.text()).toContain('Shopify did not');
      expect((await late.open(bed.relay.url)).status).toBe(200);
    });
  });

  describe('a request of our script', () => {
    it.each<[string, string | undefined]>([
      ['no token', undefined],
      ['nonsense', 'nonsense'],
      ['a token of another secret', 'other'],
      ['a stale token', 'stale'],
    ])('with %s is asked to come again with a fresh one', async (_, kind) => {
      const token =
        kind === 'other'
          ? shop.idToken({}, 'the secret of somebody else')
          : kind === 'stale'
            ? shop.idToken({ exp: seconds() - 60 })
            : (kind ?? '');
      for (const body of kind === undefined ? [{}] : [undefined, {}]) {
        const response = await ask('/knowledge/sync', { token, body });
        expect(response.status).toBe(401);
        expect(response.headers.get(RETRY)).toBe('1');
        expect(await response.text()).not.toContain('eyJ');
      }
    });

    it('is answered for the shop of the token, whatever its address says', async () => {
      const html = await text(`/conversations?shop=${shop.domain}`, { of: empty });
      expect(html).toContain('No conversations yet');
      expect(html).toContain(`data-shop="${empty.domain}"`);
    });

    it('leaves nothing of a token in the log', () => {
      const log = bed.relay.logLines.join('');
      expect(log).toContain('/shopify/app/leads');
      expect(log).not.toMatch(/eyJ|id_token|myshopify/);
    });
  });

  it('every page is markup that Polaris knows, of a shop with nothing and of one with hostile words everywhere', async () => {
    for (const path of [...PAGES, `/conversations/${planted.rich}`, `/conversations/${planted.restricted}`]) {
      for (const of of path.startsWith('/conversations/') ? [shop] : [shop, empty]) {
        const html = await text(path, { of });
        expect({ path, problems: problemsOf(html) }).toEqual({ path, problems: [] });
        expect(html).not.toContain('<img');
        expect(html).not.toMatch(/undefined|null|NaN|\[object/);
      }
    }
  });

  it.each(['/settings', '/plan'])('the page %s is markup that Polaris knows', async path => {
    for (const of of [shop, empty]) expect(problemsOf(await text(path, { of }))).toEqual([]);
  });

  it('what others wrote is there as text, whole', async () => {
    const conversation = await text(`/conversations/${planted.rich}`);
    expect(conversation).toContain(HOSTILE.replace(/[&<>"']/g, each => `&#${each.charCodeAt(0)};`));
    expect(conversation).toContain(LONG);
    expect(conversation).toContain('שלום');
    expect(conversation).not.toContain('href="javascript');
    expect(await text('/leads')).toContain(LONG);
  });

  it('what is restricted is told of, and not told', async () => {
    for (const path of ['/conversations', `/conversations/${planted.restricted}`, '/leads']) {
      const html = await text(path);
      expect(html).toMatch(/restricted/i);
      expect(html).not.toMatch(/the restricted (words|person)|hidden@example/);
    }
  });

  it('no list shows what belongs to another shop', async () => {
    expect((await ask(`/conversations/${planted.rich}`, { of: empty })).status).toBe(404);
    for (const path of PAGES) {
      const html = await text(path, { of: empty });
      expect(html).not.toMatch(/maeve|late@example|Counsel|hostile|Kittiwake/i);
      expect(html).not.toContain(planted.rich);
      expect(html).not.toContain(shop.domain);
    }
  });

  it('a list goes on behind its first page, and comes to its end', async () => {
    const many = bed.shopify.shop();
    await many.open(bed.relay.url);
    const { site } = await siteOf(bed.relay, many.domain);
    const rows = Array.from({ length: 60 }, (_, day) => conversationRow(site.id, randomUUID(), daysAgo(day)));
    await bed.relay.db.conversation.createMany({ data: rows });
    const seen: string[] = [];
    for (let path: string | undefined = '/conversations'; path !== undefined; ) {
      const html: string = await text(path, { of: many });
      seen.push(...[...html.matchAll(/href="\/shopify\/app\/conversations\/([\w-]{36})"/g)].map(([, id]) => id ?? ''));
      path = /href="\/shopify\/app(\/conversations\?cursor=[^"]+)"/.exec(html)?.[1];
    }
    expect(seen).toEqual(rows.map(({ id }) => id));
  });

  describe('home', () => {
    it('of a shop that has just begun says what is left to do, with the link that switches the chat on', async () => {
      const html = await text('', { of: empty });
      expect(html).toContain(
        `https://${empty.domain}/admin/themes/current/editor?context=apps&#38;activateAppId=${bed.shopify.apiKey}/confab-chat`,
      );
      expect(html.match(/<s-badge>To do/g)).toHaveLength(2);
      expect(html).toContain('data-extension-status');
      expect(html).not.toContain('<s-banner');
    });

    it('says what waits for the merchant, and how to settle it', async () => {
      const html = await text('');
      expect(html).toContain('1 data request overdue');
      expect(html).toContain('2 leads could not be added');
      expect(html).toContain('data-request-scopes="read_customers,write_customers"');
      expect(html).toContain('data-request-scopes="read_orders"');
    });

    it('says which news of Shopify could not be taken in, and what helps, and nothing that a sync has healed', async () => {
      const { domain } = empty;
      const fails = (topic: string, outcome: object, receivedAt = new Date()) =>
        bed.relay.db.shopifyWebhook.create({
          data: { domain, topic, eventId: randomUUID(), receivedAt, attempts: 3, outcome },
        });
      const waiting = { state: 'waiting', tryAt: '2999-01-01T00:00:00Z', fault: 'internal' };
      const lost = { state: 'failed', fault: 'internal' };
      await fails('products/update', lost, daysAgo(1));
      await fails('shop/redact', { ...waiting, fault: 'legal_hold' });
      expect(await text('', { of: empty })).not.toContain('<s-banner');

      await fails('products/update', waiting);
      const page = await text('', { of: empty });
      expect(page).toContain('1 change in your shop could not be read yet');
      expect(page).toContain('data-post="/shopify/app/knowledge/sync"');
      await fails('collections/delete', lost);
      expect(await text('', { of: empty })).toContain('Confab has given up on it');

      await fails('customers/redact', waiting);
      expect(await text('', { of: empty })).toContain('tries again every day');
      await fails('customers/data_request', lost);
      await fails('app_subscriptions/update', lost);
      const all = await text('', { of: empty });
      expect(all).toContain('2 privacy requests from Shopify could not be carried out');
      expect(all).toContain('Write to the support of Confab');
      expect(all).toContain('News about your account');
      expect(problemsOf(all)).toEqual([]);
      const privacy = await text('/privacy', { of: empty });
      expect(privacy).toContain('Could not be done');
      expect(privacy).toContain('Waits for the end of a legal hold');
      expect(privacy).not.toContain('Being put together');
      expect(problemsOf(privacy)).toEqual([]);
      await bed.relay.db.shopifyWebhook.deleteMany({ where: { domain } });
    });

    it('says where the shop was read and something is missing', async () => {
      const { site } = await siteOf(bed.relay, empty.domain);
      const { shops } = bed.relay.services.shopify ?? {};
      const before = (await shops?.bySite(site.id))?.sync;
      if (!before) throw new Error('the shop was not read');
      await shops?.setSync(site.id, { ...before, fault: 'No product has an address in the online store.' });
      for (const path of ['', '/knowledge']) {
        expect(await text(path, { of: empty })).toContain('No product has an address in the online store.');
      }
      await shops?.setSync(site.id, before);
    });

    it('says that the answers of the month come to their end', async () => {
      const { site } = await siteOf(bed.relay, empty.domain);
      await changeSettings(bed.relay, empty.domain, { limits: { ...site.settings.limits, answersPerMonth: 10 } });
      for (const [answers, words] of [
        [8, '2 answers are left until'],
        [10, 'The answers of this month are used up'],
      ] as const) {
        await bed.relay.db.$executeRaw`
          INSERT INTO "Usage" ("siteId", "periodStart", "modelAnswers")
          VALUES (${site.id}::uuid, date_trunc('month', now() AT TIME ZONE 'UTC')::date, ${answers})
          ON CONFLICT ("siteId", "periodStart") DO UPDATE SET "modelAnswers" = ${answers}`;
        expect(await text('', { of: empty })).toContain(words);
      }
      await bed.relay.db.usage.deleteMany({ where: { siteId: site.id } });
      await changeSettings(bed.relay, empty.domain, { limits: site.settings.limits });
    });

    it('counts this month', async () => {
      const { site } = await siteOf(bed.relay, shop.domain);
      const { answers } = await bed.relay.services.usage.ofThisPeriod(site);
      expect(answers).toBeGreaterThan(0);
      expect(await text('')).toMatch(new RegExp(`Answers[^<]*</s-text>\\s*<s-text[^>]*>${answers}<`));
    });
  });

  describe('knowledge', () => {
    it('counts what was read of each kind, and lists it', async () => {
      const html = await text('/knowledge', { of: empty });
      const products = empty.catalogue.products.filter(({ status }) => status === 'ACTIVE').length;
      expect(html).toMatch(/Products<\/s-text>\s*<s-text[^>]*>\d+</);
      expect(products).toBeGreaterThan(0);
      expect(html).toContain(`href="https://`);
      expect(html).toContain('data-post="/shopify/app/knowledge/sync"');
    });

    it('is read anew on demand: the page says so at once, and has it when it is done', async () => {
      const response = await ask('/knowledge/sync', { of: empty, body: {} });
      expect(await response.json()).toEqual({ message: 'Reading the shop', reload: true });
      const running = await text('/knowledge', { of: empty });
      expect(running).toMatch(/data-poll="5"/);
      expect(problemsOf(running)).toEqual([]);
      await bed.jobsDone({ hurry: true });
      expect(await text('/knowledge', { of: empty })).not.toContain('data-poll');
    });

    it('says why it could not be read, and offers to try again', async () => {
      const { site } = await siteOf(bed.relay, empty.domain);
      const { shops } = bed.relay.services.shopify ?? {};
      const before = (await shops?.bySite(site.id))?.sync;
      if (!before) throw new Error('the shop was not read');
      await shops?.setSync(site.id, { ...before, state: 'failed', fault: 'unreachable', rejected: 3 });
      for (const path of ['', '/knowledge']) {
        const html = await text(path, { of: empty });
        expect(html).toContain('Shopify did not answer');
        expect(html).toContain('Try again');
        expect(problemsOf(html)).toEqual([]);
      }
      await shops?.setSync(site.id, before);
    });
  });

  describe('leads', () => {
    it('say whether each is a customer, which, or what stands in the way', async () => {
      const html = await text('/leads');
      expect(html).toContain('href="shopify://admin/customers/7001" target="_top"');
      expect(html).toContain('Shopify does not take this e-mail address');
      expect(html).toContain('Allow Confab to add customers');
      await shop.grant('read_customers', 'write_customers');
      await bed.jobsDone();
      expect(await text('/leads')).not.toContain('Allow Confab to add customers');
    });
  });

  describe('privacy', () => {
    it('gives the consent log as it verifies offline', async () => {
      const response = await ask('/privacy/consents.jsonl');
      const name = `confab-consent-log-${shop.domain.split('.')[0]}-${new Date().toISOString().slice(0, 10)}.jsonl`;
      expect(response.headers.get('Content-Disposition')).toContain(name);
      expect(await text('/privacy')).toContain(`data-download="${name}"`);
      const keys = bed.relay.services.keyring.logKeys.map(({ id }) => id);
      const report = await verifyLog(textLines(response.body as AsyncIterable<Uint8Array>), { keys });
      expect(report).toMatchObject({ ok: true, records: 3 });
    });

    it('says that the log is whole, and where it was changed', async () => {
      expect(await text('/privacy?verify=1')).toContain('The consent log is whole');
      const where = { siteId: planted.siteId, sequence: 2 };
      await bed.relay.db.consentRecord.updateMany({ where, data: { decision: 'granted' } });
      const html = await text('/privacy?verify=1');
      await bed.relay.db.consentRecord.updateMany({ where, data: { decision: 'declined' } });
      expect(html).toContain('The consent log was changed');
      expect(html).toContain('Record 2 ');
    });

    it('tells what is overdue and what is held also where newer entries hide it', async () => {
      const { db } = bed.relay;
      const { site } = await siteOf(bed.relay, shop.domain);
      const row = { siteId: site.id, type: 'access', source: 'widget', counts: {}, retained: {}, events: [] };
      const requests = Array.from({ length: 30 }, () => ({ ...row, id: randomUUID(), status: 'completed' }));
      const dueAt = daysAgo(-20);
      await db.dataRequest.createMany({ data: requests.map(each => ({ ...each, receivedAt: new Date(), dueAt })) });
      const hold = {
        siteId: site.id,
        reason: 'over',
        author: 'Counsel',
        createdAt: new Date(),
        releasedAt: new Date(),
      };
      const holds = Array.from({ length: 30 }, () => ({ ...hold, id: randomUUID() }));
      await db.legalHold.createMany({ data: holds });
      const html = await text('/privacy');
      expect(html).toContain('1 data request overdue');
      expect(html).toContain('A legal hold keeps data');
      await db.dataRequest.deleteMany({ where: { id: { in: requests.map(({ id }) => id) } } });
      await db.legalHold.deleteMany({ where: { id: { in: holds.map(({ id }) => id) } } });
    });

    it('gives every certificate', async () => {
      const certificates = await (await ask('/privacy/certificates.json')).json();
      expect(certificates).toMatchObject([{ sequence: 1, trigger: 'manual' }]);
    });

    it('hands out the answer to a request of Shopify, to its own shop only', async () => {
      const eventId = randomUUID();
      const customer = { id: 7001, email: 'maeve@example.com', phone: null };
      const payload = { shop_id: 1, shop_domain: shop.domain, customer, orders_requested: [] };
      await shop.webhook(bed.relay.url, 'customers/data_request', payload, { eventId });
      await bed.jobsDone();
      const html = await text('/privacy');
      expect(html).toContain(`href="/shopify/app/privacy/shopify-requests/${eventId}"`);
      expect(problemsOf(html)).toEqual([]);
      const response = await ask(`/privacy/shopify-requests/${eventId}`);
      expect(response.headers.get('Content-Disposition')).toContain('attachment');
      expect(await response.text()).toContain('Maeve Kelly');
      expect((await ask(`/privacy/shopify-requests/${eventId}`, { of: empty })).status).toBe(404);
    });

    it('changes how long data are kept, and that alone', async () => {
      const before = (await siteOf(bed.relay, shop.domain)).site.settings;
      const windows = { conversationDays: '90', leadDays: '400', pageViewDays: '30', consentDays: '1095' };
      const response = await ask('/privacy/retention', { body: windows });
      expect(await response.json()).toMatchObject({
        message: expect.stringMatching(/^Saved\. 1 conv.* will be deleted/),
      });
      const after = (await siteOf(bed.relay, shop.domain)).site.settings;
      const retention = { conversationDays: 90, leadDays: 400, pageViewDays: 30, consentDays: 1_095 };
      expect(after).toEqual({ ...before, retention });
    });

    it.each([
      [{ conversationDays: '365', leadDays: '', pageViewDays: '90', consentDays: '1095' }, 'leadDays'],
      [{ conversationDays: '365', leadDays: '9999', pageViewDays: '90', consentDays: '1095' }, 'leadDays'],
      [{ conversationDays: '365', leadDays: '365', pageViewDays: '90', consentDays: '30' }, 'consentDays'],
      [{ conversationDays: 'x', leadDays: '365', pageViewDays: '90', consentDays: '1095' }, 'conversationDays'],
      [{ conversationDays: true, leadDays: '365', pageViewDays: '90', consentDays: '1095' }, 'conversationDays'],
      [{ conversationDays: '365', leadDays: '1.5', pageViewDays: '90', consentDays: '1095' }, 'leadDays'],
      [[], ''],
    ])('refuses %j and names the field, in a sentence', async (body, field) => {
      const response = await ask('/privacy/retention', { body });
      expect(response.status).toBe(400);
      const { detail, errors } = await response.json();
      expect(detail).toMatch(/^Nothing was saved yet: /);
      expect(errors.filter(({ message }: { message: string }) => !/^\S.* is .*\.$/.test(message))).toEqual([]);
      if (field) expect(errors.map(({ path }: { path: string }) => path)).toContain(field);
    });
  });
});

const seconds = () => Math.floor(Date.now() / 1_000);

describe('the check of the markup', () => {
  it.each([
    ['<s-fancy></s-fancy>', 'is no tag of Polaris'],
    ['<s-button href="/x" colour="red"></s-button>', 'has no attribute colour'],
    ['<s-badge tone="loud">x</s-badge>', 'tone="loud"'],
    ['<s-button disabled="false"></s-button>', 'disabled="false"'],
    ['<s-section><s-button slot="nowhere"></s-button></s-section>', 'in the slot nowhere'],
    ['<s-section>', 'is not closed'],
    ['<s-section></s-page>', 'closes <s-section>'],
    ['<s-text>1 < 2</s-text>', 'no tag is'],
    ['<p onclick="x()"></p>', 'has no attribute onclick'],
    ['<script>x()</script>', 'a script within the page'],
    ['<s-link href="javascript:x()">x</s-link>', 'address that runs'],
    ['<s-box id="a"></s-box><s-box id="a"></s-box>', 'stands twice'],
    [
      '<s-table><s-table-header-row><s-table-header>A</s-table-header></s-table-header-row><s-table-body><s-table-row></s-table-row></s-table-body></s-table>',
      '0 cells under 1 headers',
    ],
  ])('finds what is wrong with %s', (html, problem) => {
    expect(problemsOf(html).join()).toContain(problem);
  });
});
