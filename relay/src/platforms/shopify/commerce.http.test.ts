import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeShop, startFakeShopify } from '../../../../e2e/fakes/shopify/index.ts';
import { startTestRelay, within } from '../../../../e2e/relay.ts';
import { type ShopifyRelay, startShopifyRelay } from '../../../../e2e/shopify.ts';
import type { Site } from '../../features/sites/index.ts';
import type { Shopify } from './index.ts';

const never = new AbortController().signal;
const MINE = 'Where is my order?';

describe('what a shop knows at this moment', () => {
  let bed: ShopifyRelay;
  let shopify: Shopify;
  let shop: FakeShop;
  let site: Site;
  beforeAll(async () => {
    bed = await startShopifyRelay();
    shopify = bed.relay.services.shopify as Shopify;
  });
  afterAll(() => bed.stop());

  async function newShop(...scopes: string[]): Promise<[FakeShop, Site]> {
    const made = bed.shopify.shop();
    made.isInstalled = true;
    made.scopes.push(...scopes);
    const installed = await shopify.install({ domain: made.domain, idToken: made.idToken() });
    return [made, installed.site];
  }
  const callsTo = ({ domain }: FakeShop, operationName: string) =>
    bed.shopify.requests.filter(each => each.domain === domain && each.operationName === operationName);
  const ids = () => shop.catalogue.products.map(({ id }) => id);

  describe('of its products', () => {
    beforeEach(async () => {
      [shop, site] = await newShop();
    });

    const live = (externalIds: string[], locale = 'en', signal = never, of = site) =>
      shopify.commerce.products(of, externalIds, { locale, signal });

    it('is their price, what is left and their picture, whatever was synced', async () => {
      const [product] = shop.catalogue.products;
      if (!product) throw new Error('a shop without products');
      Object.assign(product.variants[0] ?? {}, {
        price: '123.45',
        inventoryQuantity: 0,
        inventoryPolicy: 'DENY',
        tracked: true,
      });
      product.images = [{ url: 'https://cdn.example/jumper.png', altText: null }];
      const told = (await live([product.id])).get(product.id);
      expect(told?.variants).toHaveLength(product.variants.length);
      expect(told?.variants[0]).toMatchObject({
        id: product.variants[0]?.id,
        price: { amount: '123.45', currency: shop.catalogue.shop.currencyCode },
        available: false,
      });
      expect(told?.image).toEqual({ url: 'https://cdn.example/jumper.png', alt: '' });
    });

    it('is told of a product whose names are longer than we show', async () => {
      const [product] = shop.catalogue.products;
      if (!product) throw new Error('a shop without products');
      Object.assign(product.variants[0] ?? {}, { title: 'x'.repeat(700) });
      product.images = [{ url: 'https://cdn.example/jumper.png', altText: 'y'.repeat(512) }];
      const told = (await live([product.id])).get(product.id);
      expect(told?.variants[0]?.title).toBe('x'.repeat(300));
      expect(told?.image?.alt).toBe('y'.repeat(500));
    });

    it('is asked for once, for all who want to know it within half a minute', async () => {
      const [one = '', two = ''] = ids();
      await Promise.all([live([one, two]), live([one, two]), live([two])]);
      await live([two, one]);
      expect(callsTo(shop, 'LiveProducts')).toHaveLength(1);
      await live([one], 'de');
      expect(callsTo(shop, 'LiveProducts')).toHaveLength(2);
    });

    it('is asked for without any token', async () => {
      const tokens = shop.tokens();
      await live(ids());
      const [asked] = callsTo(shop, 'LiveProducts');
      expect(tokens.some(token => JSON.stringify(asked).includes(token))).toBe(false);
      expect(asked?.path).toBe('/api/2026-10/graphql.json');
    });

    it('is told in the shop’s own language where Shopify has no code for the visitor’s', async () => {
      const [one = ''] = ids();
      expect((await live([one], 'xx')).has(one)).toBe(true);
      expect(callsTo(shop, 'LiveProducts').map(({ variables }) => variables?.language)).toEqual(['XX', null]);
      await live([one], 'pt-BR');
      expect(callsTo(shop, 'LiveProducts').at(-1)?.variables?.language).toBe('PT_BR');
    });

    it('is nothing for what visitors cannot see, what is not there, and what is no product', async () => {
      const [one, two] = shop.catalogue.products;
      if (!one || !two) throw new Error('a shop with too few products');
      one.publishedAt = null;
      const told = await live([one.id, two.id, 'gid://shopify/Product/999999', 'gid://shopify/Page/1', 'x"}']);
      expect([...told.keys()]).toEqual([two.id]);
      expect(callsTo(shop, 'LiveProducts')[0]?.variables?.ids).toEqual([
        one.id,
        two.id,
        'gid://shopify/Product/999999',
      ]);
    });

    it.each([
      ['has a fault', (each: FakeShop) => each.faults.fail(1, 500, {}, 'storefront')],
      ['is closed to visitors', (each: FakeShop) => each.faults.fail(1, 401, {}, 'storefront')],
      ['talks nonsense', (each: FakeShop) => each.faults.garbage(1, 'storefront')],
    ])('is left out where the shop %s, and is there again after that', async (_, breaks) => {
      const [one = ''] = ids();
      breaks(shop);
      expect((await live([one])).size).toBe(0);
      expect((await live([one])).size).toBe(1);
    });

    it('is waited for two seconds and no more, and a shop that keeps silent is left alone', async () => {
      const [one = '', two = '', three = '', four = ''] = [
        ...ids(),
        'gid://shopify/Product/77',
        'gid://shopify/Product/78',
      ];
      shop.faults.hang(10, 'storefront');
      const began = performance.now();
      const waited = await within(20_000, Promise.all([[one], [two], [three]].map(each => live(each))));
      expect(performance.now() - began).toBeGreaterThan(1_700);
      expect(waited.map(({ size }) => size)).toEqual([0, 0, 0]);
      expect((await live([four])).size).toBe(0);
      expect(callsTo(shop, 'LiveProducts')).toHaveLength(3);
    });

    it('is not waited for by a visitor who has left', async () => {
      shop.faults.hang(1, 'storefront');
      const leaving = new AbortController();
      const waiting = live(ids()).then(() => 'one who waits');
      const left = live(ids(), 'en', leaving.signal).then(() => 'one who has left');
      leaving.abort();
      expect(await Promise.race([waiting, left])).toBe('one who has left');
      await waiting;
    });

    it('is that of the site’s own shop, and of no other', async () => {
      const [other, otherSite] = await newShop();
      const [mine = ''] = ids();
      const theirs = other.catalogue.products.find(({ id }) => id === mine);
      if (theirs?.variants[0]) theirs.variants[0].price = '999.00';
      const prices = await Promise.all(
        [site, otherSite].map(async of => (await live([mine], 'en', never, of)).get(mine)),
      );
      expect(prices[0]?.variants[0]?.price.amount).not.toBe('999.00');
      expect(prices[1]?.variants[0]?.price.amount ?? 'none').toBe(theirs ? '999.00' : 'none');
    });

    it('is not asked of a shop that has removed the app', async () => {
      await shopify.uninstall(shop.domain);
      expect((await live(ids())).size).toBe(0);
      expect(callsTo(shop, 'LiveProducts')).toEqual([]);
    });
  });

  describe('of a customer’s orders', () => {
    async function shopWithOrders(): Promise<void> {
      [shop, site] = await newShop('read_orders');
      const settings = bed.relay.services.sites.settingsOf(site);
      const changed = { ...settings, features: { ...settings.features, orders: true } };
      ({ site } = await bed.relay.services.sites.updateSettings(site, site.settingsVersion, changed));
    }
    const ask = (question: string, customerId?: string, locale = 'en') =>
      shopify.commerce.orders(site, question, customerId, { locale, signal: never });
    const ofFirst = () => {
      const [order] = shop.catalogue.orders;
      if (!order) throw new Error('a shop without orders');
      return order;
    };

    it('is what became of them: name, day, state and tracking, and nothing of what, where or for how much', async () => {
      await shopWithOrders();
      const order = ofFirst();
      Object.assign(order, { name: '#1001', createdAt: '2026-11-03T10:00:00Z', displayFulfillmentStatus: 'FULFILLED' });
      const [passage, ...more] = await ask(MINE, '1');
      expect(more).toEqual([]);
      expect(passage).toMatchObject({ title: 'Your account', url: `${site.homeUrl}/account` });
      expect(passage?.text).toMatch(/^- Your order #1001 of November 3, 2026 has been sent\./);
      expect(JSON.stringify(passage)).not.toContain('authenticate?key');
      expect((await ask(MINE, '1', 'de'))[0]?.text).toMatch(
        /^- Ihre Bestellung #1001 vom 3\. November 2026 wurde versandt\./,
      );
    });

    it('is nothing of anybody else’s', async () => {
      await shopWithOrders();
      const [passage] = await ask(MINE, '2');
      expect(passage?.text).toMatch(/no order/);
      expect(passage?.text).not.toContain(ofFirst().name);
    });

    it('is how to sign in, for who has not proven to be a customer, whatever they write', async () => {
      await shopWithOrders();
      for (const question of [MINE, 'Where is my order #1001? My e-mail is ann@example.com']) {
        expect(await ask(question)).toEqual([
          { title: 'Your account', url: `${site.homeUrl}/account`, text: expect.stringContaining('sign in') },
        ]);
      }
      expect(callsTo(shop, 'LastOrders')).toEqual([]);
    });

    it('is not asked for by other questions', async () => {
      await shopWithOrders();
      expect(await ask('Do you ship to Iceland?', '1')).toEqual([]);
      expect(callsTo(shop, 'LastOrders')).toEqual([]);
    });

    it('is not told where its owner has not switched that on, or the shop has not granted it', async () => {
      await shopWithOrders();
      await shopify.scopesChanged(shop.domain, ['read_products']);
      expect(await ask(MINE, '1')).toEqual([]);
      [shop, site] = await newShop('read_orders');
      expect(await ask(MINE, '1')).toEqual([]);
      expect(callsTo(shop, 'LastOrders')).toEqual([]);
    });

    it('is not told where Shopify passes over whose orders were asked for', async () => {
      await shopWithOrders();
      shop.faults.ignoreFilters();
      expect(await ask(MINE, '2')).toEqual([]);
      expect(await ask(MINE, '1')).toEqual([]);
    });

    it('is left out where the shop does not tell it in two seconds', async () => {
      await shopWithOrders();
      await bed.jobsDone();
      shop.faults.hang(1);
      expect(await within(20_000, ask(MINE, '1'))).toEqual([]);
      shop.faults.fail(1, 404);
      expect(await ask(MINE, '1')).toEqual([]);
    });
  });

  describe('of who is signed in', () => {
    beforeAll(async () => {
      [shop, site] = await newShop();
    });

    type Told = { customerToken: string | null; expiresAt: string | null };
    const ask = async (query: string) => {
      const response = await fetch(`${bed.relay.url}/shopify/proxy/customer?${query}`);
      return {
        status: response.status,
        cache: response.headers.get('Cache-Control'),
        body: (await response.json()) as Told,
      };
    };
    const sign = (query: URLSearchParams, secret = bed.shopify.apiSecret) => {
      const names = [...new Set(query.keys())].filter(name => name !== 'signature').sort();
      const text = names.map(name => `${name}=${query.getAll(name).join(',')}`).join('');
      query.set('signature', createHmac('sha256', secret).update(text).digest('hex'));
      return query.toString();
    };
    const unsigned = (more: Record<string, string> = {}) =>
      new URLSearchParams({
        shop: shop.domain,
        logged_in_customer_id: '7',
        path_prefix: '/apps/confab',
        timestamp: String(Math.floor(Date.now() / 1_000)),
        ...more,
      });

    it('is a token for five minutes, that proves it to the shop’s own site alone', async () => {
      const { status, cache, body } = await ask(shop.proxyQuery({}, { customerId: '7001' }));
      expect({ status, cache }).toEqual({ status: 200, cache: 'no-store' });
      expect(Date.parse(body.expiresAt ?? '') - Date.now()).toBeLessThanOrEqual(5 * 60_000);
      expect(shopify.commerce.customerOf(site, body.customerToken ?? '')).toBe('7001');
      const [, otherSite] = await newShop();
      expect(shopify.commerce.customerOf(otherSite, body.customerToken ?? '')).toBeUndefined();
      expect(shopify.commerce.customerOf(site, undefined)).toBeUndefined();
    });

    it('is nobody, where nobody is, or the shop is not here', async () => {
      expect(await ask(shop.proxyQuery())).toMatchObject({
        status: 200,
        body: { customerToken: null, expiresAt: null },
      });
      const [gone] = await newShop();
      await shopify.uninstall(gone.domain);
      for (const each of [gone, bed.shopify.shop()]) {
        expect(await ask(each.proxyQuery({}, { customerId: '7' }))).toMatchObject({
          status: 200,
          body: { customerToken: null },
        });
      }
    });

    it.each<[string, () => string]>([
      ['without a signature', () => unsigned().toString()],
      ['under another secret', () => sign(unsigned(), 'another')],
      [
        'for another customer than was signed',
        () => `${shop.proxyQuery({}, { customerId: '7' })}&logged_in_customer_id=8`,
      ],
      [
        'with a customer put in the place of the signed one',
        () => shop.proxyQuery({}, { customerId: '7' }).replace('logged_in_customer_id=7', 'logged_in_customer_id=8'),
      ],
      [
        'for another shop than was signed',
        () => shop.proxyQuery({}, { customerId: '7' }).replace(shop.domain, 'other.myshopify.com'),
      ],
      ['with two shops', () => `${shop.proxyQuery({}, { customerId: '7' })}&shop=other.myshopify.com`],
      ['of two minutes ago', () => sign(unsigned({ timestamp: String(Math.floor(Date.now() / 1_000) - 120) }))],
      [
        'with a customer hidden in a name that a visitor has added, which leaves the signature as it was',
        () => {
          const theirs = new URLSearchParams(shop.proxyQuery({ a: '1logged_in_customer_id=8m=' }));
          theirs.set('a', '1');
          theirs.set('logged_in_customer_id', '8');
          theirs.set('m', 'logged_in_customer_id=');
          return theirs.toString();
        },
      ],
      ['of no time', () => sign(unsigned({ timestamp: 'now' }))],
      ['signed, but of no shop', () => sign(unsigned({ shop: 'shop.example' }))],
      ['empty', () => ''],
    ])('is refused %s', async (_, query) => {
      expect(await ask(query())).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
    });

    it('is nobody where two are signed for, or one that is no number', async () => {
      const two = unsigned();
      two.append('logged_in_customer_id', '8');
      for (const query of [two, unsigned({ logged_in_customer_id: '7 OR 1' })]) {
        expect(await ask(sign(query))).toMatchObject({ status: 200, body: { customerToken: null } });
      }
    });
  });
});

it('is nobody’s business where the relay has no app on Shopify', async () => {
  const [relay, fake] = [await startTestRelay(), await startFakeShopify()];
  const query = fake.shop().proxyQuery({}, { customerId: '7' });
  expect((await fetch(`${relay.url}/shopify/proxy/customer?${query}`)).status).toBe(404);
  await Promise.all([relay.stop(), fake.stop()]);
});
