import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  databaseEnvironment,
  pages,
  question,
  startTestRelay,
  type TestRelay,
  type TestSite,
} from '../../../../e2e/relay.ts';
import { createLog } from '../../lib/log.ts';
import { createDayCounts } from './day-counts.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

describe('what is counted of a site', () => {
  let relay: TestRelay;
  let other: TestRelay;
  beforeAll(async () => {
    const env = await databaseEnvironment('postgres');
    [relay, other] = [await startTestRelay({ env }), await startTestRelay({ env })];
  });
  afterAll(async () => {
    await relay.stop();
    await other.stop();
  });

  const countsOf = async (site: TestSite) => {
    await relay.services.counts.flush();
    const rows = await relay.rows('DayCount', site);
    return Object.fromEntries(rows.map(({ name, count }) => [name, count]));
  };
  const stats = async (site: TestSite, days = 7) =>
    relay.services.overview.stats((await relay.services.sites.byId(site.id)) as never, days);

  it('is what happened, by its name', async () => {
    const site = await relay.site({ documents: pages });
    await site.widget.config();
    const handle = await site.widget.begin('Where does the wool come from?', ['storage', 'analytics']);
    await site.widget.turn(question('Who won the chess championship?', { conversationId: handle }));
    await site.widget.pageview({ conversationId: handle });
    await site.widget.lead({ fields: { email: 'ann@shop.example' } });
    await site.widget.lead({ fields: { email: 'ann@shop.example', name: 'Ann' } });
    const { opened, ...counts } = await countsOf(site);
    expect(counts).toEqual({
      conversations: 1,
      turns: 2,
      answers: 2,
      answered: 1,
      unanswered: 1,
      pageViews: 1,
      leads: 1,
    });
    expect(opened).toBeGreaterThan(0);
    expect(await relay.services.counts.recent(site.id, 5)).toEqual({ opened, turns: 2 });
  });

  it('holds for a visitor who declined as well, and says nothing of them', async () => {
    const site = await relay.site({ documents: pages });
    const clientTurnId = randomUUID();
    await site.widget.turn({ ...question('Where does the wool come from?', { thread: [] }), clientTurnId });
    expect(await countsOf(site)).toMatchObject({ conversations: 1, turns: 1, answers: 1, answered: 1 });
    for (const table of ['DayCount', 'MinuteCount']) {
      for (const row of await relay.rows(table, site)) {
        const { siteId, day, minute, name, count, ...rest } = row;
        expect([rest, siteId, typeof name, typeof count]).toEqual([{}, site.id, 'string', 'number']);
      }
    }
    expect(await relay.tablesWith(clientTurnId)).toEqual([]);
  });

  it('does not count a turn twice that was asked again', async () => {
    const site = await relay.site({ documents: pages });
    const conversationId = await site.widget.begin('Where does the wool come from?');
    const again = question('From where?', { conversationId });
    await site.widget.turn(again);
    await site.widget.turn(again);
    expect(await countsOf(site)).toMatchObject({ turns: 2, answers: 2 });
  });

  it('is the sum of what every process counted, also at once', async () => {
    const site = await relay.site();
    for (let round = 0; round < 20; round += 1) {
      relay.services.counts.add(site.id, 'turns', 2);
      other.services.counts.add(site.id, 'turns', 3);
      await Promise.all([relay.services.counts.flush(), other.services.counts.flush()]);
    }
    expect(await countsOf(site)).toEqual({ turns: 100 });
    expect(await relay.services.counts.recent(site.id, 5)).toEqual({ opened: 0, turns: 100 });
  });

  it('is written at the end, and waits for the database while that is away', async () => {
    const site = await relay.site();
    let isAway = true;
    const db = {
      $executeRaw: (...given: unknown[]) =>
        isAway ? Promise.reject(new Error('away')) : (relay.db.$executeRaw as (...all: unknown[]) => unknown)(...given),
    } as unknown as typeof relay.db;
    const counts = createDayCounts({ db, log: createLog('silent'), now: () => new Date() });
    counts.start();
    counts.add(site.id, 'leads');
    await counts.flush();
    expect(await countsOf(site)).toEqual({});
    counts.add(site.id, 'leads');
    isAway = false;
    await counts.stop();
    expect(await countsOf(site)).toEqual({ leads: 2 });
  });

  it('loses nothing of other sites where one is gone', async () => {
    const site = await relay.site();
    relay.services.counts.add(randomUUID(), 'leads');
    relay.services.counts.add(site.id, 'leads');
    expect(await countsOf(site)).toEqual({ leads: 1 });
  });

  it('is of its day in UTC, and a day without anything is there with zeros', async () => {
    const site = await relay.site();
    relay.services.counts.add(site.id, 'answers', 5);
    relay.clock.setAhead(2 * DAY_MS);
    try {
      relay.services.counts.add(site.id, 'answers', 7);
      await relay.services.counts.flush();
      const { days } = await stats(site);
      expect(days.map(({ answers }) => answers)).toEqual([0, 0, 0, 0, 5, 0, 7]);
      expect(days.at(-1)?.day).toBe(new Date(Date.now() + 2 * DAY_MS).toISOString().slice(0, 10));
      expect(new Set(days.map(({ day }) => day)).size).toBe(7);
      expect(await relay.services.counts.recent(site.id, 5)).toEqual({ opened: 0, turns: 0 });
    } finally {
      relay.clock.setAhead(0);
    }
  });

  describe('of what needs attention', () => {
    const attention = async (site: TestSite) =>
      (await relay.services.overview.attention((await relay.services.sites.byId(site.id)) as never)).items;

    it('is nothing where all is well', async () => {
      const site = await relay.site({ documents: pages });
      await site.widget.begin('Where does the wool come from?');
      expect(await attention(site)).toEqual([]);
    });

    it('is each thing that is not, with how many and since when', async () => {
      const site = await relay.site({ documents: pages });
      const since = new Date(Date.now() - 3 * DAY_MS);
      const siteId = site.id;
      await site.widget.begin('Who won the chess championship?');
      await relay.db.delivery.create({
        data: { siteId, target: 'hubspot', subjectId: randomUUID(), state: 'failed', log: [], since },
      });
      await relay.db.delivery.create({
        data: { siteId, target: 'event:lead.created', subjectId: randomUUID(), state: 'failed', log: [], since },
      });
      const request = { siteId, id: randomUUID(), type: 'erasure', source: 'plugin', status: 'processing' };
      await relay.db.dataRequest.create({
        data: { ...request, counts: {}, retained: {}, events: [], receivedAt: since, dueAt: since },
      });
      await relay.db.site.update({ where: { id: siteId }, data: { verification: 'unreachable' } });
      await relay.db.usage.updateMany({ where: { siteId }, data: { modelAnswers: 1 } });
      await site.plugin.change(settings => ({
        ...settings,
        limits: { ...settings.limits, answersPerMonth: 1 },
      }));
      expect(await attention(site)).toEqual([
        { kind: 'overdue_requests', count: 1, since: since.toISOString() },
        { kind: 'failed_deliveries', count: 1, since: since.toISOString() },
        { kind: 'connection', count: 1 },
        { kind: 'limit', count: 1, limit: 1 },
        { kind: 'unanswered', count: 1, since: expect.any(String) },
      ]);
    });
  });
});
