import { createHmac } from 'node:crypto';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { eventually, useConfab } from './browser.ts';
import { mailsTo, PASSWORD, signUp, storageOf, tokenFrom, type User } from './console.ts';

// The hosted console around the screens of a site; how they look is in console-screens.spec.ts.

const { here, arrive } = useConfab();

const at = (path: string) => `${here.relay.url}/console${path}`;
const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name });
const field = (page: Page, label: string) => page.getByLabel(label, { exact: true });
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();

/** Arrives as somebody who is signed in. */
async function arriveAs(user: User, path: string, context: BrowserContextOptions = {}) {
  return arrive({ url: at(path), context: { storageState: storageOf(here.relay, user), ...context } });
}

function codeOf(key: string): string {
  const bits = [...key.replace(/\s/g, '')].map(sign =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(sign).toString(2).padStart(5, '0'),
  );
  const bytes = (bits.join('').match(/.{8}/g) ?? []).map(byte => Number.parseInt(byte, 2));
  const count = Buffer.alloc(8);
  count.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac('sha1', Buffer.from(bytes)).update(count).digest();
  return String((mac.readUInt32BE((mac.at(-1) as number) & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

describe('somebody new', () => {
  it('signs up, confirms, adds a site by snippet, invites an agent, and signs in again by a code', async () => {
    const email = 'nora@people.example';
    const { page } = await arrive({ url: at('/team') });
    await heading(page, 'Sign in').waitFor();
    expect(new URL(page.url()).search).toBe('?next=%2Fconsole%2Fteam');
    await page.getByRole('link', { name: 'Create one' }).click();
    await heading(page, 'Create an account').waitFor();
    await field(page, 'Your name').fill('Nora Ness');
    await field(page, 'E-mail address').fill(email);
    await field(page, 'Password').fill(PASSWORD);
    await press(page, 'Create account');
    await heading(page, 'Look at your mail').waitFor();

    await page.goto(at(`/verify?token=${await tokenFrom(here.relay, email, 'verify')}`));
    await press(page, 'Confirm and go on');
    await page.getByRole('button', { name: /^Site: / }).waitFor();

    await page.goto(at('/sites/new'));
    await field(page, 'Name of the site').fill('Nora’s Nets');
    await field(page, 'Address of the site').fill('nets.example/shop');
    await press(page, 'Add the site');
    await page.getByRole('heading', { name: 'The site is there' }).waitFor();
    const snippet = await page.getByRole('region', { name: 'Snippet' }).textContent();
    expect(snippet).toContain(`${here.relay.url}/widget/`);
    await page.getByRole('button', { name: 'Site: ' }).waitFor();

    await page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name: 'Team' }).click();
    await heading(page, 'Team').waitFor();
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Team');
    const agent = 'agent@people.example';
    await field(page, 'E-mail address').fill(agent);
    await press(page, 'Send the invitation');
    await page.getByText(`An invitation is on its way to ${agent}.`).waitFor();
    await page.getByRole('button', { name: `Take back the invitation of ${agent}` }).waitFor();
    await eventually(async () => (await mailsTo(here.relay, agent)).length).toBe(1);

    await page.goto(at('/account'));
    const second = page.locator('section', { has: page.getByRole('heading', { name: 'Second factor' }) });
    await second.getByLabel('Your password', { exact: true }).fill(PASSWORD);
    await press(page, 'Set it up');
    const key = (await page.getByRole('region', { name: 'Key for the app' }).textContent()) ?? '';
    await field(page, 'Code of six digits').fill(codeOf(key));
    await press(page, 'Switch it on');
    const codes = ((await page.getByRole('region', { name: 'Recovery codes' }).textContent()) ?? '').trim().split('\n');
    expect(codes.length).toBeGreaterThan(5);
    await press(page, 'I have kept them');

    await page.getByRole('button', { name: 'Signed in as Nora Ness' }).click();
    await press(page, 'Sign out');
    await heading(page, 'Sign in').waitFor();
    await page.goto(at('/sign-in?next=/console/account/audit'));
    await field(page, 'E-mail address').fill(email);
    await field(page, 'Password').fill('not the password');
    await press(page, 'Sign in');
    await page.getByRole('alert').getByText('The e-mail address or the password is wrong.').waitFor();
    await field(page, 'Password').fill(PASSWORD);
    await press(page, 'Sign in');
    await heading(page, 'Second step').waitFor();
    await press(page, 'Use a recovery code');
    await field(page, 'Recovery code').fill(codes[0] ?? '');
    await press(page, 'Sign in');
    await heading(page, 'Audit log').waitFor();
    await page.locator('.confab-cell').getByText('Invited somebody').waitFor();
  });
});

describe('somebody who was invited', () => {
  it('joins by the link with a password alone, and sees what their role allows', async () => {
    const owner = await signUp(here.relay, { name: 'Otto Owner' });
    const [account] = (await owner.me()).accounts;
    const email = 'iris@people.example';
    await owner.request('POST', `/v1/accounts/${account?.accountId}/invitations`, {
      email,
      role: 'reader',
      siteIds: null,
    });
    const token = await tokenFrom(here.relay, email, 'invitation');
    const { page } = await arrive({ url: at(`/invitation?token=${token}`) });
    await heading(page, `Join ${account?.name}`).waitFor();
    await field(page, 'Your name').fill('Iris Reader');
    await field(page, 'Password').fill(PASSWORD);
    await press(page, 'Create account and accept');
    await page.getByRole('button', { name: 'Signed in as Iris Reader' }).waitFor();
    await page.goto(at('/account/audit'));
    await page.getByRole('heading', { name: 'Your role does not allow this' }).waitFor();
  });
});

describe('a session that ends', () => {
  it('leads to signing in, and gives back what was being written', async () => {
    const user = await signUp(here.relay, { name: 'Wanda Words' });
    const { page } = await arriveAs(user, '/account');
    await field(page, 'Your message').fill('Words that took an hour.');
    await field(page, 'What it is about').fill('A question');
    await here.relay.db.session.deleteMany({ where: { userId: (await user.me()).user.id } });
    await press(page, 'Send');
    await heading(page, 'Sign in').waitFor();
    expect(new URL(page.url()).searchParams.get('next')).toBe('/console/account');
    await eventually(() => page.getByText('Ask for help').isVisible()).toBe(false);
    await field(page, 'Password').fill(PASSWORD);
    await press(page, 'Sign in');
    await page.getByText('Your message is on its way. The answer comes by e-mail.').waitFor();
    expect(new URL(page.url()).pathname).toBe('/console/account');
  });

  it('leads nowhere else by a forged address', async () => {
    const user = await signUp(here.relay, { name: 'Fay Forge' });
    for (const next of ['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:alert(1)']) {
      const { page } = await arriveAs(user, `/sign-in?${new URLSearchParams({ next })}`);
      await page.getByRole('button', { name: 'Signed in as Fay Forge' }).waitFor();
      expect(new URL(page.url()).origin).toBe(new URL(here.relay.url).origin);
      await page.context().close();
    }
  });
});
