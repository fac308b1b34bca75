import { randomUUID } from 'node:crypto';
import type { SiteCreated, WebhookCreated } from '@confab/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signUp, type User } from '../../../../e2e/console.ts';
import {
  clientsOf,
  connectQuery,
  databaseEnvironment,
  oneDatabase,
  ownerClient,
  SHOP,
  startTestRelay,
  type TestRelay,
} from '../../../../e2e/relay.ts';
import { sha256 } from '../../lib/sha256.ts';

const STRIPE = {
  STRIPE_SECRET_KEY: 'sk_test_of_the_relay',
  STRIPE_WEBHOOK_SECRET: `whsec_${'5'.repeat(32)}`,
  STRIPE_BASE_URL: 'http://127.0.0.1:9',
};

describe.each(oneDatabase)('the plan of an account on %s', database => {
  let relay: TestRelay;
  let owner: User;
  beforeAll(async () => {
    relay = await startTestRelay({ env: { ...(await databaseEnvironment(database)), ...STRIPE } });
    owner = await signUp(relay);
  });
  afterAll(() => relay.stop());

  async function newAccount(plan: string | null = null) {
    const { body } = await owner.request<{ accountId: string }>('POST', '/v1/accounts', { name: 'The Wool Shop' });
    const { accountId } = body;
    await relay.db.account.update({ where: { id: accountId }, data: { plan } });
    const path = `/v1/accounts/${accountId}`;
    return {
      accountId,
      createSite: () => owner.request<SiteCreated>('POST', `${path}/sites`, { name: 'A shop', origin: SHOP }),
      adopt: (siteSecret: string) => owner.request('POST', `${path}/sites/adopt`, { siteSecret }),
      invite: (email = `${randomUUID()}@people.example`) =>
        owner.request<{ invitationId: string }>('POST', `${path}/invitations`, { email, role: 'agent', siteIds: null }),
      withdraw: (id: string) => owner.request('DELETE', `${path}/invitations/${id}`),
      onPlan: async (to: string) => {
        await relay.db.account.update({ where: { id: accountId }, data: { plan: to } });
        relay.services.sites.forgetCached();
      },
    };
  }
  const refused = { status: 403, body: { code: 'plan_limit_reached' } };
  const statuses = (replies: { status: number }[]) => replies.map(({ status }) => status).toSorted();

  it('says how many sites there may be, and of two at once the last place is one’s', async () => {
    const account = await newAccount('starter');
    expect(statuses([await account.createSite(), await account.createSite()])).toEqual([201, 201]);
    const other = await relay.site();
    const added = await Promise.all([account.createSite(), account.adopt(other.secret), account.createSite()]);
    expect(statuses(added).filter(status => status < 300)).toHaveLength(1);
    expect(await relay.db.site.count({ where: { accountId: account.accountId } })).toBe(3);
    const { body } = await account.createSite();
    expect(body).toMatchObject(refused.body);
    expect(body.detail).toBe(
      'The plan Starter includes 3 sites, and the account has 3. An owner can choose a larger plan in the console, under “Plan and usage”.',
    );
    const another = await relay.site();
    expect(await account.adopt(another.secret)).toMatchObject(refused);
    expect((await relay.db.site.findUniqueOrThrow({ where: { id: another.id } })).accountId).toBeNull();
  });

  it('counts members and open invitations as seats; who was invited before still comes in', async () => {
    const account = await newAccount();
    const guest = await signUp(relay);
    const [one, two] = await Promise.all([account.invite(guest.email), account.invite()]);
    expect(statuses([one, two])).toEqual([201, 403]);
    await relay.db.invitation.deleteMany({ where: { accountId: account.accountId } });
    const invited = await account.invite(guest.email);
    expect(invited.status).toBe(201);
    expect((await account.invite(guest.email)).status).toBe(201);
    expect(await account.invite()).toMatchObject(refused);
    const invitations = await relay.db.invitation.findMany({ where: { accountId: account.accountId } });
    expect(invitations).toHaveLength(1);
    await relay.db.member.create({
      data: {
        accountId: account.accountId,
        userId: (await (await signUp(relay)).me()).user.id,
        ...{ role: 'reader', allSites: true, siteIds: [], createdAt: new Date() },
      },
    });
    const token = randomUUID();
    const data = { tokenHash: sha256(token) };
    await relay.db.invitation.updateMany({ where: { accountId: account.accountId }, data });
    expect((await guest.request('POST', '/v1/invitations/accept', { token })).status).toBe(200);
    await account.onPlan('starter');
    expect((await account.invite()).status).toBe(201);
  });

  it('says what may be set up; what was there before stays at work', async () => {
    const account = await newAccount('growth');
    const { siteId, siteKey, siteSecret } = (await account.createSite()).body;
    const { plugin, widget } = clientsOf(relay.url, siteKey, siteSecret);
    const path = `/v1/sites/${siteId}`;
    const hook = () =>
      owner.request<WebhookCreated>('POST', `${path}/webhooks`, { url: `${SHOP}/hook`, events: ['lead.created'] });
    const connect = (...connectors: 'hubspot'[]) =>
      plugin
        .settings()
        .then(({ body, headers }) =>
          plugin.save({ ...body, crm: { ...body.crm, connectors } }, headers.get('ETag') ?? ''),
        );
    const conversations = async () => (await plugin.conversations()).body.items.map(({ id }) => id);
    const consentToken = await widget.token();
    await widget.turn({ clientTurnId: randomUUID(), text: 'Is it wool?', page: { url: SHOP }, consentToken });
    const [id] = await conversations();
    const take = () => owner.request('POST', `${path}/conversations/${id}/takeover`, {});
    expect([(await hook()).status, (await connect('hubspot')).status, (await take()).status]).toEqual([201, 200, 200]);

    await account.onPlan('free');
    expect(await hook()).toMatchObject(refused);
    expect((await connect('hubspot')).status).toBe(200);
    expect((await take()).status).toBe(200);
    const said = { text: 'It is.', clientMessageId: randomUUID() };
    expect((await owner.request('POST', `${path}/conversations/${id}/messages`, said)).status).toBeLessThan(300);
    expect((await owner.request('DELETE', `${path}/conversations/${id}/takeover`)).status).toBe(204);
    expect(await take()).toMatchObject(refused);
    expect((await connect()).status).toBe(200);
    expect(await connect('hubspot')).toMatchObject(refused);
  });

  it('is told at the connect page in words, and as no fault', async () => {
    const browser = ownerClient(relay, owner);
    const account = await newAccount();
    const { siteId } = (await account.createSite()).body;
    const query = connectQuery(`https://${randomUUID()}.example`);
    const shown = await browser.open(query);
    expect(shown.status).toBe(200);
    expect(shown.body).toContain('The plan Free includes 1 site, and the account has 1.');
    expect(shown.body).not.toContain(`value="new:${account.accountId}"`);
    expect(shown.body).toContain(`value="${siteId}"`);
    const ticket = await browser.ticket(query);
    const sent = await browser.post('/connect/decision', {
      ...{ ticket, decision: 'approve', site: `new:${account.accountId}` },
    });
    expect(sent.status).toBe(403);
    expect(sent.body).toContain('Your plan has no further site');
    expect(sent.body).toContain('Cancel, back to the site');
    expect(sent.body).not.toContain('cannot be connected like this');

    await account.onPlan('starter');
    const codes = [
      await browser.approve(query, `new:${account.accountId}`),
      await browser.approve(query, `new:${account.accountId}`),
    ];
    await account.onPlan('free');
    await relay.db.account.update({ where: { id: account.accountId }, data: { plan: 'starter' } });
    await account.createSite();
    const exchanged = await Promise.all(
      codes.map(code => browser.exchange({ code, codeVerifier: 'v'.repeat(43), siteUrl: query.site_url })),
    );
    expect(statuses(exchanged)).toEqual([200, 403]);
    expect(exchanged.find(({ status }) => status === 403)?.body.code).toBe('plan_limit_reached');
  });
});
