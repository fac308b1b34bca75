import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { article, collection, gid, page, product, variant } from '../../../../../e2e/fakes/shopify/catalogue.ts';
import type { FakeShop } from '../../../../../e2e/fakes/shopify/index.ts';
import { oneDatabase } from '../../../../../e2e/relay.ts';
import { type ShopifyRelay, startShopifyRelay } from '../../../../../e2e/shopify.ts';
import { ShopifyFault } from '../fault.ts';
import type { Shopify } from '../index.ts';
import { SHOPIFY_NIGHTLY, SHOPIFY_SYNC } from '../jobs.ts';
import type { SyncState } from '../shops.ts';
import { createApplyChanges } from './apply-changes.ts';
import { createBulkFinished } from './jobs.ts';
import { createSync } from './sync.ts';

const SOON = '2026-07-01T10:00:00Z';
const LATER = '2026-08-01T10:00:00Z';

describe.each(oneDatabase)('the knowledge of a Shopify shop on %s', database => {
  let bed: ShopifyRelay;
  let shopify: Shopify;
  beforeAll(async () => {
    bed = await startShopifyRelay({ database });
    shopify = bed.relay.services.shopify as Shopify;
  });
  afterAll(() => bed.stop());

  /** Installs the app; its first sync is then queued. Without `isTold` Shopify sends the relay no webhooks. */
  async function install(shop: FakeShop, { isTold = true } = {}) {
    if (isTold) await shop.open(bed.relay.url);
    shop.isInstalled = true;
    const { site } = await shopify.install({ domain: shop.domain, idToken: shop.idToken() });
    const state = async () => (await shopify.shops.bySite(site.id))?.sync as SyncState;
    const documents = async () =>
      (await bed.relay.rows('Document', site)).toSorted((a, b) => a.externalId.localeCompare(b.externalId));
    return {
      shop,
      site,
      state,
      documents,
      titles: async () => (await documents()).map(({ title }) => title).toSorted(),
      /** Has it read once more, as far as that goes. */
      async sync() {
        await bed.relay.services.jobs.enqueue(SHOPIFY_SYNC, { siteId: site.id }, { key: site.id });
        await bed.jobsDone();
        return state();
      },
    };
  }

  async function synced(shop = bed.shopify.shop()) {
    const installed = await install(shop);
    await bed.jobsDone();
    expect(await installed.state()).toMatchObject({ state: 'done', fault: null });
    return installed;
  }

  const callsOf = ({ domain }: FakeShop, name: string) =>
    bed.shopify.requests.filter(request => request.domain === domain && request.operationName === name);
  const alarms = () => bed.relay.logLines.filter(line => /"level":"(warn|error|fatal)"/.test(line));

  describe('that is read', () => {
    it('holds what visitors can see, and nothing else', async () => {
      const shop = bed.shopify.shop({ products: 2 });
      shop.catalogue.products.push(
        product(3, { title: 'Draft', status: 'DRAFT' }),
        product(4, { title: 'Archived', status: 'ARCHIVED' }),
        product(5, { title: 'Unpublished', publishedAt: null }),
      );
      shop.catalogue.collections.push(collection(2, { title: 'Hidden', published: false }));
      shop.catalogue.pages.push(page(3, { title: 'Next year', publishedAt: '2099-01-01T00:00:00Z' }));
      shop.catalogue.articles.push(article(2, { title: 'Not yet', isPublished: false, publishedAt: null }));
      const { state, documents, site } = await synced(shop);
      expect((await documents()).map(({ externalId, type, title }) => [externalId, type, title])).toEqual([
        [gid('Article', 1), 'post', 'The wool of 2026'],
        [gid('Collection', 1), 'page', 'Jumpers'],
        [gid('Page', 1), 'page', 'Shipping'],
        [gid('Product', 1), 'product', 'Jumper No. 1'],
        [gid('Product', 2), 'product', 'Jumper No. 2'],
        [gid('ShopPolicy', 1), 'policy', 'Refund policy'],
      ]);
      expect(await state()).toMatchObject({ documents: 6, deleted: 0, rejected: 0, finishedAt: expect.any(String) });
      expect((await documents()).find(({ externalId }) => externalId === gid('Product', 1))).toMatchObject({
        url: `https://${shop.domain}/products/jumper-no-1`,
        locale: site.settings.locale,
        product: { variants: [{ price: { amount: '119.00', currency: 'EUR' }, available: true }] },
      });
      expect(await bed.relay.rows('Chunk', site).then(chunks => JSON.stringify(chunks))).not.toContain('119');
    });

    it('is the same after once more, and nothing is written', async () => {
      const { documents, sync } = await synced();
      const before = await documents();
      expect(await sync()).toMatchObject({ state: 'done', documents: before.length, deleted: 0 });
      expect(await documents()).toEqual(before);
    });

    it('lets go of what the shop has not any more, and of what visitors do not see any more', async () => {
      const { shop, titles, sync } = await synced(bed.shopify.shop({ products: 4 }));
      const { products, pages, collections, policies } = shop.catalogue;
      products.splice(0, 1);
      Object.assign(products[0] ?? {}, { status: 'DRAFT' });
      Object.assign(products[1] ?? {}, { title: 'Renamed', updatedAt: LATER });
      Object.assign(pages[0] ?? {}, { body: '<p> </p>', updatedAt: LATER });
      Object.assign(collections[0] ?? {}, { published: false });
      policies.splice(0);
      expect(await sync()).toMatchObject({ state: 'done', deleted: 4 });
      expect(await titles()).toEqual(['Jumper No. 4', 'Renamed', 'The wool of 2026']);
    });

    it('has nothing of another shop', async () => {
      const [one, two] = [
        await synced(bed.shopify.shop({ products: 3 })),
        await synced(bed.shopify.shop({ products: 1 })),
      ];
      two.shop.catalogue.products[0] = product(1, { title: 'Another', updatedAt: LATER });
      await two.sync();
      expect(await one.titles()).toContain('Jumper No. 1');
      expect(await one.titles()).not.toContain('Another');
      expect(await two.titles()).not.toContain('Jumper No. 1');
    });

    it('leaves what it cannot see behind a password to the night after it opened, and says so', async () => {
      const { shop, titles, sync } = await synced(bed.shopify.shop({ products: 1 }));
      shop.catalogue.products = shop.catalogue.products.map(each => ({ ...each, publishedAt: null }));
      expect(await sync()).toMatchObject({ state: 'done', fault: expect.stringContaining('behind a password') });
      expect(await titles()).not.toContain('Jumper No. 1');
    });

    it('takes 1,000 products', { timeout: 200_000 }, async () => {
      const { state, documents } = await install(bed.shopify.shop({ products: 1_000 }));
      // Not `jobsDone`, which has less patience than a busy machine may need.
      await expect.poll(async () => (await state())?.state, { timeout: 180_000, interval: 250 }).toBe('done');
      expect(await state()).toMatchObject({ documents: 1_004, rejected: 0, fault: null });
      expect((await documents()).filter(({ type }) => type === 'product')).toHaveLength(1_000);
    });

    it('takes any text, and of an enormous one what fits', async () => {
      const shop = bed.shopify.shop({ products: 1 });
      const odd = '\u0000\ud800 &#0; <script>alert(1)</script> 🧶';
      shop.catalogue.products.push(
        product(2, { title: odd, descriptionHtml: odd, vendor: odd, handle: 'odd' }),
        product(3, { title: 'Enormous', descriptionHtml: `<p>${'wool '.repeat(500_000)}</p>` }),
        product(4, { title: 'Deep', descriptionHtml: '<div>'.repeat(5_000) }),
        product(5, { title: 'Many', variants: Array.from({ length: 300 }, (_, at) => variant(5_000 + at)) }),
      );
      const { state, titles, documents } = await synced(shop);
      expect(await titles()).toEqual(expect.arrayContaining(['Jumper No. 1', 'Enormous', 'Many']));
      expect(await titles()).not.toContain('Deep');
      expect(await state()).toMatchObject({ rejected: 2 });
      const many = (await documents()).find(({ title }) => title === 'Many');
      expect(many.product.variants).toHaveLength(100);
    });
  });

  /** A shop whose first sync waits for the four exports of it. */
  async function waiting(shop = bed.shopify.shop(), options = {}) {
    shop.faults.bulk.holds = true;
    const installed = await install(shop, options);
    await bed.jobsDone();
    const { state, documents, operations } = await installed.state();
    expect({ state, documents }).toEqual({ state: 'running', documents: 0 });
    expect(Object.keys(operations).toSorted()).toEqual(['articles', 'collections', 'pages', 'products']);
    return installed;
  }

  describe('while Shopify exports it', () => {
    it('is read as soon as Shopify says that all of it is there', async () => {
      const { shop, state } = await waiting();
      await shop.finishBulk();
      await bed.jobsDone();
      expect(await state()).toMatchObject({ state: 'done', documents: 7 });
    });

    it('is asked for now and then, where Shopify says nothing', async () => {
      const { shop, state } = await waiting(bed.shopify.shop(), { isTold: false });
      await shop.finishBulk();
      await bed.jobsDone();
      expect(await state()).toMatchObject({ state: 'running' });
      await bed.jobsDone({ hurry: true });
      expect(await state()).toMatchObject({ state: 'done', documents: 7 });
    });

    it('is not exported twice, however often it is asked for, or the relay starts', async () => {
      const { shop, sync, state } = await waiting();
      expect(await sync()).toMatchObject({ state: 'running' });
      await sync();
      await shop.finishBulk();
      await bed.jobsDone();
      expect(await state()).toMatchObject({ state: 'done' });
      expect(callsOf(shop, 'BulkStart')).toHaveLength(4);
      expect(new Set(callsOf(shop, 'BulkState').map(({ variables }) => variables?.id)).size).toBe(4);
    });

    it('is read once: the end of an export that nobody waits for begins nothing', async () => {
      const { shop, state, site } = await synced();
      const before = await state();
      const { jobs } = bed.relay.services;
      const finished = createBulkFinished({ shops: shopify.shops, jobs });
      await finished(shop.domain);
      await finished('unknown.myshopify.com');
      await jobs.enqueue(SHOPIFY_SYNC, { siteId: site.id, run: '2026-01-01T00:00:00.000Z' }, { key: site.id });
      await bed.jobsDone({ hurry: true });
      expect(await state()).toEqual(before);
      expect(callsOf(shop, 'BulkStart')).toHaveLength(4);
    });

    it('that was asked for anew is read, also where the queue held a late look at the time before', async () => {
      const { shop, state, site } = await synced();
      const startedAt = new Date().toISOString();
      const begun = { documents: 0, deleted: 0, rejected: 0, operations: {}, finishedAt: null, fault: null };
      await shopify.shops.setSync(site.id, { state: 'running', startedAt, ...begun });
      const late = { siteId: site.id, run: '2026-01-01T00:00:00.000Z' };
      await bed.relay.services.jobs.enqueue(SHOPIFY_SYNC, late, { key: site.id });
      await bed.jobsDone({ hurry: true });
      expect(await state()).toMatchObject({ state: 'done', startedAt, documents: 7 });
      expect(callsOf(shop, 'BulkStart')).toHaveLength(8);
    });

    it('does not wait for another shop that takes long', async () => {
      const slow = await waiting();
      const gate = Promise.withResolvers<void>();
      const looked = callsOf(slow.shop, 'BulkState').length;
      slow.shop.faults.hold(1, gate.promise);
      await slow.shop.finishBulk();
      await expect.poll(() => callsOf(slow.shop, 'BulkState').length, { timeout: 20_000 }).toBeGreaterThan(looked);
      const { state } = await install(bed.shopify.shop());
      await expect.poll(async () => (await state())?.state, { timeout: 20_000 }).toBe('done');
      expect(await slow.state()).toMatchObject({ state: 'running' });
      gate.resolve();
      await bed.jobsDone({ hurry: true });
      expect(await slow.state()).toMatchObject({ state: 'done' });
    });

    it('is no concern any more once the app was removed: nothing is asked or kept, and nobody is alarmed', async () => {
      const before = alarms().length;
      const { shop, state, documents } = await waiting();
      await shop.uninstall(bed.relay.url);
      await bed.jobsDone();
      const asked = callsOf(shop, 'BulkState').length;
      await shop.finishBulk();
      await bed.jobsDone({ hurry: true });
      expect(await documents()).toEqual([]);
      expect(callsOf(shop, 'BulkState')).toHaveLength(asked);
      expect((await state()).state).not.toBe('done');
      expect(alarms().slice(before)).toEqual([]);
    });

    it('is given up in the middle of reading when the app is removed, and read from its beginning by the next', async () => {
      const before = alarms().length;
      const { shop, state, documents } = await waiting();
      const read = Promise.withResolvers<void>();
      const { domain } = shop;
      // What is asked last before the files are read.
      shop.faults.hold(4, Promise.resolve());
      shop.faults.hold(1, read.promise);
      await shop.finishBulk();
      await expect.poll(() => callsOf(shop, 'ShopBasics'), { timeout: 20_000 }).toHaveLength(1);
      await shopify.uninstall(domain);
      read.resolve();
      await bed.jobsDone({ hurry: true });
      expect(await documents()).toEqual([]);
      expect(await state()).toMatchObject({ state: 'failed', fault: 'not_installed' });
      expect(alarms().slice(before)).toEqual([]);
      shop.faults.bulk.holds = false;
      await shopify.install({ domain, idToken: shop.idToken() });
      await bed.jobsDone();
      expect(await state()).toMatchObject({ state: 'done', documents: 7, fault: null });
    });
  });

  describe('in spite of trouble', () => {
    it('is whole in the end: throttled, refused for a while, and with tokens that end in the middle', async () => {
      const { shop, state, titles } = await waiting(bed.shopify.shop({ products: 60 }));
      const { faults } = shop;
      faults.throttle(2);
      faults.fail(1, 503);
      faults.fail(1, 429, { 'Retry-After': '0' });
      faults.expireTokens();
      await shop.finishBulk();
      await bed.jobsDone({ hurry: true });
      expect(await state()).toMatchObject({ state: 'done', fault: null, documents: 64 });
      expect(await titles()).toHaveLength(64);
      expect(callsOf(shop, 'BulkStart')).toHaveLength(4);
    });

    it('waits for a Shopify that is down, and alarms nobody', async () => {
      const before = alarms().length;
      const { shop, state } = await waiting();
      shop.faults.fail(6, 500, { 'Retry-After': '0' });
      await shop.finishBulk();
      await expect.poll(async () => (await state()).fault).toBe('unreachable');
      await bed.jobsDone({ hurry: true });
      expect(await state()).toMatchObject({ state: 'done', fault: null });
      expect(alarms().slice(before)).toEqual([]);
    });

    it('stops where only the merchant can help, says so, and goes on once they did', async () => {
      const { shop, state, documents, sync } = await synced();
      const known = await documents();
      shop.faults.revokeTokens();
      shop.faults.refuseRefresh();
      expect(await sync()).toMatchObject({ state: 'failed', fault: 'needs_merchant', finishedAt: expect.any(String) });
      expect(await documents()).toEqual(known);
      await bed.jobsDone({ hurry: true });
      expect(await state()).toMatchObject({ state: 'failed' });
      shop.faults.refuseRefresh(false);
      await shopify.install({ domain: shop.domain, idToken: shop.idToken() });
      expect(await sync()).toMatchObject({ state: 'done', fault: null });
    });

    it.each([
      ['fails at Shopify', { fails: 'INTERNAL_SERVER_ERROR' }, 3],
      ['is refused', { fails: 'ACCESS_DENIED' }, 1],
      ['has gone', { status: 404 }, 3],
    ] as const)('stays as it was where an export %s, time and again', async (_, fault, times) => {
      const { shop, documents, sync, state } = await synced();
      const known = await documents();
      shop.catalogue.products.splice(1);
      shop.catalogue.policies.splice(0);
      const asked = callsOf(shop, 'BulkStart').length;
      Object.assign(shop.faults.bulk, fault);
      await sync();
      await bed.jobsDone({ hurry: true });
      const words = 'Shopify did not hand out the products and the collections and the pages and the articles.';
      expect(await state()).toMatchObject({ state: 'failed', deleted: 1, fault: expect.stringContaining(words) });
      expect(callsOf(shop, 'BulkStart').length - asked).toBe(4 * times);
      expect(await documents()).toEqual(known.filter(({ type }) => type !== 'policy'));
    });

    it.each([
      ['breaks off', { cutAfter: 400 }],
      ['cannot be had for the moment', { status: 503 }],
    ])('is read again from the beginning where a file %s', async (_, fault) => {
      const before = alarms().length;
      const { shop, state, titles } = await waiting(bed.shopify.shop({ products: 20 }));
      Object.assign(shop.faults.bulk, fault);
      await shop.finishBulk();
      await expect.poll(async () => (await state()).fault).toBe('unreachable');
      Object.assign(shop.faults.bulk, { cutAfter: undefined, status: undefined });
      await bed.jobsDone({ hurry: true });
      expect(await state()).toMatchObject({ state: 'done', fault: null, documents: 24 });
      expect(await titles()).toHaveLength(24);
      expect(callsOf(shop, 'BulkStart')).toHaveLength(4);
      expect(alarms().slice(before)).toEqual([]);
    });

    it('says where the fault is ours', async () => {
      const { site, state } = await install(bed.shopify.shop(), { isTold: false });
      await bed.jobsDone({ hurry: true });
      const { knowledge } = bed.relay.services;
      const sync = createSync({ ...shopify, knowledge, fetch: async () => undefined as never });
      const { signal } = new AbortController();
      await expect
        .poll(() => sync.step(site.id, undefined, signal).catch(error => error), { timeout: 20_000 })
        .toBeInstanceOf(TypeError);
      expect(await state()).toMatchObject({ state: 'running', fault: 'Something went wrong in Confab.' });
    });

    it('passes over a line that nobody can read, counts it, and thinks nothing of its kind gone', async () => {
      const { shop, titles, sync } = await synced(bed.shopify.shop({ products: 5 }));
      shop.catalogue.products.pop();
      shop.faults.bulk.broken = true;
      expect(await sync()).toMatchObject({ state: 'done', rejected: 4, deleted: 0 });
      expect(await titles()).toContain('Jumper No. 5');
      shop.faults.bulk.broken = false;
      expect(await sync()).toMatchObject({ rejected: 0, deleted: 1 });
    });

    it('names no customer, no token and no address of a file in its log', async () => {
      const lines = bed.relay.logLines.join('');
      expect(lines).not.toMatch(/shpat_|shprt_|\/bulk\//);
    });
  });

  describe('of which something changed', () => {
    const none = { products: [], collections: [] };
    const signal = new AbortController().signal;
    const apply = (shop: FakeShop, changed: object) =>
      createApplyChanges({ ...shopify, knowledge: bed.relay.services.knowledge })(
        shop.domain,
        { ...none, ...changed },
        signal,
      );

    it('says what stands in the shop now, however often and late that is heard', async () => {
      const { shop, titles } = await synced(bed.shopify.shop({ products: 12 }));
      const { products, collections } = shop.catalogue;
      Object.assign(products[0] ?? {}, { title: 'Renamed', updatedAt: LATER });
      Object.assign(products[1] ?? {}, { status: 'ARCHIVED' });
      products.splice(2, 1);
      products.push(product(20, { title: 'New', updatedAt: LATER }));
      collections.push(collection(2, { title: 'Socks' }));
      const ids = [...Array.from({ length: 12 }, (_, at) => at + 1), 20, 1, 1].map(n => gid('Product', n));
      for (let times = 0; times < 2; times += 1) {
        await apply(shop, { products: ids, collections: [gid('Collection', 2), gid('Collection', 3)] });
        expect(await titles()).toEqual(expect.arrayContaining(['Renamed', 'New', 'Jumper No. 12', 'Socks', 'Jumpers']));
        expect(await titles()).toHaveLength(12 + 4 + 1 - 1);
      }
      Object.assign(collections[1] ?? {}, { published: false });
      await apply(shop, { collections: [gid('Collection', 2)] });
      expect(await titles()).not.toContain('Socks');
    });

    it('keeps what is newer than what comes late', async () => {
      const { shop, site, documents } = await synced(bed.shopify.shop({ products: 1 }));
      const [theProduct] = shop.catalogue.products;
      Object.assign(theProduct ?? {}, { title: 'Newer', updatedAt: LATER });
      await apply(shop, { products: [gid('Product', 1)] });
      Object.assign(theProduct ?? {}, { title: 'Older', updatedAt: SOON });
      await apply(shop, { products: [gid('Product', 1)] });
      expect((await documents()).map(({ title }) => title)).toContain('Newer');
      const plain = {
        externalId: gid('Product', 1),
        type: 'product',
        url: 'https://a.example/',
        title: 'Pushed',
        text: 'x',
      } as const;
      await bed.relay.services.knowledge.sync(site, { upsert: [{ ...plain, updatedAt: SOON }], delete: [] });
      expect((await documents()).map(({ title }) => title)).toContain('Pushed');
    });

    it('is left alone once the app was removed, and while Shopify does not answer', async () => {
      const { shop, documents } = await synced(bed.shopify.shop({ products: 1 }));
      const before = await documents();
      shop.catalogue.products.splice(0);
      shop.faults.fail(6, 500, { 'Retry-After': '0' });
      const failed = await apply(shop, { products: [gid('Product', 1)] }).catch(error => error);
      expect(failed).toBeInstanceOf(ShopifyFault);
      await shopify.uninstall(shop.domain);
      await apply(shop, { products: [gid('Product', 1)] });
      expect(await documents()).toEqual(before);
    });
  });

  it('is compared at night, each shop at a time of its own, without those that are gone', async () => {
    const here = await Promise.all([synced(), synced()]);
    const gone = await synced();
    await shopify.uninstall(gone.shop.domain);
    await bed.relay.services.jobs.enqueue(SHOPIFY_NIGHTLY, {});
    await bed.jobsDone();
    const places: { siteId: string; inS: number }[] = await bed.relay.db.$queryRaw`
      SELECT data ->> 'siteId' AS "siteId", extract(epoch FROM start_after - created_on)::int AS "inS"
      FROM pgboss.job WHERE name = 'shopify.sync.later' AND state = 'created'`;
    expect(places.map(({ siteId }) => siteId)).toEqual(expect.arrayContaining(here.map(({ site }) => site.id)));
    expect(places.map(({ siteId }) => siteId)).not.toContain(gone.site.id);
    expect(new Set(places.map(({ inS }) => inS)).size).toBeGreaterThan(1);
    expect(places.every(({ inS }) => inS >= 0 && inS <= 3 * 60 * 60)).toBe(true);
    const [first] = here;
    first.shop.catalogue.pages.push(page(9, { title: 'Of the day' }));
    await bed.relay.db.$executeRaw`
      UPDATE pgboss.job SET start_after = now()
      WHERE name = 'shopify.sync.later' AND data ->> 'siteId' = ${first.site.id} AND state = 'created'`;
    await bed.jobsDone();
    expect(await first.titles()).toContain('Of the day');
  });
});
