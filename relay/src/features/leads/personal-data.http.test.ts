import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databases, SHOP, startTestRelay, type TestRelay, type TestSite } from '../../../../e2e/relay.ts';
import type { Tx } from '../../db/database.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { Identifiers, PersonalData, Subject } from '../privacy/index.ts';
import type { Site } from '../sites/index.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
const EMAIL = 'jane@example.com';
const PHONE = '+353850123456';

describe.each(databases)('the personal data of leads on %s', database => {
  let relay: TestRelay;
  let client: TestSite;
  let site: Site;
  let owner: Required<PersonalData>;
  beforeAll(async () => {
    relay = await startTestRelay({ database });
    const { owners } = relay.services as { owners: readonly PersonalData[] };
    owner = owners.find(({ name }) => name === 'leads') as Required<PersonalData>;
  });
  afterAll(() => relay.stop());
  beforeEach(async () => {
    client = await relay.site();
    site = await relay.services.sites.byKey(client.key);
  });

  const within = <Result>(work: (tx: Tx) => Promise<Result>) => inTransaction(relay.db, work);
  const rows = () => relay.rows('Lead', client);
  const leave = async (fields: object, conversationId?: string) =>
    (await client.widget.lead({ fields, ...(conversationId && { conversationId }) })).body.leadId;
  const row = async (id: string) => (await rows()).find(each => each.id === id);
  /** A stored conversation: its handle and its id. */
  const begin = async () => {
    const handle = await client.widget.begin('Is it wool?');
    const id = (await relay.services.conversations.look(site, handle))?.id ?? '';
    return { handle, id };
  };
  const subject = (known: Identifiers, more: Partial<Subject> = {}): Subject => ({
    conversationIds: [],
    heldConversationIds: [],
    ...known,
    ...more,
  });
  const hold = (conversationId: string) =>
    relay.db.legalHold.create({
      data: { siteId: site.id, id: randomUUID(), conversationId, reason: 'r', author: 'a', createdAt: new Date() },
    });

  it('are one class, with the way that each has gone', () => {
    expect(Object.keys(owner.tables)).toEqual(['Lead', 'Delivery']);
  });

  it('are found by address, number and conversation, each with its evidence', async () => {
    const { handle, id } = await begin();
    await leave({ name: 'Jane', email: 'JANE@example.com', phone: PHONE });
    await leave({ name: 'Bob', phone: '00353 85 012 3456' });
    await leave({ email: 'other@example.com' }, handle);
    await leave({ email: 'jane+tag@example.com' });
    const find = (known: Identifiers) => within(tx => owner.find(tx, site, known));
    expect(await find({ email: EMAIL })).toEqual({
      conversationIds: [],
      contacts: [{ emails: [EMAIL], phones: [PHONE] }],
    });
    expect((await find({ phone: PHONE })).contacts).toHaveLength(2);
    expect(await find({ conversationId: id })).toEqual({
      conversationIds: [id],
      contacts: [{ emails: ['other@example.com'], phones: [] }],
    });
    const nobody = { conversationIds: [], contacts: [] };
    for (const email of ['%', '*', "' OR 1=1--", 'nobody@example.com', 'x'.repeat(10_000)]) {
      expect(await find({ email })).toEqual(nobody);
    }
    expect(await find({ externalId: '7' })).toEqual(nobody);
    expect(await find({})).toEqual(nobody);
    const elsewhere = await relay.services.sites.byKey((await relay.site()).key);
    expect(await within(tx => owner.find(tx, elsewhere, { email: EMAIL, phone: PHONE, conversationId: id }))).toEqual(
      nobody,
    );
  });

  it('are exported as plain JSON, oldest first, and nobody else’s', async () => {
    const { handle, id } = await begin();
    const first = await leave({ name: 'Jane', email: EMAIL, message: 'Hello', size: 'XL' });
    const second = await leave({ phone: PHONE }, handle);
    await leave({ email: 'other@example.com', message: `not ${EMAIL}` });
    const data = await within(tx => owner.export(tx, site, subject({ email: EMAIL }, { conversationIds: [id] })));
    expect(data).toEqual([
      {
        id: first,
        kind: 'lead',
        conversationId: null,
        name: 'Jane',
        email: EMAIL,
        phone: null,
        message: 'Hello',
        fields: { size: 'XL' },
        pageUrl: null,
        callbackAt: null,
        timezone: null,
        marketing: false,
        externalId: null,
        createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
        restrictedAt: null,
        deliveries: [],
        consents: [],
      },
      expect.objectContaining({ id: second, conversationId: id, phone: PHONE }),
    ]);
    expect(JSON.parse(JSON.stringify(data))).toEqual(data);
    expect(await within(tx => owner.export(tx, site, subject({})))).toEqual([]);
  });

  it('are restricted and set free again, and nobody else’s', async () => {
    const mine = await leave({ email: EMAIL });
    const other = await leave({ email: 'other@example.com' });
    const at = new Date();
    expect(await within(tx => owner.restrict(tx, site, subject({ email: EMAIL }), at))).toEqual({ leads: 1 });
    expect([(await row(mine)).restrictedAt, (await row(other)).restrictedAt]).toEqual([expect.any(String), null]);
    expect(await within(tx => owner.restrict(tx, site, subject({ email: EMAIL }), null))).toEqual({ leads: 1 });
    expect((await row(mine)).restrictedAt).toBeNull();
  });

  describe('when they are erased', () => {
    it('go by address, number or conversation, and nobody else’s goes', async () => {
      const { handle, id } = await begin();
      await leave({ email: EMAIL });
      await leave({ phone: PHONE });
      await leave({ email: 'spouse@example.com' }, handle);
      const others = [await leave({ email: 'jane+tag@example.com' }), await leave({ phone: '+353850123457' })];
      const whom = subject({ email: EMAIL, phone: PHONE }, { conversationIds: [id] });
      expect(await within(tx => owner.erase(tx, site, whom))).toEqual({ leads: 3, leadMentions: 0 });
      expect((await rows()).map(each => each.id).sort()).toEqual(others.sort());
      expect(await within(tx => owner.erase(tx, site, whom))).toEqual({ leads: 0, leadMentions: 0 });
    });

    it('stay where a legal hold keeps their conversation, and those without any conversation go', async () => {
      const { handle, id } = await begin();
      const held = await leave({ email: EMAIL, message: `It is ${EMAIL}` }, handle);
      relay.clock.setAhead(2 * 60 * 60 * 1_000);
      await leave({ email: EMAIL, message: 'without one' });
      relay.clock.setAhead(0);
      await hold(id);
      const whom = subject({ email: EMAIL }, { conversationIds: [id], heldConversationIds: [id] });
      expect(await within(tx => owner.erase(tx, site, whom))).toEqual({ leads: 1, leadMentions: 0 });
      expect(await rows()).toMatchObject([{ id: held, message: `It is ${EMAIL}` }]);
    });

    it('leave the person’s address and number in no words of anybody else', async () => {
      const ids = [
        await leave({ email: 'a@example.com', message: `Ask JANE@example.com, not mary.${EMAIL}` }),
        await leave({ email: 'b@example.com', message: 'Ask ｊａｎｅ＠ｅｘａｍｐｌｅ．ｃｏｍ' }),
        await leave({ email: 'c@example.com', contact: 'her number: (+353) 85/012-34-56' }),
        await leave({ email: 'd@example.com', name: `${EMAIL} for Bo`, message: 'Call 085 012 3456 or ٠٨٥٠١٢٣٤٥٦' }),
      ];
      const same = await leave({ email: 'e@example.com', message: `jane at 085 012 3457, mary.${EMAIL}` });
      const before = await row(same);
      const erased = await within(tx => owner.erase(tx, site, subject({ email: EMAIL, phone: PHONE })));
      expect(erased).toEqual({ leads: 0, leadMentions: 4 });
      const words = await Promise.all(ids.map(async id => row(id)));
      expect(words).toMatchObject([
        { message: `Ask [removed], not mary.${EMAIL}`, emailKey: 'a@example.com' },
        { message: 'Ask [removed]' },
        { fields: { contact: 'her number: [removed]' } },
        { message: 'Call [removed] or [removed]', name: '[removed] for Bo' },
      ]);
      expect(await row(same)).toEqual(before);
      expect(await within(tx => owner.erase(tx, site, subject({ email: EMAIL, phone: PHONE })))).toEqual({
        leads: 0,
        leadMentions: 0,
      });
    });

    it('leave the words of a lead alone that a legal hold keeps', async () => {
      const { handle, id } = await begin();
      const held = await leave({ email: 'a@example.com', message: `Ask ${EMAIL}` }, handle);
      await hold(id);
      expect(await within(tx => owner.erase(tx, site, subject({ email: EMAIL })))).toEqual({
        leads: 0,
        leadMentions: 0,
      });
      expect((await row(held)).message).toBe(`Ask ${EMAIL}`);
    });
  });

  describe('when they are rectified', () => {
    const rectify = (whom: Subject, changes: Parameters<PersonalData['rectify']>[3]) =>
      within(tx => owner.rectify(tx, site, whom, changes));

    it('have the new details in all places and are found by them', async () => {
      const id = await leave({
        name: 'Jan',
        email: EMAIL,
        phone: PHONE,
        message: `Me: ${EMAIL}, 085 012 3456.`,
        also: EMAIL,
      });
      const changes = { name: 'Jane', email: 'New.Jane@Example.org', phone: '+353 85 999 8877' };
      const whom = subject({ email: EMAIL, phone: PHONE });
      expect(await rectify(whom, changes)).toEqual({ leads: 1, leadMentions: 0 });
      const rectified = await row(id);
      expect(rectified).toMatchObject({
        ...changes,
        emailKey: 'new.jane@example.org',
        phoneKey: '+353859998877',
        message: 'Me: New.Jane@Example.org, +353 85 999 8877.',
        fields: { also: 'New.Jane@Example.org' },
      });
      expect(await rectify(whom, changes)).toEqual({ leads: 0, leadMentions: 0 });
      expect(await row(id)).toEqual(rectified);
      expect((await within(tx => owner.find(tx, site, { phone: '+353859998877' }))).contacts).toHaveLength(1);
    });

    it('lose a detail that shall be none, and keep what was not named', async () => {
      const id = await leave({ name: 'Jane', email: EMAIL, phone: PHONE, message: `Me: ${EMAIL}` });
      await rectify(subject({ email: EMAIL }), { email: null });
      expect(await row(id)).toMatchObject({
        name: 'Jane',
        email: null,
        emailKey: null,
        phone: PHONE,
        phoneKey: PHONE,
        message: 'Me: [removed]',
      });
    });

    it('have the number of the site’s country in normal form', async () => {
      await client.plugin.change(settings => ({ ...settings, country: 'IE' }));
      site = await relay.services.sites.byKey(client.key);
      const id = await leave({ email: EMAIL });
      await rectify(subject({ email: EMAIL }), { phone: '085 999 8877' });
      expect(await row(id)).toMatchObject({ phone: '085 999 8877', phoneKey: '+353859998877' });
    });

    it('of the same conversation keep another address than the one that is changed', async () => {
      const { handle, id } = await begin();
      const mine = await leave({ email: EMAIL }, handle);
      const other = await leave({ email: 'spouse@example.com', message: `not ${EMAIL}` }, handle);
      await rectify(subject({ email: EMAIL }, { conversationIds: [id] }), { email: 'new@example.org' });
      expect(await row(mine)).toMatchObject({ emailKey: 'new@example.org' });
      expect(await row(other)).toMatchObject({ emailKey: 'spouse@example.com', message: 'not new@example.org' });
    });

    it('of a person known by the conversation only have the new address for whichever they had', async () => {
      const { handle, id } = await begin();
      const lead = await leave({ email: EMAIL, message: `Me: ${EMAIL}` }, handle);
      await rectify(subject({}, { conversationIds: [id] }), { email: 'new@example.org' });
      expect(await row(lead)).toMatchObject({ emailKey: 'new@example.org', message: 'Me: new@example.org' });
    });

    it('change in the words of others too, and not where a legal hold keeps them', async () => {
      const { handle, id } = await begin();
      const held = await leave({ email: EMAIL, name: 'Jan' }, handle);
      const other = await leave({ email: 'a@example.com', message: `Ask ${EMAIL}` });
      await hold(id);
      const whom = subject({ email: EMAIL }, { conversationIds: [id], heldConversationIds: [id] });
      expect(await rectify(whom, { email: 'new@example.org', name: 'Jane' })).toEqual({ leads: 0, leadMentions: 1 });
      expect(await row(held)).toMatchObject({ name: 'Jan', emailKey: EMAIL });
      expect(await row(other)).toMatchObject({ emailKey: 'a@example.com', message: 'Ask new@example.org' });
    });
  });

  it('are purged when they are older than the window, oldest first, in batches, and not while they are held', async () => {
    expect(owner.windowDays(site.settings)).toBe(365);
    const { handle, id } = await begin();
    await hold(id);
    const cutoff = new Date(Date.now() - 365 * DAY_MS);
    for (const [at, name] of ['oldest', 'older', 'held', 'old', 'young'].entries()) {
      const leadId = await leave({ name, email: EMAIL }, name === 'held' ? handle : undefined);
      const createdAt = name === 'young' ? cutoff : new Date(cutoff.getTime() - (9 - at));
      await relay.db.lead.updateMany({ where: { id: leadId }, data: { createdAt } });
    }
    const left = async () => (await rows()).map(({ name }) => name).sort();
    const purge = () => within(tx => owner.purgeBefore(tx, site.id, cutoff, 2));
    expect(await within(tx => owner.countBefore(tx, site.id, cutoff))).toEqual({ leads: 3 });
    expect(await purge()).toEqual({ leads: 2 });
    expect(await left()).toEqual(['held', 'old', 'young']);
    expect(await purge()).toEqual({ leads: 1 });
    expect(await purge()).toEqual({ leads: 0 });
    expect(await left()).toEqual(['held', 'young']);
    await relay.db.legalHold.updateMany({ where: { siteId: site.id }, data: { releasedAt: new Date() } });
    expect(await purge()).toEqual({ leads: 1 });
    expect(await within(tx => owner.countBefore(tx, site.id, cutoff))).toEqual({ leads: 0 });
  });

  it('are found, exported, restricted and erased by the plugin’s data requests', async () => {
    await leave({ name: 'Jane', email: 'zanzi.jane@example.com', page: `${SHOP}/x` });
    await leave({ email: 'a@example.com', message: `Ask zanzi.jane@example.com` });
    const request = (type: string) => client.plugin.requestData({ type, subject: { email: 'Zanzi.JANE@example.com' } });
    expect((await request('access')).body.result.data.leads).toMatchObject([{ name: 'Jane' }]);
    await request('restriction');
    expect((await client.plugin.leads()).body.items.map(({ restricted }) => restricted).sort()).toEqual([false, true]);
    expect(await request('erasure')).toMatchObject({
      status: 200,
      body: { result: { counts: { leads: 1, leadMentions: 1 } } },
    });
    expect(await relay.tablesWith('zanzi.jane')).toEqual([]);
  });
});
