import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually, launchBrowser } from './browser.ts';
import { type FakeShop, type FakeShopify, startFakeShopify } from './fakes/shopify/index.ts';
import { openAdmin } from './shopify-browser.ts';

// What stands in for Shopify's two libraries, on an app of a few lines. Our own pages are tested on it elsewhere.

let browser: Browser;
let app: Server;
let appUrl: string;
let shopify: FakeShopify;
let shop: FakeShop;
let page: Page;
let html = '';
let requests: IncomingMessage[] = [];
let stale = 0;

beforeAll(async () => {
  app = createServer((request, response) => {
    requests.push(request);
    if (!request.url?.startsWith('/api')) {
      const head = `<meta name="shopify-api-key" content="${shopify.apiKey}">
        <script src="https://cdn.shopify.com/shopifycloud/app-bridge.js"></script>
        <script src="https://cdn.shopify.com/shopifycloud/polaris-2.js"></script>`;
      response.writeHead(200, { 'content-type': 'text/html' });
      return void response.end(`<!doctype html><html lang="en"><title>App</title>${head}<main>${html}</main></html>`);
    }
    stale -= 1;
    const headers = { 'X-Shopify-Retry-Invalid-Session-Request': '1' };
    response.writeHead(stale >= 0 ? 401 : 200, stale >= 0 ? headers : {}).end();
  }).listen(0, '127.0.0.1');
  await once(app, 'listening');
  appUrl = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
  [browser, shopify] = await Promise.all([launchBrowser(), startFakeShopify()]);
});
afterAll(async () => {
  await browser.close();
  app.close();
  await shopify.stop();
});
beforeEach(async () => {
  [requests, stale] = [[], 0];
  shop = shopify.shop();
  const context = await browser.newContext();
  context.setDefaultTimeout(15_000);
  page = await context.newPage();
});
afterEach(() => page.context().close());

async function open(body: string, path?: string) {
  html = body;
  const { frame } = await openAdmin(page, { shopify, shop, relayUrl: appUrl, ...(path && { path }) });
  await frame.locator('main').waitFor({ state: 'attached' });
  const inner = page.frames()[1];
  if (!inner) throw new Error('the app is not in the frame');
  await inner.waitForLoadState();
  return { frame, inner };
}

describe('Polaris', () => {
  it('has every element of the manifest', async () => {
    const manifest = join(import.meta.dirname, '../node_modules/@shopify/polaris-types/dist/custom-elements.json');
    const tags = [...readFileSync(manifest, 'utf8').matchAll(/"tagName": ?"([^"]+)"/g)].map(([, tag = '']) => tag);
    const { inner } = await open('');
    const missing = await inner.evaluate(all => all.filter(tag => !customElements.get(tag)), tags);
    expect({ tags: tags.length, missing }).toEqual({ tags: 62, missing: [] });
  });

  it('gives the values of its fields to their form, with the events of fields, and back at a reset', async () => {
    const { frame, inner } = await open(`<form>
      <s-text-field name="text" label="Text" value="a"></s-text-field>
      <s-text-area name="area" label="Area"></s-text-area>
      <s-number-field name="number" label="Number" value="3"></s-number-field>
      <s-checkbox name="box" label="Box"></s-checkbox>
      <s-switch name="switch" label="Switch" checked value="yes"></s-switch>
      <s-select name="select" label="Select"><s-option value="1">One</s-option><s-option value="2" selected>Two</s-option></s-select>
      <s-choice-list name="choices" label="Choices" multiple><s-choice value="x">X</s-choice><s-choice value="y" selected>Y</s-choice></s-choice-list>
      <s-button type="reset">Reset</s-button><s-button type="submit">Send</s-button></form>`);
    const held = () =>
      inner.evaluate(() => [...new FormData(document.querySelector('form') as HTMLFormElement)].map(String));
    const before = ['text,a', 'area,', 'number,3', 'switch,yes', 'select,2', 'choices,y'];
    expect(await held()).toEqual(before);
    await inner.evaluate(() => {
      Object.assign(window, { seen: [] as string[] });
      const { seen } = window as unknown as { seen: string[] };
      for (const type of ['input', 'change', 'submit']) {
        document.addEventListener(type, event => {
          event.preventDefault();
          seen.push(`${type} ${(event.target as HTMLElement).getAttribute('name') ?? ''}`);
        });
      }
    });
    await frame.getByRole('textbox', { name: 'Area' }).fill('b');
    await frame.getByRole('checkbox', { name: 'Box' }).check();
    await frame.getByRole('switch', { name: 'Switch' }).uncheck();
    await frame.getByRole('combobox', { name: 'Select' }).selectOption('One');
    await frame.getByRole('checkbox', { name: 'X', exact: true }).check();
    expect(await held()).toEqual(['text,a', 'area,b', 'number,3', 'box,on', 'select,1', 'choices,x', 'choices,y']);
    await frame.getByRole('button', { name: 'Send' }).click();
    const seen = await inner.evaluate(() => (window as unknown as { seen: string[] }).seen);
    for (const name of ['area', 'box', 'switch', 'select', 'choices']) {
      expect(seen).toContain(`input ${name}`);
      if (name !== 'area') expect(seen).toContain(`change ${name}`);
    }
    expect(seen.at(-1)).toBe('submit ');
    await frame.getByRole('button', { name: 'Reset' }).click();
    expect(await held()).toEqual(before);
  });

  it('draws what assistive technology can read', async () => {
    await open(`<s-page heading="Page"><s-button slot="primary-action">Do it</s-button>
      <s-banner tone="critical" heading="Something is wrong" dismissible><s-paragraph>Look at it.</s-paragraph></s-banner>
      <s-section heading="Section"><s-text-field label="Name" details="Your own" error="Too short"></s-text-field>
      <s-choice-list label="One of them" name="c"><s-choice value="1">One</s-choice></s-choice-list>
      <s-link href="/x">A link</s-link><s-badge tone="success">Done</s-badge><s-spinner></s-spinner>
      <s-unordered-list><s-list-item>First</s-list-item></s-unordered-list>
      <s-section heading="Inner"><s-heading>Deep</s-heading></s-section></s-section>
      <s-section heading="Table"><s-table><s-table-header-row><s-table-header>A</s-table-header></s-table-header-row>
      <s-table-body><s-table-row><s-table-cell>1</s-table-cell></s-table-row></s-table-body></s-table></s-section></s-page>`);
    // By itself: what is around it is not for axe.
    await page.goto(`${appUrl}/alone`);
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
    const outline = await page.locator('h1, h2, h3, h4').evaluateAll(all =>
      all.map(each => {
        const slot = each.querySelector('slot');
        return [each.localName, slot ? slot.assignedNodes()[0]?.textContent : each.textContent].join(' ');
      }),
    );
    expect(outline.toSorted()).toEqual(['h1 Page', 'h2 Section', 'h2 Table', 'h3 Inner', 'h4 Deep']);
  });
});

describe('App Bridge', () => {
  it('sends a fresh ID token with each request to the app, and once more where the app asks for that', async () => {
    const { inner } = await open('');
    stale = 1;
    const status = await inner.evaluate(async () => (await fetch('/api', { method: 'POST', body: 'x' })).status);
    expect(status).toBe(200);
    stale = 2;
    expect(await inner.evaluate(async () => (await fetch('/api')).status)).toBe(401);
    const tokens = requests.filter(({ url }) => url === '/api').map(({ headers }) => headers.authorization);
    expect(tokens).toHaveLength(4);
    expect(new Set(tokens).size).toBe(4);
    expect(tokens[0]).toMatch(/^Bearer [\w-]+\.[\w-]+\.[\w-]+$/);
  });

  it('brings an ID token to where a page without one asks for it', async () => {
    const { inner } = await open('');
    const reload = `${appUrl}/back?shop=${shop.domain}`;
    await inner.evaluate(to => location.assign(to), `/bounce?${new URLSearchParams({ 'shopify-reload': reload })}`);
    await eventually(() => requests.at(-1)?.url).toMatch(/^\/back\?shop=[\w.-]+&id_token=ey/);
  });

  it('tells the app when the merchant uses its menu, and the admin where the app is', async () => {
    const { inner } = await open(
      '<s-app-nav><s-link href="/shopify/app" rel="home">Home</s-link><s-link href="/shopify/app/two">Two</s-link></s-app-nav>',
    );
    await inner.evaluate(() =>
      document.addEventListener('shopify:navigate', ({ target }) =>
        history.pushState(null, '', (target as HTMLElement).getAttribute('href')),
      ),
    );
    const entry = page.getByRole('link', { name: 'Two' });
    await entry.click();
    await eventually(() => entry.getAttribute('aria-current')).toBe('page');
    expect(new URL(page.url()).pathname).toMatch(/\/apps\/\w+\/shopify\/app\/two$/);
  });

  it('shows a save bar whose buttons are those of the app, and asks before unsaved changes are left', async () => {
    const { inner } = await open(`<ui-save-bar id="bar"><button variant="primary" onclick="said = 'save'">Save</button>
      <button onclick="said = 'discard'">Discard</button></ui-save-bar>`);
    const said = () => inner.evaluate(() => (window as unknown as { said: string }).said);
    await inner.evaluate(() => window.shopify.saveBar.show('bar'));
    await page.getByRole('button', { name: 'Save' }).click();
    await eventually(said).toBe('save');
    await page.getByRole('button', { name: 'Discard' }).click();
    await eventually(said).toBe('discard');

    const leave = () =>
      inner.evaluate(() => {
        void window.shopify.saveBar.leaveConfirmation().then(() => Object.assign(window, { said: 'left' }));
      });
    await leave();
    await page.getByRole('button', { name: 'Stay' }).click();
    await leave();
    expect(await said()).toBe('discard');
    await page.getByRole('button', { name: 'Leave page' }).click();
    await eventually(said).toBe('left');
    expect(await page.getByRole('region', { name: 'Unsaved changes' }).isVisible()).toBe(false);
  });

  it('shows the save bar of a form by itself, and sends or resets the form', async () => {
    const { frame, inner } = await open(
      `<form data-save-bar onsubmit="said = 'sent'; return false"><s-text-field name="a" label="A" value="1"></s-text-field></form>`,
    );
    const field = frame.getByRole('textbox', { name: 'A' });
    await field.fill('2');
    await page.getByRole('button', { name: 'Discard' }).click();
    await eventually(() => field.inputValue()).toBe('1');
    await field.fill('3');
    await page.getByRole('button', { name: 'Save' }).click();
    await eventually(() => inner.evaluate(() => (window as unknown as { said: string }).said)).toBe('sent');
  });

  it('asks the merchant for scopes, says what the theme has, and shows toasts', async () => {
    const { inner } = await open('');
    const request = () => inner.evaluate(() => window.shopify.scopes.request(['read_orders']));
    const declined = request();
    await page.getByRole('button', { name: 'Cancel' }).click();
    expect(await declined).toEqual({ result: 'declined-all' });
    const granted = request();
    await page.getByRole('button', { name: 'Update' }).click();
    expect(await granted).toEqual({ result: 'granted-all' });
    expect(shop.scopes).toContain('read_orders');

    const status = () => inner.evaluate(async () => (await window.shopify.app.extensions())[0]?.activations[0]?.status);
    expect(await status()).toBe('available');
    shop.isEmbedOn = true;
    expect(await status()).toBe('active');

    await inner.evaluate(() => window.shopify.toast.show('Saved'));
    await page.getByRole('status').getByText('Saved').waitFor();
  });
});

declare global {
  interface Window {
    shopify: {
      saveBar: { show(id: string): Promise<void>; leaveConfirmation(): Promise<void> };
      scopes: { request(scopes: string[]): Promise<{ result: string }> };
      app: { extensions(): Promise<{ activations: { status: string }[] }[]> };
      toast: { show(message: string): string };
    };
  }
}
