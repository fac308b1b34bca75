import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeKlaviyo, startKlaviyo } from '../../../../e2e/fakes/crm/klaviyo.ts';
import { describeCrm, leadWith } from './crm.contract.ts';
import type { Crm } from './crm.ts';
import { createKlaviyo } from './klaviyo.ts';

const apiKey = 'pk_4711_never_in_a_log';
const adapter = (fake: FakeKlaviyo, { mapping = {}, timeoutMs = 15_000, listId = 'LIST01' as string | null } = {}) =>
  createKlaviyo({ apiKey, baseUrl: fake.url, listId, mapping, timeoutMs });

describeCrm('Klaviyo', {
  start: async () => {
    const fake = await startKlaviyo({ apiKey });
    return { crm: options => adapter(fake, options), fake, secrets: [apiKey], property: 'organization' };
  },
});

describe('Klaviyo', () => {
  let fake: FakeKlaviyo;
  let crm: Crm;
  beforeEach(async () => {
    fake = await startKlaviyo({ apiKey });
    crm = adapter(fake);
  });
  afterEach(async () => {
    await fake.close();
    expect(fake.complaints).toEqual([]);
  });
  const never = new AbortController().signal;
  const lead = leadWith({ name: 'Ada Lovelace', email: 'ada@example.com', phone: '+4930901820', message: 'Hello?' });
  const upsert = (change = {}, known: string | null = null) => crm.upsertLead({ ...lead, ...change }, known, never);
  const erase = (key = lead.key, known: string | null = null) => crm.eraseLead({ key, known }, never);
  const profile = () => [...fake.profiles.values()][0] ?? expect.fail('there is none');
  const subscribed = () => [...(fake.lists.get('LIST01') ?? [])];
  const jobs = () => fake.requests.filter(({ path }) => path.includes('subscription'));

  it('subscribes to the list whoever agreed, once for each lead', async () => {
    await upsert({ marketing: true });
    expect(subscribed()).toEqual(['ada@example.com']);
    fake.lists.get('LIST01')?.clear();
    await upsert({ marketing: true, message: 'Changed.' });
    expect(subscribed()).toEqual([]);
    await upsert({ key: 'another', marketing: true });
    expect(subscribed()).toEqual(['ada@example.com']);
  });

  it('unsubscribes whose lead takes it back, and nobody who never agreed by it', async () => {
    fake.lists.get('LIST01')?.add('ada@example.com');
    await upsert();
    expect(jobs()).toEqual([]);
    await upsert({ marketing: true });
    await upsert({ marketing: false });
    expect(subscribed()).toEqual([]);
  });

  it('subscribes nobody without a list', async () => {
    crm = adapter(fake, { listId: null });
    await upsert({ marketing: true });
    expect(jobs()).toEqual([]);
  });

  it('says that there is no such list, and has the lead nevertheless', async () => {
    crm = adapter(fake, { listId: 'NONE99' });
    const words = 'A list with id NONE99 does not exist.';
    await expect(upsert({ marketing: true })).rejects.toMatchObject({ fault: 'misconfigured', words });
    expect(fake.records()).toMatchObject([{ keys: [lead.key] }]);
  });

  it('says in Klaviyo’s words that the key may not do it', async () => {
    fake.forbid();
    const words = 'You do not have permission to perform this action.';
    await expect(crm.check(never)).rejects.toMatchObject({ fault: 'misconfigured', words });
  });

  it('keeps the external id that the owner’s systems have set', async () => {
    fake.plant({ email: 'ada@example.com' });
    profile().attributes.external_id = 'shop-17';
    const { recordId } = await upsert();
    expect(profile().attributes.external_id).toBe('shop-17');
    await upsert({ message: 'Changed.' });
    expect(fake.records()).toMatchObject([{ note: expect.stringContaining('Changed.') }]);
    await erase(lead.key, recordId);
    const properties = { confab_leads: [] };
    expect(profile().attributes).toMatchObject({ external_id: 'shop-17', email: 'ada@example.com', properties });
  });

  it('leaves a profile that a system of the owner has since made its own, without the lead', async () => {
    const { recordId } = await upsert();
    profile().attributes.external_id = 'shop-17';
    await erase(lead.key, recordId);
    expect(fake.records()).toMatchObject([{ note: '', email: 'ada@example.com', properties: { confab_made: null } }]);
  });

  it('takes its key from a profile that was there, when the lead is erased', async () => {
    fake.plant({ email: 'ada@example.com' });
    await upsert();
    expect(profile().attributes.external_id).toBe(lead.key);
    await erase();
    expect(profile().attributes.external_id).toBe(null);
  });

  it('brings a lead whose phone number Klaviyo does not take, with the number in its text', async () => {
    await upsert({ phone: '+12025550123' });
    expect(fake.records()).toMatchObject([{ phone: null, email: 'ada@example.com' }]);
    await upsert({ phone: '+12025550124' });
    expect(fake.records()).toMatchObject([{ phone: null, note: expect.stringContaining('Phone: +12025550124') }]);
  });

  it('does not take who shares a telephone for the same person', async () => {
    fake.plant({ email: 'charles@example.com', phone: '+4930901820', name: 'Charles Babbage' });
    await upsert();
    expect(fake.records()).toMatchObject([
      { name: 'Charles Babbage', keys: [] },
      { name: 'Ada Lovelace', phone: null, note: expect.stringContaining('Phone: +4930901820') },
    ]);
  });

  it('keeps what the address of another profile would have replaced, and says it in the text', async () => {
    fake.plant({ email: 'taken@example.com', name: 'Somebody Else' });
    const { recordId } = await upsert();
    await upsert({ email: 'taken@example.com' }, recordId);
    expect(fake.records()).toMatchObject([
      { email: 'taken@example.com', keys: [] },
      { id: recordId, email: 'ada@example.com', note: expect.stringContaining('E-mail: taken@example.com') },
    ]);
  });

  it('takes one text of two that were added at once', async () => {
    const { recordId } = await upsert();
    const properties = profile().attributes.properties as { confab_leads: string[] };
    properties.confab_leads.push(...properties.confab_leads);
    await upsert({}, recordId);
    expect(properties.confab_leads).toHaveLength(1);
  });

  it('makes a new profile where the owner has deleted the one it knew', async () => {
    const { recordId } = await upsert();
    fake.profiles.clear();
    const again = await upsert({}, recordId);
    expect(fake.records()).toMatchObject([{ id: again.recordId, keys: [lead.key] }]);
  });

  it('tells nobody on the way who it is about: no address of a request has them in it', async () => {
    const { recordId } = await upsert({ marketing: true });
    await upsert({ message: 'And now?' });
    await erase(lead.key, recordId);
    for (const { path, query } of fake.requests) {
      expect(decodeURIComponent(`${path}?${query}`)).not.toMatch(/ada|example\.com|901820/i);
    }
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
    expect(fake.requests.filter(({ path }) => path === '/api/profiles')).toHaveLength(1);
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
