import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type FakeShop, startFakeShopify } from './fakes/shopify/index.ts';
import { clientsOf, databaseEnvironment, databases, makeDataDir, spawnRelay, startTestRelay } from './relay.ts';
import { type ShopifyRelay, startShopifyRelay } from './shopify.ts';

vi.setConfig({ testTimeout: 120_000 });

/** A customer of the shop. Each thing about her is a word that stands nowhere else. */
const jane = { id: 7_483_920_174_839, email: 'jane.zanzibarine@a.example', phone: '+353871234567' };
const said = 'quixolotl';
const words = [String(jane.id), jane.email, '353871234567', said];

describe.each(databases)('the life of an installation on %s', database => {
  let bed: ShopifyRelay;
  afterEach(() => bed.stop());

  const tablesWith = async () =>
    Object.entries(await bed.relay.dump()).flatMap(([table, rows]) =>
      words.some(word => rows.some(row => row.includes(word) || row.includes(Buffer.from(word).toString('hex'))))
        ? table
        : [],
    );
  const site = async (shop: FakeShop) => {
    const row = (await bed.relay.rows('ShopifyShop')).find(({ domain }) => domain === shop.domain);
    const found = row && (await bed.relay.services.sites.byId(row.siteId));
    return found && { id: found.id, ...clientsOf(bed.relay.url, found.key, '') };
  };
  const open = async (shop: FakeShop) => {
    expect((await shop.open(bed.relay.url)).status).toBe(200);
    await bed.jobsDone();
    const opened = await site(shop);
    if (!opened) throw new Error('no site');
    return opened;
  };
  const tell = async (shop: FakeShop, topic: string, payload: object) => {
    const eventId = randomUUID();
    expect((await shop.webhook(bed.relay.url, topic, payload, { eventId })).status).toBe(200);
    await bed.jobsDone();
    const rows = await bed.relay.rows('ShopifyWebhook');
    return rows.find(row => row.eventId === eventId);
  };
  const customers = (shop: FakeShop) => ({ shop_id: 1, shop_domain: shop.domain, customer: jane });

  /** What a visitor leaves who was signed in as her, and what somebody else leaves. */
  async function visit({ id, widget }: Awaited<ReturnType<typeof open>>) {
    const handle = await widget.begin(`Is ${said} wool?`);
    const found = await bed.relay.services.sites.byId(id);
    const conversation = found && (await bed.relay.services.conversations.look(found, handle));
    await bed.relay.db.conversation.updateMany({
      where: { siteId: id, id: conversation?.id ?? '' },
      data: { externalId: String(jane.id) },
    });
    await widget.lead({ fields: { email: jane.email, phone: jane.phone } });
    return { handle, other: await widget.begin('Is it warm?') };
  }

  it('leaves in the database what each step says, and nothing else', async () => {
    bed = await startShopifyRelay({ database });
    const { relay } = bed;
    const shop = bed.shopify.shop({ products: 3 });
    const beside = bed.shopify.shop({ products: 3 });

    const first = await open(shop);
    const neighbour = await open(beside);
    expect(await relay.rows('Document', first)).not.toEqual([]);
    const { other } = await visit(first);
    const theirs = await visit(neighbour);
    expect(new Set(await tablesWith())).toEqual(
      new Set(['public."Conversation"', 'public."Lead"', 'public."Message"']),
    );

    // Data request.
    expect((await tell(shop, 'customers/data_request', customers(shop))).outcome).toMatchObject({
      counts: { conversations: 1, leads: 1 },
    });

    // Customer redaction: of this shop alone.
    expect((await tell(shop, 'customers/redact', customers(shop))).outcome).toMatchObject({
      state: 'done',
      counts: { conversations: 1, messages: 2, leads: 1 },
    });
    expect(await relay.rows('Lead', first)).toEqual([]);
    expect((await first.widget.conversation(other)).status).toBe(200);
    expect((await neighbour.widget.conversation(theirs.handle)).status).toBe(200);
    await tell(beside, 'customers/redact', customers(beside));
    expect(await tablesWith()).toEqual([]);

    // Uninstalled: the widget is off at once and the tokens are gone; what was said waits.
    await shop.uninstall(relay.url);
    await bed.jobsDone();
    expect((await first.widget.config()).status).toBe(404);
    const uninstalled = (await relay.rows('ShopifyShop')).find(({ domain }) => domain === shop.domain);
    expect(uninstalled).toMatchObject({ ciphertext: null, keyId: null, uninstalledAt: expect.any(String) });
    expect(await relay.rows('Conversation', first)).toHaveLength(1);

    // Installed again before the redaction: all is back.
    const second = await open(shop);
    expect([second.id, second.key]).toEqual([first.id, first.key]);
    expect((await second.widget.conversation(other)).status).toBe(200);

    // Uninstalled and redacted: nothing of the site is anywhere.
    await shop.uninstall(relay.url);
    await shop.redact(relay.url);
    await bed.jobsDone();
    const [receipt] = (await relay.rows('ShopifyWebhook')).filter(({ topic }) => topic === 'shop/redact');
    expect(receipt).toMatchObject({ outcome: { state: 'done', result: 'done', counts: { conversations: 1 } } });
    for (const [table, rows] of Object.entries(await relay.dump('public'))) {
      expect(
        rows.filter(row => row.includes(first.id) || row.includes(first.key)),
        table,
      ).toEqual([]);
      const mayName = /"(ShopifyWebhook)"$/.test(table);
      if (!mayName)
        expect(
          rows.filter(row => row.includes(shop.domain)),
          table,
        ).toEqual([]);
    }

    // Installed after it: a new site, with nothing of the old one.
    const third = await open(shop);
    expect(third.key).not.toBe(first.key);
    expect((await third.widget.conversation(other)).status).toBe(404);
    for (const table of ['Conversation', 'Lead', 'ConsentRecord', 'DataRequest']) {
      expect(await relay.rows(table, third), table).toEqual([]);
    }
    // Nobody beside was touched by any of it.
    expect((await neighbour.widget.conversation(theirs.other)).status).toBe(200);
    expect(relay.logLines.filter(line => words.some(word => line.includes(word)))).toEqual([]);
  });

  it('can end in the middle of the first sync: the site goes, and nothing of it comes back', async () => {
    bed = await startShopifyRelay({ database });
    const { relay } = bed;
    const shop = bed.shopify.shop({ products: 30 });
    shop.faults.bulk.holds = true;
    const opened = await open(shop);
    await shop.uninstall(relay.url);
    await shop.redact(relay.url);
    await bed.jobsDone();
    expect(await site(shop)).toBeUndefined();
    // The word of a sync that has ended meanwhile.
    await shop.webhook(relay.url, 'bulk_operations/finish', { admin_graphql_api_id: 'gid://shopify/BulkOperation/1' });
    await shop.webhook(relay.url, 'products/update', { id: 1 });
    await bed.jobsDone({ hurry: true });
    for (const [table, rows] of Object.entries(await relay.dump('public'))) {
      expect(
        rows.filter(row => row.includes(opened.id)),
        table,
      ).toEqual([]);
    }
    expect(relay.logLines.filter(line => line.includes('"level":50'))).toEqual([]);
  });
});

describe.each(databases)('a relay that is killed in a storm of webhooks, on %s', database => {
  it('has lost none that it had answered, and works off all of them after its start', async () => {
    const shopify = await startFakeShopify();
    const shop = shopify.shop({ products: 20 });
    const dataDir = await makeDataDir({ empty: database === 'postgres' });
    const env = { ...(await databaseEnvironment(database)), ...shopify.env };
    const preload = new URL('./fakes/shopify/rewrite-fetch.ts', import.meta.url).href;
    const child = await spawnRelay({
      dataDir,
      env: { ...env, NODE_OPTIONS: `--import=${preload}`, FAKE_SHOPIFY_URL: shopify.url },
    });
    expect((await shop.open(child.url)).status).toBe(200);

    for (const product of shop.catalogue.products) product.title = `Grumblewool ${product.handle}`;
    const events = Array.from({ length: 200 }, (_, n) => ({
      eventId: `storm-${n}`,
      payload: { id: Number(shop.catalogue.products[n % 20]?.id.split('/').at(-1)) },
    }));
    const answered: string[] = [];
    await Promise.all(
      events.map(async ({ eventId, payload }) => {
        const { status } = (await shop
          .webhook(child.url, 'products/update', payload, { eventId })
          .catch(() => ({ status: 0 }))) as { status: number };
        if (status === 200) answered.push(eventId);
        if (answered.length === 80) child.kill('SIGKILL');
      }),
    );
    expect((await child.ended).signal).toBe('SIGKILL');

    const relay = await startTestRelay({ database, env: { ...env, CONFAB_DATA_DIR: dataDir } });
    const rows = async () => (await relay.rows('ShopifyWebhook')).filter(({ eventId }) => /^storm-/.test(eventId));
    const kept = (await rows()).map(({ eventId }) => eventId);
    expect(answered.filter(eventId => !kept.includes(eventId))).toEqual([]);
    // Shopify sends again what was not answered.
    for (const { eventId, payload } of events.filter(event => !answered.includes(event.eventId))) {
      expect((await shop.webhook(relay.url, 'products/update', payload, { eventId })).status).toBe(200);
    }
    // What was being worked on by the one that died is free after a while; then the next look finds it.
    relay.clock.setAhead(6 * 60_000);
    await relay.services.jobs.enqueue('shopify.webhooks.sweep', {});
    const open = async () => (await rows()).filter(({ processedAt }) => processedAt === null).length;
    await expect.poll(open, { timeout: 60_000, interval: 100 }).toBe(0);
    expect(await rows()).toHaveLength(200);
    expect(new Set((await rows()).map(({ outcome }) => outcome.state))).toEqual(new Set(['done']));
    const titles = (await relay.rows('Document')).filter(({ title }) => /^Grumblewool/.test(title));
    expect(titles).toHaveLength(20);
    await relay.stop();
    await shopify.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
});
