import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedData } from '../../../../e2e/fakes/shared-data.ts';
import { databases, SHOP, startTestRelay, type TestRelay, type TestSite } from '../../../../e2e/relay.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { PersonalData, Subject } from '../privacy/index.ts';
import type { Site } from '../sites/index.ts';
import { pageViewsPersonalData as owner, pageViewStore } from './index.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

describe.each(databases)('page views on %s', database => {
  let relay: TestRelay;
  let site: TestSite;
  beforeAll(async () => {
    relay = await startTestRelay({ database });
    site = await relay.site();
  });
  afterAll(() => relay.stop());

  const begin = (purposes: ('storage' | 'analytics')[] = ['storage', 'analytics'], of: TestSite = site) =>
    of.widget.begin('Is it wool?', purposes);
  const views = (of: TestSite = site) => relay.rows('PageView', of);
  const idOf = async (handle: string) =>
    (await relay.services.conversations.look(await relay.services.sites.byKey(site.key), handle))?.id ?? '';

  it('are kept for who agreed to analytics, without query and fragment', async () => {
    const own = await relay.site();
    const conversationId = await begin(undefined, own);
    const kept = await own.widget.pageview({
      conversationId,
      url: `${SHOP}/jumper?email=ann@a.example#me`,
      referrer: 'https://ann:secret@search.example/?q=ann',
    });
    expect(kept).toMatchObject({ status: 204, body: '' });
    expect(await views(own)).toMatchObject([{ url: `${SHOP}/jumper`, referrer: 'https://search.example/' }]);
    await own.widget.pageview({ conversationId, referrer: 'android-app://com.example' });
    expect((await views(own)).map(({ referrer }) => referrer)).toContain(null);
  });

  it('are taken as text/plain, which needs no preflight, and their preflight is answered too', async () => {
    const conversationId = await begin();
    const url = `${site.widget.base}/pageviews`;
    const body = JSON.stringify({ conversationId, url: SHOP });
    expect((await fetch(url, { method: 'POST', body, headers: { Origin: SHOP } })).status).toBe(204);
    const preflight = await fetch(url, {
      method: 'OPTIONS',
      headers: { Origin: SHOP, 'Access-Control-Request-Method': 'POST' },
    });
    expect([preflight.status, preflight.headers.get('Access-Control-Allow-Origin')]).toEqual([204, SHOP]);
  });

  it('are refused without analytics, and nothing is kept', async () => {
    const own = await relay.site();
    const conversationId = await begin(['storage'], own);
    expect(await own.widget.pageview({ conversationId })).toMatchObject({
      status: 403,
      body: { code: 'consent_required' },
    });
    expect(await views(own)).toEqual([]);
  });

  it('begin when analytics is granted later, and end when it is declined again', async () => {
    const conversationId = await begin(['storage']);
    const statuses: number[] = [];
    for (const decision of ['granted', 'declined', 'granted'] as const) {
      await site.widget.decide(decision, { purposes: ['analytics'], conversationId, source: 'settings' });
      statuses.push((await site.widget.pageview({ conversationId })).status);
    }
    expect(statuses).toEqual([204, 403, 204]);
  });

  it('end with a withdrawal', async () => {
    const conversationId = await begin();
    expect((await site.widget.pageview({ conversationId })).status).toBe(204);
    const id = await idOf(conversationId);
    await site.widget.decide('withdrawn', { purposes: ['analytics'], conversationId });
    expect((await site.widget.pageview({ conversationId })).status).toBeGreaterThanOrEqual(403);
    expect((await views()).filter(view => view.conversationId === id)).toEqual([]);
  });

  it('are refused while the conversation is restricted', async () => {
    const conversationId = await begin();
    const id = await idOf(conversationId);
    const restrict = (restrictedAt: Date | null) =>
      relay.db.conversation.updateMany({ where: { id }, data: { restrictedAt } });
    await restrict(new Date());
    expect(await site.widget.pageview({ conversationId })).toMatchObject({ status: 403 });
    await restrict(null);
    expect(await site.widget.pageview({ conversationId })).toMatchObject({ status: 204 });
  });

  it('of no conversation, or another site’s, are not found', async () => {
    const other = await relay.site();
    const foreign = await begin(undefined, other);
    const erased = await begin();
    await site.widget.erase(erased);
    for (const conversationId of [randomUUID(), foreign, erased]) {
      expect(await site.widget.pageview({ conversationId })).toMatchObject({
        status: 404,
        body: { code: 'conversation_not_found' },
      });
    }
    expect(await views(other)).toEqual([]);
  });

  it('are not written for a conversation that goes while they arrive', async () => {
    const conversationId = await begin();
    const replies = await Promise.all([
      ...Array.from({ length: 10 }, () => site.widget.pageview({ conversationId })),
      site.widget.erase(conversationId),
    ]);
    expect(replies.map(({ status }) => status).filter(status => status !== 204 && status !== 404)).toEqual([]);
  });

  it('are not written for what was erased or restricted since the consent was looked up', async () => {
    const handle = await begin();
    const id = await idOf(handle);
    const store = pageViewStore(relay.db);
    const add = () =>
      store.add(site.id, { id: randomUUID(), conversationId: id, url: SHOP, referrer: null, createdAt: new Date() });
    expect(await add()).toBe(true);
    await relay.db.conversation.updateMany({ where: { id }, data: { restrictedAt: new Date() } });
    expect(await add()).toBe(false);
    expect((await views()).filter(view => view.conversationId === id)).toHaveLength(1);
    await site.widget.erase(handle);
    expect(await add()).toBe(false);
  });

  it('of bad input are refused, and nothing of them is kept or logged', async () => {
    const conversationId = await begin();
    const before = await views();
    const bad: object[] = [
      { conversationId, url: 'javascript:alert(1)' },
      { conversationId, url: `${SHOP}/zanzibarine`.padEnd(10_000, 'ß') },
      { conversationId, referrer: 'r'.repeat(10_000) },
      { conversationId, referrer: 'a\u0000b' },
      { conversationId, url: '' },
      { conversationId, colour: 'red' },
      { conversationId: `${conversationId}'--` },
      { conversationId: '*' },
      {},
    ];
    for (const each of bad)
      expect((await site.widget.pageview(each)).status, JSON.stringify(each).slice(0, 80)).toBe(400);
    expect(await views()).toEqual(before);
    expect(relay.logLines.filter(line => /zanzibarine|alert\(1\)/.test(line))).toEqual([]);
  });

  const strings: string[] = sharedData('fetched/security/naughty_strings.json.gz') ?? [];
  it.skipIf(strings.length === 0)('take the text of attackers for the text it is', async () => {
    const conversationId = await begin();
    for (const text of strings.slice(0, 150)) {
      const { status } = await site.widget.pageview({
        conversationId,
        referrer: text,
        url: `${SHOP}/${encodeURIComponent(text.toWellFormed())}`,
      });
      expect([204, 400], text).toContain(status);
    }
    expect((await fetch(`${relay.url}/readyz`)).status).toBe(200);
  });

  it('stand in no log line', async () => {
    const conversationId = await begin();
    await site.widget.pageview({ conversationId, url: `${SHOP}/quetzalcoat`, referrer: 'https://quetzalcoat.example' });
    expect(await relay.tablesWith('quetzalcoat')).toEqual(['public."PageView"']);
    expect(relay.logLines.filter(line => line.includes('quetzalcoat') || line.includes(conversationId))).toEqual([]);
  });

  describe('as personal data', () => {
    let own: TestSite;
    let tenant: Site;
    let [mine, held, others] = ['', '', ''];
    beforeAll(async () => {
      expect(relay.services.owners).toContain(owner);
      own = await relay.site();
      tenant = await relay.services.sites.byKey(own.key);
      const ids: string[] = [];
      for (const page of ['mine', 'held', 'others']) {
        const conversationId = await begin(undefined, own);
        for (const at of [1, 2]) await own.widget.pageview({ conversationId, url: `${SHOP}/${page}/${at}` });
        ids.push((await relay.services.conversations.look(tenant, conversationId))?.id ?? '');
      }
      [mine, held, others] = ids as [string, string, string];
    });
    const within = <Result>(work: (tx: Parameters<PersonalData['find']>[0]) => Promise<Result>) =>
      inTransaction(relay.db, work);
    const subject = (): Subject => ({ conversationIds: [mine, held], heldConversationIds: [held] });

    it('are found by the conversation only', async () => {
      const found = await within(tx => owner.find(tx, tenant, { email: 'ann@a.example', conversationId: mine }));
      expect(found).toEqual({ conversationIds: [], contacts: [] });
      expect(Object.keys(owner.tables)).toEqual(['PageView']);
    });

    it('are exported as plain JSON, oldest first, and nobody else’s', async () => {
      const data = await within(tx => owner.export(tx, tenant, subject()));
      expect(JSON.parse(JSON.stringify(data))).toEqual(data);
      expect(data.map(view => (view as { url: string }).url.slice(SHOP.length))).toEqual([
        '/mine/1',
        '/mine/2',
        '/held/1',
        '/held/2',
      ]);
      expect(JSON.stringify(data)).not.toContain(tenant.id);
      expect(await within(tx => owner.export(tx, { ...tenant, id: site.id }, subject()))).toEqual([]);
    });

    it('are restricted with their conversation, and are not changed by a rectification', async () => {
      const before = await views(own);
      expect(await within(tx => owner.restrict(tx, tenant, subject(), new Date()))).toEqual({ pageViews: 4 });
      expect(await within(tx => owner.rectify(tx, tenant, subject(), { email: null }))).toEqual({ pageViews: 0 });
      expect(await views(own)).toEqual(before);
    });

    it('are purged when they are older than the window, oldest first, in batches, and not while they are held', async () => {
      expect(owner.windowDays(tenant.settings)).toBe(90);
      await relay.db.legalHold.create({
        data: {
          siteId: own.id,
          id: randomUUID(),
          conversationId: held,
          reason: 'r',
          author: 'a',
          createdAt: new Date(),
        },
      });
      const all = await views(own);
      const rank = new Map(['/mine/1', '/others/1', '/held/1', '/mine/2'].map((page, at) => [`${SHOP}${page}`, at]));
      const cutoff = new Date(Date.now() - 90 * DAY_MS);
      for (const { id, url } of all) {
        const at = rank.get(url);
        if (at === undefined) continue;
        await relay.db.pageView.updateMany({
          where: { id },
          data: { createdAt: new Date(cutoff.getTime() - (9 - at) * DAY_MS) },
        });
      }
      const left = async () => (await views(own)).map(({ url }) => url.slice(SHOP.length)).sort();
      expect(await within(tx => owner.countBefore(tx, own.id, cutoff))).toEqual({ pageViews: 3 });
      expect(await within(tx => owner.purgeBefore(tx, own.id, cutoff, 2))).toEqual({ pageViews: 2 });
      expect(await left()).toEqual(['/held/1', '/held/2', '/mine/2', '/others/2']);
      expect(await within(tx => owner.purgeBefore(tx, own.id, cutoff, 2))).toEqual({ pageViews: 1 });
      expect(await within(tx => owner.purgeBefore(tx, own.id, cutoff, 2))).toEqual({ pageViews: 0 });
      expect(await left()).toEqual(['/held/1', '/held/2', '/others/2']);
      await relay.db.legalHold.updateMany({ where: { siteId: own.id }, data: { releasedAt: new Date() } });
      expect(await within(tx => owner.countBefore(tx, own.id, cutoff))).toEqual({ pageViews: 1 });
      expect(await within(tx => owner.countBefore(tx, site.id, cutoff))).toEqual({ pageViews: 0 });
    });

    it('are erased save what is held, of this site and person only, and twice does no harm', async () => {
      expect(await within(tx => owner.erase(tx, { ...tenant, id: site.id }, subject()))).toEqual({ pageViews: 0 });
      await relay.db.pageView.create({
        data: { siteId: own.id, id: randomUUID(), conversationId: mine, url: `${SHOP}/mine/3`, createdAt: new Date() },
      });
      expect(await within(tx => owner.erase(tx, tenant, subject()))).toEqual({ pageViews: 1 });
      expect(await within(tx => owner.erase(tx, tenant, subject()))).toEqual({ pageViews: 0 });
      const left = await views(own);
      expect(new Set(left.map(view => view.conversationId))).toEqual(new Set([held, others]));
    });
  });
});
