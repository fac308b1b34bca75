import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { daysAgo, plantConversation } from './plant.ts';
import { databases, pages, question, startTestRelay, type TestRelay, type TestSite } from './relay.ts';

vi.setConfig({ testTimeout: 60_000 });

const TURNS = 4;

describe.each(databases)('data requests and purges beside chat turns, on %s', database => {
  let relay: TestRelay;
  let site: TestSite;
  beforeAll(async () => {
    relay = await startTestRelay({ database });
    site = await relay.site({ documents: pages });
  });
  afterAll(() => relay.stop());

  /** Somebody in the middle of a chat, with words that nobody else says. */
  async function person(name: string) {
    const words = { email: `${name}@a.example`, secret: `${name}-quixolotl` };
    const { consentToken } = (await site.widget.decide('granted', { purposes: ['storage', 'analytics'] })).body;
    const begun = await site.widget.turn(question(`I am ${words.email}. Is it wool?`, { consentToken }));
    const handle = begun.started?.conversationId ?? '';
    await site.widget.pageview({ conversationId: handle, url: `https://shop.example/${words.secret}` });
    await site.widget.lead({ conversationId: handle, fields: { name: words.secret, email: words.email } });
    return { ...words, handle };
  }
  type Person = Awaited<ReturnType<typeof person>>;

  const say = ({ handle, secret }: Person, n: number) =>
    site.widget.turn(question(`${n}. Is ${secret} wool?`, { conversationId: handle }));

  /** Chats and looks around; gives how each turn ended. */
  async function chat(who: Person): Promise<string[]> {
    const ends: string[] = [];
    for (let n = 1; n <= TURNS; n += 1) {
      const { status, problem, failed, completed } = await say(who, n);
      ends.push(completed ? 'completed' : (problem?.code ?? failed?.code ?? String(status)));
      const seen = await site.widget.pageview({ conversationId: who.handle, url: `https://shop.example/${n}` });
      expect([204, 403, 404]).toContain(seen.status);
    }
    return ends;
  }

  it('leave nothing of who was erased, and everybody else whole', async () => {
    const kept = await Promise.all(['ann', 'bob', 'cid'].map(person));
    const gone = await Promise.all(['jane', 'john', 'jill', 'jack'].map(person));
    const expired = 30;
    const times = Array.from({ length: expired }, () => daysAgo(400));
    const old = await plantConversation(relay.db, site.id, daysAgo(500), times);

    const ways: ((who: Person) => Promise<{ status: number }>)[] = [
      ({ email }) => site.plugin.requestData({ type: 'erasure', subject: { email } }),
      ({ handle }) => site.plugin.requestData({ type: 'erasure', subject: { conversationId: handle } }),
      ({ handle }) => site.widget.erase(handle),
      ({ handle }) => site.widget.decide('withdrawn', { conversationId: handle }),
    ];
    const purge = () => relay.services.retention.purgeSite(site.id, { trigger: 'manual' });
    const chats = [...kept, ...gone].map(chat);
    const requests = [
      ...gone.map((who, n) => wait(n * 20).then(() => ways[n]?.(who))),
      ...gone.map(({ email }) => site.plugin.requestData({ type: 'erasure', subject: { email } })),
      ...kept.map(({ email }) => site.plugin.requestData({ type: 'access', subject: { email } })),
      ...kept.map(({ handle }) => site.widget.requestData(handle, { type: 'restriction' })),
    ];
    const purges = [purge(), purge()];
    const background = [relay.services.privacy.resume(), relay.services.privacy.resume()];

    // Another erasure may have been quicker than the visitor.
    for (const answer of await Promise.all(requests)) expect([200, 201, 204, 404]).toContain(answer?.status);
    const ends = await Promise.all(chats);
    const certificates = await Promise.all(purges);
    await Promise.all(background);

    // Whoever wrote while being erased was answered, or told so; nobody got an error.
    expect(ends.slice(0, kept.length).flat()).toEqual(Array(kept.length * TURNS).fill('completed'));
    for (const end of ends.flat()) expect(['completed', 'conversation_not_found']).toContain(end);
    for (const { email, secret, handle } of gone) {
      for (const word of [email, secret, handle]) expect(await relay.tablesWith(word), word).toEqual([]);
      expect((await site.widget.conversation(handle)).status).toBe(404);
    }
    for (const { handle, email, secret } of kept) {
      const { messages } = (await site.widget.conversation(handle)).body;
      const asked = messages.filter(({ role }) => role === 'visitor').map(({ text }) => text);
      const said = Array.from({ length: TURNS }, (_, n) => `${n + 1}. Is ${secret} wool?`);
      expect(asked).toEqual([`I am ${email}. Is it wool?`, ...said]);
      const answers = messages.filter(({ role }) => role === 'assistant');
      expect(answers.map(({ status }) => status)).toEqual(Array(TURNS + 1).fill('completed'));
    }
    expect((await site.plugin.leads()).body.items).toHaveLength(kept.length);
    expect((await site.plugin.conversations()).body.items).toHaveLength(kept.length);

    // Each expired row was counted once, by whichever purge took it.
    expect(await relay.tablesWith(old)).toEqual([]);
    const sequences = new Map(certificates.map(each => [each?.sequence, each?.counts.conversations]));
    const purged = [...sequences.values()].reduce((all, counts) => all + (counts?.messages ?? 0), 0);
    expect(purged).toBe(expired);

    // Every erasure is on record as done; each person was counted once.
    const { items } = (await site.plugin.dataRequests('?limit=100')).body;
    expect(items.filter(({ status }) => status !== 'completed')).toEqual([]);
    const erased = items.filter(({ type }) => type === 'erasure').map(({ counts }) => counts.conversations ?? 0);
    expect(erased.reduce((all, count) => all + count, 0)).toBe(gone.length);
  });
});
