import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { ProxyAgent, fetch as undiciFetch } from 'undici';

/** What a page is answered with: its HTML, or anything else that a server may do. */
export type Reply =
  | string
  | {
      status?: number;
      headers?: Record<string, string>;
      body?: string | Uint8Array | (() => AsyncIterable<string | Uint8Array>);
      /** Ends the connection in place of an answer, or after this body. */
      cut?: boolean;
    };

export type Asked = { url: string; method: string; headers: IncomingHttpHeaders };

/** A page by its path and query; a host may also decide for itself. What is `undefined` is not found. */
export type Host = Record<string, Reply> | ((path: string, asked: Asked) => Reply | undefined);

export type FakeInternet = Awaited<ReturnType<typeof startInternet>>;

/**
 * A small internet behind a recording proxy: every request that leaves by its `fetch` is in `asked`, whatever host it is
 * for, and hosts may be added and changed while it runs. A host that is not there drops the connection. Without the proxy
 * there is one host, at `url`.
 */
export async function startInternet(hosts: Record<string, Host>) {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const { url = '', method = '', headers } = request;
    const seen = { url: URL.canParse(url) ? url : `http://${headers.host}${url}`, method, headers };
    asked.push(seen);
    await answer(hosts, seen, request, response);
  });
  // Where a client would tunnel: to be seen, and to lead nowhere.
  server.on('connect', (request, socket) => {
    asked.push({ url: `connect://${request.url}`, method: 'CONNECT', headers: request.headers });
    socket.destroy();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const dispatcher = new ProxyAgent({ uri: `http://127.0.0.1:${port}`, proxyTunnel: false });
  return {
    hosts,
    asked,
    host: `127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}`,
    /** The paths that one host was asked for, in order. */
    pathsOf: (host: string) =>
      asked
        .filter(({ url }) => new URL(url).host === host)
        .map(({ url }) => new URL(url).pathname + new URL(url).search),
    fetch: ((input: string, init: object) => undiciFetch(input, { ...init, dispatcher })) as unknown as typeof fetch,
    async close(): Promise<void> {
      await dispatcher.destroy();
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

async function answer(hosts: Record<string, Host>, asked: Asked, request: IncomingMessage, response: ServerResponse) {
  const { host, pathname, search } = new URL(asked.url);
  const site = hosts[host];
  if (!site) return void request.socket.destroy();
  const path = pathname + search;
  const reply = typeof site === 'function' ? site(path, asked) : site[path];
  if (reply === undefined) return void response.writeHead(404, { 'Content-Type': 'text/html' }).end('Not found');
  const { status = 200, headers = {}, body = '', cut = false } = typeof reply === 'string' ? { body: reply } : reply;
  if (cut && body === '') return void request.socket.destroy();
  response.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8', ...headers });
  if (typeof body === 'string' || body instanceof Uint8Array) {
    response.write(body);
  } else {
    // A client that has heard enough hangs up.
    await pipeline(body(), response, { end: false }).catch(() => {});
  }
  if (cut) request.socket.destroy();
  else response.end();
}

/** A page with something to read, and links. */
export const htmlPage = (title: string, links: string[] = [], { head = '', text = '' } = {}): string => `<!doctype html>
<html lang="en"><head><title>${title}</title>${head}</head><body><nav><a href="#top">Top</a></nav><main><h1>${title}</h1>
<p>${text || `Everything that our shop has to say about ${title} stands on this page, in one long sentence.`}</p>
<p>Our shop by the sea has been open since 1962, and whoever asks is told what they want to know about ${title}.</p>
${links.map(link => `<p><a href="${link}">More</a></p>`).join('\n')}</main></body></html>`;

/** A sitemap of these pages. */
export const sitemapOf = (urls: string[]): { headers: Record<string, string>; body: string } => ({
  headers: { 'Content-Type': 'application/xml' },
  body: `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${urls
    .map(url => `<url><loc>${url}</loc></url>`)
    .join('')}</urlset>`,
});
