import { AxeBuilder } from '@axe-core/playwright';
import type { DocumentUpsert } from '@confab/contract';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  askAndRead,
  choose,
  composer,
  eventually,
  launcher,
  nothing,
  openAnd,
  panel,
  storedIn,
  thread,
  traces,
  useConfab,
} from './browser.ts';
import {
  type AppProxy,
  type Storefront,
  type StorefrontState,
  startStorefront,
  storefrontState,
} from './fakes/shopify/storefront.ts';
import type { StubShop } from './fakes/shopify/storefront-page.ts';
import type { TestSite } from './relay.ts';

declare global {
  interface Window {
    stubShop: StubShop;
  }
}

const { here, arrive, say } = useConfab();

const QUESTION = 'What does the Kittiwake Jumper cost?';
const READ = 'The Kittiwake Jumper costs';

const size = (title: string, amount: string, available: boolean) => ({
  id: `gid://shopify/ProductVariant/${title.length}`,
  title,
  price: { amount, currency: 'EUR' },
  available,
});

const jumper = (origin: string): DocumentUpsert => ({
  externalId: 'gid://shopify/Product/1',
  type: 'product',
  url: `${origin}/products/kittiwake-jumper`,
  title: 'Kittiwake Jumper',
  text: 'The Kittiwake Jumper is knitted in Galway, in the wool of Galway sheep. What it costs depends on the size.',
  product: {
    image: { url: `${origin}/files/kittiwake.svg`, alt: 'A grey jumper' },
    variants: [size('Small', '119.00', false), size('Medium', '119.00', true), size('Large', '129.00', true)],
  },
  updatedAt: '2026-01-01T00:00:00Z',
});

let storefront: Storefront;
let site: TestSite;
let asked: string[] = [];

const proxy: AppProxy = async path => {
  asked.push(path);
  return {
    status: 200,
    body: JSON.stringify({ customerToken: 'proof-of-the-shop', expiresAt: '2999-01-01T00:00:00Z' }),
  };
};

beforeAll(async () => {
  storefront = await startStorefront({ proxy });
  const allowedOrigins = [storefront.origin];
  const documents = [jumper(storefront.origin)];
  site = await here.relay.site({ openai: here.vendor, allowedOrigins, documents });
});
afterAll(() => storefront?.stop());
beforeEach(() => {
  asked = [];
  say({ pieces: [`${READ} as shown `, '[1].'] });
});

/** A visitor comes to the shop, which has our app. */
async function visit(given: Partial<StorefrontState> = {}, context: Parameters<typeof arrive>[0] = {}) {
  const metafields = { site_key: site.key, relay_origin: here.relay.url, enabled: true };
  storefront.state = storefrontState({ metafields, ...given });
  const tab = await arrive({ url: `${storefront.origin}/products/kittiwake-jumper`, ...context });
  // The picture that an answer shows comes from the shop.
  await tab.page
    .context()
    .route('**/files/kittiwake.svg', route => route.fulfill({ contentType: 'image/svg+xml', body: SVG }));
  return tab;
}

const stub = <T>(page: Page, read: (shop: StubShop) => T) => page.evaluate(`(${read})(window.stubShop)`) as Promise<T>;
const decide = (page: Page, allowed: boolean) => page.evaluate(is => window.stubShop.decide(is), allowed);
const cookies = async (page: Page) => (await page.context().cookies()).map(({ name }) => name);
const notice = (page: Page) => page.getByRole('heading', { name: 'May we store this chat?' });
const decisions = async () =>
  (await here.relay.rows('ConsentRecord', site))
    .sort((a, b) => a.sequence - b.sequence)
    .map(({ decision, source }) => `${decision} by ${source}`);
/** What has been decided since this was called. */
async function decisionsFromNow() {
  const { length } = await decisions();
  return async () => (await decisions()).slice(length);
}

/** Accepts and asks, so that there is a stored chat and a cookie with its handle, which it gives. */
async function begin(page: Page): Promise<string> {
  await openAnd(page, 'Accept');
  await askAndRead(page, QUESTION, READ);
  expect(await cookies(page)).toEqual(['cf_conversation']);
  return (await page.context().cookies())[0]?.value ?? '';
}

/** What the relay says about a stored chat: 404 where it was erased. */
const statusOf = async (handle: string) => (await site.widget.conversation(handle)).status;

describe('before a visitor opens the chat', () => {
  it('the shop loads one small script, asks nobody for anything and stores nothing', async () => {
    const { page, requests } = await visit();
    await launcher(page).waitFor();
    await page.waitForLoadState('networkidle');
    const paths = requests.filter(url => !url.startsWith('data:')).map(url => url.replace(storefront.origin, ''));
    expect(paths).toEqual(['/products/kittiwake-jumper', '/extensions/confab/assets/confab-loader.js']);
    expect(await stub(page, ({ loads }) => loads)).toBe(0);
    expect(await storedIn(page)).toEqual(nothing);
  });

  it('no place and no look of anything in the page has changed', async () => {
    const { page } = await visit({ isEmbedOn: false });
    const before = await lookOf(page);
    expect(before.length).toBeGreaterThanOrEqual(10);
    const { page: with_ } = await visit();
    await launcher(with_).waitFor();
    expect(await lookOf(with_)).toEqual(before);
  });
});

/** Place and look of everything that is the theme's own. */
const lookOf = (page: Page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('html, body, header, header *, main, main *, meta[name=viewport]')].map(element => {
      const { x, y, width, height } = element.getBoundingClientRect();
      const look = getComputedStyle(element);
      const said = [...look].map(name => `${name}: ${look.getPropertyValue(name)}`).join('; ');
      return `${element.tagName} ${x} ${y} ${width} ${height} ${element.getAttribute('content')} ${said}`;
    }),
  );

describe("the shop's own privacy settings", () => {
  it('that allow preferences do not answer for the visitor: our notice asks, and only then a chat is stored', async () => {
    const since = await decisionsFromNow();
    const { page } = await visit({ privacy: 'allowed' });
    await launcher(page).click();
    await notice(page).waitFor();
    expect(await stub(page, ({ loads }) => loads)).toBe(1);
    expect(await storedIn(page)).toEqual(nothing);
    await page.getByRole('button', { name: 'Accept' }).click();
    await askAndRead(page, QUESTION, READ);
    expect(await cookies(page)).toEqual(['cf_conversation']);
    expect(await since()).toEqual(['granted by banner']);
    expect(await stub(page, ({ sets }) => sets)).toBe(0);
  });

  it('that have no answer yet forbid it: who accepts our notice reads why nothing is stored, and how to change that', async () => {
    const since = await decisionsFromNow();
    const { page } = await visit({ privacy: 'unanswered' });
    await openAnd(page, 'Accept');
    await thread(page).getByText('The privacy settings of this website do not allow storing this chat').waitFor();
    await askAndRead(page, QUESTION, READ);
    expect(await storedIn(page)).toEqual(nothing);
    expect(await since()).toEqual(['declined by platform']);

    await decide(page, true);
    await choose(page, 'Store this chat from now on');
    await thread(page).getByText('This chat is stored, as you agreed.').waitFor();
    await askAndRead(page, QUESTION, READ);
    expect(await cookies(page)).toEqual(['cf_conversation']);
    expect(await since()).toEqual(['declined by platform', 'granted by settings']);
    expect(await stub(page, ({ sets }) => sets)).toBe(0);
  });

  it('in which the visitor has refused are believed, and the chat is served from memory without a question', async () => {
    const since = await decisionsFromNow();
    const { page } = await visit({ privacy: 'refused' });
    await launcher(page).click();
    await composer(page).waitFor();
    await page.getByText('Nothing of this chat is stored').waitFor();
    await askAndRead(page, QUESTION, READ);
    expect(await storedIn(page)).toEqual(nothing);
    expect(await since()).toEqual(['declined by platform']);
    await choose(page, 'Store this chat from now on');
    await page.getByRole('button', { name: 'Accept' }).click();
    await thread(page).getByText('do not allow storing this chat').waitFor();
    expect(await storedIn(page)).toEqual(nothing);
  });

  it('in which the visitor withdraws end a stored chat that is open', async () => {
    const since = await decisionsFromNow();
    const { page } = await visit();
    const handle = await begin(page);
    expect(await statusOf(handle)).toBe(200);
    await decide(page, false);
    await thread(page).getByText('You withdrew your consent in the privacy settings').waitFor();
    expect(await cookies(page)).toEqual([]);
    expect(await statusOf(handle)).toBe(404);
    await askAndRead(page, QUESTION, READ);
    expect(await cookies(page)).toEqual([]);
    expect(await since()).toEqual(['granted by banner', 'withdrawn by platform']);
  });

  it.each([
    ['on another page', false],
    ['long ago', true],
  ])('in which the visitor has withdrawn %s end a stored chat that is not open', async (_, isLongAgo) => {
    const since = await decisionsFromNow();
    const { page } = await visit();
    const handle = await begin(page);
    if (isLongAgo) storefront.state.privacy = 'refused';
    await page.goto(`${storefront.origin}/`);
    await launcher(page).waitFor();
    if (!isLongAgo) await decide(page, false);
    await eventually(() => cookies(page)).toEqual([]);
    expect(await statusOf(handle)).toBe(404);
    expect(await since()).toEqual(['granted by banner', 'withdrawn by platform']);
    expect(await panel(page).count()).toBe(0);
    expect(await stub(page, ({ loads }) => loads)).toBe(1); // somebody with a stored chat has something to withdraw
  });

  it('that have lost the answer erase nothing: the stored chat is not used, and is back when they allow it', async () => {
    const { page } = await visit();
    await begin(page);
    storefront.state.privacy = 'unanswered';
    await page.reload();
    await launcher(page).click();
    await thread(page).getByText('do not allow storing this chat').waitFor();
    expect(await thread(page).getByText(QUESTION).count()).toBe(0);
    storefront.state.privacy = 'allowed';
    await page.reload();
    await launcher(page).click();
    await thread(page).getByText(QUESTION).waitFor();
  });

  it('that a shop does not have leave the decision to our notice alone', async () => {
    const { page } = await visit({ privacy: 'missing' });
    await begin(page);
  });

  it('that cannot be asked are believed when they tell of a refusal', async () => {
    const { page } = await visit({ privacy: 'missing' });
    const handle = await begin(page);
    await decide(page, false);
    await eventually(() => cookies(page)).toEqual([]);
    expect(await statusOf(handle)).toBe(404);
  });

  it.each(['silent', 'broken'] as const)('whose API is %s keep nobody from the chat', async privacyLoads => {
    const { page } = await visit({ privacyLoads });
    await begin(page);
    expect(await stub(page, ({ loads }) => loads)).toBe(1);
    await page.reload();
    await launcher(page).click();
    await thread(page).getByText(QUESTION).waitFor();
  });

  it('that can be asked only after our notice was accepted still forbid: nothing is stored, and nothing lost', async () => {
    const { page } = await visit({ privacy: 'unanswered', privacyLoads: 'late' });
    await openAnd(page, 'Accept');
    await page.evaluate(() => window.stubShop.arrive());
    await thread(page).getByText('do not allow storing this chat').waitFor();
    await askAndRead(page, QUESTION, READ);
    expect(await storedIn(page)).toEqual(nothing);
  });

  it('are asked in a page that goes on loading for long', async () => {
    const { page } = await visit({ privacy: 'unanswered' }, { url: `${storefront.origin}/cart` });
    await page.route('**/endless', () => {}); // a picture that never comes
    const picture = `document.addEventListener('DOMContentLoaded', () => { document.body.append(Object.assign(new Image(), { src: '/endless' })); })`;
    await page.context().addInitScript(picture);
    await page.reload({ waitUntil: 'domcontentloaded' });
    await openAnd(page, 'Accept');
    await thread(page).getByText('do not allow storing this chat').waitFor();
    expect(await storedIn(page)).toEqual(nothing);
  });

  it('in which the visitor refuses in another tab are believed in this one, before anything is stored', async () => {
    const { page } = await visit();
    await openAnd(page, 'Accept');
    await page.evaluate(() => {
      const { Shopify } = window as unknown as {
        Shopify: { customerPrivacy: { currentVisitorConsent(): object; preferencesProcessingAllowed(): boolean } };
      };
      // Shopify keeps the answer in a cookie that all tabs read, and tells only the tab in which it was given.
      Shopify.customerPrivacy.currentVisitorConsent = () => ({ preferences: 'no' });
      Shopify.customerPrivacy.preferencesProcessingAllowed = () => false;
    });
    await askAndRead(page, QUESTION, READ);
    expect(await storedIn(page)).toEqual(nothing);
  });

  it('mean nothing to a visitor without a stored chat who does not open it', async () => {
    const { page, requests } = await visit({ privacy: 'unanswered' });
    await launcher(page).waitFor();
    await decide(page, true);
    await decide(page, false);
    await page.waitForLoadState('networkidle');
    expect(requests.filter(url => /panel|v1/.test(url))).toEqual([]);
    expect(await stub(page, ({ loads }) => loads)).toBe(0);
  });
});

describe('a visitor who declines', () => {
  it('leaves no trace, also when something goes into the cart', async () => {
    const word = 'zqstorefronttrace';
    const { page } = await visit();
    await openAnd(page, 'Decline');
    await askAndRead(page, `${QUESTION} ${word}`, READ);
    await page.getByRole('button', { name: 'Add to cart Kittiwake Jumper' }).click();
    await thread(page).getByText('Added to cart', { exact: true }).waitFor();
    expect(await storedIn(page)).toEqual(nothing);
    expect(await traces(here.relay, [word])).toEqual([]);
  });
});

describe('a product of an answer', () => {
  it('goes into the cart of the shop on a click, in the chosen variant', async () => {
    const { page } = await visit();
    await openAnd(page, 'Decline');
    await askAndRead(page, QUESTION, READ);
    const card = page.getByRole('list', { name: 'Products' }).getByRole('listitem');
    expect(await card.count()).toBe(1);
    await card.getByRole('img', { name: 'A grey jumper' }).waitFor();
    expect(await card.getByRole('link').getAttribute('href')).toBe(`${storefront.origin}/products/kittiwake-jumper`);
    expect(await card.textContent()).toContain('€119.00');
    expect(await stub(page, ({ lines }) => lines.length)).toBe(0);
    await card.getByRole('combobox').selectOption('Large');
    await card.getByRole('button', { name: 'Add to cart' }).click();
    await eventually(() => page.locator('#cart-count').textContent()).toBe('1');
    expect(await stub(page, ({ lines }) => lines)).toEqual([
      { merchandiseId: 'gid://shopify/ProductVariant/5', quantity: 1 },
    ]);
  });

  it('is a link to its page where the theme has no such actions', async () => {
    const { page } = await visit({ cart: 'missing' });
    await openAnd(page, 'Decline');
    await askAndRead(page, QUESTION, READ);
    const card = page.getByRole('list', { name: 'Products' }).getByRole('listitem');
    await card.getByRole('link', { name: 'Kittiwake Jumper' }).waitFor();
    expect(await card.getByRole('button').count()).toBe(0);
  });

  it('is accessible, in light and dark, wide and narrow', async () => {
    const { page } = await visit({}, { context: { reducedMotion: 'reduce' } });
    await openAnd(page, 'Decline');
    await askAndRead(page, QUESTION, READ);
    await page.getByRole('button', { name: 'Add to cart' }).click();
    await thread(page).getByText('Added to cart', { exact: true }).waitFor();
    for (const [width, height] of [
      [1_280, 800],
      [320, 640],
    ] as const) {
      await page.setViewportSize({ width, height });
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const { violations } = await new AxeBuilder({ page }).setLegacyMode().include('confab-chat').analyze();
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join()}`)).toEqual([]);
      }
    }
  });
});

describe('a customer who is signed in', () => {
  const withOrders = (orders: boolean) =>
    site.plugin.change(settings => ({ ...settings, features: { ...settings.features, orders } }));
  const turnsOf = (page: Page) => {
    const bodies: Record<string, unknown>[] = [];
    page.on('request', request => {
      if (request.url().endsWith('/turns')) bodies.push(request.postDataJSON());
    });
    return bodies;
  };

  it('is proven by the shop with a question, once, and only where orders may be asked about', async () => {
    const { page } = await visit({ customerId: '6734512', rootUrl: '/fr' }, { url: `${storefront.origin}/fr/` });
    const turns = turnsOf(page);
    await openAnd(page, 'Decline');
    await askAndRead(page, QUESTION, READ);
    expect(asked).toEqual([]);
    await withOrders(true);
    try {
      await page.reload();
      await openAnd(page, 'Decline');
      expect(asked).toEqual([]);
      await askAndRead(page, QUESTION, READ);
      await askAndRead(page, QUESTION, READ);
      expect(asked).toEqual(['/customer']);
      const proofs = turns.map(({ customerToken }) => customerToken);
      expect(proofs).toEqual([undefined, 'proof-of-the-shop', 'proof-of-the-shop']);
      expect(await storedIn(page)).toEqual(nothing);
    } finally {
      await withOrders(false);
    }
  });
});

describe('the theme editor', () => {
  it('shows where the chat will be, and opens none: no answer is spent, and nothing asked or stored', async () => {
    const { page, requests } = await visit({ designMode: true, settings: { position: 'bottom-left' } });
    await launcher(page).click();
    await page.getByText('This is a preview.').waitFor();
    expect((await launcher(page).boundingBox())?.x).toBeLessThan(100);
    expect(requests.filter(url => /panel|v1/.test(url))).toEqual([]);
    expect(await storedIn(page)).toEqual(nothing);
  });

  it('decides the place of the chat, also when it is open', async () => {
    const { page } = await visit({ settings: { position: 'bottom-left' } });
    await openAnd(page, 'Decline');
    expect((await panel(page).boundingBox())?.x).toBeLessThan(100);
    expect((await launcher(page).boundingBox())?.x).toBeLessThan(100);
  });

  it('hints at what is missing while the app is not connected, which visitors never see', async () => {
    const metafields = { enabled: true };
    const { page } = await visit({ metafields, designMode: true });
    await page.getByText('The chat is not connected yet').waitFor();
    const { page: shop } = await visit({ metafields });
    await shop.waitForLoadState('networkidle');
    expect(await launcher(shop).count()).toBe(0);
    expect(await shop.getByText('not connected').count()).toBe(0);
  });
});

const SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path fill="#789" d="M0 0h9v9H0z"/></svg>';
