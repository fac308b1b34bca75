import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { oneDatabase, startTestRelay, type TestRelay, type TestSite } from '../../../../e2e/relay.ts';
import type { Attempt, Outcome } from '../../jobs/outbox.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

const eventually = (what: () => unknown) => expect.poll(what, { timeout: 10_000, interval: 20 });

describe.each(oneDatabase)('the way of a lead to its receivers on %s', database => {
  let relay: TestRelay;
  let site: TestSite;
  /** What the receiver saw of each try, and what it says to the next ones. */
  let seen: (Attempt & { lead: unknown })[];
  let answer: (attempt: Attempt) => Outcome | Promise<Outcome>;
  let ahead = 0;

  beforeAll(async () => {
    relay = await startTestRelay({ database });
    const { outbox, leads } = relay.services;
    for (const target of ['hubspot', 'klaviyo']) {
      outbox.handle(target, async attempt => {
        const lead = attempt.operation === 'erase' ? 'erased' : await leads.crmLead(attempt.siteId, attempt.subjectId);
        seen.push({ ...attempt, lead });
        if (attempt.operation === 'deliver' && !lead) return { is: 'gone' };
        return lead === 'held' ? { is: 'held' } : answer(attempt);
      });
    }
  });
  afterAll(() => relay.stop());
  beforeEach(async () => {
    seen = [];
    answer = () => ({ is: 'delivered', externalId: '42' });
    site = await relay.site();
    await choose(['hubspot']);
  });
  afterEach(() => {
    // Each test has a site of its own; what the one before left must not be tried in this one.
    return relay.db.delivery.deleteMany({ where: { siteId: site.id } });
  });

  // Without credentials of the vendors, which nobody here asks for.
  const choose = async (connectors: string[]) => {
    await relay.db.$executeRaw`
      UPDATE "Site" SET "settings" = jsonb_set("settings", '{crm}',
        coalesce("settings" -> 'crm', '{}') || ${JSON.stringify({ connectors })}::jsonb)
      WHERE "id" = ${site.id}::uuid`;
    relay.services.sites.forgetCached();
  };
  const fields = { name: 'Zanzi Bar', email: 'zanzi@example.com', message: 'zanzi' };
  const leave = async (more: object = {}) => (await site.widget.lead({ fields, ...more })).body.leadId;
  const deliveries = async () => (await site.plugin.leads()).body.items[0]?.deliveries ?? [];
  const delivery = async () => (await deliveries())[0];
  /** Time goes by. */
  const pass = (ms: number) => {
    ahead += ms;
    relay.clock.setAhead(ahead);
    relay.services.outbox.wake();
  };
  const request = (type: string, more: object = {}) =>
    site.plugin.requestData({ type, subject: { email: fields.email }, ...more });

  it('is seen from when it begins to where it ends, with every try', async () => {
    answer = () => ({ is: 'later', fault: 'unavailable', words: 'We are having a rest' });
    const leadId = await leave();
    await eventually(delivery).toMatchObject({ state: 'waiting', attempts: 1 });
    expect(await deliveries()).toEqual([
      {
        target: 'hubspot',
        operation: 'deliver',
        state: 'waiting',
        attempts: 1,
        log: [{ at: expect.any(String), outcome: 'later', fault: 'unavailable', words: 'We are having a rest' }],
        externalId: null,
        since: expect.any(String),
        nextAt: expect.any(String),
        deliveredAt: null,
      },
    ]);
    answer = () => ({ is: 'delivered', externalId: '42' });
    pass(MINUTE_MS);
    await eventually(delivery).toMatchObject({ state: 'delivered', attempts: 2, externalId: '42', nextAt: null });
    expect((await delivery())?.log.map(({ outcome }) => outcome)).toEqual(['later', 'delivered']);
    expect((await delivery())?.deliveredAt).toEqual(expect.any(String));
    expect(seen.map(each => each.subjectId)).toEqual([leadId, leadId]);
    expect(relay.logLines.filter(line => /zanzi/i.test(line))).toEqual([]);
    expect(await relay.tablesWith('anzi')).toEqual(['public."Lead"']);
  });

  it('goes to each receiver that the site has chosen when it was left, and to no other', async () => {
    await choose(['hubspot', 'klaviyo']);
    await leave();
    await eventually(async () => (await deliveries()).map(({ target, state }) => `${target} ${state}`)).toEqual([
      'hubspot delivered',
      'klaviyo delivered',
    ]);
    const other = await relay.site();
    await other.widget.lead({ fields });
    expect((await other.plugin.leads()).body.items).toMatchObject([{ deliveries: [] }]);
  });

  it('tells the receiver all that it may know, in normal form', async () => {
    const callbackAt = new Date(Date.now() + DAY_MS).toISOString();
    const leadId = await leave({
      kind: 'callback',
      fields: { ...fields, email: ' Zanzi@EXAMPLE.com', phone: '+353 85 012 3456', size: 'XL' },
      callbackAt,
      timezone: 'Europe/Dublin',
    });
    await eventually(() => seen).toMatchObject([
      {
        operation: 'deliver',
        lead: {
          key: leadId,
          kind: 'callback',
          createdAt: expect.any(Date),
          name: 'Zanzi Bar',
          email: 'zanzi@example.com',
          phone: '+353850123456',
          message: 'zanzi',
          callbackAt: new Date(callbackAt),
          timezone: 'Europe/Dublin',
          pageUrl: null,
          marketing: false,
          fields: { size: 'XL' },
          transcript: null,
        },
      },
    ]);
  });

  it('carries what was said in the chat only where the site wants that', async () => {
    const conversationId = await site.widget.begin('Is it wool?');
    const { leads } = relay.services;
    const leadId = await leave({ conversationId });
    const transcript = async () => {
      const lead = await leads.crmLead(site.id, leadId);
      return lead && lead !== 'held' && lead.transcript;
    };
    expect(await transcript()).toBeNull();
    await relay.db.$executeRaw`
      UPDATE "Site" SET "settings" = jsonb_set("settings", '{crm,transcript}', 'true') WHERE "id" = ${site.id}::uuid`;
    expect(await transcript()).toMatch(/^Visitor: Is it wool\?\n\nAssistant: .+/s);
    await relay.db.conversation.updateMany({ where: { siteId: site.id }, data: { restrictedAt: new Date() } });
    expect(await transcript()).toBeNull();
    await relay.db.conversation.deleteMany({ where: { siteId: site.id } });
    expect(await transcript()).toBeNull();
  });

  it('brings the newest state, also where it changed while it was on its way', async () => {
    const gate = Promise.withResolvers<void>();
    answer = async () => {
      await gate.promise;
      return { is: 'delivered', externalId: '42' };
    };
    await leave();
    await eventually(() => seen.length).toBe(1);
    await leave({ fields: { email: fields.email, phone: '+353850123456' } });
    gate.resolve();
    await eventually(() => seen.length).toBe(2);
    await eventually(delivery).toMatchObject({ state: 'delivered', attempts: 2 });
    expect(seen[1]).toMatchObject({ externalId: '42', lead: { phone: '+353850123456', name: 'Zanzi Bar' } });

    await request('rectification', { changes: { name: 'Zanzi Baz' } });
    await eventually(() => seen.at(-1)?.lead).toMatchObject({ name: 'Zanzi Baz' });
  });

  it('is followed by its erasure, also where that comes while it is on its way, and then nothing is left', async () => {
    const gate = Promise.withResolvers<void>();
    answer = async ({ operation }) => {
      if (operation === 'deliver') await gate.promise;
      return { is: 'delivered', externalId: '42' };
    };
    const leadId = await leave();
    await eventually(() => seen.length).toBe(1);
    await request('erasure');
    expect((await site.plugin.deliveries()).body.items).toMatchObject([
      { subjectId: leadId, target: 'hubspot', operation: 'erase', state: 'waiting' },
    ]);
    gate.resolve();
    await eventually(() => seen.at(-1)).toMatchObject({ operation: 'erase', externalId: '42', subjectId: leadId });
    await eventually(() => relay.rows('Delivery', site)).toEqual([]);
  });

  it('is no erasure of what nobody was given', async () => {
    await choose([]);
    const subjectId = await leave();
    const [since, nextAt] = [new Date(), new Date(Date.now() + 900 * DAY_MS)];
    await relay.db.delivery.create({ data: { siteId: site.id, target: 'klaviyo', subjectId, since, nextAt } });
    await request('erasure');
    expect((await site.plugin.deliveries()).body.items).toEqual([]);
    expect(seen).toEqual([]);
  });

  it('stops while the person has restricted it, and goes on when that is lifted', async () => {
    answer = () => ({ is: 'later', fault: 'unavailable' });
    await leave();
    await eventually(() => seen.length).toBe(1);
    await request('restriction', { changes: { restricted: true } });
    answer = () => ({ is: 'delivered', externalId: '42' });
    pass(MINUTE_MS);
    await eventually(delivery).toMatchObject({ state: 'held', attempts: 1, nextAt: null, externalId: null });
    expect((await site.plugin.deliveries('?state=held')).body.items).toMatchObject([{ target: 'hubspot' }]);
    expect((await site.plugin.retryDeliveries({})).body).toEqual({ count: 0 });
    await request('restriction', { changes: { restricted: false } });
    await eventually(delivery).toMatchObject({ state: 'delivered', externalId: '42' });
  });

  it('ends where the receiver will not have it, and goes on when the owner asks for it', async () => {
    answer = () => ({ is: 'refused', fault: 'invalid', words: 'Not this one' });
    const leadId = await leave();
    await eventually(delivery).toMatchObject({ state: 'failed', nextAt: null });
    pass(DAY_MS);
    expect((await site.plugin.deliveries('?state=waiting')).body).toEqual({ items: [], nextCursor: null });
    const { items } = (await site.plugin.deliveries('?state=failed')).body;
    expect(items).toMatchObject([{ subjectId: leadId, log: [{ fault: 'invalid', words: 'Not this one' }] }]);
    expect(seen).toHaveLength(1);
    answer = () => ({ is: 'delivered', externalId: '42' });
    expect(await site.plugin.retryDelivery(leadId, 'hubspot')).toMatchObject({ status: 202, body: { count: 1 } });
    await eventually(delivery).toMatchObject({ state: 'delivered', attempts: 2 });
    expect((await site.plugin.retryDelivery(leadId, 'hubspot')).body).toEqual({ count: 0 });
    expect(seen).toHaveLength(2);
  });

  it('is given up after three days, and not before', async () => {
    answer = () => ({ is: 'later', fault: 'timed_out' });
    await leave();
    await eventually(() => seen.length).toBe(1);
    pass(2.9 * DAY_MS);
    await eventually(() => seen.length).toBe(2);
    await eventually(delivery).toMatchObject({ state: 'waiting', attempts: 2 });
    pass(0.2 * DAY_MS);
    await eventually(delivery).toMatchObject({ state: 'failed', attempts: 3, nextAt: null });
    expect(await (await fetch(`${relay.url}/metrics`)).text()).toContain('confab_deliveries_failed 1');
  });

  it('is forgotten with the lead when that is purged for its age, and nobody is told', async () => {
    await leave();
    await eventually(delivery).toMatchObject({ state: 'delivered' });
    const owner = relay.services.owners.find(({ name }) => name === 'leads');
    await owner?.purgeBefore(relay.db, site.id, new Date(Date.now() + 1_000 * DAY_MS), 10);
    expect([await relay.rows('Lead', site), await relay.rows('Delivery', site)]).toEqual([[], []]);
    expect(seen).toHaveLength(1);
  });

  it('stands in what the person is told of their data', async () => {
    await leave();
    await eventually(delivery).toMatchObject({ state: 'delivered' });
    const { data } = (await request('access')).body.result;
    expect(data.leads).toMatchObject([
      { deliveries: [{ target: 'hubspot', externalId: '42', deliveredAt: expect.stringMatching(/Z$/) }] },
    ]);
  });

  describe('in the list', () => {
    it('comes page by page, longest waiting first, each once, and the site’s own only', async () => {
      await choose([]);
      const since = (at: number) => new Date(Date.UTC(2026, 0, 1) + Math.floor(at / 3));
      const planted = Array.from({ length: 9 }, (_, at) => ({
        siteId: site.id,
        target: `webhook:${randomUUID()}`,
        subjectId: randomUUID(),
        state: ['waiting', 'failed', 'delivered'][at % 3] as string,
        since: since(at),
      }));
      await relay.db.delivery.createMany({ data: planted });
      const other = await relay.site();
      const read: string[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const page = await site.plugin.deliveries(`?limit=2${cursor && `&cursor=${cursor}`}`);
        expect(page.status).toBe(200);
        read.push(...page.body.items.map(({ subjectId }) => subjectId));
        cursor = page.body.nextCursor;
      }
      const wanted = planted.filter(({ state }) => state !== 'delivered').map(({ subjectId }) => subjectId);
      expect(read.toSorted()).toEqual(wanted.toSorted());
      expect((await other.plugin.deliveries()).body.items).toEqual([]);
    });

    it('is tried again as a whole, or that of one receiver', async () => {
      answer = () => ({ is: 'refused', fault: 'unauthorized' });
      await choose(['hubspot', 'klaviyo']);
      await leave();
      await eventually(async () => (await deliveries()).map(({ state }) => state)).toEqual(['failed', 'failed']);
      answer = () => ({ is: 'delivered' });
      expect((await site.plugin.retryDeliveries({ target: 'klaviyo' })).body).toEqual({ count: 1 });
      await eventually(async () => (await deliveries()).map(({ state }) => state)).toEqual(['failed', 'delivered']);
      expect((await site.plugin.retryDeliveries({})).body).toEqual({ count: 1 });
      await eventually(async () => (await deliveries()).map(({ state }) => state)).toEqual(['delivered', 'delivered']);
    });

    it('is nobody else’s to try again, and nothing that is not there', async () => {
      answer = () => ({ is: 'refused', fault: 'unauthorized' });
      const leadId = await leave();
      await eventually(delivery).toMatchObject({ state: 'failed' });
      const other = await relay.site();
      for (const [plugin, id, target] of [
        [other.plugin, leadId, 'hubspot'],
        [site.plugin, leadId, 'klaviyo'],
        [site.plugin, leadId, 'event:lead.created'],
        [site.plugin, randomUUID(), 'hubspot'],
        [site.plugin, 'zanzi', 'hubspot'],
      ] as const) {
        expect(await plugin.retryDelivery(id, target)).toMatchObject({ status: 404, body: { code: 'not_found' } });
      }
      expect((await other.plugin.retryDeliveries({})).body).toEqual({ count: 0 });
      expect(seen).toHaveLength(1);
    });

    it('is refused for a query that makes no sense', async () => {
      const ofNoYear = ['-271821-04-20T00:00:00.000Z', '0000-01-01T00:00:00.000Z', '+275760-09-13T00:00:00.000Z'].map(
        time => `?cursor=${Buffer.from(`${time} ${randomUUID()} hubspot`).toString('base64url')}`,
      );
      const long = `?cursor=${'x'.repeat(10_000)}`;
      for (const query of ['?cursor=x', '?state=delivered', '?limit=0', '?colour=1', long, ...ofNoYear]) {
        expect(await site.plugin.deliveries(query), query).toMatchObject({ status: 400 });
      }
      for (const body of [{ target: 7 }, { target: '' }, { colour: 1 }, []]) {
        expect(await site.plugin.retryDeliveries(body)).toMatchObject({ status: 400 });
      }
    });
  });
});
