import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { BUDGET, type FakePipedrive, startPipedrive } from '../../../../e2e/fakes/crm/pipedrive.ts';
import { describeCrm, leadWith } from './crm.contract.ts';
import type { Crm } from './crm.ts';
import { createPipedrive } from './pipedrive.ts';

const apiToken = '4711-token-of-the-owner-never-in-a-log';
const adapter = (fake: FakePipedrive, { mapping = {}, timeoutMs }: { mapping?: object; timeoutMs?: number } = {}) =>
  createPipedrive({ apiToken, baseUrl: fake.url, mapping: mapping as Record<string, string>, timeoutMs });

describeCrm('Pipedrive', {
  start: async () => {
    const fake = await startPipedrive({ apiToken });
    return { crm: options => adapter(fake, options), fake, secrets: [apiToken], property: BUDGET };
  },
});

describe('Pipedrive', () => {
  const never = new AbortController().signal;
  const lead = leadWith({ name: 'Ada Lovelace', email: 'ada@example.com', phone: '+4930901820', message: 'Hello?' });
  let fake: FakePipedrive;
  let crm: Crm;
  beforeEach(async () => {
    fake = await startPipedrive({ apiToken });
    crm = adapter(fake);
    onTestFinished(() => fake.close());
  });
  const upsert = (change: object = {}, known: string | null = null, by = crm) =>
    by.upsertLead({ ...lead, ...change }, known, never);
  const faultOf = (call: Promise<unknown>) =>
    call.then(
      () => expect.fail('it should have failed'),
      error => error,
    );
  const answering = (answer: () => Response | Promise<Response>) =>
    createPipedrive({ apiToken, baseUrl: fake.url, mapping: {}, fetch: async () => answer() });
  const refusing = (status: number, body: object, headers: Record<string, string> = {}) =>
    answering(() => Response.json(body, { status, headers }));

  it('has the lead in its inbox, once, wherever it stood when the line was cut', async () => {
    for (let after = 0; after < 10; after += 1) {
      const key = `${lead.key}-${after}`;
      const own = { key, email: `ada${after}@example.com`, phone: null };
      fake.failNext('applied_then_cut', 1, after);
      await upsert(own).catch(() => undefined);
      fake.failNoMore();
      await upsert(own);
      expect([...fake.inbox.values()].filter(({ origin_id }) => origin_id === key)).toHaveLength(1);
    }
  });

  it.each(['persons', 'leads', 'notes'])('keeps one of two %s that two made at once', async what => {
    // Neither makes it before both have looked.
    const both = Promise.withResolvers<void>();
    let waiting = 0;
    const meeting: typeof fetch = async (url, init) => {
      if (init?.method === 'POST' && String(url).endsWith(`/${what}`)) {
        waiting += 1;
        if (waiting === 2) both.resolve();
        await both.promise;
      }
      return fetch(url, init);
    };
    const one = () => createPipedrive({ apiToken, baseUrl: fake.url, mapping: {}, fetch: meeting });
    if (what !== 'persons') fake.plant({ email: 'ada@example.com', name: 'Ada' });
    const [first, second] = await Promise.all([upsert({}, null, one()), upsert({}, null, one())]);
    expect(waiting).toBe(2);
    expect(first).toEqual(second);
    expect([fake.persons.size, fake.inbox.size, fake.notes.size]).toEqual([1, 1, 1]);
  });

  it('is asked for no second person where only the answer was lost, though the search knows nobody yet', async () => {
    const made = () =>
      fake.requests.filter(({ method, path }) => method === 'POST' && path === '/api/v2/persons').length;
    await upsert({ key: 'first', email: 'first@example.com', phone: null });
    fake.failNext('applied_then_cut');
    await upsert().catch(() => undefined);
    expect(made()).toBe(2);
    await upsert();
    expect(made()).toBe(2);
  });

  it('gets no second entry of a lead that was archived, or made a deal of', async () => {
    const { recordId } = await upsert();
    const [entry] = [...fake.inbox.values()];
    if (!entry) return expect.fail('there is no entry');
    fake.inbox.delete(entry.id);
    fake.archive.set(entry.id, entry);
    await upsert({ message: 'Are you there?' });
    expect(fake.inbox.size).toBe(0);
    fake.archive.delete(entry.id);
    await upsert({ message: 'Hello again.' }, recordId);
    expect(fake.inbox.size).toBe(0);
    expect(fake.records()[0]?.note).toContain('Hello again.');
  });

  it('has one field for our keys, made once, also by two at once', async () => {
    await Promise.all([upsert({}, null, adapter(fake)), upsert({ key: 'other', email: 'b@example.com', phone: null })]);
    await upsert({ key: 'third', email: 'c@example.com', phone: null }, null, adapter(fake));
    const persons = [...fake.persons.values()];
    const ours = fake.fields.find(({ field_name }) => field_name === 'Confab lead');
    expect(persons.map(({ custom_fields }) => Object.keys(custom_fields))).toEqual(
      persons.map(() => [ours?.field_code]),
    );
  });

  it('keeps a second address that the owner has added', async () => {
    const { recordId } = await upsert();
    fake.persons.get(Number(recordId))?.emails.push({ value: 'home@example.com', primary: false, label: 'home' });
    await upsert({ email: 'ada@new.example' }, recordId);
    expect(fake.persons.get(Number(recordId))?.emails.map(({ value }) => value)).toEqual([
      'ada@new.example',
      'home@example.com',
    ]);
  });

  it('sends no marketing to who has unsubscribed there, and none any more to who takes it back', async () => {
    fake.plant({ email: 'ada@example.com', name: 'Ada' });
    const [planted] = [...fake.persons.values()];
    Object.assign(planted ?? {}, { marketing_status: 'unsubscribed' });
    await upsert({ marketing: true });
    expect(planted?.marketing_status).toBe('unsubscribed');
    const own = { key: 'own', email: 'own@example.com', phone: null };
    const { recordId } = await upsert({ ...own, marketing: true });
    await upsert({ ...own, marketing: false }, recordId);
    expect(fake.persons.get(Number(recordId))?.marketing_status).toBe('unsubscribed');
  });

  it('finds by its key who was deleted or merged there meanwhile, and who never was', async () => {
    const first = await upsert();
    fake.persons.delete(Number(first.recordId));
    const second = await upsert({}, first.recordId);
    expect(second.recordId).not.toBe(first.recordId);
    await crm.eraseLead({ key: lead.key, known: 'no number' }, never);
    expect(fake.records()).toEqual([]);
  });

  it('erases from somebody who was there before, also by the key alone', async () => {
    fake.plant({ email: 'ada@example.com', name: 'Ada' });
    await upsert();
    // The search is behind what was written.
    for (let asked = 0; asked < 6; asked += 1) await crm.check(never);
    await adapter(fake).eraseLead({ key: lead.key, known: null }, never);
    expect(fake.records()).toMatchObject([{ keys: [], note: '', name: 'Ada' }]);
    expect(fake.inbox.size).toBe(0);
  });

  it('says which field of the mapping there is not', async () => {
    const mapping = { budget: 'Bugdet' };
    const fields = { budget: '100' };
    const fault = await faultOf(upsert({ fields }, null, adapter(fake, { mapping })));
    expect(fault).toMatchObject({ fault: 'misconfigured', words: expect.stringContaining('"Bugdet"') });
    expect(fake.records()).toEqual([]);
    await upsert({ fields }, null, adapter(fake, { mapping: { budget: 'budget' } }));
    expect(fake.records()[0]?.properties[BUDGET]).toBe('100');
  });

  it('sees a field that was taken away, once it was refused', async () => {
    await upsert();
    fake.fields.splice(
      fake.fields.findIndex(({ field_name }) => field_name === 'Confab lead'),
      1,
    );
    const next = { key: 'next', email: 'next@example.com', phone: null };
    expect(await faultOf(upsert(next))).toMatchObject({ fault: 'invalid' });
    await upsert(next);
    expect(fake.records().find(({ email }) => email === next.email)?.keys).toEqual(['next']);
  });

  it.each([
    [401, 'unauthorized'],
    [402, 'misconfigured'],
    [403, 'misconfigured'],
    [400, 'invalid'],
    [422, 'invalid'],
    [408, 'unavailable'],
    [500, 'unavailable'],
    [503, 'unavailable'],
    [302, 'garbled'],
  ])('that answers %i is %s, in its own words', async (status, fault) => {
    const body = { success: false, error: 'Scope and\nURL mismatch', error_info: 'See the docs.' };
    expect(await faultOf(refusing(status, body).check(never))).toMatchObject({
      fault,
      words: 'Scope and URL mismatch See the docs.',
    });
  });

  it.each([
    [{ 'Retry-After': '12' }, 12],
    [{ 'x-ratelimit-reset': '3' }, 3],
    [{}, undefined],
  ])('is asked again when it says so: %j', async (headers, retryAfterS) => {
    const fault = await faultOf(refusing(429, {}, headers as Record<string, string>).check(never));
    expect(fault).toMatchObject({ fault: 'rate_limited', retryAfterS });
  });

  it('is sent the token to no other address', async () => {
    const elsewhere = await startPipedrive({ apiToken });
    onTestFinished(() => elsewhere.close());
    const asked: (RequestInit | undefined)[] = [];
    const redirecting = createPipedrive({
      apiToken,
      baseUrl: fake.url,
      mapping: {},
      fetch: async (_, init) => {
        asked.push(init);
        return Response.redirect(`${elsewhere.url}/api/v1/users/me`, 307);
      },
    });
    expect(await faultOf(redirecting.check(never))).toMatchObject({ fault: 'garbled' });
    expect(asked).toMatchObject([{ redirect: 'manual' }]);
    expect(elsewhere.requests).toEqual([]);
  });
});
