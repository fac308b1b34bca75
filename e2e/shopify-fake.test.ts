import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createApi } from '@confab/relay/platforms/shopify/api.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gid } from './fakes/shopify/catalogue.ts';
import { type FakeShop, type FakeShopify, startFakeShopify } from './fakes/shopify/index.ts';

// Others are tested on this stand-in. Here it is held to Shopify's own SDK, and to what Shopify's documentation says.

let shopify: FakeShopify;
let shop: FakeShop;
beforeAll(async () => {
  shopify = await startFakeShopify();
});
afterAll(() => shopify.stop());

const sdk = () => createApi({ ...shopify, appHandle: 'confab', partner: undefined });

/** A shop that has the app, and an access token of it. */
async function installed(products?: number): Promise<string> {
  shop = shopify.shop(products === undefined ? {} : { products });
  shop.isInstalled = true;
  return (await exchange()).body.access_token;
}

async function token(body: object) {
  const answer = await fetch(`https://${shop.domain}/admin/oauth/access_token`, {
    method: 'POST',
    body: JSON.stringify({ client_id: shopify.apiKey, client_secret: shopify.apiSecret, ...body }),
  });
  return { status: answer.status, body: await answer.json() };
}

const exchange = (more: object = {}) =>
  token({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: shop.idToken(),
    subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
    requested_token_type: 'urn:shopify:params:oauth:token-type:offline-access-token',
    expiring: '1',
    ...more,
  });

const refresh = (refreshToken: string) => token({ grant_type: 'refresh_token', refresh_token: refreshToken });

async function ask(accessToken: string, query: string, variables: object = {}) {
  const answer = await fetch(`https://${shop.domain}/admin/api/2026-10/graphql.json`, {
    method: 'POST',
    headers: { 'X-Shopify-Access-Token': accessToken },
    body: JSON.stringify({ query, variables }),
  });
  return { status: answer.status, body: await answer.json() };
}

describe('what it signs', () => {
  it('is good for the SDK: webhook, app proxy, address of a page, ID token', async () => {
    await installed();
    const { webhooks, utils, session } = sdk();
    const received = Promise.withResolvers<{ body: string; headers: IncomingHttpHeaders }>();
    const relay = createServer(async (request, response) => {
      received.resolve({ body: await text(request), headers: request.headers });
      response.end();
    }).listen(0, '127.0.0.1');
    await once(relay, 'listening');
    const { port } = relay.address() as AddressInfo;
    await shop.webhook(`http://127.0.0.1:${port}`, 'products/update', { id: 1, title: 'Höhe' });
    relay.close();
    const { body, headers } = await received.promise;
    const rawRequest = { headers, method: 'POST', url: '/' };
    expect(await webhooks.validate({ rawBody: body, rawRequest } as never)).toMatchObject({ valid: true });

    const proxied = new URLSearchParams(shop.proxyQuery({ a: '1' }, { customerId: 7 }));
    expect(await utils.validateHmac(Object.fromEntries(proxied), { signator: 'appProxy' })).toBe(true);
    expect(proxied.get('logged_in_customer_id')).toBe('7');
    expect(await utils.validateHmac(Object.fromEntries(shop.pageQuery()))).toBe(true);
    expect(await session.decodeSessionToken(shop.idToken())).toMatchObject({ dest: `https://${shop.domain}` });
  });
});

describe('its tokens', () => {
  it('are given for a good ID token of this shop, and expire', async () => {
    await installed();
    expect((await exchange()).body).toMatchObject({ expires_in: 3_600, scope: shop.scopes.join(',') });
    const other = shopify.shop();
    const refused = { status: 400, body: { error: 'invalid_subject_token' } };
    for (const subject_token of [other.idToken(), shop.idToken({ exp: 1 }), shop.idToken({}, 'wrong'), 'x']) {
      expect(await exchange({ subject_token })).toMatchObject(refused);
    }
    expect(await exchange({ expiring: '0' })).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    expect(await exchange({ client_secret: 'x' })).toMatchObject({ status: 400, body: { error: 'invalid_client' } });
    shop.isInstalled = false;
    expect(await exchange()).toMatchObject(refused);
  });

  it('rotate: a refresh token may be sent again until what it gave is used', async () => {
    await installed();
    const first = (await exchange()).body;
    const second = (await refresh(first.refresh_token)).body;
    expect((await refresh(first.refresh_token)).body).toEqual(second);
    expect((await ask(first.access_token, '{ shop { name } }')).status).toBe(200);
    expect((await ask(second.access_token, '{ shop { name } }')).status).toBe(200);
    expect((await refresh(first.refresh_token)).body).toMatchObject({ error: 'invalid_grant' });
    expect((await ask(first.access_token, '{ shop { name } }')).status).toBe(401);
  });

  it('end on demand: expired ones can be refreshed, revoked ones cannot', async () => {
    await installed();
    const { access_token: access, refresh_token: next } = (await exchange()).body;
    shop.faults.expireTokens();
    expect((await ask(access, '{ shop { name } }')).status).toBe(401);
    expect((await refresh(next)).status).toBe(200);
    shop.faults.revokeTokens();
    expect((await refresh(next)).body).toMatchObject({ error: 'invalid_grant' });
  });
});

describe('its Admin API', () => {
  it('refuses what the schema does not have, and what the token has no scope for', async () => {
    const access = await installed();
    expect((await ask(access, '{ shop { nme } }')).body.errors[0].message).toContain('Cannot query field "nme"');
    const [denied] = (await ask(access, '{ customers(first: 1) { nodes { id } } }')).body.errors;
    expect(denied.extensions.code).toBe('ACCESS_DENIED');
    await shop.grant('write_customers');
    expect((await ask(access, '{ customers(first: 1) { nodes { id } } }')).body.data.customers.nodes).toHaveLength(1);
  });

  it('gives every item of a connection once, page after page, and searches', async () => {
    const access = await installed(7);
    const query = `query P($after: String) {
      products(first: 3, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } }
    }`;
    type Page = { nodes: { id: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } };
    const seen: string[] = [];
    for (let after: string | null = null, more = true; more; ) {
      const { nodes, pageInfo }: Page = (await ask(access, query, { after })).body.data.products;
      seen.push(...nodes.map(({ id }) => id));
      ({ hasNextPage: more, endCursor: after } = pageInfo);
    }
    expect(seen).toEqual(Array.from({ length: 7 }, (_, at) => gid('Product', at + 1)));
    const found = await ask(access, '{ products(first: 9, query: "(id:2 OR id:5) status:active") { nodes { id } } }');
    expect(found.body.data.products.nodes).toEqual([{ id: gid('Product', 2) }, { id: gid('Product', 5) }]);
    expect((await ask(access, '{ products(first: 9, query: "x:1") { nodes { id } } }')).body.errors).toHaveLength(1);
    expect((await ask(access, '{ products { nodes { id } } }')).body.errors).toHaveLength(1);
  });

  it('makes customers as Shopify does, and no second one of an address', async () => {
    const access = await installed();
    await shop.grant('write_customers');
    const create = (input: object) =>
      ask(
        access,
        `mutation C($input: CustomerInput!) {
          customerCreate(input: $input) { customer { id } userErrors { field message } }
        }`,
        { input },
      ).then(({ body }) => body.data.customerCreate);
    expect((await create({ email: 'new@example.com', tags: ['a'] })).userErrors).toEqual([]);
    const wrong = { email: 'NEW@example.com', phone: '0170 123' };
    expect((await create(wrong)).userErrors.map(({ message }: { message: string }) => message)).toEqual([
      'Email has already been taken',
      'Phone is invalid',
    ]);
    expect(shop.catalogue.customers.at(-1)).toMatchObject({ tags: ['a'], marketingState: 'NOT_SUBSCRIBED' });
    expect(shop.catalogue.customers).toHaveLength(2);
  });
});

describe('its bulk operations', () => {
  const START = `mutation S($query: String!, $groupObjects: Boolean!) {
    bulkOperationRunQuery(query: $query, groupObjects: $groupObjects) {
      bulkOperation { id status } userErrors { message code }
    }
  }`;
  const INNER = '{ products { edges { node { id title variants { edges { node { id } } } } } } }';
  const start = async (access: string, query: string, groupObjects = true) =>
    (await ask(access, START, { query, groupObjects })).body.data.bulkOperationRunQuery;

  async function file(access: string, groupObjects: boolean): Promise<{ id: string; __parentId?: string }[]> {
    shop.faults.bulk.holds = true;
    const { bulkOperation } = await start(access, INNER, groupObjects);
    expect(bulkOperation.status).toBe('CREATED');
    await shop.finishBulk();
    const read = '{ bulkOperation(id: "ID") { status url objectCount } }'.replace('ID', bulkOperation.id);
    const { status, url, objectCount } = (await ask(access, read)).body.data.bulkOperation;
    expect({ status, objectCount }).toEqual({ status: 'COMPLETED', objectCount: '6' });
    const lines = (await (await fetch(url)).text()).trim().split('\n');
    return lines.map(line => JSON.parse(line));
  }

  it('give each object a line, and children the id of their parent, behind it only where that was asked for', async () => {
    const access = await installed();
    const grouped = await file(access, true);
    const [parent, child] = grouped;
    expect(child?.__parentId).toBe(parent?.id);
    const loose = await file(access, false);
    expect(loose.map(({ __parentId }) => __parentId === undefined)).toEqual([true, true, true, false, false, false]);
    expect(loose.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual(
      grouped.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    );
  });

  it('are five at once at most, and refused where Shopify would not run them', async () => {
    const access = await installed();
    const wrong = [
      '{ shop { name } }',
      '{ products { nodes { id } } }',
      '{ products { edges { node { nope } } } }',
      `{ products { edges { node { id } } } pages { edges { node { id } } } }`,
      'query Q($a: String) { products(query: $a) { edges { node { id } } } }',
    ];
    for (const query of wrong) expect((await start(access, query)).userErrors).toHaveLength(1);
    shop.faults.bulk.holds = true;
    for (let n = 0; n < 5; n += 1) expect((await start(access, INNER)).userErrors).toEqual([]);
    expect((await start(access, INNER)).userErrors).toMatchObject([{ code: 'OPERATION_IN_PROGRESS' }]);
  });

  it('have a file of any size, made as it is read', async () => {
    const access = await installed();
    shop.faults.bulk.holds = true;
    const { bulkOperation } = await start(access, INNER);
    await shop.finishBulk();
    Object.assign(shop.faults.bulk, { bytes: 3_000_000, textBytes: 5_000 });
    const url = `${shopify.url}/bulk/${shop.domain}/${bulkOperation.id.split('/').pop()}`;
    const lines = (await (await fetch(url)).text()).trim().split('\n');
    const ids = lines.map(line => JSON.parse(line).id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(lines.join('\n').length).toBeGreaterThan(2_999_000);
    shop.faults.bulk.cutAfter = 1_000_000;
    await expect(fetch(url).then(answer => answer.text())).rejects.toThrow('terminated');
  });
});

it('has no other paths, and no other shops', async () => {
  await installed();
  const answer = await fetch(`https://${shop.domain}/admin/api/2026-10/products.json`);
  expect(answer.status).toBe(404);
  expect(shopify.requests.at(-1)).toMatchObject({ domain: shop.domain, path: '/admin/api/2026-10/products.json' });
  await expect(fetch('https://nobody.myshopify.com/')).rejects.toThrow('fetch failed');
});
