import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import {
  ANSWER,
  ask,
  askAndRead,
  choose,
  composer,
  eventually,
  launcher,
  nothing,
  openAnd,
  rowsOf,
  storedIn,
  thread,
  traces,
  useConfab,
} from './browser.ts';

const { here, arrive, say } = useConfab();

const QUESTION = 'What does the Kittiwake Jumper cost?';
const READ = 'costs €119';

/** A word that stands nowhere else in the world; of letters, as digits would make several words of it. */
const planted = () =>
  `zq${randomUUID()
    .replaceAll('-', '')
    .replaceAll(/\d/g, digit => 'ghijklmnop'[Number(digit)] ?? '')}`;

const cookieOf = async (page: Page) => (await page.context().cookies())[0];

const consentLog = async () =>
  (await rowsOf(here.relay, 'ConsentRecord'))
    .map(row => JSON.parse(row) as { sequence: number; decision: string; source: string })
    .sort((a, b) => a.sequence - b.sequence)
    .map(({ decision, source }) => `${decision} by ${source}`);

async function downloadText(page: Page, link: string) {
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: link }).click()]);
  return readFile(await file.path(), 'utf8');
}

const download = async (page: Page, link: string) => JSON.parse(await downloadText(page, link));

/** Accepts, and asks a first question, so that there is a stored chat. Gives its handle. */
async function begin(page: Page, text = QUESTION): Promise<string> {
  await openAnd(page, 'Accept');
  await askAndRead(page, text, READ);
  return (await cookieOf(page))?.value ?? '';
}

describe('before a visitor opens the chat', () => {
  it('no page of the shop asks the relay for anything, stores anything, shifts or complains', async () => {
    const { page: first, requests, setCookies } = await arrive({ init: recordShifts });
    const files = [...(here.relay.services.demo?.pages.keys() ?? [])];
    const pages = files.filter(name => name.endsWith('.html'));
    expect(pages.length).toBeGreaterThanOrEqual(12);
    const visit = async (name: string) => {
      const page = await first.context().newPage();
      await page.goto(`${here.relay.url}/demo/${name}`, { waitUntil: 'networkidle' });
      await launcher(page).waitFor();
      expect(await shifts(page)).toEqual([]);
      expect(await storedIn(page)).toEqual(nothing);
      await page.close();
    };
    for (let at = 0; at < pages.length; at += 6) await Promise.all(pages.slice(at, at + 6).map(visit));

    const own = ['/demo/', '/widget/confab-loader.js', ...files.map(name => `/demo/${name}`)];
    const foreign = requests.filter(url => !own.some(path => url === here.relay.url + path));
    expect(foreign).toEqual([]);
    expect(requests.filter(url => url.endsWith('/widget/confab-loader.js')).length).toBeGreaterThan(0);
    expect(await setCookies()).toEqual([]);
  });

  it('the shop forbids inline scripts, inline styles and eval, as a careful one does', async () => {
    const { headers } = await fetch(`${here.relay.url}/demo/`);
    const policy = headers.get('Content-Security-Policy') ?? '';
    expect(policy).toContain("default-src 'self'");
    expect(policy).not.toMatch(/unsafe|nonce|sha256|\*/);
  });
});

describe('opening the chat', () => {
  it('asks, and stores nothing until there is an answer', async () => {
    const { page, requests, setCookies } = await arrive({ init: recordShifts });
    await page.waitForLoadState('networkidle'); // the icon comes last
    const before = requests.length;
    await launcher(page).click();
    await page.getByRole('heading', { name: 'May we store this chat?' }).waitFor();
    await page.waitForLoadState('networkidle');
    const paths = requests.slice(before).map(url => new URL(url).pathname);
    expect(paths).toEqual(['/widget/confab-panel.js', '/v1/widget/demo/config']);
    expect(await storedIn(page)).toEqual(nothing);
    expect(await setCookies()).toEqual([]);
    expect(await shifts(page)).toEqual([]);
  });
});

describe('a visitor who accepts', () => {
  it('gets an answer with its sources, and one cookie that holds the handle', async () => {
    const { page, setCookies } = await arrive();
    await openAnd(page, 'Accept');
    expect(await storedIn(page)).toEqual(nothing);
    await askAndRead(page, QUESTION, READ);

    const { cookies, ...others } = await storedIn(page);
    expect({ ...others, cookies: [] }).toEqual(nothing);
    expect(cookies).toMatchObject([
      { name: 'cf_conversation', domain: '127.0.0.1', path: '/', sameSite: 'Lax', httpOnly: false, secure: false },
    ]);
    const [{ value = '', expires = 0 } = {}] = cookies;
    expect(value).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    const days = (expires - Date.now() / 1_000) / 86_400;
    expect(days).toBeGreaterThan(364);
    expect(days).toBeLessThanOrEqual(365);
    expect((await here.relay.demo.widget.conversation(value)).status).toBe(200);
    expect(await setCookies()).toEqual([]);
  });

  it('can open each source in a new tab that knows nothing of this one', async () => {
    const { page } = await arrive();
    await openAnd(page, 'Accept');
    await askAndRead(page, QUESTION, READ);
    const links = await thread(page)
      .getByRole('link', { name: /Kittiwake/ })
      .all();
    expect(links).toHaveLength(2); // the mark in the text, and the list below it
    for (const link of links) {
      expect(await link.getAttribute('rel')).toContain('noopener');
      const [tab] = await Promise.all([page.context().waitForEvent('page'), link.click()]);
      await tab.waitForURL(`${here.relay.url}/demo/kittiwake-jumper.html`);
      expect(await tab.evaluate(() => window.opener)).toBeNull();
      await tab.close();
    }
    expect(page.url()).toBe(`${here.relay.url}/demo/`);
  });

  it('finds the thread again after a reload, on another page and in another tab', async () => {
    const { page } = await arrive();
    await openAnd(page, 'Accept');
    await askAndRead(page, QUESTION, READ);
    const expectThread = async (tab: Page) => {
      await launcher(tab).click();
      await thread(tab).getByText(QUESTION).waitFor();
      await thread(tab).getByText(READ).first().waitFor();
      expect(await tab.getByRole('button', { name: 'Accept' }).count()).toBe(0);
    };
    await page.reload();
    await expectThread(page);
    const other = await page.context().newPage();
    await other.goto(`${here.relay.url}/demo/returns.html`);
    await expectThread(other);

    await askAndRead(other, 'And what is it made of?', READ);
    const { input } = here.vendor.requests.at(-1)?.body ?? {};
    expect(JSON.stringify(input)).toContain(QUESTION);
    expect(await rowsOf(here.relay, 'Conversation')).toHaveLength(
      new Set((await rowsOf(here.relay, 'Message')).map(row => JSON.parse(row).conversationId)).size,
    );
    await page.reload();
    await expectThread(page);
    await thread(page).getByText('And what is it made of?').waitFor();
  });

  it('reads the answer while it grows', async () => {
    const { page } = await arrive();
    const rest = Promise.withResolvers<void>();
    say({ pieces: ['The first half ', 'and the second.'], before: piece => (piece > 0 ? rest.promise : undefined) });
    await openAnd(page, 'Accept');
    await ask(page, QUESTION);
    await thread(page).getByText('The first half').waitFor();
    expect(await thread(page).getByText('and the second.').count()).toBe(0);
    rest.resolve();
    await thread(page).getByText('The first half and the second.').waitFor();
  });

  it('and withdraws: cookie and rows are gone, the log has both decisions, and the chat goes on in memory', async () => {
    const word = planted();
    const logged = (await consentLog()).length;
    const { page } = await arrive();
    await openAnd(page, 'Accept');
    await askAndRead(page, `Is the Kittiwake Jumper of warm wool, ${word}?`, READ);
    expect(await traces(here.relay, [word])).toContain('table public."Message"');
    const handle = (await cookieOf(page))?.value;

    await choose(page, 'Withdraw consent and erase this chat');
    await page.getByRole('button', { name: 'Erase it' }).click();
    await thread(page).getByText('Your consent is withdrawn and the chat is erased.').waitFor();
    expect(await page.context().cookies()).toEqual([]);
    expect((await here.relay.demo.widget.conversation(handle)).status).toBe(404);
    for (const rows of Object.values(await here.relay.dump())) expect(rows.join()).not.toContain(word);
    expect((await consentLog()).slice(logged)).toEqual(['granted by banner', 'withdrawn by settings']);
    expect(await thread(page).getByText(word).count()).toBe(0);

    const conversations = await rowsOf(here.relay, 'Conversation');
    await askAndRead(page, QUESTION, READ);
    await page.getByText('Nothing of this chat is stored').waitFor();
    expect(await storedIn(page)).toEqual(nothing);
    expect(await rowsOf(here.relay, 'Conversation')).toEqual(conversations);
  });

  it('and withdraws in one tab: the other one asks again, stores nothing, and keeps the question', async () => {
    const word = planted();
    const { page } = await arrive();
    await openAnd(page, 'Accept');
    await askAndRead(page, QUESTION, READ);
    const other = await page.context().newPage();
    await other.goto(`${here.relay.url}/demo/`);
    await launcher(other).click();
    await thread(other).getByText(READ).waitFor();

    await composer(other).fill(`Is the Kittiwake Jumper of warm wool, ${word}?`);
    await choose(page, 'Withdraw consent and erase this chat');
    await page.getByRole('button', { name: 'Erase it' }).click();
    await eventually(() => page.context().cookies()).toEqual([]);
    await other.getByRole('button', { name: 'Decline' }).click();
    await eventually(() => composer(other).inputValue()).toBe(`Is the Kittiwake Jumper of warm wool, ${word}?`);
    expect(await thread(other).getByText(READ).count()).toBe(0);
    await composer(other).press('Enter');
    await thread(other).getByText(READ).waitFor();
    expect(await page.context().cookies()).toEqual([]);
    expect(await traces(here.relay, [word])).toEqual([]);
  });

  it('sees and downloads everything that is held, and the receipt', async () => {
    const word = planted();
    const { page } = await arrive();
    await openAnd(page, 'Accept');
    await askAndRead(page, `Is the Kittiwake Jumper of warm wool, ${word}?`, READ);
    await page.reload(); // what this page knows must not matter
    await launcher(page).click();
    await choose(page, 'See and download my data');
    await page.getByRole('definition').filter({ hasText: word }).first().waitFor();
    const data = await download(page, 'Download my data');
    expect(JSON.stringify(data)).toContain(word);
    expect(JSON.stringify(data)).toContain(ANSWER);
    const readable = await downloadText(page, 'Download as a page to read');
    expect(readable).toMatch(/^<!doctype html>/);
    expect(readable).toContain(word);
    await page.getByRole('button', { name: 'Back to the chat' }).click();

    await choose(page, 'Show my consent receipt');
    await page.getByRole('definition').getByText('granted').waitFor();
    const receipt = await download(page, 'Download the receipt');
    expect(receipt).toMatchObject({ decision: 'granted', source: 'banner', siteKey: 'demo', purposes: ['storage'] });
    expect(await rowsOf(here.relay, 'ConsentRecord')).toContainEqual(expect.stringContaining(receipt.hash));
    expect(JSON.stringify(data)).toContain(receipt.hash);
  });

  it('stops the use of the chat: it is kept, no answer draws on it, the shop sees that, until they allow it again', async () => {
    const word = planted();
    const { page } = await arrive();
    await begin(page, `Is the Kittiwake Jumper of warm wool, ${word}?`);
    const modelReads = () => JSON.stringify(here.vendor.requests.at(-1)?.body.input);
    const isRestricted = async () => (await here.relay.demo.plugin.conversations()).body.items[0]?.restricted;

    await choose(page, 'Stop using this chat');
    await page.getByRole('button', { name: 'Stop using it' }).click();
    await thread(page).getByText('kept but not used').waitFor();
    expect(await isRestricted()).toBe(true);
    await page.reload();
    await launcher(page).click();
    await thread(page).getByText('kept but not used').waitFor();
    await thread(page).getByText(word).waitFor();
    await askAndRead(page, 'And in oat?', READ);
    expect(modelReads()).toContain('And in oat?');
    expect(modelReads()).not.toContain(word);

    await choose(page, 'Use this chat again');
    await page.getByRole('button', { name: 'Use it again' }).click();
    await thread(page).getByText('This chat is used again').waitFor();
    expect(await isRestricted()).toBe(false);
    await askAndRead(page, 'And in green?', READ);
    expect(modelReads()).toContain(word);
    await page.reload();
    await launcher(page).click();
    await thread(page).getByText(word).waitFor();
    expect(await thread(page).getByText('kept but not used').count()).toBe(0);
  });

  it('corrects the contact details that they left, and reads honestly when there are none', async () => {
    const { page } = await arrive();
    const conversationId = await begin(page);
    const correct = async (details: Record<string, string>) => {
      await choose(page, 'Correct my contact details');
      for (const [label, value] of Object.entries(details)) await page.getByLabel(label).fill(value);
      await page.getByRole('button', { name: 'Correct them' }).click();
    };
    await correct({ 'E-mail': 'jo@murphy.example' });
    await page.getByRole('status').getByText('We hold no such contact details').waitFor();
    await page.getByRole('button', { name: 'Back to the chat' }).click();

    await here.relay.demo.widget.lead({ fields: { email: 'jo@murfy.example', name: 'Jo' }, conversationId });
    await correct({ 'E-mail': 'jo@murphy', Phone: 'call me' });
    await page.getByRole('alert').getByText('This is not an e-mail address').waitFor();
    await page.getByLabel('E-mail').fill('jo@murphy.example');
    await page.getByRole('button', { name: 'Correct them' }).click();
    await page.getByRole('alert').getByText('This is not a phone number').waitFor();
    await page.getByLabel('Phone').fill('+353 1 679 5666');
    await page.getByRole('button', { name: 'Correct them' }).click();
    await page.getByRole('status').getByText('Places changed: 1.').waitFor();
    const [lead] = (await here.relay.demo.plugin.leads()).body.items;
    expect(lead).toMatchObject({ name: 'Jo', email: 'jo@murphy.example', phone: '+353 1 679 5666' });
  });

  it('is told when the chat is erased elsewhere in the middle of an answer, and nothing is stored from then on', async () => {
    const word = planted();
    const { page } = await arrive();
    const handle = await begin(page);
    const rest = Promise.withResolvers<void>();
    say({ pieces: ['The first half ', 'and the second.'], before: piece => (piece > 0 ? rest.promise : undefined) });
    await ask(page, `Is the Kittiwake Jumper of warm wool, ${word}?`);
    await thread(page).getByText('The first half').waitFor();
    expect((await here.relay.demo.widget.erase(handle)).status).toBe(204);
    await page.getByRole('group').getByText('Your earlier chat is no longer stored').waitFor();
    rest.resolve();
    expect(await storedIn(page)).toEqual(nothing);
    await page.getByRole('button', { name: 'Decline' }).click();
    expect(await composer(page).inputValue()).toBe(`Is the Kittiwake Jumper of warm wool, ${word}?`);
    say({ pieces: [ANSWER] });
    await composer(page).press('Enter');
    await thread(page).getByText(READ).waitFor();
    expect((await rowsOf(here.relay, 'Message')).join()).not.toContain(word);
  });

  it('and withdraws while the law obliges the shop to keep the chat: it is restricted, and goes on in memory', async () => {
    const { page } = await arrive();
    const handle = await begin(page);
    const [{ id: conversationId } = { id: '' }] = (await here.relay.demo.plugin.conversations()).body.items;
    const hold = await here.relay.demo.plugin.hold({ conversationId, reason: 'a claim', author: 'Ann' });
    await choose(page, 'Withdraw consent and erase this chat');
    await page.getByRole('button', { name: 'Erase it' }).click();
    await thread(page).getByText('The law obliges the shop to keep this chat for now').waitFor();
    expect(await storedIn(page)).toEqual(nothing);
    expect((await here.relay.demo.widget.conversation(handle)).status).toBe(404);
    const [kept] = (await here.relay.demo.plugin.conversations()).body.items;
    expect(kept).toMatchObject({ id: conversationId, restricted: true });
    const before = await rowsOf(here.relay, 'Message');
    await askAndRead(page, QUESTION, READ);
    await page.getByText('Nothing of this chat is stored').waitFor();
    expect(await rowsOf(here.relay, 'Message')).toEqual(before);
    await here.relay.demo.plugin.endHold(hold.body.legalHoldId);
  });
});

describe('a visitor who declines', () => {
  it('is answered just as well, goes on with the thread, and leaves no trace at the relay or in the browser', async () => {
    const [asked, answered] = [planted(), planted()];
    const before = await Promise.all(['Conversation', 'Message'].map(table => rowsOf(here.relay, table)));
    const { page, setCookies } = await arrive();
    say({ pieces: [`The Kittiwake Jumper ${answered} costs `, '€119 [1].'] });
    await openAnd(page, 'Decline');
    await askAndRead(page, `What does the Kittiwake Jumper of warm wool cost, ${asked}?`, READ);
    await thread(page)
      .getByRole('link', { name: /Kittiwake/ })
      .first()
      .waitFor();
    await askAndRead(page, `And in ${asked} green?`, READ);

    const seen = JSON.stringify(here.vendor.requests.at(-1)?.body.input);
    for (const words of [
      `What does the Kittiwake Jumper of warm wool cost, ${asked}?`,
      `The Kittiwake Jumper ${answered} costs`,
      `And in ${asked} green?`,
    ]) {
      expect(seen).toContain(words);
    }
    expect(await storedIn(page)).toEqual(nothing);
    expect(await setCookies()).toEqual([]);
    expect(await Promise.all(['Conversation', 'Message'].map(table => rowsOf(here.relay, table)))).toEqual(before);
    expect(await traces(here.relay, [asked, answered])).toEqual([]);
    expect(await consentLog()).toContain('declined by banner');
  });

  it('finds a fresh chat after a reload, and is asked again', async () => {
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    await askAndRead(page, QUESTION, READ);
    await page.reload();
    await launcher(page).click();
    await page.getByRole('button', { name: 'Accept' }).waitFor();
    await page.getByRole('button', { name: 'Decline' }).click();
    await composer(page).waitFor();
    expect(await thread(page).getByText(QUESTION).count()).toBe(0);
  });

  it('finds the thread on coming back from another page, since the browser could keep this one', async () => {
    const { page } = await arrive({ init: recordReturns });
    await openAnd(page, 'Decline');
    await askAndRead(page, QUESTION, READ);
    await page.getByRole('link', { name: 'Delivery' }).first().click();
    await page.waitForURL(/shipping/);
    await page.evaluate(() => history.back());
    await eventually(() => page.evaluate(returned).catch(() => undefined)).toBe(true);
    await thread(page).getByText(READ).waitFor();
    await askAndRead(page, 'And in oat?', READ);
    expect(JSON.stringify(here.vendor.requests.at(-1)?.body.input)).toContain(QUESTION);
    expect(await page.context().cookies()).toEqual([]);
  });

  it('can change their mind, and is stored from then on only', async () => {
    const [early, late] = [planted(), planted()];
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    await askAndRead(page, `Is the Kittiwake Jumper of warm wool, ${early}?`, READ);
    await choose(page, 'Store this chat from now on');
    await thread(page).getByText('This chat is stored, as you agreed.').waitFor();
    await askAndRead(page, `Is the Kittiwake Jumper of warm wool, ${late}?`, READ);
    expect(await cookieOf(page)).toMatchObject({ name: 'cf_conversation' });
    // Seen here, so that "no trace" above means something: the words of a stored chat are in a table and in a file.
    const kept = await traces(here.relay, [late]);
    expect(kept).toContain('table public."Message"');
    expect(kept.filter(trace => trace.startsWith('file '))).not.toEqual([]);
    expect(kept.filter(trace => trace.startsWith('log '))).toEqual([]);
    expect(await traces(here.relay, [early])).toEqual([]);
    expect((await consentLog()).slice(-2)).toEqual(['declined by banner', 'granted by settings']);
  });

  it('sees what this page remembers and the receipt, and can start a new chat', async () => {
    const word = planted();
    const { page } = await arrive();
    await openAnd(page, 'Decline');
    await askAndRead(page, `Is the Kittiwake Jumper of warm wool, ${word}?`, READ);
    await choose(page, 'See and download my data');
    expect(JSON.stringify(await download(page, 'Download my data'))).toContain(word);
    await page.getByRole('button', { name: 'Back to the chat' }).click();
    await choose(page, 'Show my consent receipt');
    expect(await download(page, 'Download the receipt')).toMatchObject({ decision: 'declined', siteKey: 'demo' });
    await page.getByRole('button', { name: 'Back to the chat' }).click();

    await choose(page, 'Start a new chat');
    await eventually(() => thread(page).getByText(word).count()).toBe(0);
    await askAndRead(page, QUESTION, READ);
    expect(JSON.stringify(here.vendor.requests.at(-1)?.body.input)).not.toContain(word);
  });
});

describe('a browser that sends Global Privacy Control', () => {
  it('is not asked, is answered, and keeps nothing; the receipt says why', async () => {
    const logged = (await consentLog()).length;
    const { page } = await arrive({
      init: () => Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true }),
      context: { extraHTTPHeaders: { 'Sec-GPC': '1' } },
    });
    await launcher(page).click();
    await composer(page).waitFor();
    expect(await page.getByRole('button', { name: 'Accept' }).count()).toBe(0);
    await askAndRead(page, QUESTION, READ);
    expect(await storedIn(page)).toEqual(nothing);
    expect((await consentLog()).slice(logged)).toEqual(['declined by gpc']);
    await choose(page, 'Show my consent receipt');
    expect(await download(page, 'Download the receipt')).toMatchObject({ decision: 'declined', source: 'gpc' });
  });
});

/**
 * Notes what the widget shifts. A page that is still arriving may move its own parts, on a busy machine; what moves in a
 * shadow root has no node to the outside.
 */
const recordShifts = () => {
  const shifts: string[] = [];
  Object.assign(window, { shifts });
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) {
      const { sources } = entry as unknown as { sources: { node: Node | null }[] };
      const moved = sources.map(({ node }) => node?.nodeName ?? 'in a shadow root');
      shifts.push(...moved.filter(name => name === 'CONFAB-CHAT' || name === 'in a shadow root'));
    }
  }).observe({ type: 'layout-shift', buffered: true });
};
const shifts = (page: Page) => page.evaluate(() => (window as unknown as { shifts: string[] }).shifts);

const recordReturns = () => addEventListener('pageshow', event => Object.assign(window, { back: event.persisted }));
const returned = () => (window as unknown as { back?: boolean }).back;
