import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type Operation, operations, problemSchema } from '@confab/contract';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { z } from 'zod';
import { softwareAuthenticator, totpOf } from '../../../e2e/authenticator.ts';
import { openBrowser, PASSWORD, signIn, signUp, tokenFrom, type User } from '../../../e2e/console.ts';
import { type FakeStripe, startFakeStripe } from '../../../e2e/fakes/stripe.ts';
import {
  call,
  clientsOf,
  connectQuery,
  databaseEnvironment,
  ownerClient,
  pages,
  question,
  SHOP,
  startTestRelay,
  type TestRelay,
  type TestSite,
} from '../../../e2e/relay.ts';
import { createApp } from '../app.ts';

type Json = Record<string, unknown>;
type Described = { responses: Record<string, { content?: Record<string, { schema: Json }> }> };
type Document = { openapi: string; paths: Record<string, Record<string, Described>>; components: { schemas: Json } };

describe('the description of the API', () => {
  let relay: TestRelay;
  let site: TestSite;
  let user: User;
  let accountId: string;
  let document: Document;
  let stripe: FakeStripe;
  beforeAll(async () => {
    stripe = await startFakeStripe();
    relay = await startTestRelay({ demo: true, env: stripe.env });
    site = await relay.site({ documents: pages });
    user = await signUp(relay);
    accountId = (await user.me()).accounts[0]?.accountId ?? '';
    // The examples make more of everything than the free plan includes.
    await relay.db.account.update({ where: { id: accountId }, data: { plan: 'growth' } });
    document = (await call<Document>('GET', `${relay.url}/openapi.json`)).body;
  });
  afterAll(async () => {
    await relay.stop();
    await stripe.close();
  });

  /** Every call that the routers take: "GET /v1/site". */
  function routed(): string[] {
    type Layer = { path: unknown; methods: string[] };
    const routers = createApp(relay.services).middleware as { router?: { stack: Layer[] } }[];
    return routers
      .flatMap(({ router }) => router?.stack ?? [])
      .flatMap(({ path, methods }) => methods.map(method => `${method} ${String(path).replace(/:(\w+)/g, '{$1}')}`))
      .filter(route => !route.startsWith('HEAD ') && !route.startsWith('OPTIONS '))
      .map(route => route.replace(/(.)\/$/, '$1'));
  }

  it('names every call of the routers, and no other one', () => {
    const described = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    const ofThePublic = routed().filter(route => / \/(v1\/|\.well-known\/|metrics)/.test(route));
    expect(ofThePublic.length).toBeGreaterThan(10);
    expect(ofThePublic.sort()).toEqual(described.sort());
    expect(routed()).toEqual(expect.arrayContaining(['GET /healthz', 'GET /readyz', 'GET /openapi.json']));
  });

  it('is OpenAPI 3.1, and each of its references leads somewhere', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d$/);
    expect(Object.keys(document.paths).length).toBe(new Set(operations.map(({ path }) => path)).size);
    const text = JSON.stringify(document);
    const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(match => match[1] ?? '');
    expect(references.length).toBeGreaterThan(10);
    const broken = references.filter(reference => {
      const steps = reference.split('/').slice(1);
      return !reference.startsWith('#/') || !steps.reduce<unknown>((at, step) => (at as Json)?.[step], document);
    });
    expect(broken).toEqual([]);
  });

  it('names the parameters of each path, and gives each call an id of its own', () => {
    const all = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.values(methods).map(described => ({
        path,
        ...(described as Described & { operationId: string; parameters?: { name: string; in: string }[] }),
      })),
    );
    for (const { path, parameters = [] } of all) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(match => match[1]);
      expect(parameters.filter(each => each.in === 'path').map(({ name }) => name)).toEqual(inPath);
    }
    expect(new Set(all.map(({ operationId }) => operationId)).size).toBe(operations.length);
  });

  const asOwner = <Body>(method: string, path: string, body?: object) =>
    call<Body>(method, `${site.plugin.base}${path}`, { bearer: site.secret, body });
  const entry = { question: 'Do you sell coats for dogs?', answer: 'Yes.' };
  const entryId = async () => (await asOwner<{ entryId: string }>('POST', '/entries', entry)).body.entryId;
  const evalCase = { question: 'Do you sell coats for dogs?', expects: 'unknown' };
  const caseId = async () => (await asOwner<{ caseId: string }>('POST', '/eval-cases', evalCase)).body.caseId;
  const messageId = async () => {
    await site.widget.begin('Who won the chess championship?');
    const { body } = await asOwner<{ items: { messageId: string }[] }>('GET', '/unanswered');
    return body.items[0]?.messageId;
  };
  const conversationId = async () => {
    await site.widget.begin('Is it wool?');
    return (await site.plugin.conversations()).body.items[0]?.id;
  };
  const failedLead = async () => {
    const { leadId } = (await site.widget.lead({ fields: { email: `${randomUUID()}@shop.example` } })).body;
    const log = [{ at: new Date().toISOString(), outcome: 'refused', fault: 'invalid', words: 'No' }];
    const delivery = { siteId: site.id, target: 'nobody', subjectId: leadId, state: 'failed', log, since: new Date() };
    await relay.db.delivery.create({ data: delivery });
    return leadId;
  };
  const upload = () =>
    call<{ uploadId: string }>('POST', `${site.plugin.base}/uploads?name=care.txt`, {
      bearer: site.secret,
      body: 'Wash it by hand.',
      headers: { 'Content-Type': 'text/plain' },
    });
  const sources = (method: string, path = '', body?: object) =>
    call<{ sourceId: string }>(method, `${site.plugin.base}/sources${path}`, { bearer: site.secret, body });
  const sourceId = async () => (await sources('POST', '', { url: `${SHOP}/${randomUUID()}` })).body.sourceId;

  const webhook = { url: `${SHOP}/hook`, events: ['purge.completed'], disabled: true };
  const webhooks = (method: string, path = '', body?: object) =>
    asOwner<{ webhookId: string; messageId: string }>(method, `/webhooks${path}`, body);
  const webhookPath = async () => `/${(await webhooks('POST', '', webhook)).body.webhookId}`;

  const stranger = () => openBrowser(relay.url);
  const keysOf = ({ email, password }: User) => ({ email, password });
  const ofMe = (method: string, path = '', body?: object) => user.request(method, `/v1/me${path}`, body);
  /** Somebody who is asked for a code after the password. */
  const withCodes = async () => {
    const owner = await signUp(relay);
    const { uri } = (await owner.request('POST', '/v1/me/totp', { password: owner.password })).body;
    const confirmed = await owner.request('POST', '/v1/me/totp/confirm', { code: totpOf(uri) });
    return { owner, confirmed, recoveryCodes: confirmed.body.recoveryCodes as string[] };
  };
  const withPasskey = async () => {
    const device = softwareAuthenticator(relay.url);
    const options = (await ofMe('POST', '/passkeys/options', { password: user.password })).body;
    return { device, added: await ofMe('POST', '/passkeys', { name: 'Laptop', response: device.create(options) }) };
  };

  const ofAccount = (method: string, path = '', body?: object) =>
    user.request(method, `/v1/accounts/${accountId}${path}`, body);
  const newSite = { name: 'A shop', origin: SHOP };
  const starter = { plan: 'starter', interval: 'month' };
  const accountSite = async () => (await ofAccount('POST', '/sites', newSite)).body;
  const asAgent = { role: 'agent', siteIds: null };
  /** An invitation of somebody who has signed up, and what the mail's link carries. */
  const invitation = async () => {
    const guest = await signUp(relay);
    const { invitationId } = (await ofAccount('POST', '/invitations', { email: guest.email, ...asAgent })).body;
    return { guest, invitationId, token: await tokenFrom(relay, guest.email, 'invitation') };
  };
  const joined = async () => {
    const { guest, token } = await invitation();
    await guest.request('POST', '/v1/invitations/accept', { token });
    return { guest, userId: (await guest.me()).user.id };
  };

  /** An owner who has planned the end of their account. */
  const leaving = async () => {
    const owner = await signUp(relay);
    const path = `/v1/accounts/${(await owner.me()).accounts[0]?.accountId}/deletion`;
    return { owner, path, planned: await owner.request('POST', path, { password: owner.password }) };
  };

  /** A conversation at a site of the user's, which they have taken over unless they shall not. */
  const conversation = async ({ takeOver = true } = {}) => {
    await ofAccount('POST', '/sites/adopt', { siteSecret: site.secret });
    const handle = await site.widget.begin('Is it wool?');
    const id = (await site.plugin.conversations()).body.items[0]?.id ?? '';
    const asked = (method: string, path: string, body?: object) =>
      user.request(method, `/v1/sites/${site.id}/conversations/${id}${path}`, body);
    if (takeOver) await asked('POST', '/takeover');
    return { handle, asked };
  };
  /** What a stream of events begins with; it would not end by itself. */
  const streamed = async (url: string, headers: Record<string, string>) => {
    const controller = new AbortController();
    const { status, headers: answered } = await fetch(url, { headers, signal: controller.signal });
    controller.abort();
    return { status, headers: answered };
  };

  /** The real answer to a good call of each operation. */
  const good: Record<string, () => Promise<{ status: number; headers: Headers; body?: unknown }>> = {
    getWidgetConfig: () => site.widget.config(),
    recordConsent: () => site.widget.decide('granted'),
    takeTurn: () => site.widget.turn(question('Hello', { thread: [] })),
    readConversation: async () => site.widget.conversation(await site.widget.begin('Is it wool?')),
    sendTranscript: async () =>
      call('POST', `${site.widget.base}/conversation/transcript`, {
        bearer: await site.widget.begin('Is it wool?'),
        body: { email: 'ann@shop.example' },
      }),
    exportConversation: async () => site.widget.export(await site.widget.begin('Is it wool?')),
    eraseConversation: async () => site.widget.erase(await site.widget.begin('Is it wool?')),
    requestOwnData: async () => site.widget.requestData(await site.widget.begin('Is it wool?'), { type: 'access' }),
    requestData: () => site.plugin.requestData({ type: 'erasure', subject: { email: 'nobody@shop.example' } }),
    listDataRequests: () => site.plugin.dataRequests(),
    listConversations: () => site.plugin.conversations(),
    readConversationOfSite: async () => {
      await site.widget.begin('Is it wool?');
      return site.plugin.conversation((await site.plugin.conversations()).body.items[0]?.id ?? '');
    },
    eraseConversationOfSite: async () => asOwner('DELETE', `/conversations/${await conversationId()}`),
    exportConversationOfSite: async () => asOwner('GET', `/conversations/${await conversationId()}/export`),
    getStats: () => asOwner('GET', '/stats?days=7'),
    getAttention: async () => {
      await messageId();
      return asOwner('GET', '/attention');
    },
    leaveLead: () => site.widget.lead({ fields: { email: 'ann@shop.example' } }),
    recordPageview: async () => {
      const conversationId = await site.widget.begin('Is it wool?', ['storage', 'analytics']);
      return site.widget.pageview({ conversationId });
    },
    listLeads: () => site.plugin.leads(),
    retryDelivery: async () => site.plugin.retryDelivery(await failedLead(), 'nobody'),
    testCrm: () => site.plugin.testCrm('pipedrive'),
    listDeliveries: async () => {
      await failedLead();
      return site.plugin.deliveries();
    },
    retryDeliveries: () => site.plugin.retryDeliveries({}),
    exchangeConnectCode: async () => {
      const owner = ownerClient(relay);
      const [siteUrl, codeVerifier] = ['https://new.example', 'v'.repeat(43)];
      return owner.exchange({ code: await owner.approve(connectQuery(siteUrl)), codeVerifier, siteUrl });
    },
    checkConnection: () => site.plugin.checkConnection(),
    disconnectSite: async () => (await relay.site()).plugin.disconnect({ erase: true }),
    getSite: () => site.plugin.site(),
    getSettings: () => site.plugin.settings(),
    putSettings: () => site.plugin.change(settings => settings),
    listDocuments: () => site.plugin.documents(),
    syncDocuments: () => site.plugin.sync({ upsert: pages, delete: ['nothing'] }),
    getDocumentsStatus: () => site.plugin.status(),
    searchKnowledge: () => site.plugin.search({ q: 'wool' }),
    getMetrics: () => call('GET', `${relay.url}/metrics`),
    getPublicKeys: () => call('GET', `${relay.url}/.well-known/jwks.json`),
    exportConsents: () => site.plugin.consents(),
    listPurges: async () => {
      await relay.services.retention.purgeSite(site.id, { trigger: 'manual' });
      return site.plugin.purges();
    },
    getRetention: () => site.plugin.retention('?conversationDays=30'),
    requestAccountExport: () => ofAccount('POST', '/exports'),
    listAccountExports: async () => {
      await ofAccount('POST', '/exports');
      return ofAccount('GET', '/exports');
    },
    downloadAccountExport: async () => {
      const { exportId } = (await ofAccount('POST', '/exports')).body;
      return vi.waitFor(
        async () => {
          const answer = await ofAccount('GET', `/exports/${exportId}/archive`);
          expect(answer.status).toBe(200);
          return answer;
        },
        { timeout: 15_000 },
      );
    },
    getAccountDeletion: () => ofAccount('GET', '/deletion'),
    planAccountDeletion: async () => (await leaving()).planned,
    stopAccountDeletion: async () => {
      const { owner, path } = await leaving();
      return owner.request('DELETE', path);
    },
    getPrivacyRegister: () => asOwner('GET', '/privacy-register'),
    listLegalHolds: () => site.plugin.holds(),
    placeLegalHold: () => site.plugin.hold({ reason: 'A dispute', author: 'Ann' }),
    endLegalHold: async () =>
      site.plugin.endHold((await site.plugin.hold({ reason: 'A dispute', author: 'Ann' })).body.legalHoldId),
    listUnanswered: async () => {
      await messageId();
      return asOwner('GET', '/unanswered');
    },
    handleUnanswered: async () => asOwner('POST', `/unanswered/${await messageId()}`),
    listEntries: async () => {
      await entryId();
      return asOwner('GET', '/entries');
    },
    addEntry: () => asOwner('POST', '/entries', entry),
    changeEntry: async () => asOwner('PUT', `/entries/${await entryId()}`, entry),
    removeEntry: async () => asOwner('DELETE', `/entries/${await entryId()}`),
    listEvalCases: async () => {
      await caseId();
      return asOwner('GET', '/eval-cases');
    },
    addEvalCase: () => asOwner('POST', '/eval-cases', evalCase),
    removeEvalCase: async () => asOwner('DELETE', `/eval-cases/${await caseId()}`),
    uploadFile: upload,
    listUploads: async () => {
      await upload();
      return asOwner('GET', '/uploads');
    },
    removeUpload: async () => asOwner('DELETE', `/uploads/${(await upload()).body.uploadId}`),
    listSources: () => sources('GET'),
    addSource: () => sources('POST', '', { url: `${SHOP}/added` }),
    getSource: async () => sources('GET', `/${await sourceId()}`),
    crawlSource: async () => sources('POST', `/${await sourceId()}/crawl`),
    removeSource: async () => sources('DELETE', `/${await sourceId()}`),
    listWebhooks: async () => {
      await webhookPath();
      return webhooks('GET');
    },
    addWebhook: () => webhooks('POST', '', webhook),
    getWebhook: async () => webhooks('GET', await webhookPath()),
    changeWebhook: async () => webhooks('PUT', await webhookPath(), webhook),
    removeWebhook: async () => webhooks('DELETE', await webhookPath()),
    rotateWebhookSecret: async () => webhooks('POST', `${await webhookPath()}/secret`),
    testWebhook: async () => webhooks('POST', `${await webhookPath()}/test`),
    listWebhookDeliveries: async () => {
      const path = await webhookPath();
      await webhooks('POST', `${path}/test`);
      return webhooks('GET', `${path}/deliveries`);
    },
    replayWebhookDelivery: async () => {
      const path = await webhookPath();
      const { messageId } = (await webhooks('POST', `${path}/test`)).body;
      return webhooks('POST', `${path}/deliveries/${messageId}/replay`);
    },
    signUp: () => {
      const somebody = { name: 'Ann', email: `${randomUUID()}@shop.example`, password: PASSWORD };
      return stranger().request('POST', '/v1/auth/sign-up', somebody);
    },
    verifyEmail: async () => {
      const [browser, email] = [stranger(), `${randomUUID()}@shop.example`];
      await browser.request('POST', '/v1/auth/sign-up', { name: 'Ann', email, password: PASSWORD });
      return browser.request('POST', '/v1/auth/verify', { token: await tokenFrom(relay, email, 'verify') });
    },
    signIn: () => stranger().request('POST', '/v1/auth/sign-in', keysOf(user)),
    giveSecondFactor: async () => {
      const { owner, recoveryCodes } = await withCodes();
      const browser = stranger();
      await browser.request('POST', '/v1/auth/sign-in', keysOf(owner));
      return browser.request('POST', '/v1/auth/second-factor', { code: recoveryCodes[0], kind: 'recovery' });
    },
    beginPasskeySignIn: () => stranger().request('POST', '/v1/auth/passkey/options'),
    signInByPasskey: async () => {
      const { device } = await withPasskey();
      const browser = stranger();
      const options = (await browser.request('POST', '/v1/auth/passkey/options')).body;
      return browser.request('POST', '/v1/auth/passkey', { response: device.get(options) });
    },
    signOut: async () => (await signIn(relay, user)).request('POST', '/v1/auth/sign-out'),
    requestReset: () => stranger().request('POST', '/v1/auth/reset-request', { email: 'nobody@shop.example' }),
    resetPassword: async () => {
      const { email, request } = await signUp(relay);
      await request('POST', '/v1/auth/reset-request', { email });
      const token = await tokenFrom(relay, email, 'reset/new');
      return request('POST', '/v1/auth/reset', { token, password: PASSWORD });
    },
    getMe: () => ofMe('GET'),
    changeMe: () => ofMe('PUT', '', { name: 'Ada Owner', locale: 'en' }),
    requestEmailChange: () => ofMe('POST', '/email', { email: `${randomUUID()}@shop.example`, password: PASSWORD }),
    changePassword: () => ofMe('PUT', '/password', { current: PASSWORD, password: PASSWORD }),
    listSessions: () => ofMe('GET', '/sessions'),
    endOtherSessions: () => ofMe('DELETE', '/sessions'),
    endSession: async () => {
      await signIn(relay, user);
      const { items } = (await ofMe('GET', '/sessions')).body;
      return ofMe('DELETE', `/sessions/${items.find((each: { current: boolean }) => !each.current).sessionId}`);
    },
    listSignIns: () => ofMe('GET', '/sign-ins'),
    beginTotp: () => ofMe('POST', '/totp', { password: PASSWORD }),
    confirmTotp: async () => (await withCodes()).confirmed,
    endTotp: async () => (await withCodes()).owner.request('DELETE', '/v1/me/totp', { password: PASSWORD }),
    makeRecoveryCodes: async () =>
      (await withCodes()).owner.request('POST', '/v1/me/recovery-codes', { password: PASSWORD }),
    listPasskeys: async () => {
      await withPasskey();
      return ofMe('GET', '/passkeys');
    },
    beginPasskey: () => ofMe('POST', '/passkeys/options', { password: PASSWORD }),
    addPasskey: async () => (await withPasskey()).added,
    removePasskey: async () => ofMe('DELETE', `/passkeys/${(await withPasskey()).added.body.id}`),
    askForSupport: () => ofMe('POST', '/support', { subject: 'Help', message: 'Please.' }),
    exportMe: () => ofMe('GET', '/export'),
    watchConversation: async () => {
      const { handle } = await conversation({ takeOver: false });
      return streamed(`${site.widget.base}/conversation/events`, { Authorization: `Bearer ${handle}` });
    },
    tellVisitorTypes: async () => {
      const { handle: bearer } = await conversation({ takeOver: false });
      return call('POST', `${site.widget.base}/conversation/typing`, { bearer });
    },
    watchSite: async () => {
      await conversation({ takeOver: false });
      return streamed(`${relay.url}/v1/sites/${site.id}/events`, { Cookie: user.cookie });
    },
    listVisitors: async () => {
      await conversation();
      return user.request('GET', `/v1/sites/${site.id}/visitors?days=30`);
    },
    takeOverConversation: async () => (await conversation({ takeOver: false })).asked('POST', '/takeover'),
    giveBackConversation: async () => (await conversation()).asked('DELETE', '/takeover'),
    writeToVisitor: async () =>
      (await conversation()).asked('POST', '/messages', { text: 'Hello', clientMessageId: randomUUID() }),
    tellAgentTypes: async () => (await conversation()).asked('POST', '/typing'),
    createAccount: () => user.request('POST', '/v1/accounts', { name: 'Another shop' }),
    lookAtInvitation: async () => {
      const { token } = await invitation();
      return call('POST', `${relay.url}/v1/invitations/look`, { body: { token } });
    },
    acceptInvitation: async () => {
      const { guest, token } = await invitation();
      return guest.request('POST', '/v1/invitations/accept', { token });
    },
    getAccount: () => ofAccount('GET'),
    renameAccount: () => ofAccount('PUT', '', { name: 'The shop' }),
    listMembers: () => ofAccount('GET', '/members'),
    changeMember: async () => ofAccount('PUT', `/members/${(await joined()).userId}`, { role: 'reader', siteIds: [] }),
    removeMember: async () => ofAccount('DELETE', `/members/${(await joined()).userId}`),
    leaveAccount: async () => (await joined()).guest.request('POST', `/v1/accounts/${accountId}/leave`),
    transferAccount: async () => {
      const { guest, userId } = await joined();
      const answer = await ofAccount('POST', '/transfer', { userId });
      const back = { userId: (await user.me()).user.id };
      await guest.request('POST', `/v1/accounts/${accountId}/transfer`, back);
      return answer;
    },
    listInvitations: async () => {
      await invitation();
      return ofAccount('GET', '/invitations');
    },
    invite: () => ofAccount('POST', '/invitations', { email: 'ann@shop.example', ...asAgent }),
    withdrawInvitation: async () => ofAccount('DELETE', `/invitations/${(await invitation()).invitationId}`),
    listAccountSites: async () => {
      await accountSite();
      return ofAccount('GET', '/sites');
    },
    createSite: () => ofAccount('POST', '/sites', newSite),
    adoptSite: async () => ofAccount('POST', '/sites/adopt', { siteSecret: (await relay.site()).secret }),
    listAudit: async () => {
      await accountSite();
      return ofAccount('GET', '/audit');
    },
    getBilling: () => ofAccount('GET', '/billing'),
    startCheckout: async () => (await payer('no plan')).asked('POST', '/checkout', starter),
    openBillingPortal: async () => (await payer()).asked('POST', '/portal'),
    previewPlanChange: async () => (await payer()).asked('POST', '/preview', { plan: 'growth', interval: 'month' }),
    changePlan: async () => {
      const { asked } = await payer();
      const { prorationAt } = (await asked('POST', '/preview', { plan: 'growth', interval: 'month' })).body;
      return asked('POST', '/change', { plan: 'growth', interval: 'month', prorationAt });
    },
    cancelPlan: async () => (await payer()).asked('POST', '/cancel'),
    resumePlan: async () => {
      const { asked } = await payer();
      await asked('POST', '/cancel');
      return asked('POST', '/resume');
    },
    listBillingRecords: async () => {
      const { asked } = await payer();
      await asked('POST', '/cancel');
      return asked('GET', '/records');
    },
    getSnippet: async () => user.request('GET', `/v1/sites/${(await accountSite()).siteId}/snippet`),
    rotateSiteSecret: async () => user.request('POST', `/v1/sites/${(await accountSite()).siteId}/secret`),
  };

  /** Somebody else with an account, and what is asked about its billing. */
  async function payer(how?: 'no plan') {
    const owner = await signUp(relay);
    const path = `/v1/accounts/${(await owner.me()).accounts[0]?.accountId}/billing`;
    const asked = (method: string, what: string, body?: object) => owner.request(method, `${path}${what}`, body);
    if (how !== 'no plan') await stripe.press((await asked('POST', '/checkout', starter)).body.url, 'pay');
    return { asked };
  }

  /** The example of the plugin's call, made by a user: a server between us turns the one into the other. */
  async function asUser(id: string) {
    const ofPlugin = site;
    await ofAccount('POST', '/sites/adopt', { siteSecret: site.secret });
    // What the plugin's examples left must not stand in the way: a hold keeps everything, and sources are limited.
    for (const left of [relay.db.legalHold, relay.db.source]) await (left.deleteMany as () => Promise<object>)();
    const front = createServer(async (asked, answer) => {
      const url = `${relay.url}/v1/sites/${ofPlugin.id}${asked.url?.replace('/v1/site', '')}`;
      const { authorization: _, host: __, connection: ___, ...headers } = asked.headers as Record<string, string>;
      const body = await buffer(asked);
      const response = await fetch(url, {
        method: asked.method,
        headers: { ...headers, Cookie: user.cookie, Origin: relay.url },
        ...(body.length > 0 && { body }),
      });
      const kept = ['content-type', 'etag', 'content-disposition'].flatMap(name => {
        const value = response.headers.get(name);
        return value ? [[name, value] as const] : [];
      });
      answer.writeHead(response.status, Object.fromEntries(kept)).end(Buffer.from(await response.arrayBuffer()));
    });
    await once(front.listen(0, 'localhost'), 'listening');
    const url = `http://localhost:${(front.address() as AddressInfo).port}`;
    site = { ...ofPlugin, plugin: clientsOf(url, ofPlugin.key, ofPlugin.secret).plugin };
    try {
      return await (good[id] as (typeof good)[string])();
    } finally {
      site = ofPlugin;
      front.close();
    }
  }

  it.each(operations.map(operation => [operation.id, operation] as const))(
    'tells the truth about %s',
    async (id, operation) => {
      const answer = await (good[id] ?? (() => asUser(id.replace(/AsUser$/, ''))))();
      const described = document.paths[operation.path]?.[operation.method]?.responses[answer.status];
      expect(answer.status).toBe(operation.status);
      const type = answer.headers.get('Content-Type')?.split(';')[0] ?? '';
      const table = operation.query?.shape.format ? ['text/csv'] : [];
      const types = new Set([type, ...(operation.answerAs ? [operation.answerAs] : []), ...table]);
      expect(Object.keys(described?.content ?? { '': {} })).toEqual([...types]);
      const schema = described?.content?.['application/json']?.schema;
      if (schema) expect(z.fromJSONSchema(schema).safeParse(answer.body).error).toBeUndefined();
      expect(schema === undefined).toBe(typeof operation.answer !== 'object');
    },
  );

  it('holds a schema that would find a wrong answer', () => {
    const schema =
      document.paths['/v1/site/search']?.get?.responses['200']?.content?.['application/json']?.schema ?? {};
    const search = z.fromJSONSchema(schema);
    expect(search.safeParse({ items: [], answerable: true }).success).toBe(true);
    expect(search.safeParse({ items: [{}], answerable: true }).success).toBe(false);
    expect(search.safeParse({ items: [], answerable: true, secret: 1 }).success).toBe(false);
  });

  it.each([
    ['a wrong secret', () => call('GET', `${relay.url}/v1/site`, { bearer: 'wrong' }), 'getSite'],
    ['an unknown site', () => call('GET', `${relay.url}/v1/widget/nobody/config`), 'getWidgetConfig'],
    ['an unknown field', () => call('POST', `${site.widget.base}/consents`, { body: { colour: 1 } }), 'recordConsent'],
    ['a missing If-Match', async () => site.plugin.save((await site.plugin.settings()).body), 'putSettings'],
  ])('describes the refusal of %s', async (_, refused, id) => {
    const { status, headers, body } = await refused();
    const operation = operations.find(each => each.id === id) as Operation;
    const described = document.paths[operation.path]?.[operation.method]?.responses[status];
    expect(described?.content).toHaveProperty(['application/problem+json']);
    expect(headers.get('Content-Type')).toBe('application/problem+json');
    expect(problemSchema.strict().safeParse(body).error).toBeUndefined();
  });
});

describe('operations', () => {
  let relay: TestRelay;
  beforeAll(async () => {
    // On the embedded database only a key is missing, on every machine.
    relay = await startTestRelay({ database: 'embedded', demo: true });
  });
  afterAll(() => relay.stop());

  it('says that it is alive', async () => {
    expect(await call('GET', `${relay.url}/healthz`)).toMatchObject({ status: 200, body: { status: 'alive' } });
  });

  it('says that it is ready, on which database, and what is missing', async () => {
    expect(await call('GET', `${relay.url}/readyz`)).toMatchObject({
      status: 200,
      body: {
        ready: true,
        database: { kind: 'embedded', reachable: true },
        degraded: [expect.stringContaining('key')],
      },
    });
  });

  it('lives through a database that hangs up, tells nothing of it, and comes back', async () => {
    const env = await databaseEnvironment('postgres');
    const own = await startTestRelay({ demo: true, env });
    const name = new URL(env.DATABASE_URL ?? '').pathname.slice(1);
    const admin = new Client({ connectionString: inject('postgresUrl') });
    await admin.connect();
    try {
      const hangUp = () =>
        admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
      await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
      await hangUp();
      expect(await call('GET', `${own.url}/readyz`)).toMatchObject({ status: 503, body: { ready: false } });
      expect((await call('GET', `${own.url}/healthz`)).status).toBe(200);
      const failed = await own.demo.widget.turn(question('Hello', { thread: [] }));
      expect(failed).toMatchObject({ status: 500, problem: { code: 'internal' } });
      expect(JSON.stringify(failed.problem)).not.toMatch(/prisma|postgres|select|connect|\.ts/i);

      await admin.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
      expect(await call('GET', `${own.url}/readyz`)).toMatchObject({ status: 200, body: { ready: true } });
      expect((await own.demo.widget.turn(question('Hello', { thread: [] }))).status).toBe(200);
    } finally {
      await admin.end();
      await own.stop();
    }
  });

  it.each(['/', '/demo'])('leads %s to the demo shop', async path => {
    const { status, headers } = await call('GET', `${relay.url}${path}`);
    expect([status, headers.get('Location')]).toEqual([302, '/demo/']);
  });

  it.each([
    ['GET', '/nowhere', 404, 'not_found'],
    ['GET', '/v1/nowhere', 404, 'not_found'],
    ['GET', '/v1/widget/demo/nowhere', 404, 'not_found'],
    ['PUT', '/v1/widget/demo/config', 405, 'method_not_allowed'],
    ['DELETE', '/healthz', 405, 'method_not_allowed'],
    ['PATCH', '/v1/site/settings', 405, 'method_not_allowed'],
  ])('answers %s %s with %i', async (method, path, status, code) => {
    const answer = await call<object>(method, `${relay.url}${path}`);
    expect(answer).toMatchObject({ status, body: { code, requestId: answer.headers.get('X-Request-Id') } });
    expect(answer.headers.get('Content-Type')).toBe('application/problem+json');
    expect(answer.headers.has('Allow')).toBe(status === 405);
  });
});
