import { randomUUID } from 'node:crypto';
import type { Problem } from '@confab/contract';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FakeShop } from '../../../../../e2e/fakes/shopify/index.ts';
import { databases, startTestRelay } from '../../../../../e2e/relay.ts';
import { type ShopifyRelay, startShopifyRelay } from '../../../../../e2e/shopify.ts';

vi.setConfig({ testTimeout: 60_000 });

describe.each(databases)('the webhooks of Shopify on %s', database => {
  let bed: ShopifyRelay;
  let url: string;
  let shop: FakeShop;
  beforeAll(async () => {
    bed = await startShopifyRelay({ database });
    url = bed.relay.url;
    shop = bed.shopify.shop({ products: 1 });
    await install(shop);
  });
  afterAll(() => bed.stop());
  beforeEach(async () => {
    await bed.jobsDone();
    await bed.relay.db.shopifyWebhook.deleteMany();
  });

  async function install(one: FakeShop): Promise<void> {
    one.isInstalled = true;
    await bed.relay.services.shopify?.install({ domain: one.domain, idToken: one.idToken() });
    await bed.jobsDone();
  }
  const rows = async (domain = shop.domain) =>
    (await bed.relay.rows('ShopifyWebhook')).filter(row => row.domain === domain);
  const product = { id: 17, title: 'A jumper of grumblewool', variants: [{ id: 1, price: '10.00' }] };

  describe('UNAUTHENTICATED_ENDPOINT (Shopify’s security list): nothing is believed that the app’s secret has not signed', () => {
    it.each([
      ['signed by another secret', { secret: 'another' }],
      ['changed by one byte', { tampered: JSON.stringify(product).replace('17', '18') }],
      ['without a signature', { headers: { 'X-Shopify-Hmac-Sha256': undefined } }],
      ['with a signature that is no Base64', { headers: { 'X-Shopify-Hmac-Sha256': '%%%' } }],
      ['without a body', { body: '' }],
      [
        'signed by another secret and without any other header',
        {
          secret: 'another',
          headers: { 'X-Shopify-Topic': undefined, 'X-Shopify-Shop-Domain': undefined },
        },
      ],
      ['that is no JSON, under the signature of one that is', { tampered: '{' }],
    ])('401 and no row for one %s', async (_, overrides) => {
      const answer = await shop.webhook(url, 'products/update', product, overrides);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('Content-Type')).toContain('application/problem+json');
      expect(await answer.json()).toMatchObject({ code: 'unauthorized' });
      expect(await rows()).toEqual([]);
    });

    it('401 where the signed body is of another shop than the header, which is not signed', async () => {
      const other = bed.shopify.shop();
      for (const topic of ['shop/redact', 'customers/redact', 'customers/data_request']) {
        const payload = { shop_id: 1, shop_domain: other.domain, customer: { id: 1 } };
        expect((await shop.webhook(url, topic, payload)).status, topic).toBe(401);
      }
      for (const topic of ['app/uninstalled', 'shop/update']) {
        const payload = { id: 1, domain: 'wool.example', myshopify_domain: other.domain };
        expect((await shop.webhook(url, topic, payload)).status, topic).toBe(401);
      }
      expect([await rows(), await rows(other.domain)]).toEqual([[], []]);
    });

    it('slows down who guesses', async () => {
      const strict = await startShopifyRelay({ database, env: { CONFAB_RATE_LIMIT: 'on' } });
      const one = strict.shopify.shop();
      const statuses: number[] = [];
      for (let n = 0; n < 22; n += 1) {
        statuses.push((await one.webhook(strict.relay.url, 'products/update', product, { secret: 'guess' })).status);
      }
      expect(new Set(statuses)).toEqual(new Set([401, 429]));
      // Who knows the secret is not counted.
      expect((await one.webhook(strict.relay.url, 'products/update', product)).status).toBe(200);
      await strict.stop();
    });
  });

  it('are all taken in a storm: 1,000 at once, each event twice and out of order, none lost and none twice', async () => {
    const topics = ['products/create', 'products/update', 'products/delete', 'collections/update'];
    const start = Date.parse('2026-11-22T09:00:00Z');
    const events = Array.from({ length: 500 }, (_, n) => ({
      topic: topics[n % topics.length] as string,
      payload: { id: 1 + (n % 20) },
      how: { eventId: `storm-${n}`, triggeredAt: new Date(start + ((n * 7_919) % 500) * 1_000).toISOString() },
    }));
    // The second of each comes long after the first of many others.
    const sent = [...events, ...events.toReversed()];
    const statuses = await Promise.all(
      sent.map(async ({ topic, payload, how }) => (await shop.webhook(url, topic, payload, how)).status),
    );
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(await rows()).toHaveLength(500);
    await bed.jobsDone();
    const open = (await rows()).filter(({ processedAt, ciphertext }) => processedAt === null || ciphertext !== null);
    expect(open).toEqual([]);
  });

  describe('what is signed and wrong', () => {
    it.each(['X-Shopify-Topic', 'X-Shopify-Shop-Domain', 'X-Shopify-Webhook-Id', 'X-Shopify-API-Version'])(
      'is refused with 400 without %s, which the answer names',
      async name => {
        const answer = await shop.webhook(url, 'products/update', product, { headers: { [name]: undefined } });
        expect(answer.status).toBe(400);
        expect(((await answer.json()) as Problem).detail.toLowerCase()).toContain(name.toLowerCase());
      },
    );

    it.each([
      ['no JSON', '{"id":', 'malformed_json'],
      ['no object', '"17"', 'validation_failed'],
      ['without what the topic needs', '{"title":"x"}', 'validation_failed'],
      ['with an id that is none', '{"id":"17; DROP"}', 'validation_failed'],
      ['with a negative id', '{"id":-17}', 'validation_failed'],
    ])('is refused with 400 where it is %s', async (_, body, code) => {
      const answer = await shop.webhook(url, 'products/update', {}, { body });
      expect([answer.status, ((await answer.json()) as Problem).code]).toEqual([400, code]);
    });

    it.each(['evil.example', 'x.myshopify.com.evil.example', "a'b.myshopify.com", `${'x'.repeat(80)}.myshopify.com`])(
      'is refused with 400 where %s shall be a shop',
      async domain => {
        const headers = { 'X-Shopify-Shop-Domain': domain };
        expect((await shop.webhook(url, 'products/update', product, { headers })).status).toBe(400);
      },
    );

    it('is refused with 413 where it is larger than 10 MB, and a large one is taken', async () => {
      const large = (bytes: number) => JSON.stringify({ id: 17, body_html: 'x'.repeat(bytes) });
      const mb = 1024 * 1024;
      expect((await shop.webhook(url, 'products/update', {}, { body: large(9 * mb) })).status).toBe(200);
      const refused = await shop.webhook(url, 'products/update', {}, { body: large(10 * mb) }).catch(() => undefined);
      // Who goes on sending is cut off, and may see nothing but that.
      if (refused) expect(refused.status).toBe(413);
      expect(await rows()).toHaveLength(1);
    });

    it('is 405 for another method, and never 404', async () => {
      expect((await fetch(`${url}/shopify/webhooks`)).status).toBe(405);
    });
  });

  describe('what is right', () => {
    it('is answered with 200, and is kept: only what is needed, and that encrypted', async () => {
      expect((await shop.webhook(url, 'products/update', product, { eventId: 'event-1' })).status).toBe(200);
      const [row] = await rows();
      expect(row).toMatchObject({ domain: shop.domain, topic: 'products/update', eventId: 'event-1' });
      expect(await bed.relay.tablesWith('grumblewool')).toEqual([]);
      expect(await bed.relay.tablesWith('gid://shopify/Product/17')).toEqual([]);
    });

    it('is kept once, however often and at once it comes; another topic of the same event is another', async () => {
      const eventId = randomUUID();
      const send = (topic: string, n: number) =>
        shop.webhook(url, topic, product, { eventId, webhookId: `webhook-${n}` });
      const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => send('products/update', n)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect((await send('products/create', 1)).status).toBe(200);
      expect((await rows()).map(({ topic }) => topic).sort()).toEqual(['products/create', 'products/update']);
    });

    it('is known by its webhook id where Shopify gives no event id', async () => {
      const send = () =>
        shop.webhook(url, 'products/update', product, {
          webhookId: 'webhook-7',
          headers: { 'X-Shopify-Event-Id': undefined },
        });
      expect([(await send()).status, (await send()).status]).toEqual([200, 200]);
      expect((await rows()).map(({ eventId }) => eventId)).toEqual(['webhook-7']);
    });

    it('is taken in any spelling of the shop’s name, and with Unicode in its bytes', async () => {
      const headers = { 'X-Shopify-Shop-Domain': shop.domain.toUpperCase() };
      const body = '{"id":17,"title":"Pulli für Zoë 🧶 \\u0000"}';
      expect((await shop.webhook(url, 'products/update', {}, { body, headers })).status).toBe(200);
      expect(await rows()).toHaveLength(1);
    });

    it('asks for nothing where the topic is none of ours', async () => {
      expect((await shop.webhook(url, 'themes/publish', { id: 1 })).status).toBe(200);
      expect(await rows()).toEqual([]);
    });

    it('asks for nothing of a shop that we do not know; of a compliance topic a receipt stays, and nobody in it', async () => {
      const stranger = bed.shopify.shop();
      expect((await stranger.webhook(url, 'products/update', product)).status).toBe(200);
      expect((await stranger.webhook(url, 'app/uninstalled', {})).status).toBe(200);
      expect(await rows(stranger.domain)).toEqual([]);
      const payload = {
        shop_id: 9,
        shop_domain: stranger.domain,
        customer: { id: 4711004711, email: 'zanzi.stranger@a.example', phone: '+353871234567' },
      };
      for (const topic of ['customers/data_request', 'customers/redact', 'shop/redact']) {
        expect((await stranger.webhook(url, topic, payload)).status).toBe(200);
      }
      const receipt = {
        outcome: { state: 'done', result: 'unknown_shop' },
        ciphertext: null,
        processedAt: expect.anything(),
      };
      expect(await rows(stranger.domain)).toMatchObject([receipt, receipt, receipt]);
    });
  });

  it('MISSING_TENANT_ISOLATION (Shopify’s security list): what one shop sends changes nothing of another', async () => {
    const other = bed.shopify.shop({ products: 1 });
    await install(other);
    const eventId = randomUUID();
    await shop.webhook(url, 'products/update', product, { eventId });
    await other.webhook(url, 'products/update', product, { eventId });
    await other.uninstall(url);
    await bed.jobsDone();
    const told = async (domain: string) => (await rows(domain)).map(({ topic }) => topic).sort();
    expect(await told(shop.domain)).toEqual(['products/update']);
    expect(await told(other.domain)).toEqual(expect.arrayContaining(['app/uninstalled', 'products/update']));
    const shops = await bed.relay.rows('ShopifyShop');
    const isInstalled = (domain: string) => shops.find(row => row.domain === domain).uninstalledAt === null;
    expect([isInstalled(shop.domain), isInstalled(other.domain)]).toEqual([true, false]);
  });

  it('are no route where the relay has no app', async () => {
    const plain = await startTestRelay({ database });
    expect((await shop.webhook(plain.url, 'products/update', product)).status).toBe(404);
    await plain.stop();
  });
});
