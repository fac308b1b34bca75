import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { ask, choose, composer, eventually, launcher, log, nothing, openAnd, stored, useWidget } from './browser.ts';

const { here, arrive } = useWidget();

const handleOf = async (page: Page) => (await page.context().cookies()).find(({ name }) => name === 'cf_conversation');

async function download(page: Page, link: string) {
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: link }).click()]);
  return JSON.parse(await readFile(await file.path(), 'utf8'));
}

describe('consent', () => {
  it('is asked in words, with a link to the policy and two buttons that look alike', async () => {
    const { page } = await arrive();
    await launcher(page).click();
    await page.getByRole('heading', { name: 'May we store this chat?' }).waitFor();
    const policy = page.getByRole('link', { name: 'Privacy policy' });
    expect(await policy.getAttribute('href')).toBe('https://shop.example/privacy');
    expect(await policy.getAttribute('target')).toBe('_blank');
    const [accept, decline] = await Promise.all(
      ['Accept', 'Decline'].map(async name => {
        const button = page.getByRole('button', { name });
        const looks = await button.evaluate(element => {
          const { color, backgroundColor, border, font, padding } = getComputedStyle(element);
          return { color, backgroundColor, border, font, padding };
        });
        const { width, height, y } = (await button.boundingBox()) ?? {};
        return { ...looks, width, height, y };
      }),
    );
    expect(accept).toEqual(decline);
    expect(await stored(page)).toEqual(nothing);
  });

  it('can be answered by keyboard alone', async () => {
    const { page } = await arrive();
    await page.keyboard.press('Tab'); // the page's own link
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'May we store this chat?' }).waitFor();
    await eventually(() => focused(page)).toBe('May we store this chat?');
    for (const name of ['Privacy policy', 'Accept', 'Decline']) {
      await page.keyboard.press('Tab');
      expect(await focused(page)).toBe(name);
    }
    await page.keyboard.press('Enter');
    await eventually(() => focused(page)).toBe('Write your question');
    await page.keyboard.type('Hello');
    await page.keyboard.press('Enter');
    await log(page).getByText('You asked: Hello').waitFor();
    await page.keyboard.press('Escape');
    expect(await focused(page)).toBe('Open chat');
    expect(await page.getByRole('dialog').count()).toBe(0);
  });

  it('leaves one cookie, and only when the relay has begun to store', async () => {
    const { page } = await arrive();
    await openAnd(page, 'Accept');
    expect(await stored(page)).toEqual(nothing);
    await ask(page, 'one');
    await log(page).getByText('You asked: one').waitFor();
    const { cookies, ...others } = await stored(page);
    expect({ ...others, cookies: [] }).toEqual(nothing);
    expect(cookies).toMatchObject([
      { name: 'cf_conversation', domain: '127.0.0.1', path: '/', sameSite: 'Lax', httpOnly: false, secure: false },
    ]);
    const days = ((cookies[0]?.expires ?? 0) - Date.now() / 1_000) / 86_400;
    expect(days).toBeGreaterThan(29);
    expect(days).toBeLessThanOrEqual(30);
  });

  it('brings the thread back after a reload when given, a fresh one when not', async () => {
    const accepted = await arrive();
    await openAnd(accepted.page, 'Accept');
    await ask(accepted.page, 'one');
    await log(accepted.page).getByText('You asked: one').waitFor();
    await accepted.page.reload();
    await launcher(accepted.page).click();
    await log(accepted.page).getByText('You asked: one').waitFor();

    const declined = await arrive();
    await openAnd(declined.page, 'Decline');
    await ask(declined.page, 'one');
    await log(declined.page).getByText('You asked: one').waitFor();
    expect(await stored(declined.page)).toEqual(nothing);
    await declined.page.reload();
    await openAnd(declined.page, 'Decline');
    expect(await log(declined.page).getByText('You asked: one').count()).toBe(0);
  });

  it('is not asked for when the browser sends Global Privacy Control', async () => {
    const { page } = await arrive({
      init: () => Object.defineProperty(navigator, 'globalPrivacyControl', { value: true }),
    });
    await launcher(page).click();
    await composer(page).waitFor();
    await page.getByText('Nothing of this chat is stored').waitFor();
    await eventually(() => here.relay.to('/consents').length).toBe(1);
    await choose(page, 'Store this chat from now on');
    await page.getByRole('button', { name: 'Accept' }).click();
    await log(page).getByText('This chat is stored').waitFor();
  });
});

describe('from the menu, a visitor', () => {
  it('withdraws consent: the chat is erased, the cookie gone, and the chat goes on in memory', async () => {
    const { page } = await arrive();
    await openAnd(page, 'Accept');
    await ask(page, 'one');
    await log(page).getByText('You asked: one').waitFor();
    const handle = (await handleOf(page))?.value ?? '';
    await choose(page, 'Withdraw consent');
    await page.getByRole('button', { name: 'Erase it' }).click();
    await log(page).getByText('Your consent is withdrawn').waitFor();
    expect(here.relay.conversations.has(handle)).toBe(false);
    expect(await stored(page)).toEqual(nothing);
    expect(await page.getByText('You asked: one').count()).toBe(0);
    await ask(page, 'two');
    await log(page).getByText('You asked: two').waitFor();
    expect(await stored(page)).toEqual(nothing);
  });

  it('reads that nothing was erased when the withdrawal could not be sent, and tries again', async () => {
    const { page } = await arrive();
    await openAnd(page, 'Accept');
    await ask(page, 'one');
    await log(page).getByText('You asked: one').waitFor();
    await choose(page, 'Withdraw consent');
    here.relay.refuseOnce('/consents', 503, 'unavailable');
    await page.getByRole('button', { name: 'Erase it' }).click();
    await page.getByRole('alert').getByText('Nothing has been erased yet').waitFor();
    expect(await handleOf(page)).toBeDefined();
    await page.getByRole('button', { name: 'Try again' }).click();
    await log(page).getByText('Your consent is withdrawn').waitFor();
    expect(await handleOf(page)).toBeUndefined();
  });

  it('sees and downloads the data and the receipt, also after a reload', async () => {
    const { page } = await arrive();
    await openAnd(page, 'Accept');
    await ask(page, 'one');
    await log(page).getByText('You asked: one').waitFor();
    await page.reload();
    await launcher(page).click();
    await choose(page, 'See and download my data');
    const handle = (await handleOf(page))?.value;
    await page.getByText(handle ?? 'no cookie').waitFor();
    expect(await download(page, 'Download my data')).toMatchObject({ conversation: { conversationId: handle } });
    await page.getByRole('button', { name: 'Back to the chat' }).click();
    await choose(page, 'Show my consent receipt');
    await page.getByText('granted').waitFor();
    expect(await download(page, 'Download the receipt')).toMatchObject({ decision: 'granted', source: 'banner' });
  });

  it('who declined sees the receipt of that, stores the chat from now on, or starts a new one', async () => {
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    await eventually(() => here.relay.to('/consents').length).toBe(1);
    await choose(page, 'Show my consent receipt');
    await page.getByText('declined').waitFor();
    await page.getByRole('button', { name: 'Back to the chat' }).click();
    await ask(page, 'one');
    await log(page).getByText('You asked: one').waitFor();
    await choose(page, 'Start a new chat');
    await eventually(() => log(page).getByText('You asked: one').count()).toBe(0);
    await choose(page, 'Store this chat from now on');
    await log(page).getByText('This chat is stored').waitFor();
    expect(await handleOf(page)).toBeUndefined();
    await ask(page, 'two');
    await log(page).getByText('You asked: two').waitFor();
    expect(await handleOf(page)).toBeDefined();
  });

  it('gets the focus back at the launcher, also in a browser that does not focus what is clicked', async () => {
    const { page } = await arrive();
    await page.getByRole('link', { name: 'Next page' }).focus();
    await launcher(page).evaluate((button: HTMLButtonElement) => button.click());
    await page.getByRole('button', { name: 'Close chat' }).click();
    expect(await focused(page)).toBe('Open chat');
  });

  it('is not called back from the page when the relay answers late', async () => {
    const { page } = await arrive();
    const release = here.relay.holdOnce('/config');
    await launcher(page).click();
    await eventually(() => here.relay.to('/config').length).toBe(1);
    await page.getByRole('link', { name: 'Next page' }).focus();
    release();
    await page.getByRole('button', { name: 'Accept' }).waitFor();
    expect(await focused(page)).toBe('Next page');
  });

  it('closes the menu with Escape, and only then the chat', async () => {
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    const menu = page.getByRole('button', { name: 'Privacy and options' });
    await menu.click();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Escape');
    expect(await menu.getAttribute('aria-expanded')).toBe('false');
    expect(await focused(page)).toBe('Privacy and options');
    await page.keyboard.press('Escape');
    expect(await page.getByRole('dialog').count()).toBe(0);
  });
});

describe('going to another page and back', () => {
  const persisted = () => (window as unknown as { persisted?: boolean }).persisted;
  const watch = () => addEventListener('pageshow', event => Object.assign(window, { persisted: event.persisted }));

  it("finds a declined visitor's thread as it was, since the page could be kept", async () => {
    const { page } = await arrive({ init: watch });
    await openAnd(page, 'Decline');
    await ask(page, 'one');
    await log(page).getByText('You asked: one').waitFor();
    await page.getByRole('link', { name: 'Next page' }).click();
    await page.waitForURL(/other/);
    await page.evaluate(() => history.back());
    await eventually(() => page.evaluate(persisted).catch(() => undefined)).toBe(true);
    await log(page).getByText('You asked: one').waitFor();
    await ask(page, 'two');
    await log(page).getByText('You asked: two').waitFor();
    expect(here.relay.to('/turns').at(-1)?.body.thread).toHaveLength(2);
  });

  it('finds a half answer, with a way to ask again, when leaving cut it short', async () => {
    const { page } = await arrive({ init: watch });
    await openAnd(page, 'Decline');
    here.relay.scripts.push(reply => {
      reply.start();
      reply.send({ event: 'delta', data: { text: 'Half an answer' } });
    });
    await ask(page, 'one');
    await log(page).getByText('Half an answer').waitFor();
    await page.getByRole('link', { name: 'Next page' }).click();
    await page.waitForURL(/other/);
    await page.evaluate(() => history.back());
    await eventually(() => page.evaluate(persisted).catch(() => undefined)).toBe(true);
    await log(page).getByText('This answer was cut short').waitFor();
    await page.getByRole('button', { name: 'Try again' }).click();
    await log(page).getByText('You asked: one').waitFor();
  });
});

/** The name of what has the focus, inside the widget where it is there. */
async function focused(page: Page) {
  return page.evaluate(() => {
    const element = document.activeElement?.shadowRoot?.activeElement ?? document.activeElement;
    return element?.getAttribute('aria-label') ?? element?.textContent;
  });
}
