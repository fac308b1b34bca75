import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { type Shop, type ShopPage, startShop } from './shop.ts';
import { type StubRelay, startStubRelay } from './stub-relay.ts';

const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A visitor's tab, with what went wrong in it and what left it. */
export interface Tab {
  page: Page;
  /** Addresses of all requests so far, as `host/path`. */
  requests: string[];
  /** Script errors, and violations of the page's content security policy. */
  faults: string[];
}

/** One relay, shop and browser for the tests of a file; everything is as new before each test. */
export function useWidget() {
  const here = {} as { relay: StubRelay; shop: Shop; browser: Browser };

  beforeAll(async () => {
    here.relay = await startStubRelay();
    [here.shop, here.browser] = await Promise.all([
      startShop(here.relay.origin),
      chromium.launch({
        executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
        args: ARGS,
        ignoreDefaultArgs: ['--disable-back-forward-cache'],
      }),
    ]);
  });
  afterAll(async () => {
    await here.browser?.close();
    here.shop?.close();
    here.relay?.close();
  });
  beforeEach(async () => {
    here.relay.reset();
    here.shop.reset();
    await Promise.all(here.browser.contexts().map(context => context.close()));
  });

  /** A visitor arrives at the shop. */
  async function arrive(
    options: {
      page?: ShopPage | ((relay: string) => ShopPage);
      context?: BrowserContextOptions;
      init?: () => void;
    } = {},
  ): Promise<Tab> {
    here.shop.reset(typeof options.page === 'function' ? options.page(here.relay.origin) : options.page);
    const context = await here.browser.newContext({ viewport: { width: 1_000, height: 760 }, ...options.context });
    context.setDefaultTimeout(10_000);
    if (options.init) await context.addInitScript(options.init);
    const page = await context.newPage();
    const requests: string[] = [];
    const faults: string[] = [];
    page.on('request', request => {
      const { origin, pathname } = new URL(request.url());
      requests.push(
        (origin === here.relay.origin ? 'relay' : origin === here.shop.origin ? 'shop' : origin) + pathname,
      );
    });
    page.on('pageerror', error => faults.push(error.message));
    page.on('console', message => {
      if (/Content Security Policy|Refused to/.test(message.text())) faults.push(message.text());
    });
    await page.goto(here.shop.origin);
    return { page, requests, faults };
  }

  return { here, arrive };
}

export const launcher = (page: Page) => page.getByRole('button', { name: 'Open chat' });
export const composer = (page: Page) => page.getByRole('textbox', { name: 'Write your question' });
export const log = (page: Page) => page.getByRole('log');

export async function openAnd(page: Page, decision: 'Accept' | 'Decline'): Promise<void> {
  await launcher(page).click();
  await page.getByRole('button', { name: decision }).click();
  await composer(page).waitFor();
}

export async function ask(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await composer(page).press('Enter');
}

export async function choose(page: Page, item: string): Promise<void> {
  await page.getByRole('button', { name: 'Privacy and options' }).click();
  await page.getByRole('button', { name: item }).click();
}

/** Everything that a page can leave in a browser. */
export async function stored(page: Page) {
  const inPage = await page.evaluate(async () => ({
    local: localStorage.length,
    session: sessionStorage.length,
    databases: (await indexedDB.databases()).length,
    caches: (await caches.keys()).length,
    workers: (await navigator.serviceWorker.getRegistrations()).length,
  }));
  return { ...inPage, cookies: await page.context().cookies() };
}

export const nothing = { local: 0, session: 0, databases: 0, caches: 0, workers: 0, cookies: [] };

/** Waits until a question about the page has this answer. */
export const eventually = (question: () => unknown) => expect.poll(question, { timeout: 10_000, interval: 25 });
