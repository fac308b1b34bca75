import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { findings, tabTo } from './accessibility.ts';
import { eventually, focused, useConfab } from './browser.ts';
import { signUp, storageOf, tokenFrom, type User } from './console.ts';
import { watchConversation } from './live.ts';
import { question } from './relay.ts';
import { seeded } from './seeded.ts';

// Every screen of the console as an owner sees it whose shop has been running for a month. With CONFAB_SHOTS the pictures of
// docs/console are written into that folder.

const { here, arrive, say } = useConfab();

const HOUR_MS = 60 * 60 * 1_000;
const DESK = { width: 1_280, height: 800 };
const PHONE = { width: 320, height: 640 };
const NOBODY = { cookies: [], origins: [] };

let owner: User;
let siteId: string;
/** A conversation that the owner has taken over. */
let reading: string;

type Told = { ago: number; asked: [string, string][]; page?: string; title?: string };

/** What was said, the newest last. */
const CONVERSATIONS: Told[] = [
  {
    ago: 70,
    asked: [['Do you ship to Iceland?', 'Yes. We deliver across Europe, Iceland included [1].']],
    page: 'shipping.html',
    title: 'Delivery and postage',
  },
  { ago: 51, asked: [['Which quantum telescope is blooming?', 'None.']], page: '', title: 'Wool and weather goods' },
  {
    ago: 27,
    asked: [
      ['How do I wash the Kittiwake Jumper?', 'By hand, in cool water, with a wool soap. Dry it flat [1].'],
      ['Can it go into the dryer?', 'No: the heat would felt the wool [1].'],
    ],
    page: 'care.html',
    title: 'Washing and care',
  },
  {
    ago: 3,
    asked: [['Bis wann kann ich den Pullover zurückgeben?', 'Sie haben 30 Tage Zeit [1].']],
    page: 'de/returns.html',
    title: 'Rückgabe und Umtausch',
  },
  {
    ago: 0,
    asked: [
      ['What does the Kittiwake Jumper cost?', 'The Kittiwake Jumper costs €119 [1].'],
      ['And which size should I take?', 'It fits large: take one size smaller for a close fit [1].'],
    ],
    page: 'kittiwake-jumper.html',
    title: 'Kittiwake Jumper',
  },
];

beforeAll(async () => {
  const { relay } = here;
  owner = await signUp(relay, { name: 'Maeve Gale', email: 'maeve@marram-gale.example' });
  const accountId = (await owner.me()).accounts[0]?.accountId;
  siteId = (await owner.siteIds())[0] ?? '';
  await must(owner.request('PUT', `/v1/accounts/${accountId}`, { name: 'Marram & Gale Ltd' }));
  const members: [string, string, string][] = [
    ['Ben Byrne', 'ben@marram-gale.example', 'agent'],
    ['Rita Roche', 'rita@marram-gale.example', 'reader'],
  ];
  for (const [name, email, role] of members) {
    await must(owner.request('POST', `/v1/accounts/${accountId}/invitations`, { email, role, siteIds: null }));
    const member = await signUp(relay, { name, email });
    const token = await tokenFrom(relay, email, 'invitation');
    await must(member.request('POST', '/v1/invitations/accept', { token }));
  }
  const invited = { email: 'sean@marram-gale.example', role: 'manager', siteIds: [siteId] };
  await must(owner.request('POST', `/v1/accounts/${accountId}/invitations`, invited));
  await plantMonth();
  const ids = await plantConversations();
  await plantRest(ids);
  // She signed up with no browser at all.
  const userAgent = 'Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0';
  await relay.db.session.updateMany({ data: { userAgent } });
}, 60_000);

// biome-ignore lint/suspicious/noExplicitAny: whoever asks knows what comes back
async function must(asked: ReturnType<User['request']>): Promise<any> {
  const { status, body } = await asked;
  if (status >= 300) throw new Error(`${status}: ${JSON.stringify(body)}`);
  return body;
}

/** Has the conversations, and gives their ids. */
async function plantConversations(): Promise<string[]> {
  const { relay } = here;
  const { widget, plugin } = relay.demo;
  await plugin.change(settings => ({ ...settings, features: { ...settings.features, leads: true } }));
  let handle = '';
  for (const { ago, asked, page, title } of CONVERSATIONS) {
    relay.clock.setAhead(-ago * HOUR_MS);
    let how: { consentToken: string } | { conversationId: string } = { consentToken: await widget.token() };
    for (const [text, answer] of asked) {
      say({ pieces: [answer] });
      const turn = { ...question(text, how), page: { url: `${relay.url}/demo/${page}`, title } };
      const { started } = await widget.turn(turn);
      handle = started?.conversationId ?? handle;
      how = { conversationId: handle };
    }
  }
  relay.clock.setAhead(0);
  // The last visitor is still there.
  await watchConversation(widget.base, handle);
  const { items } = await must(owner.request('GET', `/v1/sites/${siteId}/conversations`));
  const ids: string[] = items.map(({ id }: { id: string }) => id);
  reading = ids[0] ?? '';
  await must(owner.request('POST', `/v1/sites/${siteId}/conversations/${reading}/takeover`, {}));
  const words = {
    text: 'Hello, this is Maeve from the shop. Shall I put an M aside for you?',
    clientMessageId: siteId,
  };
  await must(owner.request('POST', `/v1/sites/${siteId}/conversations/${reading}/messages`, words));
  return ids;
}

/** A month of a small shop, with its Sundays. */
async function plantMonth(): Promise<void> {
  const { db } = here.relay;
  const random = seeded(8);
  const days = Array.from({ length: 29 }, (_, at) => new Date(Date.now() - (at + 1) * 24 * HOUR_MS));
  const counts = days.flatMap(day => {
    const conversations = Math.round((day.getUTCDay() === 0 ? 4 : 12) + 10 * random());
    const answers = Math.round(conversations * (1.8 + random()));
    const unanswered = Math.round(answers * 0.2 * random());
    const of = { conversations, answers, answered: answers - unanswered, unanswered };
    const rest = { leads: Math.round(4 * random()), opened: conversations * 9, pageViews: conversations * 5 };
    return Object.entries({ ...of, ...rest }).map(([name, count]) => ({ siteId, day, name, count }));
  });
  await db.dayCount.createMany({ data: counts });
  await db.spend.createMany({
    data: days.map(day => ({
      ...{ siteId, period: day.toISOString().slice(0, 10), micros: BigInt(Math.round(9e4 + 9e4 * random())) },
    })),
  });
}

async function plantRest(ids: string[]): Promise<void> {
  const { demo, clock, url } = here.relay;
  const { widget } = demo;
  const site = `/v1/sites/${siteId}`;
  const page = { url: `${url}/demo/headland-blanket.html` };
  const fields = { name: 'Aoife Daly', email: 'aoife@example.com', message: 'Can the blanket be had in slate?' };
  clock.setAhead(-26 * HOUR_MS);
  expect((await widget.lead({ kind: 'lead', fields, page })).status).toBe(201);
  clock.setAhead(0);
  const callback = { kind: 'callback', fields: { name: 'Jonas Weber', phone: '+49 30 901820' }, page };
  const callbackAt = new Date(Date.now() + 20 * HOUR_MS).toISOString();
  expect((await widget.lead({ ...callback, callbackAt, timezone: 'Europe/Berlin' })).status).toBe(201);

  const entries = [
    ['Do you repair old jumpers?', 'Yes, for as long as the yarn lasts. Send it to us, and we say what it would cost.'],
    ['Is there a shop I can visit?', 'In Carrowgale, Co. Mayo, from Tuesday to Saturday.'],
  ];
  for (const [question, answer] of entries) await must(owner.request('POST', `${site}/entries`, { question, answer }));
  const reason = 'Complaint 2026-114: the solicitor asked us to keep it.';
  const hold = { conversationId: ids[2], reason, author: owner.name };
  await must(owner.request('POST', `${site}/legal-holds`, hold));
  const subject = { email: 'aoife@example.com' };
  await must(owner.request('POST', `${site}/data-requests`, { type: 'access', subject, reference: 'ticket-17' }));
  for (const [name, events] of [
    ['crm', ['lead.created']],
    ['archive', ['conversation.ended', 'data_request.completed']],
  ] as const) {
    const hook = {
      url: `https://hooks.marram-gale.example/${name}`,
      events,
      description: name === 'crm' ? 'To our own CRM' : 'To the archive',
    };
    await must(owner.request('POST', `${site}/webhooks`, hook));
  }
}

/** A screen: what its picture is called, where it is, its heading, and whether a phone's picture is kept as well. */
type Screen = { picture?: string; path: string; title: string; isOnPhone?: boolean };

const ofSite = (picture: string, title: string): Screen => ({ picture, path: `/sites/${siteId}/${picture}`, title });

/** Those that the navigation leads to. */
const inNavigation = (): Screen[] => [
  { ...ofSite('home', 'Home'), isOnPhone: true },
  ofSite('conversations', 'Conversations'),
  ofSite('visitors', 'Visitors now'),
  ofSite('leads', 'Leads'),
  ofSite('knowledge', 'Knowledge'),
  ofSite('settings', 'Settings'),
  ofSite('integrations', 'Integrations'),
  ofSite('privacy', 'Privacy'),
  ofSite('connection', 'Connection'),
  { picture: 'sites', path: '/sites', title: 'Sites' },
  { picture: 'team', path: '/team', title: 'Team' },
  { picture: 'plan-self-hosted', path: '/account/billing', title: 'Plan and usage' },
  { picture: 'account', path: '/account', title: 'Account' },
  { picture: 'audit', path: '/account/audit', title: 'Audit log' },
];

const elsewhere = (): Screen[] => [
  {
    ...{ picture: 'conversation', path: `/sites/${siteId}/conversations?conversation=${reading}` },
    ...{ title: 'Conversations', isOnPhone: true },
  },
  { picture: 'new-site', path: '/sites/new', title: 'Add a site' },
  { path: '/nowhere', title: 'Not found' },
  { path: '/sites/00000000-0000-4000-8000-000000000000/home', title: 'Not found' },
];

const ofStrangers: Screen[] = [
  { picture: 'sign-in', path: '/sign-in', title: 'Sign in' },
  { picture: 'sign-up', path: '/sign-up', title: 'Create an account' },
  { path: '/reset', title: 'Forgotten password' },
  { path: '/reset/new?token=none', title: 'New password' },
  { path: '/verify?token=none', title: 'Confirm your address' },
  { path: '/second-factor', title: 'Second step' },
  { path: '/invitation?token=a-token-of-nobody-at-all', title: 'Invitation' },
];

const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name, exact: true });
const navigation = (page: Page) => page.getByRole('navigation', { name: 'Console' });
const isHeadingFocused = (page: Page) => page.evaluate(() => document.activeElement?.tagName === 'H1');

/** As its owner's browser comes to a page of the console. */
const comeTo = (path: string, storageState = storageOf(here.relay, owner)) =>
  arrive({
    url: `${here.relay.url}/console${path}`,
    context: { storageState, viewport: DESK, reducedMotion: 'reduce' },
  });

/** Looks at the screen on a desk and on a phone, in the light and in the dark, and says what is wrong with it. */
async function look(page: Page, { picture, title, isOnPhone, path }: Screen): Promise<string[]> {
  const found = findings(page);
  await heading(page, title).waitFor();
  await eventually(() => page.locator('.confab-waiting').count()).toBe(0);
  if (picture) await keep(page, picture);
  await page.setViewportSize(PHONE);
  // What lies below a bar that stays at the top is no finding.
  await page.evaluate(() => scrollTo(0, 0));
  await found.in(`${path} on a phone`);
  if (picture && isOnPhone) await keep(page, `${picture}-phone`);
  const headings = await page.getByRole('heading', { level: 1 }).count();
  // The others are made of nothing but what these are made of.
  if (picture) {
    await page.emulateMedia({ colorScheme: 'dark' });
    // Colours that change over a time are not judged half-way.
    await page.evaluate(() => Promise.allSettled(document.getAnimations().map(({ finished }) => finished)));
    await found.in(`${path} in the dark`, 'color-contrast');
    await page.emulateMedia({ colorScheme: 'light' });
  }
  await page.setViewportSize(DESK);
  return [...found.all, ...(headings === 1 ? [] : [`${path}: ${headings} h1`])];
}

async function keep(page: Page, name: string): Promise<void> {
  const image = await page.screenshot();
  const folder = process.env.CONFAB_SHOTS;
  if (folder) await writeFile(join(folder, `${name}.png`), image);
}

describe('every screen of the console', () => {
  it('is usable on a phone, in the dark and by everybody, and says where one is', { timeout: 120_000 }, async () => {
    const [{ page: stranger }, { page }] = [await comeTo('/sign-in', NOBODY), await comeTo('/sites/new')];
    const all: string[] = [];
    const outside = async () => {
      for (const screen of ofStrangers) {
        await stranger.goto(`${here.relay.url}/console${screen.path}`);
        all.push(...(await look(stranger, screen)));
      }
    };
    const asked = outside();
    for (const screen of inNavigation()) {
      await navigation(page).getByRole('link', { name: screen.title, exact: true }).click();
      await eventually(() => isHeadingFocused(page)).toBe(true);
      all.push(...(await look(page, screen)));
      expect(new URL(page.url()).pathname).toBe(`/console${screen.path}`);
    }
    for (const screen of elsewhere()) {
      await page.goto(`${here.relay.url}/console${screen.path}`);
      all.push(...(await look(page, screen)));
    }
    await asked;
    expect(all).toEqual([]);
  });

  it('is there for the keyboard alone, from the skip link to an answer to a visitor', async () => {
    const { page } = await comeTo('/sites');
    await heading(page, 'Sites').waitFor();
    await tabTo(page, 'Skip to the content');
    await page.keyboard.press('Enter');
    await eventually(() => page.evaluate(() => document.activeElement?.id)).toBe('main');
    await tabTo(page, 'Conversations', 'Shift+Tab');
    await page.keyboard.press('Enter');
    await eventually(() => isHeadingFocused(page)).toBe(true);
    const first = page.locator('tbody .dataviews-view-table__row').nth(1).getByRole('button').first();
    await first.waitFor();
    for (let presses = 0; presses < 40 && !(await first.evaluate(one => one === document.activeElement)); presses++) {
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Take over', exact: true }).waitFor();
    await tabTo(page, 'Take over');
    await page.keyboard.press('Enter');
    await eventually(() => focused(page)).toBe('Your message to the visitor');
    await page.keyboard.type('Gern: 30 Tage, wie auf der Seite.');
    await page.keyboard.press('Enter');
    await page.locator('.confab-transcript').getByText('Gern: 30 Tage').waitFor();
    await tabTo(page, 'Hand back to the assistant', 'Shift+Tab');
    await page.keyboard.press('Enter');
    await page.getByText('The assistant answers this visitor.').waitFor();
    await eventually(() => focused(page)).toBe('Take over');
  });
});
