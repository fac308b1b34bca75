import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { answerAdmin } from './fakes/shopify/admin.ts';
import { appBridgeStub, polarisStub } from './fakes/shopify/admin-page.ts';
import { type FakeShop, type FakeShopify, startFakeShopify } from './fakes/shopify/index.ts';
import { metafieldValues, renderStorefrontPage, serveStorefront, storefrontState } from './fakes/shopify/storefront.ts';
import { freePort } from './free-port.ts';
import { demoCatalogue, pictureOf } from './shopify-demo-shop.ts';

/** A failure that is told in one line. */
class DemoError extends Error {}

const DOMAIN = 'kittiwake.myshopify.com';
const CDN = 'https://cdn.shopify.com/shopifycloud';

async function demo(): Promise<number> {
  const port = askedPort();
  const stopped = new Promise<void>(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
  const shopify = await startFakeShopify();
  const shop = shopify.shop({ domain: DOMAIN });
  shop.isEmbedOn = true;
  const store = createServer();
  const shopUrl = await listen(store, port);
  shop.catalogue = demoCatalogue(shopUrl, `${shopUrl}/pictures`);

  const relayPort = await freePort();
  const front = createServer();
  const appUrl = await listen(front, 0);
  const relay = await startRelay(relayPort, {
    ...shopify.env,
    FAKE_SHOPIFY_URL: shopify.url,
    CONFAB_PUBLIC_URL: appUrl,
  });
  try {
    front.on('request', forward(relayPort, shopify, shop, shopUrl));
    store.on('request', serveStore(shop, shopUrl, appUrl));
    shopify.mount('admin', serveAdmin(shopify, appUrl));
    const installed = await shop.open(appUrl);
    if (installed.status !== 200)
      throw new DemoError(`The app was not installed: the relay answered ${installed.status}.`);
    console.log(`
Confab is installed in a fake Shopify
  The admin: ${shopify.url}/admin/${DOMAIN}/apps/${shopify.apiKey}
  The shop:  ${shopUrl}/
  As Ann, who has an order: ${shopUrl}/?customer=1
  The relay: ${appUrl}
Ask the shop what the Kittiwake Jumper costs, or how long parcels to Iceland take. Ctrl-C ends it.
`);
    await Promise.race([stopped, relay.ended]);
    return relay.hasEnded() ? 1 : 0;
  } finally {
    await relay.stop();
    for (const server of [store, front]) {
      server.close();
      server.closeAllConnections();
    }
    await shopify.stop();
  }
}

function askedPort(): number {
  try {
    const { values } = parseArgs({ options: { port: { type: 'string', default: '0' } } });
    const port = Number(values.port);
    if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
    throw new DemoError(`--port takes the number of a port, not ${values.port}.`);
  } catch (error) {
    throw new DemoError((error as Error).message);
  }
}

async function listen(server: Server, port: number): Promise<string> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening').catch(error => {
    throw error.code === 'EADDRINUSE' ? new DemoError(`The port ${port} is taken. Choose another by --port.`) : error;
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function startRelay(port: number, env: NodeJS.ProcessEnv) {
  const dataDir = await mkdtemp(join(tmpdir(), 'confab-demo-'));
  const preload = join(import.meta.dirname, 'fakes/shopify/rewrite-fetch.ts');
  const child = spawn(process.execPath, ['--import', preload, join(import.meta.dirname, '../relay/src/main.ts')], {
    env: {
      CONFAB_DEMO: 'off',
      CONFAB_LOG_LEVEL: 'warn',
      ...process.env,
      ...env,
      HOST: '127.0.0.1',
      PORT: String(port),
      CONFAB_DATA_DIR: dataDir,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.once('exit', () => child.kill('SIGKILL'));
  let hasEnded = false;
  const ended = once(child, 'exit').then(([code]) => {
    hasEnded = true;
    return code;
  });
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', line => {
      if (/Confab is ready at/.test(line)) resolve();
      // Its log goes on standard output; the addresses of its banner are not those of this demo.
      else if (line.startsWith('{')) console.log(line);
    });
    ended.then(code => reject(new DemoError(`The relay ended with ${code} before it was ready.`)));
  });
  return {
    ended,
    hasEnded: () => hasEnded,
    async stop() {
      child.kill('SIGTERM');
      await ended;
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/**
 * The relay as browsers see it. In the app's pages Shopify's addresses become those of the stubs, as nobody can have
 * their own admin.shopify.com; all else goes through as it is.
 */
function forward(port: number, shopify: FakeShopify, shop: FakeShop, shopUrl: string) {
  const name = DOMAIN.split('.')[0];
  const admin = `${shopify.url}/admin/${DOMAIN}`;
  const replaced = (html: string) =>
    html
      .replaceAll(`${CDN}/app-bridge.js`, '/stub/app-bridge.js')
      .replaceAll(`${CDN}/polaris-2.js`, '/stub/polaris.js')
      .replaceAll(`https://admin.shopify.com/store/${name}`, admin)
      .replaceAll(`https://${shop.domain}/admin`, admin)
      .replaceAll(`https://${shop.domain}`, shopUrl);
  const scripts: Record<string, () => string> = {
    '/stub/app-bridge.js': appBridgeStub,
    '/stub/polaris.js': polarisStub,
  };

  return (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const script = scripts[incoming.url ?? ''];
    if (script) return void outgoing.writeHead(200, { 'content-type': 'text/javascript; charset=utf-8' }).end(script());
    const { method, url, headers } = incoming;
    const onward = request({ host: '127.0.0.1', port, method, path: url, headers }, async answer => {
      const { statusCode = 502, headers } = answer;
      const isPage = url?.startsWith('/shopify/app') && /html/.test(headers['content-type'] ?? '');
      if (headers.location) headers.location = replaced(headers.location);
      if (!isPage) {
        outgoing.writeHead(statusCode, headers);
        return void answer.pipe(outgoing);
      }
      const { 'content-length': _, ...rest } = headers;
      const policy = rest['content-security-policy']
        ?.toString()
        .replace('frame-ancestors', `frame-ancestors ${shopify.url}`);
      outgoing.writeHead(statusCode, { ...rest, ...(policy && { 'content-security-policy': policy }) });
      outgoing.end(replaced(await text(answer)));
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  };
}

const serveAdmin =
  ({ url, apiKey }: FakeShopify, appUrl: string) =>
  async (incoming: IncomingMessage, outgoing: ServerResponse, shop: FakeShop, path: string): Promise<void> => {
    const asked = { method: incoming.method ?? 'GET', path, body: await text(incoming) };
    const answer = await answerAdmin({ shop, apiKey, relayUrl: appUrl, url: `${url}/admin/${shop.domain}` }, asked);
    outgoing.writeHead(answer.status, { 'content-type': answer.type }).end(answer.body);
  };

/** The shop as visitors see it, with what it says on its pages. */
function serveStore(shop: FakeShop, origin: string, appUrl: string) {
  let customerId: string | null = null;
  const proxy = async (path: string) => {
    const query = shop.proxyQuery({}, customerId === null ? {} : { customerId });
    const answer = await fetch(`${appUrl}/shopify/proxy${path}?${query}`);
    return { status: answer.status, body: await answer.text() };
  };

  return async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(incoming.url ?? '/', origin);
    const picture = pictureOf(/^\/pictures\/([\w-]+)\.svg$/.exec(pathname)?.[1] ?? '');
    if (picture) return void outgoing.writeHead(200, { 'content-type': 'image/svg+xml' }).end(picture);
    if (searchParams.has('customer')) customerId = searchParams.get('customer') || null;
    const { products, metafields } = shop.catalogue;
    const state = storefrontState({
      name: shop.catalogue.shop.name,
      isEmbedOn: shop.isEmbedOn,
      customerId,
      metafields: metafieldValues(metafields),
      products: products.map(({ handle, title, variants }) => ({ handle, title, price: `€${variants[0]?.price}` })),
    });
    const said = textAt(shop, pathname);
    if (said) {
      // A product's page is the one of the theme that has a title of its own.
      const at = { page: 'product', product: { handle: '', title: said.title, price: said.price ?? '' } } as const;
      const html = await renderStorefrontPage(state, at, origin);
      outgoing.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      return void outgoing.end(html.replace('</h1>', `</h1>${said.html}`));
    }
    const isServed = await serveStorefront({ state, origin, proxy }, incoming, outgoing);
    if (!isServed) outgoing.writeHead(404, { 'content-type': 'text/plain' }).end('The shop has no such page.');
  };
}

/** What stands on a page of the shop. */
function textAt({ catalogue }: FakeShop, path: string): { title: string; html: string; price?: string } | undefined {
  const { products, collections, pages, articles, policies } = catalogue;
  const [, product] = /^\/products\/([^/]+)$/.exec(path) ?? [];
  const found = products.find(({ handle }) => handle === product);
  if (found) {
    const { title, descriptionHtml, images, variants } = found;
    const picture = `<img src="${images[0]?.url}" alt="" width="320" height="320">`;
    return { title, html: `${picture}${descriptionHtml}`, price: `€${variants[0]?.price}` };
  }
  const places = [
    ...collections.map(({ handle, title, descriptionHtml }) => [`/collections/${handle}`, title, descriptionHtml]),
    ...pages.map(({ handle, title, body }) => [`/pages/${handle}`, title, body]),
    ...articles.map(({ blog, handle, title, body }) => [`/blogs/${blog.handle}/${handle}`, title, body]),
    ...policies.map(({ type, title, body }) => [`/policies/${type.toLowerCase().replaceAll('_', '-')}`, title, body]),
  ];
  const [, title = '', html = ''] = places.find(([at]) => at === path) ?? [];
  return title ? { title, html } : undefined;
}

try {
  process.exitCode = await demo();
} catch (error) {
  if (!(error instanceof DemoError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
