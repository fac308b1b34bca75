import type { CrmName, SettingsUpdate } from '@confab/contract';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FakeHubspot, startHubspot } from '../../../../e2e/fakes/crm/hubspot.ts';
import { startTestRelay, type TestRelay, type TestSite } from '../../../../e2e/relay.ts';

const TOKEN = 'pat-eu1-of-the-owner-4711';
const ada = { name: 'Ada Lovelace', email: 'ada@example.com', message: 'Is the blue kettle in stock?' };

type Crm = SettingsUpdate['crm'];

describe('the CRM of a site', () => {
  let relay: TestRelay;
  let hubspot: FakeHubspot;
  let site: TestSite;
  beforeAll(async () => {
    hubspot = await startHubspot({ accessToken: TOKEN });
    relay = await startTestRelay({ env: { HUBSPOT_BASE_URL: hubspot.url } });
  });
  afterAll(async () => {
    await relay.stop();
    await hubspot.close();
  });
  beforeEach(async () => {
    hubspot.failNoMore();
    site = await relay.site();
  });

  const change = (edit: (crm: Crm) => object) =>
    site.plugin.change(settings => ({ ...settings, crm: edit(settings.crm) as Crm }));
  const connect = (accessToken: string | null = TOKEN, connectors: CrmName[] = ['hubspot']) =>
    change(crm => ({ ...crm, connectors, hubspot: { ...crm.hubspot, accessToken } }));
  const switchTo = (...connectors: CrmName[]) => change(crm => ({ ...crm, connectors }));
  /** Each test has a person of its own, since all share one CRM. */
  let persons = 0;
  const leave = async (more: object = {}) => {
    persons += 1;
    const fields = { ...ada, email: `ada${persons}@example.com`, ...more };
    const { leadId } = (await site.widget.lead({ fields })).body;
    return { leadId, fields };
  };
  const deliveryOf = async (leadId: string) =>
    (await site.plugin.leads()).body.items.find(({ id }) => id === leadId)?.deliveries[0];
  const stateOf = async (leadId: string) => (await deliveryOf(leadId))?.state ?? 'none';
  /** The outbox looks every two seconds, or when it is told to. */
  const poll = <Value>(look: () => Value | Promise<Value>) => {
    const lookNow = () => {
      relay.services.outbox.wake();
      return look();
    };
    return expect.poll(lookNow, { timeout: 5_000 });
  };
  const comesTo = (leadId: string, state: string) => poll(() => stateOf(leadId)).toBe(state);
  const triedOnce = (leadId: string) =>
    poll(async () => (await deliveryOf(leadId))?.log).toMatchObject([{ outcome: 'later' }]);
  const contactsOf = (email: string) => hubspot.records().filter(record => record.email === email);
  const integration = async () =>
    (await site.plugin.site()).body.integrations.find(({ name }) => name === 'hubspot')?.state;

  it('is given a new lead, and what changes of it, as one record', async () => {
    await connect();
    const { leadId, fields } = await leave();
    await comesTo(leadId, 'delivered');
    expect(contactsOf(fields.email)).toMatchObject([{ name: 'Ada Lovelace', keys: [leadId] }]);
    expect(await deliveryOf(leadId)).toMatchObject({
      target: 'hubspot',
      externalId: contactsOf(fields.email)[0]?.id,
      log: [{ outcome: 'delivered' }],
    });
    const { email } = fields;
    await site.plugin.requestData({ type: 'rectification', subject: { email }, changes: { name: 'Augusta King' } });
    await poll(() => contactsOf(email)[0]?.name).toBe('Augusta King');
    expect(contactsOf(email)).toHaveLength(1);
  });

  it('erases what is erased here, and keeps nothing of it', async () => {
    await connect();
    const { leadId, fields } = await leave();
    await comesTo(leadId, 'delivered');
    await site.plugin.requestData({ type: 'erasure', subject: { email: fields.email } });
    await poll(() => contactsOf(fields.email)).toEqual([]);
    await poll(async () => (await relay.rows('Delivery', site)).length).toBe(0);
  });

  it('hears nothing of a lead whose use the person has restricted', async () => {
    await connect(null);
    const { leadId, fields } = await leave();
    await comesTo(leadId, 'failed');
    await site.plugin.requestData({ type: 'restriction', subject: { email: fields.email } });
    await connect();
    await comesTo(leadId, 'held');
    expect(contactsOf(fields.email)).toEqual([]);
  });

  it('whose credentials nobody can read any more wants new ones', async () => {
    await connect();
    await relay.db.$executeRaw`UPDATE "ProviderKey" SET "keyId" = 'lost' WHERE "siteId" = ${site.id}::uuid`;
    expect(await integration()).toBe('not_configured');
    expect((await site.plugin.testCrm('hubspot')).body).toMatchObject({ ok: false, fault: 'misconfigured' });
    const { leadId } = await leave();
    await comesTo(leadId, 'failed');
    await connect();
    await comesTo(leadId, 'delivered');
  });

  it('gets what waited once its credentials are there, or are others', async () => {
    await connect(null);
    const one = await leave();
    await comesTo(one.leadId, 'failed');
    expect((await deliveryOf(one.leadId))?.log).toMatchObject([
      { outcome: 'refused', fault: 'misconfigured', words: expect.stringContaining('settings') },
    ]);
    await connect('pat-eu1-a-wrong-one-0815');
    await poll(async () => (await deliveryOf(one.leadId))?.log.length).toBe(2);
    expect(await deliveryOf(one.leadId)).toMatchObject({ state: 'waiting', log: [{}, { fault: 'unauthorized' }] });
    await connect();
    await comesTo(one.leadId, 'delivered');
    expect(contactsOf(one.fields.email)).toHaveLength(1);
  });

  it('gets nothing of before it was chosen', async () => {
    const { leadId, fields } = await leave();
    await connect();
    const later = await leave();
    await comesTo(later.leadId, 'delivered');
    expect(await stateOf(leadId)).toBe('none');
    expect(contactsOf(fields.email)).toEqual([]);
  });

  describe('that is switched off', () => {
    it('gets no newer state of what it has, and still erases it', async () => {
      await connect();
      const { leadId, fields } = await leave();
      await comesTo(leadId, 'delivered');
      await switchTo();
      const subject = { email: fields.email };
      await site.plugin.requestData({ type: 'rectification', subject, changes: { name: 'Augusta King' } });
      await comesTo(leadId, 'delivered');
      expect(contactsOf(fields.email)).toMatchObject([{ name: 'Ada Lovelace' }]);
      await site.plugin.requestData({ type: 'erasure', subject });
      await poll(() => contactsOf(fields.email)).toEqual([]);
    });

    it('gets nothing that waits, and erases what may have come', async () => {
      await connect();
      hubspot.failNext('applied_then_cut');
      const { leadId, fields } = await leave();
      await triedOnce(leadId);
      await switchTo();
      await comesTo(leadId, 'held');
      expect(contactsOf(fields.email)).toHaveLength(1);
      await site.plugin.requestData({ type: 'erasure', subject: { email: fields.email } });
      await poll(() => contactsOf(fields.email)).toEqual([]);
    });

    it('is given what waited, once it is switched on again', async () => {
      await connect();
      hubspot.failNext('server_error');
      const { leadId } = await leave();
      await triedOnce(leadId);
      await switchTo();
      await comesTo(leadId, 'held');
      await switchTo('hubspot');
      await comesTo(leadId, 'delivered');
    });

    it('and whose credentials are gone leaves an erasure to the owner, who is told', async () => {
      await connect();
      const { leadId, fields } = await leave();
      await comesTo(leadId, 'delivered');
      await connect(null, []);
      await site.plugin.requestData({ type: 'erasure', subject: { email: fields.email } });
      const failed = async () => (await site.plugin.deliveries('?state=failed')).body.items;
      await poll(failed).toMatchObject([
        { subjectId: leadId, operation: 'erase', log: [{}, { words: expect.stringContaining('Erase it there') }] },
      ]);
      await connect();
      await poll(() => contactsOf(fields.email)).toEqual([]);
      await poll(failed).toEqual([]);
    });
  });

  it('says why it takes a lead not, in words without the person', async () => {
    await connect();
    hubspot.failNext('invalid');
    const { leadId, fields } = await leave();
    await comesTo(leadId, 'failed');
    const { log } = (await deliveryOf(leadId)) ?? {};
    expect(log).toMatchObject([{ outcome: 'refused', fault: 'invalid', words: expect.stringMatching(/\w{5}/) }]);
    for (const theirs of [fields.email, 'Ada', 'Lovelace', 'kettle']) expect(JSON.stringify(log)).not.toContain(theirs);
    const told = relay.logLines.join('');
    for (const secret of [fields.email, 'Lovelace', TOKEN]) expect(told).not.toContain(secret);
  });

  describe('is tried by a test lead', () => {
    it('which is erased again', async () => {
      await connect();
      expect((await site.plugin.testCrm('hubspot')).body).toEqual({ ok: true, recordId: expect.any(String) });
      expect(contactsOf('confab-test@example.com')).toEqual([]);
    });

    it('and tells what the CRM said', async () => {
      await connect('pat-eu1-a-wrong-one-0815');
      const { body } = await site.plugin.testCrm('hubspot');
      expect(body).toMatchObject({ ok: false, fault: 'unauthorized', words: expect.stringMatching(/\w{5}/) });
      await connect();
      hubspot.failNext('invalid');
      expect((await site.plugin.testCrm('hubspot')).body).toMatchObject({ ok: false, fault: 'invalid' });
    });

    it('and says that it stands there still where it was not erased, and erases it the next time', async () => {
      await connect();
      await site.plugin.testCrm('hubspot');
      const asked = hubspot.requests.length;
      await site.plugin.testCrm('hubspot');
      const inAll = hubspot.requests.length - asked;
      hubspot.failNext('server_error', 1, inAll - 1);
      const { body } = await site.plugin.testCrm('hubspot');
      expect(body).toMatchObject({ ok: false, words: expect.stringMatching(/^The lead was made, but not erased/) });
      expect(contactsOf('confab-test@example.com')).toHaveLength(1);
      hubspot.failNoMore();
      expect((await site.plugin.testCrm('hubspot')).body).toMatchObject({ ok: true });
      expect(contactsOf('confab-test@example.com')).toEqual([]);
    });

    it('where there are credentials, and a CRM of that name', async () => {
      expect((await site.plugin.testCrm('hubspot')).body).toMatchObject({ ok: false, fault: 'misconfigured' });
      expect(await site.plugin.testCrm('skynet')).toMatchObject({ status: 404, body: { code: 'not_found' } });
    });
  });

  it('is told of among the integrations, once it is chosen', async () => {
    expect(await integration()).toBeUndefined();
    await connect(null);
    expect(await integration()).toBe('not_configured');
    await connect();
    expect(await integration()).toBe('ready');
    hubspot.failNext('invalid');
    await comesTo((await leave()).leadId, 'failed');
    expect(await integration()).toBe('failing');
  });
});
