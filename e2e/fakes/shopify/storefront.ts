import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { Liquid, type TagToken, type TopLevelToken } from 'liquidjs';
import type { Catalogue } from './catalogue.ts';
import { type PrivacyLoads, stubShopify } from './storefront-page.ts';

const root = join(import.meta.dirname, '../../..');
const extension = join(root, 'plugins/shopify/extensions/confab-chat');
const widget = join(root, 'widget-core/dist/shopify');
const BLOCK = 'confab-chat';
const ASSETS = '/extensions/confab/assets/';

/** A product as the stub theme shows it, and as the Storefront API would price it. */
export interface StorefrontProduct {
  handle: string;
  title: string;
  price: string;
}

/** A shop with our app, as one visitor meets it. A test changes what it likes between two pages. */
export interface StorefrontState {
  name: string;
  /** The app-data metafields in the namespace `confab`, as the relay has written them. */
  metafields: Record<string, unknown>;
  /** The merchant has switched the app embed on. */
  isEmbedOn: boolean;
  /** What the merchant has set at the block in the theme editor. */
  settings: Record<string, unknown>;
  locale: string;
  /** Where the pages of this language are: `/`, or for example `/fr`; where the whole shop is, for one in a folder. */
  rootUrl: string;
  /** The customer who is signed in. */
  customerId: string | null;
  /** The page is shown in the theme editor. */
  designMode: boolean;
  /** What the visitor has told the shop's banner; `missing`: the shop has no Customer Privacy API. */
  privacy: 'allowed' | 'unanswered' | 'refused' | 'missing';
  privacyLoads: PrivacyLoads;
  /** What `Shopify.actions.updateCart` does. */
  cart: 'works' | 'refuses' | 'fails' | 'missing';
  products: StorefrontProduct[];
}

const usual: StorefrontState = {
  name: 'Kittiwake & Co',
  metafields: {},
  isEmbedOn: true,
  settings: {},
  locale: 'en',
  rootUrl: '/',
  customerId: null,
  designMode: false,
  privacy: 'allowed',
  privacyLoads: 'works',
  cart: 'works',
  products: [{ handle: 'kittiwake-jumper', title: 'Kittiwake Jumper', price: '€119.00' }],
};

/** A state with what is usual for everything that is not given. */
export const storefrontState = (given: Partial<StorefrontState> = {}): StorefrontState => ({
  ...structuredClone(usual),
  ...given,
});

/** The app-data metafields of a shop, as its theme reads them. */
export const metafieldValues = (metafields: Catalogue['metafields']): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(metafields).map(([name, { type, value }]) => [
      name.replace(/^confab\./, ''),
      type === 'single_line_text_field' ? value : JSON.parse(value),
    ]),
  );

/** The block's own schema, as Shopify reads it. */
export function blockSchema(): {
  target: string;
  javascript?: string;
  available_if?: string;
  settings: { id: string; default?: unknown }[];
} {
  const [, json = ''] = /{%-? schema -?%}([\s\S]*?){%-? endschema -?%}/.exec(read(`blocks/${BLOCK}.liquid`)) ?? [];
  return JSON.parse(json);
}

const read = (path: string) => readFileSync(join(extension, path), 'utf8');

/** The block as Shopify renders it: nothing where the embed is off, or its condition does not hold. */
export async function renderBlock(state: StorefrontState, origin: string): Promise<string> {
  const { settings, available_if: condition } = blockSchema();
  const { customerId, designMode, rootUrl } = state;
  const metafields = Object.fromEntries(Object.entries(state.metafields).map(([key, value]) => [key, { value }]));
  const liquid = engine(state.locale, origin);
  const app = { metafields: { confab: metafields } };
  if (condition) {
    const [, path] = /^{{ app\.metafields\.confab\.(\w+) }}$/.exec(condition) ?? [];
    if (!path) throw new Error(`available_if is not a reference to an app-data metafield of ours: ${condition}`);
    if (state.metafields[path] !== true) return '';
  }
  if (!state.isEmbedOn) return '';
  return liquid.parseAndRender(read(`blocks/${BLOCK}.liquid`), {
    app,
    block: {
      settings: { ...Object.fromEntries(settings.map(({ id, default: value }) => [id, value])), ...state.settings },
    },
    customer: customerId === null ? null : { id: Number(customerId) },
    request: { design_mode: designMode, locale: { iso_code: state.locale } },
    routes: { root_url: rootUrl },
  });
}

/** Shopify's Liquid as far as our block uses it. What it does not know is an error, as it would be in a review. */
function engine(locale: string, origin: string): Liquid {
  const liquid = new Liquid({ strictFilters: true, extname: '.liquid', root: [join(extension, 'snippets')] });
  liquid.registerTag('schema', {
    parse(_token: TagToken, rest: TopLevelToken[]) {
      while (rest.length > 0) if ((rest.shift() as TagToken).name === 'endschema') return;
      throw new Error('the schema is not closed');
    },
    render: () => '',
  });
  const texts = [`${locale}.json`, 'en.default.json'].map(name => join(extension, 'locales', name)).filter(existsSync);
  liquid.registerFilter('t', (key: string) => {
    for (const file of texts) {
      const text = key.split('.').reduce((at, name) => at?.[name], JSON.parse(readFileSync(file, 'utf8')));
      if (typeof text === 'string') return text.replace(/[&<>"']/g, found => `&#${found.charCodeAt(0)};`);
    }
    throw new Error(`no locale has a text ${key}`);
  });
  liquid.registerFilter('asset_url', (name: string) => {
    if (!assetFile(name)) throw new Error(`the extension has no asset ${name}; has the widget been built?`);
    return `${origin}${ASSETS}${name}`;
  });
  // Unlike Shopify's, the filter of liquidjs leaves a "<" alone.
  const codeOf = (found: string) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`;
  liquid.registerFilter('json', (value: unknown) =>
    JSON.stringify(value ?? null).replace(/[<>&\u2028\u2029]/g, codeOf),
  );
  return liquid;
}

/** The build script copies the widget into the extension; here it is taken from where it was built. */
function assetFile(name: string): string | undefined {
  const path = join(widget, basename(name));
  return name.endsWith('.js') && existsSync(path) ? path : undefined;
}

const escaped = (text: string) => text.replace(/[&<>"]/g, found => `&#${found.charCodeAt(0)};`);

export type StorefrontPath = { page: 'index' | 'cart' } | { page: 'product'; product: StorefrontProduct };

/** A page of a small theme with the block in it, where Shopify puts it. */
export async function renderStorefrontPage(
  state: StorefrontState,
  at: StorefrontPath,
  origin: string,
): Promise<string> {
  const { name, locale, rootUrl, products, privacy, privacyLoads, cart } = state;
  const block = await renderBlock(state, origin);
  const { javascript, target } = blockSchema();
  if (target !== 'body') throw new Error(`the stub theme renders blocks for "body" only, not for "${target}"`);
  const home = rootUrl === '/' ? '' : rootUrl;
  const isThere = state.isEmbedOn && state.metafields.enabled === true;
  const script = isThere && javascript ? `<script async src="${origin}${ASSETS}${javascript}"></script>` : '';
  const link = ({ handle, title, price }: StorefrontProduct) =>
    `<li><a href="${home}/products/${handle}">${escaped(title)}</a> ${escaped(price)}</li>`;
  const main = {
    index: () => `<h1>${escaped(name)}</h1><ul>${products.map(link).join('')}</ul>`,
    cart: () => '<h1>Your cart</h1><p>What you put into it stands at the top of the page.</p>',
    product: ({ title, price }: StorefrontProduct) =>
      `<h1>${escaped(title)}</h1><p class="price">${escaped(price)}</p>`,
  };
  const content = at.page === 'product' ? main.product(at.product) : main[at.page]();
  return `<!doctype html>
<html lang="${escaped(locale)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(name)}</title>
<link rel="icon" href="data:,">
<style>
body { margin: 0; font: 16px/1.6 Georgia, serif; color: #222; background: #fffdf8; }
header, main { max-width: 60rem; margin: auto; padding: 1rem; }
header { display: flex; flex-wrap: wrap; gap: 1rem; justify-content: space-between; border-bottom: 1px solid #ddd; }
p { letter-spacing: .01em; } button { text-transform: uppercase; background: #b00; color: #fff; }
</style>
<script>(${stubShopify})(${JSON.stringify({ privacy, privacyLoads, cart })})</script>
${script}
</head>
<body>
<header><a href="${home}/">${escaped(name)}</a><a href="${home}/cart">Cart: <span id="cart-count">0</span></a></header>
<main>${content}</main>
${block && `<div id="shopify-block-confab" class="shopify-block shopify-app-block">${block}</div>`}
</body>
</html>`;
}

/** How the relay is asked through the app proxy, for the path behind `/apps/confab`. */
export type AppProxy = (path: string, state: StorefrontState) => Promise<{ status: number; body: string }>;

/**
 * Answers what a visitor's browser asks of the shop: pages, the extension's assets, the app proxy. `false` where that is
 * not the storefront's, so that a fake can serve other things at the same origin.
 */
export async function serveStorefront(
  { state, origin, proxy }: { state: StorefrontState; origin: string; proxy?: AppProxy | undefined },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const { pathname, searchParams } = new URL(request.url ?? '/', origin);
  const home = state.rootUrl === '/' ? '' : state.rootUrl;
  const path = pathname.startsWith(`${home}/`) ? pathname.slice(home.length) : pathname;
  if (path.startsWith(ASSETS)) {
    const file = assetFile(path.slice(ASSETS.length));
    if (!file) return false;
    response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(readFileSync(file));
    return true;
  }
  if (path.startsWith('/apps/confab/') && proxy) {
    const { status, body } = await proxy(path.slice('/apps/confab'.length), state);
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(body);
    return true;
  }
  const at = pageAt(path, state);
  if (!at) return false;
  // A link can put the visitor's answer into the address, so that a demo can show each.
  const asked = searchParams.get('privacy');
  const privacy = (['allowed', 'unanswered', 'refused', 'missing'] as const).find(one => one === asked);
  const html = await renderStorefrontPage({ ...state, ...(privacy && { privacy }) }, at, origin);
  response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(html);
  return true;
}

function pageAt(path: string, { products }: StorefrontState): StorefrontPath | undefined {
  if (path === '/') return { page: 'index' };
  if (path === '/cart') return { page: 'cart' };
  const product = products.find(({ handle }) => path === `/products/${handle}`);
  return product && { page: 'product', product };
}

export type Storefront = Awaited<ReturnType<typeof startStorefront>>;

/** The storefront by itself, on an origin of its own. Its `state` may be changed between two pages. */
export async function startStorefront({ proxy }: { proxy?: AppProxy } = {}) {
  const storefront = { state: storefrontState(), origin: '', proxy };
  const server = createServer(async (request, response) => {
    try {
      if (!(await serveStorefront(storefront, request, response))) response.writeHead(404).end();
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  storefront.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(storefront, {
    stop() {
      server.closeAllConnections();
      server.close();
    },
  });
}
