import { randomUUID } from 'node:crypto';
import type { WebhookCreated } from '@confab/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signIn, signUp } from '../../../../e2e/console.ts';
import {
  call,
  clientsOf,
  connectQuery,
  databaseEnvironment,
  databases,
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
    owner = ownerClient(relay);
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
    await db.dayCount.create({ data: { siteId, day: at, name: 'planted', count: 1 } });
    await db.minuteCount.create({ data: { siteId, minute: at, name: 'planted', count: 1 } });
    const { id: conversationId } = await db.conversation.findFirstOrThrow({ where: { siteId } });
    await db.presence.create({ data: { siteId, conversationId, holder: id, since: at, seenAt: at } });
    await db.uploadPiece.create({ data: { siteId, uploadId, ordinal: 0, content: Buffer.from('wool') } });
    if (relay.database.hasVectors) {
      await db.$executeRaw`
        INSERT INTO "Embedding" ("siteId", "model", "textHash")
        SELECT "id", 'a', decode('00', 'hex') FROM "Site" WHERE "id" = ${siteId}::uuid`;
    }
  }

  describe('who is not signed in', () => {
    const asked = (query: Record<string, string>, headers: Record<string, string> = {}) =>
      call<string>('GET', `${relay.url}/connect?${new URLSearchParams(query)}`, { headers });

    it('is led to the sign-in, and from there back to the very same page of this relay', async () => {
      const query = connectQuery(homeUrl());
      const { status, headers } = await asked(query);
      expect(status).toBe(303);
      const target = new URL(headers.get('Location') ?? '', relay.url);
      expect([target.origin, target.pathname]).toEqual([relay.url, '/console/sign-in']);
      const next = new URL(target.searchParams.get('next') ?? '', relay.url);
      expect([next.origin, next.pathname]).toEqual([relay.url, '/connect']);
      expect(Object.fromEntries(next.searchParams)).toEqual(query);
    });

    it.each(['confab.session_token=forged', 'confab.session_token=; x=y'])('is so with the cookie %j', async Cookie => {
      expect((await asked(connectQuery(homeUrl()), { Cookie })).status).toBe(303);
    });

    it('takes no other address along than the one of the page', async () => {
      const query = { ...connectQuery(homeUrl()), next: 'https://evil.example', redirect: '//evil.example' };
      const { headers } = await asked(query);
      expect(headers.get('Location')).not.toContain('evil');
    });

    it('decides nothing, also with the ticket of somebody who is', async () => {
      const ticket = await owner.ticket(connectQuery(homeUrl()));
      const before = await codes();
      for (const path of ['/connect/decision', '/connect/sign-out']) {
        const form = { ticket, decision: 'approve', site: `new:${await owner.accountId()}` };
        const { status, headers } = await owner.post(path, form, { Cookie: '' });
        expect([status, headers.get('Location')]).toEqual([401, null]);
      }
      expect(await codes()).toEqual(before);
    });
  });

  describe('the page', () => {
    it('says who asks, who is signed in, what is shared, and asks for a choice only', async () => {
      const home = homeUrl();
      const { status, headers, body } = await owner.open(connectQuery(home));
      expect([status, headers.get('Content-Type')]).toEqual([200, 'text/html; charset=utf-8']);
      expect(body).toContain(`<strong>${home}</strong>`);
      expect(body).toMatch(/Signed in as <b>Ada Owner<\/b> \([\w-]+@people.example\)/);
      expect(body).toContain('What will be shared');
      expect(body.match(/<input(?! type="(hidden|radio)")[^>]*>/g)).toBeNull();
      expect(await codes()).toEqual([]);
    });

    it('runs no script, is not kept, is not framed, and lets its form lead to the site alone', async () => {
      const { headers, body } = await owner.open(connectQuery('https://shop.example/blog'));
      expect(body).not.toMatch(/<script|\son\w+=|javascript:/i);
      expect(headers.get('Cache-Control')).toBe('no-store');
      expect(headers.get('Content-Security-Policy')).toMatch(
        /^default-src 'none'; style-src 'sha256-[\w+/=]{44}'; form-action 'self' https:\/\/shop\.example; base-uri 'none'; frame-ancestors 'none'$/,
      );
      // Where there is none, browsers say "Origin: null" of a form, and nobody could decide.
      expect(headers.get('Referrer-Policy')).toBe('same-origin');
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
      // Who is not signed in is not led anywhere with it either.
      const asStranger = await call<string>('GET', `${relay.url}/connect?${new URLSearchParams(query)}`);
      for (const answer of [await owner.open(query), asStranger]) {
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

  describe('the choice', () => {
    const choicesIn = (html: string) =>
      [...html.matchAll(/<input type="radio" name="site" value="([^"]+)" required( checked)?>/g)].map(
        ([, id = '', checked]) => ({ id, isChecked: checked !== undefined }),
      );

    it('proposes a new site, or the one that had this address before, and never the demo shop', async () => {
      const home = homeUrl();
      const fresh = `new:${await owner.accountId()}`;
      const unknown = choicesIn((await owner.open(connectQuery(home))).body);
      expect(unknown.filter(({ isChecked }) => isChecked)).toEqual([{ id: fresh, isChecked: true }]);
      const site = await owner.connect(home);
      const known = choicesIn((await owner.open(connectQuery(`${home}/`))).body);
      expect(known.filter(({ isChecked }) => isChecked)).toEqual([{ id: site.siteId, isChecked: true }]);
      const demo = await relay.services.sites.byKey('demo');
      expect(demo.accountId).toBe(await owner.accountId());
      expect(known.map(({ id }) => id)).not.toContain(demo.id);
    });

    it('is among the sites of the user’s own accounts, under the name of each', async () => {
      const other = ownerClient(relay);
      const theirs = await other.connect(homeUrl());
      const mine = await owner.connect(homeUrl());
      const { body } = await other.open(connectQuery(homeUrl()));
      expect(body).toContain('<legend>In the account Ada Owner</legend>');
      const ids = choicesIn(body).map(({ id }) => id);
      expect(ids).toContain(theirs.siteId);
      expect(ids).not.toContain(mine.siteId);
    });

    it('takes no site and no account of somebody else', async () => {
      const other = ownerClient(relay);
      const theirs = await other.connect(homeUrl());
      const before = await codes();
      for (const site of [theirs.siteId, `new:${await other.accountId()}`]) {
        const ticket = await owner.ticket(connectQuery(homeUrl()));
        const { status, headers } = await owner.post('/connect/decision', { ticket, decision: 'approve', site });
        expect([status, headers.get('Location')]).toEqual([400, null]);
      }
      expect(await codes()).toEqual(before);
    });

    it.each(['reader', 'agent', 'manager'] as const)('is not a %s’s, who is told so', async role => {
      const person = await signUp(relay, { name: 'Rita <b>Reader</b>' });
      const { user, accounts } = await person.me();
      // Of an account of their own they would be the owner.
      await relay.db.member.deleteMany({ where: { userId: user.id, accountId: accounts[0]?.accountId as string } });
      const accountId = await owner.accountId();
      const grant = { role, allSites: true, siteIds: [], createdAt: new Date() };
      await relay.db.member.create({ data: { accountId, userId: user.id, ...grant } });
      const theirs = ownerClient(relay, person);
      const home = homeUrl();
      const { status, body } = await theirs.open(connectQuery(home));
      expect(status).toBe(403);
      expect(body).toMatch(new RegExp(`In <b>Ada Owner</b> you are an? ${role}`));
      expect(body).not.toContain('name="site"');
      expect(body).not.toContain('<b>Reader');
      const [, href = ''] = /<a class="button" href="([^"]*)">Cancel/.exec(body) ?? [];
      const back = new URL(href.replaceAll('&#38;', '&'));
      expect([back.origin, back.searchParams.get('error')]).toEqual([new URL(home).origin, 'access_denied']);
      const ticket = await theirs.ticket(connectQuery(home));
      const form = { ticket, decision: 'approve', site: `new:${accountId}` };
      expect((await theirs.post('/connect/decision', form)).status).toBe(400);
    });

    it('says which connection it would end', async () => {
      const [home, other] = [homeUrl(), homeUrl()];
      const site = await owner.connect(home);
      const { body } = await owner.open(connectQuery(other));
      expect(body).toContain(`Choosing it ends that connection: ${home} is cut off.`);
      await site.plugin.disconnect({ erase: false });
      const { body: later } = await owner.open(connectQuery(other));
      expect(later).not.toContain(`${home} is cut off`);
    });

    it('shows the name of a site as text', async () => {
      const site = await owner.connect(homeUrl());
      await site.plugin.change(settings => ({ ...settings, name: '<img src=x onerror=alert(1)>' }));
      const { body } = await owner.open(connectQuery(homeUrl()));
      expect(body).toContain('&#60;img src=x');
      expect(body).not.toContain('<img');
    });

    it('is written into the audit log of the account', async () => {
      await owner.decide(connectQuery(homeUrl()), { decision: 'approve' });
      const [entry] = (await relay.rows('AuditEntry')).filter(({ action }) => action === 'connectSite').slice(-1);
      expect(entry).toMatchObject({ accountId: await owner.accountId(), siteId: null, actorName: 'Ada Owner' });
      expect(entry.details).toEqual({ platform: 'wordpress' });
    });
  });

  describe('the decision', () => {
    it('leads back with a code and the state, by GET', async () => {
      const home = homeUrl();
      const back = await owner.decide(connectQuery(home), { decision: 'approve' });
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
      const back = await owner.decide(connectQuery(homeUrl()), { decision: 'refuse' });
      expect(back.searchParams.get('error')).toBe('access_denied');
      expect(back.searchParams.has('code')).toBe(false);
      expect(await codes()).toEqual(before);
    });

    it('takes a ticket of its own session only, from a page of its own, once read and in time', async () => {
      const query = connectQuery(homeUrl());
      const ticket = await owner.ticket(query);
      const form = { decision: 'approve', site: `new:${await owner.accountId()}` };
      const before = await codes();
      const sealedElsewhere = relay.services.keyring.encrypt(JSON.stringify({ asked: {}, until: 1e15 }), 'other');
      const foreign = `${sealedElsewhere.keyId}.${Buffer.from(sealedElsewhere.ciphertext).toString('base64url')}`;
      const changed = `${ticket.slice(0, -2)}${ticket.endsWith('AA') ? 'BB' : 'AA'}`;
      const ofSomebodyElse = await ownerClient(relay).ticket(query);
      const forgeries = ['', 'x', '.', 'x.y', ticket.slice(0, 40), changed, ticket.slice(9), foreign, ofSomebodyElse];
      for (const forged of forgeries) {
        const { status, body, headers } = await owner.post('/connect/decision', { ...form, ticket: forged });
        expect([status, headers.get('Location')], forged).toEqual([400, null]);
        expect(body).toContain('Press Connect');
      }
      const user = (await owner.user()) as Awaited<ReturnType<typeof signUp>>;
      const again = ownerClient(relay, await signIn(relay, user));
      expect((await again.post('/connect/decision', { ...form, ticket })).body).toContain('signed in anew');
      for (const Origin of ['https://evil.example', 'null', 'https://shop.example', '']) {
        const { status, headers } = await owner.post('/connect/decision', { ...form, ticket }, { Origin });
        expect([status, headers.get('Location')], Origin).toEqual([403, null]);
      }
      relay.clock.setAhead(10 * MINUTE_MS + 1_000);
      expect((await owner.post('/connect/decision', { ...form, ticket })).status).toBe(400);
      relay.clock.setAhead(9 * MINUTE_MS);
      expect(await codes()).toEqual(before);
      expect((await owner.post('/connect/decision', { ...form, ticket })).status).toBe(303);
      relay.clock.setAhead(0);
    });

    it('takes no site that it does not offer, and nothing but a form', async () => {
      const ticket = await owner.ticket(connectQuery(homeUrl()));
      const demo = await relay.services.sites.byKey('demo');
      for (const site of [demo.id, randomUUID(), `new:${randomUUID()}`, 'new:', 'new', 'demo', '', "'; DROP TABLE"]) {
        expect((await owner.post('/connect/decision', { ticket, decision: 'approve', site })).status, site).toBe(400);
      }
      const form = { ticket, decision: 'maybe', site: `new:${await owner.accountId()}` };
      expect((await owner.post('/connect/decision', form)).status).toBe(400);
      const json = await owner.post('/connect/decision', form, { 'Content-Type': 'application/json' });
      expect([json.status, json.body]).toEqual([415, expect.stringContaining('<!doctype html>')]);
      expect((await owner.post('/connect/decision', { ...form, ticket: 'x'.repeat(20_000) })).status).toBe(413);
    });

    it('is left to somebody else by signing out, who then comes to the same page', async () => {
      const leaving = ownerClient(relay);
      const query = connectQuery(homeUrl());
      const ticket = await leaving.ticket(query);
      const { status, headers } = await leaving.post('/connect/sign-out', { ticket });
      expect(status).toBe(303);
      const next = new URL(headers.get('Location') ?? '', relay.url).searchParams.get('next') ?? '';
      expect(Object.fromEntries(new URL(next, relay.url).searchParams)).toEqual(query);
      expect((await leaving.open(query)).status).toBe(303);
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

    it('gives no account more sites than it may have, however many codes wait', async () => {
      const rich = ownerClient(relay);
      const accountId = await rich.accountId();
      const [first, second] = [homeUrl(), homeUrl()];
      const waiting = [await rich.approve(connectQuery(first)), await rich.approve(connectQuery(second))] as const;
      const made = Array.from({ length: 199 }, () => ({
        ...{ id: randomUUID(), key: randomUUID(), accountId, secretHash: null, createdAt: new Date() },
        settings: { name: 'A site' },
      }));
      await relay.db.site.createMany({ data: made });
      try {
        const answers = await Promise.all([exchange(waiting[0], first), exchange(waiting[1], second)]);
        expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
        const refused = answers.find(({ status }) => status === 400);
        expect(refused?.body).toMatchObject({ code: 'validation_failed', detail: expect.stringContaining('200') });
        expect(await relay.db.site.count({ where: { accountId } })).toBe(200);
      } finally {
        await relay.db.site.deleteMany({ where: { id: { in: made.map(({ id }) => id) } } });
      }
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

    it('refuses a code of who is no owner any more', async () => {
      const [leaving, home] = [ownerClient(relay), homeUrl()];
      const code = await leaving.approve(connectQuery(home));
      await relay.db.member.updateMany({ where: { accountId: await leaving.accountId() }, data: { role: 'manager' } });
      expect((await exchange(code, home)).body.code).toBe('connect_code_invalid');
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
          table !== 'public."AuditEntry"' && all.some(row => row.includes(site.id))
            ? table.replace(/public\.|"/g, '')
            : [],
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
      // Every table, save those that only a shop of another platform fills, and what is of no site.
      const others =
        /^_prisma|^Shopify|^EmailCount$|^EmailSuppression$|^(BillingRecord|StripeEvent|Subscription|SharedCount|RetiredKey)$|^(Account.*|AuditEntry|Member|User|Session|Credential|Verification|TwoFactor|Passkey|SignIn|Invitation)$/;
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

it('ends guessing at a code after twenty tries', async () => {
  const relay = await startTestRelay({ env: { CONFAB_RATE_LIMIT: 'on', CONFAB_TRUST_PROXY: '1' } });
  const body = { code: 'x', codeVerifier: 'x', siteUrl: 'https://shop.example' };
  const headers = { 'X-Forwarded-For': '203.0.113.9' };
  const tryCode = () => call<object>('POST', `${relay.url}/v1/connect/token`, { body, headers });
  for (let at = 1; at <= 20; at += 1) expect((await tryCode()).status).toBe(400);
  expect(await tryCode()).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
  await relay.stop();
});

it('lets no other relay on the database open a site by a secret that was replaced', async () => {
  const env = await databaseEnvironment('postgres');
  const [one, other] = [await startTestRelay({ env }), await startTestRelay({ env })];
  const oneOwner = ownerClient(one);
  const before = await oneOwner.connect('https://shop.example');
  const there = clientsOf(other.url, before.siteKey, before.siteSecret);
  expect((await there.plugin.site()).status).toBe(200);
  await oneOwner.connect('https://shop.example', before.siteId);
  expect((await there.plugin.site()).status).toBe(401);
  await Promise.all([one.stop(), other.stop()]);
});
