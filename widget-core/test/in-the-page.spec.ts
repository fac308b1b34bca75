import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { ask, choose, composer, eventually, launcher, log, nothing, openAnd, stored, useWidget } from './browser.ts';
import type { ShopPage } from './shop.ts';

const { here, arrive } = useWidget();

/** What a page of our WordPress plugin says. */
const told = (relay: string, more: object = {}) => ({
  ...{ siteKey: 'demo', relay, locale: 'en-US', label: 'Open chat', base: `${here.shop.origin}/widget/` },
  ...more,
});
const inline = '<div class="confab-chat" data-confab-inline></div>';
const ways = [
  'deferred',
  'async, in the head',
  'inlined in the head',
  'merged',
  'after the page has loaded',
] satisfies ShopPage['loader'][];

describe('the settings in the page', () => {
  it.each(ways)('reach the loader however an optimiser treats it: %s', async loader => {
    const { page, requests, faults } = await arrive({ page: relay => ({ settings: told(relay), loader }) });
    await launcher(page).waitFor();
    expect(here.relay.seen).toEqual([]);
    await openAnd(page, 'Decline');
    await ask(page, 'one');
    await log(page).getByText('You asked: one').waitFor();
    expect(requests.filter(path => path.includes('panel'))).toEqual(['shop/widget/confab-panel.js']);
    expect(here.relay.to('/turns')[0]?.body.locale).toBe('en-US');
    expect(faults).toEqual([]);
    expect(await page.locator('confab-chat').count()).toBe(1);
  });

  it('give way to the attributes of the script', async () => {
    const { page } = await arrive({
      page: relay => ({ settings: told(relay, { label: 'From the settings' }), attributes: { label: 'Attribute' } }),
    });
    await page.getByRole('button', { name: 'Attribute' }).waitFor();
  });

  it.each(['{', '[]', 'null', '"x"', '{"siteKey":{}}', '{"__proto__":{"siteKey":"demo"}}'])(
    'that are broken leave the page as it is: %s',
    async settings => {
      const { page, faults } = await arrive({ page: { settings } });
      await page.waitForLoadState('networkidle');
      expect(await page.locator('confab-chat').count()).toBe(0);
      expect(faults).toEqual([]);
    },
  );

  it('cannot be given by what the author of a post may write', async () => {
    const body = `<div id="confab-settings">{"siteKey":"demo","relay":"https://evil.example"}</div>`;
    const { page } = await arrive({ page: relay => ({ settings: told(relay), body }) });
    await openAnd(page, 'Decline');
    await eventually(() => here.relay.to('/consents').length).toBe(1);
  });
});

describe('a chat in the flow of the page', () => {
  const arriveInline = (body = inline) => arrive({ page: relay => ({ settings: told(relay), body }) });
  const chat = (page: Page) => page.getByRole('region', { name: 'Chat with us' });

  it('stands at its place, requests nothing before it is pressed, and takes the place of the floating one', async () => {
    const { page, requests } = await arriveInline();
    const box = await launcher(page).boundingBox();
    const place = await page.locator('.confab-chat').boundingBox();
    expect([box?.x, box?.width]).toEqual([place?.x, place?.width]);
    expect(await page.locator('confab-chat').count()).toBe(1);
    await page.waitForLoadState('networkidle');
    expect(requests.filter(path => /relay|panel/.test(path))).toEqual([]);
    expect(await stored(page)).toEqual(nothing);
    await openAnd(page, 'Decline');
    await ask(page, 'one');
    await log(page).getByText('You asked: one').waitFor();
    const panel = await chat(page).boundingBox();
    expect([panel?.x, panel?.width]).toEqual([place?.x, place?.width]);
    expect(await page.getByRole('dialog').count()).toBe(0);
  });

  it('stays open: it has no button to close it, and Escape closes its menu alone', async () => {
    const { page } = await arriveInline();
    await openAnd(page, 'Decline');
    expect(await page.getByRole('button', { name: 'Close chat' }).count()).toBe(0);
    const menu = page.getByRole('button', { name: 'Privacy and options' });
    await menu.click();
    await page.keyboard.press('Escape');
    expect(await menu.getAttribute('aria-expanded')).toBe('false');
    await page.keyboard.press('Escape');
    expect(await chat(page).isVisible()).toBe(true);
  });

  it('there is one of: every other place leads to the first', async () => {
    const { page } = await arriveInline(`${inline}<p>Text</p>${inline}${inline}`);
    expect(await launcher(page).count()).toBe(3);
    await launcher(page).nth(2).click();
    await page.getByRole('button', { name: 'Decline' }).click();
    await composer(page).fill('half a question');
    await launcher(page).nth(1).click();
    expect(await chat(page).count()).toBe(1);
    expect(await composer(page).inputValue()).toBe('half a question');
    await eventually(() => page.evaluate(() => document.activeElement?.shadowRoot?.activeElement?.tagName)).toBe(
      'TEXTAREA',
    );
    expect(await page.locator('.confab-chat confab-chat').first().getByRole('log').count()).toBe(1);
  });

  it('fills no small screen: the page can still be scrolled around it', async () => {
    const { page } = await arrive({
      page: relay => ({ settings: told(relay), body: inline }),
      context: { viewport: { width: 320, height: 568 } },
    });
    await openAnd(page, 'Decline');
    const { width = 0, height = 0 } = (await chat(page).boundingBox()) ?? {};
    expect(width).toBeLessThan(320);
    expect(height).toBeLessThan(500);
    await page.getByRole('link', { name: 'Next page' }).focus();
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('A');
  });
});

describe('the WP Consent API', () => {
  const arriveManaged = (consent: ShopPage['consent'], more: ShopPage = {}) =>
    arrive({ page: relay => ({ settings: told(relay, { consent: 'wordpress' }), consent, ...more }) });
  const decisions = () => here.relay.to('/consents').map(({ body }) => [body.decision, body.source]);
  const say = (page: Page, button: 'Allow cookies' | 'Refuse cookies') =>
    page.getByRole('button', { name: button }).click();
  const ours = async (page: Page) => (await page.context().cookies()).filter(({ name }) => name === 'cf_conversation');
  const notice = (page: Page) => page.getByRole('heading', { name: 'May we store this chat?' });

  it('that the visitor has said yes to is believed, and no notice of ours asks again', async () => {
    const { page, faults } = await arriveManaged('optin');
    await say(page, 'Allow cookies');
    expect(here.relay.seen).toEqual([]);
    await launcher(page).click();
    await composer(page).waitFor();
    expect(decisions()).toEqual([['granted', 'platform']]);
    expect(await ours(page)).toEqual([]);
    await ask(page, 'one');
    await log(page).getByText('You asked: one').waitFor();
    expect(await ours(page)).toHaveLength(1);
    expect(faults).toEqual([]);
  });

  it('that the visitor has said no to is believed as well, and the chat is served from memory', async () => {
    const { page } = await arriveManaged('optin');
    await say(page, 'Refuse cookies');
    await launcher(page).click();
    await page.getByText('Nothing of this chat is stored').waitFor();
    await eventually(decisions).toEqual([['declined', 'platform']]);
    await ask(page, 'one');
    await log(page).getByText('You asked: one').waitFor();
    expect(await ours(page)).toEqual([]);
  });

  it.each(['none', 'optin', 'optout', 'unregistered'] as const)(
    'that the visitor has said nothing to leaves the decision to our notice: %s',
    async consent => {
      const { page } = await arriveManaged(consent);
      await launcher(page).click();
      await notice(page).waitFor();
      expect(decisions()).toEqual([]);
    },
  );

  it('that has no manager any more is not believed for what an earlier one has noted', async () => {
    const { page } = await arriveManaged('none');
    await page.evaluate("wp_set_consent('preferences', 'allow')");
    await launcher(page).click();
    await notice(page).waitFor();
  });

  it('counts marketing for nothing where nobody has registered our service', async () => {
    const { page } = await arriveManaged('unregistered');
    await page.evaluate("wp_set_consent('marketing', 'allow'); wp_set_consent('preferences', 'deny')");
    await launcher(page).click();
    await eventually(decisions).toEqual([['declined', 'platform']]);
  });

  it('that comes later than the question of our notice answers it', async () => {
    const { page } = await arriveManaged('optin');
    await launcher(page).click();
    await notice(page).waitFor();
    await say(page, 'Allow cookies');
    await composer(page).waitFor();
    expect(decisions()).toEqual([['granted', 'platform']]);
  });

  it('at which consent is withdrawn erases the chat at once, and the visitor is told', async () => {
    const { page } = await arriveManaged('optin');
    await say(page, 'Allow cookies');
    await launcher(page).click();
    await ask(page, 'one');
    await log(page).getByText('You asked: one').waitFor();
    await say(page, 'Refuse cookies');
    await log(page).getByText('You withdrew your consent in the privacy settings').waitFor();
    expect(await ours(page)).toEqual([]);
    expect(here.relay.conversations.size).toBe(0);
    await ask(page, 'two');
    await log(page).getByText('You asked: two').waitFor();
    expect(await ours(page)).toEqual([]);
  });

  it.each([
    ['on this page', false],
    ['on a page that was left at once', true],
  ])('at which consent is withdrawn erases a chat that is not open: %s', async (_, leaves) => {
    const { page, requests } = await arriveManaged('optin');
    await say(page, 'Allow cookies');
    await launcher(page).click();
    await ask(page, 'one');
    await log(page).getByText('You asked: one').waitFor();
    await page.reload();
    await launcher(page).waitFor();
    requests.length = 0;
    if (leaves) await page.evaluate("document.cookie = 'wp_consent_preferences=deny;path=/'; location.href = '/other'");
    else await say(page, 'Refuse cookies');
    await eventually(() => ours(page)).toEqual([]);
    expect(here.relay.conversations.size).toBe(0);
    expect(decisions().at(-1)).toEqual(['withdrawn', 'platform']);
    expect(await page.getByRole('dialog').count()).toBe(0);
    await launcher(page).click();
    await log(page).getByText('You withdrew your consent in the privacy settings').waitFor();
  });

  it('does nothing about a visitor without a stored chat', async () => {
    const { page, requests } = await arriveManaged('optin');
    await say(page, 'Allow cookies');
    await say(page, 'Refuse cookies');
    await page.waitForLoadState('networkidle');
    expect(requests.filter(path => /relay|panel/.test(path))).toEqual([]);
  });

  it('keeps what the visitor has chosen in the chat, also on the next page', async () => {
    const { page } = await arriveManaged('optin');
    await say(page, 'Allow cookies');
    await launcher(page).click();
    await ask(page, 'one');
    await log(page).getByText('You asked: one').waitFor();
    await choose(page, 'Withdraw consent');
    await page.getByRole('button', { name: 'Erase it' }).click();
    await log(page).getByText('Your consent is withdrawn').waitFor();
    await page.reload();
    await launcher(page).click();
    await page.getByText('Nothing of this chat is stored').waitFor();
    await eventually(decisions).toEqual([
      ['granted', 'platform'],
      ['withdrawn', 'settings'],
      ['declined', 'platform'],
    ]);
  });

  it('is not listened to where the page does not say so', async () => {
    const { page } = await arrive({ page: relay => ({ settings: told(relay), consent: 'optin' }) });
    await say(page, 'Allow cookies');
    await launcher(page).click();
    await notice(page).waitFor();
  });
});
