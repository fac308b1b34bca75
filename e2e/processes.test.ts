import { randomUUID } from 'node:crypto';
import { inTransaction } from '@confab/relay/db/transaction.ts';
import { AppError } from '@confab/relay/lib/app-error.ts';
import type { LiveEvent } from '@confab/relay/live/live.ts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startFakeOpenai } from './fakes/openai.ts';
import { watchConversation } from './live.ts';
import { hasRedis, type OwnRedis, startRedis } from './redis.ts';
import {
  call,
  clientsOf,
  databaseEnvironment,
  question,
  SHOP,
  startTestRelay,
  type TestRelay,
  type TestSite,
} from './relay.ts';
import { solve } from './solve.ts';

/** Less than a process would take to see a change by itself. */
const SOON = { timeout: 2_000, interval: 20 };

const ways = [
  { by: 'PostgreSQL alone', withRedis: false },
  { by: 'Redis', withRedis: true },
];

describe.each(ways)('two relays on one database, by $by', ({ withRedis }) => {
  const isSkipped = withRedis && !hasRedis;
  let redis: OwnRedis | undefined;
  let [here, there]: [TestRelay, TestRelay] = [undefined as never, undefined as never];

  beforeAll(async () => {
    if (isSkipped) return;
    redis = withRedis ? await startRedis() : undefined;
    const env = {
      ...(await databaseEnvironment('postgres')),
      ...(redis && { REDIS_URL: redis.url }),
      CONFAB_RATE_LIMIT: 'on',
    };
    here = await startTestRelay({ env });
    there = await startTestRelay({ env });
    await vi.waitFor(async () => expect(await degraded(there)).not.toContain('REDIS_URL'));
  });
  afterAll(async () => {
    await Promise.all([here?.stop(), there?.stop()]);
    await redis?.stop();
  });

  const degraded = async ({ url }: TestRelay) =>
    (await call<{ degraded: string[] }>('GET', `${url}/readyz`)).body.degraded.join();
  const at = (relay: TestRelay, { key, secret }: TestSite) => clientsOf(relay.url, key, secret);
  /** What stands in counts that others can read. */
  const sharedKeys = async () => {
    const rows = (await here.rows('SharedCount')).map(({ key }) => key);
    return redis ? [...rows, ...redis.ask('KEYS', '*').split('\n').filter(Boolean)] : rows;
  };
  const isAdmitted = (work: Promise<void>) =>
    work.then(
      () => true,
      error => {
        if (!(error instanceof AppError)) throw error;
        return false;
      },
    );
  const admitted = async (works: Promise<void>[]) => (await Promise.all(works.map(isAdmitted))).filter(Boolean).length;

  it.skipIf(isSkipped)('count nobody who behaves where others could read it', async () => {
    const { key, secret } = await here.site();
    for (const relay of [here, there]) {
      const { widget } = clientsOf(relay.url, key, secret);
      await widget.config();
      await widget.decide('declined');
      const thread = await widget.carry('Do you ship to Iceland?');
      await widget.carry('And to Norway?', thread);
    }
    expect(await sharedKeys()).toEqual([]);
  });

  it.skipIf(isSkipped)('admit together as many as a limit says', async () => {
    for (const [rate, most, tries] of [
      ['signInsPerEmail', 10, 40],
      ['turnsPerIp', 30, 80],
    ] as const) {
      const who = randomUUID();
      const works = Array.from({ length: tries }, (_, n) => (n % 2 ? here : there).services.rateLimit(rate, who));
      expect(await admitted(works)).toBe(most);
      expect((await sharedKeys()).join()).not.toContain(who);
    }
  });

  it.skipIf(isSkipped)('take a proof once', async () => {
    const asking = { siteId: randomUUID(), network: '203.0.113.0/24', begins: false, share: 1, proof: undefined };
    const refused = await here.services.proofs.demand(asking).catch(error => error as AppError);
    const proof = solve(refused?.challenge ?? '');
    const demands = [here, there, here, there].map(({ services }) => services.proofs.demand({ ...asking, proof }));
    expect(await admitted(demands)).toBe(1);
  });

  it.skipIf(isSkipped)('let a visitor spend in a day what one may', async () => {
    const made = await here.site();
    await made.plugin.change(settings => ({
      ...settings,
      limits: { ...settings.limits, spend: { ...settings.limits.spend, perAnswer: null, perVisitorDay: 0.01 } },
    }));
    const site = await here.services.sites.byKey(made.key);
    const reserve = ({ services }: TestRelay) =>
      services.usage.budgetOf(site, { conversationId: null, network: '203.0.113.0/24' }).reserve(1_000);
    const reserved = [];
    for (let n = 0; n < 20; n += 1) reserved.push(await reserve(n % 2 ? here : there));
    expect(reserved.filter(Boolean)).toHaveLength(10);
  });

  it.skipIf(isSkipped)('hear of each other what was committed, and nothing else', async () => {
    const topic = `site ${randomUUID()}` as const;
    const heard: LiveEvent[] = [];
    const stop = there.services.live.on(topic, event => heard.push(event));
    await inTransaction(here.db, async tx => {
      await here.services.live.tell(topic, { type: 'message', id: 'undone' }, tx);
      throw new Error('undone');
    }).catch(() => {});
    await inTransaction(here.db, tx => here.services.live.tell(topic, { type: 'message', id: 'done' }, tx));
    await here.services.live.tell(topic, { type: 'typing' });
    await expect.poll(() => heard, SOON).toEqual([{ type: 'message', id: 'done' }, { type: 'typing' }]);
    stop();
  });

  it.skipIf(isSkipped)('show a visitor at the one what happens at the other', async () => {
    const site = await here.site();
    const handle = await site.widget.begin('Is it wool?');
    const stream = await watchConversation(at(there, site).widget.base, handle);
    await stream.until('takeover');
    await site.widget.erase(handle);
    await stream.until('ended');
    await stream.ended;
  });

  it.skipIf(isSkipped)('know of new settings, and of a site that is disconnected, at once', async () => {
    const site = await here.site();
    const other = at(there, site).widget;
    const greeting = async () => (await other.config()).status;
    expect(await greeting()).toBe(200);
    await site.plugin.change(settings => ({ ...settings, allowedOrigins: ['https://other.example'] }));
    const admits = async () => (await call('GET', `${other.base}/config`, { headers: { Origin: SHOP } })).status;
    await expect.poll(admits, SOON).toBe(403);
    await site.plugin.disconnect({ erase: false });
    await expect.poll(greeting, SOON).toBe(404);
  });

  it.skipIf(isSkipped)('skip a provider that the other one has found down', async () => {
    const vendor = await startFakeOpenai({ script: { status: 500 } });
    const site = await here.site({ openai: vendor });
    for (let turn = 1; turn <= 3; turn += 1) await site.widget.turn(question('Is it wool?', { thread: [] }));
    const state = async () => (await at(there, site).plugin.site()).body.integrations[0];
    await expect.poll(state, SOON).toMatchObject({ name: 'openai', state: 'failing' });
    await at(there, site).widget.turn(question('Is it wool?', { thread: [] }));
    expect(vendor.requests).toHaveLength(3);
    await vendor.close();
  });

  it.skipIf(isSkipped)('know who is at work on what, and who is not', async () => {
    const topic = `turn ${randomUUID()}` as const;
    const release = here.services.live.hold(topic);
    expect(await there.services.live.isHeld(topic)).toBe(true);
    release();
    expect(await there.services.live.isHeld(topic)).toBe(false);
  });

  it.skipIf(isSkipped)('purge a site once a night', async () => {
    const { id } = await here.site();
    const DAY_MS = 24 * 60 * 60_000;
    for (const { clock } of [here, there]) clock.setAhead(2 * DAY_MS);
    const { signal } = new AbortController();
    const purges = [here, there, here, there].map(({ services }) =>
      services.retention.purgeSite(id, { trigger: 'nightly', signal }),
    );
    expect((await Promise.all(purges)).filter(Boolean)).toHaveLength(1);
    expect((await there.rows('PurgeRun')).filter(({ siteId }) => siteId === id)).toHaveLength(1);
    for (const { clock } of [here, there]) clock.setAhead(0);
  });

  it.skipIf(!withRedis || isSkipped)(
    'count for themselves while Redis is gone, say so, and hear again when it is back',
    async () => {
      const stored = redis as OwnRedis;
      const site = await here.site();
      const handle = await site.widget.begin('Is it wool?');
      const stream = await watchConversation(at(there, site).widget.base, handle);
      await stream.until('takeover');
      await stored.end();
      await expect.poll(() => degraded(there), SOON).toContain('REDIS_URL');
      const who = randomUUID();
      const tries = Array.from({ length: 15 }, () => here.services.rateLimit('signInsPerEmail', who));
      expect(await admitted(tries)).toBe(10);
      expect((await site.widget.turn(question('Is it wool?', { conversationId: handle }))).completed).toBeDefined();
      const lines = here.logLines.filter(line => line.includes('shared counts fail'));
      expect(lines).toHaveLength(1);
      expect([...here.logLines, ...there.logLines].join()).not.toContain(encodeURIComponent('p@ss/word'));
      await stored.start();
      await stream.until('missed');
      await expect.poll(() => degraded(there), { timeout: 5_000 }).not.toContain('REDIS_URL');
      await site.widget.erase(handle);
      await stream.until('ended');
    },
  );
});

it('five relays that start at once on an empty database all come up', async () => {
  const env = await databaseEnvironment('postgres');
  const relays = await Promise.all(Array.from({ length: 5 }, () => startTestRelay({ env })));
  const ready = await Promise.all(relays.map(({ url }) => fetch(`${url}/readyz`)));
  expect(ready.map(({ status }) => status)).toEqual(Array(5).fill(200));
  await Promise.all(relays.map(relay => relay.stop()));
});
