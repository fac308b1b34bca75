import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, focused, storedIn, useConfab } from './browser.ts';
import { type FakeWordpress, startFakeWordpress } from './fakes/wordpress-plugin.ts';
import { connectQuery, OPERATOR_KEY, ownerClient } from './relay.ts';

const { here, arrive } = useConfab();

let wordpress: FakeWordpress;
beforeAll(async () => {
  wordpress = await startFakeWordpress();
});
afterAll(() => wordpress.close());

const connectUrl = (home = wordpress.url) => `${here.relay.url}/connect?${new URLSearchParams(connectQuery(home))}`;
const key = (page: Page) => page.getByLabel('Operator’s key');

async function signIn(page: Page): Promise<void> {
  await key(page).fill(OPERATOR_KEY);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Approve' }).waitFor();
}

describe('an owner who connects a site', () => {
  it('approves by keyboard alone, and is led back to the site with a code that the plugin can use', async () => {
    const { page, requests } = await arrive({ url: connectUrl(), context: { javaScriptEnabled: false } });
    await page.keyboard.press('Tab');
    await page.keyboard.type(OPERATOR_KEY);
    await page.keyboard.press('Enter');
    await page.getByRole('radio', { name: 'A new site' }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL(url => url.origin === wordpress.url);
    const back = new URL(page.url());
    expect([back.searchParams.get('state'), back.searchParams.get('page')]).toEqual(['a state & more', 'confab']);
    const code = back.searchParams.get('code') ?? '';
    const exchanged = await ownerClient(here.relay.url).exchange({
      code,
      codeVerifier: 'v'.repeat(43),
      siteUrl: wordpress.url,
    });
    expect(exchanged.status).toBe(200);
    expect(requests.filter(url => url.includes(OPERATOR_KEY))).toEqual([]);
  });

  it('refuses, and is led back with that', async () => {
    const { page } = await arrive({ url: connectUrl() });
    await signIn(page);
    await page.getByRole('button', { name: 'Refuse' }).click();
    await page.waitForURL(url => url.searchParams.get('error') === 'access_denied');
    expect(new URL(page.url()).origin).toBe(wordpress.url);
  });

  it('cancels on the first page', async () => {
    const { page } = await arrive({ url: connectUrl() });
    await page.getByRole('link', { name: 'Cancel, back to the site' }).click();
    await page.waitForURL(url => url.searchParams.get('error') === 'access_denied');
  });

  it('is told of a wrong key where they look, and led to the field', async () => {
    const { page } = await arrive({ url: connectUrl() });
    await key(page).fill('wrong');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('alert').getByText('That is not the operator’s key.').waitFor();
    await eventually(() => focused(page)).toContain('That is not the operator’s key.');
    await page.getByRole('link', { name: 'To the operator’s key' }).click();
    await signIn(page);
    expect((await storedIn(page)).cookies).toEqual([]);
  });
});

describe('axe finds nothing to object to, and nothing is wider than the screen', () => {
  const looks = [
    { viewport: { width: 1_280, height: 800 }, colorScheme: 'light' },
    { viewport: { width: 320, height: 640 }, colorScheme: 'dark' },
  ] as const;
  it.each(looks)('%o', async context => {
    const long = `https://${'a-very-long-name-of-a-shop'.repeat(2)}.example/${'folder/'.repeat(8)}shop`;
    await ownerClient(here.relay.url).connect(long);
    const { page } = await arrive({ url: connectUrl(`${long}s`), context });
    await check(page);
    await key(page).fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    await check(page);
    await signIn(page);
    await check(page);
    await page.goto(`${here.relay.url}/connect`);
    await check(page);
  });

  async function check(page: Page): Promise<void> {
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
    const [width, room] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
    expect(width).toBeLessThanOrEqual(room ?? 0);
  }
});
