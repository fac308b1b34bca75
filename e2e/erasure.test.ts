import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { personalDataDocument } from '@confab/contract';
import type { Tx } from '@confab/relay/db/database.ts';
import { inTransaction } from '@confab/relay/db/transaction.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { daysAgo, plantCutErasure } from './plant.ts';
import {
  call,
  databaseEnvironment,
  databases,
  makeDataDir,
  pages,
  question,
  type RelayProcess,
  runCommand,
  spawnRelay,
  startTestRelay,
  type TestRelay,
  type TestSite,
  wordsIn,
} from './relay.ts';

vi.setConfig({ testTimeout: 60_000 });

/** One person. Each thing about her stands in places of its own, so that a failure names the place. */
const jane = {
  email: 'jane.zanzibarine@a.example',
  phone: '+353 87 123 4567',
  name: 'Jane Brumblesnatch',
  asked: 'quixolotl',
  page: 'wimplethorpe',
  title: 'frostygobbet',
  referrer: 'mirksworthy',
  leadMessage: 'glimmerfenwick',
  leadField: 'plonkeroo',
  seen: 'snorvaldine',
};
const words = Object.values(jane);

type Clients = Pick<TestSite, 'widget' | 'plugin'>;

/** Puts her everywhere that Confab keeps anything, and somebody else beside her. Gives what only the relay knows of her. */
async function plant({ widget, plugin }: Clients) {
  const { consentToken } = (await widget.decide('granted', { purposes: ['storage', 'analytics'] })).body;
  const begun = await widget.turn({
    ...question(`I am ${jane.email}. Is ${jane.asked} wool?`, { consentToken }),
    page: {
      url: `https://shop.example/${jane.page}?${jane.page}=1`,
      title: jane.title,
      referrer: `https://search.example/${jane.referrer}`,
    },
  });
  const handle = begun.started?.conversationId ?? '';
  const url = `https://shop.example/${jane.seen}`;
  expect((await widget.pageview({ conversationId: handle, url })).status).toBe(204);
  const fields = { name: jane.name, phone: jane.phone, message: jane.leadMessage, size: jane.leadField };
  expect((await widget.lead({ conversationId: handle, fields })).status).toBe(201);
  expect((await widget.lead({ kind: 'callback', fields: { ...fields, email: jane.email } })).status).toBe(201);
  await widget.begin(`Call me: ${jane.phone}`);
  const others = await widget.begin('I am john@a.example. Is it wool?');
  await widget.lead({ fields: { name: 'John', email: 'john@a.example' } });
  const conversationIds = (await plugin.conversations()).body.items.map(({ id }) => id);
  return { handle, others, conversationIds };
}

const subject = { email: jane.email, phone: jane.phone };

describe.each(databases)('a person who is in every table, on %s', database => {
  it('is found nowhere after one erasure: no row, no job, no log line', async () => {
    const relay = await startTestRelay({ database, demo: true });
    const site = await relay.site({ documents: pages });
    await site.plugin.change(settings => ({ ...settings, crm: { ...settings.crm, connectors: ['hubspot'] } }));
    const { handle, others, conversationIds } = await plant(site);
    const now = { since: new Date(), seenAt: new Date() };
    await relay.db.presence.createMany({
      data: conversationIds.map(conversationId => ({ siteId: site.id, conversationId, holder: randomUUID(), ...now })),
    });
    const mail = { bearer: handle, body: { email: jane.email } };
    expect((await call('POST', `${site.widget.base}/conversation/transcript`, mail)).status).toBe(202);
    const found = async () => {
      const dump = Object.values(await relay.dump()).flat();
      return words.filter(word => dump.some(row => row.includes(word)));
    };
    // This test can see: every word of hers is kept somewhere, and in every table that may hold it.
    expect(await found()).toEqual(words);
    const owned = relay.services.owners.flatMap(({ tables }) => Object.keys(tables));
    const spent = ['ConsentToken', 'DataRequest', 'LegalHold', 'ShopifyWebhook'];
    // The owner's, and what is of an address at any site.
    const notHers = ['EmailAddress', 'EmailCount', 'EmailSuppression'];
    for (const table of owned.filter(name => ![...spent, ...notHers].includes(name))) {
      expect(await relay.rows(table, site), table).not.toEqual([]);
    }
    const { result } = (await site.plugin.requestData({ type: 'access', subject })).body;
    expect(personalDataDocument.parse(result)).toEqual(result);
    expect(result.counts).toEqual({ pageViews: 1, conversations: 2, leads: 2, emails: 1 });
    const opening = (await relay.rows('Conversation', site)).map(({ subjectKey }) => subjectKey);

    const { body } = await site.plugin.requestData({ type: 'erasure', subject, reference: 'ticket-1' });
    expect(body.result).toMatchObject({
      counts: { conversations: 2, leads: 2, pageViews: 1, emails: 1 },
      retained: {},
    });
    expect(await found()).toEqual([]);
    expect(words.filter(word => relay.logLines.some(line => line.includes(word)))).toEqual([]);
    for (const secret of [handle, opening[0]]) expect(await relay.tablesWith(secret)).toEqual([]);
    const gone = conversationIds.filter(id => relay.logLines.every(line => !line.includes(id)));
    expect(gone).toEqual(conversationIds);

    // Nobody else was touched, and her consent can still be shown to have been given by somebody.
    expect((await site.widget.conversation(others)).status).toBe(200);
    expect((await site.plugin.leads()).body.items).toMatchObject([{ name: 'John' }]);
    expect(await relay.rows('ConsentRecord', site)).toHaveLength(3);
    const again = await site.plugin.requestData({ type: 'access', subject });
    expect(again.body.result.counts).toMatchObject({ conversations: 0, leads: 0, pageViews: 0 });
    await relay.stop();
  });

  it('is forgotten by her own click just as well', async () => {
    const relay = await startTestRelay({ database, demo: true });
    const site = await relay.site({ documents: pages });
    const { consentToken } = (await site.widget.decide('granted', { purposes: ['storage', 'analytics'] })).body;
    const turn = await site.widget.turn(question(`Is ${jane.asked} wool?`, { consentToken }));
    const handle = turn.started?.conversationId ?? '';
    await site.widget.pageview({ conversationId: handle, url: `https://shop.example/${jane.seen}` });
    await site.widget.lead({ conversationId: handle, fields: { name: jane.name, email: jane.email } });
    const planted = [jane.asked, jane.seen, jane.name, jane.email];
    for (const word of planted) expect(await relay.tablesWith(word)).not.toEqual([]);
    expect((await site.widget.erase(handle)).status).toBe(204);
    for (const word of [...planted, handle]) expect(await relay.tablesWith(word)).toEqual([]);
    await relay.stop();
  });
});

describe.each(databases)('the process and the files, on %s', database => {
  const folders: string[] = [];
  afterAll(() => Promise.all(folders.map(folder => rm(folder, { recursive: true, force: true }))));

  it('hold no word of an erased person, while the relay runs and after', async () => {
    const dataDir = await makeDataDir();
    folders.push(dataDir);
    const relay = await spawnRelay({ dataDir, env: await databaseEnvironment(database) });
    const { handle } = await plant(relay.demo);
    const secrets = [...words, handle];
    if (database === 'embedded') expect(await wordsIn(dataDir, words)).toEqual(words);
    await relay.demo.plugin.requestData({ type: 'erasure', subject });
    expect(await wordsIn(dataDir, secrets)).toEqual([]);
    await relay.stop();
    expect(await wordsIn(dataDir, secrets)).toEqual([]);
    expect(secrets.filter(word => relay.output().includes(word))).toEqual([]);
    expect(relay.output()).toContain('/data-requests');
  });

  it('keep an erasure that was answered, whatever kills the relay right after', async () => {
    const dataDir = await makeDataDir();
    folders.push(dataDir);
    const env = await databaseEnvironment(database);
    const first = await spawnRelay({ dataDir, env });
    await plant(first.demo);
    const { status } = await first.demo.plugin.requestData({ type: 'erasure', subject });
    expect(status).toBe(200);
    await first.stop('SIGKILL');
    const second = await spawnRelay({ dataDir, env });
    const { body } = await second.demo.plugin.requestData({ type: 'access', subject });
    expect(body.result.counts).toMatchObject({ conversations: 0, leads: 0, pageViews: 0 });
    await second.stop();
  });
});

describe('the files of the embedded database', () => {
  let dataDir: string;
  let relay: RelayProcess;
  let demo: TestSite;
  beforeAll(async () => {
    dataDir = await makeDataDir();
    relay = await spawnRelay({ dataDir });
    demo = relay.demo as TestSite;
  });
  afterAll(async () => {
    await relay.stop();
    await rm(dataDir, { recursive: true });
  });

  const ways: [string, (handle: string, email: string) => Promise<{ status: number }>][] = [
    ['the site’s erasure', (_, email) => demo.plugin.requestData({ type: 'erasure', subject: { email } })],
    ['the visitor’s erasure', handle => demo.widget.requestData(handle, { type: 'erasure' })],
    ['the visitor’s click', handle => demo.widget.erase(handle)],
    ['a withdrawal', handle => demo.widget.decide('withdrawn', { conversationId: handle })],
    [
      'a rectification',
      (_, email) =>
        demo.plugin.requestData({ type: 'rectification', subject: { email }, changes: { email: 'new@a.example' } }),
    ],
  ];

  it.each(ways)('forget after %s, also what the planner had sampled', async (_, way) => {
    const word = `zanzibarine-${randomUUID()}`;
    const email = `${word}@a.example`;
    const handle = await demo.widget.begin(`I am ${email}. Is it wool?`);
    await demo.widget.lead({ conversationId: handle, fields: { email } });
    // Somebody else's erasure rewrites the tables, and takes samples of all that stands in them.
    await demo.widget.erase(await demo.widget.begin('Is it warm?'));
    expect(await wordsIn(dataDir, [word])).toEqual([word]);
    expect([200, 201, 204]).toContain((await way(handle, email)).status);
    expect(await wordsIn(dataDir, [word])).toEqual([]);
  });

  it('forget after a purge, also who placed a hold', async () => {
    await demo.widget.begin('Is zanzibarine wool?');
    const { body } = await demo.plugin.hold({ reason: 'A dispute about quixolotl', author: 'Ann Brumblesnatch' });
    await demo.plugin.endHold(body.legalHoldId, { author: 'Ann Brumblesnatch' });
    await demo.widget.erase(await demo.widget.begin('Is it warm?'));
    const words = ['zanzibarine', 'quixolotl', 'Brumblesnatch'];
    expect(await wordsIn(dataDir, words)).toEqual(words);
    const later = new Date(Date.now() + 1_100 * 24 * 60 * 60 * 1_000).toISOString();
    expect(await runCommand(['purge', '--now', later], { dataDir })).toMatchObject({ code: 0 });
    expect(await wordsIn(dataDir, words)).toEqual([]);
  });
});

describe('on PostgreSQL, where several work at once', () => {
  let relay: TestRelay;
  let site: TestSite;
  beforeAll(async () => {
    relay = await startTestRelay({ database: 'postgres' });
  });
  beforeEach(async () => {
    site = await relay.site();
  });
  afterAll(() => relay.stop());

  /** Does something in a transaction that ends only after `meanwhile`, which is told how to wait for who waits for it. */
  function beside(
    work: (tx: Tx) => Promise<unknown>,
    meanwhile: (waiting: (count: number) => Promise<void>) => unknown,
  ) {
    return relay.db.$transaction(
      async tx => {
        await work(tx);
        const look = () => tx.$queryRaw<unknown[]>`SELECT DISTINCT pid FROM pg_locks WHERE NOT granted`;
        await meanwhile(count => expect.poll(async () => (await look()).length, { timeout: 10_000 }).toBe(count));
      },
      { timeout: 30_000 },
    );
  }
  const lockMessages = (tx: Tx) => tx.$queryRaw`SELECT 1 FROM "Message" WHERE "siteId" = ${site.id}::uuid FOR UPDATE`;

  it('work that the database gave up for the sake of another’s is done again', async () => {
    const other = await relay.site();
    const both = Promise.withResolvers<void>();
    let attempts = 0;
    const lock = (tx: Tx, { id }: TestSite) => tx.$queryRaw`SELECT 1 FROM "Site" WHERE "id" = ${id}::uuid FOR UPDATE`;
    const inOrder = (first: TestSite, second: TestSite) =>
      inTransaction(relay.db, async tx => {
        await lock(tx, first);
        attempts += 1;
        if (attempts === 2) both.resolve();
        await both.promise;
        await lock(tx, second);
        return second.id;
      });
    const done = await Promise.all([inOrder(site, other), inOrder(other, site)]);
    expect({ done, attempts }).toEqual({ done: [other.id, site.id], attempts: 3 });
  });

  it('no hold is placed on what is being erased', async () => {
    await site.widget.begin(`I am ${jane.email}`);
    const [conversation] = (await site.plugin.conversations()).body.items;
    let erasing: Promise<unknown> | undefined;
    let placing: Promise<unknown> | undefined;
    await beside(lockMessages, async waiting => {
      erasing = site.plugin.requestData({ type: 'erasure', subject: { email: jane.email } });
      await waiting(1);
      placing = site.plugin.hold({ conversationId: conversation?.id, reason: 'A dispute', author: 'Ann' });
      await waiting(2);
    });
    expect(await erasing).toMatchObject({ body: { result: { counts: { conversations: 1 }, retained: {} } } });
    expect(await placing).toMatchObject({ status: 404, body: { code: 'conversation_not_found' } });
  });

  it('an erasure that two processes resume is done and counted once', async () => {
    await site.widget.begin(`I am ${jane.email}`);
    await plantCutErasure(relay, site.id, { email: jane.email }, daysAgo(1));
    let resuming: Promise<unknown> | undefined;
    await beside(lockMessages, async waiting => {
      resuming = Promise.all([relay.services.privacy.resume(), relay.services.privacy.resume()]);
      await waiting(2);
    });
    await resuming;
    const [request] = (await site.plugin.dataRequests()).body.items;
    expect(request).toMatchObject({ status: 'completed', counts: { conversations: 1, messages: 2 } });
    expect(request?.events.map(({ event }) => event)).toEqual(['received', 'interrupted', 'completed']);
  });

  it('a question to a conversation that is being erased is answered as one to none', async () => {
    const handle = await site.widget.begin(`I am ${jane.email}`);
    let asking: Promise<{ status: number; problem: unknown }> | undefined;
    await beside(
      tx => tx.conversation.deleteMany({ where: { siteId: site.id } }),
      async waiting => {
        asking = site.widget.turn(question(`Is ${jane.asked} wool?`, { conversationId: handle }));
        await waiting(1);
      },
    );
    expect(await asking).toMatchObject({ status: 404, problem: { code: 'conversation_not_found' } });
    expect(await relay.tablesWith(jane.asked)).toEqual([]);
  });

  it('a lead that is left while its conversation is erased does not outlive it', async () => {
    const handle = await site.widget.begin(`I am ${jane.email}`);
    let leaving: Promise<{ status: number }> | undefined;
    await beside(
      tx => tx.conversation.deleteMany({ where: { siteId: site.id } }),
      async waiting => {
        leaving = site.widget.lead({ conversationId: handle, fields: { email: jane.email } });
        await waiting(1);
      },
    );
    expect(await leaving).toMatchObject({ status: 404, body: { code: 'conversation_not_found' } });
    expect(await relay.rows('Lead', site)).toEqual([]);
  });

  it.each(['erasure', 'access'])('a request of %s for a site that is being deleted is told so', async type => {
    let asking: Promise<unknown> | undefined;
    await beside(
      tx => tx.site.delete({ where: { id: site.id } }),
      async waiting => {
        asking = site.plugin.requestData({ type, subject: { email: jane.email } });
        await waiting(1);
      },
    );
    expect(await asking).toMatchObject({ status: 404, body: { code: 'site_not_found' } });
    expect((await site.plugin.site()).status).toBe(401);
  });

  it('a correction beside a purge corrects what is left', async () => {
    const handle = await site.widget.begin(`I am ${jane.email}`);
    let correcting: Promise<unknown> | undefined;
    await beside(
      tx => tx.message.deleteMany({ where: { siteId: site.id } }),
      async waiting => {
        correcting = site.plugin.requestData({
          type: 'rectification',
          subject: { email: jane.email },
          changes: { email: 'new@a.example' },
        });
        await waiting(1);
      },
    );
    expect(await correcting).toMatchObject({ status: 200, body: { result: { counts: { messages: 0 } } } });
    expect((await site.widget.conversation(handle)).body.messages).toEqual([]);
  });
});
