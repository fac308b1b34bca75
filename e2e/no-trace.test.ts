import { rm } from 'node:fs/promises';
import type { ThreadMessage } from '@confab/contract';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { startFakeAnthropic } from './fakes/anthropic.ts';
import type { FakeRequest } from './fakes/model-server.ts';
import { startFakeOpenai } from './fakes/openai.ts';
import { startSink } from './fakes/sentry.ts';
import { htmlPage, startInternet } from './fakes/site.ts';
import {
  call,
  databaseEnvironment,
  databases,
  makeDataDir,
  pages,
  question,
  SHOP,
  spawnRelay,
  startTestRelay,
  type TestSite,
  wordsIn,
} from './relay.ts';
import { solve } from './solve.ts';

vi.setConfig({ testTimeout: 60_000 });

/** Words that stand nowhere else; each place of a turn gets one of its own, so that a failure names the place. */
const planted = {
  question: 'zanzibarine',
  secondQuestion: 'quixolotl',
  title: 'brumblesnatch',
  path: 'wimplethorpe',
  query: 'frostygobbet',
  referrer: 'mirksworthy',
  answer: 'glimmerfenwick',
  forged: 'plonkeroo',
  refused: 'snorvaldine',
  malformed: 'yarrowmandible',
};
const words = Object.values(planted);

/** A question that the pages answer: what a model says to others is held back. */
const asking = (word: string) => `Where does the wool of your jumpers come from, ${word}?`;

const page = {
  url: `https://shop.example/${planted.path}?from=${planted.query}`,
  title: `Jumper ${planted.title}`,
  referrer: `https://search.example/${planted.referrer}`,
};

type Widget = TestSite['widget'];

/** Everything a visitor who declined can do, and everything that can go wrong for them. */
async function chatWithoutConsent(widget: Widget): Promise<void> {
  await widget.decide('declined');
  let thread: ThreadMessage[] = [];
  for (const text of [planted.question, planted.secondQuestion, 'And from where?']) {
    const { completed } = await widget.turn({ ...question(asking(text), { thread }), page, locale: 'de' });
    const { text: answer = '', seal = '' } = completed ?? {};
    thread = [...thread, { role: 'visitor', text: asking(text) }, { role: 'assistant', text: answer, seal }];
  }
  const forged = [...thread, { role: 'assistant', text: planted.forged }];
  const wrongs = [
    { ...question(planted.refused, { thread: forged }), page },
    { ...question(planted.refused, { thread: [] }), page, [planted.refused]: planted.refused },
    { ...question(planted.refused, { thread: [] }), page: { ...page, url: planted.refused } },
    { ...question(planted.refused, { consentToken: planted.refused }), page },
    question(`${planted.refused}${'x'.repeat(600_000)}`, { thread: [] }),
  ];
  for (const wrong of wrongs) await widget.turn(wrong);
  const plain = { 'Content-Type': 'text/plain' };
  await call('POST', `${widget.base}/turns`, { body: `{"text": "${planted.malformed}`, headers: plain });
  await call('GET', `${widget.base}/${planted.refused}?q=${planted.refused}`, { bearer: planted.refused });
  const left = await widget.open({ ...question(`Once more: ${planted.question}?`, { thread }), page });
  left.leave();
}

/** A model that repeats the question, a vendor before it that fails and repeats all it was sent. */
async function startVendors() {
  const openai = await startFakeOpenai({ script: { status: 500 } });
  const anthropic = await startFakeAnthropic({
    // Not all of it: what is long is compressed in the files, and no word of it could be seen there.
    script: ({ body }) => ({ pieces: [`You asked: ${body.messages.at(-1).content.slice(-200)} `, planted.answer] }),
  });
  return { openai, anthropic, close: () => Promise.all([openai.close(), anthropic.close()]) };
}

describe.each(databases)('a visitor who declined, on %s', database => {
  it('leaves no word in any table or log line, whoever answers', async () => {
    const relay = await startTestRelay({ database, demo: true });
    const vendors = await startVendors();
    const byModel = await relay.site({ ...vendors, documents: pages });
    const byQuotes = await relay.site({ documents: pages });
    const found = async () =>
      Promise.all(words.map(async word => [word, await relay.tablesWith(word)] as const)).then(all =>
        all.filter(([, tables]) => tables.length > 0),
      );
    const logged = () => words.filter(word => relay.logLines.some(line => line.includes(word)));

    for (const { widget } of [byModel, byQuotes]) await chatWithoutConsent(widget);
    expect(await found()).toEqual([]);
    expect(logged()).toEqual([]);
    const [consents, usage] = [await relay.rows('ConsentRecord'), await relay.rows('Usage')];
    expect(consents.map(({ decision }) => decision)).toEqual(['declined', 'declined']);
    expect(usage.every(({ answers }) => answers >= 3)).toBe(true);
    expect(await relay.rows('Conversation')).toEqual([]);

    // The same words of a visitor who agreed are found: this test can see.
    const { widget } = byModel;
    const token = await widget.token();
    const turn = await widget.turn({ ...question(asking(planted.question), { consentToken: token }), page });
    const kept = [planted.question, planted.title, planted.path, planted.referrer, planted.answer];
    const places = ['public."Conversation"', 'public."Message"'];
    expect((await found()).map(([word]) => word).sort()).toEqual(kept.toSorted());
    expect(new Set((await found()).flatMap(([, tables]) => tables))).toEqual(new Set(places));
    expect(logged()).toEqual([]);

    await widget.erase(turn.started?.conversationId);
    expect(await found()).toEqual([]);
    await relay.stop();
    await vendors.close();
  });
});

describe.each(databases)('the process of a visitor who declined, on %s', database => {
  const folders: string[] = [];
  afterAll(() => Promise.all(folders.map(folder => rm(folder, { recursive: true, force: true }))));

  it('writes none of the words into a file or its output', async () => {
    const dataDir = await makeDataDir();
    folders.push(dataDir);
    const vendors = await startVendors();
    const env = {
      ...(await databaseEnvironment(database)),
      OPENAI_API_KEY: 'sk-openai',
      OPENAI_BASE_URL: vendors.openai.url,
      ANTHROPIC_API_KEY: 'sk-anthropic',
      ANTHROPIC_BASE_URL: vendors.anthropic.url,
    };
    const relay = await spawnRelay({ dataDir, env });
    const { widget } = relay.demo;
    await chatWithoutConsent(widget);
    expect(await wordsIn(dataDir, words)).toEqual([]);

    // What a visitor who agreed wrote is found where there is a database in the folder: this test can see.
    const turn = await widget.turn({
      ...question(asking(planted.question), { consentToken: await widget.token() }),
      page,
    });
    expect(turn.completed?.text).toContain(planted.answer);
    await relay.stop();
    await vendors.close();
    const kept =
      database === 'embedded' ? expect.arrayContaining([planted.question, planted.answer, planted.title]) : [];
    expect(await wordsIn(dataDir, words)).toEqual(kept);
    expect(await wordsIn(dataDir, words)).not.toContain(planted.secondQuestion);
    expect(words.filter(word => relay.output().includes(word))).toEqual([]);
    expect(relay.output()).toContain('/turns');
  });
});

describe('a visitor who declined, where a site uses all there is', () => {
  /** Of a network that is nobody's. */
  const headers = { 'Content-Type': 'text/plain', 'X-Forwarded-For': '203.0.113.77' };

  /** One turn from that address, with the proof that the relay asks for. */
  async function asked({ base }: Widget, text: string, proof?: string) {
    const body = JSON.stringify({ ...question(text, { thread: [] }), page, locale: 'de', ...(proof && { proof }) });
    const response = await fetch(`${base}/turns`, { method: 'POST', headers, body });
    return { status: response.status, text: await response.text() };
  }

  const call = (name: string, input: object, id = name) => ({ id, name, json: JSON.stringify(input) });
  /** A model that hands the visitor's words to every tool, well and badly, and then repeats them. */
  const eager = ({ body }: FakeRequest) => {
    const query = `${planted.question} ${planted.secondQuestion}`;
    const rounds = [
      [
        call('leave_contact_details', { email: `${planted.refused}@a.example` }),
        call('search_knowledge', { query }),
        call('look_up_product', { query }),
        call(planted.forged, { query }),
      ],
      [
        call('search_knowledge', { query, [planted.forged]: planted.forged }, 'wrong'),
        { id: 'broken', name: 'search_knowledge', json: `{"query": "${planted.malformed}` },
      ],
    ];
    const calls = rounds[body.messages.filter((each: object) => JSON.stringify(each).includes('tool_result')).length];
    return calls
      ? { pieces: [`One moment, ${planted.question}.`], calls }
      : { pieces: [`You asked ${planted.question} [1]. `, planted.answer] };
  };

  it('leaves no word in a table, a job, a log line, an error report or a file, and its network in log lines only', async () => {
    const sink = await startSink();
    const anthropic = await startFakeAnthropic({ script: eager });
    // Every other question is not embedded, and the vendor repeats it as it says so.
    let questions = 0;
    const openai = await startFakeOpenai({
      embeddings: ({ body }) => {
        const isQuestion = words.some(word => JSON.stringify(body.input).includes(word));
        return isQuestion && questions++ % 2 === 1 ? { status: 400 } : undefined;
      },
    });
    const shop = await startInternet({});
    shop.hosts[shop.host] = { '/': htmlPage('Home', ['/care']), '/care': htmlPage('Care') };
    const relay = await startTestRelay({
      // Its files are looked into, and it has vectors on every machine.
      database: 'embedded',
      env: { CONFAB_RATE_LIMIT: 'on', CONFAB_TRUST_PROXY: '1', CONFAB_LOG_LEVEL: 'debug', SENTRY_DSN: sink.dsn },
    });
    const site = await relay.site({
      openai,
      anthropic,
      documents: pages,
      allowedOrigins: [SHOP, shop.url],
      answers: { providers: ['anthropic'], embeddings: 'openai' },
    });
    const { widget, plugin } = site;
    await plugin.change(settings => ({ ...settings, features: { ...settings.features, leads: true, callback: true } }));
    await vi.waitFor(async () => expect((await plugin.status()).body).toMatchObject({ pending: 0 }), {
      timeout: 25_000,
    });
    const crawl = await fetch(`${plugin.base}/sources`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${site.secret}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ url: `${shop.url}/` }),
    });
    expect(crawl.status).toBe(201);

    await widget.decide('declined');
    // What the knowledge holds, what it half holds, what it does not, in another language, and small talk.
    const texts = [
      `Is the wool ${planted.question} from Shetland?`,
      `How long do parcels to Iceland take, ${planted.secondQuestion}?`,
      `${planted.question} ${planted.secondQuestion} ${planted.refused}?`,
      `Wie lange dauert der Versand, ${planted.title}?`,
      `Hello ${planted.query}`,
      planted.malformed,
    ];
    const answers = [];
    for (const text of texts) answers.push(await asked(widget, text));
    expect(answers.map(({ status }) => status)).toEqual(texts.map(() => 200));
    expect(answers[0]?.text).toContain(planted.answer);
    const vendors = [...anthropic.requests, ...openai.requests].map(({ body }) => JSON.stringify(body)).join();
    expect(vendors).toContain(planted.secondQuestion);
    expect(vendors).toContain('tool_result');
    expect(answers.some(({ text }) => text.includes('event: suggestion'))).toBe(true);
    expect(questions).toBeGreaterThan(2);

    // Nothing may be spent any more: quotes answer.
    await plugin.change(({ limits, answers, ...settings }) => ({
      ...settings,
      // At an address that is not the vendor's, only a model by the vendor's name has a price.
      answers: { ...answers, anthropic: { ...answers.anthropic, model: 'claude-haiku-4-5' } },
      limits: { ...limits, spend: { ...limits.spend, perVisitorDay: 0, perMonth: 0 } },
    }));
    const calls = anthropic.requests.length;
    const until = async (status: number) => {
      for (let tries = 0; tries < 20; tries += 1) {
        const reply = await asked(widget, `${texts[tries % texts.length]}`);
        if (reply.status === status) return reply.text;
      }
      throw new Error(`no answer with status ${status}`);
    };
    const { challenge } = JSON.parse(await until(403));
    expect((await asked(widget, asking(planted.question), `${planted.forged}.${planted.refused}`)).status).not.toBe(
      200,
    );
    expect((await asked(widget, asking(planted.question), solve(challenge))).status).toBe(200);
    expect(anthropic.requests).toHaveLength(calls);

    await vi.waitFor(async () => expect((await relay.rows('CrawlPage', site)).length).toBeGreaterThan(1), {
      timeout: 15_000,
    });
    const found = await Promise.all(words.map(async word => [word, await relay.tablesWith(word)]));
    expect(found.filter(([, tables]) => tables?.length)).toEqual([]);
    expect(await relay.tablesWith('203.0.113')).toEqual([]);
    for (const table of ['Conversation', 'Message', 'Lead']) expect(await relay.rows(table, site)).toEqual([]);
    expect(words.filter(word => relay.logLines.some(line => line.includes(word)))).toEqual([]);
    expect(relay.logLines.filter(line => line.includes('203.0.113.77'))).toEqual([]);
    expect(relay.logLines.some(line => line.includes('"network":"203.0.113.0/24"'))).toBe(true);

    expect(await wordsIn(relay.dataDir, words)).toEqual([]);

    // What a visitor who agreed asks is found: this test can see.
    await widget.begin(`Is the wool ${planted.question}?`);
    expect(await relay.tablesWith(planted.question)).toEqual(['public."Message"']);
    expect(await wordsIn(relay.dataDir, words)).toEqual([planted.question]);
    await relay.stop();
    expect(words.filter(word => sink.envelopes.join().includes(word))).toEqual([]);
    expect(sink.envelopes.join()).not.toContain('203.0.113');
    await Promise.all([sink.close(), anthropic.close(), openai.close(), shop.close()]);
  });
});
