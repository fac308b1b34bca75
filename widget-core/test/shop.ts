import { readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import webpack from 'webpack';
import widget from '../webpack.config.js';

/** Builds the widget as it is shipped, apart from `dist/`, and gives the files. */
async function buildWidget(): Promise<Map<string, string>> {
  const path = join(tmpdir(), `confab-widget-${process.pid}-${Date.now()}`);
  const [everybody] = widget;
  const compiler = webpack({ ...everybody, output: { ...everybody?.output, path } } as webpack.Configuration);
  const stats = await new Promise<webpack.Stats | undefined>((resolve, reject) =>
    compiler?.run((error, result) => (error ? reject(error) : resolve(result))),
  );
  if (stats?.hasErrors()) throw new Error(stats.toString('errors-only'));
  const names = ['confab-loader.js', 'confab-panel.js', 'confab-pages.js', 'confab-proof.js'];
  const files = new Map(
    await Promise.all(names.map(async name => [name, await readFile(join(path, name), 'utf8')] as const)),
  );
  await rm(path, { recursive: true });
  return files;
}

export type Shop = Awaited<ReturnType<typeof startShop>>;

/** What differs between the pages of the shop. */
export interface ShopPage {
  attributes?: Record<string, string>;
  lang?: string;
  /** The loader as often as this. */
  loaders?: number;
  /** What the page tells the loader as JSON instead of attributes; a string stands there as it is. */
  settings?: unknown;
  /** How an optimiser of the shop has treated the loader. */
  loader?: 'deferred' | 'async, in the head' | 'inlined in the head' | 'merged' | 'after the page has loaded';
  /** What stands in the page besides. */
  body?: string;
  /** The consent manager: its type, or none though its API is there. Its scripts come after ours. */
  consent?: 'optin' | 'optout' | 'none' | 'unregistered';
  /** A style sheet of the shop, as a hostile theme might have it. */
  css?: string;
}

/**
 * A shop on an origin of its own, under a strict content security policy: scripts and styles from its own files only,
 * nothing inline, and connections to the relay alone.
 */
export async function startShop(relayOrigin: string) {
  const files = await buildWidget();
  const pages = new Map<string, ShopPage>();
  const policy = `default-src 'none'; script-src 'self' 'nonce-n0nce'; connect-src ${relayOrigin}; img-src 'self'; style-src 'self'`;
  let missing = '';

  const loader = ({ attributes, settings, loader: how = 'deferred' }: ShopPage) => {
    const data = Object.entries({ 'site-key': 'demo', relay: relayOrigin, ...attributes });
    const isTold = attributes !== undefined || settings === undefined;
    const told = isTold ? data.map(([name, value]) => `data-${name}="${value}"`).join(' ') : '';
    return {
      deferred: `<script src="/widget/confab-loader.js" defer ${told}></script>`,
      'async, in the head': `<script src="/widget/confab-loader.js" async></script>`,
      'inlined in the head': `<script nonce="n0nce">${files.get('confab-loader.js')}</script>`,
      merged: '<script src="/merged.js" data-site="x" defer></script>',
      'after the page has loaded': '<script src="/late.js" defer></script>',
    }[how];
  };

  const consentScripts = ({ consent }: ShopPage) =>
    consent
      ? `<p id="consent-banner"><button data-consent="allow">Allow cookies</button>
        <button data-consent="deny">Refuse cookies</button></p>
        <script src="/consent-api.js?${consent}"></script>${consent === 'none' ? '' : '<script src="/consent-banner.js"></script>'}`
      : '';

  const html = (page: ShopPage) => {
    const { lang = 'en', loaders = 1, css, settings, body = '' } = page;
    const script = loader(page);
    const json = typeof settings === 'string' ? settings : JSON.stringify(settings)?.replaceAll('<', '\\u003c');
    return `<!doctype html><html lang="${lang}"><head><meta charset="utf-8"><title>Shop &amp; Co</title>
      <meta name="viewport" content="width=device-width"><link rel="icon" href="/icon.png">
      ${css ? '<link rel="stylesheet" href="/shop.css">' : ''}${script.repeat(loaders)}</head>
      <body><main><h1>Shop</h1><p>Mugs and bowls.</p><a href="/other">Next page</a>${body}</main>
      ${json === undefined ? '' : `<script type="application/json" id="confab-settings">${json}</script>`}
      ${consentScripts(page)}</body></html>`;
  };

  const standIns = new URL('../../plugins/wordpress/tests/stand-ins/', import.meta.url);
  const standIn = (name: string) => readFile(new URL(`${name}/${name}.js`, standIns), 'utf8');
  const [consentApi, consentBanner] = await Promise.all([standIn('wp-consent-api'), standIn('consent-banner')]);
  const scripts: Record<string, (query: string) => string> = {
    '/merged.js': () => `window.shopRan = 1;\n;${files.get('confab-loader.js')}`,
    '/late.js': () => `addEventListener('load', () => setTimeout(() => { ${files.get('confab-loader.js')} }));`,
    '/consent-api.js': consent => {
      const services = consent === 'unregistered' ? [] : [{ name: 'confab', category: 'preferences' }];
      const type = consent === 'optout' ? 'optout' : '';
      const told = { consent_type: type, cookie_expiration: 30, cookie_prefix: 'wp_consent', services };
      return `var consent_api = ${JSON.stringify(told)};${consentApi}`;
    },
    '/consent-banner.js': () =>
      pages.get('/')?.consent === 'optout' ? consentBanner.replace("= 'optin'", "= 'optout'") : consentBanner,
  };

  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? '', 'http://shop');
    const file = files.get(pathname.replace('/widget/', ''));
    const page = pages.get(pathname);
    response.setHeader('Content-Security-Policy', policy);
    if (file && !(missing && pathname.includes(missing))) {
      response.setHeader('Content-Type', 'text/javascript').end(file);
    } else if (scripts[pathname]) {
      response.setHeader('Content-Type', 'text/javascript').end(scripts[pathname](search.slice(1)));
    } else if (pathname === '/shop.css') response.setHeader('Content-Type', 'text/css').end(pages.get('/')?.css);
    else if (page) response.setHeader('Content-Type', 'text/html').end(html(page));
    else response.writeHead(404).end();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    origin,
    reset(page: ShopPage = {}) {
      missing = '';
      pages.set('/', page);
      pages.set('/other', page.settings === undefined ? {} : page);
    },
    /** Has the widget's file with this in its name no more; with nothing, all of them again. */
    lose(name: 'panel' | 'pages' | '') {
      missing = name;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
