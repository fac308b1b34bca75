import { randomUUID } from 'node:crypto';
import type { WebhookCreated } from '@confab/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  call,
  clientsOf,
  connectQuery,
  databaseEnvironment,
  databases,
  OPERATOR_KEY,
  ownerClient,
  pages,
  question,
  startTestRelay,
  type TestRelay,
  wordsIn,
} from '../../../../e2e/relay.ts';

const MINUTE_MS = 60_000;
const VERIFIER = 'v'.repeat(43);
const UNSTORED = { thread: [] };

describe.each(databases)('connecting a site on %s', database => {
  let relay: TestRelay;
  let owner: ReturnType<typeof ownerClient>;
  beforeAll(async () => {
    relay = await startTestRelay({ database, demo: true });
    owner = ownerClient(relay.url);
  });
  afterAll(() => relay.stop());

  /** A website that nobody connected before. */
  const homeUrl = () => `https://${randomUUID()}.example/shop`;
  const exchange = (code: string, siteUrl: string, codeVerifier = VERIFIER) =>
    owner.exchange({ code, codeVerifier, siteUrl });
  const codes = () => relay.rows('ConnectCode');

  /** One row of every way that knowledge comes to a site, beside what its plugin pushes. */
  async function plantKnowledge(siteId: string): Promise<void> {
    const { db, services } = relay;
    const site = await services.sites.byId(siteId);
    if (!site) throw new Error('there is no such site');
    const at = new Date();
    const id = randomUUID();
    const [sourceId, uploadId] = [id, id];
    await services.entries.add(site, { question: 'Is it wool?', answer: 'Yes.', links: [] });
    await services.evaluation.add(site, { question: 'Wool?', expects: 'answer', documents: [], phrases: [] });
    await db.source.create({
      data: {
        siteId,
        id,
        url: 'https://shop.example/',
        kind: 'site',
        maxPages: 1,
        maxDepth: 1,
        maxBytes: 1,
        state: 'idle',
        notices: [],
        createdAt: at,
        nextAt: new Date(at.getTime() + 24 * 60 * MINUTE_MS),
      },
    });
    await db.crawlPage.create({
      data: { siteId, sourceId, hash: id, kind: 'page', url: 'https://shop.example/', depth: 0, state: 'done' },
    });
    const file = { name: 'wool.txt', contentType: 'text/plain', size: 1, status: 'receiving', createdAt: at };
    await db.upload.create({ data: { siteId, id, ...file } });
    await db.uploadPiece.create({ data: { siteId, uploadId, ordinal: 0, content: Buffer.from('wool') } });
    if (relay.database.hasVectors) {
      await db.$executeRaw`
        INSERT INTO "Embedding" ("siteId", "model", "textHash")
        SELECT "id", 'a', decode('00', 'hex') FROM "Site" WHERE "id" = ${siteId}::uuid`;
    }
  }

  describe('the first page', () => {
    it('says who asks, and asks for nothing but the operator’s key', async () => {
      const home = homeUrl();
      const { status, headers, body } = await owner.open(connectQuery(home));
      expect([status, headers.get('Content-Type')]).toEqual([200, 'text/html; charset=utf-8']);
      expect(body).toContain(`<strong>${home}</strong>`);
      expect(body.match(/<input(?! type="hidden")[^>]*>/g)).toHaveLength(1);
      expect(body).toContain('<label class="key" for="operatorKey">');
      expect(await codes()).toEqual([]);
    });

    it('runs no script, is not kept, is not framed, and lets its form lead to the site alone', async () => {
      const { headers, body } = await owner.open(connectQuery('https://shop.example/blog'));
      expect(body).not.toMatch(/<script|\son\w+=|javascript:/i);
      expect(headers.get('Cache-Control')).toBe('no-store');
      expect(headers.get('Content-Security-Policy')).toMatch(
        /^default-src 'none'; style-src 'sha256-[\w+/=]{44}'; form-action 'self' https:\/\/shop\.example; base-uri 'none'; frame-ancestors 'none'$/,
      );
      expect(headers.getSetCookie()).toEqual([]);
    });

    it('offers a way back that says no', async () => {
      const { body } = await owner.open(connectQuery('https://shop.example'));
      const [, href = ''] = /<a class="button quiet" href="([^"]*)">/.exec(body) ?? [];
      const back = new URL(href.replaceAll('&#38;', '&'));
      expect(back.origin + back.pathname).toBe('https://shop.example/wp-admin/admin.php');
      expect(Object.fromEntries(back.searchParams)).toEqual({
        page: 'confab',
        confab_connect: '1',
        error: 'access_denied',
        state: 'a state & more',
      });
    });

    it.each<[string, Record<string, string>]>([
      ['platform', { platform: 'joomla' }],
      ['platform', { platform: '' }],
      ['site_url', { site_url: 'shop.example' }],
      ['site_url', { site_url: 'javascript:alert(1)' }],
      ['site_url', { site_url: 'https://shop.example/?p=1' }],
      ['site_url', { site_url: 'https://ann:secret@shop.example' }],
      ['site_url', { site_url: 'https://shop.example/#top' }],
      ['site_url', { site_url: 'https://shop;sandbox.example', redirect_uri: 'https://shop;sandbox.example/' }],
      ['site_url', { site_url: 'https://shop,*.example', redirect_uri: 'https://shop,*.example/' }],
      ['redirect_uri', { redirect_uri: 'https://evil.example/wp-admin/admin.php' }],
      ['redirect_uri', { redirect_uri: 'https://shop.example.evil.example/' }],
      ['redirect_uri', { redirect_uri: 'https://shop.example@evil.example/' }],
      ['redirect_uri', { redirect_uri: 'http://shop.example/wp-admin/admin.php' }],
      ['redirect_uri', { redirect_uri: 'https://shop.example:8443/wp-admin/admin.php' }],
      ['redirect_uri', { redirect_uri: 'https://shop.example/#fragment' }],
      ['redirect_uri', { redirect_uri: '/wp-admin/admin.php' }],
      ['redirect_uri', { redirect_uri: 'javascript:alert(1)//https://shop.example' }],
      ['state', { state: '' }],
      ['state', { state: 'ü' }],
      ['state', { state: 'x'.repeat(513) }],
      ['code_challenge', { code_challenge: 'x'.repeat(42) }],
      ['code_challenge', { code_challenge: 'x'.repeat(129) }],
      ['code_challenge', { code_challenge: `${'x'.repeat(42)}=` }],
      ['code_challenge_method', { code_challenge_method: 'plain' }],
    ])('refuses a wrong %s in words, and leads nowhere: %j', async (name, change) => {
      const query = { ...connectQuery('https://shop.example'), ...change };
      for (const answer of [await owner.open(query), await owner.signIn(query)]) {
        expect([answer.status, answer.headers.get('Content-Type')]).toEqual([400, 'text/html; charset=utf-8']);
        expect(answer.headers.get('Location')).toBeNull();
        expect(answer.headers.get('Content-Security-Policy')).toContain("form-action 'none'");
        expect(answer.body).toContain(`&#34;${name}&#34;: `);
        expect(answer.body).not.toMatch(/href=|evil|alert\(/);
      }
    });

    it('refuses a parameter that is missing, or given twice', async () => {
      const { state: _, ...without } = connectQuery('https://shop.example');
      expect((await owner.open(without)).body).toContain('missing, or given twice');
      const twice = `${new URLSearchParams(connectQuery('https://shop.example'))}&state=other`;
      const { status, body } = await call<string>('GET', `${relay.url}/connect?${twice}`);
      expect([status, body]).toEqual([400, expect.stringContaining('missing, or given twice')]);
    });

    it('shows what it was given as text', async () => {
      const hostile = '"><script>alert(1)</script>\'&amp;';
      const query = connectQuery('https://shop.example/%22%3E%3Cscript%3E');
      const { status, body } = await owner.open({ ...query, state: hostile });
      expect(status).toBe(200);
      expect(body).not.toContain('<script');
      const back = await owner.decide({ ...query, state: hostile }, { decision: 'refuse' });
      expect(back.searchParams.get('state')).toBe(hostile);
    });
  });

  describe('the operator’s key', () => {
    it.each(['', 'wrong', `${OPERATOR_KEY}x`, OPERATOR_KEY.toUpperCase(), '\u0000', 'ü'.repeat(400)])(
      'is asked for again where it is %j',
      async key => {
        const { status, body } = await owner.signIn(connectQuery('https://shop.example'), key);
        expect(status).toBe(403);
        expect(body).toMatch(/role="alert" tabindex="-1" autofocus>\n<p id="key-refusal"><b>That is not the operator/);
        expect(body).toContain('aria-describedby="key-hint key-refusal" aria-invalid="true"');
        expect(body).not.toContain('name="ticket"');
        if (key !== '') expect(body).not.toContain(`value="${key}"`);
      },
    );

    it('is taken as it was copied, and stands in no later page and no log line', async () => {
      const { status, body } = await owner.signIn(connectQuery('https://shop.example'), ` ${OPERATOR_KEY}\n`);
      expect([status, body.includes(OPERATOR_KEY)]).toEqual([200, false]);
      expect(relay.logLines.filter(line => line.includes(OPERATOR_KEY))).toEqual([]);
    });

    it('opens nothing else than a form does', async () => {
      const query = connectQuery('https://shop.example');
      const json = await call<string>('POST', `${relay.url}/connect`, {
        body: { ...query, operatorKey: OPERATOR_KEY },
      });
      expect([json.status, json.body]).toEqual([415, expect.stringContaining('<!doctype html>')]);
      const long = await owner.post('/connect', { ...query, operatorKey: 'x'.repeat(20_000) });
      expect(long.status).toBe(413);
    });
  });

  describe('the second page', () => {
    const choicesIn = (html: string) =>
      [...html.matchAll(/<input type="radio" name="site" value="([^"]+)" required( checked)?>/g)].map(
        ([, id = '', checked]) => ({ id, isChecked: checked !== undefined }),
      );

    it('proposes a new site, or the one that had this address before, and never the demo shop', async () => {
      const home = homeUrl();
      const unknown = choicesIn((await owner.signIn(connectQuery(home))).body);
      expect(unknown.filter(({ isChecked }) => isChecked)).toEqual([{ id: 'new', isChecked: true }]);
      const site = await owner.connect(home);
      const known = choicesIn((await owner.signIn(connectQuery(`${home}/`))).body);
      expect(known.filter(({ isChecked }) => isChecked)).toEqual([{ id: site.siteId, isChecked: true }]);
      const demo = await relay.services.sites.byKey('demo');
      expect(known.map(({ id }) => id)).not.toContain(demo.id);
    });

    it('says which connection a choice would end', async () => {
      const [home, other] = [homeUrl(), homeUrl()];
      const site = await owner.connect(home);
      const { body } = await owner.signIn(connectQuery(other));
      expect(body).toContain(`Choosing it ends that connection: ${home} is cut off.`);
      await site.plugin.disconnect({ erase: false });
      const { body: later } = await owner.signIn(connectQuery(other));
      expect(later).not.toContain(`${home} is cut off`);
    });

    it('shows the name of a site as text', async () => {
      const site = await owner.connect(homeUrl());
      await site.plugin.change(settings => ({ ...settings, name: '<img src=x onerror=alert(1)>' }));
      const { body } = await owner.signIn(connectQuery(homeUrl()));
      expect(body).toContain('&#60;img src=x');
      expect(body).not.toContain('<img');
    });

    it('leads back with a code and the state, by GET', async () => {
      const home = homeUrl();
      const back = await owner.decide(connectQuery(home), { decision: 'approve', site: 'new' });
      expect(back.origin).toBe(new URL(home).origin);
      expect(Object.fromEntries(back.searchParams)).toEqual({
        page: 'confab',
        confab_connect: '1',
        state: 'a state & more',
        code: expect.stringMatching(/^[\w-]{43}$/),
      });
    });

    it('leads back with a no, and then leaves nothing', async () => {
      const before = await codes();
      const back = await owner.decide(connectQuery(homeUrl()), { decision: 'refuse', site: 'new' });
      expect(back.searchParams.get('error')).toBe('access_denied');
      expect(back.searchParams.has('code')).toBe(false);
      expect(await codes()).toEqual(before);
    });

    it('takes no decision with a ticket that is forged, cut, another relay’s, or too old', async () => {
      const page = await owner.signIn(connectQuery(homeUrl()));
      const ticket = /name="ticket" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
      const form = { decision: 'approve', site: 'new' };
      const before = await codes();
      const sealedElsewhere = relay.services.keyring.encrypt(JSON.stringify({ asked: {}, until: 1e15 }), 'other');
      const foreign = `${sealedElsewhere.keyId}.${Buffer.from(sealedElsewhere.ciphertext).toString('base64url')}`;
      const changed = `${ticket.slice(0, -2)}${ticket.endsWith('AA') ? 'BB' : 'AA'}`;
      for (const forged of ['', 'x', '.', 'x.y', ticket.slice(0, 40), changed, ticket.slice(9), foreign]) {
        const { status, body, headers } = await owner.post('/connect/decision', { ...form, ticket: forged });
        expect([status, headers.get('Location')], forged).toEqual([400, null]);
        expect(body).toContain('Press Connect');
      }
      relay.clock.setAhead(10 * MINUTE_MS + 1_000);
      expect((await owner.post('/connect/decision', { ...form, ticket })).status).toBe(400);
      relay.clock.setAhead(9 * MINUTE_MS);
      expect(await codes()).toEqual(before);
      expect((await owner.post('/connect/decision', { ...form, ticket })).status).toBe(303);
      relay.clock.setAhead(0);
    });

    it('takes no site that it does not offer', async () => {
      const page = await owner.signIn(connectQuery(homeUrl()));
      const ticket = /name="ticket" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
      const demo = await relay.services.sites.byKey('demo');
      for (const site of [demo.id, randomUUID(), 'demo', '', "'; DROP TABLE"]) {
        expect((await owner.post('/connect/decision', { ticket, decision: 'approve', site })).status, site).toBe(400);
      }
      expect((await owner.post('/connect/decision', { ticket, decision: 'maybe', site: 'new' })).status).toBe(400);
    });
  });

  describe('the exchange', () => {
    it('gives a new site with its origin admitted, and a secret that opens it', async () => {
      const home = homeUrl();
      const { origin, host } = new URL(home);
      const site = await owner.connect(`${home}/`);
      expect(site).toMatchObject({ siteKey: expect.stringMatching(/^[0-9a-f]{24}$/), siteSecret: expect.any(String) });
      expect(site.siteSecret.length).toBeGreaterThanOrEqual(43);
      expect(site.relayPublicKeys).toEqual([expect.stringMatching(/^whpk_[\w+/]{43}=$/)]);
      expect((await site.plugin.site()).body).toMatchObject({
        siteId: site.siteId,
        name: host,
        platform: 'wordpress',
        homeUrl: home,
        relayPublicKeys: site.relayPublicKeys,
      });
      expect((await site.plugin.settings()).body.allowedOrigins).toEqual([origin]);
      expect((await site.widget.config('', { Origin: origin })).status).toBe(200);
      expect(await relay.tablesWith(site.siteSecret)).toEqual([]);
    });

    it('takes a code once, and keeps no trace of it', async () => {
      const home = homeUrl();
      const code = await owner.approve(connectQuery(home));
      expect(await relay.tablesWith(code)).toEqual([]);
      expect((await exchange(code, home)).status).toBe(200);
      expect(await exchange(code, home)).toMatchObject({ status: 400, body: { code: 'connect_code_invalid' } });
    });

    it('has one winner, however many come at once', async () => {
      const home = homeUrl();
      const code = await owner.approve(connectQuery(home));
      const answers = await Promise.all(Array.from({ length: 8 }, () => exchange(code, home)));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400, 400, 400, 400, 400]);
      const made = (await relay.rows('Site')).filter(site => site.homeUrl === home);
      expect(made).toHaveLength(1);
    });

    it.each<[string, (home: string, code: string) => object]>([
      ['a wrong verifier', (siteUrl, code) => ({ code, codeVerifier: 'w'.repeat(43), siteUrl })],
      [
        'the challenge for the verifier',
        (siteUrl, code) => {
          return { code, codeVerifier: connectQuery(siteUrl).code_challenge, siteUrl };
        },
      ],
      ['another site', (_, code) => ({ code, codeVerifier: VERIFIER, siteUrl: 'https://evil.example' })],
      ['another folder of the site', (home, code) => ({ code, codeVerifier: VERIFIER, siteUrl: `${home}/blog` })],
    ])('refuses %s, and the code is spent then', async (_, wrong) => {
      const home = homeUrl();
      const code = await owner.approve(connectQuery(home));
      expect(await owner.exchange(wrong(home, code))).toMatchObject({
        status: 400,
        body: { code: 'connect_code_invalid' },
      });
      expect((await exchange(code, home)).body.code).toBe('connect_code_invalid');
    });

    it('refuses a code after ten minutes, and such codes go in passing', async () => {
      const home = homeUrl();
      const [late, forgotten] = [await owner.approve(connectQuery(home)), await owner.approve(connectQuery(homeUrl()))];
      expect([late, forgotten]).not.toContain('');
      relay.clock.setAhead(30 * MINUTE_MS);
      expect((await exchange(late, home)).body.code).toBe('connect_code_invalid');
      relay.clock.setAhead(0);
      expect(await codes()).toEqual([]);
    });

    it.each<[string, object, string]>([
      [
        'an unknown code',
        { code: 'x'.repeat(43), codeVerifier: VERIFIER, siteUrl: 'https://a.example' },
        'connect_code_invalid',
      ],
      ['a missing verifier', { code: 'x', siteUrl: 'https://a.example' }, 'validation_failed'],
      ['a field more', { code: 'x', codeVerifier: 'x', siteUrl: 'https://a.example', a: 1 }, 'validation_failed'],
      ['a NUL', { code: '\u0000', codeVerifier: 'x', siteUrl: 'https://a.example' }, 'validation_failed'],
    ])('refuses %s', async (_, body, code) => {
      expect(await owner.exchange(body)).toMatchObject({ status: 400, body: { code } });
    });

    it('gives an existing site a new secret; the old one is dead at once, and all that it holds is there', async () => {
      const [home, moved] = [homeUrl(), homeUrl()];
      const before = await owner.connect(home);
      await before.plugin.sync({ upsert: pages });
      const { headers } = await before.plugin.settings();
      // Both surfaces have read the site just now.
      expect((await before.widget.config()).status).toBe(200);

      const after = await owner.connect(moved, before.siteId);
      expect(after).toMatchObject({ siteId: before.siteId, siteKey: before.siteKey });
      expect((await before.plugin.site()).status).toBe(401);
      expect((await after.plugin.site()).body.homeUrl).toBe(moved);
      expect((await after.plugin.status()).body.documents).toBe(pages.length);
      const settings = await after.plugin.settings();
      expect(settings.body.allowedOrigins).toEqual([new URL(home).origin, new URL(moved).origin]);
      expect(settings.headers.get('ETag')).not.toBe(headers.get('ETag'));
      expect((await after.widget.config('', { Origin: new URL(moved).origin })).status).toBe(200);
    });

    it('refuses a code whose site was erased meanwhile', async () => {
      const home = homeUrl();
      const site = await owner.connect(home);
      const code = await owner.approve(connectQuery(home), site.siteId);
      expect((await site.plugin.disconnect({ erase: true })).status).toBe(204);
      expect((await exchange(code, home)).body.code).toBe('connect_code_invalid');
    });
  });

  describe('a disconnected site', () => {
    it('that is kept answers nobody, is purged on, and comes back whole', async () => {
      const home = homeUrl();
      const site = await owner.connect(home);
      await site.plugin.sync({ upsert: pages });
      const handle = await site.widget.begin('Is it wool?');
      expect((await site.plugin.disconnect({ erase: false })).status).toBe(204);

      expect((await site.plugin.site()).status).toBe(401);
      expect(await site.widget.config()).toMatchObject({ status: 404, body: { code: 'site_not_found' } });
      expect((await site.widget.turn(question('Hello', UNSTORED))).problem?.code).toBe('site_not_found');
      expect((await site.widget.conversation(handle)).status).toBe(404);
      expect(await relay.rows('Conversation', site)).toHaveLength(1);
      expect(await relay.services.retention.purgeSite(site.id, { trigger: 'manual' })).toMatchObject({ held: false });

      const back = await owner.connect(home, site.siteId);
      expect(back.siteKey).toBe(site.siteKey);
      expect((await back.widget.conversation(handle)).status).toBe(200);
      expect((await back.plugin.status()).body.documents).toBe(pages.length);
    });

    it('that is erased leaves no row in any table, and no word in a file of ours', async () => {
      const home = homeUrl();
      const site = await owner.connect(home);
      const rows = async () =>
        Object.entries(await relay.dump('public')).flatMap(([table, all]) =>
          all.some(row => row.includes(site.id)) ? table.replace(/public\.|"/g, '') : [],
        );
      await site.plugin.sync({ upsert: pages });
      await site.plugin.change(({ answers, ...settings }) => ({
        ...settings,
        answers: { ...answers, openai: { ...answers.openai, apiKey: 'key-of-the-site' } },
        notifications: { ...settings.notifications, addresses: ['zanzibarine@example.com'] },
      }));
      const bearer = site.siteSecret;
      const hook = { url: `${home}/hook`, events: ['lead.created'] };
      const { body: added } = await call<WebhookCreated>('POST', `${site.plugin.base}/webhooks`, {
        bearer,
        body: hook,
      });
      await call('POST', `${site.plugin.base}/webhooks/${added.webhookId}/test`, { bearer });
      const both = await site.widget.begin('Zanzibarine wool?', ['storage', 'analytics']);
      await site.widget.pageview({ conversationId: both });
      await site.widget.lead({ fields: { email: 'zanzibarine@example.com' } });
      await site.widget.token();
      await site.plugin.requestData({ type: 'erasure', subject: { email: 'nobody@shop.example' } });
      const { body: hold } = await site.plugin.hold({ reason: 'A dispute', author: 'Ann' });
      await site.plugin.endHold(hold.legalHoldId);
      await relay.services.retention.purgeSite(site.id, { trigger: 'manual' });
      await owner.approve(connectQuery(home), site.siteId);
      await plantKnowledge(site.siteId);
      const tables = Object.keys(await relay.dump('public')).map(table => table.replace(/public\.|"/g, ''));
      // Every table, save those that only a shop of another platform fills, and what is of an address at any site.
      const others = /^_prisma|^Shopify|^EmailCount$|^EmailSuppression$/;
      expect((await rows()).sort()).toEqual(tables.filter(table => !others.test(table)).sort());

      expect((await site.plugin.disconnect({ erase: true })).status).toBe(204);
      expect(await rows()).toEqual([]);
      expect((await site.plugin.site()).status).toBe(401);
      expect((await site.widget.config()).status).toBe(404);
      // Nor is any word of it queued: jobs hold ids.
      expect(await relay.tablesWith('anzibarine')).toEqual([]);
      if (database === 'embedded') expect(await wordsIn(relay.dataDir, ['anzibarine'])).toEqual([]);
      // What was queued for it finds nothing, and says nothing.
      await relay.services.privacy.resume();
      expect(await relay.services.retention.purgeSite(site.id, { trigger: 'nightly' })).toBeUndefined();
    });

    it('is not erased, and not cut off either, while a legal hold keeps any of it', async () => {
      const site = await owner.connect(homeUrl());
      const conversation = await site.widget.begin('Is it wool?').then(async handle => {
        const known = await relay.services.sites.byKey(site.siteKey);
        return (await relay.services.conversations.look(known, handle))?.id;
      });
      const { body: hold } = await site.plugin.hold({
        conversationId: conversation,
        reason: 'A dispute',
        author: 'Ann',
      });
      expect(await site.plugin.disconnect({ erase: true })).toMatchObject({
        status: 409,
        body: { code: 'legal_hold' },
      });
      expect((await site.plugin.site()).status).toBe(200);
      expect(await relay.rows('Conversation', site)).toHaveLength(1);
      await site.plugin.endHold(hold.legalHoldId);
      expect((await site.plugin.disconnect({ erase: true })).status).toBe(204);
    });

    it('is never erased by a body that does not say so', async () => {
      const site = await owner.connect(homeUrl());
      for (const body of [{}, { erase: 'true' }, { erase: 1 }, { erase: true, all: true }, []]) {
        expect(await site.plugin.disconnect(body)).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
      }
      expect((await site.plugin.site()).status).toBe(200);
    });
  });

  it('has nothing to check for a site that no plugin connected', async () => {
    const site = await relay.site();
    expect(await site.plugin.checkConnection()).toMatchObject({ status: 202, body: { verification: null } });
    expect((await site.plugin.site()).body).toMatchObject({ platform: null, homeUrl: null, verification: null });
  });
});

describe('guessing', () => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startTestRelay({ env: { CONFAB_RATE_LIMIT: 'on', CONFAB_TRUST_PROXY: '1' } });
  });
  afterAll(() => relay.stop());
  const from = (address: string) => ({ 'X-Forwarded-For': address });

  it('the operator’s key ends after ten tries, also for who then has it right', async () => {
    const owner = ownerClient(relay.url);
    const query = connectQuery('https://shop.example');
    const tryKey = (key: string, address: string) => owner.signIn(query, key, from(address));
    for (let at = 1; at <= 10; at += 1) expect((await tryKey(`guess ${at}`, '203.0.113.7')).status).toBe(403);
    const refused = await tryKey(OPERATOR_KEY, '203.0.113.7');
    expect([refused.status, refused.body]).toEqual([429, expect.stringMatching(/Too many tries. Wait \d+ minutes/)]);
    expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(500);
    expect((await tryKey(OPERATOR_KEY, '203.0.113.8')).status).toBe(200);
  });

  it('a code ends after twenty tries', async () => {
    const body = { code: 'x', codeVerifier: 'x', siteUrl: 'https://shop.example' };
    const tryCode = () => call<object>('POST', `${relay.url}/v1/connect/token`, { body, headers: from('203.0.113.9') });
    for (let at = 1; at <= 20; at += 1) expect((await tryCode()).status).toBe(400);
    expect(await tryCode()).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
  });
});

it('takes the key that the relay made for itself where none was chosen', async () => {
  const relay = await startTestRelay({ env: { CONFAB_OPERATOR_KEY: '' } });
  const owner = ownerClient(relay.url);
  const query = connectQuery('https://shop.example');
  expect((await owner.signIn(query, relay.services.keyring.operatorKey())).status).toBe(200);
  expect((await owner.signIn(query, OPERATOR_KEY)).status).toBe(403);
  await relay.stop();
});

it('lets no other relay on the database open a site by a secret that was replaced', async () => {
  const env = await databaseEnvironment('postgres');
  const [one, other] = [await startTestRelay({ env }), await startTestRelay({ env })];
  const before = await ownerClient(one.url).connect('https://shop.example');
  const there = clientsOf(other.url, before.siteKey, before.siteSecret);
  expect((await there.plugin.site()).status).toBe(200);
  await ownerClient(one.url).connect('https://shop.example', before.siteId);
  expect((await there.plugin.site()).status).toBe(401);
  await Promise.all([one.stop(), other.stop()]);
});
