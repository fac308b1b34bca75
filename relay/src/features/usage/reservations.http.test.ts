import type { ThreadMessage } from '@confab/contract';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { signUp, type User } from '../../../../e2e/console.ts';
import type { FakeModelServer, Script } from '../../../../e2e/fakes/model-server.ts';
import { startFakeOpenai } from '../../../../e2e/fakes/openai.ts';
import {
  clientsOf,
  databaseEnvironment,
  databases,
  pages,
  question,
  startTestRelay,
  type TestRelay,
  type TestSite,
} from '../../../../e2e/relay.ts';
import { FREE } from './plans.ts';

const MONTH_MS = 31 * 24 * 60 * 60 * 1_000;
const MOST = FREE.limits.conversationsPerMonth as number;
const PER_CONVERSATION = FREE.limits.messagesPerConversation as number;
/** A relay that sells plans. Nobody is called at this address. */
const STRIPE = {
  STRIPE_SECRET_KEY: 'sk_test_of_the_relay',
  STRIPE_WEBHOOK_SECRET: `whsec_${'5'.repeat(32)}`,
  STRIPE_BASE_URL: 'http://127.0.0.1:9',
};

type Turn = Awaited<ReturnType<TestSite['widget']['turn']>>;

/** How many of the turns each provider answered. */
function providersOf(turns: Turn[]): Record<string, number> {
  const names = turns.map(
    ({ started, problem, failed }) => started?.provider ?? problem?.code ?? failed?.code ?? 'none',
  );
  return Object.fromEntries(
    Map.groupBy(names, name => name)
      .entries()
      .map(([name, all]) => [name, all.length]),
  );
}

const ahead = (count: number) => Array.from({ length: count }, (_, place) => place);

describe.each(databases)('a limit on %s', database => {
  let relay: TestRelay;
  /** One more process on the same database, where that can be. */
  let other: TestRelay;
  let vendor: FakeModelServer;
  let script: Script = {};
  let owner: User;
  beforeAll(async () => {
    const env = { ...(await databaseEnvironment(database)), ...STRIPE };
    relay = await startTestRelay({ database, env });
    other = database === 'postgres' ? await startTestRelay({ env }) : relay;
    vendor = await startFakeOpenai({ script: request => (typeof script === 'function' ? script(request) : script) });
    owner = await signUp(relay);
  });
  afterEach(() => {
    relay.clock.setAhead(0);
    script = {};
  });
  afterAll(async () => {
    await relay.stop();
    if (other !== relay) await other.stop();
    await vendor.close();
  });

  const siteOf = async () => relay.site({ openai: vendor, documents: pages });
  /** The same site, by the other process. */
  const beside = ({ key, secret }: TestSite) => clientsOf(other.url, key, secret);
  const limitTo = (site: TestSite, answersPerMonth: number | null) =>
    site.plugin.change(settings => ({ ...settings, limits: { ...settings.limits, answersPerMonth } }));
  const usageOf = async (site: TestSite) => (await site.plugin.site()).body.usage;
  const ask = (site: Pick<TestSite, 'widget'>, how: object, text = 'Is it wool?') =>
    site.widget.turn(question(text, how));
  const tokens = (site: TestSite, count: number) => Promise.all(ahead(count).map(() => site.widget.token()));

  /** A site of an account that has the free plan. */
  async function siteOnPlan(): Promise<{ site: TestSite; accountId: string; account: () => Promise<Counters> }> {
    const site = await siteOf();
    const { body } = await owner.request<{ accountId: string }>('POST', '/v1/accounts', { name: 'The Wool Shop' });
    const { accountId } = body;
    const adopted = await owner.request('POST', `/v1/accounts/${accountId}/sites/adopt`, { siteSecret: site.secret });
    if (adopted.status !== 200) throw new Error(`not adopted: ${JSON.stringify(adopted.body)}`);
    other.services.sites.forgetCached();
    const account = async () =>
      relay.db.accountUsage.findFirstOrThrow({ where: { accountId }, orderBy: { periodStart: 'asc' } }) as never;
    return { site, accountId, account };
  }
  type Counters = { conversations: number; messages: number; costMicros: number; alerted: Record<string, number> };

  const setUsed = (accountId: string, conversations: number) => {
    const periodStart = new Date(`${new Date().toISOString().slice(0, 7)}-01T00:00:00Z`);
    const used = { conversations, alerted: {} };
    return relay.db.accountUsage.upsert({
      where: { accountId_periodStart: { accountId, periodStart } },
      create: { accountId, periodStart, ...used },
      update: used,
    });
  };

  const many = database === 'postgres' ? { asked: 300, most: 100 } : { asked: 24, most: 8 };

  it(`of ${many.most} answers lets exactly ${many.most} of ${many.asked} concurrent turns have a model`, async () => {
    const site = await siteOf();
    await limitTo(site, many.most);
    const consents = await tokens(site, many.asked / 2);
    vendor.requests.length = 0;
    const turns = await Promise.all(
      ahead(many.asked).map(place => {
        const at = place % 3 === 0 ? beside(site) : site;
        return ask(at, place % 2 === 0 ? { consentToken: consents[place / 2] } : { thread: [] });
      }),
    );
    expect(providersOf(turns)).toEqual({ openai: many.most, extractive: many.asked - many.most });
    expect(turns.every(({ completed }) => completed?.text)).toBe(true);
    expect(vendor.requests).toHaveLength(many.most);
    expect(await usageOf(site)).toMatchObject({
      answers: many.asked,
      modelAnswers: many.most,
      conversations: many.asked,
      answersLimit: many.most,
    });
  }, 120_000);

  it('of answers is not used up by a turn that is asked again, one that is refused, or one that is only tried', async () => {
    const site = await siteOf();
    await limitTo(site, 2);
    const turn = question('Is it wool?', { consentToken: await site.widget.token() });
    const again = await Promise.all(ahead(5).map(place => (place % 2 ? beside(site) : site).widget.turn(turn)));
    expect(new Set(again.map(({ started }) => started?.provider))).toEqual(new Set(['openai']));
    expect((await ask(site, { consentToken: 'x'.repeat(43) })).status).toBe(403);
    const stored = await relay.services.sites.byId(site.id);
    if (!stored) throw new Error('no site');
    const asked = { text: 'Is it wool?', locale: 'en' };
    await relay.services.conversations.tryAnswer(stored, asked, {}, new AbortController().signal);
    expect(await usageOf(site)).toMatchObject({ answers: 1, modelAnswers: 1, conversations: 1 });
    expect(providersOf([await ask(site, { thread: [] }), await ask(site, { thread: [] })])).toEqual({
      openai: 1,
      extractive: 1,
    });
  });

  it('of answers gets back what no model has answered', async () => {
    const site = await siteOf();
    await limitTo(site, 3);
    // What is the request's own fault does not keep the provider from others.
    script = { status: 400 };
    const failing = await Promise.all(ahead(3).map(() => ask(site, { thread: [] })));
    expect(providersOf(failing)).toEqual({ extractive: 3 });
    expect(await usageOf(site)).toMatchObject({ answers: 3, modelAnswers: 0 });
    script = {};
    const turns = [];
    for (const how of [{ thread: [] }, { consentToken: await site.widget.token() }, { thread: [] }, { thread: [] }]) {
      turns.push(await ask(site, how));
    }
    expect(providersOf(turns)).toEqual({ openai: 3, extractive: 1 });
  });

  it('of answers that is reached is told by an offer, and leaves no trace of a visitor who declined', async () => {
    const site = await siteOf();
    await limitTo(site, 0);
    await site.plugin.change(settings => ({ ...settings, features: { ...settings.features, leads: true } }));
    const words = 'How long do parcels to Iceland take, asked Ann Quimby?';
    const { completed, events } = await ask(site, { thread: [] }, words);
    expect(completed?.text).toContain('nine days');
    expect(events).toContainEqual({ event: 'suggestion', data: { kind: 'lead', reason: 'limit_reached' } });
    expect(await relay.tablesWith('Quimby')).toEqual([]);
    expect(relay.logLines.join('')).not.toContain('Quimby');
  });

  describe('of conversations', () => {
    it('lets exactly as many begin with a model as are left, stored or not, and the others are quoted to', async () => {
      const { site, accountId, account } = await siteOnPlan();
      await setUsed(accountId, MOST - 6);
      const consents = await tokens(site, 6);
      const turns = await Promise.all(
        ahead(12).map(place => {
          const at = place % 3 === 0 ? beside(site) : site;
          return ask(at, place % 2 === 0 ? { consentToken: consents[place / 2] } : { thread: [] });
        }),
      );
      expect(providersOf(turns)).toEqual({ openai: 6, extractive: 6 });
      expect(await account()).toMatchObject({ conversations: MOST, messages: 12 });
      expect(await usageOf(site)).toMatchObject({ conversations: 12, answers: 12, modelAnswers: 6 });
    });

    it('holds for the whole of a conversation that began past it, and for no other', async () => {
      const { site, accountId } = await siteOnPlan();
      const before = await site.widget.begin('Is it wool?');
      const carried = await site.widget.carry('Is it wool?');
      await setUsed(accountId, MOST);
      const begun = await ask(site, { consentToken: await site.widget.token() });
      const conversationId = begun.started?.conversationId;
      const limited = await site.widget.carry('Is it wool?');
      expect(begun.started?.provider).toBe('extractive');
      await setUsed(accountId, 0);
      expect(providersOf([await ask(site, { conversationId }), await ask(site, { thread: limited })])).toEqual({
        extractive: 2,
      });
      await setUsed(accountId, MOST);
      const others = [await ask(beside(site), { conversationId: before }), await ask(site, { thread: carried })];
      expect(providersOf(others)).toEqual({ openai: 2 });
    });

    it('cannot be got around by what the browser makes of its thread', async () => {
      const { site, accountId } = await siteOnPlan();
      const free = await site.widget.carry('Is it wool?');
      await setUsed(accountId, MOST);
      const limited = await site.widget.carry('Is it wool?');
      const more = await site.widget.carry('From where?', limited);
      const [asked, answer] = more.slice(2) as [ThreadMessage, ThreadMessage];
      const unsealed = { role: answer.role, text: answer.text };
      const tricks: ThreadMessage[][] = [
        [asked, answer],
        [...free, asked, answer],
        [...limited.slice(0, 1), ...free.slice(1), asked, answer],
        [...limited, asked, { ...unsealed, seal: free[1]?.seal ?? '' }],
        [...limited, asked, unsealed as ThreadMessage],
        [{ ...(limited[0] as ThreadMessage) }, { ...(limited[1] as ThreadMessage), seal: free[1]?.seal ?? '' }],
      ];
      for (const thread of tricks) {
        const turn = await ask(site, { thread });
        expect([turn.status, turn.problem?.code ?? turn.started?.provider]).not.toEqual([200, 'openai']);
      }
      expect((await ask(site, { thread: more })).started?.provider).toBe('extractive');
      expect((await ask(site, { thread: limited.slice(0, 0) })).started?.provider).toBe('extractive');
    });

    it('is over with the month, and lifted by a larger plan', async () => {
      const { site, accountId, account } = await siteOnPlan();
      await setUsed(accountId, MOST);
      expect((await ask(site, { thread: [] })).started?.provider).toBe('extractive');
      relay.clock.setAhead(MONTH_MS);
      expect((await ask(site, { thread: [] })).started?.provider).toBe('openai');
      expect((await ask(site, { consentToken: await site.widget.token() })).started?.provider).toBe('openai');
      relay.clock.setAhead(0);
      expect((await ask(site, { thread: [] })).started?.provider).toBe('extractive');
      await relay.db.account.update({ where: { id: accountId }, data: { plan: 'starter' } });
      relay.services.sites.forgetCached();
      expect((await ask(site, { thread: [] })).started?.provider).toBe('openai');
      expect(await account()).toMatchObject({ conversations: MOST + 1 });
    });

    it('is told to each owner by mail at 80 and at 100 percent, once in the month', async () => {
      const { site, accountId, account } = await siteOnPlan();
      await setUsed(accountId, MOST * 0.8 - 2);
      const kinds = async () => {
        const mails = (await relay.rows('AccountMail')).filter(({ kind }) => kind.startsWith('limit_'));
        return mails.map(({ kind }) => kind).toSorted();
      };
      await relay.db.accountMail.deleteMany({ where: { kind: { startsWith: 'limit_' } } });
      const begin = (count: number) =>
        Promise.all(ahead(count).map(place => ask(place % 2 ? beside(site) : site, { thread: [] })));
      await begin(1);
      expect(await account()).toMatchObject({ alerted: {} });
      await begin(4);
      expect(await kinds()).toEqual(['limit_near']);
      expect(await relay.services.usage.noticesOf(accountId)).toMatchObject([{ kind: 'limit_near' }]);
      await begin(9);
      expect(await kinds()).toEqual(['limit_near', 'limit_reached']);
      await begin(2);
      expect(await account()).toMatchObject({ conversations: MOST, alerted: { [`conversations ${MOST}`]: 100 } });
      expect(await kinds()).toEqual(['limit_near', 'limit_reached']);
      const lines = [...new Set([relay, other])].flatMap(({ logLines }) => logLines);
      expect(lines.filter(line => line.includes(accountId) && line.includes('its conversations'))).toHaveLength(2);
      expect(await relay.services.usage.noticesOf(accountId)).toEqual([
        { kind: 'limit_reached', limit: 'conversations', until: expect.stringMatching(/-01T00:00:00.000Z$/) },
      ]);
    });
  });

  describe('of answers in one conversation', () => {
    it('lets exactly as many have a model as are left, however many are asked at once', async () => {
      const { site } = await siteOnPlan();
      const conversationId = await site.widget.begin('Is it wool?');
      await relay.db.conversation.updateMany({ where: { siteId: site.id }, data: { answers: PER_CONVERSATION - 2 } });
      const turns = await Promise.all(ahead(6).map(place => ask(place % 2 ? beside(site) : site, { conversationId })));
      expect(providersOf(turns)).toEqual({ openai: 2, extractive: 4 });
    });

    it('holds for a carried thread as well', async () => {
      const { site } = await siteOnPlan();
      let thread: ThreadMessage[] = [];
      for (const _ of ahead(PER_CONVERSATION - 1)) thread = await site.widget.carry('Is it wool?', thread);
      expect((await ask(site, { thread })).started?.provider).toBe('openai');
      thread = await site.widget.carry('Is it wool?', thread);
      expect((await ask(site, { thread })).started?.provider).toBe('extractive');
    });
  });

  it('is none for an account’s counters, which are those of its answers, to the millionth', async () => {
    const { site, accountId, account } = await siteOnPlan();
    await site.plugin.change(({ answers, ...settings }) => ({
      ...settings,
      answers: { ...answers, openai: { ...answers.openai, model: 'gpt-4.1' } },
    }));
    const conversationId = await site.widget.begin('Is it wool?');
    const again = question('From where?', { conversationId });
    await Promise.all(ahead(3).map(() => site.widget.turn(again)));
    await ask(site, { thread: [] });
    script = { pieces: ['It is '], ending: 'cut' };
    expect((await ask(site, { conversationId })).failed).toBeDefined();
    script = {};
    const [spent] = (await relay.rows('Spend', site)).filter(({ period }) => period.length === 7);
    expect(await account()).toMatchObject({ conversations: 2, messages: 4, costMicros: BigInt(spent.micros) });
    expect(spent.micros).toBeGreaterThan(0);
    expect(await relay.services.usage.ofAccount(accountId)).toMatchObject({
      conversations: { used: 2, limit: MOST },
      messages: 4,
      costUsd: spent.micros / 1e6,
      voiceSeconds: 0,
      sites: { used: 1, limit: 1 },
      seats: { used: 1, limit: 2 },
    });
  });
});
