import './fakes/shopify/rewrite-fetch.ts';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  ask,
  askAndRead,
  choose,
  eventually,
  launchBrowser,
  launcher,
  nothing,
  openAnd,
  storedIn,
  thread,
  traces,
} from './browser.ts';
import { product, variant } from './fakes/shopify/catalogue.ts';
import type { FakeShop } from './fakes/shopify/index.ts';
import { metafieldValues, type Storefront, startStorefront, storefrontState } from './fakes/shopify/storefront.ts';
import { type ShopifyRelay, startShopifyRelay } from './shopify.ts';
import { openAdmin } from './shopify-browser.ts';
import { siteOf } from './shopify-plant.ts';

const PRODUCTS = 1_000;
const SYNCED = '119.00';
const LIVE = '87.50';
const QUESTION = 'How much is the Kittiwake Jumper?';
/** What a declined visitor says, and what a customer leaves: words that stand nowhere else. */
const DECLINED = 'zqwhisper';
const ann = { name: 'Ann Zanzibarine', email: 'ann.zanzibarine@a.example' };

let bed: ShopifyRelay;
let browser: Browser;
let storefront: Storefront;
let shop: FakeShop;
const faults: string[] = [];

beforeAll(async () => {
  [bed, browser, storefront] = await Promise.all([startShopifyRelay(), launchBrowser(), startStorefront()]);
  shop = bed.shopify.shop({ products: PRODUCTS - 1 });
  const { catalogue } = shop;
  catalogue.shop.primaryDomain = storefront.origin;
  const sizes = [variant(900_001, { title: 'S', price: SYNCED }), variant(900_002, { title: 'M', price: SYNCED })];
  catalogue.products.push(product(PRODUCTS, { title: 'Kittiwake Jumper', variants: sizes }));
}, 120_000);
afterAll(async () => {
  await browser?.close();
  storefront?.stop();
  await bed?.stop();
});

async function newTab(): Promise<Page> {
  const context: BrowserContext = await browser.newContext({ viewport: { width: 1_280, height: 900 } });
  context.setDefaultTimeout(30_000);
  context.on('weberror', error => faults.push(error.error().message));
  return context.newPage();
}

/** The shop as its theme shows it at this moment to somebody who comes for the first time. */
async function visit(): Promise<Page> {
  const { metafields } = shop.catalogue;
  const { isEmbedOn } = shop;
  storefront.state = storefrontState({ metafields: metafieldValues(metafields), isEmbedOn });
  const page = await newTab();
  await page.goto(`${storefront.origin}/products/kittiwake-jumper`);
  return page;
}

const rows = (table: string, site?: { id: string }) => bed.relay.rows(table, site);
const shopRow = async () => (await rows('ShopifyShop')).find(({ domain }) => domain === shop.domain);

/** The site that the shop has become. */
async function siteOfShop() {
  const { site, widget } = await siteOf(bed.relay, shop.domain);
  return { id: site.id, key: site.key, widget };
}

/** Opens the app as the merchant does, and waits until the shop has been read. */
async function openHome(page: Page) {
  const admin = await openAdmin(page, { ...bed, shop, relayUrl: bed.relay.url });
  await admin.frame.locator('s-page[heading="Confab"]').waitFor({ state: 'attached' });
  return admin.frame;
}

const stepOf = (frame: Awaited<ReturnType<typeof openHome>>, title: string) =>
  frame.locator('s-stack', { has: frame.locator('s-heading', { hasText: title }) }).last();

/** Sends what Shopify sends about a customer, and gives what the relay has noted about it. */
async function tell(topic: string) {
  const [{ externalId }] = await leadsOfAnn();
  const customer = { id: Number(externalId), email: ann.email, phone: null };
  const { status } = await shop.webhook(bed.relay.url, topic, { shop_id: 1, shop_domain: shop.domain, customer });
  expect(status).toBe(200);
  await bed.jobsDone();
  return (await rows('ShopifyWebhook')).find(row => row.topic === topic);
}
const leadsOfAnn = async () => (await rows('Lead')).filter(({ email }) => email === ann.email);

/** Every place at the relay that holds a word about Ann, logs and files of its data aside. */
const tablesWithAnn = async () =>
  (await Promise.all([ann.name, ann.email].map(word => bed.relay.tablesWith(word))))
    .flat()
    .filter(table => !table.startsWith('pgboss.'));

it('a shop installs the app, sells by it, and leaves nothing behind', { timeout: 120_000 }, async () => {
  // Installed by opening it: no form, no account.
  shop.faults.bulk.holds = true; // a large shop: its content comes later
  const merchant = await newTab();
  const first = await openHome(merchant);
  await stepOf(first, 'Let Confab read your shop').getByText('Under way').waitFor();
  const site = await siteOfShop();
  expect((await shopRow()).ciphertext).not.toBeNull();

  // The guide says when the shop has been read.
  await merchant.goto('about:blank');
  shop.faults.bulk.holds = false;
  await shop.finishBulk();
  await bed.jobsDone({ hurry: true });
  const documents = await rows('Document', site);
  expect(documents.filter(({ type }) => type === 'product')).toHaveLength(PRODUCTS);
  const guide = await openHome(merchant);
  await stepOf(guide, 'Let Confab read your shop').getByText('Done').waitFor();
  await stepOf(guide, 'Switch the chat on in your theme').getByText('To do').waitFor();
  const before = await visit();
  expect(await launcher(before).count()).toBe(0);

  // The embed is switched on where the guide leads.
  await guide.getByRole('link', { name: 'Open the theme editor' }).click();
  await merchant.getByRole('button', { name: 'Switch it on and save' }).click();
  await merchant.getByRole('link', { name: 'Back to Confab' }).click();
  await stepOf(guide, 'Switch the chat on in your theme').getByText('Done').waitFor();
  await stepOf(guide, 'Ask it a question').getByText('To do').waitFor();

  // The merchant wants leads, and allows what they need.
  const admin = await openAdmin(merchant, {
    ...{ ...bed, shop, relayUrl: bed.relay.url },
    path: '/shopify/app/settings',
  });
  await admin.frame.locator('#page [name="features.leads"] input').check();
  await merchant.getByRole('region', { name: 'Unsaved changes' }).getByRole('button', { name: 'Save' }).click();
  await admin.frame.locator('[data-request-scopes]').click();
  await merchant.getByRole('button', { name: 'Update' }).click();
  await eventually(async () => (await shopRow()).scopes).toContain('write_customers');

  // A visitor reads the price of this moment, and where it stands.
  for (const each of shop.catalogue.products.at(-1)?.variants ?? []) each.price = LIVE;
  const page = await visit();
  await openAnd(page, 'Accept');
  await askAndRead(page, QUESTION, `€${LIVE}`);
  expect(await thread(page).textContent()).not.toContain(SYNCED);
  const source = page.getByRole('log').locator('.sources').getByRole('link');
  expect(await source.getAttribute('href')).toBe(`${storefront.origin}/products/kittiwake-jumper`);
  expect((await page.context().cookies()).map(({ name }) => name)).toEqual(['cf_conversation']);
  expect(await rows('Conversation', site)).toHaveLength(1);

  // The product goes into the cart on a click, and not before.
  const card = page.getByRole('list', { name: 'Products' }).getByRole('listitem');
  expect(await page.locator('#cart-count').textContent()).toBe('0');
  await card.getByRole('combobox').selectOption('M');
  await card.getByRole('button', { name: 'Add to cart' }).click();
  await eventually(() => page.locator('#cart-count').textContent()).toBe('1');
  expect(await page.evaluate(() => window.stubShop.lines)).toEqual([
    { merchandiseId: 'gid://shopify/ProductVariant/900002', quantity: 1 },
  ]);

  // What she leaves to be reached makes her a customer.
  await choose(page, 'Leave your contact details');
  await page.getByRole('textbox', { name: 'Name' }).fill(ann.name);
  await page.getByRole('textbox', { name: 'E-mail' }).fill(ann.email);
  await page.getByRole('button', { name: 'Send to the shop' }).click();
  await eventually(async () => (await leadsOfAnn()).length).toBe(1);
  await bed.jobsDone();
  const customer = shop.catalogue.customers.find(({ email }) => email === ann.email);
  expect(customer).toMatchObject({ firstName: 'Ann', marketingState: 'NOT_SUBSCRIBED' });
  expect(await leadsOfAnn()).toMatchObject([{ siteId: site.id, externalId: customer?.id.split('/').pop() }]);

  // Somebody else is stored too, and will come back.
  const regular = await visit();
  await openAnd(regular, 'Accept');
  await askAndRead(regular, QUESTION, `€${LIVE}`);

  // Who declines is served as well, and leaves no trace.
  const stranger = await visit();
  await openAnd(stranger, 'Decline');
  await askAndRead(stranger, QUESTION, `€${LIVE}`);
  await stranger.getByRole('button', { name: 'Add to cart' }).click();
  await eventually(() => stranger.locator('#cart-count').textContent()).toBe('1');
  await ask(stranger, `Do you have a ${DECLINED}?`);
  await eventually(() => stranger.locator('confab-chat .assistant .prose:not(:empty)').count()).toBe(2);
  await stranger.getByRole('button', { name: 'Send' }).waitFor();
  expect(await storedIn(stranger)).toEqual(nothing);
  expect(await traces(bed.relay, [DECLINED])).toEqual([]);
  expect(await rows('Conversation', site)).toHaveLength(2);
  await stepOf(await openHome(merchant), 'Ask it a question')
    .getByText('Done')
    .waitFor();

  // She asks the shop what it knows about her, and then to be forgotten.
  expect(new Set(await tablesWithAnn())).toEqual(new Set(['public."Lead"']));
  expect(await tell('customers/data_request')).toMatchObject({ outcome: { state: 'done', counts: { leads: 1 } } });
  expect(await tell('customers/redact')).toMatchObject({ outcome: { state: 'done', counts: { leads: 1 } } });
  expect(await tablesWithAnn()).toEqual([]);
  expect(await rows('Conversation', site)).toHaveLength(1);
  expect(bed.relay.logLines.filter(line => line.includes(ann.email) || line.includes(ann.name))).toEqual([]);

  // Uninstalled: the chat is off, and what was kept waits for Shopify's word.
  await shop.uninstall(bed.relay.url);
  await bed.jobsDone();
  expect(await shopRow()).toMatchObject({ ciphertext: null, uninstalledAt: expect.any(String) });
  expect((await site.widget.config()).status).toBe(404);
  expect(await launcher(await visit()).count()).toBe(0);
  expect(await rows('Document', site)).not.toEqual([]);

  // Installed again before that word, it is the same shop, which goes on with what was said.
  await openHome(merchant);
  await bed.jobsDone({ hurry: true });
  expect((await siteOfShop()).key).toBe(site.key);
  storefront.state = storefrontState({ metafields: metafieldValues(shop.catalogue.metafields) });
  await regular.reload();
  await launcher(regular).click();
  await regular.getByRole('list', { name: 'Products' }).getByText(`€${LIVE} (as of`).waitFor();

  // Uninstalled and redacted: no row speaks of it but the receipts.
  await shop.uninstall(bed.relay.url);
  await shop.redact(bed.relay.url);
  await bed.jobsDone();
  for (const [table, held] of Object.entries(await bed.relay.dump('public'))) {
    const about = table === 'public."ShopifyWebhook"' ? [site.id, site.key] : [site.id, site.key, shop.domain];
    expect(
      held.filter(row => about.some(word => row.includes(word))),
      table,
    ).toEqual([]);
  }

  // Installed after it, it begins anew.
  await openHome(merchant);
  const anew = await siteOfShop();
  expect(anew.key).not.toBe(site.key);
  for (const table of ['Conversation', 'Lead', 'ConsentRecord', 'DataRequest']) {
    expect(await rows(table, anew), table).toEqual([]);
  }
  expect(faults).toEqual([]);
});
