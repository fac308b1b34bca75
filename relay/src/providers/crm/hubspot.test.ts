import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeHubspot, startHubspot } from '../../../../e2e/fakes/crm/hubspot.ts';
import { describeCrm, leadWith } from './crm.contract.ts';
import type { Crm } from './crm.ts';
import { createHubspot } from './hubspot.ts';

const accessToken = 'pat-eu1-4711-never-in-a-log';
const adapter = (fake: FakeHubspot, { mapping = {}, timeoutMs = 15_000 } = {}) =>
  createHubspot({ accessToken, baseUrl: fake.url, mapping, timeoutMs });

describeCrm('HubSpot', {
  start: async () => {
    const fake = await startHubspot({ accessToken });
    return { crm: options => adapter(fake, options), fake, secrets: [accessToken], property: 'company' };
  },
});

describe('HubSpot', () => {
  let fake: FakeHubspot;
  let crm: Crm;
  beforeEach(async () => {
    fake = await startHubspot({ accessToken });
    crm = adapter(fake);
  });
  afterEach(async () => {
    await fake.close();
    expect(fake.complaints).toEqual([]);
  });
  const never = new AbortController().signal;
  const lead = leadWith({ name: 'Ada Lovelace', email: 'ada@example.com', phone: '+4930901820', message: 'Hello?' });
  const upsert = (change = {}) => crm.upsertLead({ ...lead, ...change }, null, never);
  const erase = (key = lead.key, known: string | null = null) => crm.eraseLead({ key, known }, never);
  const contact = () => [...fake.contacts.values()][0] ?? expect.fail('there is none');

  it('makes its properties once, the key with unique values', async () => {
    await upsert();
    await upsert({ key: 'another', email: 'else@example.com', phone: null });
    expect(fake.properties.get('confab_lead_id')).toBe(true);
    expect(fake.requests.filter(({ path }) => path.includes('/properties/'))).toHaveLength(4);
    const made = fake.requests.filter(({ path }) => path.endsWith('/properties/contacts'));
    expect(made.map(({ body }) => body.name)).toEqual(['confab_lead_id', 'confab_origin', 'confab_marketing']);
  });

  it('says what is to be done where the key’s property is not unique', async () => {
    fake.properties.set('confab_lead_id', false);
    const fault = {
      fault: 'misconfigured',
      words: expect.stringContaining('confab_lead_id must require unique values'),
    };
    await expect(upsert()).rejects.toMatchObject(fault);
    expect(fake.records()).toEqual([]);
  });

  it('makes them again where the owner has deleted them', async () => {
    await upsert();
    fake.properties.delete('confab_marketing');
    await expect(upsert({ marketing: true })).rejects.toMatchObject({ fault: 'invalid' });
    fake.complaints.length = 0;
    await upsert({ marketing: true });
    expect(fake.records()).toMatchObject([{ marketing: true }]);
  });

  it('names the scopes that are missing', async () => {
    fake.withhold('crm.objects.contacts.write', 'crm.schemas.contacts.read');
    const words = expect.stringMatching(/required scopes.*crm\.objects\.contacts\.write, crm\.schemas\.contacts\.read/);
    await expect(crm.check(never)).rejects.toMatchObject({ fault: 'misconfigured', words });
  });

  it('says the words of a property that the owner chose and that there is none of', async () => {
    crm = adapter(fake, { mapping: { message: 'no_such_thing' } });
    const words = expect.stringContaining('Property \\"no_such_thing\\" does not exist');
    await expect(upsert()).rejects.toMatchObject({ fault: 'invalid', words });
    fake.complaints.length = 0;
  });

  it('tells nobody on the way who it is about: no address of a request has them in it', async () => {
    const { recordId } = await upsert();
    await upsert({ message: 'And now?' });
    await erase(lead.key, recordId);
    for (const { path, query } of fake.requests) {
      expect(decodeURIComponent(`${path}?${query}`)).not.toMatch(/ada|example\.com|901820/i);
    }
  });

  it('leaves a contact that the owner has merged or made a deal with, without our marks', async () => {
    for (const [name, value] of [
      ['hs_merged_object_ids', '17;18'],
      ['num_associated_deals', '1'],
    ] as const) {
      await upsert();
      contact().properties[name] = value;
      await erase();
      expect(fake.records()).toMatchObject([{ keys: [], note: '', email: 'ada@example.com', madeByUs: true }]);
      fake.contacts.clear();
    }
  });

  it('makes a new contact where the owner has deleted the one it knew', async () => {
    const { recordId } = await upsert();
    fake.contacts.clear();
    fake.notes.clear();
    const again = await crm.upsertLead(lead, recordId, never);
    expect(fake.records()).toMatchObject([{ id: again.recordId, keys: [lead.key] }]);
  });

  it('finds its note among hundreds, and a further lead by its note alone', async () => {
    fake.plant({ email: 'ada@example.com' });
    const { id: contactId } = contact();
    for (let each = 0; each < 620; each++) {
      const id = String(9_000 + each);
      fake.notes.set(id, { id, contactId, properties: { hs_note_body: 'theirs' } });
    }
    await upsert();
    await upsert({ key: 'further', message: 'One more.' });
    await upsert({ key: 'further', message: 'One more!' });
    expect(fake.notes.size).toBe(622);
    await erase('further');
    expect(fake.notes.size).toBe(621);
    expect(fake.records()[0]).toMatchObject({ keys: [lead.key] });
  });

  it('takes one note of two that were made at once', async () => {
    await upsert();
    const [note] = [...fake.notes.values()];
    fake.notes.set('999', { ...(note ?? expect.fail()), id: '999' });
    await upsert();
    expect([...fake.notes.keys()]).toEqual([note?.id]);
  });

  it('keeps what the address of another contact would have replaced, and says it in the note', async () => {
    fake.plant({ email: 'taken@example.com', name: 'Somebody Else' });
    const { recordId } = await upsert();
    await upsert({ email: 'taken@example.com', message: 'My other address.' });
    expect(fake.records()).toMatchObject([
      { email: 'taken@example.com', keys: [] },
      { id: recordId, email: 'ada@example.com', note: expect.stringContaining('E-mail: taken@example.com') },
    ]);
  });

  it('does not take who shares a telephone for the same person', async () => {
    fake.plant({ email: 'charles@example.com', phone: '+4930901820', name: 'Charles Babbage' });
    await upsert();
    expect(fake.records()).toMatchObject([{ name: 'Charles Babbage', keys: [] }, { name: 'Ada Lovelace' }]);
  });

  it('waits as HubSpot says without Retry-After: an hour for the day’s limit, else the interval', async () => {
    fake.limit({ policyName: 'DAILY' });
    await expect(crm.check(never)).rejects.toMatchObject({ fault: 'rate_limited', retryAfterS: 3_600 });
    fake.limit({
      policyName: 'TEN_SECONDLY_ROLLING',
      headers: { 'x-hubspot-ratelimit-interval-milliseconds': '10000' },
    });
    await expect(crm.check(never)).rejects.toMatchObject({ fault: 'rate_limited', retryAfterS: 10 });
  });

  it('leaves no line open and begins nothing more when it is told to stop', async () => {
    fake.failNext('timeout', Number.POSITIVE_INFINITY);
    const stop = new AbortController();
    const asking = crm.upsertLead(lead, null, stop.signal).catch(fault => fault);
    await expect.poll(() => fake.held()).toBe(1);
    stop.abort();
    expect(await asking).toMatchObject({ fault: 'timed_out' });
    await expect.poll(() => fake.held()).toBe(0);
    expect(fake.requests).toHaveLength(1);
  });

  it('begins nothing where it is told to stop before its SDK is there', async () => {
    const stop = new AbortController();
    const asking = crm.upsertLead(lead, null, stop.signal).catch(fault => fault);
    stop.abort();
    expect(await asking).toMatchObject({ fault: 'timed_out' });
    await crm.check(never);
    expect(fake.requests.filter(({ path }) => path === '/crm/v3/properties/contacts/batch/read')).toHaveLength(1);
  });

  it('takes whom somebody else made a moment before, at once', async () => {
    fake.failNext('duplicate');
    await upsert();
    expect(fake.records()).toMatchObject([{ keys: [lead.key], name: 'Some Body', madeByUs: false }]);
  });

  it('notes a lead once where two tell it at once of somebody who is there already', async () => {
    fake.plant({ email: 'ada@example.com' });
    await Promise.all([upsert(), adapter(fake).upsertLead(lead, null, never)]);
    expect(fake.records()).toMatchObject([{ keys: [lead.key], madeByUs: false }]);
  });
});
