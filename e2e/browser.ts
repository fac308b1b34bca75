import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import type { FakeModelServer, Script } from './fakes/model-server.ts';
import { startFakeOpenai } from './fakes/openai.ts';
import { startTestRelay, type TestRelay } from './relay.ts';

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

/** How long the browser may take for one thing. Long, since a busy machine must not fail a test. */
const PATIENCE_MS = 15_000;

/** Chromium as visitors have it: with the back/forward cache. */
export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: ARGS,
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  });

/** Where a visitor arrives, and how. Without `url` it is the demo shop. */
export type Arrival = { url?: string; context?: BrowserContextOptions; init?: () => void };

/** A visitor's tab, and what the browser saw of it. */
export interface Tab {
  page: Page;
  /** Addresses of all requests so far. */
  requests: string[];
  /** Whatever the relay or the shop wanted the browser to remember. */
  setCookies(): Promise<string[]>;
}

/** The model's answer where a test names no other. */
export const ANSWER = 'The Kittiwake Jumper costs €119 [1].';

/**
 * The product for the tests of one file: relay with demo shop, a fake OpenAI that it has a key for, and Chromium. After
 * each test no page may have had a script error, a dialog, or a violation of its content security policy.
 */
export function useConfab({ env = {} }: { env?: NodeJS.ProcessEnv } = {}) {
  const here = {} as { relay: TestRelay; vendor: FakeModelServer; browser: Browser };
  let script: Script = {};
  let faults: string[] = [];

  beforeAll(async () => {
    here.vendor = await startFakeOpenai({
      script: request => (typeof script === 'function' ? script(request) : script),
    });
    const access = { OPENAI_API_KEY: 'key-of-the-relay', OPENAI_BASE_URL: here.vendor.url };
    [here.relay, here.browser] = await Promise.all([
      startTestRelay({ demo: true, env: { ...access, ...env } }),
      launchBrowser(),
    ]);
  }, 120_000);
  afterAll(async () => {
    await here.browser?.close();
    await here.relay?.stop();
    await here.vendor?.close();
  });
  beforeEach(() => {
    script = { pieces: ANSWER.split(/(?= )/) };
    faults = [];
  });
  afterEach(async () => {
    await Promise.all(here.browser.contexts().map(context => context.close()));
    expect(faults).toEqual([]);
  });

  /** A visitor comes to the demo shop, or to `url`, with a browser that knows nothing. */
  async function arrive({ url = `${here.relay.url}/demo/`, context: options = {}, init }: Arrival = {}): Promise<Tab> {
    const context = await here.browser.newContext({ viewport: { width: 1_280, height: 800 }, ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    if (init) await context.addInitScript(init);
    const requests: string[] = [];
    const setCookies: Promise<string[]>[] = [];
    context.on('request', request => requests.push(request.url()));
    context.on('response', response => setCookies.push(response.headerValues('set-cookie').catch(() => [])));
    context.on('weberror', error => faults.push(error.error().message));
    context.on('dialog', dialog => {
      faults.push(`a dialog: ${dialog.message()}`);
      return dialog.dismiss();
    });
    context.on('console', message => {
      // An answer with an error's status is the tests' own doing; everything else is a fault.
      if (message.type() === 'error' && !/Failed to load resource|CORS policy/.test(message.text())) {
        faults.push(message.text());
      }
    });
    const page = await context.newPage();
    await page.goto(url);
    return { page, requests, setCookies: async () => (await Promise.all(setCookies)).flat() };
  }

  return {
    here,
    arrive,
    /** What the model does from now on, to the end of the test. */
    say(next: Script) {
      script = next;
    },
  };
}

export const launcher = (page: Page) => page.getByRole('button', { name: 'Open chat' });
export const panel = (page: Page) => page.getByRole('dialog');
export const composer = (page: Page) => page.getByRole('textbox', { name: 'Write your question' });
export const thread = (page: Page) => page.getByRole('log');

/** Opens the chat and answers the notice. */
export async function openAnd(page: Page, decision: 'Accept' | 'Decline'): Promise<void> {
  await launcher(page).click();
  await page.getByRole('button', { name: decision }).click();
  await composer(page).waitFor();
}

/** Types a question and sends it. */
export async function ask(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await composer(page).press('Enter');
}

/** Asks, and waits until an answer with these words is complete. */
export async function askAndRead(page: Page, text: string, answer: string): Promise<void> {
  const answers = thread(page).getByText(answer);
  const before = await answers.count();
  await ask(page, text);
  await eventually(() => answers.count()).toBeGreaterThan(before);
  await page.getByRole('button', { name: 'Send' }).waitFor();
  expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
}

/** Chooses from the panel's menu. */
export async function choose(page: Page, item: string): Promise<void> {
  await page.getByRole('button', { name: 'Privacy and options' }).click();
  await page.getByRole('button', { name: item }).click();
}

/** Waits until a question about the page has this answer. */
export const eventually = (question: () => unknown) => expect.poll(question, { timeout: PATIENCE_MS, interval: 25 });

/** Everything that the page's origin has left in the browser: as the page sees it, and as the browser accounts for it. */
export async function storedIn(page: Page) {
  const inPage = await page.evaluate(async () => ({
    local: localStorage.length,
    session: sessionStorage.length,
    databases: (await indexedDB.databases()).length,
    caches: (await caches.keys()).length,
    workers: (await navigator.serviceWorker.getRegistrations()).length,
    files: (await Array.fromAsync((await navigator.storage.getDirectory()).keys())).length,
    windowName: window.name,
    history: history.state,
  }));
  const devtools = await page.context().newCDPSession(page);
  const { usage } = await devtools.send('Storage.getUsageAndQuota', { origin: new URL(page.url()).origin });
  await devtools.detach();
  return { ...inPage, usage, cookies: await page.context().cookies() };
}

/** What `storedIn` gives of a browser in which nothing was left. */
export const nothing = {
  local: 0,
  session: 0,
  databases: 0,
  caches: 0,
  workers: 0,
  files: 0,
  windowName: '',
  history: null,
  usage: 0,
  cookies: [],
};

/** The name of what has the focus, inside the widget where it is there. */
export const focused = (page: Page): Promise<string | null | undefined> =>
  page.evaluate(() => {
    const element = document.activeElement?.shadowRoot?.activeElement ?? document.activeElement;
    const label = (element as Partial<HTMLInputElement> | null)?.labels?.[0] ?? element;
    return element?.getAttribute('aria-label') ?? label?.textContent;
  });

/** The rows of one table in the relay's dump. */
export async function rowsOf(relay: TestRelay, table: string): Promise<string[]> {
  const [, rows] = Object.entries(await relay.dump()).find(([name]) => /\w+(?="?$)/.exec(name)?.[0] === table) ?? [];
  if (!rows) throw new Error(`the relay has no table ${table}`);
  return rows;
}

/** Every place at the relay where one of these words stands: tables, log lines, and files of its data folder. */
export async function traces(relay: TestRelay, words: readonly string[]): Promise<string[]> {
  const holds = (text: string | Buffer) => words.some(word => text.includes(word));
  const tables = Object.entries(await relay.dump()).filter(([, rows]) => rows.some(holds));
  const files = await readdir(relay.dataDir, { recursive: true, withFileTypes: true });
  const paths = files.filter(file => file.isFile()).map(file => join(file.parentPath, file.name));
  const held = await Promise.all(paths.map(async path => holds(await readFile(path))));
  return [
    ...tables.map(([name]) => `table ${name}`),
    ...relay.logLines.filter(holds).map(line => `log ${line}`),
    ...paths.filter((_, i) => held[i]).map(path => `file ${path}`),
  ];
}
