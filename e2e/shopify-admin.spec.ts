import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually, launchBrowser } from './browser.ts';
import type { FakeShop } from './fakes/shopify/index.ts';
import { type ShopifyRelay, startShopifyRelay } from './shopify.ts';
import { openAdmin } from './shopify-browser.ts';
import { plantShop, siteOf } from './shopify-plant.ts';

const PAGES = ['', '/conversations', '/leads', '/knowledge', '/privacy'];
const WIDTHS = { desktop: { width: 1_280, height: 900 }, phone: { width: 390, height: 844 } };

let bed: ShopifyRelay;
let browser: Browser;
let full: FakeShop;
let empty: FakeShop;
let planted: Awaited<ReturnType<typeof plantShop>>;
const contexts: BrowserContext[] = [];
const faults: string[] = [];

beforeAll(async () => {
  [bed, browser] = await Promise.all([startShopifyRelay(), launchBrowser()]);
  [full, empty] = [bed.shopify.shop(), bed.shopify.shop()];
  for (const shop of [full, empty]) await shop.open(bed.relay.url);
  await bed.jobsDone({ hurry: true });
  planted = await plantShop(bed.relay, full.domain);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await bed?.stop();
});
afterEach(async () => {
  for (const context of contexts.splice(0)) await context.close();
  expect(faults.splice(0)).toEqual([]);
});

/** A page of the app in the admin of a shop. Whatever the browser complains of fails the test. */
async function open(shop: FakeShop, path = '', viewport = WIDTHS.desktop) {
  const context = await browser.newContext({ viewport });
  contexts.push(context);
  context.on('weberror', error => faults.push(error.error().message));
  context.on('dialog', dialog => {
    faults.push(`a dialog: ${dialog.message()}`);
    return dialog.dismiss();
  });
  context.on('console', message => {
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) faults.push(message.text());
  });
  const page = await context.newPage();
  const admin = await openAdmin(page, { ...bed, shop, relayUrl: bed.relay.url, path: `/shopify/app${path}` });
  await admin.frame.locator('#page s-page').waitFor({ state: 'attached' });
  return { ...admin, context };
}

/** What each page is looked at with: a shop that has just begun, and one with hostile words everywhere. */
const looks: [string, () => [FakeShop, string]][] = [
  ...PAGES.map(path => [`${path || '/'} with nothing`, () => [empty, path]] as (typeof looks)[number]),
  ...PAGES.map(path => [`${path || '/'} with much`, () => [full, path]] as (typeof looks)[number]),
  ['the check of the consent log', () => [full, '/privacy?verify=1']],
  ['a conversation', () => [full, `/conversations/${planted.rich}`]],
  ['a new answer', () => [full, '/knowledge/answers/new']],
  ['an answer put right', () => [full, `/conversations/${planted.rich}/answers/${planted.answer}`]],
  ['a restricted conversation', () => [full, `/conversations/${planted.restricted}`]],
];

describe.each(Object.keys(WIDTHS) as (keyof typeof WIDTHS)[])('on a %s', device => {
  it.each(looks)('%s is accessible, and as wide as the screen', async (name, placeOf) => {
    const viewport = WIDTHS[device];
    const { page } = await open(...placeOf(), viewport);
    const content = page.frames().find(each => each.url().includes('/shopify/app'));
    const size = await content?.evaluate(() => ({
      wider: document.documentElement.scrollWidth - innerWidth,
      height: document.documentElement.scrollHeight,
    }));
    if (process.env.CONFAB_SHOTS) {
      await page.setViewportSize({ ...viewport, height: (size?.height ?? 0) + 200 });
      await page.screenshot({ path: `${process.env.CONFAB_SHOTS}/${device}${name.replace(/\W+/g, '-')}.png` });
    }
    const axe = new AxeBuilder({ page }).include(['iframe']);
    const { violations } = await axe.analyze();
    const found = violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`,
    );
    expect({ wider: size?.wider, found }).toEqual({ wider: 0, found: [] });
  });
});

it('asks for no cookie and no third party beside Shopify, and keeps nothing in the browser', async () => {
  const { page, context } = await open(full);
  const hosts = new Set<string>();
  page.on('request', request => hosts.add(new URL(request.url()).host));
  await page.reload();
  expect(await context.cookies()).toEqual([]);
  const known = [new URL(bed.relay.url).host, 'admin.shopify.com', 'cdn.shopify.com'];
  expect([...hosts].filter(host => !known.includes(host))).toEqual([]);
});

it('what a merchant presses is done, and said', async () => {
  const { page, frame } = await open(empty, '/knowledge');
  await frame.locator('s-button', { hasText: 'Sync now' }).click();
  await eventually(() => page.locator('body').textContent()).toContain('Reading the shop');
  await frame.locator('[data-poll]').waitFor({ state: 'attached' });
  await bed.jobsDone({ hurry: true });
  await frame.locator('s-button', { hasText: 'Sync now' }).waitFor();
});

it('a lead that a CRM has not taken is tried again, and why it does not arrive stands there', async () => {
  const { page, frame } = await open(full, '/leads');
  const row = frame.locator('s-section', { hasText: 'Maeve Kelly' });
  await row.getByText('It had a fault of its own.').waitFor();
  await row.getByText('(Pacific/Auckland)').waitFor();
  await row.locator('s-button[accessibilitylabel="Try again: HubSpot"]').focus();
  await page.keyboard.press('Enter');
  await eventually(() => page.locator('#toasts').textContent()).toBe('It is tried again now');
  // It was not due before tomorrow.
  const soon = new Date(Date.now() + 60_000);
  const due = { target: 'hubspot', nextAt: { gt: soon } };
  expect(await bed.relay.db.delivery.count({ where: due })).toBe(0);
});

it('an answer is put right by keyboard, said where it is wrong, and known from then on', async () => {
  const { page, frame } = await open(full, `/conversations/${planted.rich}`);
  const field = (name: string) => frame.locator(`#page [name="${name}"]`);
  const box = (name: string) => field(name).locator('input, textarea');
  const entries = async () => {
    const { site } = await siteOf(bed.relay, full.domain);
    return (await bed.relay.services.entries.list(site, { limit: 100 })).items;
  };
  const before = await entries();
  const why = frame.getByText('Why did it say that?');
  expect(await frame.getByText('Spun from hostile wool.').isVisible()).toBe(false);
  await why.locator('xpath=..').focus();
  await page.keyboard.press('Enter');
  await frame.getByText('Spun from hostile wool.').waitFor();
  await frame.locator(`s-link[href$="${planted.answer}"]`).focus();
  await page.keyboard.press('Enter');
  await frame.locator('s-page[heading="Write an answer"]').waitFor();
  expect(await box('answer').inputValue()).toMatch(/^It is wool\.\n/);

  await box('question').fill('Is the jumper made of wool?');
  await box('link').fill('no address');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await eventually(() => field('link').getAttribute('error')).toContain('The address is not');
  expect(await box('question').inputValue()).toBe('Is the jumper made of wool?');
  expect(await entries()).toEqual(before);

  await frame.locator('s-button', { hasText: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Stay' }).click();
  expect(await box('question').inputValue()).toBe('Is the jumper made of wool?');
  await box('link').fill('');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await frame.locator('s-page[heading^="Conversation of"]').waitFor();
  await eventually(() => page.locator('#toasts').textContent()).toContain('Saved. The assistant answers from it');
  expect(await entries()).toMatchObject([{ question: 'Is the jumper made of wool?', links: [] }, ...before]);
});

it('a question without an answer is taken off the list, and an own answer removed, where one stands', async () => {
  const { page, frame } = await open(full, '/knowledge');
  const toast = () => page.locator('#toasts').textContent();
  await frame.locator('s-button', { hasText: 'Take off the list' }).focus();
  await page.keyboard.press('Enter');
  await eventually(toast).toContain('The question is off the list.');
  await frame.getByText('There is none: everything that was asked so far').waitFor();
  const removes = frame.locator('s-button', { hasText: 'Remove' });
  const count = await removes.count();
  await removes.first().focus();
  await page.keyboard.press('Enter');
  await eventually(toast).toContain('The answer is removed.');
  await eventually(() => removes.count()).toBe(count - 1);
});

it('a page without an ID token has one fetched and is there', async () => {
  const { page, frame } = await open(full);
  const content = page.frames().find(each => each.url().includes('/shopify/app'));
  const query = full.pageQuery();
  query.delete('id_token');
  await content?.goto(`${bed.relay.url}/shopify/app/leads?${query}`);
  await frame.locator('s-page[heading="Leads"]').waitFor({ state: 'attached' });
});
