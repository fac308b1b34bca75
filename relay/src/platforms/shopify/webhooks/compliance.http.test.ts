import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FakeShop } from '../../../../../e2e/fakes/shopify/index.ts';
import { clientsOf, oneDatabase } from '../../../../../e2e/relay.ts';
import { type ShopifyRelay, startShopifyRelay } from '../../../../../e2e/shopify.ts';
import type { Site } from '../../../features/sites/index.ts';
import { complianceOf } from '../compliance-of.ts';
import type { Shopify } from '../index.ts';

vi.setConfig({ testTimeout: 60_000 });

const DAY_MS = 24 * 60 * 60 * 1_000;

describe.each(oneDatabase)('the compliance topics of Shopify on %s', database => {
  let bed: ShopifyRelay;
  let url: string;
  let shop: FakeShop;
  let site: Site;
  beforeAll(async () => {
    bed = await startShopifyRelay({ database });
    url = bed.relay.url;
  });
  afterAll(() => bed.stop());
  beforeEach(async () => {
    bed.relay.clock.setAhead(0);
    shop = bed.shopify.shop({ products: 1 });
    site = await install();
  });

  async function install(): Promise<Site> {
    shop.isInstalled = true;
    const installed = await bed.relay.services.shopify?.install({ domain: shop.domain, idToken: shop.idToken() });
    await bed.jobsDone();
    return installed?.site as Site;
  }

  const compliance = () => complianceOf(bed.relay.services.shopify as Shopify, bed.relay.services);
  const rows = async (topic: string) =>
    (await bed.relay.rows('ShopifyWebhook')).filter(row => row.domain === shop.domain && row.topic === topic);
  const customers = (customer: object | undefined) => ({ shop_id: 1, shop_domain: shop.domain, customer });

  /** Sends it and gives the receipt, once it was worked off. */
  async function told(topic: string, payload: object, how: object = {}) {
    const eventId = randomUUID();
    expect((await shop.webhook(url, topic, payload, { eventId, ...how })).status).toBe(200);
    await bed.jobsDone();
    return (await rows(topic)).find(row => row.eventId === eventId);
  }

  /** Somebody whose every trace is a word that stands nowhere else. */
  function person() {
    const mark = randomUUID().slice(0, 8);
    const digits = String(Math.floor(Math.random() * 1e7)).padStart(7, '0');
    return {
      id: 7_000_000_000_000 + Number.parseInt(mark, 16),
      email: `zanzi.${mark}@a.example`,
      phone: `+35387${digits}`,
    };
  }
  type Person = ReturnType<typeof person>;

  const widget = () => clientsOf(url, site.key, '').widget;

  /** A lead by address, one by number, one that became a customer, and a conversation of who was signed in. */
  async function leaves({ id, email, phone }: Person) {
    await widget().lead({ fields: { email, message: `of ${email}` } });
    await widget().lead({ fields: { phone } });
    const { body } = await widget().lead({ fields: { email: `other.${email}` } });
    await bed.relay.db.lead.updateMany({ where: { id: body.leadId }, data: { externalId: String(id) } });
    const handle = await widget().begin('Is it wool?');
    const conversation = await bed.relay.services.conversations.look(site, handle);
    const where = { siteId: site.id, id: conversation?.id ?? '' };
    await bed.relay.db.conversation.updateMany({ where, data: { externalId: String(id) } });
    return { conversationId: where.id };
  }

  const traces = async ({ id, email, phone }: Person) => {
    const found: string[] = [];
    for (const word of [String(id), email, phone, phone.slice(1)]) {
      found.push(...(await bed.relay.tablesWith(word)));
      if (bed.relay.logLines.some(line => line.includes(word))) found.push(`log: ${word}`);
    }
    return found;
  };

  const hold = (conversationId?: string) =>
    bed.relay.services.legalHolds.place(site.id, {
      reason: 'a claim',
      author: 'a lawyer',
      ...(conversationId !== undefined && { conversationId }),
    });

  const prune = async () => {
    await bed.relay.services.jobs.enqueue('shopify.webhooks.prune', {});
    await bed.jobsDone();
  };

  describe('MISSING_COMPLIANCE_WEBHOOKS (Shopify’s security list): customers/redact', () => {
    it('erases the customer by id, address and number, and leaves a receipt without them; nobody else is touched', async () => {
      const jane = person();
      await leaves(jane);
      const john = person();
      await leaves(john);
      expect((await traces(jane)).length).toBeGreaterThan(3);
      const receipt = await told('customers/redact', { ...customers(jane), orders_to_redact: [1, 2] });
      expect(receipt).toMatchObject({
        ciphertext: null,
        keyId: null,
        processedAt: expect.any(String),
        outcome: { state: 'done', result: 'done', counts: { conversations: 1, messages: 2, leads: 3 }, retained: {} },
      });
      expect(await traces(jane)).toEqual([]);
      expect(await bed.relay.rows('Lead', site)).toHaveLength(3);
      expect(await bed.relay.rows('Conversation', site)).toHaveLength(1);
      const [request] = await bed.relay.rows('DataRequest', site);
      expect(request).toMatchObject({ type: 'erasure', source: 'platform', status: 'completed', ciphertext: null });
    });

    it('is done after the app was removed, without any token', async () => {
      const jane = person();
      await leaves(jane);
      await shop.uninstall(url);
      await bed.jobsDone();
      const asked = bed.shopify.requests.length;
      expect((await told('customers/redact', customers(jane))).outcome.counts).toMatchObject({ leads: 3 });
      expect(await traces(jane)).toEqual([]);
      expect(bed.shopify.requests.length).toBe(asked);
    });

    it('erases by each by itself where they belong to different people', async () => {
      const [jane, john] = [person(), person()];
      await widget().lead({ fields: { email: jane.email, phone: person().phone } });
      await widget().lead({ fields: { email: person().email, phone: john.phone } });
      const both = { id: jane.id, email: jane.email, phone: john.phone };
      expect((await told('customers/redact', customers(both))).outcome).toMatchObject({ counts: { leads: 2 } });
      expect(await traces(both)).toEqual([]);
      expect(await bed.relay.rows('DataRequest', site)).toHaveLength(3);
    });

    it.each([
      ['an address that is none', { email: 'jane at home' }, ['email']],
      ['a number that is none', { phone: 'ask my mother' }, ['phone']],
      ['neither that is one', { email: '@', phone: '0' }, ['email', 'phone']],
    ])('does the rest with %s, and says which', async (_, wrong, unreadable) => {
      const jane = person();
      await leaves(jane);
      const { outcome } = await told('customers/redact', customers({ ...jane, ...wrong }));
      expect(outcome).toMatchObject({ state: 'done', unreadable });
      // By the id alone: the lead that became a customer, and the conversation.
      expect(outcome.counts.leads).toBeGreaterThanOrEqual(1);
      expect(outcome.counts.conversations).toBe(1);
    });

    it.each([
      ['nobody', undefined],
      ['a customer of whom nothing is known', { id: null, email: null, phone: null }],
      ['a customer whom we never met', { id: 12_345_678, email: 'nobody@a.example' }],
    ])('leaves a receipt of nothing for %s', async (_, customer) => {
      const jane = person();
      await leaves(jane);
      const { outcome } = await told('customers/redact', customers(customer));
      expect(outcome.state).toBe('done');
      expect(Object.values(outcome.counts).filter(count => count !== 0)).toEqual([]);
      expect(await bed.relay.rows('Lead', site)).toHaveLength(3);
    });

    it('says what a legal hold keeps, and erases the rest', async () => {
      const jane = person();
      const { conversationId } = await leaves(jane);
      await hold(conversationId);
      const { outcome } = await told('customers/redact', customers(jane));
      expect(outcome).toMatchObject({ counts: { leads: 3, conversations: 0 }, retained: { conversations: 1 } });
    });

    it('forgets about whom their data request was, however many others came after it', async () => {
      const [jane, john] = [person(), person()];
      await told('customers/data_request', customers(jane));
      const [first] = await rows('customers/data_request');
      const { keyring } = bed.relay.services;
      const others = Array.from({ length: 150 }, (_, n) => {
        const key = { domain: shop.domain, topic: 'customers/data_request', eventId: `other-${n}` };
        const sealed = keyring.encrypt(JSON.stringify({ customer: { id: john.id } }), Object.values(key).join(':'));
        return { ...key, ...sealed, receivedAt: new Date(Date.now() + 60_000), processedAt: new Date() };
      });
      await bed.relay.db.shopifyWebhook.createMany({ data: others });
      await told('customers/redact', customers({ id: jane.id }));
      const kept = (await rows('customers/data_request')).filter(row => row.ciphertext !== null);
      expect(kept).toHaveLength(others.length);
      expect(kept.map(({ eventId }) => eventId)).not.toContain(first?.eventId);
    });

    it('forgets about whom their data request was, and no other', async () => {
      const [jane, john] = [person(), person()];
      await told('customers/data_request', customers(jane));
      await told('customers/data_request', customers(john));
      await told('customers/redact', customers({ id: jane.id }));
      const kept = (await rows('customers/data_request')).filter(row => row.ciphertext !== null);
      expect(kept).toHaveLength(1);
      const [newest, oldest] = await compliance().dataRequestsOf(shop.domain);
      expect([newest?.hasDocument, oldest?.hasDocument]).toEqual([true, false]);
    });
  });

  describe('MISSING_COMPLIANCE_WEBHOOKS (Shopify’s security list): customers/data_request', () => {
    it('looks what there is, keeps a record of it, and has the document ready for the owner for 30 days', async () => {
      const jane = person();
      await leaves(jane);
      const receipt = await told('customers/data_request', { ...customers(jane), data_request: { id: 9_999 } });
      expect(receipt.outcome).toEqual({
        state: 'done',
        result: 'done',
        counts: { pageViews: 0, conversations: 1, leads: 3, emails: 0 },
      });
      expect(await bed.relay.rows('DataRequest', site)).toMatchObject([
        { type: 'access', source: 'platform', status: 'completed', reference: receipt.eventId },
      ]);
      const [listed] = await compliance().dataRequestsOf(shop.domain);
      expect(listed).toMatchObject({ eventId: receipt.eventId, counts: { leads: 3 }, hasDocument: true });

      // As it is when it is fetched.
      await widget().lead({ fields: { email: jane.email, message: 'one more' } });
      const document = await compliance().dataRequestDocument(shop.domain, receipt.eventId);
      expect(JSON.stringify(document?.data.leads)).toContain('one more');
      expect(document?.data.leads.map(lead => lead.externalId)).toContain(String(jane.id));
      expect(document?.data.conversations).toMatchObject([{ externalId: String(jane.id) }]);
      // Fetching it is no request of its own.
      expect(await bed.relay.rows('DataRequest', site)).toHaveLength(1);

      bed.relay.clock.setAhead(30 * DAY_MS);
      expect(await compliance().dataRequestDocument(shop.domain, receipt.eventId)).toBeUndefined();
      await prune();
      expect((await rows('customers/data_request')).map(row => row.ciphertext)).toEqual([null]);
      expect((await compliance().dataRequestsOf(shop.domain)).map(each => each.hasDocument)).toEqual([false]);
    });

    it('keeps whom it is about encrypted only: no table and no log line says it', async () => {
      const jane = person();
      await told('customers/data_request', customers(jane));
      expect(await traces(jane)).toEqual([]);
    });

    it('is one document where the identifiers are of different people, with everything once', async () => {
      const [jane, john] = [person(), person()];
      await widget().lead({ fields: { email: jane.email, phone: person().phone } });
      await widget().lead({ fields: { email: person().email, phone: john.phone } });
      const { eventId } = await told('customers/data_request', customers({ ...jane, phone: john.phone }));
      const document = await compliance().dataRequestDocument(shop.domain, eventId);
      expect(document?.counts).toEqual({ pageViews: 0, conversations: 0, leads: 2, emails: 0 });
    });

    it('is not given to another shop', async () => {
      const jane = person();
      await leaves(jane);
      const { eventId } = await told('customers/data_request', customers(jane));
      shop = bed.shopify.shop();
      site = await install();
      expect(await compliance().dataRequestDocument(shop.domain, eventId)).toBeUndefined();
      expect(await compliance().dataRequestsOf(shop.domain)).toEqual([]);
    });
  });

  describe('MISSING_COMPLIANCE_WEBHOOKS (Shopify’s security list): shop/redact', () => {
    const isThere = async () => (await bed.relay.rows('Site')).some(({ id }) => id === site.id);

    it('deletes the site with all that it holds, and whom any of its webhooks was about; the receipt stays', async () => {
      const jane = person();
      await leaves(jane);
      await told('customers/data_request', customers(jane));
      await shop.uninstall(url);
      await shop.redact(url);
      await bed.jobsDone();
      expect(await isThere()).toBe(false);
      for (const [table, all] of Object.entries(await bed.relay.dump('public'))) {
        expect(
          all.filter(row => row.includes(site.id)),
          table,
        ).toEqual([]);
      }
      expect(await traces(jane)).toEqual([]);
      const all = (await bed.relay.rows('ShopifyWebhook')).filter(({ domain }) => domain === shop.domain);
      expect(all.filter(({ ciphertext }) => ciphertext !== null)).toEqual([]);
      expect(await rows('shop/redact')).toMatchObject([
        { outcome: { state: 'done', result: 'done', counts: { conversations: 1, leads: 3 } } },
      ]);
    });

    it('deletes nothing of a shop that has the app again, and says so', async () => {
      await leaves(person());
      await shop.uninstall(url);
      await bed.jobsDone();
      await install();
      await shop.redact(url);
      await bed.jobsDone();
      expect(await rows('shop/redact')).toMatchObject([{ outcome: { state: 'done', result: 'installed_again' } }]);
      expect(await bed.relay.rows('Lead', site)).toHaveLength(3);
      expect((await widget().config()).status).toBe(200);
    });

    it('asks Shopify where we never heard of an uninstallation: the app is there, so nothing is deleted', async () => {
      await leaves(person());
      await shop.redact(url);
      await bed.jobsDone();
      expect(await rows('shop/redact')).toMatchObject([{ outcome: { result: 'installed_again' } }]);
      expect(await isThere()).toBe(true);
    });

    it('believes it where the word of the uninstallation was lost and the tokens are dead', async () => {
      await leaves(person());
      shop.isInstalled = false;
      shop.faults.revokeTokens();
      shop.faults.refuseRefresh();
      const inHours = (hours: number) => ({ triggeredAt: new Date(Date.now() + hours * 3_600_000).toISOString() });
      // It comes two days after the removal. Until then it is about one that was before somebody opened the app.
      await told('shop/redact', { shop_domain: shop.domain }, inHours(46));
      expect(await rows('shop/redact')).toMatchObject([{ outcome: { result: 'installed_again' } }]);
      expect(await isThere()).toBe(true);
      await told('shop/redact', { shop_domain: shop.domain }, inHours(48));
      expect((await rows('shop/redact')).map(({ outcome }) => outcome)).toContainEqual(
        expect.objectContaining({ result: 'done', counts: expect.objectContaining({ leads: 3 }) }),
      );
      expect(await isThere()).toBe(false);
    });

    it('waits for the end of a legal hold, and deletes on the day after it', async () => {
      await leaves(person());
      const { id } = await hold();
      await shop.uninstall(url);
      await shop.redact(url);
      await bed.jobsDone();
      expect(await rows('shop/redact')).toMatchObject([
        { processedAt: null, outcome: { state: 'waiting', fault: 'legal_hold' } },
      ]);
      expect(await bed.relay.rows('Lead', site)).toHaveLength(3);
      const sweep = async () => {
        await bed.relay.services.jobs.enqueue('shopify.webhooks.sweep', {});
        await bed.jobsDone();
      };
      bed.relay.clock.setAhead(40 * DAY_MS);
      await prune();
      await sweep();
      expect(await isThere()).toBe(true);
      await bed.relay.services.legalHolds.release(site.id, id, 'a lawyer');
      bed.relay.clock.setAhead(41 * DAY_MS);
      await sweep();
      expect(await isThere()).toBe(false);
      expect(await rows('shop/redact')).toMatchObject([{ outcome: { result: 'done', counts: { leads: 3 } } }]);
    });

    it('comes again for a site that is gone, and leaves a receipt of its own', async () => {
      await shop.uninstall(url);
      await shop.redact(url);
      await bed.jobsDone();
      await shop.redact(url);
      await bed.jobsDone();
      const results = (await rows('shop/redact')).map(({ outcome }) => outcome.result);
      expect(results.sort()).toEqual(['done', 'unknown_shop']);
    });
  });

  it('leaves receipts for three years, and anything else for 30 days', async () => {
    await told('customers/redact', customers(person()));
    await told('products/update', { id: 17 });
    bed.relay.clock.setAhead(31 * DAY_MS);
    await prune();
    expect([await rows('customers/redact'), await rows('products/update')]).toMatchObject([
      { length: 1 },
      { length: 0 },
    ]);
    bed.relay.clock.setAhead(1_094 * DAY_MS);
    await prune();
    expect(await rows('customers/redact')).toHaveLength(1);
    bed.relay.clock.setAhead(1_096 * DAY_MS);
    await prune();
    expect(await rows('customers/redact')).toEqual([]);
  });

  it('says what could not be done in time, and forgets about whom it was all the same', async () => {
    const jane = person();
    const receipt = await told('customers/redact', customers(jane));
    const key = { domain: shop.domain, topic: 'customers/redact', eventId: 'late' };
    const sealed = bed.relay.services.keyring.encrypt('{}', 'of a key that is lost');
    const receivedAt = new Date(receipt.receivedAt);
    await bed.relay.db.shopifyWebhook.create({ data: { ...key, ...sealed, receivedAt, attempts: 35 } });
    bed.relay.clock.setAhead(31 * DAY_MS);
    await prune();
    const late = (await rows('customers/redact')).find(({ eventId }) => eventId === 'late');
    expect(late).toMatchObject({
      ciphertext: null,
      processedAt: null,
      outcome: { state: 'failed', fault: 'too_late' },
    });
  });
});
