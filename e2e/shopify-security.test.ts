import { createHmac } from 'node:crypto';
import { glob, readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FakeShop } from './fakes/shopify/index.ts';
import { bodySignature } from './fakes/shopify/signers.ts';
import { clientsOf } from './relay.ts';
import { type ShopifyRelay, startShopifyRelay } from './shopify.ts';

const ROOT = new URL('../', import.meta.url).pathname;
const ADMIN = 'relay/src/platforms/shopify/';
const here = 'e2e/shopify-security.test.ts';
const extension = ['plugins/shopify/test/extension.test.ts', 'prints values as JSON or texts only'];

/**
 * Shopify's published security list (https://shopify.dev/docs/apps/build/security/app-security-checks): which test of
 * ours stands for each id. Not in it: KNOWN_CVE_IN_DEPENDENCY and DEPENDENCY_REACHABILITY, which need a network.
 */
const list: Record<string, string[]> = {
  ACTIVE_UPLOADS_AND_PRIVILEGED_PREVIEWS: [here, 'take no file'],
  APP_PROXY_LIQUID_INJECTION: [here, 'is JSON, which Shopify renders nothing of'],
  APP_PROXY_UNVERIFIED_SIGNATURE: [`${ADMIN}commerce.http.test.ts`, 'is refused %s'],
  COMMITTED_SECRET: [here, 'holds no secret of Shopify'],
  CREDENTIAL_BROWSER_LEAKAGE: [here, 'no browser and no log is told a token or a secret'],
  CREDENTIAL_LOG_LEAKAGE: [here, 'no browser and no log is told a token or a secret'],
  CROSS_SITE_SCRIPTING: ['e2e/shopify-admin.test.ts', 'what others wrote is there as text, whole'],
  CSRF_MISSING_PROTECTION: [here, 'lets nobody in without a token of its own'],
  DEPRECATED_SCRIPT_TAG_SCOPE: [here, 'asks for no script tag'],
  EOL_API_VERSION: [here, 'is of an API version that Shopify still serves'],
  EXPIRING_OFFLINE_TOKEN: [`${ADMIN}tokens.http.test.ts`, 'end: an hour the one, ninety days the other'],
  INSECURE_WEBHOOK_URL: [here, 'names addresses by https only'],
  LIQUID_UNSAFE_RENDER: extension,
  METAFIELD_OFFLINE_TOKEN: [here, 'no browser and no log is told a token or a secret'],
  MISSING_AUTHORIZATION_CHECK: ['e2e/shopify-admin.test.ts', 'no list shows what belongs to another shop'],
  MISSING_COMPLIANCE_WEBHOOKS: [`${ADMIN}webhooks/compliance.http.test.ts`, 'MISSING_COMPLIANCE_WEBHOOKS'],
  MISSING_EMBEDDED_CSP: [here, 'is framed by the admin of its shop alone'],
  MISSING_TENANT_ISOLATION: [`${ADMIN}webhooks/receive.http.test.ts`, 'MISSING_TENANT_ISOLATION'],
  OPEN_REDIRECT: [here, 'leads to no foreign address'],
  OVERBROAD_DATA_ACCESS: ['e2e/shopify-operations.test.ts', 'and none is more than that'],
  REQUEST_CONTROLLED_ADMIN_CONTEXT: [here, 'is of the shop of the token, whatever else names another'],
  REQUEST_DERIVED_SHOP_SCOPE: [here, 'is of the shop of the token, whatever else names another'],
  SCOPE_OVER_REQUEST: ['e2e/shopify-operations.test.ts', 'are those of shopify.app.toml'],
  SCRIPT_TAG_URL_INJECTION: [here, 'asks for no script tag'],
  SESSION_LIFECYCLE_AND_REPLAY: [here, 'opens nothing with a token that is'],
  SQL_INJECTION: [here, 'writes no SQL of texts'],
  SSRF_REQUEST_FORGERY: [here, 'calls no host that a token makes up'],
  STATIC_FRAME_ANCESTORS: [here, 'is framed by the admin of its shop alone'],
  TEXT_SETTING_HTML_SMUGGLING: extension,
  THEME_EXTENSION_XSS: extension,
  UNAUTHENTICATED_ENDPOINT: [here, 'lets nobody in without a token of its own'],
  UNSAFE_INNERHTML: [here, 'puts no text into a page as markup'],
  UNSCOPED_SHOP_CONFIG_WRITE: [here, 'is of the shop of the token, whatever else names another'],
  WEAK_SHOP_VALIDATION: [here, 'takes for a shop'],
};

const read = (path: string) => readFile(ROOT + path, 'utf8');
async function files(...patterns: string[]): Promise<[path: string, text: string][]> {
  const found: [string, string][] = [];
  // The sentinels are made up, so that they can be looked for.
  const exclude = (path: string) => /node_modules|generated|\.shopify\/|\bdist\b|sentinels\.json/.test(path);
  for await (const path of glob(patterns, { cwd: ROOT, exclude })) found.push([path, await read(path)]);
  return found;
}
const pathsWith = (found: [string, string][], pattern: RegExp) =>
  found.flatMap(([path, content]) => (pattern.test(content) ? [path] : []));

describe('Shopify’s security list', () => {
  it.each(Object.entries(list))('%s is a test of ours', async (_, [path = '', name = '']) => {
    const source = await read(path);
    const mentions = source.split(name).length - 1;
    expect(mentions).toBeGreaterThan(path === here ? Object.values(list).filter(each => each[1] === name).length : 0);
  });

  it('the repository holds no secret of Shopify', async () => {
    const found = await files(
      '*.*',
      '.env.example',
      '{relay,e2e,plugins,scripts,docs,shared,widget-core,bench}/**/*.*',
    );
    expect(found.length).toBeGreaterThan(300);
    expect(pathsWith(found, /(?:shp(?:at|ca|pa|ss|rt|ua)|prtapi|shptka)_[\da-f]{20,}/i)).toEqual([]);
  });

  it('the relay writes no SQL of texts', async () => {
    const found = (await files('relay/src/**/*.ts')).filter(([path]) => !path.includes('.test.'));
    // The archive and the rotation of keys name tables and columns, which no parameter can: those of their own lists, and
    // of the schema. The doctor's few statements are constants.
    const named = ['relay/src/db/inspect.ts', 'relay/src/db/sealed-rows.ts', 'relay/src/features/exports/store.ts'];
    expect(pathsWith(found, /\$(?:query|execute)RawUnsafe|Prisma\.raw\b/).sort()).toEqual(named);
  });

  it('the script of the admin puts no text into a page as markup', async () => {
    const found = await files(`${ADMIN}embedded/*.js`, 'plugins/shopify/extensions/*/blocks/*.liquid');
    expect(found.length).toBeGreaterThan(1);
    expect(pathsWith(found, /(?:inner|outer)HTML\s*\+?=[^=]|insertAdjacentHTML|document\.write|\beval\(/)).toEqual([]);
  });

  it('the app asks for no script tag', async () => {
    const found = await files(`${ADMIN}{scopes,operations/*}.ts`, 'plugins/shopify/**/*.toml');
    expect(found.length).toBeGreaterThan(5);
    expect(pathsWith(found, /script_?tag/i)).toEqual([]);
  });

  it('shopify.app.toml names addresses by https only', async () => {
    const toml = await read('plugins/shopify/shopify.app.toml');
    const addresses = [...toml.matchAll(/^\s*(?:\w*uri|\w*url\w*) = .*$/gm)].map(([line]) => line);
    expect(addresses.length).toBeGreaterThanOrEqual(5);
    for (const line of addresses) expect(line).toMatch(/= \[? ?"https:\/\//);
  });

  it('shopify.app.toml is of an API version that Shopify still serves, and the relay of the same', async () => {
    const [, version = ''] = /api_version = "(\d{4}-\d\d)"/.exec(await read('plugins/shopify/shopify.app.toml')) ?? [];
    expect(await read(`${ADMIN}api.ts`)).toContain(
      `ApiVersion.${new Date(`${version}-15`).toLocaleString('en', { month: 'long' })}${version.slice(2, 4)}`,
    );
    // Each is served for twelve months.
    expect(Date.parse(`${version}-01`)).toBeGreaterThan(Date.now() - 365 * 24 * 3_600_000);
  });
});

describe('the app, to who means it ill,', () => {
  let bed: ShopifyRelay;
  let url: string;
  let mine: FakeShop;
  let theirs: FakeShop;
  beforeAll(async () => {
    bed = await startShopifyRelay();
    url = bed.relay.url;
    [mine, theirs] = [bed.shopify.shop({ products: 1 }), bed.shopify.shop({ products: 1 })];
    for (const each of [mine, theirs]) expect((await each.open(url)).status).toBe(200);
    await bed.jobsDone();
  });
  afterAll(() => bed.stop());

  const ask = (path: string, token: string | undefined, body?: object) =>
    fetch(`${url}/shopify/app${path}`, {
      redirect: 'manual',
      headers: {
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
        ...(body && { 'Content-Type': 'application/json' }),
      },
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
    });
  const siteOf = async ({ domain }: FakeShop) => {
    const shop = await bed.relay.services.shopify?.shops.byDomain(domain);
    return bed.relay.services.sites.byId(shop?.siteId ?? '');
  };
  /** Every page and action of the admin that there is, as its source names them. */
  async function routes(): Promise<{ method: string; path: string }[]> {
    const sources = await files(`${ADMIN}embedded/**/routes.ts`, `${ADMIN}billing/routes.ts`);
    const named = sources.flatMap(([, source]) => [...source.matchAll(/router\.(get|post)\(\s*'([^']+)'/g)]);
    return named
      .map(([, method = '', path = '']) => ({ method, path: path.replace(/\/:\w+|\/\{.*\}/g, '/x') }))
      .map(({ method, path }) => ({ method: method.toUpperCase(), path: path === '/' ? '' : path }));
  }
  const PAGES = ['', '/conversations', '/leads', '/knowledge', '/privacy', '/settings', '/plan'];

  it('lets nobody in without a token of its own, on any of its routes', async () => {
    const all = await routes();
    expect(all.map(({ path }) => path)).toEqual(expect.arrayContaining(PAGES));
    const signed = mine.pageQuery();
    for (const { method, path } of all) {
      // What the admin signs, or a token in the address, is no proof for an action; a page needs the token in it.
      if (method === 'GET') signed.delete('id_token');
      else signed.set('id_token', mine.idToken());
      for (const query of ['', `?shop=${mine.domain}`, `?${signed}`]) {
        const answer = await fetch(`${url}/shopify/app${path}${query}`, { method, redirect: 'manual' });
        expect(answer.status, `${method} ${path}${query}`).not.toBeLessThan(300);
        expect(answer.status, `${method} ${path}${query}`).toBeLessThan(500);
        if (method === 'POST') expect(answer.status, `${path}${query}`).toBe(401);
        expect(await answer.text()).not.toContain('id="page"');
      }
    }
  });

  const base64url = (value: object | string) =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
  /** A token as somebody would make it who knows everything but, maybe, the secret. */
  function forged({ alg, secret = '', claims = {}, head = {} }: Forgery): string {
    const [, body = ''] = mine.idToken(claims).split('.');
    const signed = `${base64url({ alg, typ: 'JWT', ...head })}.${body}`;
    const hash = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' }[alg];
    return `${signed}.${hash ? createHmac(hash, secret).update(signed).digest('base64url') : ''}`;
  }
  type Forgery = { alg: string; secret?: string; claims?: Record<string, unknown>; head?: object };
  const seconds = () => Math.floor(Date.now() / 1_000);

  it.each<[string, () => string]>([
    ['unsigned', () => forged({ alg: 'none' })],
    ['unsigned, in other letters', () => forged({ alg: 'nOnE' })],
    ['of another method, with our secret', () => forged({ alg: 'HS512', secret: bed.shopify.apiSecret })],
    ['of a third method, with our secret', () => forged({ alg: 'HS384', secret: bed.shopify.apiSecret })],
    ['signed by the public key of the app', () => forged({ alg: 'HS256', secret: bed.shopify.apiKey })],
    ['signed by nothing', () => forged({ alg: 'HS256', secret: '' })],
    [
      'of a demand that nobody knows',
      () => forged({ alg: 'HS256', secret: bed.shopify.apiSecret, head: { crit: ['x'], x: 1 } }),
    ],
    ['cut short', () => mine.idToken().slice(0, -2)],
    ['two in one', () => `${mine.idToken()}.${mine.idToken()}`],
    ['of a minute ago', () => mine.idToken({ exp: seconds() - 11, iat: seconds() - 71, nbf: seconds() - 71 })],
    ['not good yet', () => mine.idToken({ nbf: seconds() + 30 })],
    ['without an end', () => mine.idToken({ exp: undefined })],
    ['of no time', () => mine.idToken({ iat: undefined })],
    ['for several apps', () => mine.idToken({ aud: [bed.shopify.apiKey, 'another'] })],
    ['for another app', () => mine.idToken({ aud: 'another' })],
    ['issued by another shop', () => mine.idToken({ iss: `https://${theirs.domain}/admin` })],
    ['for another shop', () => mine.idToken({ dest: `https://${theirs.domain}` })],
    ['for two shops', () => mine.idToken({ dest: [`https://${mine.domain}`, `https://${theirs.domain}`] })],
  ])('opens nothing with a token that is %s', async (_, token) => {
    const before = bed.shopify.requests.length;
    for (const path of PAGES) expect((await ask(path, token())).status, path).toBe(401);
    const query = mine.pageQuery({ id_token: token() });
    expect((await fetch(`${url}/shopify/app?${query}`, { redirect: 'manual' })).status).toBe(302);
    expect(bed.shopify.requests.length).toBe(before);
  });

  it.each([
    'https://HOST:8443',
    'https://HOST.',
    'https://HOST@evil.example',
    'https://evil.example/HOST',
    'https://evil.example#.HOST',
    'https://HOST.evil.example',
    'https://a.HOST',
    'http://HOST',
    '//HOST',
    'https://myshopify.com',
    'https://.myshopify.com',
    'https://-x.myshopify.com',
    'https://x_y.myshopify.com',
    'https://127.0.0.1',
    'https://[::1]',
    'https://xn--e1a.myshopify.com.evil.example',
    '',
  ])('calls no host that a token makes up: %s', async made => {
    const dest = made.replace('HOST', mine.domain);
    const before = bed.shopify.requests.length;
    const token = mine.idToken({ dest, iss: `${dest}/admin` });
    expect((await ask('', token)).status).toBe(401);
    expect(bed.shopify.requests.length).toBe(before);
  });

  it.each([
    'evil.example',
    'MINE.evil.example',
    'evil.example/MINE',
    'evil.example?MINE',
    'evil.example#MINE',
    'MINE/../evil',
    'MINE:443',
    'MINE.',
    'user@MINE',
    ' MINE',
    'MINE\n',
    'MINE%00',
    'a.MINE',
    'shop.myshopify.io',
    "a'b.myshopify.com",
    '.myshopify.com',
  ])('takes for a shop no %j', async made => {
    const shop = made.replace('MINE', mine.domain);
    const query = new URLSearchParams({ shop, embedded: '1' });
    for (const path of ['', '/bounce', '/leads']) {
      const answer = await fetch(`${url}/shopify/app${path}?${query}`, { redirect: 'manual' });
      expect(answer.status).toBe(400);
      expect(answer.headers.get('Content-Security-Policy')).toMatch(/^frame-ancestors 'none';/);
    }
    const headers = { 'X-Shopify-Shop-Domain': shop.replace(/[\n\0]/g, '!') };
    // A header is without the spaces around it.
    if (shop.trim() === shop) {
      expect((await mine.webhook(url, 'products/update', { id: 1 }, { headers })).status).toBe(400);
    }
  });

  it('takes two shops in one address for none', async () => {
    const query = mine.pageQuery();
    query.append('shop', theirs.domain);
    expect((await fetch(`${url}/shopify/app?${query}`, { redirect: 'manual' })).status).toBe(400);
  });

  it('is of the shop of the token, whatever else names another', async () => {
    const before = await siteOf(theirs);
    const windows = { conversationDays: 30, shop: theirs.domain, siteId: before?.id };
    const address = `?shop=${theirs.domain}&siteId=${before?.id}`;
    const saved = await ask(`/privacy/retention${address}`, mine.idToken(), windows);
    expect(saved.status).toBeLessThan(500);
    expect((await ask(`/knowledge/sync${address}`, mine.idToken(), { shop: theirs.domain })).status).toBe(200);
    expect(await (await ask(`/settings${address}`, mine.idToken())).text()).toContain(`data-shop="${mine.domain}"`);
    await bed.jobsDone({ hurry: true });
    expect(await siteOf(theirs)).toEqual(before);
  });

  it('opens its documents for nobody’s token but of the shop in the address', async () => {
    const query = mine.pageQuery({ id_token: theirs.idToken() });
    const answer = await fetch(`${url}/shopify/app?${query}`, { redirect: 'manual' });
    expect([answer.status, answer.headers.get('Location')]).toEqual([
      302,
      expect.stringContaining('/shopify/app/bounce'),
    ]);
  });

  it('is framed by the admin of its shop alone, on every page', async () => {
    for (const path of PAGES) {
      const answer = await mine.open(url, `/shopify/app${path}`);
      const [ancestors] = (answer.headers.get('Content-Security-Policy') ?? '').split(';');
      expect(ancestors, path).toBe(`frame-ancestors https://${mine.domain} https://admin.shopify.com`);
    }
  });

  it('leads to no foreign address', async () => {
    const paths = ['', '/', '//evil.example', '/%2f%2fevil.example', '/..%2f..%2fevil', '/\\evil.example', '/bounce/x'];
    for (const path of paths) {
      for (const query of [`shop=${mine.domain}`, `shop=${mine.domain}&embedded=1&host=ZXZpbC5leGFtcGxl`]) {
        const answer = await raw(`GET /shopify/app${path}?${query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
        const [, to] = /^location: (.*)\r$/im.exec(answer) ?? [];
        if (to) expect(to, path).toMatch(/^(?:https:\/\/admin\.shopify\.com\/store\/shop-|\/shopify\/app\/bounce\?)/);
      }
    }
    const reload = (to: string) =>
      fetch(`${url}/shopify/app/bounce?${new URLSearchParams({ shop: mine.domain, 'shopify-reload': to })}`);
    for (const to of [
      'https://evil.example/shopify/app',
      `${url}@evil.example/shopify/app`,
      `${url}.evil.example/shopify/app`,
      `${url}/shopify/application`,
      `${url}/shopify/app/../../v1`,
      `${url.replace('http', 'https')}/shopify/app`,
      '//evil.example/shopify/app',
      'javascript:alert(1)',
      '/shopify/app',
    ]) {
      expect((await reload(to)).status, to).toBe(400);
    }
    expect((await reload(`${url}/shopify/app/leads?shop=${mine.domain}`)).status).toBe(200);
  });

  it('and its pages and actions take no file', async () => {
    const form = new FormData();
    form.set('file', new Blob(['<svg onload="alert(1)"/>'], { type: 'image/svg+xml' }), 'x.svg');
    for (const { path } of (await routes()).filter(({ method }) => method === 'POST')) {
      const headers = { Authorization: `Bearer ${mine.idToken()}` };
      const answer = await fetch(`${url}/shopify/app${path}`, { method: 'POST', headers, body: form });
      // What is about one thing finds none under this name.
      expect([200, 415, ...(/\/x(\/|$)/.test(path) ? [404] : [])], path).toContain(answer.status);
      expect(await answer.text()).not.toContain('svg');
    }
  });

  it('is no worse for an address that holds what no database takes', async () => {
    for (const path of [
      '/privacy/shopify-requests/%00',
      '/privacy/shopify-requests/%ff',
      '/conversations/%00',
      '/conversations?cursor=%00',
      '/leads?cursor=%00',
      '/knowledge?cursor=%00',
      '/privacy?requests=%00',
      '/privacy?certificates=%00',
      '/settings?locale=%00',
      '/%00',
    ]) {
      expect((await ask(path, mine.idToken())).status, path).toBeLessThan(500);
    }
  });

  it('answers its proxy with what is JSON, which Shopify renders nothing of', async () => {
    for (const query of [mine.proxyQuery({}, { customerId: 7 }), mine.proxyQuery(), 'shop={{shop}}']) {
      const answer = await fetch(`${url}/shopify/proxy/customer?${query}`);
      expect(answer.headers.get('Content-Type')).toMatch(/^application\/(?:problem\+)?json/);
      // Who sees the signature of a call could make others of it.
      expect(await answer.text()).not.toMatch(/signature|[\da-f]{64}|\{\{/);
    }
    for (const path of ['customer/..%2f..%2fapp', '../app', '%2e%2e/app', 'nowhere', 'customer;x']) {
      const answer = await raw(
        `GET /shopify/proxy/${path}?${mine.proxyQuery()} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      );
      expect(answer, path).toMatch(/^HTTP\/1\.1 404 /);
      expect(answer).not.toMatch(/signature=|[\da-f]{64}/);
    }
  });

  it('no browser and no log is told a token or a secret', async () => {
    const site = await siteOf(mine);
    const { body: proof } = {
      body: (await (await fetch(`${url}/shopify/proxy/customer?${mine.proxyQuery({}, { customerId: 7 })}`)).json()) as {
        customerToken: string;
      },
    };
    const idToken = mine.idToken();
    const pages = await Promise.all([
      ...PAGES.map(async path => (await ask(path, idToken)).text()),
      ...['', '/v1', '/openapi.json'].map(async path => (await fetch(url + path)).text()),
      clientsOf(url, site?.key ?? '', '')
        .widget.config()
        .then(({ body }) => JSON.stringify(body)),
    ]);
    // Faults on the way to Shopify must not tell it either.
    mine.faults.expireTokens();
    mine.faults.garbage(2, 'token');
    await bed.relay.services.shopify?.shopChanged(mine.domain).catch(() => {});
    mine.faults.fail(1, 400, {}, 'token');
    await mine.webhook(url, 'shop/update', { myshopify_domain: mine.domain });
    await mine.webhook(url, 'shop/update', {}, { secret: 'another' });
    await bed.jobsDone({ hurry: true });
    const jobs = await bed.relay.db.$queryRaw<object[]>`SELECT data, output FROM pgboss.job`;
    const told = {
      pages: pages.join('\n'),
      log: bed.relay.logLines.join('\n'),
      jobs: JSON.stringify(jobs),
      metafields: JSON.stringify(mine.catalogue.metafields),
      database: JSON.stringify(await bed.relay.dump()),
    };
    const secrets = [
      ...mine.tokens(),
      ...theirs.tokens(),
      bed.shopify.apiSecret,
      bed.shopify.env.SHOPIFY_PARTNER_TOKEN,
      idToken,
      idToken.split('.')[2] ?? '',
      proof.customerToken,
    ];
    expect(secrets.length).toBeGreaterThan(8);
    for (const [where, what] of Object.entries(told)) {
      expect(secrets.filter(secret => what.includes(secret)).length, where).toBe(0);
    }
  });

  describe('and its door for webhooks', () => {
    const signedHead = (body: Buffer, more: string[]) =>
      [
        'POST /shopify/webhooks HTTP/1.1',
        'Host: x',
        'Connection: close',
        'Content-Type: application/json',
        'X-Shopify-Topic: products/update',
        `X-Shopify-Hmac-Sha256: ${bodySignature(body, bed.shopify.apiSecret)}`,
        `X-Shopify-Shop-Domain: ${mine.domain}`,
        'X-Shopify-API-Version: 2026-10',
        `X-Shopify-Webhook-Id: ${crypto.randomUUID()}`,
        ...more,
        '',
        '',
      ].join('\r\n');
    const body = Buffer.from('{"id":17}');

    it('takes a body in pieces, one byte each', async () => {
      const chunks = [...body].map(byte => `1\r\n${String.fromCharCode(byte)}\r\n`).join('');
      const answer = await raw(`${signedHead(body, ['Transfer-Encoding: chunked'])}${chunks}0\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    });

    it('refuses a body of two lengths, so that nothing is smuggled in behind it', async () => {
      const both = ['Transfer-Encoding: chunked', `Content-Length: ${body.length}`];
      const answer = await raw(`${signedHead(body, both)}9\r\n${body}\r\n0\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    });

    it('unpacks nothing: what is compressed is not what was signed', async () => {
      const packed = gzipSync(Buffer.alloc(50_000_000, ' '));
      const send = (signed: Buffer) =>
        new Promise<number>((resolve, reject) => {
          const headers = Object.fromEntries(
            signedHead(signed, ['Content-Encoding: gzip'])
              .split('\r\n')
              .slice(1)
              .filter(Boolean)
              .map(line => line.split(': ') as [string, string]),
          );
          request(`${url}/shopify/webhooks`, { method: 'POST', headers }, answer => {
            answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
          })
            .once('error', reject)
            .end(packed);
        });
      for (const signed of [packed, Buffer.alloc(50_000_000, ' ')]) expect([400, 401]).toContain(await send(signed));
    });

    it('answers others while somebody sends ever so slowly', async () => {
      const slow = Array.from({ length: 100 }, () => {
        const socket = connect(Number(new URL(url).port), '127.0.0.1');
        socket.on('error', () => {});
        socket.write(`${signedHead(body, ['Content-Length: 1000000'])}{`);
        return socket;
      });
      await Promise.all(slow.map(socket => new Promise(resolve => socket.once('connect', resolve))));
      expect((await mine.webhook(url, 'products/update', { id: 17 })).status).toBe(200);
      for (const socket of slow) socket.destroy();
    });
  });

  /** Sends these very bytes: a client would put an address right. */
  async function raw(bytes: string): Promise<string> {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write(bytes);
    return text(socket);
  }
});
