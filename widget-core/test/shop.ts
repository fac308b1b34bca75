import { readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import webpack from 'webpack';
import widget from '../webpack.config.js';

/** Builds the widget as it is shipped, apart from `dist/`, and gives the two files. */
async function buildWidget(): Promise<Map<string, string>> {
  const path = join(tmpdir(), `confab-widget-${process.pid}-${Date.now()}`);
  const compiler = webpack({ ...widget, output: { ...widget.output, path } } as webpack.Configuration);
  const stats = await new Promise<webpack.Stats | undefined>((resolve, reject) =>
    compiler?.run((error, result) => (error ? reject(error) : resolve(result))),
  );
  if (stats?.hasErrors()) throw new Error(stats.toString('errors-only'));
  const names = ['confab-loader.js', 'confab-panel.js'];
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
  const policy = `default-src 'none'; script-src 'self'; connect-src ${relayOrigin}; img-src 'self'; style-src 'self'`;
  let isPanelMissing = false;

  const html = ({ attributes = {}, lang = 'en', loaders = 1, css }: ShopPage) => {
    const data = Object.entries({ 'site-key': 'demo', relay: relayOrigin, ...attributes });
    const script = `<script src="/widget/confab-loader.js" defer ${data.map(([name, value]) => `data-${name}="${value}"`).join(' ')}></script>`;
    return `<!doctype html><html lang="${lang}"><head><meta charset="utf-8"><title>Shop &amp; Co</title>
      <meta name="viewport" content="width=device-width"><link rel="icon" href="/icon.png">
      ${css ? '<link rel="stylesheet" href="/shop.css">' : ''}${script.repeat(loaders)}</head>
      <body><main><h1>Shop</h1><p>Mugs and bowls.</p><a href="/other">Next page</a></main></body></html>`;
  };

  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://shop');
    const file = files.get(pathname.replace('/widget/', ''));
    const page = pages.get(pathname);
    response.setHeader('Content-Security-Policy', policy);
    if (file && !(isPanelMissing && pathname.includes('panel'))) {
      response.setHeader('Content-Type', 'text/javascript').end(file);
    } else if (pathname === '/shop.css') response.setHeader('Content-Type', 'text/css').end(pages.get('/')?.css);
    else if (page) response.setHeader('Content-Type', 'text/html').end(html(page));
    else response.writeHead(404).end();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    origin,
    reset(page: ShopPage = {}) {
      isPanelMissing = false;
      pages.set('/', page);
      pages.set('/other', {});
    },
    losePanel(isLost: boolean) {
      isPanelMissing = isLost;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
