import { AxeBuilder } from '@axe-core/playwright';
import type { ProductCard } from '@confab/contract';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { ask, choose, composer, eventually, launcher, log, openAnd, useWidget } from './browser.ts';
import { answering, defaultConfig, failing, holding, prechat } from './stub-relay.ts';

const { here, arrive } = useWidget();

const citations = [
  { index: 1, title: 'Shipping and returns', url: 'https://shop.example/returns' },
  { index: 2, title: 'Where to drop off your parcel, and what it costs', url: 'https://shop.example/drop-off' },
];
const richAnswer = `We ship within **two days** [1].\n\n1. Print the *label*.\n2. See [tips](https://shop.example/tips) [2].\n
\`\`\`\nGET https://shop.example/returns?order=a-very-long-order-number-that-goes-on-and-on\n\`\`\`\n
> Sale items can be exchanged.\n\n${'Averylongword'.repeat(12)}`;

async function answered(page: Page) {
  await openAnd(page, 'Accept');
  here.relay.scripts.push(answering(richAnswer, citations));
  await ask(page, 'How do I return a mug?');
  await log(page).getByText('Where to drop off').waitFor();
}

async function failed(page: Page) {
  await openAnd(page, 'Decline');
  here.relay.scripts.push(failing);
  await ask(page, 'one');
  await page.getByRole('button', { name: 'Try again' }).waitFor();
}

const product: ProductCard = {
  ...{ index: 1, title: 'Kittiwake Jumper, in the wool of Galway sheep', url: 'https://shop.example/kittiwake' },
  ...{ image: null, price: '€119.00', available: true, asOf: '2026-05-01T12:00:00Z' },
  variants: ['Small', 'Medium and a very long name that no screen has room for'].map((title, at) => ({
    ...{ id: `gid://shopify/ProductVariant/${at}`, title, price: '€119.00', available: true },
  })),
};

async function withProducts(page: Page) {
  await page.evaluate(() => {
    const updateCart = async () => ({ userErrors: [{ code: 'INVALID' }] });
    Object.assign(window, { Shopify: { actions: { updateCart } } });
  });
  await openAnd(page, 'Decline');
  here.relay.scripts.push(
    answering('We have these.', citations, [product, { ...product, title: 'Averylong'.repeat(9) }]),
  );
  await ask(page, 'Do you have jumpers?');
  await page.getByRole('button', { name: 'Add to cart Kittiwake' }).click();
  await log(page).getByText('This was not put into your cart').waitFor();
}

/** Every state of the widget that looks different, by its name. */
const states: Record<string, (page: Page) => Promise<unknown>> = {
  closed: page => launcher(page).waitFor(),
  loading: async page => {
    here.relay.holdOnce('/config');
    await launcher(page).click();
    await page.getByRole('dialog').waitFor();
  },
  unreachable: async page => {
    here.relay.refuseOnce('/config', 503, 'unavailable');
    await launcher(page).click();
    await page.getByRole('button', { name: 'Try again' }).waitFor();
  },
  asking: async page => {
    await launcher(page).click();
    await page.getByRole('button', { name: 'Accept' }).waitFor();
  },
  empty: page => openAnd(page, 'Decline'),
  streaming: async page => {
    await openAnd(page, 'Decline');
    here.relay.scripts.push(holding('Half an answer', '').script);
    await ask(page, 'one');
    await log(page).getByText('Half an answer').waitFor();
  },
  answered,
  'with products': withProducts,
  failed,
  'too long': async page => {
    await openAnd(page, 'Decline');
    await composer(page).fill('a'.repeat(4_001));
  },
  menu: async page => {
    await openAnd(page, 'Decline');
    await page.getByRole('button', { name: 'Privacy and options' }).click();
  },
  data: async page => {
    await answered(page);
    await choose(page, 'See and download my data');
    await page.getByRole('link', { name: 'Download my data' }).waitFor();
  },
  'menu of a stored chat': async page => {
    await answered(page);
    await page.getByRole('button', { name: 'Privacy and options' }).click();
  },
  withdrawal: async page => {
    await answered(page);
    await choose(page, 'Withdraw consent');
  },
  'stopping the use': async page => {
    await answered(page);
    await choose(page, 'Stop using this chat');
  },
  'stopping the use failed': async page => {
    await answered(page);
    await choose(page, 'Stop using this chat');
    here.relay.refuseOnce('/data-requests', 503, 'unavailable');
    await page.getByRole('button', { name: 'Stop using it' }).click();
    await page.getByRole('alert').getByText('could not be confirmed').waitFor();
  },
  'use stopped': async page => {
    await answered(page);
    await choose(page, 'Stop using this chat');
    await page.getByRole('button', { name: 'Stop using it' }).click();
    await log(page).getByText('kept but not used').waitFor();
  },
  'allowing the use': async page => {
    await states['use stopped']?.(page);
    await choose(page, 'Use this chat again');
  },
  correcting: async page => {
    await answered(page);
    await choose(page, 'Correct my contact details');
  },
  'corrections that are wrong': async page => {
    await states.correcting?.(page);
    await page.getByLabel('E-mail').fill('jo');
    await page.getByLabel('Phone').fill('call me');
    await page.getByRole('button', { name: 'Correct them' }).click();
    await page.getByText('This is not an e-mail address').waitFor();
  },
  'before the chat': async page => {
    here.relay.configure({ prechat });
    await launcher(page).click();
    await page.getByRole('button', { name: 'Accept' }).click();
    await page.getByRole('button', { name: 'Start the chat' }).click();
    await page.getByText('This is needed').first().waitFor();
  },
  'closed for now': async page => {
    here.relay.configure({ hours: { open: false, nextOpenAt: '2099-05-04T07:00:00Z', timezone: 'UTC' } });
    await openAnd(page, 'Decline');
  },
  'the chat by e-mail': async page => {
    here.relay.configure({ features: { ...defaultConfig.features, transcript: true } });
    await answered(page);
    await choose(page, 'Get this chat by e-mail');
    await page.getByRole('textbox', { name: 'E-mail' }).fill(`${'averylongname'.repeat(4)}@shop.example`);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('button', { name: 'Change the address' }).waitFor();
  },
  'leaving details': async page => {
    here.relay.configure({
      features: { transcript: false, leads: true, callback: true, marketing: true, orders: false },
    });
    await openAnd(page, 'Decline');
    await choose(page, 'Leave your contact details');
    await page.getByLabel('Ask to be called back').check();
    await page.getByRole('button', { name: 'Send to the shop' }).click();
    await page.getByText('This is needed').first().waitFor();
  },
  'nothing to correct': async page => {
    await states.correcting?.(page);
    await page.getByLabel('Name').fill('Jo');
    await page.getByRole('button', { name: 'Correct them' }).click();
    await page.getByText('so there was nothing to correct').waitFor();
  },
};

const everything = (axe: AxeBuilder) =>
  axe.withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']);

async function expectAccessible(page: Page, rules = everything) {
  const { violations } = await rules(new AxeBuilder({ page }).setLegacyMode().include('confab-chat')).analyze();
  expect(
    violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join(' | ')}`,
    ),
  ).toEqual([]);
}

/** What holds more than fits into its width. */
const tooWide = (page: Page) =>
  page
    .getByRole('dialog')
    .evaluate(panel =>
      [panel, ...panel.querySelectorAll('*:not(pre, pre *, .unseen)')]
        .filter(
          element => element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== 'inline',
        )
        .map(element => element.outerHTML.slice(0, 80)),
    );

describe('axe finds nothing to object to', () => {
  it.each(Object.keys(states))('light and dark: %s', async state => {
    const { page, faults } = await arrive({ context: { reducedMotion: 'reduce' } });
    await states[state]?.(page);
    await expectAccessible(page);
    await page.emulateMedia({ colorScheme: 'dark' });
    await expectAccessible(page, axe => axe.withRules('color-contrast')); // nothing else can be another
    expect(faults).toEqual([]);
  });

  it('in the flow of the page', async () => {
    const body = '<div class="confab-chat" data-confab-inline></div>';
    const { page } = await arrive({ page: { body }, context: { reducedMotion: 'reduce' } });
    await launcher(page).waitFor();
    await expectAccessible(page);
    await answered(page);
    await expectAccessible(page);
  });

  it('on a narrow screen', async () => {
    const { page } = await arrive({ context: { viewport: { width: 320, height: 568 }, reducedMotion: 'reduce' } });
    await answered(page);
    await expectAccessible(page);
  });
});

describe('on a narrow screen', () => {
  it.each([
    ['a small phone', 320, 568],
    ['a window at 400 %', 320, 256],
    ['a phone lying down', 640, 320],
  ])('of %s, the panel fills it, and nothing needs scrolling sideways', async (_, width, height) => {
    const { page } = await arrive({ context: { viewport: { width, height } } });
    await answered(page);
    expect(await page.getByRole('dialog').boundingBox()).toEqual({ x: 0, y: 0, width, height });
    expect(await tooWide(page)).toEqual([]);
    const { y = 0, height: fieldHeight = 0 } = (await composer(page).boundingBox()) ?? {};
    expect(y + fieldHeight).toBeLessThanOrEqual(height);
    expect((await log(page).boundingBox())?.height).toBeGreaterThan(80);
  });

  it.each([
    'data',
    'with products',
    'menu of a stored chat',
    'stopping the use failed',
    'use stopped',
    'corrections that are wrong',
    'before the chat',
    'leaving details',
    'the chat by e-mail',
  ])('nothing needs scrolling sideways: %s', async state => {
    const { page } = await arrive({ context: { viewport: { width: 320, height: 568 } } });
    await states[state]?.(page);
    expect(await tooWide(page)).toEqual([]);
  });

  it('every choice of the menu can be reached, also in a window at 400 %', async () => {
    const { page } = await arrive({ context: { viewport: { width: 320, height: 256 } } });
    await states['menu of a stored chat']?.(page);
    for (const choice of await page.locator('#menu').getByRole('button').all()) {
      await choice.focus();
      const { y = -1, height = 0 } = (await choice.boundingBox()) ?? {};
      expect(y).toBeGreaterThan(0);
      expect(y + height).toBeLessThanOrEqual(256);
    }
    // The menu scrolls, and not the panel below it, which only the keyboard could.
    expect(await page.getByRole('dialog').evaluate(panel => panel.scrollTop)).toBe(0);
  });

  it('the focus stays in the panel, since what is behind cannot be seen', async () => {
    const { page } = await arrive({ context: { viewport: { width: 320, height: 568 } } });
    await openAnd(page, 'Decline');
    const visited = new Set<string>();
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press('Tab');
      visited.add(await page.evaluate(() => document.activeElement?.tagName ?? ''));
    }
    expect([...visited].filter(name => name !== 'BODY')).toEqual(['CONFAB-CHAT']);
    await composer(page).focus();
    await page.keyboard.press('Escape');
    expect(await page.getByRole('dialog').count()).toBe(0);
    expect(await launcher(page).evaluate(button => (button.getRootNode() as ShadowRoot).activeElement === button)).toBe(
      true,
    );
  });

  it('a panel that was open stays so when the window becomes wide', async () => {
    const { page } = await arrive({ context: { viewport: { width: 320, height: 568 } } });
    await openAnd(page, 'Decline');
    await composer(page).fill('half a question');
    await page.setViewportSize({ width: 1_000, height: 700 });
    await eventually(async () => (await page.getByRole('dialog').boundingBox())?.width).toBe(400);
    expect(await composer(page).inputValue()).toBe('half a question');
    await page.getByRole('link', { name: 'Next page' }).focus(); // not modal any more
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('A');
  });
});

it('at 200 % zoom everything can be reached', async () => {
  const { page } = await arrive({ context: { viewport: { width: 640, height: 380 } } });
  await launcher(page).click();
  for (const name of ['Accept', 'Decline']) {
    const button = page.getByRole('button', { name });
    await button.scrollIntoViewIfNeeded();
    const { y = -1, height = 0 } = (await button.boundingBox()) ?? {};
    expect(y).toBeGreaterThanOrEqual(0);
    expect(y + height).toBeLessThanOrEqual(380);
  }
});

it('from right to left the panel is mirrored, and code is not', async () => {
  here.relay.configure({
    locale: 'ar',
    texts: { ...defaultConfig.texts, placeholder: 'اكتب سؤالك', menu: 'خيارات', close: 'إغلاق' },
    consent: { ...defaultConfig.consent, acceptLabel: 'قبول', declineLabel: 'رفض' },
  });
  const { page } = await arrive({ page: { lang: 'ar' } });
  await launcher(page).click();
  await page.getByRole('button', { name: 'رفض' }).click();
  const dialog = page.getByRole('dialog');
  expect(await dialog.getAttribute('dir')).toBe('rtl');
  expect(await dialog.getAttribute('lang')).toBe('ar');
  here.relay.scripts.push(answering('نشحن خلال يومين.\n\n```\nGET /x\n```'));
  const field = page.getByRole('textbox', { name: 'اكتب سؤالك' });
  await field.fill('متى يصل الطلب؟');
  await field.press('Enter');
  await log(page).getByText('GET /x').waitFor();
  const boxes = await Promise.all(
    [dialog, page.getByRole('button', { name: 'إغلاق' }), log(page).locator('.visitor .bubble')].map(it =>
      it.boundingBox(),
    ),
  );
  const [panel, close, bubble] = boxes.map(box => box ?? { x: Number.NaN });
  expect((close?.x ?? 0) - (panel?.x ?? 0)).toBeLessThan(20);
  expect((bubble?.x ?? 0) - (panel?.x ?? 0)).toBeLessThan(30);
  expect(
    await log(page)
      .locator('pre')
      .evaluate(pre => getComputedStyle(pre).direction),
  ).toBe('ltr');
  expect(here.relay.to('/turns')[0]?.body.locale).toBe('ar');
});

it('nothing moves for a visitor who does not want motion', async () => {
  const { page } = await arrive({ context: { reducedMotion: 'reduce' } });
  await openAnd(page, 'Decline');
  here.relay.scripts.push(reply => reply.start());
  await ask(page, 'one');
  await page.getByRole('button', { name: 'Stop the answer' }).waitFor();
  expect(await page.evaluate(() => document.querySelector('confab-chat')?.shadowRoot?.getAnimations().length)).toBe(0);
});

it.each([
  ['the menu', answered],
  ['a product', withProducts],
])('whatever can be pressed is large enough to be hit: %s', async (_, state) => {
  const { page } = await arrive();
  await state(page);
  await page.getByRole('button', { name: 'Privacy and options' }).click();
  const small = await page
    .locator('confab-chat')
    .evaluate(host =>
      [...(host.shadowRoot?.querySelectorAll('button, select, .sources a') ?? [])]
        .map(target => target.getBoundingClientRect())
        .filter(({ width, height }) => width > 0 && (width < 36 || height < 36)),
    );
  expect(small).toEqual([]);
});
