import type { Settings } from '@confab/contract';
import { weekday } from '@confab/contract';
import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { findings, showsFocus, tabTo } from './accessibility.ts';
import {
  ask,
  askAndRead,
  choose,
  composer,
  eventually,
  focused,
  launcher,
  nothing,
  openAnd,
  rowsOf,
  storedIn,
  thread,
  useConfab,
} from './browser.ts';

const { here, arrive, say } = useConfab();

const QUESTION = 'What does the Kittiwake Jumper cost?';
const READ = 'costs €119';
const PHONE = '+353 85 012 3456';

const features = { leads: true, callback: true, marketing: true, orders: false, transcript: true };
const fresh: Pick<Settings, 'features' | 'prechat' | 'hours'> = {
  features,
  prechat: { enabled: false, fields: [] },
  hours: null,
};

const change = (settings: Partial<Settings>) => here.relay.demo.plugin.change(old => ({ ...old, ...settings }));
beforeEach(async () => {
  await change(fresh);
});

type Lead = { kind: string; callbackAt: string; timezone: string; fields: object } & Record<
  'name' | 'email' | 'phone' | 'message' | 'conversationId',
  string | null
>;
const leads = async () => (await rowsOf(here.relay, 'Lead')).map(row => JSON.parse(row) as Lead);
const leadOf = async (email: string) => (await leads()).filter(lead => lead.email === email);

/** Goes to this field or button, by keyboard, and sees that it has the focus. */
async function go(page: Page, name: string): Promise<void> {
  await tabTo(page, name);
  expect(await showsFocus(page)).toBe(true);
}

/** Opens the chat and answers the notice, by keyboard. */
async function decide(page: Page, decision: 'Accept' | 'Decline'): Promise<void> {
  await tabTo(page, 'Open chat');
  await page.keyboard.press('Enter');
  await eventually(() => focused(page)).toBe('May we store this chat?');
  await tabTo(page, decision);
  await page.keyboard.press('Enter');
}

/** Takes a choice of the menu, by keyboard. */
async function pick(page: Page, item: string): Promise<void> {
  await tabTo(page, 'Privacy and options', 'Shift+Tab');
  await page.keyboard.press('Enter');
  await go(page, item);
  await page.keyboard.press('Enter');
}

const fields: Settings['prechat']['fields'] = (
  [
    ['who', 'name', 'Your name', true],
    ['mail', 'email', 'Your address', false],
    ['number', 'phone', 'Your number', false],
    ['order', 'text', 'Number of your order', false],
  ] as const
).map(([name, type, label, required]) => ({
  ...{ name, type, required, label: { en: label }, purpose: { en: `${label}, to find your order.` } },
}));
fields.push({
  ...{ name: 'about', type: 'choice', label: { en: 'What is it about?' }, required: true },
  ...{ purpose: { en: 'So that the right person answers.' } },
  options: ['An order', 'A return'].map(label => ({ value: label, label: { en: label } })),
});

/** Whose second of January is to come, and within a year. */
const year = new Date(Date.now() + 2 * 86_400_000).getUTCFullYear() + 1;

/** Open for an hour on the day after tomorrow, and at no other time. */
const hours = (): Settings['hours'] => {
  const then = new Date(here.relay.clock.now().getTime() + 2 * 86_400_000);
  const day = weekday.options[(then.getUTCDay() + 6) % 7] ?? 'monday';
  return { weekly: [{ day, opens: '10:00', closes: '11:00' }], holidays: [], exceptions: [] };
};

it('who agreed fills in the form before the chat by keyboard, and is told at the field what the relay does not take', async () => {
  await change({ prechat: { enabled: true, fields } });
  const { page } = await arrive();
  await decide(page, 'Accept');
  await eventually(() => focused(page)).toBe('Before we begin');
  expect(await storedIn(page)).toEqual(nothing);
  await go(page, 'Start the chat');
  await page.keyboard.press('Enter');
  await eventually(() => focused(page)).toBe('Your name *');
  expect(await page.getByRole('alert').filter({ hasText: 'This is needed.' }).count()).toBe(2);
  await page.keyboard.type('Jo');
  await go(page, 'Your address');
  await page.keyboard.type('jo at home');
  await go(page, 'Your number');
  await page.keyboard.type('+353 85 012 3457');
  await go(page, 'Number of your order');
  await page.keyboard.type('A-17');
  await go(page, 'What is it about? *');
  await page.keyboard.press('A');
  await page.keyboard.press('Enter'); // opens nothing, sends nothing
  await go(page, 'Start the chat');
  await page.keyboard.press('Enter');
  await eventually(() => focused(page)).toBe('Write your question');
  await page.keyboard.type(QUESTION);
  await page.keyboard.press('Enter');
  await eventually(() => focused(page)).toBe('Your address');
  await page.getByRole('alert').filter({ hasText: 'This is not an e-mail address.' }).waitFor();
  await page.keyboard.press('Control+A');
  await page.keyboard.type('jo@example.com');
  await page.keyboard.press('Enter');
  await eventually(() => focused(page)).toBe('Write your question');
  await page.keyboard.press('Enter'); // the question is still there
  await thread(page).getByText(READ).waitFor();
  const [conversation] = (await rowsOf(here.relay, 'Conversation')).map(row => JSON.parse(row));
  expect(conversation.prechat).toMatchObject({ who: 'Jo', mail: 'jo@example.com', order: 'A-17' });
});

describe('while the shop is closed', () => {
  it('a visitor who declined asks by keyboard to be called, at a time of their own zone, and leaves no trace in the browser', async () => {
    await change({ hours: hours() });
    const { page, requests } = await arrive({ context: { timezoneId: 'Asia/Tokyo' } });
    await decide(page, 'Decline');
    await eventually(() => focused(page)).toBe('Write your question');
    const { nextOpenAt, timezone } = (await here.relay.demo.widget.config()).body.hours;
    const opens = new Date(nextOpenAt ?? '').toLocaleString('en', {
      ...{ timeZone: 'Asia/Tokyo', weekday: 'long', hour: 'numeric', minute: '2-digit', day: 'numeric', month: 'long' },
    });
    expect(timezone).not.toBe('Asia/Tokyo');
    await thread(page).getByText(`We open ${opens}.`).waitFor();
    await askAndRead(page, QUESTION, READ); // closed or not, the assistant answers
    expect(requests.filter(url => url.includes('confab-pages'))).toEqual([]);

    await tabTo(page, 'Ask to be called back', 'Shift+Tab');
    await page.keyboard.press('Enter');
    await eventually(() => focused(page)).toBe('Ask to be called back');
    await page.getByText('Your time zone: Asia/Tokyo').waitFor();
    await go(page, 'Phone *');
    await page.keyboard.type(PHONE);
    await go(page, 'When may we call?');
    await page.keyboard.type('010220200330P'); // the second of January, as an English browser has it
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: 'This time is over.' }).waitFor();
    expect(await focused(page)).toBe('When may we call?');
    for (const _part of ['half of the day', 'minute', 'hour', 'year', 'day']) await page.keyboard.press('Shift+Tab');
    await page.keyboard.type(`0102${year}`);
    await go(page, 'Send to the shop');
    await page.keyboard.press('Enter');
    await page.getByRole('status').getByText('The shop has received').waitFor();
    expect((await leads()).filter(({ timezone }) => timezone === 'Asia/Tokyo')).toMatchObject([
      { kind: 'callback', conversationId: null, callbackAt: expect.stringContaining(`${year}-01-02T06:30`) },
    ]);
    expect(await storedIn(page)).toEqual(nothing);
  });
});

describe('after a failure', () => {
  it.each(['Accept', 'Decline'] as const)(
    '(%s) a visitor leaves contact details by keyboard, with the question',
    async decision => {
      const { page } = await arrive();
      await decide(page, decision);
      await composer(page).waitFor();
      say({ pieces: ['Half an answer ', 'and the rest.'], ending: 'error' });
      await ask(page, QUESTION);
      await thread(page).getByRole('button', { name: 'Leave your contact details' }).waitFor();
      await tabTo(page, 'Leave your contact details', 'Shift+Tab');
      await page.keyboard.press('Enter');
      await eventually(() => focused(page)).toBe('Your contact details');
      expect(await page.getByLabel('Message').inputValue()).toBe(QUESTION);
      const address = `after-${decision.toLowerCase()}@example.com`;
      await go(page, 'E-mail');
      await page.keyboard.type(address);
      await page.keyboard.press('Enter');
      await page.getByRole('status').getByText('The shop has received').waitFor();
      const isStored = decision === 'Accept';
      expect(await leadOf(address)).toMatchObject([
        { kind: 'lead', message: QUESTION, conversationId: isStored ? expect.any(String) : null },
      ]);
      if (!isStored) expect(await storedIn(page)).toEqual(nothing);
    },
  );

  it('offline the question waits in the form until the visitor is back, and is sent once', async () => {
    const { page } = await arrive();
    await decide(page, 'Decline');
    await composer(page).waitFor();
    await page.context().setOffline(true);
    await ask(page, QUESTION);
    await thread(page).getByText('You are offline.').waitFor();
    await tabTo(page, 'Leave your contact details', 'Shift+Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('This could not be loaded').waitFor();
    await page.context().setOffline(false);
    await go(page, 'Try again');
    await page.keyboard.press('Enter');
    await eventually(() => focused(page)).toBe('Your contact details');
    await page.context().setOffline(true);
    await go(page, 'E-mail');
    await page.keyboard.type('offline@example.com');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('What you wrote is still here').waitFor();
    expect(await page.getByLabel('Message').inputValue()).toBe(QUESTION);
    await page.context().setOffline(false);
    await page.keyboard.press('Enter');
    await page.getByRole('status').getByText('The shop has received').waitFor();
    expect(await leadOf('offline@example.com')).toHaveLength(1);
    expect(await storedIn(page)).toEqual(nothing);
  });
});

it('the stored chat is sent by e-mail to the address that the visitor confirms, by keyboard', async () => {
  const { page } = await arrive();
  await openAnd(page, 'Accept');
  await askAndRead(page, QUESTION, READ);
  await pick(page, 'Get this chat by e-mail');
  await eventually(() => focused(page)).toBe('This chat by e-mail');
  await go(page, 'E-mail *');
  await page.keyboard.type('jane@example.com');
  await page.keyboard.press('Enter');
  await eventually(() => focused(page)).toBe('Send this chat to jane@example.com?');
  await go(page, 'Send it');
  await page.keyboard.press('Enter');
  await page.getByRole('status').getByText('Sent to jane@example.com. It may take a few minutes.').waitFor();
});

const looks = [
  ['on a small phone', {}, { viewport: { width: 320, height: 568 } }],
  [
    'in the dark, from right to left, without motion',
    { ar: { title: 'T', body: 'B', acceptLabel: 'Accept', declineLabel: 'Decline' } },
    { colorScheme: 'dark', reducedMotion: 'reduce' },
  ],
] as const;

describe('axe finds nothing to object to, and nothing is wider than the screen', () => {
  it.each(looks)(
    '%s: in the form before the chat, the forms for contact details and for the chat by e-mail',
    async (_, notices, context) => {
      const { plugin } = here.relay.demo;
      await plugin.change(old => ({
        ...{ ...old, hours: hours(), prechat: { enabled: true, fields }, features },
        consent: { ...old.consent, notices },
      }));
      const { page } = await arrive({ context });
      const found = findings(page);
      await launcher(page).click();
      await page.getByRole('button', { name: 'Accept' }).click();
      await page.getByRole('button', { name: 'Start the chat' }).click();
      await page.getByRole('alert').filter({ hasText: 'This is needed.' }).first().waitFor();
      await found.in('before the chat');
      await page.getByLabel('Your name').fill('Jo');
      await page.getByLabel('What is it about?').selectOption('A return');
      await page.getByRole('button', { name: 'Start the chat' }).click();
      await found.in('closed');
      await askAndRead(page, QUESTION, READ);

      await page.route('**/confab-pages*', route => route.abort());
      await thread(page).getByRole('button', { name: 'Ask to be called back' }).click();
      await page.getByRole('button', { name: 'Try again' }).waitFor();
      await found.in('not loaded');
      await page.unroute('**/confab-pages*');
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByLabel('When may we call?').fill('2020-01-02T15:30');
      await page.getByLabel('Phone').fill(PHONE);
      await page.getByRole('button', { name: 'Send to the shop' }).click();
      await page.getByRole('alert').filter({ hasText: 'This time is over.' }).waitFor();
      await found.in('contact details');
      await page.getByLabel('When may we call?').fill(`${year}-01-02T15:30`);
      await page.getByRole('button', { name: 'Send to the shop' }).click();
      await page.getByText('The shop has received').waitFor();
      await found.in('contact details sent');
      await page.getByRole('button', { name: 'Back to the chat' }).click();

      await choose(page, 'Get this chat by e-mail');
      await page
        .getByRole('textbox', { name: 'E-mail' })
        .fill('a-rather-long-name.of-somebody@a-rather-long-domain.example');
      await found.in('address');
      await page.getByRole('button', { name: 'Continue' }).click();
      await page.getByRole('button', { name: 'Send it' }).waitFor();
      await found.in('confirmation');
      await page.getByRole('button', { name: 'Back to the chat' }).click();
      say({ pieces: ['Half an answer ', 'and the rest.'], ending: 'error' });
      await ask(page, QUESTION);
      await page.getByRole('button', { name: 'Try again' }).waitFor();
      await found.in('failure');
      expect(found.all).toEqual([]);
    },
  );
});
