import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { REQUIRED_SCOPES } from '@confab/relay/platforms/shopify/scopes.ts';
import { type AdminContext, adminResolvers } from './admin-api.ts';
import { createBulk, type Operation } from './bulk.ts';
import { type Catalogue, gid, numberOf, originOf, smallCatalogue } from './catalogue.ts';
import { type Answer, type Asked, executeOn } from './execute.ts';
import { actOn, createFaults, type Faults, sendJson } from './faults.ts';
import { type PartnerContext, partnerResolvers, type Subscription } from './partner-api.ts';
import { forgetHostsOf, registerHost } from './rewrite-fetch.ts';
import { type SchemaName, shopifySchema } from './schemas.ts';
import { addressSignature, bodySignature, idTokenClaims, proxySignature } from './signers.ts';
import { type StorefrontContext, storefrontResolvers } from './storefront-api.ts';
import { createTokens, jwt } from './tokens.ts';

export type { Catalogue } from './catalogue.ts';
export type { Subscription } from './partner-api.ts';

/** A call that came to the fake. `status` is 0 until it is answered. */
export type ShopifyRequest = {
  domain: string;
  path: string;
  operationName?: string;
  query?: string;
  variables?: Record<string, unknown>;
  status: number;
};

/** What a test may send otherwise than Shopify does. `undefined` leaves a header out. */
export type WebhookOverrides = {
  eventId?: string;
  webhookId?: string;
  triggeredAt?: string;
  /** Signs with something else than the app's secret. */
  secret?: string;
  headers?: Record<string, string | undefined>;
  /** Sends these bytes, signed as they are, and not the payload. */
  body?: string;
  /** Sends these bytes under the signature of the payload. */
  tampered?: string;
};

/** What answers a path under `/store/{domain}`: the shop as visitors see it. */
export type Storefront = (
  request: IncomingMessage,
  response: ServerResponse,
  shop: FakeShop,
  path: string,
) => Promise<void> | void;

export type FakeShop = {
  domain: string;
  catalogue: Catalogue;
  /** What the merchant has granted. `grant` adds to it as a merchant does who agrees to more. */
  scopes: string[];
  grant(...scopes: string[]): Promise<void>;
  isInstalled: boolean;
  /** The merchant has switched the app embed on in the theme. */
  isEmbedOn: boolean;
  /** What the Partner API says; mutable. `subscribe` also tells the relay, as Shopify does. */
  subscription: Subscription | null;
  subscribe(subscription: Subscription | null): Promise<void>;
  idToken(overrides?: Record<string, unknown>, secret?: string): string;
  /** The merchant has agreed to the app of this relay; what the app makes of it is its own. */
  agree(relayUrl: string): void;
  /** The query of an app's page as the admin opens it, with `id_token`. */
  pageQuery(more?: Record<string, string>): URLSearchParams;
  /** Opens a page of the app as the admin does; the first time that installs it. */
  open(relayUrl: string, path?: string): Promise<Response>;
  webhook(relayUrl: string, topic: string, payload: object, overrides?: WebhookOverrides): Promise<Response>;
  /** The signed query of the app proxy, of one who is signed in or of nobody. */
  proxyQuery(params?: Record<string, string>, who?: { customerId?: string | number }): string;
  uninstall(relayUrl: string): Promise<Response>;
  redact(relayUrl: string): Promise<Response>;
  /** Ends the bulk operations that `faults.bulk.holds` kept. */
  finishBulk(): Promise<void>;
  faults: Faults;
  /** Every token that was given, for tests that look for leaks. */
  tokens(): string[];
};

export type FakeShopify = Awaited<ReturnType<typeof startFakeShopify>>;

type Shop = FakeShop & {
  bulk: ReturnType<typeof createBulk>;
  tokenEndpoint: ReturnType<typeof createTokens>;
  relayUrl: string | undefined;
};

const API_VERSION = '2026-10';
const ADMIN = /^\/admin\/api\/([\w-]+)\/graphql\.json$/;
const STOREFRONT = /^\/api\/([\w-]+)\/graphql\.json$/;
const PARTNER = /^\/(\d+)\/api\/2026-07\/graphql\.json$/;

/**
 * Shopify, as far as the relay can tell: token endpoint, Admin, Storefront and Partner API on the real schemas, bulk
 * operations with their files, webhooks and signatures. It refuses what Shopify refuses. Reached by `rewrite-fetch.ts`.
 */
export async function startFakeShopify({ port = 0 }: { port?: number } = {}) {
  const app = { apiKey: randomBytes(16).toString('hex'), apiSecret: `shpss_${randomBytes(16).toString('hex')}` };
  const partner = { organizationId: '1234', token: `prtapi_${randomBytes(16).toString('hex')}`, appId: '555' };
  const requests: ShopifyRequest[] = [];
  const shops = new Map<string, Shop>();
  const deliveries = new Set<Promise<unknown>>();
  const partnerFaults = createFaults({ revoke() {}, expire() {}, refuseRefresh() {} }, {});
  const pages = new Map<string, Storefront>();

  const server = createServer((request, response) => {
    void answer(request, response).catch(error => {
      console.error('the fake Shopify failed', error);
      response.destroy();
    });
  });
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  registerHost('partners.shopify.com', url);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path, searchParams } = new URL(request.url ?? '', url);
    const host = request.headers['x-fake-host']?.toString();
    if (host === undefined) return ownPath(request, response, path);
    const body = parsed(await buffer(request));
    const record: ShopifyRequest = { domain: host, path, status: 0, ...(isAsked(body) && askedOf(body)) };
    requests.push(record);
    response.once('close', () => {
      record.status = response.statusCode;
    });
    const isPost = request.method === 'POST' && searchParams.size === 0;
    if (host === 'partners.shopify.com' && isPost) return partnerApi(request, response, path, body);
    const shop = shops.get(host);
    const [, adminVersion] = ADMIN.exec(path) ?? [];
    const [, storefrontVersion] = STOREFRONT.exec(path) ?? [];
    if (shop && isPost && path === '/admin/oauth/access_token') return tokenEndpoint(shop, request, response, body);
    if (shop && isPost && adminVersion) return adminApi(shop, request, response, adminVersion, body);
    if (shop && isPost && storefrontVersion) return storefrontApi(shop, request, response, storefrontVersion, body);
    sendJson(response, 404, { errors: 'Not Found' });
  }

  /** What is not a host of Shopify's: bulk files, and whatever was mounted. */
  async function ownPath(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const [, door = '', domain = '', rest = ''] = /^\/(\w+)\/([^/]+)(.*)$/.exec(path) ?? [];
    const shop = shops.get(domain);
    if (door === 'bulk' && shop) {
      requests.push({ domain, path, status: 200 });
      return shop.bulk.serve(rest.slice(1), response);
    }
    const mounted = pages.get(door);
    if (mounted && shop) return mounted(request, response, shop, rest || '/');
    response.writeHead(404).end();
  }

  async function tokenEndpoint(shop: Shop, request: IncomingMessage, response: ServerResponse, body: unknown) {
    if (await actOn(shop.faults.take('token'), request, response)) return;
    const { status, body: said } = shop.tokenEndpoint.exchange(body, shop.isInstalled ? shop.scopes : undefined);
    sendJson(response, status, said);
  }

  /** What a GraphQL API does before it looks at the question: it has this version, and goes wrong as it was told to. */
  async function doorOf(
    shop: Shop,
    door: 'admin' | 'storefront',
    request: IncomingMessage,
    response: ServerResponse,
    version: string,
  ) {
    if (version === API_VERSION || version === 'unstable') return actOn(shop.faults.take(door), request, response);
    sendJson(response, 404, { errors: 'Not Found' });
    return 'answered';
  }

  async function adminApi(
    shop: Shop,
    request: IncomingMessage,
    response: ServerResponse,
    version: string,
    body: unknown,
  ) {
    const outcome = await doorOf(shop, 'admin', request, response, version);
    if (outcome === 'answered') return;
    const token = request.headers['x-shopify-access-token']?.toString();
    const scopes = shop.isInstalled ? shop.tokenEndpoint.scopesOf(token) : undefined;
    if (!scopes) {
      const errors = '[API] Invalid API key or access token (unrecognized login or wrong password)';
      return sendJson(response, 401, { errors });
    }
    if (!isAsked(body)) return sendJson(response, 400, { errors: { query: 'Required parameter missing or invalid' } });
    const result = await executeOn(`admin_${version}` as SchemaName, body, adminResolvers, adminContext(shop, scopes));
    const cost = body.query.length / 20;
    sendJson(response, 200, {
      ...(outcome === 'partial' ? inPart(result) : result),
      extensions: {
        cost: {
          requestedQueryCost: Math.ceil(cost),
          actualQueryCost: Math.ceil(cost / 2),
          throttleStatus: { maximumAvailable: 2_000, currentlyAvailable: 1_990, restoreRate: 100 },
        },
      },
    });
  }

  async function storefrontApi(
    shop: Shop,
    request: IncomingMessage,
    response: ServerResponse,
    version: string,
    body: unknown,
  ) {
    const outcome = await doorOf(shop, 'storefront', request, response, version);
    if (outcome === 'answered') return;
    if (!isAsked(body)) return sendJson(response, 400, { errors: [{ message: 'Required parameter missing' }] });
    const context: StorefrontContext = { catalogue: shop.catalogue, scopes: [], isBulk: false };
    const result = await executeOn(`storefront-graphql_${version}` as SchemaName, body, storefrontResolvers, context);
    sendJson(response, 200, outcome === 'partial' ? inPart(result) : result);
  }

  async function partnerApi(request: IncomingMessage, response: ServerResponse, path: string, body: unknown) {
    const outcome = await actOn(partnerFaults.take('partner'), request, response);
    if (outcome === 'answered') return;
    if (request.headers['x-shopify-access-token'] !== partner.token)
      return sendJson(response, 401, { errors: 'Unauthorized' });
    if (PARTNER.exec(path)?.[1] !== partner.organizationId) return sendJson(response, 404, { errors: 'Not Found' });
    if (!isAsked(body)) return sendJson(response, 400, { errors: [{ message: 'Required parameter missing' }] });
    const context: PartnerContext = {
      appId: gid('App', partner.appId),
      apiKey: app.apiKey,
      shops: [...shops.values()].map(({ domain, catalogue, subscription }) => ({
        id: catalogue.shop.id,
        domain,
        name: catalogue.shop.name,
        subscription,
      })),
      scopes: [],
      isBulk: false,
    };
    const result = await executeOn('partner_2026-07', body, partnerResolvers, context);
    sendJson(response, 200, outcome === 'partial' ? inPart(result) : result);
  }

  const adminContext = (
    { domain, catalogue, bulk, faults }: Shop,
    scopes: readonly string[],
    isBulk = false,
  ): AdminContext => ({
    domain,
    catalogue,
    bulk,
    scopes,
    isBulk,
    ignoresFilters: faults.ignoresFilters,
    apiKey: app.apiKey,
  });

  function makeShop({ domain, products }: { domain?: string; products?: number } = {}): FakeShop {
    const number = 1_000 + shops.size;
    const name = domain ?? `shop-${number}-${randomBytes(3).toString('hex')}.myshopify.com`;
    if (!name.endsWith('.myshopify.com')) throw new Error(`${name} is no permanent name of a shop`);
    const tokens = createTokens(name, app);
    const bulk = createBulk({
      fileUrl: file => `${url}/bulk/${name}/${file}`,
      schema: () => shopifySchema('admin_2026-10').schema,
      execute: (query, scopes) =>
        executeOn('admin_2026-10', { query }, adminResolvers, adminContext(shop, scopes, true)),
      finished: operation => tell(shop, 'bulk_operations/finish', bulkPayload(operation)),
    });
    const shop: Shop = {
      domain: name,
      catalogue: smallCatalogue(name, number, products),
      scopes: [...REQUIRED_SCOPES],
      isInstalled: false,
      isEmbedOn: false,
      subscription: null,
      bulk,
      tokenEndpoint: tokens,
      relayUrl: undefined,
      faults: createFaults(tokens, bulk.faults),
      tokens: tokens.all,
      finishBulk: () => bulk.finish(),

      idToken: (overrides = {}, secret = app.apiSecret) =>
        jwt({ ...idTokenClaims(name, app.apiKey), ...overrides }, secret),

      pageQuery(more = {}) {
        const query = new URLSearchParams({
          embedded: '1',
          host: Buffer.from(`admin.shopify.com/store/${name.split('.')[0]}`).toString('base64'),
          id_token: shop.idToken(),
          locale: 'en',
          session: randomBytes(32).toString('hex'),
          shop: name,
          timestamp: String(Math.floor(Date.now() / 1_000)),
          ...more,
        });
        query.set('hmac', addressSignature(query, app.apiSecret));
        return query;
      },

      agree(relayUrl) {
        shop.isInstalled = true;
        shop.relayUrl = relayUrl;
      },

      async open(relayUrl, path = '/shopify/app') {
        shop.agree(relayUrl);
        return fetch(`${relayUrl}${path}?${shop.pageQuery()}`, { redirect: 'manual' });
      },

      async grant(...more) {
        const previous = [...shop.scopes];
        shop.scopes.push(...more.filter(scope => !previous.includes(scope)));
        tokens.setScopes(shop.scopes);
        tell(shop, 'app/scopes_update', {
          id: 1,
          previous,
          current: shop.scopes,
          updated_at: new Date().toISOString(),
        });
        await delivered();
      },

      async subscribe(subscription) {
        shop.subscription = subscription;
        tell(shop, 'app_subscriptions/update', {
          app_subscription: {
            admin_graphql_api_id: gid('AppSubscription', number),
            name: subscription?.name ?? 'None',
            status: subscription ? 'ACTIVE' : 'CANCELLED',
            admin_graphql_api_shop_id: shop.catalogue.shop.id,
            updated_at: new Date().toISOString(),
          },
        });
        await delivered();
      },

      webhook: (relayUrl, topic, payload, overrides) => deliver(name, relayUrl, topic, payload, overrides),

      proxyQuery(params = {}, { customerId } = {}) {
        const query = new URLSearchParams({
          ...params,
          shop: name,
          logged_in_customer_id: customerId === undefined ? '' : String(customerId),
          path_prefix: '/apps/confab',
          timestamp: String(Math.floor(Date.now() / 1_000)),
        });
        query.set('signature', proxySignature(query, app.apiSecret));
        return query.toString();
      },

      async uninstall(relayUrl) {
        shop.isInstalled = false;
        shop.scopes = [...REQUIRED_SCOPES];
        tokens.revoke();
        shop.catalogue.metafields = {};
        return deliver(name, relayUrl, 'app/uninstalled', shopPayload(shop));
      },

      redact: relayUrl =>
        deliver(name, relayUrl, 'shop/redact', {
          shop_id: Number(numberOf(shop.catalogue.shop.id)),
          shop_domain: name,
        }),
    };
    shops.set(name, shop);
    registerHost(name, url);
    return shop;
  }

  /** Sends a webhook by itself, as Shopify does, to where the shop has the app from. */
  function tell({ domain, relayUrl, isInstalled }: Shop, topic: string, payload: object): void {
    if (!relayUrl || !isInstalled) return;
    const sent = deliver(domain, relayUrl, topic, payload)
      .then(response => response.arrayBuffer())
      .catch(() => {});
    deliveries.add(sent);
    void sent.finally(() => deliveries.delete(sent));
  }

  /** Waits for the webhooks that are on their way. */
  async function delivered(): Promise<void> {
    while (deliveries.size > 0) await Promise.all(deliveries);
  }

  function deliver(
    domain: string,
    relayUrl: string,
    topic: string,
    payload: object,
    { eventId, webhookId, triggeredAt, secret, headers = {}, body, tampered }: WebhookOverrides = {},
  ): Promise<Response> {
    const signed = body ?? JSON.stringify(payload);
    const all: Record<string, string | undefined> = {
      'Content-Type': 'application/json',
      'X-Shopify-Topic': topic,
      'X-Shopify-Hmac-Sha256': bodySignature(signed, secret ?? app.apiSecret),
      'X-Shopify-Shop-Domain': domain,
      'X-Shopify-API-Version': API_VERSION,
      'X-Shopify-Webhook-Id': webhookId ?? randomUUID(),
      'X-Shopify-Event-Id': eventId ?? randomUUID(),
      'X-Shopify-Triggered-At': triggeredAt ?? new Date().toISOString(),
      ...headers,
    };
    const present = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
    return fetch(`${relayUrl}/shopify/webhooks`, {
      method: 'POST',
      headers: Object.fromEntries(present),
      body: tampered ?? signed,
    });
  }

  return {
    url,
    ...app,
    /** For the relay: how it is this app at this Shopify. */
    env: {
      SHOPIFY_API_KEY: app.apiKey,
      SHOPIFY_API_SECRET: app.apiSecret,
      SHOPIFY_APP_HANDLE: 'confab',
      SHOPIFY_PARTNER_ORGANIZATION_ID: partner.organizationId,
      SHOPIFY_PARTNER_TOKEN: partner.token,
      SHOPIFY_APP_ID: partner.appId,
    },
    requests,
    /** One more shop, with some products and a little of everything else. Nothing is installed in it. */
    shop: makeShop,
    shops,
    /** What goes wrong at the Partner API: `fail`, `hang`, `garbage` with the door 'partner'. */
    partnerFaults,
    delivered,
    /** Lets `/{door}/{domain}/…` be answered by this. */
    mount: (door: string, handler: Storefront): void => void pages.set(door, handler),
    async stop(): Promise<void> {
      forgetHostsOf(url);
      await new Promise<void>(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

const isAsked = (body: unknown): body is Asked => typeof (body as Asked | undefined)?.query === 'string';

function askedOf({ query, variables, operationName }: Asked) {
  const name = operationName ?? /\b(?:query|mutation)\s+(\w+)/.exec(query)?.[1];
  return { query, ...(variables && { variables }), ...(name && { operationName: name }) };
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}

/** An answer of which Shopify could not find everything. */
function inPart({ data, errors = [] }: Answer): Answer {
  const [name = '', value] = Object.entries(data ?? {})[0] ?? [];
  if (Array.isArray(value) && value.length > 0) value[0] = null;
  const path = Array.isArray(value) ? [name, 0] : [name];
  const error = { message: 'Internal error.', path, extensions: { code: 'INTERNAL_SERVER_ERROR' } };
  return { data, errors: [...errors, error] };
}

const bulkPayload = ({ id, status, errorCode, completedAt, type }: Operation) => ({
  admin_graphql_api_id: id,
  completed_at: completedAt,
  created_at: completedAt,
  error_code: errorCode?.toLowerCase() ?? null,
  status: status.toLowerCase(),
  type: type.toLowerCase(),
});

const shopPayload = ({ domain, catalogue: { shop } }: FakeShop) => ({
  id: Number(numberOf(shop.id)),
  name: shop.name,
  email: shop.email,
  domain: new URL(originOf(shop)).host,
  myshopify_domain: domain,
  iana_timezone: shop.ianaTimezone,
  currency: shop.currencyCode,
  primary_locale: shop.locale,
  country_code: shop.countryCode,
});
