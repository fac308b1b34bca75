import type { ZohoRegion } from '@confab/contract';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startZoho, type ZohoOptions } from '../../../../e2e/fakes/crm/zoho.ts';
import { describeCrm, leadWith } from './crm.contract.ts';
import type { Crm } from './crm.ts';
import { createZoho, type ZohoConfig } from './zoho.ts';

const start = async (options?: ZohoOptions) => {
  const fake = await startZoho(options);
  const crm = (change: Partial<ZohoConfig> = {}) =>
    createZoho({ region: 'eu', baseUrl: fake.url, ...fake.credentials, mapping: {}, ...change });
  const { clientSecret, refreshToken } = fake.credentials;
  return { fake, crm, secrets: [clientSecret, refreshToken, '1000.access'], property: 'Budget' };
};

describeCrm('Zoho', { start, refreshes: true });

describe('Zoho', () => {
  const never = new AbortController().signal;
  const ada = leadWith({ name: 'Ada Lovelace', email: 'ada@example.com', message: 'Is the kettle in stock?' });
  const bed = async (options?: ZohoOptions) => {
    const all = await start(options);
    onTestFinished(async () => {
      await all.fake.close();
      expect(all.fake.complaints).toEqual([]);
    });
    return all;
  };
  const upsert = (crm: Crm, lead = ada, known: string | null = null) => crm.upsertLead(lead, known, never);
  /** An adapter that is answered by these, one after the other; a token comes first. */
  const answeredBy = (answers: Response[], change: Partial<ZohoConfig> = {}) => {
    const asked: string[] = [];
    const left = [Response.json({ access_token: 'x', api_domain: 'https://evil.example' }), ...answers];
    const fetch: typeof globalThis.fetch = async (input, init) => {
      asked.push(`${init?.method} ${input}`);
      return left.shift() ?? new Response(null, { status: 204 });
    };
    const crm = createZoho({
      region: 'eu',
      clientId: 'a',
      clientSecret: 'b',
      refreshToken: 'c',
      mapping: {},
      fetch,
      ...change,
    });
    return { asked, crm };
  };

  it.each([
    ['com', 'https://accounts.zoho.com', 'https://www.zohoapis.com'],
    ['eu', 'https://accounts.zoho.eu', 'https://www.zohoapis.eu'],
    ['in', 'https://accounts.zoho.in', 'https://www.zohoapis.in'],
    ['com.au', 'https://accounts.zoho.com.au', 'https://www.zohoapis.com.au'],
    ['jp', 'https://accounts.zoho.jp', 'https://www.zohoapis.jp'],
    ['zohocloud.ca', 'https://accounts.zohocloud.ca', 'https://www.zohoapis.ca'],
    ['sa', 'https://accounts.zoho.sa', 'https://www.zohoapis.sa'],
  ] as [ZohoRegion, string, string][])(
    'in the region %s logs in and works at its own hosts',
    async (region, login, api) => {
      const { crm, asked } = answeredBy([], { region });
      await crm.check(never);
      expect(asked).toEqual([`POST ${login}/oauth/v2/token`, `POST ${api}/crm/v8/coql`]);
    },
  );

  it('makes the field for our keys once, and says which one where it may not', async () => {
    const { crm, fake } = await bed();
    await upsert(crm());
    await upsert(crm(), { ...ada, key: 'another', email: 'else@example.com' });
    expect(fake.requests.filter(({ path }) => path.endsWith('/settings/fields'))).toHaveLength(1);

    const refusing = await bed({ mayMakeFields: false });
    await expect(upsert(refusing.crm())).rejects.toMatchObject({
      fault: 'misconfigured',
      words: expect.stringContaining('"Confab Lead Id" in the module Leads'),
    });
    expect(refusing.fake.records()).toEqual([]);
  });

  it('says nothing of who wants no mailing: that is the owner’s', async () => {
    const { crm, fake } = await bed();
    const { recordId } = await upsert(crm(), { ...ada, marketing: false });
    const [record] = fake.records();
    expect(record?.properties.Email_Opt_Out).toBe(false);
    Object.assign(record?.properties ?? {}, { Email_Opt_Out: true });
    await upsert(crm(), { ...ada, marketing: true }, recordId);
    expect(fake.records()[0]?.properties.Email_Opt_Out).toBe(true);
  });

  it('takes somebody who came a moment before for the person, at once', async () => {
    const { crm, fake } = await bed();
    fake.failNext('duplicate');
    const { recordId } = await upsert(crm());
    expect(fake.records()).toMatchObject([{ id: recordId, keys: [ada.key], madeByUs: false }]);
  });

  it('loses neither of two leads that join somebody at the same time', async () => {
    const { crm, fake } = await bed();
    fake.plant({ email: ada.email as string, name: 'Countess Lovelace' });
    const other = { ...ada, key: 'another', message: 'A second question.' };
    await Promise.all([upsert(crm()), upsert(crm(), other)]);
    const [record, ...more] = fake.records();
    expect(more).toEqual([]);
    expect(record?.keys.toSorted()).toEqual([ada.key, other.key].toSorted());
    for (const { message } of [ada, other]) expect(record?.note).toContain(message);
  });

  it('empties the recycle bin of what it erases', async () => {
    const { crm, fake } = await bed();
    const { recordId } = await upsert(crm());
    await crm().eraseLead({ key: ada.key, known: recordId }, never);
    expect([...fake.leads, ...fake.bin]).toEqual([]);
  });

  it('asks for one token however many leads come at once', async () => {
    const { crm, fake } = await bed();
    const one = crm();
    const leads = Array.from({ length: 8 }, (_, at) => ({ ...ada, key: `key-${at}`, email: `${at}@example.com` }));
    await Promise.all(leads.map(lead => upsert(one, lead)));
    fake.failNext('unauthorized_once');
    await Promise.all(leads.map(lead => upsert(one, { ...lead, name: 'Augusta King' })));
    expect(fake.requests.filter(({ path }) => path === '/oauth/v2/token')).toHaveLength(2);
    expect(fake.records()).toHaveLength(8);
  });

  it.each(["o'hara@example.com", "a\\' or Email like '%@example.com"])('looks for nobody else by %s', async email => {
    const { crm, fake } = await bed();
    fake.plant({ email: 'somebody@example.com', name: 'Somebody Else' });
    await upsert(crm(), { ...ada, email });
    expect(fake.records()[0]).toMatchObject({ keys: [], note: '' });
    expect(fake.records()[1]).toMatchObject({ keys: [ada.key], email });
  });

  it('waits where Zoho limits how often a token is asked for', async () => {
    const words = 'You have made too many requests continuously. Please try again after some time.';
    const fetch: typeof globalThis.fetch = async () =>
      Response.json({ error_description: words, error: 'Access Denied', status: 'failure' }, { status: 400 });
    const { crm } = answeredBy([], { fetch });
    await expect(crm.check(never)).rejects.toMatchObject({ fault: 'rate_limited', words });
  });

  it.each([
    ['INVALID_DATA', 200, 'invalid', 'invalid data: Phone'],
    ['INVALID_DATA', 202, 'invalid', 'invalid data: Phone'],
    ['INVALID_DATA', 207, 'invalid', 'invalid data: Phone'],
    ['MANDATORY_NOT_FOUND', 202, 'invalid', 'invalid data: Phone'],
    ['LIMIT_EXCEEDED', 400, 'misconfigured', 'invalid data: Phone'],
    ['NO_PERMISSION', 403, 'misconfigured', 'invalid data: Phone'],
    ['OAUTH_SCOPE_MISMATCH', 401, 'misconfigured', expect.stringContaining('ZohoCRM.coql.READ')],
    ['INTERNAL_ERROR', 500, 'unavailable', 'invalid data: Phone'],
    ['TOO_MANY_REQUESTS', 429, 'rate_limited', 'invalid data: Phone'],
  ])('takes %s with %i for %s', async (code, status, fault, words) => {
    const error = { code, message: 'invalid data', details: { api_name: 'Phone' }, status: 'error' };
    const several = { code: 'MULTIPLE_OR_MULTI_ERRORS', details: { errors: [error] }, status: 'error' };
    for (const one of [error, several]) {
      const { crm } = answeredBy([new Response(null, { status: 204 }), Response.json({ data: [one] }, { status })]);
      await expect(upsert(crm)).rejects.toMatchObject({ fault, words });
    }
  });

  it.each([
    {},
    { data: [] },
    { data: [{ status: 'success' }] },
    { data: [{ status: 'success', details: { id: '../1' } }] },
    [],
  ])('takes %j for no success', async body => {
    const { crm } = answeredBy([new Response(null, { status: 204 }), Response.json(body)]);
    await expect(upsert(crm)).rejects.toMatchObject({ fault: 'garbled' });
  });

  it('knows when it may ask again where Zoho tells the moment', async () => {
    const headers = { 'x-ratelimit-reset': String(Date.now() + 60_000) };
    const { crm } = answeredBy([new Response('slow down', { status: 429, headers })]);
    const fault = await crm.check(never).catch(error => error);
    expect(fault.fault).toBe('rate_limited');
    expect(fault.retryAfterS).toBeGreaterThan(50);
    expect(fault.retryAfterS).toBeLessThanOrEqual(60);
  });
});
