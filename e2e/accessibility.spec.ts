import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { findings, showsFocus, tabTo, wider } from './accessibility.ts';
import {
  ask,
  askAndRead,
  choose,
  composer,
  eventually,
  focused,
  launcher,
  openAnd,
  panel,
  thread,
  useConfab,
} from './browser.ts';

const { here, arrive, say } = useConfab();

const QUESTION = 'What does the Kittiwake Jumper cost?';

/** With everything that an answer may be made of. */
const RICH = `The **Kittiwake Jumper** costs €119 [1].

1. It is *knitted* in Carrowgale.
2. See the [size guide](https://shop.example/sizes).

> Wash it by hand.

\`\`\`
MG-101 ${'a-very-long-line-of-code-'.repeat(8)}
\`\`\`

${'Averylongword'.repeat(12)}`;
const END_OF_RICH = 'Averylongword';

const half = { pieces: ['Half an answer ', 'and the rest.'] };

describe('by keyboard alone', () => {
  it('a visitor opens the chat, decides, asks, reads the sources, uses the menu and closes it', async () => {
    const { page } = await arrive();
    await tabTo(page, 'Open chat');
    await page.keyboard.press('Enter');
    await eventually(() => focused(page)).toBe('May we store this chat?');
    for (const name of ['Privacy policy', 'Accept', 'Decline']) {
      await page.keyboard.press('Tab');
      expect(await focused(page)).toBe(name);
      expect(await showsFocus(page)).toBe(true);
    }
    await page.keyboard.press('Enter');
    await eventually(() => focused(page)).toBe('Write your question');
    expect(await showsFocus(page)).toBe(true);

    await page.keyboard.type(QUESTION);
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('In bog green.');
    await page.keyboard.press('Enter');
    await thread(page).getByText('€119').waitFor();
    expect(await thread(page).locator('.visitor .bubble').textContent()).toBe(`${QUESTION}\nIn bog green.`);
    await eventually(() => focused(page)).toBe('Write your question');

    await page.keyboard.press('Shift+Tab');
    expect(await focused(page)).toContain('Kittiwake Jumper'); // the list of sources
    expect(await showsFocus(page)).toBe(true);
    const [source] = await Promise.all([page.context().waitForEvent('page'), page.keyboard.press('Enter')]);
    await source.waitForURL(/kittiwake/);
    await source.close();

    await tabTo(page, 'Privacy and options', 'Shift+Tab');
    await page.keyboard.press('Enter');
    const choices = ['Leave your contact details', 'Store this chat from now on', 'See and download my data'];
    for (const name of [...choices, 'Show my consent receipt']) {
      await page.keyboard.press('Tab');
      expect(await focused(page)).toBe(name);
      expect(await showsFocus(page)).toBe(true);
    }
    await page.keyboard.press('Enter');
    await eventually(() => focused(page)).toBe('Your consent receipt');
    await page.keyboard.press('Shift+Tab');
    expect(await focused(page)).toBe('Back to the chat');
    await page.keyboard.press('Enter');
    await eventually(() => focused(page)).toBe('Write your question');

    await tabTo(page, 'Privacy and options', 'Shift+Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape'); // the menu first
    expect(await focused(page)).toBe('Privacy and options');
    expect(await panel(page).isVisible()).toBe(true);
    await page.keyboard.press('Escape');
    await eventually(() => focused(page)).toBe('Open chat');
    expect(await showsFocus(page)).toBe(true);
    expect(await panel(page).isVisible()).toBe(false);
  });
});

/** Colours do not depend on the width, nor widths on the colours. */
const looks = [
  { colorScheme: 'light', width: 320, height: 568 },
  { colorScheme: 'dark', width: 1_280, height: 800 },
] as const;

describe('axe finds nothing to object to, and nothing is wider than the screen', () => {
  it.each(looks)('$colorScheme, $width px wide: with a visitor who accepts', async ({ colorScheme, width, height }) => {
    const { page } = await arrive({
      url: `${here.relay.url}/demo/kittiwake-jumper.html`,
      context: { colorScheme, viewport: { width, height }, reducedMotion: 'reduce' },
    });
    const found = findings(page);
    await launcher(page).waitFor();
    await found.in('closed');
    await launcher(page).click();
    await page.getByRole('button', { name: 'Accept' }).waitFor();
    await found.in('consent');
    await page.getByRole('button', { name: 'Accept' }).click();
    await composer(page).waitFor();
    await found.in('empty');

    const rest = Promise.withResolvers<void>();
    say({ ...half, before: piece => (piece > 0 ? rest.promise : undefined) });
    await ask(page, QUESTION);
    await thread(page).getByText('Half an answer').waitFor();
    await found.in('streaming');
    rest.resolve();
    say({ pieces: [RICH] });
    await page.getByRole('button', { name: 'Send' }).waitFor();
    await askAndRead(page, 'Tell me all about it.', END_OF_RICH);
    await found.in('answered');

    await page.getByRole('button', { name: 'Privacy and options' }).click();
    await page.getByRole('button', { name: 'See and download my data' }).waitFor();
    await found.in('menu');
    await page.keyboard.press('Escape');
    await choose(page, 'See and download my data');
    await page.getByRole('link', { name: 'Download my data' }).waitFor();
    await found.in('data');
    await page.getByRole('button', { name: 'Back to the chat' }).click();
    await choose(page, 'Show my consent receipt');
    await page.getByRole('link', { name: 'Download the receipt' }).waitFor();
    await found.in('receipt');
    await page.getByRole('button', { name: 'Back to the chat' }).click();
    await choose(page, 'Correct my contact details');
    await page.getByLabel('E-mail').fill('jo');
    await page.getByRole('button', { name: 'Correct them' }).click();
    await page.getByText('This is not an e-mail address').waitFor();
    await found.in('correction');
    await page.getByRole('button', { name: 'Back to the chat' }).click();
    await choose(page, 'Stop using this chat');
    await found.in('restriction');
    await page.getByRole('button', { name: 'Stop using it' }).click();
    await thread(page).getByText('kept but not used').waitFor();
    await found.in('restricted');
    await choose(page, 'Withdraw consent');
    await page.getByRole('button', { name: 'Erase it' }).waitFor();
    await found.in('withdrawal');
    await page.getByRole('button', { name: 'Erase it' }).click();
    await composer(page).waitFor();

    say({ ...half, ending: 'error' });
    await ask(page, QUESTION);
    await page.getByRole('button', { name: 'Try again' }).waitFor();
    await found.in('failure');
    await page.context().setOffline(true);
    await page.getByRole('button', { name: 'Try again' }).click();
    await thread(page).getByText('You are offline').waitFor();
    await found.in('offline');
    expect(found.all).toEqual([]);
  });
});

describe('on a phone', () => {
  it('the chat covers the screen, is used by touch, and keeps the page behind it out of reach', async () => {
    const context = { viewport: { width: 375, height: 812 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
    const { page } = await arrive({ context });
    await launcher(page).tap();
    await page.getByRole('button', { name: 'Decline' }).tap();
    await composer(page).waitFor();
    expect(await panel(page).boundingBox()).toEqual({ x: 0, y: 0, width: 375, height: 812 });
    await composer(page).tap();
    // Safari zooms into fields with smaller letters, and does not zoom out again.
    expect(await composer(page).evaluate(field => Number.parseFloat(getComputedStyle(field).fontSize))).toBeGreaterThan(
      15.9,
    );
    await composer(page).fill(QUESTION);
    await page.getByRole('button', { name: 'Send' }).tap();
    await thread(page).getByText('€119').waitFor();
    const behind = page.getByRole('link', { name: 'Delivery' }).first();
    await behind.evaluate((link: HTMLElement) => link.focus());
    expect(await behind.evaluate(link => link.matches(':focus'))).toBe(false);
    expect(await wider(page)).toEqual([]);
    await page.getByRole('button', { name: 'Close chat' }).tap();
    await eventually(() => panel(page).isVisible()).toBe(false);
    expect(await focused(page)).toBe('Open chat');
  });

  it('on its side there is room to read and to write', async () => {
    const { page } = await arrive({ context: { viewport: { width: 640, height: 320 }, hasTouch: true } });
    await openAnd(page, 'Decline');
    await askAndRead(page, QUESTION, '€119');
    expect((await thread(page).boundingBox())?.height).toBeGreaterThan(100);
    await expectInView(page);
  });
});

it('at 200 % zoom everything can be reached, and nothing scrolls sideways', async () => {
  const { page } = await arrive({ context: { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 } });
  await launcher(page).click();
  await page.getByRole('button', { name: 'Decline' }).scrollIntoViewIfNeeded();
  await page.getByRole('button', { name: 'Decline' }).click();
  say({ pieces: [RICH] });
  await askAndRead(page, QUESTION, END_OF_RICH);
  expect(await wider(page)).toEqual([]);
  await expectInView(page);
});

it('a visitor who does not want motion sees none, and one who does not mind sees that an answer is coming', async () => {
  for (const [reducedMotion, moves] of [
    ['reduce', false],
    ['no-preference', true],
  ] as const) {
    const { page } = await arrive({ context: { reducedMotion } });
    const rest = Promise.withResolvers<void>();
    say({ before: () => rest.promise });
    await openAnd(page, 'Decline');
    await ask(page, QUESTION);
    await page.getByRole('button', { name: 'Stop the answer' }).waitFor();
    const running = () =>
      page.evaluate(() => document.querySelector('confab-chat')?.shadowRoot?.getAnimations().length ?? -1);
    if (moves) await eventually(running).toBeGreaterThan(0);
    else expect(await running()).toBe(0);
    rest.resolve();
    await thread(page).getByText('there.').waitFor();
  }
});

async function expectInView(page: Page): Promise<void> {
  const { width, height } = page.viewportSize() ?? { width: 0, height: 0 };
  for (const part of [composer(page), page.getByRole('button', { name: 'Close chat' })]) {
    const box = await part.boundingBox();
    expect(box).not.toBeNull();
    if (!box) continue;
    expect(box.x).toBeGreaterThanOrEqual(0);
    expect(box.y).toBeGreaterThanOrEqual(0);
    expect(box.x + box.width).toBeLessThanOrEqual(width);
    expect(box.y + box.height).toBeLessThanOrEqual(height);
  }
}
