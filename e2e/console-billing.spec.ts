import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { findings, tabTo } from './accessibility.ts';
import { eventually, focused, useConfab } from './browser.ts';
import { signUp, storageOf, tokenFrom, type User } from './console.ts';
import { DECLINED, PAYER, STRIPE_KEY, STRIPE_WEBHOOK_SECRET, startFakeStripe, VISA } from './fakes/stripe.ts';

// What an owner sees of plans and payments, with a stand-in for Stripe that refuses what Stripe would refuse. With
// CONFAB_SHOTS the pictures of docs/console are written into that folder.

const HOUR_MS = 60 * 60 * 1_000;
const DESK = { width: 1_280, height: 800 };
const PHONE = { width: 320, height: 640 };

let now = () => new Date();
const stripe = await startFakeStripe({ now: () => now() });
const { here, arrive } = useConfab({ env: { ...stripe.env, CONFAB_RATE_LIMIT: 'off' } });

let owner: User;
let accountId: string;
let siteId: string;

beforeAll(async () => {
  now = here.relay.clock.now;
  stripe.tells(here.relay.url);
  owner = await signUp(here.relay, { name: 'Maeve Gale', email: 'maeve@marram-gale.example' });
  const [account] = (await owner.me()).accounts;
  accountId = account?.accountId ?? '';
  await owner.request('PUT', `/v1/accounts/${accountId}`, { name: 'Marram & Gale Ltd' });
  siteId = account?.sites[0]?.siteId ?? '';
}, 60_000);
afterEach(async () => {
  await stripe.settled();
  expect(stripe.wrong).toEqual([]);
});
afterAll(() => stripe.close());

const comeTo = async (path: string, user = owner) => {
  const context = { storageState: storageOf(here.relay, user), viewport: DESK, reducedMotion: 'reduce' as const };
  const { page } = await arrive({ url: `${here.relay.url}/console${path}`, context });
  await page.getByRole('heading', { level: 1 }).waitFor();
  return page;
};
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const facts = (page: Page) => page.locator('.confab-facts').first();
const dialog = (page: Page) => page.getByRole('dialog');
const subscription = () => stripe.liveOf(stripe.customerOf(accountId).id)[0];

/** As many conversations as the account has had in this month. */
const setConversations = async (count: number) => {
  const day = now();
  const periodStart = new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), 1));
  const key = { accountId, periodStart };
  const data = { conversations: count, messages: 2 * count };
  await here.relay.db.accountUsage.upsert({
    where: { accountId_periodStart: key },
    create: { ...key, ...data },
    update: data,
  });
};

/** Looks at the screen as it is now: on a phone, in the dark, and on a desk where a picture of that is kept. */
async function look(page: Page, state: string, [onDesk, onPhone]: string[] = []): Promise<string[]> {
  const found = findings(page);
  await eventually(() => page.locator('.confab-waiting').count()).toBe(0);
  if (onDesk) {
    await found.in(`${state} on a desk`);
    await keep(page, onDesk);
  }
  await page.setViewportSize(PHONE);
  await page.evaluate(() => scrollTo(0, 0));
  await found.in(`${state} on a phone`);
  if (onPhone) await keep(page, onPhone);
  await page.emulateMedia({ colorScheme: 'dark' });
  // What is drawn, not what is being redrawn.
  await page.evaluate(() => new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  await found.in(`${state} in the dark`, 'color-contrast');
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(DESK);
  return found.all;
}

async function keep(page: Page, name: string): Promise<void> {
  const image = await page.screenshot();
  const folder = process.env.CONFAB_SHOTS;
  if (folder) await writeFile(join(folder, `${name}.png`), image);
}

describe('the plan of an account', () => {
  it('is chosen by its price, paid for at Stripe, and there once Stripe has said so', async () => {
    const page = await comeTo('/account/billing');
    await facts(page).getByText('Free', { exact: true }).waitFor();
    await page.getByText('€19.00').waitFor();
    await button(page, 'By the year').click();
    await page.getByText('that is €15.83 a month').waitFor();
    await button(page, 'By the month').click();

    await button(page, 'Choose “Starter”').click();
    await page.getByRole('heading', { name: 'Subscribe' }).waitFor();
    await page.getByRole('link', { name: 'Cancel' }).click();
    await page.getByText('Nothing was ordered, and nothing is charged.').waitFor();
    expect(new URL(page.url()).search).toBe('');

    await button(page, 'Choose “Starter”').click();
    await button(page, 'Pay').waitFor();
    stripe.tells(undefined);
    await button(page, 'Pay').click();
    await page.getByText('Stripe is confirming your order').waitFor();
    stripe.tells(here.relay.url);
    for (const event of stripe.events) await stripe.send(event);
    await page.getByText('The order is confirmed, and “Starter” holds from now on.').waitFor();
    await facts(page).getByText('On trial until').waitFor();
    await facts(page).getByText('Visa ending in 4242').waitFor();
    await page.getByText('Your trial ends on').waitFor();
    await page.reload();
    await facts(page).getByText('On trial until').waitFor();
    expect(await page.getByText('The order is confirmed').count()).toBe(0);

    const shown = await page.content();
    for (const secret of [VISA.number, STRIPE_KEY, STRIPE_WEBHOOK_SECRET, PAYER.email, PAYER.name, 'cus_', 'sub_']) {
      expect(shown).not.toContain(secret);
    }
  });

  it('says what a change costs before it is made, and counts anew what was counted too long ago', async () => {
    stripe.setStatus(subscription().id, 'active');
    await stripe.settled();
    await setConversations(812);
    const page = await comeTo('/account/billing');
    await facts(page).getByText('Active; renews on').waitFor();
    await page.getByText('Conversations of this month: 812 of 1,000 used.').waitFor();
    const found = await look(page, 'a limit that is near', ['plan', 'plan-phone']);

    await button(page, 'Change to “Growth”').click();
    await dialog(page).getByText('Due now').waitFor();
    expect(await dialog(page).textContent()).toMatch(/Due now€\d+\.\d\d.*Next invoice€79\.00 on /);
    found.push(...(await look(page, 'the dialog of a change', ['plan-change'])));
    await page.keyboard.press('Escape');
    await eventually(() => focused(page)).toBe('Change to “Growth”');

    await page.keyboard.press('Enter');
    await dialog(page).getByText('Due now').waitFor();
    here.relay.clock.setAhead(2 * HOUR_MS);
    await button(page, 'Change the plan').click();
    await dialog(page).getByText('What you pay for has changed meanwhile, so nothing was done.').waitFor();
    await eventually(() => button(page, 'Change the plan').isEnabled()).toBe(true);
    await button(page, 'Change the plan').click();
    await page.getByText('The plan has been changed.').waitFor();
    await facts(page).getByText('Growth', { exact: true }).waitFor();
    await page.getByText('812 of 10,000 (8%)').first().waitFor();

    await button(page, 'Change to “Starter”').click();
    await dialog(page).getByText('Credit', { exact: true }).waitFor();
    await dialog(page).getByText('Leads in your CRM: not included.').waitFor();
    await button(page, 'Leave it as it is').click();
    expect(await dialog(page).count()).toBe(0);
    expect(found).toEqual([]);
  });

  it('is cancelled and kept by the keyboard alone, and says until when it works', async () => {
    const page = await comeTo('/account/billing');
    await button(page, 'Cancel the plan…').waitFor();
    await tabTo(page, 'Cancel the plan…');
    await page.keyboard.press('Enter');
    await dialog(page).getByText('Nothing is deleted').waitFor();
    await tabTo(page, 'Cancel the plan');
    await page.keyboard.press('Enter');
    await facts(page).getByText('Cancelled; works on until').waitFor();
    await page.getByText('Your plan ends on').waitFor();
    expect(subscription().cancel_at_period_end).toBe(true);
    const found = await look(page, 'a plan that ends');
    await tabTo(page, 'Keep the plan');
    await page.keyboard.press('Enter');
    await facts(page).getByText('Active; renews on').waitFor();
    expect(subscription().cancel_at_period_end).toBe(false);
    expect(found).toEqual([]);
  });

  it('outlives a payment that fails for as long as it says, and leads to where the card is changed', async () => {
    stripe.setCard(stripe.customerOf(accountId).id, DECLINED);
    stripe.renew(subscription().id);
    await stripe.settled();
    const page = await comeTo(`/sites/${siteId}/home`);
    await page.getByText('A payment did not go through.').waitFor();
    await page.getByRole('link', { name: 'See plan and usage' }).click();
    await facts(page).getByText('A payment failed; the plan works on until').waitFor();
    await page.getByText('To change your plan, settle the open payment first.').first().waitFor();
    const found = await look(page, 'a payment that failed');
    await button(page, 'Update your card').click();
    await button(page, 'Update card').click();
    stripe.settle(subscription().id);
    await stripe.settled();
    await page.goto(`${here.relay.url}/console/account/billing`);
    await facts(page).getByText('Mastercard ending in 4444').waitFor();
    expect(await page.getByText('A payment did not go through.').count()).toBe(0);
    expect(found).toEqual([]);
  });

  it('comes with a list of what was billed', async () => {
    const page = await comeTo('/account/billing');
    const list = page.getByRole('region', { name: 'Billing records' });
    await list.getByText('CONFAB-0001').waitFor();
    await list.getByText('€79.00').first().waitFor();
  });
});

describe('a limit of the plan', () => {
  it('is told on the home and at the sites until it is put away, and refused in place where more is wanted', async () => {
    stripe.end(subscription().id);
    await stripe.settled();
    await setConversations(50);
    const page = await comeTo('/account/billing');
    await page.getByText('Conversations of this month: 50 of 50 used.').waitFor();
    await page.getByText('No plan is paid for, so the limits of “Free” hold.').waitFor();
    await page.getByText('New conversations are answered by quoting your pages').first().waitFor();
    const found = await look(page, 'a limit that is reached');

    await page.goto(`${here.relay.url}/console/sites`);
    await page.getByText('No plan is paid for').waitFor();
    found.push(...(await look(page, 'the sites with a notice')));
    await button(page, 'Close').click();
    await page.getByText('No plan is paid for').waitFor({ state: 'detached' });
    await page.goto(`${here.relay.url}/console/sites/${siteId}/home`);
    await page.getByText('What needs you').waitFor();
    await eventually(() => page.locator('.confab-waiting').count()).toBe(0);
    expect(await page.getByText('No plan is paid for').count()).toBe(0);

    await page.goto(`${here.relay.url}/console/sites/new`);
    await page.getByLabel('Name of the site').fill('One more');
    await page.getByLabel('Address of the site').fill('https://more.example');
    await button(page, 'Add the site').click();
    await page.getByRole('alert').getByText('Your plan includes no more of this.').waitFor();
    await page.getByRole('alert').getByRole('link', { name: 'See plan and usage' }).click();
    await page.getByRole('heading', { level: 1, name: 'Plan and usage' }).waitFor();
    expect(found).toEqual([]);
  });
});

describe('whoever is no owner', () => {
  it('sees plan and usage in their language, and nothing that they could press', async () => {
    const email = 'rita@marram-gale.example';
    const invited = await owner.request('POST', `/v1/accounts/${accountId}/invitations`, {
      ...{ email, role: 'reader', siteIds: null },
    });
    expect(invited.status).toBe(201);
    const reader = await signUp(here.relay, { name: 'Rita Roche', email, locale: 'de' });
    await reader.request('POST', '/v1/invitations/accept', { token: await tokenFrom(here.relay, email, 'invitation') });
    const page = await comeTo(`/account/billing?account=${accountId}`, reader);
    await page.getByText('50 von 50 (100 %)').first().waitFor();
    await page.getByText('19,00 €').waitFor();
    expect(await page.getByRole('main').getByRole('button').allTextContents()).toEqual([
      expect.any(String),
      'Monatlich',
      'Jährlich',
    ]);
    expect(await look(page, 'what a reader sees, in German')).toEqual([]);
  });
});
