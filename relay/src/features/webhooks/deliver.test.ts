import type { lookup as systemLookup } from 'node:dns';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { buildConnector } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sharedData } from '../../../../e2e/fakes/shared-data.ts';
import type { Outcome } from '../../jobs/outbox.ts';
import { createGuardedFetch } from '../../lib/guarded-fetch.ts';
import { createDeliver } from './deliver.ts';
import { targetOf } from './target.ts';

const SITE = '01a1ff00-0000-7000-8000-000000000001';
const ENDPOINT = '01a1ff00-0000-7000-8000-000000000002';
const MESSAGE = '01a1ff00-0000-7000-8000-000000000003';
const SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const PUBLIC = '93.184.215.14';

type Ssrf = {
  urls: { url: string; expect: string }[];
  with_resolver: { url: string; dns: string[] }[];
  redirects: { start: string; chain: [number, string][] }[];
};
const ssrf: Ssrf | undefined = sharedData('own/security/ssrf.json');

describe('the delivery of a message', () => {
  const asked: { url: string; headers: Record<string, unknown> }[] = [];
  let answer: (response: ServerResponse) => void;
  const server = createServer((request, response) => {
    asked.push({ url: request.url ?? '', headers: request.headers });
    response.setHeader('Connection', 'close');
    answer(response);
  });
  let port: number;
  beforeAll(async () => {
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  beforeEach(() => {
    asked.length = 0;
    answer = response => response.writeHead(204).end();
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  /** The public internet: names lead where a test says, and every connection that the guard lets through ends at our server. */
  function internet(addressesOf: (host: string) => string[] = () => [PUBLIC]): typeof fetch {
    const lookup = ((host: string, _: object, callback: (error: null, found: object[]) => void) =>
      callback(
        null,
        addressesOf(host).map(address => ({ address, family: address.includes(':') ? 6 : 4 })),
      )) as unknown as typeof systemLookup;
    const toServer = buildConnector({});
    return createGuardedFetch({
      lookup,
      connect: guardedLookup => (options, callback) => {
        const go = (error: Error | null) => {
          if (error) return callback(error, null);
          toServer({ ...options, protocol: 'http:', hostname: '127.0.0.1', port: String(port) }, callback);
        };
        if (/^[\d.]+$|^\[/.test(options.hostname)) go(null);
        else guardedLookup(options.hostname, { all: true }, go);
      },
    });
  }

  async function deliver(
    url: string,
    { fetch = internet(), tryMs = 5_000, signal = new AbortController().signal, secrets = [SECRET] } = {},
  ) {
    const disabled: string[] = [];
    const to = createDeliver({
      store: {
        byId: async () => ({
          id: ENDPOINT,
          url,
          events: ['lead.created'],
          description: '',
          disabledReason: null,
          endedUntil: null,
          createdAt: new Date(),
        }),
        message: async () => ({
          id: MESSAGE,
          type: 'webhook.test',
          subjectId: ENDPOINT,
          lastMessageAt: null,
          createdAt: new Date(),
        }),
        disable: async (_, endpoint) => void disabled.push(`${endpoint.id} ${endpoint.url}`),
      },
      body: async () => ({
        type: 'webhook.test',
        timestamp: '2026-11-22T12:00:00.000Z',
        data: { siteId: SITE, webhookId: ENDPOINT },
      }),
      secretsOf: async () => secrets,
      fetch,
      now: () => new Date(),
      tryMs,
    });
    const attempt = { operation: 'deliver' as const, attempts: 0, externalId: null, revision: 1 };
    const outcome = await to({ siteId: SITE, target: targetOf(ENDPOINT), subjectId: MESSAGE, ...attempt }, signal);
    return { outcome, disabled };
  }

  const unreachable: Partial<Outcome> = { is: 'refused', fault: 'unreachable' };

  it.skipIf(!ssrf)('reaches no address of ../shared/data that is to be refused, and every other', async () => {
    const inside = (host: string) => (/localhost|internal|\.local$/i.test(host) ? ['192.168.0.7'] : [PUBLIC]);
    const urls = (ssrf?.urls ?? []).filter(({ url }) => URL.canParse(url) && /^https?:/.test(url));
    expect(urls.length).toBeGreaterThan(10);
    for (const { url, expect: what } of urls) {
      asked.length = 0;
      const { outcome } = await deliver(url, { fetch: internet(inside) });
      if (what === 'allow') expect({ url, outcome }).toEqual({ url, outcome: { is: 'delivered' } });
      else
        expect({ url, outcome, asked }).toMatchObject({
          url,
          asked: [],
          outcome: { is: expect.stringMatching(/refused|later/) },
        });
    }
  });

  it.skipIf(!ssrf)('reaches no name of which one address leads inward', async () => {
    for (const { url, dns } of ssrf?.with_resolver ?? []) {
      expect((await deliver(url, { fetch: internet(() => dns) })).outcome).toMatchObject(unreachable);
    }
    expect(asked).toEqual([]);
  });

  it.skipIf(!ssrf)('follows no redirect, wherever it leads', async () => {
    for (const { start, chain } of ssrf?.redirects ?? []) {
      const [status, location] = chain[0] ?? [302, 'http://169.254.169.254/'];
      asked.length = 0;
      answer = response => response.writeHead(status, { Location: location }).end();
      const { outcome } = await deliver(start);
      expect(outcome).toMatchObject({ is: 'later', fault: 'misconfigured' });
      expect(asked).toHaveLength(1);
    }
  });

  it('is signed as the package signs, at the time of the try', async () => {
    let raw = '';
    answer = response => {
      response.req.on('data', (chunk: Buffer) => {
        raw += chunk.toString();
      });
      response.req.on('end', () => response.writeHead(200).end());
    };
    expect((await deliver('https://shop.example/hook')).outcome).toEqual({ is: 'delivered' });
    const headers = asked[0]?.headers as Record<string, string>;
    expect(new Webhook(SECRET).verify(raw, headers)).toMatchObject({ type: 'webhook.test' });
    expect(() => new Webhook(SECRET).verify(`${raw} `, headers)).toThrow();
    expect(headers['webhook-id']).toBe(`msg_${MESSAGE}`);
  });

  it.each<[string, (response: ServerResponse) => void, Partial<Outcome>]>([
    ['does not answer', () => {}, { is: 'later', fault: 'timed_out' }],
    ['refuses and drips', response => void response.writeHead(500).write('x'), { is: 'later', fault: 'unavailable' }],
    ['takes it and drips', response => void response.writeHead(200).write('x'), { is: 'delivered' }],
  ])('ends in time where the receiver %s', async (_, how, expected) => {
    answer = how;
    expect((await deliver('https://shop.example/', { tryMs: 150 })).outcome).toMatchObject(expected);
  });

  it('reads no more of a refusal than it needs, and keeps less', async () => {
    let sent = 0;
    answer = response => {
      response.writeHead(500);
      const piece = Buffer.alloc(64 * 1024, 'word ');
      const more = () => {
        if (response.destroyed || sent > 64 * 1024 * 1024) return;
        sent += piece.length;
        response.write(piece, more);
      };
      more();
    };
    const { outcome } = await deliver('https://shop.example/');
    expect(outcome).toMatchObject({
      is: 'later',
      fault: 'unavailable',
      words: expect.stringMatching(/^It answered 500: word/),
    });
    expect('words' in outcome && outcome.words?.length).toBe(200);
    expect(sent).toBeLessThan(8 * 1024 * 1024);
  });

  it('that we break off ourselves is no fault of the receiver', async () => {
    answer = () => {};
    const stopping = new AbortController();
    const trying = deliver('https://shop.example/', { signal: stopping.signal });
    await expect.poll(() => asked.length).toBe(1);
    stopping.abort(new Error('stopping'));
    await expect(trying).rejects.toThrow('stopping');
  });

  it.each([
    ['7', 7],
    ['0', undefined],
    ['soon', undefined],
    ['-7', undefined],
    ['Mon, 01 Jan 2001 00:00:00 GMT', undefined],
  ])('takes a pause of %s', async (value, retryAfterS) => {
    answer = response => response.writeHead(429, { 'Retry-After': value }).end();
    expect((await deliver('https://shop.example/')).outcome).toMatchObject({
      is: 'later',
      fault: 'rate_limited',
      retryAfterS,
    });
  });

  it('disables the endpoint that is gone', async () => {
    answer = response => response.writeHead(410).end();
    expect(await deliver('https://shop.example/')).toMatchObject({
      disabled: [`${ENDPOINT} https://shop.example/`],
      outcome: { is: 'refused' },
    });
  });

  it('of an endpoint that was removed meanwhile, and its secrets with it, sends nothing', async () => {
    expect((await deliver('https://shop.example/', { secrets: [] })).outcome).toEqual({ is: 'gone' });
    expect(asked).toEqual([]);
  });
});
