import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { DocumentUpsert } from '@confab/contract';
import { defaultNotice } from '@confab/contract';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { askAndRead, eventually, launcher, openAnd, panel, thread, useConfab } from './browser.ts';
import type { TestSite } from './relay.ts';

const { here, arrive, say } = useConfab();

const QUESTION = 'What does a mug cost?';
const mug: DocumentUpsert = {
  externalId: 'mug',
  type: 'product',
  url: 'https://shop.example/mug',
  title: 'Mug',
  text: 'A mug costs €14.',
  updatedAt: '2026-01-01T00:00:00Z',
};
const cup: DocumentUpsert = { ...mug, externalId: 'cup', title: 'كوب', text: 'سعر الكوب 14 يورو.' };

type OtherShop = Awaited<ReturnType<typeof startOtherShop>>;
const its = {} as { shop: OtherShop; stranger: OtherShop; site: TestSite };
beforeAll(async () => {
  [its.shop, its.stranger] = await Promise.all([startOtherShop(here.relay.url), startOtherShop(here.relay.url)]);
  its.site = await here.relay.site({
    openai: here.vendor,
    allowedOrigins: [its.shop.origin],
    documents: [mug, cup],
  });
  its.shop.carry(its.site.key);
  its.stranger.carry(its.site.key);
});
afterAll(() => {
  its.shop?.close();
  its.stranger?.close();
});
beforeEach(() => say({ pieces: ['A mug ', 'costs €14 [1].'] }));

describe('a shop on an origin of its own, under a policy that allows nothing inline', () => {
  it('has the whole chat, with no preflight before any answer', async () => {
    const { page, requests } = await arrive({ url: its.shop.origin });
    await launcher(page).waitFor();
    expect(requests.filter(url => url.startsWith(here.relay.url))).toEqual([]);
    here.relay.logLines.length = 0;
    await openAnd(page, 'Accept');
    await askAndRead(page, QUESTION, 'costs €14');
    await askAndRead(page, 'And two?', 'costs €14');
    await thread(page).getByRole('link', { name: 'Mug' }).first().waitFor();
    expect(calls()).toContain('POST /v1/widget/:siteKey/turns');
    // Two show the handle and wait for theirs: listening for the team, and reading what it may have said before.
    await eventually(async () => calls().filter(call => call.startsWith('OPTIONS')).length).toBe(2);
    expect(await page.context().cookies()).toMatchObject([{ name: 'cf_conversation', domain: 'localhost' }]);

    await page.reload(); // now the handle goes along, which needs a preflight, and gets it
    await launcher(page).click();
    await thread(page).getByText('And two?').waitFor();
    const hosts = new Set(requests.map(url => new URL(url).origin));
    expect([...hosts].sort()).toEqual([here.relay.url, its.shop.origin].sort());
  });

  it('is served just as well when the visitor declines', async () => {
    here.relay.logLines.length = 0;
    const { page } = await arrive({ url: its.shop.origin });
    await openAnd(page, 'Decline');
    await askAndRead(page, QUESTION, 'costs €14');
    await askAndRead(page, 'And two?', 'costs €14');
    expect(calls().filter(call => call.startsWith('OPTIONS'))).toEqual([]);
    expect(await page.context().cookies()).toEqual([]);
  });
});

it('a page that may not use the site key says plainly that there is no assistant', async () => {
  const { page } = await arrive({ url: its.stranger.origin });
  const asked = here.vendor.requests.length;
  await launcher(page).click();
  await panel(page).getByRole('paragraph').getByText('The assistant cannot be reached').waitFor();
  expect(await page.getByRole('button', { name: 'Accept' }).count()).toBe(0);
  expect(await page.context().cookies()).toEqual([]);
  expect(here.vendor.requests.length).toBe(asked);
});

describe('a shop in Arabic', () => {
  const notice = { ...defaultNotice, title: 'هل يمكننا حفظ هذه المحادثة؟', body: 'يمكنك أن ترفض.' };

  beforeAll(async () => {
    await its.site.plugin.change(settings => ({
      ...settings,
      texts: { ...settings.texts, ar: { title: 'تحدث معنا', greeting: 'أهلاً! كيف نساعدك؟' } },
      consent: { ...settings.consent, notices: { en: defaultNotice, ar: notice } },
    }));
  });

  it('asks and answers from right to left, in a mirrored panel', async () => {
    its.shop.carry(its.site.key, 'data-locale="ar-EG"');
    const { page } = await arrive({ url: its.shop.origin });
    await launcher(page).click();
    await page.getByRole('heading', { name: notice.title }).waitFor();
    expect(await panel(page).getAttribute('dir')).toBe('rtl');
    expect(await panel(page).getAttribute('lang')).toBe('ar');
    await page.getByRole('button', { name: 'Decline' }).click();
    await thread(page).getByText('أهلاً! كيف نساعدك؟').waitFor();
    say({ pieces: ['سعر الكوب ', '14 يورو [1].'] });
    await askAndRead(page, 'كم سعر الكوب؟', 'سعر الكوب 14 يورو');

    const box = async (part: Locator) => (await part.boundingBox()) ?? { x: 0, width: 0 };
    const [whole, close, title, question, disclosure] = await Promise.all([
      box(panel(page)),
      box(page.getByRole('button', { name: 'Close chat' })),
      box(panel(page).getByRole('heading', { name: 'تحدث معنا' })),
      box(thread(page).getByText('كم سعر الكوب؟')),
      box(thread(page).getByText('أهلاً! كيف نساعدك؟')),
    ]);
    expect(close.x).toBeLessThan(title.x);
    expect(question.x - whole.x).toBeLessThan(40); // a visitor's words stand at the far end of the line
    expect(question.x + question.width).toBeLessThan(whole.x + whole.width - 40);
    expect(whole.x + whole.width - (disclosure.x + disclosure.width)).toBeLessThan(40);
  });
});

/** What the relay was asked, as `POST /route`. */
const calls = (): string[] =>
  here.relay.logLines
    .map(line => JSON.parse(line) as { msg: string; method: string; route: string })
    .filter(({ msg }) => msg === 'request')
    .map(({ method, route }) => `${method} ${route}`);

/** A page on another origin than the relay's, with the widget's files on its own server, as a plugin would put them. */
async function startOtherShop(relay: string) {
  const folder = join(import.meta.dirname, '../widget-core/dist');
  const files = new Map(
    await Promise.all(
      ['confab-loader.js', 'confab-panel.js', 'confab-pages.js', 'confab-proof.js'].map(
        async (name): Promise<[string, string]> => [`/assets/${name}`, await readFile(join(folder, name), 'utf8')],
      ),
    ),
  );
  const policy = `default-src 'none'; script-src 'self'; style-src 'self'; connect-src ${relay}; base-uri 'none'`;
  let page = '';
  const server = createServer((request, response) => {
    const file = files.get(new URL(request.url ?? '', 'http://shop').pathname);
    response.setHeader('Content-Security-Policy', policy);
    if (file) response.setHeader('Content-Type', 'text/javascript').end(file);
    else response.setHeader('Content-Type', 'text/html; charset=utf-8').end(page);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    /** Another name of this machine: to a browser, another site than the relay's. */
    origin: `http://localhost:${port}`,
    /** Puts the widget of this site into the page. */
    carry(siteKey: string, attributes = ''): void {
      page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Mugs</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <script src="/assets/confab-loader.js" defer data-site-key="${siteKey}" data-relay="${relay}" ${attributes}></script>
        </head><body><main><h1>Mugs</h1></main></body></html>`;
    },
    close(): void {
      server.closeAllConnections();
      server.close();
    },
  };
}
