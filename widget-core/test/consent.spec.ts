import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { ask, choose, composer, eventually, launcher, log, nothing, openAnd, stored, useWidget } from './browser.ts';
import { losing } from './stub-relay.ts';

const { here, arrive } = useWidget();

const handleOf = async (page: Page) => (await page.context().cookies()).find(({ name }) => name === 'cf_conversation');

async function downloadText(page: Page, link: string) {
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: link }).click()]);
  return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') };
}

const download = async (page: Page, link: string) => JSON.parse((await downloadText(page, link)).text);

/** Accepts and asks a first question, so that the relay holds a chat. Gives its handle. */
async function begin(page: Page): Promise<string> {
  await openAnd(page, 'Accept');
  await ask(page, 'one');
  await log(page).getByText('You asked: one').waitFor();
  return (await handleOf(page))?.value ?? '';
}

/** The choices of the menu, in their order. */
async function choices(page: Page) {
  await page.getByRole('button', { name: 'Privacy and options' }).click();
  const items = await page.getByRole('dialog').locator('#menu').getByRole('button').allTextContents();
  await page.keyboard.press('Escape');
  return items;
}

const back = (page: Page) => page.getByRole('button', { name: 'Back to the chat' }).click();
const heard = (page: Page) => page.getByRole('dialog').locator('> [role=status]').textContent();

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
    // A page of the test before may still be telling its own.
    await eventually(() => here.relay.to('/consents').filter(({ body }) => body.source === 'gpc').length).toBe(1);
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
    await page.getByRole('button', { name: 'Erase it' }).click();
    await log(page).getByText('Your consent is withdrawn').waitFor();
    expect(await handleOf(page)).toBeUndefined();
  });

  it('sees and downloads the data and the receipt, also after a reload', async () => {
    const { page } = await arrive();
    const handle = await begin(page);
    here.relay.leads.set(handle, [{ kind: 'lead', email: 'jo@example.com', createdAt: '2026-05-01T12:00:00Z' }]);
    await page.reload();
    await launcher(page).click();
    await choose(page, 'See and download my data');
    await page.getByRole('heading', { name: 'Chats' }).waitFor();
    await page.getByRole('definition').getByText('You asked: one').waitFor();
    await page.getByRole('heading', { name: 'Contact details' }).waitFor();
    await page.getByRole('definition').getByText('jo@example.com').waitFor();
    expect(await page.getByRole('heading', { name: 'Pages that you looked at' }).count()).toBe(0); // there are none
    expect(await download(page, 'Download my data')).toMatchObject({ data: { leads: [{ email: 'jo@example.com' }] } });
    const readable = await downloadText(page, 'Download as a page to read');
    expect(readable.name).toBe('confab-data.html');
    expect(readable.text).toMatch(/^<!doctype html>.*You asked: one/);
    await back(page);
    await choose(page, 'Show my consent receipt');
    await page.getByText('granted').waitFor();
    expect(await download(page, 'Download the receipt')).toMatchObject({ decision: 'granted', source: 'banner' });
  });

  it('reads words and times, and no name or number of a machine before them', async () => {
    const { page } = await arrive({ context: { timezoneId: 'Europe/Dublin' } });
    await begin(page);
    await choose(page, 'See and download my data');
    const terms = page.getByRole('dialog').locator('.document > section > ol > li > dl > dt');
    await terms.first().waitFor();
    expect(await terms.allTextContents()).toEqual(['Page address', 'Created at', 'Messages', 'Consents', 'ID']);
    await page.getByText('May 1, 2026, 1:00 PM').first().waitFor();
    const all = await page.getByRole('dialog').locator('.document :is(dt, bdi)').allTextContents();
    expect(all).toContain('Notice version');
    expect(all.filter(text => /^[a-z]+[A-Z]|^\d{4}-\d\d-\d\dT/.test(text))).toEqual([]);
  });

  it('finds in the menu first what matters most, and no right over what there is not yet', async () => {
    const { page } = await arrive();
    await openAnd(page, 'Accept');
    const withdraw = 'Withdraw consent and erase this chat';
    const [see, receipt] = ['See and download my data', 'Show my consent receipt'];
    expect(await choices(page)).toEqual([see, withdraw, receipt]);
    await ask(page, 'one');
    await log(page).getByText('You asked: one').waitFor();
    const [stop, correct] = ['Stop using this chat', 'Correct my contact details'];
    expect(await choices(page)).toEqual([see, withdraw, stop, correct, receipt]);
    await choose(page, withdraw);
    await page.getByRole('button', { name: 'Erase it' }).click();
    await log(page).getByText('Your consent is withdrawn').waitFor();
    expect(await choices(page)).toEqual(['Store this chat from now on', see, receipt, 'Start a new chat']);
  });

  it('stops the use of the chat: it stays, a note says so, also after a reload, and they can allow it again', async () => {
    const { page } = await arrive();
    const handle = await begin(page);
    await choose(page, 'Stop using this chat');
    await eventually(() => focused(page)).toBe('Stop using this chat?');
    await page.getByText('nothing is erased').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    expect(here.relay.to('/data-requests')).toEqual([]);

    await choose(page, 'Stop using this chat');
    await page.getByRole('button', { name: 'Stop using it' }).click();
    await log(page).getByText('kept but not used').waitFor();
    expect(here.relay.restricted.has(handle)).toBe(true);
    await eventually(() => focused(page)).toBe('Write your question');
    expect(await heard(page)).toContain('kept but not used');
    await ask(page, 'two');
    await log(page).getByText('You asked: two').waitFor();
    await log(page).getByText('kept but not used').waitFor();

    await page.reload();
    await launcher(page).click();
    await log(page).getByText('kept but not used').waitFor();
    await log(page).getByText('You asked: one').waitFor();
    expect(await choices(page)).not.toContain('Stop using this chat');
    await choose(page, 'Use this chat again');
    await page.getByRole('button', { name: 'Use it again' }).click();
    await log(page).getByText('This chat is used again').waitFor();
    expect(await log(page).getByText('kept but not used').count()).toBe(0);
    expect(here.relay.restricted.has(handle)).toBe(false);
    expect(await choices(page)).toContain('Stop using this chat');
  });

  it('reads that a stop was not confirmed, and tries again', async () => {
    const { page } = await arrive();
    await begin(page);
    await choose(page, 'Stop using this chat');
    here.relay.refuseOnce('/data-requests', 503, 'unavailable');
    const release = here.relay.holdOnce('/data-requests');
    await page.getByRole('button', { name: 'Stop using it' }).click();
    await page.getByRole('alert').getByText('could not be confirmed').waitFor();
    await page.getByRole('button', { name: 'Stop using it' }).click();
    await page.getByRole('button', { name: 'One moment' }).waitFor();
    await eventually(() => here.relay.to('/data-requests').length).toBe(2);
    release();
    await log(page).getByText('kept but not used').waitFor();
  });

  it('is not called away from where they went meanwhile by what is confirmed late', async () => {
    const { page } = await arrive();
    await begin(page);
    await choose(page, 'Stop using this chat');
    const release = here.relay.holdOnce('/data-requests');
    await page.getByRole('button', { name: 'Stop using it' }).click();
    await eventually(() => here.relay.to('/data-requests').length).toBe(1);
    await back(page);
    await choose(page, 'Show my consent receipt');
    release();
    await eventually(() => heard(page)).toContain('kept but not used');
    expect(await page.getByRole('heading', { name: 'Your consent receipt' }).isVisible()).toBe(true);
  });

  it('corrects contact details: what is wrong is said at its field, then how many places were changed', async () => {
    const { page } = await arrive();
    const handle = await begin(page);
    here.relay.leads.set(handle, [{ email: 'jo@exmaple.com' }, { email: 'jo@exmaple.com', name: 'Jo' }]);
    await choose(page, 'Correct my contact details');
    await eventually(() => focused(page)).toBe('Correct my contact details');
    const [email, phone, name] = [page.getByLabel('E-mail'), page.getByLabel('Phone'), page.getByLabel('Name')];
    const attributes = (named: string) => Promise.all([email, phone, name].map(field => field.getAttribute(named)));
    expect(await attributes('autocomplete')).toEqual(['email', 'tel', 'name']);
    await page.getByRole('button', { name: 'Correct them' }).click();
    await page.getByRole('alert').getByText('at least one').waitFor();
    expect(await email.evaluate(isFocused)).toBe(true);
    expect(here.relay.to('/data-requests')).toEqual([]);

    await email.fill('jo@example.com');
    await phone.fill('call me');
    await page.getByRole('button', { name: 'Correct them' }).click();
    await page.getByRole('alert').getByText('This is not a phone number').waitFor();
    expect(await page.getByText('at least one').count()).toBe(0);
    expect(await phone.evaluate(description)).toContain('This is not a phone number');
    expect(await phone.evaluate(isFocused)).toBe(true);
    expect(await attributes('aria-invalid')).toEqual(['false', 'true', 'false']);

    await phone.fill('');
    await name.fill(' Jo Murphy ');
    await name.press('Enter');
    await page.getByRole('status').getByText('Places changed: 2.').waitFor();
    await eventually(() => focused(page)).toBe('Correct my contact details');
    expect(here.relay.leads.get(handle)).toEqual([
      { email: 'jo@example.com', name: 'Jo Murphy' },
      { email: 'jo@example.com', name: 'Jo Murphy' },
    ]);
    expect(await page.getByRole('textbox').count()).toBe(0);
    await back(page);
    await eventually(() => focused(page)).toBe('Write your question');
  });

  it('reads honestly that there was nothing to correct, that the law forbids it, and that it failed', async () => {
    const { page } = await arrive();
    const handle = await begin(page);
    const correct = async () => {
      await choose(page, 'Correct my contact details');
      await page.getByLabel('Name').fill('Jo');
      await page.getByRole('button', { name: 'Correct them' }).click();
    };
    await correct();
    await page.getByRole('status').getByText('We hold no such contact details').waitFor();
    await back(page);
    here.relay.held.add(handle);
    await correct();
    await page.getByRole('status').getByText('the law obliges the shop').waitFor();
    await back(page);
    here.relay.refuseOnce('/data-requests', 503, 'unavailable');
    await correct();
    await page.getByRole('alert').getByText('could not be confirmed').waitFor();
    expect(await page.getByLabel('Name').inputValue()).toBe('Jo');
  });

  it('whose chat is erased elsewhere in the middle of an answer is asked anew, with the question kept', async () => {
    const { page } = await arrive();
    await begin(page);
    here.relay.scripts.push(losing('Half an ans'));
    await ask(page, 'two');
    await page.getByRole('group').getByText('Your earlier chat is no longer stored').waitFor();
    expect(await stored(page)).toEqual(nothing);
    await page.getByRole('button', { name: 'Decline' }).click();
    expect(await composer(page).inputValue()).toBe('two');
    await page.getByText('Nothing of this chat is stored').waitFor();
    await composer(page).press('Enter');
    await log(page).getByText('You asked: two').waitFor();
    expect(await stored(page)).toEqual(nothing);
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

const isFocused = (element: Element) => (element.getRootNode() as ShadowRoot).activeElement === element;

/** What a screen reader adds to the name of a field. */
const description = (element: Element) =>
  (element.getRootNode() as ShadowRoot).getElementById(element.getAttribute('aria-describedby') ?? '')?.textContent;

/** The name of what has the focus, inside the widget where it is there. */
async function focused(page: Page) {
  return page.evaluate(() => {
    const element = document.activeElement?.shadowRoot?.activeElement ?? document.activeElement;
    return element?.getAttribute('aria-label') ?? element?.textContent;
  });
}
