import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { customer, numberOf } from '../../../../../e2e/fakes/shopify/catalogue.ts';
import type { FakeShop } from '../../../../../e2e/fakes/shopify/index.ts';
import { clientsOf, oneDatabase } from '../../../../../e2e/relay.ts';
import { type ShopifyRelay, startShopifyRelay } from '../../../../../e2e/shopify.ts';
import type { Shopify } from '../index.ts';

describe.each(oneDatabase)('a lead of a Shopify shop on %s', database => {
  let bed: ShopifyRelay;
  let shopify: Shopify;
  beforeAll(async () => {
    bed = await startShopifyRelay({ database });
    shopify = bed.relay.services.shopify as Shopify;
  });
  afterAll(() => bed.stop());

  /** A shop that has the app, and whose merchant lets it add customers. */
  async function install({ mayAdd = true } = {}) {
    const shop = bed.shopify.shop({ products: 0 });
    Object.assign(shop.catalogue, { customers: [], collections: [], pages: [], articles: [], policies: [] });
    if (mayAdd) shop.scopes.push('read_customers', 'write_customers');
    await shop.open(bed.relay.url);
    const { site } = await shopify.install({ domain: shop.domain, idToken: shop.idToken() });
    await bed.jobsDone();
    const { settings } = site;
    const features = { leads: true, callback: true, marketing: true, orders: false };
    await bed.relay.db.$executeRaw`
      UPDATE "Site" SET "settings" = ${JSON.stringify({ ...settings, features })}::jsonb WHERE "id" = ${site.id}::uuid`;
    const { widget } = clientsOf(bed.relay.url, site.key, '');
    const origin = `https://${shop.domain}`;
    return {
      shop,
      site,
      customers: shop.catalogue.customers,
      /** Leaves it on a page of the shop, and waits until everything was done about it. */
      async leave(lead: object, { hurry = false } = {}) {
        const response = await fetch(`${widget.base}/leads`, {
          method: 'POST',
          body: JSON.stringify({ kind: 'lead', ...lead }),
          headers: { Origin: origin },
        });
        expect(response.status).toBe(201);
        const { leadId } = (await response.json()) as { leadId: string };
        await bed.jobsDone({ hurry });
        return leadId;
      },
      rowOf: async (leadId: string) => (await bed.relay.rows('Lead', site)).find(({ id }) => id === leadId),
      delivery: async (leadId: string) => {
        const now = await bed.relay.services.sites.byId(site.id);
        const { items } = await bed.relay.services.leads.list(now ?? site, { limit: 50 });
        const [delivery] = items.find(({ id }) => id === leadId)?.deliveries ?? [];
        const { fault, words } = delivery?.log.at(-1) ?? {};
        return delivery && { state: delivery.state, ...(fault && { fault }), ...(words && { words }) };
      },
    };
  }

  const callsOf = ({ domain }: FakeShop, name: string) =>
    bed.shopify.requests.filter(request => request.domain === domain && request.operationName === name);
  const alarms = () => bed.relay.logLines.filter(line => /"level":"(warn|error|fatal)"/.test(line));
  const email = 'ann@example.com';

  it('does not wait for another shop that does not answer', async () => {
    const [silent, other] = [await install(), await install()];
    const gate = Promise.withResolvers<void>();
    silent.shop.faults.hold(1, gate.promise);
    const held = silent.leave({ fields: { email } });
    await expect.poll(() => callsOf(silent.shop, 'FindCustomer'), { timeout: 20_000 }).toHaveLength(1);
    const told = other.leave({ fields: { email } });
    await expect.poll(() => other.customers, { timeout: 8_000 }).toHaveLength(1);
    expect(silent.customers).toEqual([]);
    gate.resolve();
    await Promise.all([held, told]);
    expect(silent.customers).toHaveLength(1);
  });

  describe('whose person the shop does not know', () => {
    it('becomes a customer, with what they left and no word about marketing', async () => {
      const { shop, customers, leave, rowOf, delivery } = await install();
      const wished = new Date(Date.now() + 86_400_000).toISOString();
      const id = await leave({
        kind: 'callback',
        fields: {
          name: ' Ann  Ó Murchú ',
          email: ' Ann@EXAMPLE.com',
          phone: '+353 85 012 3456',
          message: 'Is it wool?',
        },
        callbackAt: wished,
      });
      expect(customers).toMatchObject([
        {
          email,
          phone: '+353850123456',
          firstName: 'Ann',
          lastName: 'Ó Murchú',
          tags: ['confab-lead', 'confab-callback'],
          note: `Wishes to be called at ${wished}\nIs it wool?`,
          marketingState: 'NOT_SUBSCRIBED',
        },
      ]);
      expect(await rowOf(id)).toMatchObject({ externalId: numberOf(customers[0]?.id ?? '') });
      expect(await delivery(id)).toEqual({ state: 'delivered' });
      expect(JSON.stringify(callsOf(shop, 'CreateCustomer').map(({ variables }) => variables))).not.toMatch(/consent/i);
    });

    it('may have a single name, no name, or a number alone', async () => {
      const { customers, leave } = await install();
      await leave({ fields: { name: 'Björk', email } });
      await leave({ fields: { phone: '+353850123456' } });
      expect(customers).toMatchObject([
        { email, firstName: 'Björk', lastName: null, phone: null, note: null },
        { email: null, firstName: null, phone: '+353850123456', tags: ['confab-lead'] },
      ]);
    });

    it('has agreed to marketing e-mails as of when they ticked the box, and not without an address', async () => {
      const { customers, leave, rowOf } = await install();
      const id = await leave({ fields: { email }, marketing: true });
      await leave({ fields: { phone: '+353850123456' }, marketing: true });
      const { createdAt } = await rowOf(id);
      expect(customers).toMatchObject([
        {
          marketingState: 'SUBSCRIBED',
          marketingOptInLevel: 'SINGLE_OPT_IN',
          consentUpdatedAt: new Date(createdAt).toISOString(),
        },
        { marketingState: 'NOT_SUBSCRIBED' },
      ]);
    });
  });

  describe('whose person is a customer already', () => {
    const known = { email, firstName: 'Anna', lastName: 'Old', phone: '+353111111111', note: 'VIP', tags: ['gold'] };
    const lead = { fields: { name: 'Ann New', email, phone: '+353850123456', message: 'Hello' } };

    it('gives them a tag, and changes nothing else that the merchant wrote', async () => {
      const { customers, leave, rowOf } = await install();
      customers.push(customer(7, known));
      const id = await leave(lead);
      expect(customers).toEqual([customer(7, { ...known, tags: ['gold', 'confab-lead'] })]);
      expect(await rowOf(id)).toMatchObject({ externalId: '7' });
    });

    it('finds them by their number, where no address is theirs', async () => {
      const { customers, leave } = await install();
      customers.push(customer(7, { ...known, email: 'other@example.com', phone: '+353850123456' }));
      await leave({ ...lead, marketing: true });
      expect(customers).toMatchObject([
        { email: 'other@example.com', tags: ['gold', 'confab-lead'], marketingState: 'NOT_SUBSCRIBED' },
      ]);
    });

    const past = '2020-01-01T00:00:00Z';
    const future = '2099-01-01T00:00:00Z';
    it.each([
      ['NOT_SUBSCRIBED', null, true, 'SUBSCRIBED'],
      ['NOT_SUBSCRIBED', null, false, 'NOT_SUBSCRIBED'],
      ['UNSUBSCRIBED', past, true, 'SUBSCRIBED'],
      ['UNSUBSCRIBED', future, true, 'UNSUBSCRIBED'],
      ['UNSUBSCRIBED', null, true, 'UNSUBSCRIBED'],
      ['UNSUBSCRIBED', past, false, 'UNSUBSCRIBED'],
      ['SUBSCRIBED', past, false, 'SUBSCRIBED'],
      ['SUBSCRIBED', past, true, 'SUBSCRIBED'],
      ['PENDING', past, true, 'PENDING'],
    ] as const)(
      '%s since %s, with the box ticked: %s, is then %s',
      async (marketingState, consentUpdatedAt, marketing, then) => {
        const { shop, customers, leave } = await install();
        customers.push(customer(7, { ...known, marketingState, consentUpdatedAt }));
        await leave({ ...lead, marketing });
        expect(customers).toMatchObject([{ marketingState: then }]);
        expect(callsOf(shop, 'SubscribeCustomer')).toHaveLength(marketingState === then ? 0 : 1);
      },
    );
  });

  it('waits until the merchant allows it, says so, and is delivered then', async () => {
    const { shop, customers, leave, delivery } = await install({ mayAdd: false });
    const id = await leave({ fields: { email } });
    expect(customers).toEqual([]);
    expect(await delivery(id)).toEqual({
      ...{ state: 'failed', fault: 'misconfigured' },
      words: 'The app may not add customers yet. Allow it on the page of the app.',
    });
    await shop.grant('read_customers', 'write_customers');
    await bed.jobsDone();
    expect(customers).toMatchObject([{ email }]);
    expect(await delivery(id)).toEqual({ state: 'delivered' });
  });

  it('is delivered once, also where Shopify had made the customer and nobody heard of it', async () => {
    const { shop, site, customers, leave, delivery, rowOf } = await install();
    const id = await leave({ fields: { email }, marketing: true });
    const before = await rowOf(id);
    await bed.relay.db.$executeRaw`
      UPDATE "Delivery" SET "state" = 'waiting', "externalId" = NULL, "nextAt" = now()
      WHERE "siteId" = ${site.id}::uuid`;
    await bed.relay.db.lead.updateMany({ where: { id }, data: { externalId: null } });
    await bed.jobsDone();
    expect(customers).toHaveLength(1);
    expect(await rowOf(id)).toMatchObject({ externalId: before.externalId });
    expect(await delivery(id)).toEqual({ state: 'delivered' });
    expect(callsOf(shop, 'CreateCustomer')).toHaveLength(1);
    expect(callsOf(shop, 'SubscribeCustomer')).toHaveLength(0);
  });

  it('that says more later brings that to the same customer, whatever their address is by then', async () => {
    const { customers, leave, rowOf } = await install();
    const id = await leave({ fields: { email } });
    Object.assign(customers[0] ?? {}, { email: 'moved@example.com' });
    expect(await leave({ kind: 'callback', fields: { email } })).toBe(id);
    expect(customers).toMatchObject([{ email: 'moved@example.com', tags: ['confab-lead', 'confab-callback'] }]);
    Object.assign(customers[0] ?? {}, { email });
    expect(await leave({ fields: { email }, marketing: true })).toBe(id);
    const { marketingAt } = await rowOf(id);
    const consentUpdatedAt = new Date(marketingAt).toISOString();
    expect(customers).toMatchObject([{ marketingState: 'SUBSCRIBED', consentUpdatedAt }]);
  });

  it('makes nobody anew whom the merchant has removed', async () => {
    const { shop, customers, leave, delivery } = await install();
    const id = await leave({ fields: { email } });
    customers.length = 0;
    await leave({ fields: { email, message: 'Are you there?' } });
    expect([customers, callsOf(shop, 'CreateCustomer').length]).toEqual([[], 1]);
    expect(await delivery(id)).toEqual({ state: 'delivered' });
  });

  it('finds the customer whom somebody else made at the same moment', async () => {
    const { shop, customers, leave, rowOf } = await install();
    const made = Promise.withResolvers<void>();
    shop.faults.hold(1, Promise.resolve());
    shop.faults.hold(1, made.promise);
    const left = leave({ fields: { email } });
    await expect.poll(() => callsOf(shop, 'CreateCustomer'), { timeout: 20_000 }).toHaveLength(1);
    customers.push(customer(9, { email }));
    made.resolve();
    expect(await rowOf(await left)).toMatchObject({ externalId: '9' });
    expect(customers).toMatchObject([{ tags: ['confab-lead'] }]);
  });

  it.each([
    ['an address', { email: 'ä@ex.x' }, 'Shopify does not take this e-mail address.'],
    ['a number', { phone: '+491234' }, 'Shopify does not take this phone number.'],
  ])('says why, and is not sent again, where Shopify does not take %s', async (_, fields, words) => {
    const { shop, customers, leave, delivery } = await install();
    const id = await leave({ fields });
    await bed.jobsDone({ hurry: true });
    expect(await delivery(id)).toEqual({ state: 'failed', fault: 'invalid', words });
    expect(customers).toEqual([]);
    expect(callsOf(shop, 'CreateCustomer')).toHaveLength(1);
  });

  it('keeps the number in the note, where Shopify takes the address and not the number', async () => {
    const { customers, leave, delivery } = await install();
    const id = await leave({ fields: { email, phone: '+491234' } });
    expect(customers).toMatchObject([{ email, phone: null, note: 'Phone: +491234' }]);
    expect(await delivery(id)).toEqual({ state: 'delivered' });
  });

  it('is tried again while Shopify is down, and alarms nobody', async () => {
    const before = alarms().length;
    const { shop, customers, leave, delivery } = await install();
    shop.faults.fail(6, 500, { 'Retry-After': '0' });
    const id = await leave({ fields: { email } });
    expect(await delivery(id)).toEqual({ state: 'waiting', fault: 'unreachable' });
    await bed.jobsDone({ hurry: true });
    expect(await delivery(id)).toEqual({ state: 'delivered' });
    expect(customers).toHaveLength(1);
    expect(alarms().slice(before)).toEqual([]);
  });

  it('is not delivered of a person whose data are restricted or erased meanwhile, or once the app was removed', async () => {
    const { shop, site, customers, leave, delivery } = await install({ mayAdd: false });
    const ids = [await leave({ fields: { email } }), await leave({ fields: { email: 'bob@example.com' } })];
    await bed.relay.db.$executeRaw`UPDATE "Lead" SET "restrictedAt" = now() WHERE "id" = ${ids[0]}::uuid`;
    await bed.relay.db.$executeRaw`DELETE FROM "Lead" WHERE "id" = ${ids[1]}::uuid`;
    await shop.grant('write_customers');
    await bed.jobsDone();
    await leave({ fields: { email: 'cid@example.com' } });
    shop.faults.fail(6, 500, { 'Retry-After': '0' });
    const late = await leave({ fields: { email: 'dan@example.com' } });
    await shopify.uninstall(shop.domain);
    await bed.relay.services.outbox.again(site.id, { states: ['waiting', 'failed', 'held'] });
    await bed.jobsDone({ hurry: true });
    expect(customers.map(each => each.email)).toEqual(['cid@example.com']);
    expect(await delivery(late)).toEqual({ state: 'failed', fault: 'not_connected' });
    expect(await delivery(ids[0] as string)).toMatchObject({ state: 'held' });
  });

  it('leaves nothing of a person in a job or in the log', async () => {
    const { leave } = await install();
    await leave({ fields: { name: 'Zanzibarine', email: 'zanzibarine@example.com', message: 'zanzibarine' } });
    expect((await bed.relay.tablesWith('anzibarine')).toSorted()).toEqual(['public."Lead"']);
    expect(bed.relay.logLines.filter(line => line.includes('anzibarine'))).toEqual([]);
  });
});
