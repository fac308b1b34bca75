import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import type { PurgeCertificate } from '@confab/contract';
import { UsageError } from '@confab/relay/cli/command.ts';
import { purge } from '@confab/relay/cli/purge.ts';
import { type Db, openDatabase } from '@confab/relay/db/database.ts';
import { conversationPersonalData } from '@confab/relay/features/conversations/index.ts';
import { purgeBefore } from '@confab/relay/features/conversations/purge-conversations.ts';
import { createLegalHolds, type PersonalData } from '@confab/relay/features/privacy/index.ts';
import { createRetention, purgeStore } from '@confab/relay/features/retention/index.ts';
import { createLog } from '@confab/relay/lib/log.ts';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conversationRow, daysAgo, messageRow, plantConversation } from './plant.ts';
import {
  databaseEnvironment,
  databases,
  makeDataDir,
  SECRET_KEY,
  spawnRelay,
  startTestRelay,
  type TestRelay,
} from './relay.ts';

const NOW = new Date();

/** The same numbers at every run. */
function randomOf(seed: number) {
  let state = seed * 2_654_435_761;
  return (below: number): number => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x297a2d39) | 0;
    return ((state ^ (state >>> 13)) >>> 0) % below;
  };
}

class Crash extends Error {}

/** The database of a process that dies in its n-th transaction: before it, before its commit, or right after it. */
function dying(db: Db, transactions: number, when: number): Db {
  let left = transactions;
  const $transaction = async (work: (tx: unknown) => Promise<unknown>, options: object) => {
    left -= 1;
    if (left === 0 && when === 0) throw new Crash();
    const result = await db.$transaction(async tx => {
      const done = await work(tx);
      if (left === 0 && when === 1) throw new Crash();
      return done;
    }, options);
    if (left === 0 && when === 2) throw new Crash();
    return result;
  };
  return new Proxy(db, { get: (target, name) => (name === '$transaction' ? $transaction : Reflect.get(target, name)) });
}

const inBatchesOf = (limit: number, owners: readonly PersonalData[]): PersonalData[] =>
  owners.map(owner => ({ ...owner, purgeBefore: (tx, id, cutoff) => owner.purgeBefore(tx, id, cutoff, limit) }));

describe.each(databases)('a purge on %s', database => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startTestRelay({ database });
    // Here nobody else shall find the sites that are due.
    await relay.services.jobs.stop();
  });
  afterAll(() => relay.stop());

  const retentionOn = (db: Db) =>
    createRetention({
      db,
      store: purgeStore(db),
      owners: inBatchesOf(7, relay.services.owners),
      legalHolds: relay.services.legalHolds,
      forgetDeleted: async () => {},
      emit: async () => {},
      log: createLog('silent'),
      now: () => NOW,
    });

  /** A site with some of everything, old and young, each row with a name that is the same at every site. */
  async function plantedSite() {
    const { db } = relay.database;
    const site = await relay.services.sites.ensure({
      key: `site-${randomUUID()}`,
      name: 'Test shop',
      secret: randomUUID(),
      allowedOrigins: [],
    });
    const siteId = site.id;
    await db.site.update({ where: { id: siteId }, data: { createdAt: daysAgo(800, NOW) } });
    const each = Array.from({ length: 12 }, (_, number) => ({ number, id: randomUUID(), began: 330 + number * 7 }));
    await db.conversation.createMany({
      data: each.map(({ number, id, began }) => ({
        ...conversationRow(siteId, id, daysAgo(began, NOW)),
        pageUrl: `conversation ${number}`,
      })),
    });
    await db.message.createMany({
      data: each.flatMap(({ number, id, began }) =>
        [0, 1, 2, 3, 4].map(at => messageRow(siteId, id, daysAgo(began - at * (number % 3) * 20, NOW))),
      ),
    });
    await db.pageView.createMany({
      data: each.flatMap(({ number, id }) =>
        [20, 100].map(days => ({
          siteId,
          conversationId: id,
          id: randomUUID(),
          url: `view ${number} ${days}`,
          createdAt: daysAgo(days + number, NOW),
        })),
      ),
    });
    await db.lead.createMany({
      data: each.map(({ number, began }) => ({
        siteId,
        id: randomUUID(),
        kind: 'lead',
        name: `lead ${number}`,
        fields: {},
        createdAt: daysAgo(began, NOW),
      })),
    });
    return site;
  }

  /** Everything of the site that a purge could take, by its names. */
  async function stateOf(siteId: string) {
    const { db } = relay.database;
    const where = { siteId };
    const [conversations, views, leads] = await Promise.all([
      db.conversation.findMany({ where, include: { messages: { orderBy: { createdAt: 'asc' } } } }),
      db.pageView.findMany({ where }),
      db.lead.findMany({ where }),
    ]);
    return [
      ...conversations.map(({ pageUrl, messages }) => `${pageUrl}: ${messages.map(each => +each.createdAt)}`),
      ...views.map(({ url }) => url),
      ...leads.map(({ name }) => name),
    ].sort();
  }

  const told = (certificate: PurgeCertificate | undefined) => {
    const { siteKey: _, hash: __, ...rest } = certificate as PurgeCertificate;
    return rest;
  };

  describe('by command', () => {
    async function run(...args: string[]) {
      const out: string[] = [];
      const err: string[] = [];
      const io = { out: async (text: string) => void out.push(text), err: (text: string) => void err.push(text) };
      if (purge.needs !== 'relay') throw new Error('the command needs the relay');
      const code = await purge.run(args, io, async () => relay.services, new AbortController().signal);
      return { code, out: out.join(''), err: err.join('') };
    }
    const numbers = (out: string) =>
      Object.fromEntries(
        out
          .split('\n')
          .slice(1)
          .flatMap(line => {
            const [, name, kind, count] = line.split(/ +/);
            return count ? [[`${name}.${kind}`, Number(count)]] : [];
          }),
      );

    it('tells on a dry run what would go, and then does just that', async () => {
      const site = await plantedSite();
      const before = await stateOf(site.id);
      const dry = await run('--site', site.key, '--dry-run');
      expect(dry.code).toBe(0);
      expect(await stateOf(site.id)).toEqual(before);
      expect(await relay.rows('PurgeRun', site)).toEqual([]);
      const { code, out } = await run('--site', site.key);
      expect(code).toBe(0);
      expect(numbers(out)['conversations.messages']).toBeGreaterThan(3);
      expect(numbers(out)['conversations.messages']).toBe(numbers(dry.out)['conversations.messages']);
      expect(numbers(out)['conversations.conversations']).toBe(numbers(dry.out)['conversations.conversations']);
      expect(await relay.rows('PurgeRun', site)).toMatchObject([{ trigger: 'manual', status: 'completed' }]);
    });

    it('takes a time in the future, and says so', async () => {
      const site = await plantedSite();
      const { code, out, err } = await run('--site', site.key, '--now', '2100-01-01');
      expect(code).toBe(0);
      expect(err).toContain('in the future');
      expect(numbers(out)['conversations.messages']).toBe(60);
    });

    it.each(['yesterday', '2026-02-30', '2026-13-01', '', '1', '2026-01-01T99:00:00Z'])(
      'understands no date %j',
      async date => {
        await expect(run('--site', 'demo', '--now', date)).rejects.toThrow(UsageError);
      },
    );

    it('knows no site that is not there', async () => {
      await expect(run('--site', 'nobody')).rejects.toThrow('There is no site "nobody".');
    });

    it('goes on with the next site when one fails, and says which', async () => {
      const [broken, fine] = [await plantedSite(), await plantedSite()];
      const { db } = relay.database;
      const where = { id: broken.id };
      const { settings } = await db.site.findUniqueOrThrow({ where });
      await db.site.update({ where, data: { settings: { ...(settings as object), retention: {} } } });
      try {
        const { code, err } = await run();
        expect(code).toBe(1);
        expect(err).toContain(`1 of `);
        expect(err).toContain(broken.key);
        expect(await relay.rows('PurgeRun', fine)).toHaveLength(1);
        expect(await relay.rows('PurgeRun', broken)).toHaveLength(0);
      } finally {
        await db.site.delete({ where });
      }
    });
  });

  it('finds what is over behind a batch of old conversations that go on', async () => {
    const site = await plantedSite();
    const { db } = relay.database;
    for (let each = 0; each < 8; each += 1) await plantConversation(db, site.id, daysAgo(600, NOW), [daysAgo(1, NOW)]);
    const over = await plantConversation(db, site.id, daysAgo(500, NOW), []);
    await retentionOn(db).purgeSite(site.id, { trigger: 'manual', now: NOW });
    expect(await db.conversation.count({ where: { siteId: site.id, id: over } })).toBe(0);
  });

  it('that crashes at any point, fifty times, ends as one that was never interrupted', {
    timeout: 120_000,
  }, async () => {
    const whole = await plantedSite();
    const before = await stateOf(whole.id);
    const expected = told(await retentionOn(relay.database.db).purgeSite(whole.id, { trigger: 'nightly', now: NOW }));
    const end = await stateOf(whole.id);
    expect(end.length).toBeLessThan(before.length);
    expect(expected.counts).toMatchObject({ conversations: { messages: 16, conversations: 2 }, leads: { leads: 6 } });

    let crashes = 0;
    for (let seed = 1; seed <= 50; seed += 1) {
      const random = randomOf(seed);
      const site = await plantedSite();
      let certificate: PurgeCertificate | undefined;
      for (;;) {
        const db = dying(relay.database.db, 1 + random(12), random(3));
        try {
          certificate = await retentionOn(db).purgeSite(site.id, { trigger: 'nightly', now: NOW });
          break;
        } catch (error) {
          if (!(error instanceof Crash)) throw error;
          crashes += 1;
        }
      }
      const { items } = await relay.services.retention.certificates(site, { limit: 10 });
      // A crash right after the last commit leaves nothing to do, and nothing is told twice.
      expect(items.map(told)).toEqual([expected]);
      if (certificate) expect(told(certificate)).toEqual(expected);
      expect(await stateOf(site.id)).toEqual(end);
    }
    expect(crashes).toBeGreaterThan(50);
  });
});

describe('several processes on one PostgreSQL', () => {
  let env: NodeJS.ProcessEnv;
  let opened: Awaited<ReturnType<typeof openDatabase>>;
  beforeAll(async () => {
    env = await databaseEnvironment('postgres');
    opened = await openDatabase({ databaseUrl: env.DATABASE_URL, dataDir: '' });
  });
  afterAll(() => opened.close());

  async function siteWithMessages(old: number, young: number): Promise<string> {
    const id = randomUUID();
    const settings = {
      timezone: 'UTC',
      retention: { conversationDays: 365, leadDays: 365, pageViewDays: 90, consentDays: 1_095 },
    };
    await opened.db.site.create({
      data: { id, key: `site-${id}`, secretHash: id, settings, createdAt: daysAgo(20) },
    });
    const times = [
      ...Array.from({ length: old }, () => daysAgo(400)),
      ...Array.from({ length: young }, () => daysAgo(1)),
    ];
    await plantConversation(opened.db, id, daysAgo(500), times);
    return id;
  }

  /** A process that is ready to purge the site; `run` has it do so, and kills it after so many batches. */
  async function purgeProcess(siteId: string) {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'purge-process.ts'), siteId, NOW.toISOString()], {
      env: { PATH: process.env.PATH, NODE_ENV: 'test', CONFAB_SECRET_KEY: SECRET_KEY, CONFAB_DEMO: 'off', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.on('error', () => {});
    let said = '';
    let killAfter = Number.POSITIVE_INFINITY;
    const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, said }));
    const ready = Promise.withResolvers<void>();
    child.stdout.setEncoding('utf8').on('data', text => {
      said += text;
      if (said.includes('ready')) ready.resolve();
      if (said.split('batch').length > killAfter) child.kill('SIGKILL');
    });
    await Promise.race([ready.promise, ended]);
    return {
      run(batches = Number.POSITIVE_INFINITY) {
        killAfter = batches;
        child.stdin.write('go\n');
        return ended;
      },
    };
  }

  const runsOf = (siteId: string) => opened.db.purgeRun.findMany({ where: { siteId } });

  /** Another session, in the middle of a transaction. */
  async function session() {
    const client = new Client({ connectionString: env.DATABASE_URL });
    await client.connect();
    await client.query('BEGIN');
    return client;
  }

  const purgeOnce = (siteId: string) => opened.db.$transaction(tx => purgeBefore(tx, siteId, daysAgo(365), 100));

  it('wait for what somebody else is changing, and then take it', async () => {
    const siteId = await siteWithMessages(2, 0);
    const other = await session();
    await other.query(`UPDATE "Message" SET "text" = 'changed' WHERE "siteId" = $1`, [siteId]);
    const purging = purgeOnce(siteId);
    const waiting = `SELECT FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()`;
    await expect.poll(async () => (await other.query(waiting)).rowCount, { timeout: 10_000 }).toBeGreaterThan(0);
    await other.query('COMMIT');
    await other.end();
    expect(await purging).toEqual({ messages: 2, conversations: 0 });
  });

  it('take what is free before they wait for anybody', async () => {
    const siteId = await siteWithMessages(5, 0);
    const other = await session();
    await other.query(
      `UPDATE "Message" SET "text" = 'changed' WHERE "siteId" = $1 AND "id" =
         (SELECT "id" FROM "Message" WHERE "siteId" = $1 ORDER BY "createdAt" LIMIT 1)`,
      [siteId],
    );
    expect(await purgeOnce(siteId)).toEqual({ messages: 4, conversations: 0 });
    await other.query('ROLLBACK');
    await other.end();
  });

  it('leave a conversation alone in which a turn begins', async () => {
    const siteId = await siteWithMessages(0, 0);
    const other = await session();
    const [conversation] = await opened.db.conversation.findMany({ where: { siteId } });
    const columns = messageRow(siteId, conversation?.id ?? '', NOW);
    const names = Object.keys(columns);
    await other.query(
      `INSERT INTO "Message" (${names.map(name => `"${name}"`)}) VALUES (${names.map((_, at) => `$${at + 1}`)})`,
      Object.values({ ...columns, citations: '[]' }),
    );
    expect(await purgeOnce(siteId)).toEqual({ messages: 0, conversations: 0 });
    await other.query('COMMIT');
    await other.end();
    expect(await purgeOnce(siteId)).toEqual({ messages: 0, conversations: 0 });
    expect(await opened.db.message.count({ where: { siteId } })).toBe(1);
  });

  it('answer a legal hold only when the batch that is under way has ended', async () => {
    const siteId = await siteWithMessages(20, 0);
    const { db } = opened;
    const now = () => NOW;
    const legalHolds = createLegalHolds({ db, hasConversation: async () => true, now });
    const watching = await session();
    const events: string[] = [];
    let placing: Promise<unknown> | undefined;
    const owner: PersonalData = {
      ...conversationPersonalData({ consent: { receiptsOf: async () => [] }, live: { tell: async () => {} } }),
      async purgeBefore(tx, id, cutoff) {
        placing ??= legalHolds.place(siteId, { reason: 'A dispute', author: 'Ann' }).then(() => events.push('held'));
        const waits = async () => (await watching.query('SELECT FROM pg_locks WHERE NOT granted')).rowCount ?? 0;
        await expect.poll(async () => events.length + (await waits()), { timeout: 10_000 }).toBeGreaterThan(0);
        const counts = await purgeBefore(tx, id, cutoff, 5);
        events.push('batch');
        return counts;
      },
    };
    const log = createLog('silent');
    const silent = { forgetDeleted: async () => {}, emit: async () => {} };
    const deps = { db, store: purgeStore(db), owners: [owner], legalHolds, ...silent, log, now };
    const certificate = await createRetention(deps).purgeSite(siteId, { trigger: 'manual' });
    await placing;
    await watching.end();
    expect(events).toEqual(['batch', 'held']);
    expect(certificate).toMatchObject({ held: true, counts: { conversations: { messages: 5 } } });
    expect(await db.message.count({ where: { siteId } })).toBe(15);
  });

  it('killed by SIGKILL at random points, purge exactly what one would', { timeout: 120_000 }, async () => {
    const siteId = await siteWithMessages(1_000, 3);
    const random = randomOf(7);
    for (let kill = 0; kill < 4; kill += 1) {
      expect((await (await purgeProcess(siteId)).run(1 + random(4))).signal).toBe('SIGKILL');
    }
    expect((await (await purgeProcess(siteId)).run()).said).toContain('completed');
    expect(await runsOf(siteId)).toMatchObject([
      { sequence: 1, status: 'completed', counts: { conversations: { messages: 1_000, conversations: 0 } } },
    ]);
    expect(await opened.db.message.count({ where: { siteId } })).toBe(3);
  });

  it('share the work of one run where they meet on it', { timeout: 60_000 }, async () => {
    const siteId = await siteWithMessages(2_000, 3);
    const processes = await Promise.all([1, 2, 3].map(() => purgeProcess(siteId)));
    const ends = await Promise.all(processes.slice(0, 2).map(each => each.run()));
    expect(ends.map(({ code }) => code)).toEqual([0, 0]);
    // Both did some of it.
    expect(ends.every(({ said }) => said.includes('batch'))).toBe(true);
    expect(await runsOf(siteId)).toMatchObject([
      { sequence: 1, counts: { conversations: { messages: 2_000, conversations: 0 } } },
    ]);
    expect((await processes[2]?.run())?.said).toBe('ready\nnothing due\n');
    expect(await opened.db.message.count({ where: { siteId } })).toBe(3);
  });

  it('make one nightly run of it when two relays start', { timeout: 60_000 }, async () => {
    const sites = await Promise.all([1, 2, 3].map(() => siteWithMessages(1_500, 2)));
    const dataDir = await makeDataDir({ empty: true });
    const relays = await Promise.all([1, 2].map(() => spawnRelay({ dataDir, env })));
    const completed = () => opened.db.purgeRun.count({ where: { siteId: { in: sites }, status: 'completed' } });
    await expect.poll(completed, { timeout: 30_000, interval: 50 }).toBe(3);
    await Promise.all(relays.map(relay => relay.stop()));
    for (const siteId of sites) {
      expect(await runsOf(siteId)).toMatchObject([
        { trigger: 'nightly', sequence: 1, counts: { conversations: { messages: 1_500 } } },
      ]);
      expect(await opened.db.message.count({ where: { siteId } })).toBe(2);
    }
  });
});
