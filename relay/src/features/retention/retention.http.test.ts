import { createHash, randomUUID } from 'node:crypto';
import { type PurgeCertificate, purgesPage, retentionResponse } from '@confab/contract';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { daysAgo, plantConversation } from '../../../../e2e/plant.ts';
import { databases, question, startTestRelay, type TestRelay, type TestSite } from '../../../../e2e/relay.ts';
import { BATCH } from './purge-site.ts';

const HOUR_MS = 60 * 60 * 1_000;
const DAY_MS = 24 * HOUR_MS;

/** RFC 8785 by its own rules and not by our code: members sorted, no white space. */
const rfc8785 = (value: unknown): string =>
  JSON.stringify(value, (_, member) =>
    member && typeof member === 'object' && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );

const hashOf = ({ hash: _, ...rest }: PurgeCertificate) => createHash('sha256').update(rfc8785(rest)).digest('hex');

/** The sequence number of the first certificate that does not fit; certificates come newest first. */
function firstBroken(certificates: PurgeCertificate[]): number | undefined {
  let previousHash = '0'.repeat(64);
  for (const [index, certificate] of certificates.toReversed().entries()) {
    const fits = certificate.previousHash === previousHash && certificate.hash === hashOf(certificate);
    if (!fits || certificate.sequence !== index + 1) return index + 1;
    previousHash = certificate.hash;
  }
  return undefined;
}

describe.each(databases)('retention on %s', database => {
  let relay: TestRelay;
  let site: TestSite;
  beforeAll(async () => {
    relay = await startTestRelay({ database });
    // Here nobody else shall find the sites that are due.
    await relay.services.jobs.stop();
  });
  afterAll(() => relay.stop());
  afterEach(() => relay.clock.setAhead(0));

  const db = () => relay.database.db;
  const purge = (of: { id: string }, trigger: 'nightly' | 'manual' = 'manual', now?: Date) =>
    relay.services.retention.purgeSite(of.id, { trigger, now });
  const plant = (of: { id: string }, began: number, messages: number[]) =>
    plantConversation(
      db(),
      of.id,
      daysAgo(began),
      messages.map(days => daysAgo(days)),
    );
  const messagesOf = async (of: { id: string }, conversationId: string) =>
    (await relay.rows('Message', of)).filter(row => row.conversationId === conversationId).length;
  const conversationsOf = async (of: { id: string }) => (await relay.rows('Conversation', of)).map(({ id }) => id);
  /** As if the site had been there for ten days. */
  const age = (of: { id: string }) => db().site.update({ where: { id: of.id }, data: { createdAt: daysAgo(10) } });
  const dueSites = async () => {
    const due: string[] = [];
    await relay.services.retention.sweep(async siteId => void due.push(siteId));
    return due;
  };
  const windows = (of: TestSite, retention: object) =>
    of.plugin.change(settings => ({ ...settings, retention: { ...settings.retention, ...retention } }));

  describe('a purge', () => {
    it('takes messages older than the window, also of a conversation that goes on', async () => {
      site = await relay.site();
      const goesOn = await plant(site, 700, [700, 400, 366, 364, 1]);
      const over = await plant(site, 500, [500, 499]);
      const young = await plant(site, 364, [364]);
      const quiet = await plant(site, 364, []);
      const certificate = await purge(site);
      expect(certificate?.counts.conversations).toEqual({ messages: 5, conversations: 1 });
      expect(await messagesOf(site, goesOn)).toBe(2);
      expect((await conversationsOf(site)).sort()).toEqual([goesOn, young, quiet].sort());
      expect(await conversationsOf(site)).not.toContain(over);
    });

    it('takes an old conversation without messages', async () => {
      site = await relay.site();
      await plant(site, 366, []);
      expect((await purge(site))?.counts.conversations).toEqual({ messages: 0, conversations: 1 });
      expect(await conversationsOf(site)).toEqual([]);
    });

    it('keeps to the window of each site', async () => {
      const [short, long] = await Promise.all([relay.site(), relay.site()]);
      await windows(short, { conversationDays: 7 });
      await plant(short, 8, [8, 6]);
      await plant(long, 8, [8, 6]);
      expect((await purge(short))?.counts.conversations?.messages).toBe(1);
      expect((await purge(long))?.counts.conversations?.messages).toBe(0);
      expect((await relay.rows('Message', long)).length).toBe(2);
    });

    it('never takes what is younger than its cut-off, to the millisecond', async () => {
      site = await relay.site();
      const now = new Date();
      const cutoff = now.getTime() - 365 * DAY_MS;
      const times = [-2, -1, 0, 1, 2].map(ms => new Date(cutoff + ms));
      await plantConversation(db(), site.id, times[0] as Date, times);
      const certificate = await purge(site, 'manual', now);
      expect(certificate?.cutoffs.conversations).toBe(new Date(cutoff).toISOString());
      const left = (await relay.rows('Message', site)).map(({ createdAt }) => Date.parse(createdAt) - cutoff);
      expect(left.sort()).toEqual([0, 1, 2]);
    });

    it('takes more than one batch holds', async () => {
      site = await relay.site();
      const old = Array.from({ length: 2_345 }, (_, at) => 400 + at / 10_000);
      await plant(site, 401, old);
      const rows: number[] = [];
      await relay.services.retention.purgeSite(site.id, { trigger: 'manual', onProgress: count => rows.push(count) });
      expect(rows.length).toBeGreaterThan(3);
      expect(rows.at(-1)).toBe(2_346);
      expect(await relay.rows('Message', site)).toEqual([]);
    });

    it('loses nothing of the turns beside it', async () => {
      site = await relay.site();
      await plant(
        site,
        401,
        Array.from({ length: 3_000 }, () => 400),
      );
      const handle = await site.widget.begin('Is the jumper warm?');
      const [conversation] = await relay.rows('Conversation', { id: site.id });
      expect(conversation).toBeDefined();
      const turns = Array.from({ length: 10 }, () =>
        site.widget.turn(question('And wool?', { conversationId: handle })),
      );
      const fresh = Array.from({ length: 5 }, () => site.widget.begin('Is the hat warm?'));
      await Promise.all([purge(site), ...turns, ...fresh]);
      expect((await site.widget.conversation(handle)).body.messages.length).toBe(22);
      expect((await relay.rows('Message', site)).length).toBe(32);
    });

    it('of a site that is gone ends quietly, also half-way', async () => {
      expect(await relay.services.retention.purgeSite(randomUUID(), { trigger: 'manual' })).toBeUndefined();
      site = await relay.site();
      await plant(
        site,
        401,
        Array.from({ length: 1_500 }, () => 400),
      );
      let deleting: Promise<unknown> | undefined;
      const onProgress = () => {
        deleting ??= db()
          .site.delete({ where: { id: site.id } })
          .then(() => {});
      };
      expect(await relay.services.retention.purgeSite(site.id, { trigger: 'manual', onProgress })).toBeUndefined();
      await deleting;
      expect(await relay.rows('PurgeRun', site)).toEqual([]);
    });

    /** A purge of 2,500 messages whose process is told to stop when the first batch is gone. */
    async function stoppedAfterABatch(trigger: 'manual' | 'nightly'): Promise<void> {
      await plant(
        site,
        401,
        Array.from({ length: 2_500 }, () => 400),
      );
      const stop = new AbortController();
      const { purgeSite } = relay.services.retention;
      const stopped = purgeSite(site.id, { trigger, signal: stop.signal, onProgress: () => stop.abort() });
      await expect(stopped).rejects.toThrow();
    }

    it('that somebody ordered and stopped does not go on by itself, and tells what went', async () => {
      site = await relay.site();
      await stoppedAfterABatch('manual');
      expect((await site.plugin.purges()).body.items).toMatchObject([
        { counts: { conversations: { messages: BATCH } } },
      ]);
      expect(await dueSites()).not.toContain(site.id);
      expect(await relay.rows('Message', site)).toHaveLength(2_500 - BATCH);
    });

    it('of a night that is stopped goes on where it was, with the counts of both', async () => {
      site = await relay.site();
      await age(site);
      await stoppedAfterABatch('nightly');
      expect(await relay.rows('Message', site)).toHaveLength(2_500 - BATCH);
      expect((await site.plugin.purges()).body.items).toEqual([]);
      const certificate = await purge(site, 'nightly');
      expect(certificate).toMatchObject({ sequence: 1, counts: { conversations: { messages: 2_500 } } });
      expect((await site.plugin.purges()).body.items).toEqual([certificate]);
    });
  });

  describe('a nightly purge', () => {
    it('happens once a night', async () => {
      site = await relay.site();
      await age(site);
      expect(await purge(site, 'nightly')).toMatchObject({ trigger: 'nightly', sequence: 1 });
      expect(await purge(site, 'nightly')).toBeUndefined();
      const tomorrow = new Date(Date.now() + DAY_MS);
      expect(await purge(site, 'nightly', tomorrow)).toMatchObject({ sequence: 2 });
      expect(await purge(site, 'nightly')).toBeUndefined();
    });

    it('makes up for all the nights that were missed by one', async () => {
      site = await relay.site();
      await age(site);
      expect(await dueSites()).toContain(site.id);
      expect(await purge(site, 'nightly')).toBeDefined();
      expect(await dueSites()).not.toContain(site.id);
      expect((await relay.rows('PurgeRun', site)).length).toBe(1);
    });

    it('of a new site waits for its first 03:00', async () => {
      site = await relay.site();
      expect(await dueSites()).not.toContain(site.id);
      const { nextRunAt } = (await site.plugin.retention()).body;
      const next = new Date(nextRunAt);
      expect([next.getUTCHours(), next.getUTCMinutes()]).toEqual([3, 0]);
      expect(next.getTime() - Date.now()).toBeGreaterThan(0);
      expect(next.getTime() - Date.now()).toBeLessThanOrEqual(DAY_MS);
      expect(await purge(site, 'nightly', new Date(next.getTime() - 1))).toBeUndefined();
      expect(await purge(site, 'nightly', next)).toMatchObject({ night: nextRunAt.slice(0, 10) });
    });

    it('follows the clock of the site’s own time zone', async () => {
      site = await relay.site();
      await site.plugin.change(settings => ({ ...settings, timezone: 'Asia/Kathmandu' }));
      const { nextRunAt } = (await site.plugin.retention()).body;
      expect(nextRunAt.slice(11, 16)).toBe('21:15');
      expect(await purge(site, 'nightly', new Date(Date.parse(nextRunAt) - 1))).toBeUndefined();
      expect(await purge(site, 'nightly', new Date(nextRunAt))).toBeDefined();
    });

    it('that did not end is found again, also after its night', async () => {
      site = await relay.site();
      await age(site);
      const begun = new AbortController();
      begun.abort();
      await expect(
        relay.services.retention.purgeSite(site.id, { trigger: 'nightly', signal: begun.signal }),
      ).rejects.toThrow();
      expect(await dueSites()).toContain(site.id);
      const tomorrow = new Date(Date.now() + DAY_MS);
      await purge(site, 'nightly', tomorrow);
      const { items } = (await site.plugin.purges()).body;
      expect(items.map(({ sequence }) => sequence)).toEqual([2, 1]);
      expect(await dueSites()).not.toContain(site.id);
    });

    it('ends also what somebody had ordered and a crash cut', async () => {
      site = await relay.site();
      await plant(site, 40, [40]);
      const run = { id: randomUUID(), trigger: 'manual', night: null, status: 'running', held: false };
      const cutoffs = { conversations: daysAgo(30).toISOString() };
      await db().purgeRun.create({ data: { siteId: site.id, ...run, cutoffs, counts: {}, startedAt: daysAgo(1) } });
      expect(await dueSites()).toContain(site.id);
      await purge(site, 'nightly');
      expect(await relay.rows('Message', site)).toEqual([]);
      expect((await site.plugin.purges()).body.items).toMatchObject([
        { sequence: 1, trigger: 'manual', counts: { conversations: { messages: 1, conversations: 1 } } },
      ]);
      expect(await dueSites()).not.toContain(site.id);
    });

    it('does not happen while the clock is wrong by more than an hour, and lags then', async () => {
      site = await relay.site();
      await age(site);
      await purge(site, 'nightly');
      relay.clock.setAhead(50 * HOUR_MS);
      expect(await dueSites()).toEqual([]);
      expect(relay.logLines.some(line => line.includes('clocks'))).toBe(true);
      expect(await relay.services.retention.lagSeconds()).toBeGreaterThan(24 * 60 * 60);
    });

    it('is told to be late for as long as it is', async () => {
      for (const { id } of await db().site.findMany()) await purge({ id }, 'nightly');
      expect(await relay.services.retention.lagSeconds()).toBe(0);
      site = await relay.site();
      await db().site.update({ where: { id: site.id }, data: { createdAt: daysAgo(4) } });
      const lag = await relay.services.retention.lagSeconds();
      expect(lag / (24 * 60 * 60)).toBeGreaterThan(3);
      expect(lag / (24 * 60 * 60)).toBeLessThan(4);
      const metrics = await fetch(`${relay.url}/metrics`).then(response => response.text());
      expect(Number(/^confab_purge_lag_seconds (\S+)$/m.exec(metrics)?.[1])).toBeGreaterThanOrEqual(Math.floor(lag));
    });

    it('is done by the job queue, also for the nights before the relay started', async () => {
      const working = await startTestRelay({ database });
      try {
        site = await working.site();
        const old = await plantConversation(working.database.db, site.id, daysAgo(401), [daysAgo(400)]);
        await working.database.db.site.update({ where: { id: site.id }, data: { createdAt: daysAgo(10) } });
        await working.services.jobs.enqueue('retention.sweep', {});
        const gone = async () => (await working.rows('Conversation', site)).every(({ id }) => id !== old);
        await expect.poll(gone, { timeout: 20_000, interval: 50 }).toBe(true);
        await expect.poll(async () => (await site.plugin.purges()).body.items, { timeout: 20_000 }).toHaveLength(1);
      } finally {
        await working.stop();
      }
    });
  });

  describe('a legal hold', () => {
    it('keeps one conversation until it is ended, and nothing else', async () => {
      site = await relay.site();
      const held = await plant(site, 500, [500, 400]);
      await plant(site, 500, [500]);
      const { status, body } = await site.plugin.hold({ conversationId: held, reason: 'A dispute', author: 'Ann' });
      expect(status).toBe(201);
      expect(body).toMatchObject({ conversationId: held, reason: 'A dispute', author: 'Ann', releasedAt: null });
      expect((await purge(site))?.counts.conversations).toEqual({ messages: 1, conversations: 1 });
      expect(await conversationsOf(site)).toEqual([held]);
      expect(await messagesOf(site, held)).toBe(2);

      expect((await site.plugin.endHold(body.legalHoldId, { author: 'Bob' })).status).toBe(204);
      expect((await site.plugin.holds()).body.items).toMatchObject([{ author: 'Ann', releasedBy: 'Bob' }]);
      expect((await purge(site))?.counts.conversations).toEqual({ messages: 2, conversations: 1 });
    });

    it('keeps the whole site, and the certificate says so', async () => {
      site = await relay.site();
      await plant(site, 500, [500]);
      const { legalHoldId } = (await site.plugin.hold({ reason: 'A court order', author: 'Ann' })).body;
      expect(await purge(site)).toMatchObject({ held: true, counts: { conversations: {} } });
      expect((await site.plugin.retention()).body).toMatchObject({
        held: true,
        expired: { conversations: { messages: 0 } },
      });
      await site.plugin.endHold(legalHoldId);
      expect(await purge(site)).toMatchObject({ held: false, counts: { conversations: { messages: 1 } } });
      expect(firstBroken((await site.plugin.purges()).body.items)).toBeUndefined();
    });

    it('that is placed while a purge runs keeps everything from its answer on', async () => {
      site = await relay.site();
      await plant(
        site,
        500,
        Array.from({ length: 4_000 }, () => 400),
      );
      let placing: Promise<number> | undefined;
      const onProgress = () => {
        placing ??= (async () => {
          await site.plugin.hold({ reason: 'A dispute', author: 'Ann' });
          return (await relay.rows('Message', site)).length;
        })();
      };
      const certificate = await relay.services.retention.purgeSite(site.id, { trigger: 'manual', onProgress });
      const left = await placing;
      expect(left).toBeGreaterThan(0);
      expect(await relay.rows('Message', site)).toHaveLength(left as number);
      expect(certificate).toMatchObject({
        held: true,
        counts: { conversations: { messages: 4_000 - (left as number) } },
      });
    });

    it('of one site keeps nothing of another', async () => {
      const [one, other] = await Promise.all([relay.site(), relay.site()]);
      const conversationId = await plant(one, 500, [500]);
      const stranger = await other.plugin.hold({ conversationId, reason: 'x', author: 'x' });
      expect(stranger).toMatchObject({ status: 404, body: { code: 'conversation_not_found' } });
      const { legalHoldId } = (await one.plugin.hold({ conversationId, reason: 'x', author: 'x' })).body;
      expect((await other.plugin.endHold(legalHoldId)).status).toBe(404);
      expect((await other.plugin.holds()).body.items).toEqual([]);
      expect((await purge(one))?.counts.conversations?.messages).toBe(0);
    });

    it('can be ended once, and not where there is none', async () => {
      site = await relay.site();
      const { legalHoldId } = (await site.plugin.hold({ reason: 'x', author: 'x' })).body;
      expect((await site.plugin.endHold(legalHoldId)).status).toBe(204);
      for (const id of [legalHoldId, randomUUID(), 'x', '%00']) {
        expect(await site.plugin.endHold(id)).toMatchObject({ status: 404, body: { code: 'not_found' } });
      }
    });

    it.each([
      {},
      { reason: 'x' },
      { author: 'x' },
      { reason: '', author: 'x' },
      { reason: 'x', author: '\u0000' },
      { reason: 'x', author: 'x', conversationId: 'x' },
      { reason: 'x'.repeat(1_001), author: 'x' },
      { reason: 'x', author: 'x', until: '2030-01-01' },
    ])('is refused where it is told as %j', async body => {
      site = await relay.site();
      expect(await site.plugin.hold(body)).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
      expect((await site.plugin.holds()).body.items).toEqual([]);
    });

    it('is listed in pages, newest first', async () => {
      site = await relay.site();
      for (const reason of ['a', 'b', 'c']) await site.plugin.hold({ reason, author: 'x' });
      const first = (await site.plugin.holds('?limit=2')).body;
      const second = (await site.plugin.holds(`?limit=2&cursor=${first.nextCursor}`)).body;
      expect([...first.items, ...second.items].map(({ reason }) => reason)).toEqual(['c', 'b', 'a']);
      expect(second.nextCursor).toBeNull();
    });
  });

  describe('a preview', () => {
    it('tells what a shorter window would delete, and deletes nothing', async () => {
      site = await relay.site();
      await plant(site, 100, [100, 50, 10]);
      await plant(site, 90, [90]);
      await plant(site, 90, [90, 80]);
      const now = (await site.plugin.retention()).body;
      expect(retentionResponse.parse(now)).toEqual(now);
      expect(now.windows).toEqual({ conversationDays: 365, leadDays: 365, pageViewDays: 90, consentDays: 1_095 });
      expect(now.expired.conversations).toEqual({ messages: 0, conversations: 0 });
      const shorter = (await site.plugin.retention('?conversationDays=30')).body;
      expect(shorter.windows).toEqual({ ...now.windows, conversationDays: 30 });
      expect(shorter.expired.conversations).toEqual({ messages: 5, conversations: 2 });
      expect((await relay.rows('Message', site)).length).toBe(6);
      expect(await relay.rows('PurgeRun', site)).toEqual([]);

      await windows(site, { conversationDays: 30 });
      expect((await purge(site))?.counts.conversations).toEqual(shorter.expired.conversations);
    });

    it.each(['?conversationDays=0', '?conversationDays=1.5', '?leadDays=x', '?days=3', '?consentDays=99999'])(
      'refuses %s',
      async query => {
        site = await relay.site();
        expect(await site.plugin.retention(query)).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
      },
    );
  });

  describe('a certificate', () => {
    it('tells what went, and is chained to the one before', async () => {
      site = await relay.site();
      await plant(site, 500, [500]);
      await purge(site);
      await plant(site, 500, [500, 500]);
      const before = Date.now();
      await purge(site);
      const page = (await site.plugin.purges()).body;
      expect(purgesPage.parse(page)).toEqual(page);
      const [second, first] = page.items as [PurgeCertificate, PurgeCertificate];
      expect(first).toMatchObject({
        siteKey: site.key,
        sequence: 1,
        trigger: 'manual',
        night: null,
        previousHash: '0'.repeat(64),
      });
      expect(second).toMatchObject({ sequence: 2, previousHash: first.hash, held: false });
      expect(second.counts.conversations).toEqual({ messages: 2, conversations: 1 });
      expect(Date.parse(second.startedAt)).toBeGreaterThanOrEqual(before);
      expect(second.durationMs).toBe(Date.parse(second.completedAt) - Date.parse(second.startedAt));
      expect(firstBroken(page.items)).toBeUndefined();
    });

    it('gives away every edit of the rows, removal and insertion', async () => {
      site = await relay.site();
      for (let run = 0; run < 4; run += 1) await purge(site);
      const rows = await db().purgeRun.findMany({ where: { siteId: site.id }, orderBy: { sequence: 'asc' } });
      const target = rows[1] as (typeof rows)[number];
      const where = { siteId_id: { siteId: site.id, id: target.id } };
      const brokenNow = async () => firstBroken((await site.plugin.purges()).body.items);
      expect(await brokenNow()).toBeUndefined();
      for (const data of [
        { counts: { conversations: { messages: 1, conversations: 0 } } },
        { cutoffs: { conversations: '2020-01-01T00:00:00.000Z' } },
        { held: true },
        { trigger: 'nightly' },
        { startedAt: new Date(0) },
        { completedAt: new Date() },
        { hash: 'f'.repeat(64) },
        { previousHash: 'f'.repeat(64) },
      ]) {
        await db().purgeRun.update({ where, data });
        expect(await brokenNow()).toBe(2);
        await db().purgeRun.update({
          where,
          data: { ...target, counts: target.counts as object, cutoffs: target.cutoffs as object },
        });
      }
      expect(await brokenNow()).toBeUndefined();
      await db().purgeRun.delete({ where });
      expect(await brokenNow()).toBe(2);
    });

    it('comes in pages, newest first', async () => {
      site = await relay.site();
      for (let run = 0; run < 5; run += 1) await purge(site);
      const seen: number[] = [];
      for (let query = '?limit=2'; query !== ''; ) {
        const { items, nextCursor } = (await site.plugin.purges(query)).body;
        seen.push(...items.map(({ sequence }) => sequence));
        query = nextCursor ? `?limit=2&cursor=${nextCursor}` : '';
      }
      expect(seen).toEqual([5, 4, 3, 2, 1]);
      for (const bad of ['?cursor=x', '?cursor=-1', '?limit=0', '?limit=201', '?cursor=1e3']) {
        expect(await site.plugin.purges(bad)).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
      }
    });

    it('is another site’s nowhere', async () => {
      const [one, other] = await Promise.all([relay.site(), relay.site()]);
      await purge(one);
      expect((await other.plugin.purges()).body.items).toEqual([]);
      expect((await relay.site()).id).not.toBe(one.id);
    });
  });
});
