import type { ProductCard } from '@confab/contract';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { ask, eventually, launcher, log, nothing, openAnd, stored, useWidget } from './browser.ts';
import { answering, holding } from './stub-relay.ts';

const { here, arrive } = useWidget();

const variant = (size: string, price: string, available = true) => ({
  id: `gid://shopify/ProductVariant/${size.length}`,
  title: size,
  price,
  available,
});
const mug: ProductCard = {
  index: 1,
  title: 'Blue mug',
  url: 'https://shop.example/products/blue-mug',
  image: null,
  price: '€12.00 to €18.00',
  available: true,
  asOf: null,
  variants: [variant('S', '€12.00', false), variant('Mid', '€15.00'), variant('Large', '€18.00')],
};
const bowl: ProductCard = {
  ...{ index: 2, title: 'Bowl', url: 'https://shop.example/products/bowl', image: null, price: '€9.00' },
  ...{ available: true, asOf: null, variants: [variant('Default', '€9.00')] },
};

type Line = { merchandiseId: string; quantity: number };
type Wish = (result?: object) => void;
declare global {
  interface Window {
    asked: Line[][];
    answerCart?: Wish;
    failCart?: () => void;
  }
}

/** A shop whose basket a test answers by itself. */
function withCart() {
  window.asked = [];
  const updateCart = ({ lines }: { lines: Line[] }) => {
    window.asked.push(lines);
    return new Promise((resolve, reject) => {
      window.answerCart = resolve;
      window.failCart = () => reject(new TypeError('Failed to fetch'));
    });
  };
  Object.assign(window, { Shopify: { actions: { updateCart } } });
}

const card = (page: Page, title: string) =>
  page.getByRole('list', { name: 'Products' }).locator('li', { hasText: title });
const heard = (page: Page) => page.getByRole('dialog').locator('> [role=status]').textContent();

/** Asks, and is answered with these products, in a shop with a basket. */
async function shown(products: ProductCard[]) {
  const tab = await arrive({ init: withCart });
  await openAnd(tab.page, 'Decline');
  here.relay.scripts.push(answering('We have these.', [], products));
  await ask(tab.page, 'What do you have?');
  await log(tab.page).getByText('We have these.').waitFor();
  await eventually(() => tab.page.getByRole('button', { name: 'Send' }).count()).toBe(1);
  return tab;
}

describe('a product of an answer', () => {
  it('stands below it when it is whole, with a name that leads to its page, price and stock', async () => {
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    const { script, release } = holding('We have', ' this.', []);
    here.relay.scripts.push(async reply => {
      const { start, send, finish } = reply;
      const started = () => {
        start();
        send({ event: 'product', data: bowl });
      };
      await script({ ...reply, start: started, finish: (text, citations) => finish(text, citations, [bowl]) });
    });
    await ask(page, 'What do you have?');
    await log(page).getByText('We have').waitFor();
    expect(await card(page, 'Bowl').count()).toBe(0);
    release();
    await card(page, 'Bowl').waitFor();
    const link = card(page, 'Bowl').getByRole('link', { name: 'Bowl' });
    expect(await link.getAttribute('href')).toBe(bowl.url);
    expect(await link.getAttribute('target')).toBe('_blank');
    expect(await card(page, 'Bowl').textContent()).toContain('€9.00in stock');
    expect(await card(page, 'Bowl').getByRole('button').count()).toBe(0); // this page has no basket to put it into
    expect(await stored(page)).toEqual(nothing);
  });

  it('has a picture that tells the shop nothing of the page, and leaves no hole where it does not come', async () => {
    const picture = `${here.shop.origin}/files/mug.png`;
    const { page } = await shown([{ ...mug, image: { url: picture, alt: 'A mug' } }]);
    await eventually(() => card(page, 'Blue mug').getByRole('img').count()).toBe(0); // the shop has no such file
    await page.route(picture, route => route.fulfill({ contentType: 'image/svg+xml', body: SVG }));
    here.relay.scripts.push(
      answering('This one.', [], [{ ...mug, title: 'Red mug', image: { url: picture, alt: 'Red' } }]),
    );
    await ask(page, 'And?');
    const image = card(page, 'Red mug').getByRole('img', { name: 'Red' });
    await image.waitFor();
    expect(await image.getAttribute('loading')).toBe('lazy');
    expect(await image.getAttribute('referrerpolicy')).toBe('no-referrer');
  });

  it('says when its price was so, where that is not now', async () => {
    const { page } = await shown([{ ...bowl, asOf: '2026-05-01T12:00:00Z' }]);
    expect(await card(page, 'Bowl').textContent()).toContain('€9.00 (as of May 1, 2026)');
  });

  it('comes back with a stored chat, and then says when its price was so', async () => {
    const { page } = await arrive();
    await openAnd(page, 'Accept');
    here.relay.scripts.push(answering('We have this.', [], [bowl]));
    await ask(page, 'What do you have?');
    await card(page, 'Bowl').waitFor();
    expect(await card(page, 'Bowl').textContent()).not.toContain('as of');
    await page.reload();
    await launcher(page).click();
    await card(page, 'Bowl').getByText('€9.00 (as of May 1, 2026)').waitFor();
  });

  it.each(['javascript:alert(1)', 'data:text/html,x', '//shop.example', 'https://user@evil.example/'])(
    'at %j is not shown, and such a picture neither',
    async url => {
      const hostile = { ...bowl, title: '<img src=x onerror=alert(1)>', url };
      const { page, faults } = await shown([hostile, { ...bowl, image: { url, alt: '' } }]);
      expect(await page.getByRole('list', { name: 'Products' }).locator('> li').count()).toBe(1);
      expect(await page.getByRole('list', { name: 'Products' }).locator('img').count()).toBe(0);
      expect(faults).toEqual([]);
    },
  );

  it('may be called anything', async () => {
    const title = '<img src=x onerror=alert(1)>';
    const { page, faults } = await shown([{ ...bowl, title }]);
    await card(page, title)
      .getByRole('button', { name: `Add to cart ${title}` })
      .waitFor();
    expect(faults).toEqual([]);
  });
});

describe('the basket', () => {
  it('gets what was chosen on a click, and nothing before', async () => {
    const { page, faults } = await shown([mug, bowl]);
    const choice = card(page, 'Blue mug').getByRole('combobox', { name: 'Choose a variant: Blue mug' });
    expect(await choice.inputValue()).toBe(mug.variants[1]?.id); // the first that is there
    expect(await card(page, 'Blue mug').textContent()).toContain('€15.00in stock');
    await choice.selectOption('Large');
    expect(await card(page, 'Blue mug').textContent()).toContain('€18.00in stock');
    expect(await page.evaluate(() => window.asked)).toEqual([]);

    const add = card(page, 'Blue mug').getByRole('button');
    await add.press('Enter');
    await eventually(() => add.textContent()).toContain('One moment');
    await add.press('Enter'); // an impatient visitor wants one, not two
    await page.evaluate(() => window.answerCart?.({ cart: {}, userErrors: [], warnings: [] }));
    await card(page, 'Blue mug').getByText('Added to cart').waitFor();
    expect(await heard(page)).toBe('Added to cart: Blue mug');
    expect(await page.evaluate(() => window.asked)).toEqual([[{ merchandiseId: mug.variants[2]?.id, quantity: 1 }]]);
    expect(await add.textContent()).toBe('Add to cart Blue mug');
    expect(await add.evaluate(button => (button.getRootNode() as ShadowRoot).activeElement === button)).toBe(true);
    expect(await stored(page)).toEqual(nothing);
    expect(faults).toEqual([]);
  });

  it.each([
    ['refuses it', () => window.answerCart?.({ userErrors: [{ code: 'INVALID' }] })],
    ['has none left', () => window.answerCart?.({ warnings: [{ code: 'MERCHANDISE_OUT_OF_STOCK' }] })],
    ['cannot be reached', () => window.failCart?.()],
  ])('that %s says so, and can be asked again', async (_, answer) => {
    const { page, faults } = await shown([bowl]);
    const add = card(page, 'Bowl').getByRole('button');
    await add.click();
    await eventually(() => page.evaluate(() => window.asked.length)).toBe(1);
    await page.evaluate(answer);
    await card(page, 'Bowl').getByText('This was not put into your cart').waitFor();
    expect(await heard(page)).toContain('This was not put into your cart');
    await add.click();
    await eventually(() => page.evaluate(() => window.asked.length)).toBe(2);
    await page.evaluate(() => window.answerCart?.({ cart: {} }));
    await card(page, 'Bowl').getByText('Added to cart').waitFor();
    expect(await card(page, 'Bowl').getByText('This was not put').count()).toBe(0);
    expect(faults).toEqual([]);
  });

  it('never gets what is sold out', async () => {
    const gone = bowl.variants.map(one => ({ ...one, available: false }));
    const { page } = await shown([mug, { ...bowl, available: false, variants: gone }]);
    const small = card(page, 'Blue mug').locator('option').first();
    expect([await small.textContent(), await small.isDisabled()]).toEqual(['S – sold out', true]);
    expect(await card(page, 'Bowl').textContent()).toContain('€9.00sold out');
    expect(await card(page, 'Bowl').getByRole('button').count()).toBe(0);
  });
});

const SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" width="72" height="72"><rect width="72" height="72" fill="#2a6"/></svg>';
