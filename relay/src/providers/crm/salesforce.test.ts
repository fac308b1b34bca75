import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type SalesforceOptions, startSalesforce } from '../../../../e2e/fakes/crm/salesforce.ts';
import { describeCrm, leadWith } from './crm.contract.ts';
import type { Crm } from './crm.ts';
import { createSalesforce, type SalesforceConfig } from './salesforce.ts';

const start = async (options?: SalesforceOptions) => {
  const fake = await startSalesforce(options);
  const crm = (change: Partial<SalesforceConfig> = {}) =>
    createSalesforce({ loginUrl: fake.url, ...fake.credentials, mapping: {}, ...change });
  const { clientSecret, refreshToken } = fake.credentials;
  return { fake, crm, secrets: [clientSecret, refreshToken, '00Dxx!session'], property: 'Budget__c' };
};

describeCrm('Salesforce', { start, refreshes: true });

describe('Salesforce', () => {
  const never = new AbortController().signal;
  const ada = leadWith({ name: 'Ada Lovelace', email: 'ada@example.com', message: 'Is the kettle in stock?' });
  const bed = async (options?: SalesforceOptions) => {
    const all = await start(options);
    onTestFinished(async () => {
      await all.fake.close();
      expect(all.fake.complaints).toEqual([]);
    });
    return all;
  };
  const upsert = (crm: Crm, lead = ada, known: string | null = null) => crm.upsertLead(lead, known, never);

  it('says which field to create where the org has none for our keys', async () => {
    const { crm } = await bed({ hasField: false });
    const missing = {
      fault: 'misconfigured',
      words: expect.stringContaining('Confab_Lead_Id__c on Lead: type Text(255)'),
    };
    await expect(upsert(crm())).rejects.toMatchObject(missing);
    await expect(crm().check(never)).rejects.toMatchObject(missing);
    await expect(crm().eraseLead({ key: ada.key, known: null }, never)).rejects.toMatchObject(missing);
  });

  it('repeats nothing of the person where Salesforce repeats the query', async () => {
    const { crm, fake } = await bed();
    const fault = await upsert(crm({ mapping: { message: 'Nowhere__c' } })).catch(error => error);
    expect(fault).toMatchObject({ fault: 'misconfigured', words: "No such column 'Nowhere__c' on entity 'Lead'." });
    expect(fake.complaints.splice(0)).toHaveLength(1);
  });

  it('takes the name of a property for a name and nothing else', async () => {
    const { crm, fake } = await bed();
    const mapping = { message: "Id FROM User WHERE Name != '" };
    await expect(upsert(crm({ mapping }))).rejects.toMatchObject({ fault: 'misconfigured' });
    expect(fake.requests.filter(({ path }) => path.includes('query'))).toEqual([]);
    // jsforce would take this one for the kind of the record, and a visitor's words for a part of the address.
    await upsert(crm({ mapping: { message: 'type' } }), { ...ada, message: '../Account' });
    expect(fake.records()).toMatchObject([{ note: expect.stringContaining('../Account') }]);
  });

  it.each(["o'hara@example.com", "a\\' OR Email LIKE '%@example.com"])('looks for nobody else by %s', async email => {
    const { crm, fake } = await bed({ duplicateRule: 'none' });
    fake.plant({ email: 'somebody@example.com', name: 'Somebody Else' });
    await upsert(crm(), { ...ada, email }).catch(() => undefined);
    expect(fake.records()[0]).toMatchObject({ keys: [], note: '' });
  });

  it('works with the client credentials flow where there is no refresh token', async () => {
    const { crm, fake } = await bed();
    await crm({ refreshToken: undefined }).check(never);
    expect(fake.requests[0]?.raw).toContain('grant_type=client_credentials');
  });

  it('asks for one token however many leads come at once', async () => {
    const { crm, fake } = await bed({ duplicateRule: 'none' });
    const one = crm();
    const leads = Array.from({ length: 8 }, (_, at) => ({ ...ada, key: `key-${at}`, email: `${at}@example.com` }));
    await Promise.all(leads.map(lead => upsert(one, lead)));
    fake.failNext('unauthorized_once');
    await Promise.all(leads.map(lead => upsert(one, { ...lead, name: 'Augusta King' })));
    expect(fake.requests.filter(({ path }) => path === '/services/oauth2/token')).toHaveLength(2);
    expect(fake.records()).toHaveLength(8);
  });

  it.each([
    ['another host', 'https://evil.example'],
    ['another host that sounds alike', 'https://evil-salesforce.com'],
    ['this machine', 'http://127.0.0.1:1'],
    ['nothing', ''],
  ])('gives the token to nobody where the login names %s as the instance', async (_, instanceUrl) => {
    const { crm, fake } = await bed({ instanceUrl });
    await expect(crm().check(never)).rejects.toMatchObject({ fault: 'garbled' });
    expect(fake.requests).toHaveLength(1);
  });

  it.each([
    ['https://eu9.my.salesforce.com', true],
    ['https://eu9.my.salesforce.com:8443', false],
    ['http://eu9.my.salesforce.com', false],
    ['https://eu9.my.salesforce.com.evil.example', false],
  ])('after a login at Salesforce, works at %s: %s', async (instance_url, works) => {
    const asked: string[] = [];
    const fetch: typeof globalThis.fetch = async input => {
      asked.push(new URL(String(input)).origin);
      return Response.json(asked.length === 1 ? { access_token: 'x', instance_url } : { records: [] });
    };
    const loginUrl = 'https://login.salesforce.com';
    const crm = createSalesforce({ loginUrl, clientId: 'a', clientSecret: 'b', mapping: {}, fetch });
    const checked = crm.check(never);
    if (works) await checked;
    else await expect(checked).rejects.toMatchObject({ fault: 'garbled' });
    expect(asked).toEqual(works ? [loginUrl, instance_url] : [loginUrl]);
  });

  it('follows no redirect with the token', async () => {
    const visited: string[] = [];
    const server = createServer((request, response) => {
      visited.push(request.url ?? '');
      if (request.url === '/services/oauth2/token') {
        response.end(JSON.stringify({ access_token: 'x', instance_url: url }));
      } else response.writeHead(302, { location: `${url}/elsewhere` }).end();
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const crm = createSalesforce({ loginUrl: url, clientId: 'a', clientSecret: 'b', mapping: {} });
    await expect(crm.check(never)).rejects.toMatchObject({ fault: 'unavailable' });
    expect(visited).not.toContain('/elsewhere');
    expect(visited.length).toBeGreaterThan(1);
  });

  it('makes a lead that a rule of the org finds like another, but not where the rule forbids it', async () => {
    const warned = await bed({ duplicateRule: 'warns' });
    warned.fake.plant({ email: ada.email as string, name: 'Countess Lovelace' });
    warned.fake.convert(String(warned.fake.leads[0]?.Id));
    await upsert(warned.crm());
    expect(warned.fake.records()).toMatchObject([{ keys: [] }, { keys: [ada.key], madeByUs: true }]);

    const forbidden = await bed({ duplicateRule: 'blocks' });
    forbidden.fake.plant({ email: ada.email as string, name: 'Countess Lovelace' });
    forbidden.fake.convert(String(forbidden.fake.leads[0]?.Id));
    await expect(upsert(forbidden.crm())).rejects.toMatchObject({
      fault: 'invalid',
      words: 'Use one of these records?',
    });
  });

  it('says nothing of who wants no mailing: that is the owner’s', async () => {
    const { crm, fake } = await bed();
    const { recordId } = await upsert(crm(), { ...ada, marketing: false });
    const [record] = fake.records();
    expect(record?.properties.HasOptedOutOfEmail).toBe(false);
    Object.assign(record?.properties ?? {}, { HasOptedOutOfEmail: true });
    await upsert(crm(), { ...ada, marketing: true }, recordId);
    expect(fake.records()[0]?.properties.HasOptedOutOfEmail).toBe(true);
  });

  it('leaves a lead alone that was converted, and says that our words cannot be taken out of it', async () => {
    const { crm, fake } = await bed();
    const { recordId } = await upsert(crm());
    fake.convert(recordId);
    expect(await upsert(crm(), { ...ada, name: 'Augusta King' })).toEqual({ recordId });
    expect(fake.records()).toMatchObject([{ name: 'Ada Lovelace' }]);
    await expect(crm().eraseLead({ key: ada.key, known: recordId }, never)).rejects.toMatchObject({
      fault: 'misconfigured',
      words: expect.stringContaining('View and Edit Converted Leads'),
    });
  });

  it.each([
    ['UNABLE_TO_LOCK_ROW', 400, 'unavailable', 'said so'],
    ['REQUEST_LIMIT_EXCEEDED', 403, 'rate_limited', 'said so'],
    ['INSUFFICIENT_ACCESS_OR_READONLY', 403, 'misconfigured', 'said so'],
    ['FIELD_CUSTOM_VALIDATION_EXCEPTION', 400, 'invalid', 'said so'],
    ['DUPLICATE_VALUE', 400, 'invalid', 'said so'],
    ['UNKNOWN_EXCEPTION', 500, 'unavailable', 'said so'],
    ['MULTIPLE_CHOICES', 300, 'misconfigured', expect.stringContaining('"Unique" and "External ID"')],
  ])('takes %s with %i for %s', async (errorCode, status, fault, words) => {
    const loginUrl = 'https://login.salesforce.com';
    const fetch: typeof globalThis.fetch = async (input, init) => {
      if (String(input).startsWith(loginUrl)) {
        return Response.json({ access_token: 'x', instance_url: 'https://eu9.my.salesforce.com' });
      }
      const isWrite = init?.method === 'PATCH';
      return isWrite ? Response.json([{ errorCode, message: 'said so' }], { status }) : Response.json({ records: [] });
    };
    const crm = createSalesforce({ loginUrl, clientId: 'a', clientSecret: 'b', mapping: {}, fetch });
    await expect(upsert(crm)).rejects.toMatchObject({ fault, words });
  });

  it.each([
    ['invalid_client', 'invalid client credentials', 'unauthorized'],
    ['invalid_grant', 'request not supported on this domain', 'unauthorized'],
    ['invalid_grant', 'login rate exceeded', 'rate_limited'],
  ])('takes a login that ends with %s, %s, for %s', async (error, error_description, fault) => {
    const fetch: typeof globalThis.fetch = async () => Response.json({ error, error_description }, { status: 400 });
    const { crm } = await bed();
    await expect(crm({ fetch }).check(never)).rejects.toMatchObject({ fault, words: error_description });
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

  it('keeps what the owner wrote around our words', async () => {
    const { crm, fake } = await bed();
    const { recordId } = await upsert(crm());
    const lead = fake.leads[0] as Record<string, unknown>;
    lead.Description = `Called on Monday.\n\n${lead.Description}\n\nCall again on Friday.`;
    await upsert(crm(), { ...ada, message: 'Or the red one?' }, recordId);
    expect(lead.Description).toMatch(/^Called on Monday\.\n[\s\S]*Call again on Friday\.\n[\s\S]*Or the red one\?/);
    lead.Confab_Lead_Id__c = `theirs: ${ada.key}`;
    await crm().eraseLead({ key: ada.key, known: recordId }, never);
    expect(lead.Description).toBe('Called on Monday.\n\nCall again on Friday.');
  });
});
