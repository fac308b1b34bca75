import { rm } from 'node:fs/promises';
import type { ThreadMessage } from '@confab/contract';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { startFakeAnthropic } from './fakes/anthropic.ts';
import { startFakeOpenai } from './fakes/openai.ts';
import {
  call,
  databaseEnvironment,
  databases,
  makeDataDir,
  pages,
  question,
  spawnRelay,
  startTestRelay,
  type TestSite,
  wordsIn,
} from './relay.ts';

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
    const { completed } = await widget.turn({ ...question(`Is it ${text}?`, { thread }), page, locale: 'de' });
    const { text: answer = '', seal = '' } = completed ?? {};
    thread = [...thread, { role: 'visitor', text: `Is it ${text}?` }, { role: 'assistant', text: answer, seal }];
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
    script: ({ body }) => ({ pieces: [`You asked: ${body.messages.at(-1).content} `, planted.answer] }),
  });
  return { openai, anthropic, close: () => Promise.all([openai.close(), anthropic.close()]) };
}

describe.each(databases)('a visitor who declined, on %s', database => {
  it('leaves no word in any table or log line, whoever answers', async () => {
    const relay = await startTestRelay({ database });
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
    const turn = await widget.turn({ ...question(`Is it ${planted.question}?`, { consentToken: token }), page });
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
      ...question(`Is it ${planted.question}?`, { consentToken: await widget.token() }),
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
