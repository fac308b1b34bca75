import { createHash, createHmac, createPublicKey, verify } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What a site does with a call of the relay. `plugin` is ours, with its checks; the others are what sites do instead. */
export type SiteBehaviour =
  | 'plugin'
  | 'wrong_proof'
  | 'garbage'
  | 'huge'
  | 'hang'
  | { status: number; location?: string };

export type PluginCall = {
  path: string;
  headers: IncomingHttpHeaders;
  /** Whether the signature is the relay's, over these very bytes, and no older than five minutes. */
  isSigned: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it as they like
  body: any;
};

/** How much a site that answers hugely sends at most. */
const HUGE = 32 * 1024 * 1024;
const WINDOW_S = 5 * 60;

export type FakeWordpress = Awaited<ReturnType<typeof startFakeWordpress>>;

/**
 * A WordPress site with our plugin: it answers the relay's calls as http-api.md has it, and checks the signature by
 * itself, without a line of the relay's code. Until it is connected it knows no keys, and answers 404.
 */
export async function startFakeWordpress() {
  const calls: PluginCall[] = [];
  const site = { secret: '', publicKeys: [] as string[], behaviour: 'plugin' as SiteBehaviour, now: () => new Date() };
  let sent = 0;
  const server = createServer(async (incoming, response) => {
    const raw = await buffer(incoming);
    const { url = '', headers } = incoming;
    const isSigned = isFromRelay(headers, raw, site.publicKeys, site.now());
    const call = { path: url, headers, isSigned, body: parsed(raw) };
    calls.push(call);
    await answer(response, call);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    /** What came to this route of the plugin. */
    callsTo: (route: 'verify' | 'events') => calls.filter(({ path }) => path.endsWith(`/confab/v1/${route}`)),
    /** As the plugin keeps it after the exchange. */
    keep(connection: { siteSecret: string; relayPublicKeys: string[] }): void {
      site.secret = connection.siteSecret;
      site.publicKeys = connection.relayPublicKeys;
    },
    behave(behaviour: SiteBehaviour): void {
      site.behaviour = behaviour;
    },
    setClock(now: () => Date): void {
      site.now = now;
    },
    /** Bytes of huge answers that went out. */
    bytesSent: () => sent,
    close: () =>
      new Promise<void>(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  async function answer(response: ServerResponse, call: PluginCall): Promise<void> {
    const { behaviour } = site;
    if (behaviour === 'hang') return;
    if (behaviour === 'garbage') return void response.end('<!doctype html><p>Welcome!');
    if (behaviour === 'huge') return stream(response);
    if (typeof behaviour === 'object') {
      const { status, location } = behaviour;
      return void response.writeHead(status, location === undefined ? {} : { location }).end();
    }
    if (site.secret === '') return json(response, 404, { code: 'rest_no_route' });
    if (!call.isSigned) return json(response, 401, { code: 'confab_signature' });
    if (call.body.type !== 'site.verify') return json(response, 200, {});
    const secret = behaviour === 'wrong_proof' ? `${site.secret}x` : site.secret;
    const key = createHash('sha256').update(secret).digest('hex');
    json(response, 200, { proof: createHmac('sha256', key).update(call.body.data.challenge).digest('hex') });
  }

  async function stream(response: ServerResponse): Promise<void> {
    const piece = Buffer.alloc(64 * 1024, ' ');
    let isGone = false;
    response.on('close', () => {
      isGone = true;
    });
    while (!isGone && sent < HUGE) {
      sent += piece.length;
      await new Promise<void>(resolve => response.write(piece, () => resolve()));
    }
    response.end();
  }
}

/** Standard Webhooks, its asymmetric form: any one of the signatures by any one of the keys. */
function isFromRelay(headers: IncomingHttpHeaders, raw: Buffer, publicKeys: string[], now: Date): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = headers;
  if (Math.abs(now.getTime() / 1_000 - Number(timestamp)) > WINDOW_S) return false;
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), raw]);
  return String(signatures)
    .split(' ')
    .flatMap(each => (each.startsWith('v1a,') ? [Buffer.from(each.slice(4), 'base64')] : []))
    .some(signature => publicKeys.some(key => verify(null, signed, publicKeyOf(key), signature)));
}

function publicKeyOf(key: string) {
  const x = Buffer.from(key.replace(/^whpk_/, ''), 'base64').toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function parsed(raw: Buffer): unknown {
  try {
    return JSON.parse(raw.toString());
  } catch {
    return undefined;
  }
}
