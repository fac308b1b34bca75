import './fakes/shopify/rewrite-fetch.ts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { FakeModelServer, Script } from './fakes/model-server.ts';
import { startFakeOpenai } from './fakes/openai.ts';
import { customer, gid, order, product, variant } from './fakes/shopify/catalogue.ts';
import type { FakeShop } from './fakes/shopify/index.ts';
import { clientsOf, oneDatabase, question } from './relay.ts';
import { type ShopifyRelay, startShopifyRelay } from './shopify.ts';

const SYNCED = '39.17';
const LIVE = '28.41';
const PRICE_ASKED = 'How much is the Kittiwake jumper?';

describe.each(oneDatabase)('answers in a Shopify shop on %s', database => {
  let bed: ShopifyRelay;
  const vendors: FakeModelServer[] = [];
  beforeAll(async () => {
    bed = await startShopifyRelay({ database });
  });
  afterEach(async () => {
    await Promise.all(vendors.splice(0).map(vendor => vendor.close()));
  });
  afterAll(() => bed.stop());

  /** A shop of its own, installed and synced, with one jumper in two sizes; `script` is of its language model. */
  async function openShop({ script, features = {} }: { script?: Script; features?: object } = {}) {
    const shop = bed.shopify.shop();
    const sizes = [
      variant(101, { title: 'S', price: SYNCED }),
      variant(102, { title: 'M', price: SYNCED, inventoryQuantity: 0 }),
    ];
    const jumper = product(1, { title: 'Kittiwake jumper', descriptionHtml: '<p>Warm.</p>', variants: sizes });
    shop.catalogue.products = [jumper];
    shop.scopes.push('read_orders');
    await shop.open(bed.relay.url);
    await bed.jobsDone({ hurry: true });
    const { sites } = bed.relay.services;
    const key = shop.catalogue.metafields['confab.site_key']?.value ?? '';
    const site = await sites.byKey(key);
    const settings = sites.settingsOf(site);
    const vendor = script && (await startFakeOpenai({ script }));
    if (vendor) vendors.push(vendor);
    const openai = { apiKey: 'key-of-the-shop', baseUrl: vendor?.url ?? '', model: 'fake', api: null };
    await sites.updateSettings(site, site.settingsVersion, {
      ...settings,
      answers: { ...settings.answers, ...(vendor && { openai }) },
      features: { ...settings.features, ...features },
    });
    return { shop, jumper, vendor, id: site.id, widget: clientsOf(bed.relay.url, key, '').widget };
  }

  const reprice = ({ variants }: { variants: { price: string }[] }, price: string) => {
    for (const each of variants) each.price = price;
  };
  const askedLive = ({ domain }: FakeShop) =>
    bed.shopify.requests.filter(each => each.domain === domain && each.operationName === 'LiveProducts');

  describe('about a product', () => {
    it('tell the price of this moment, which no model was sent', async () => {
      const { jumper, vendor, widget } = await openShop({ script: { pieces: ['It is {{price', ' 1}} [1].'] } });
      reprice(jumper, LIVE);
      const { completed } = await widget.turn(question(PRICE_ASKED, { consentToken: await widget.token() }));
      expect(completed).toMatchObject({
        text: `It is €${LIVE} [1].`,
        products: [
          {
            title: 'Kittiwake jumper',
            price: `€${LIVE}`,
            available: true,
            asOf: null,
            variants: [
              { id: gid('ProductVariant', 101), title: 'S', price: `€${LIVE}`, available: true },
              { id: gid('ProductVariant', 102), title: 'M', price: `€${LIVE}`, available: false },
            ],
          },
        ],
      });
      const sent = JSON.stringify(vendor?.requests[0]?.body);
      expect(sent).toContain('{{price 1.2}}');
      for (const price of [SYNCED, LIVE]) expect(sent).not.toContain(price);
    });

    it('tell a price that has changed, once it is asked for again', async () => {
      const { shop, jumper, widget } = await openShop({ script: { pieces: ['It is {{price 1}} [1].'] } });
      const ask = async (locale: string, text = PRICE_ASKED) =>
        (await widget.turn({ ...question(text, { thread: [] }), locale })).completed?.text;
      expect(await ask('en')).toContain(`€${SYNCED}`);
      reprice(jumper, LIVE);
      // For some seconds a price is of this moment; what is told in another language is asked for anew.
      expect(await ask('en')).toContain(`€${SYNCED}`);
      expect(askedLive(shop)).toHaveLength(1);
      expect(await ask('en-IE')).toContain(`€${SYNCED}`);
      expect(await ask('de', 'Was kostet denn der Kittiwake jumper?')).toContain(LIVE.replace('.', ','));
      expect(askedLive(shop)).toHaveLength(2);
    });

    it('say that it is sold out, as soon as it is', async () => {
      const { jumper, widget } = await openShop();
      for (const each of jumper.variants) each.inventoryQuantity = 0;
      const { completed } = await widget.turn(question('Is the Kittiwake jumper in stock?', { thread: [] }));
      expect(completed?.text).toBe(`Kittiwake jumper: €${SYNCED}, sold out [1]`);
      expect(completed?.products).toMatchObject([{ available: false }]);
    });

    it('tell what was synced, with its day, where the shop does not answer', async () => {
      for (const breaks of [
        ({ faults }: FakeShop) => faults.hang(1, 'storefront'),
        ({ faults }: FakeShop) => faults.fail(1, 503, {}, 'storefront'),
        ({ faults }: FakeShop) => faults.garbage(1, 'storefront'),
      ]) {
        const { shop, jumper, widget } = await openShop();
        reprice(jumper, LIVE);
        breaks(shop);
        const { completed } = await widget.turn(question(PRICE_ASKED, { thread: [] }));
        expect(completed?.text).toMatch(
          new RegExp(`^Kittiwake jumper: €${SYNCED} \\(as of .* 2\\d{3}\\), in stock \\[1\\]$`),
        );
        expect(completed?.products).toMatchObject([{ price: `€${SYNCED}`, asOf: expect.any(String) }]);
        expect(askedLive(shop)).toHaveLength(1);
      }
    });

    it('begin before the shop has answered, and wait only where they speak of the price', async () => {
      const { shop, widget } = await openShop({ script: { pieces: ['It is warm', ' and costs {{price 1}}.'] } });
      const gate = Promise.withResolvers<void>();
      shop.faults.hold(1, gate.promise, 'storefront');
      const turn = await widget.open(question(PRICE_ASKED, { thread: [] }));
      expect((await turn.until('delta')).at(-1)?.data).toEqual({
        text: expect.stringMatching(/^It is (warm and costs )?$/),
      });
      gate.resolve();
      expect((await turn.rest()).at(-1)?.data).toMatchObject({ text: `It is warm and costs €${SYNCED}.` });
    });
  });

  describe('about an order', () => {
    const ORDER_ASKED = 'Where is my order?';
    const parcel = { company: 'An Post', number: 'RX123456789IE', url: null };
    const sent = {
      id: gid('Fulfillment', 1),
      status: 'SUCCESS',
      displayStatus: null,
      createdAt: '2026-06-02T10:00:00Z',
      estimatedDeliveryAt: null,
      deliveredAt: null,
      trackingInfo: [parcel],
    };

    async function openOrders(more: Parameters<typeof openShop>[0] = {}) {
      const opened = await openShop({ ...more, features: { orders: true } });
      const { catalogue } = opened.shop;
      catalogue.customers = [customer(7), customer(8)];
      catalogue.orders = [
        order(4711, { customer: gid('Customer', 7), displayFulfillmentStatus: 'FULFILLED', fulfillments: [sent] }),
        order(4712, { customer: gid('Customer', 8) }),
      ];
      return opened;
    }

    /** What the page of a signed-in customer gets through the app proxy. */
    async function tokenOf(shop: FakeShop, customerId: number): Promise<string> {
      const response = await fetch(`${bed.relay.url}/shopify/proxy/customer?${shop.proxyQuery({}, { customerId })}`);
      return ((await response.json()) as { customerToken: string }).customerToken;
    }

    it('tell a signed-in customer about their own, and nobody else', async () => {
      const { shop, widget } = await openOrders();
      const ask = async (customerToken?: string) =>
        (await widget.turn({ ...question(ORDER_ASKED, { thread: [] }), ...(customerToken && { customerToken }) }))
          .completed;
      const own = await ask(await tokenOf(shop, 7));
      expect(own?.text).toMatch(/> Your order #4711 of .* has been sent\..*RX123456789IE.*\[1\]/);
      expect(own?.citations).toMatchObject([{ index: 1, title: 'Your account' }]);
      expect((await ask(await tokenOf(shop, 8)))?.text).toContain('#4712');

      const other = await openOrders();
      const foreign = await tokenOf(other.shop, 7);
      const old = await tokenOf(shop, 7);
      bed.relay.clock.setAhead(6 * 60 * 1_000);
      const stale = await ask(old);
      bed.relay.clock.setAhead(0);
      for (const answer of [stale, await ask(), await ask('made-up'), await ask(foreign)]) {
        expect(answer?.text).toContain('sign in to your customer account');
        expect(answer?.text).not.toMatch(/#471/);
      }
    });

    it('leave the pages their say', async () => {
      const { shop, jumper, widget } = await openOrders();
      shop.catalogue.orders = [1, 2, 3, 4, 5].map(n => order(4720 + n, { customer: gid('Customer', 7) }));
      const asked = { thread: [], customerToken: await tokenOf(shop, 7) };
      const answer = async (text: string) => (await widget.turn(question(text, asked))).completed?.text;
      expect(await answer(`I bought the ${jumper.title}, is it warm?`)).toContain('> Warm. [2]');
      expect(await answer(ORDER_ASKED)).toMatch(/#4725.*#4724.*#4723/s);
    });

    it('are given to a model before the pages, and cited', async () => {
      const { shop, vendor, widget } = await openOrders({ script: { pieces: ['On its way [1].'] } });
      const asked = { thread: [], customerToken: await tokenOf(shop, 7) };
      const { completed } = await widget.turn(question('Where is my order of the Kittiwake jumper?', asked));
      expect(completed?.citations).toMatchObject([{ index: 1, title: 'Your account' }]);
      const data = vendor?.requests[0]?.body.input.at(-1).content;
      expect(data.indexOf('#4711')).toBeLessThan(data.indexOf('{{price 2}}'));
      expect(data.indexOf('#4711')).toBeGreaterThan(0);
    });

    it('say who the customer of a stored conversation is, and of it alone', async () => {
      const { shop, widget, id } = await openOrders();
      const customerOf = async () => (await bed.relay.rows('Conversation', { id })).map(row => row.externalId);
      const token = await tokenOf(shop, 7);
      await widget.turn(question(ORDER_ASKED, { thread: [], customerToken: token }));
      expect(await customerOf()).toEqual([]);
      const conversationId = await widget.begin('Hello');
      expect(await customerOf()).toEqual([null]);
      const asked = await widget.turn(question(ORDER_ASKED, { conversationId, customerToken: token }));
      expect(asked.completed?.text).toContain('#4711');
      expect(await customerOf()).toEqual(['7']);
      await widget.turn(question('Thank you', { conversationId }));
      expect(await customerOf()).toEqual(['7']);

      // Somebody else at the same browser gets nothing of their own into it.
      const other = await widget.turn(question(ORDER_ASKED, { conversationId, customerToken: await tokenOf(shop, 8) }));
      expect(other.completed?.text).not.toContain('#4712');
      expect(await customerOf()).toEqual(['7']);

      await widget.turn(question(ORDER_ASKED, { consentToken: await widget.token(), customerToken: token }));
      expect(await customerOf()).toEqual(['7', '7']);
    });

    it('leave nothing of a visitor who is not stored, and no word in the log', async () => {
      const { shop, widget } = await openOrders();
      shop.catalogue.orders = [order(975310864, { customer: gid('Customer', 7) })];
      const customerToken = await tokenOf(shop, 7);
      const { completed } = await widget.turn(question(ORDER_ASKED, { thread: [], customerToken }));
      expect(completed?.text).toContain('975310864');
      for (const word of ['975310864', customerToken]) {
        expect(await bed.relay.tablesWith(word)).toEqual([]);
        expect(bed.relay.logLines.join('')).not.toContain(word);
      }
    });

    it('are not looked up where the owner does not offer it', async () => {
      const { shop, widget, id } = await openShop();
      const asked = { consentToken: await widget.token(), customerToken: await tokenOf(shop, 7) };
      const { completed } = await widget.turn(question(ORDER_ASKED, asked));
      expect(completed?.text).not.toMatch(/sign in|#/);
      expect(await bed.relay.rows('Conversation', { id })).toMatchObject([{ externalId: null }]);
    });
  });
});
