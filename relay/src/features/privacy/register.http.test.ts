import { privacyRegister } from '@confab/contract';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { call, startTestRelay, type TestRelay, type TestSite } from '../../../../e2e/relay.ts';

let relay: TestRelay;
let site: TestSite;
beforeAll(async () => {
  relay = await startTestRelay({ env: { OPENAI_API_KEY: 'sk-the-key-of-the-relay' } });
});
beforeEach(async () => {
  site = await relay.site();
});
afterAll(() => relay.stop());

const register = async () => {
  const { status, body } = await call<object>('GET', `${site.plugin.base}/privacy-register`, { bearer: site.secret });
  expect(status, JSON.stringify(body)).toBe(200);
  return privacyRegister.strict().parse(body);
};

it('names nobody where nothing is set up that gives anything away', async () => {
  await site.plugin.change(settings => ({ ...settings, answers: { ...settings.answers, providers: [] } }));
  expect((await register()).subProcessors).toEqual([]);
});

it('names whom the site chose, where they are, and whether they get anything yet', async () => {
  await site.plugin.change(settings => ({
    ...settings,
    answers: { ...settings.answers, providers: ['bedrock', 'openai'], embeddings: 'openai' },
    crm: {
      ...settings.crm,
      connectors: ['zoho', 'hubspot'],
      transcript: true,
      zoho: { ...settings.crm.zoho, region: 'eu' },
      hubspot: { ...settings.crm.hubspot, accessToken: 'pat-na1-a-secret-of-the-site' },
    },
  }));
  const webhook = { url: 'https://hooks.shop.example/confab?token=abc', events: ['lead.created'] };
  await call('POST', `${site.plugin.base}/webhooks`, { bearer: site.secret, body: webhook });
  const off = { url: 'https://off.shop.example/', events: ['lead.created'], disabled: true };
  await call('POST', `${site.plugin.base}/webhooks`, { bearer: site.secret, body: off });

  const answer = await register();
  expect(answer.subProcessors.map(({ name, service, place, state }) => [name, service, place, state])).toEqual([
    ['AWS Bedrock', 'answers', 'us-east-1', 'incomplete'],
    ['OpenAI', 'answers', 'api.openai.com', 'in_use'],
    ['OpenAI', 'embeddings', 'api.openai.com', expect.any(String)],
    ['Zoho CRM', 'crm', 'zohoapis.eu', 'incomplete'],
    ['HubSpot', 'crm', 'api.hubapi.com', 'in_use'],
    ['hooks.shop.example', 'webhook', 'hooks.shop.example', 'in_use'],
  ]);
  expect(answer.subProcessors.find(({ name }) => name === 'HubSpot')?.data).toContain('what was said in the chat');
  expect(JSON.stringify(answer)).not.toMatch(/secret|sk-the-key|token=abc/);
});

it('tells of every table with data of visitors, and for how many days this site keeps it', async () => {
  await site.plugin.change(settings => ({ ...settings, retention: { ...settings.retention, leadDays: 77 } }));
  const { data, site: its } = await register();
  const tables = relay.services.owners.flatMap(({ tables }) => Object.keys(tables));
  expect(data.map(({ table }) => table)).toEqual(tables);
  expect(data.find(({ table }) => table === 'Lead')?.days).toBe(77);
  expect(its.key).toBe(site.key);
});
