import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useConfab } from './browser.ts';
import { signUp, type User } from './console.ts';
import { type FakeWordpress, startFakeWordpress } from './fakes/wordpress-plugin.ts';
import { connectQuery, ownerClient } from './relay.ts';

const { here, arrive } = useConfab();

let wordpress: FakeWordpress;
let owner: User;
beforeAll(async () => {
  wordpress = await startFakeWordpress();
  owner = await signUp(here.relay);
});
afterAll(() => wordpress.close());

const connectUrl = (home = wordpress.url) => `${here.relay.url}/connect?${new URLSearchParams(connectQuery(home))}`;

/** The connect page in the browser of a user. */
async function connecting(context = {}, { user = owner, url = connectUrl() } = {}) {
  const tab = await arrive({ url: `${here.relay.url}/healthz`, context });
  const cookies = [...user.browser.jar].map(([name, value]) => ({ name, value, url: here.relay.url }));
  await tab.page.context().addCookies(cookies);
  await tab.page.goto(url);
  return tab;
}

describe('an owner who connects a site', () => {
  it('approves by keyboard alone, and is led back to the site with a code that the plugin can use', async () => {
    const { page } = await connecting({ javaScriptEnabled: false });
    await page.getByRole('radio', { name: 'A new site' }).focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL(url => url.origin === wordpress.url);
    const back = new URL(page.url());
    expect([back.searchParams.get('state'), back.searchParams.get('page')]).toEqual(['a state & more', 'confab']);
    const code = back.searchParams.get('code') ?? '';
    const exchanged = await ownerClient(here.relay, owner).exchange({
      code,
      codeVerifier: 'v'.repeat(43),
      siteUrl: wordpress.url,
    });
    expect(exchanged.status).toBe(200);
  });

  it('refuses, and is led back with that', async () => {
    const { page } = await connecting();
    await page.getByRole('button', { name: 'Refuse' }).click();
    await page.waitForURL(url => url.searchParams.get('error') === 'access_denied');
    expect(new URL(page.url()).origin).toBe(wordpress.url);
  });

  it('leaves it to somebody else, by signing out', async () => {
    const { page } = await connecting({}, { user: await signUp(here.relay) });
    await page.getByRole('button', { name: 'Use another account' }).click();
    await page.waitForURL(url => url.pathname === '/console/sign-in');
    expect(new URL(page.url()).searchParams.get('next')).toMatch(/^\/connect\?platform=wordpress&/);
  });

  it('is asked by no page that frames this one or sends its form', async () => {
    const ticket = await ownerClient(here.relay, owner).ticket(connectQuery(wordpress.url));
    const { page } = await connecting({}, { url: `${here.relay.url}/healthz` });
    const evil = `<iframe src="${connectUrl()}"></iframe>
      <form method="post" action="${here.relay.url}/connect/decision"><input name="ticket" value="${ticket}">
      <input name="decision" value="approve"><button>Win</button></form>`;
    await page.route('http://evil.example/', route => route.fulfill({ contentType: 'text/html', body: evil }));
    const refused = page.waitForEvent('requestfailed');
    await page.goto('http://evil.example/').catch(() => {});
    await refused.catch(() => {});
    expect(await page.frames()[1]?.getByRole('button', { name: 'Approve' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Win' }).click();
    await page.waitForURL(`${here.relay.url}/connect/decision`);
    // The cookie of the session is not sent along, and a signed-out owner decides nothing.
    await page.getByRole('alert').waitFor();
    expect(await here.relay.rows('ConnectCode')).toEqual([]);
  });
});

describe('axe finds nothing to object to, and nothing is wider than the screen', () => {
  const looks = [
    { viewport: { width: 1_280, height: 800 }, colorScheme: 'light' },
    { viewport: { width: 320, height: 640 }, colorScheme: 'dark' },
  ] as const;
  it.each(looks)('%o', async context => {
    const long = `https://${'a-very-long-name-of-a-shop'.repeat(2)}.example/${'folder/'.repeat(8)}shop`;
    await ownerClient(here.relay, owner).connect(long);
    const { page } = await connecting(context, { url: connectUrl(`${long}s`) });
    await page.getByRole('button', { name: 'Approve' }).waitFor();
    await check(page);
    const reader = await signUp(here.relay);
    const { userId, accountId } = await idsOf(reader);
    await here.relay.db.member.updateMany({ where: { userId, accountId }, data: { role: 'reader' } });
    const refused = await connecting(context, { user: reader, url: connectUrl(long) });
    await refused.page.getByRole('heading', { name: 'You may not connect sites' }).waitFor();
    await check(refused.page);
    await page.goto(`${here.relay.url}/connect`);
    await check(page);
  });

  async function idsOf(user: User) {
    const me = await user.me();
    return { userId: me.user.id, accountId: me.accounts[0]?.accountId as string };
  }

  async function check(page: Page): Promise<void> {
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
    const [width, room] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
    expect(width).toBeLessThanOrEqual(room ?? 0);
  }
});
