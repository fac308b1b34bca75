import { randomUUID } from 'node:crypto';
import type { SpendLimits } from '@confab/contract';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startFakeAnthropic } from '../../../../e2e/fakes/anthropic.ts';
import type { FakeModelServer, Script } from '../../../../e2e/fakes/model-server.ts';
import { startFakeOpenai } from '../../../../e2e/fakes/openai.ts';
import { databases, pages, question, startTestRelay, type TestRelay, type TestSite } from '../../../../e2e/relay.ts';
import type { Budget } from '../../providers/llm/metered.ts';
import type { Site } from '../sites/index.ts';

const NONE: SpendLimits = { perAnswer: null, perConversation: null, perVisitorDay: null, perDay: null, perMonth: null };
const MODEL = 'gpt-4.1';

const relays = new Map<(typeof databases)[number], TestRelay>();
beforeAll(async () => {
  for (const database of databases) relays.set(database, await startTestRelay({ database }));
});
afterAll(async () => {
  for (const relay of relays.values()) await relay.stop();
});

function setUp(database: (typeof databases)[number]) {
  let relay: TestRelay;
  beforeAll(() => {
    relay = relays.get(database) as TestRelay;
  });

  const open: FakeModelServer[] = [];
  afterEach(async () => {
    relay.clock.setAhead(0);
    await Promise.all(open.splice(0).map(each => each.close()));
  });
  const vendorOf = async (script: Script = {}) => {
    const vendor = await startFakeOpenai({ script });
    open.push(vendor);
    return vendor;
  };
  const siteOf = async (vendor: { url: string }, spend: Partial<SpendLimits> = {}) => {
    const site = await relay.site({ documents: pages });
    await change(site, vendor, spend);
    return site;
  };
  const change = (site: TestSite, vendor: { url: string }, spend: Partial<SpendLimits>, more: object = {}) =>
    site.plugin.change(settings => ({
      ...settings,
      answers: {
        ...settings.answers,
        openai: { ...settings.answers.openai, apiKey: 'key-of-the-shop', baseUrl: vendor.url, model: MODEL },
      },
      limits: { answersPerMonth: null, spend: { ...NONE, ...spend } },
      ...more,
    }));
  const spendOf = async (site: TestSite) => (await site.plugin.site()).body.usage.spend;
  const ask = (site: TestSite, text = 'Is it wool?') => site.widget.turn(question(text, { thread: [] }));
  const budgetOf = (site: Site, network: string | null = 'n', conversationId: string | null = null) =>
    relay.services.usage.budgetOf(site, { network, conversationId });
  const siteById = async (site: TestSite) => (await relay.services.sites.byId(site.id)) as Site;
  const pay = async (budget: Budget, micros: number, cost = micros) => {
    const reserved = await budget.reserve(micros);
    await reserved?.settle(cost);
    return reserved !== undefined;
  };

  return { relay: () => relay, open, vendorOf, siteOf, change, spendOf, ask, budgetOf, siteById, pay };
}

// PGlite does one thing at a time, so that a crowd is only slower there.
const crowds = [
  { database: 'embedded', turns: 30, calls: 30 },
  { database: 'postgres', turns: 200, calls: 80 },
] as const;

describe.each(crowds)('what answers cost on $database', ({ database, turns: crowd, calls }) => {
  const { relay, vendorOf, siteOf, change, spendOf, ask, budgetOf, siteById } = setUp(database);

  it('cannot overrun the day’s limit, however many ask at once, and each of them is answered', async () => {
    // About as much as may be reserved for it, so that what is settled makes no room for many more.
    const vendor = await vendorOf({ used: { input: 1_000, cached: 0, output: 500 } });
    const first = await siteOf(vendor);
    expect((await ask(first)).completed?.text).toBe('Hello there.');
    const { usd: each } = (await spendOf(first)).day;
    expect(each).toBe((1_000 * 2 + 500 * 8) / 1e6);

    const limit = (crowd / 10) * each;
    const site = await siteOf(vendor, { perDay: limit });
    vendor.requests.length = 0;
    const turns = await Promise.all(Array.from({ length: crowd }, () => ask(site)));
    expect(turns.filter(({ completed }) => completed === undefined)).toEqual([]);
    const byModel = turns.filter(({ started }) => started?.provider === 'openai').length;
    expect(byModel).toBeGreaterThan(0);
    expect(byModel).toBeLessThanOrEqual(crowd / 10);
    expect(vendor.requests).toHaveLength(byModel);
    const { day, month } = await spendOf(site);
    expect(day.usd).toBeLessThanOrEqual(limit);
    expect(day.usd).toBeCloseTo(byModel * each, 6);
    expect(month.usd).toBe(day.usd);
    expect(day.alerted).toBe(100);
  });

  it('cannot overrun a limit by reservations alone, and is refused by each of them by itself', async () => {
    const vendor = await vendorOf();
    const many = async (limits: Partial<SpendLimits>) => {
      const site = await siteOf(vendor, limits);
      const at = await siteById(site);
      const all = Array.from({ length: calls }, () => budgetOf(at).reserve(1_000));
      return { site, paid: (await Promise.all(all)).filter(Boolean).length };
    };
    for (const limit of ['perDay', 'perMonth', 'perVisitorDay'] as const) {
      const { site, paid } = await many({ [limit]: 0.02 });
      expect([limit, paid]).toEqual([limit, 20]);
      // Nobody settles them: what is reserved stays spent.
      expect((await spendOf(site)).day.usd).toBeCloseTo(0.02, 6);
    }
  });

  it('cannot overrun a conversation’s limit, and the site does not pay for what that refused', async () => {
    const vendor = await vendorOf();
    const site = await siteOf(vendor);
    const handle = await site.widget.begin('Is it wool?');
    const before = (await spendOf(site)).month.usd;
    await change(site, vendor, { perConversation: before + 0.01 });
    const at = await siteById(site);
    const { id } = (await relay().services.conversations.look(at, handle)) as { id: string };
    const all = await Promise.all(Array.from({ length: 30 }, () => budgetOf(at, 'n', id).reserve(1_000)));
    expect(all.filter(Boolean)).toHaveLength(10);
    expect((await spendOf(site)).month.usd).toBeCloseTo(before + 0.01, 6);
    const { started } = await site.widget.turn(question('And now?', { conversationId: handle }));
    expect(started?.provider).toBe('extractive');
    expect((await ask(site)).started?.provider).toBe('openai');
  });
});

describe('the cost of an answer', () => {
  const { relay, open, vendorOf, siteOf, change, spendOf, ask, budgetOf, siteById, pay } = setUp('embedded');

  it('keeps one answer from costing more than it may, and quotes the pages instead', async () => {
    const vendor = await vendorOf();
    const site = await siteOf(vendor, { perAnswer: 0.000_1 });
    const { completed, started, kinds } = await ask(site, 'How long do parcels to Iceland take?');
    expect(started?.provider).toBe('extractive');
    expect(completed?.text).toContain('nine days');
    expect([vendor.requests.length, kinds.includes('suggestion')]).toEqual([0, false]);
  });

  it('offers to leave contact details once a limit is reached, where the shop takes them', async () => {
    const vendor = await vendorOf();
    const site = await siteOf(vendor, { perDay: 0 });
    const features = { leads: true, callback: false, marketing: false, orders: false };
    await change(site, vendor, { perDay: 0 }, { features });
    const { events, kinds } = await ask(site, 'How long do parcels to Iceland take?');
    expect(events.find(({ event }) => event === 'suggestion')?.data).toEqual({ kind: 'lead', reason: 'limit_reached' });
    expect(kinds.at(-1)).toBe('completed');
  });

  it('asks the next provider where that one may be paid, and offers nothing then', async () => {
    const anthropic = await startFakeAnthropic();
    open.push(anthropic);
    const vendor = await vendorOf();
    const site = await siteOf(vendor, { perAnswer: 0.000_1 });
    await site.plugin.change(settings => ({
      ...settings,
      answers: {
        ...settings.answers,
        anthropic: { ...settings.answers.anthropic, apiKey: 'key-of-the-shop', baseUrl: anthropic.url, model: 'fake' },
      },
      features: { leads: true, callback: false, marketing: false, orders: false, transcript: true },
    }));
    const { started, events } = await ask(site);
    expect([started?.provider, vendor.requests.length]).toEqual(['anthropic', 0]);
    expect(JSON.stringify(events)).not.toContain('limit_reached');
  });

  it('leaves the other sites of the relay alone', async () => {
    const vendor = await vendorOf();
    const [spent, other] = [await siteOf(vendor, { perDay: 0 }), await siteOf(vendor, { perDay: 1 })];
    expect((await ask(spent)).started?.provider).toBe('extractive');
    expect((await ask(other)).started?.provider).toBe('openai');
    expect((await spendOf(spent)).day.usd).toBe(0);
  });

  it('is nothing for the same turn asked again', async () => {
    const vendor = await vendorOf();
    const site = await siteOf(vendor);
    const conversationId = await site.widget.begin('Is it wool?');
    const again = question('From where?', { conversationId });
    await site.widget.turn(again);
    const once = await spendOf(site);
    await Promise.all([site.widget.turn(again), site.widget.turn(again)]);
    expect(await spendOf(site)).toEqual(once);
    expect(vendor.requests).toHaveLength(2);
  });

  it('is that of both providers where the first one breaks down after it was asked', async () => {
    const broken = await vendorOf({ pieces: [], ending: 'malformed' });
    const anthropic = await startFakeAnthropic();
    open.push(anthropic);
    const site = await siteOf(broken);
    await site.plugin.change(settings => ({
      ...settings,
      answers: {
        ...settings.answers,
        anthropic: { ...settings.answers.anthropic, apiKey: 'key-of-the-shop', baseUrl: anthropic.url, model: 'fake' },
      },
    }));
    expect((await ask(site)).started?.provider).toBe('anthropic');
    const free = (await spendOf(site)).day.usd;
    expect(free).toBeGreaterThan(0);
    await site.plugin.change(settings => ({
      ...settings,
      answers: { ...settings.answers, anthropic: { ...settings.answers.anthropic, model: 'claude-haiku-4-5' } },
    }));
    await ask(site);
    expect((await spendOf(site)).day.usd).toBeGreaterThan(2 * free);
  });

  it('is nothing where the provider refused', async () => {
    const site = await siteOf(await vendorOf({ status: 401 }));
    expect((await ask(site)).started?.provider).toBe('extractive');
    expect((await spendOf(site)).day.usd).toBe(0);
  });

  it('is kept with the answer, and shown to the owner and not to the visitor', async () => {
    const vendor = await vendorOf();
    const site = await siteOf(vendor);
    const handle = await site.widget.begin('Is it wool?');
    const [{ id = '' } = {}] = (await site.plugin.conversations()).body.items;
    const { messages } = (await site.plugin.conversation(id)).body;
    const { usd } = (await spendOf(site)).day;
    expect(messages.at(-1)).toMatchObject({ role: 'assistant', costUsd: usd });
    expect(JSON.stringify((await site.widget.conversation(handle)).body)).not.toContain('cost');
    expect(await relay().rows('Conversation', site)).toMatchObject([{ costMicros: Math.round(usd * 1e6) }]);
  });

  it('leaves sums and nothing else of a conversation that was erased', async () => {
    const vendor = await vendorOf();
    const site = await siteOf(vendor);
    const handle = await site.widget.begin('Is it wool?');
    const before = await spendOf(site);
    await site.widget.erase(handle);
    expect(await spendOf(site)).toEqual(before);
    for (const row of await relay().rows('Spend', site)) {
      expect(Object.keys(row).sort()).toEqual(['alerted', 'micros', 'period', 'siteId']);
    }
  });

  it('keeps nothing of the visitor’s network', async () => {
    const site = await siteOf(await vendorOf(), { perVisitorDay: 1 });
    await ask(site);
    // The log has it of every request, as it always had; see clientNetwork.
    expect(await relay().tablesWith('127.0.0.0/24')).toEqual([]);
  });

  it('is of the day on which it was reserved, by the site’s own calendar', async () => {
    const vendor = await vendorOf();
    const site = await siteOf(vendor, { perDay: 0.01 });
    await change(site, vendor, { perDay: 0.01 }, { timezone: 'Pacific/Kiritimati' });
    const at = await siteById(site);
    const { day: today } = await spendOf(site);
    const reserved = await budgetOf(at).reserve(9_000);
    expect(await pay(budgetOf(at), 2_000)).toBe(false);
    relay().clock.setAhead(24 * 60 * 60 * 1_000);
    expect(await pay(budgetOf(at), 2_000)).toBe(true);
    await reserved?.settle(1_000);
    const micros = Object.fromEntries((await relay().rows('Spend', site)).map(row => [row.period, Number(row.micros)]));
    expect(micros[today.period]).toBe(1_000);
    expect(Object.values(micros)).toContain(2_000);
  });

  it('gives a visitor’s own limit back what a call did not cost, and no other visitor a part of it', async () => {
    const site = await siteOf(await vendorOf(), { perVisitorDay: 0.01 });
    const at = await siteById(site);
    expect(await pay(budgetOf(at, 'a'), 9_000, 1_000)).toBe(true);
    expect(await pay(budgetOf(at, 'a'), 9_000)).toBe(true);
    expect(await pay(budgetOf(at, 'a'), 1_000)).toBe(false);
    expect(await pay(budgetOf(at, 'b'), 9_000)).toBe(true);
    expect(await pay(budgetOf(at, null), 9_000)).toBe(true);
  });

  it('tells the owner once at half, at four fifths and at all of a limit', async () => {
    const site = await siteOf(await vendorOf(), { perDay: 0.01 });
    const at = await siteById(site);
    const told = () => relay().logLines.filter(line => line.includes('percent') && line.includes(site.id)).length;
    const steps: [number, number, number][] = [
      [4_000, 0, 0],
      [1_000, 50, 1],
      [1_000, 50, 1],
      [2_000, 80, 2],
      [5_000, 100, 3],
      [5_000, 100, 3],
    ];
    for (const [micros, alerted, lines] of steps) {
      await pay(budgetOf(at), micros);
      expect([(await spendOf(site)).day.alerted, told()]).toEqual([alerted, lines]);
    }
    expect((await spendOf(site)).month).toMatchObject({ limitUsd: null, alerted: 0 });
  });

  it('is counted for all sites together where the operator looks', async () => {
    const site = await siteOf(await vendorOf());
    const before = await relay().services.metrics.text();
    await pay(budgetOf(await siteById(site)), 3_000_000);
    const usd = (text: string) => Number(/^confab_spend_month_usd (\S+)$/m.exec(text)?.[1]);
    expect(usd(await relay().services.metrics.text()) - usd(before)).toBeCloseTo(3, 6);
  });

  it('does not stop an answer that is there already where the site went meanwhile', async () => {
    const site = await siteOf(await vendorOf(), { perDay: 10 });
    const at = await siteById(site);
    const reserved = await budgetOf(at).reserve(1_000);
    await relay().db.spend.deleteMany({ where: { siteId: site.id } });
    await expect(reserved?.settle(500)).resolves.toBeUndefined();
    await expect(budgetOf({ ...at, id: randomUUID() } as Site).reserve(1_000)).rejects.toThrow();
  });
});
