import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { buildConnector } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGuardedFetch, guardedFetch, isPublic, PrivateAddressError } from './guarded-fetch.ts';

const cases = path.join(import.meta.dirname, '../../../../shared/data/own/security/ssrf.json');

describe('the guarded fetch', () => {
  const asked: string[] = [];
  /** Where the server leads on to, once. */
  let next: [status: number, location: string] | undefined;
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.setHeader('Connection', 'close');
    if (next) response.writeHead(next[0], { Location: next[1] });
    next = undefined;
    response.end('secret');
  });
  let port: number;

  beforeAll(async () => {
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => server.close());

  it.each(['127.0.0.1', 'localhost', '127.1', '2130706433', '0x7f.0.0.1', '[::ffff:127.0.0.1]', '0.0.0.0'])(
    'does not reach a local server by the name %s',
    async host => {
      const failure = await guardedFetch(`http://${host}:${port}/`).catch((error: Error) => error);
      expect(failure).toBeInstanceOf(TypeError);
      expect((failure as Error).cause).toBeInstanceOf(PrivateAddressError);
      expect(asked).toEqual([]);
    },
  );

  it('knows the addresses that are not of the public internet', () => {
    const inner = [
      '10.0.0.1',
      '169.254.169.254',
      '168.63.129.16',
      '::ffff:168.63.129.16',
      '100.64.0.1',
      '192.168.1.1',
      'fd00::1',
      'fe80::1',
      '::',
      '::127.0.0.1',
    ];
    expect(inner.filter(isPublic)).toEqual([]);
    expect(['93.184.215.14', '2606:2800:21f:cb07:6820:80da:af6b:8b2c'].every(isPublic)).toBe(true);
  });

  /**
   * A world in which names lead where a test says, and every connection that the guard lets through ends at our server: what
   * is in `asked` would have been reached.
   */
  function world(addressesOf: (host: string) => string[]) {
    const looked: string[] = [];
    const lookup = ((host: string, _: object, callback: (error: null, found: object[]) => void) => {
      looked.push(host);
      callback(
        null,
        addressesOf(host).map(address => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    }) as unknown as typeof import('node:dns').lookup;
    const toServer = buildConnector({});
    const fetch = createGuardedFetch({
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
    return { fetch, looked };
  }
  const PUBLIC = '93.184.215.14';
  const read = () => JSON.parse(readFileSync(cases, 'utf8'));

  it.skipIf(!existsSync(cases))(
    'refuses every address of ../shared/data that is to be refused, and no other',
    async () => {
      const { urls } = read() as { urls: { url: string; expect: string }[] };
      // Names that are only known inside lead inside.
      const { fetch } = world(host => [/localhost|internal|\.local$/i.test(host) ? '192.168.0.7' : PUBLIC]);
      for (const { url, expect: what } of urls) {
        asked.length = 0;
        // Nobody sends anything that is no web address: the guard is not asked.
        const answer =
          URL.canParse(url) && /^https?:/.test(url) ? await fetch(url).catch((error: Error) => error) : undefined;
        if (what === 'allow') expect({ url, ok: (answer as Response).ok }).toEqual({ url, ok: true });
        else expect({ url, asked }).toEqual({ url, asked: [] });
      }
    },
  );

  it.skipIf(!existsSync(cases))('refuses a name of which one address is not public', async () => {
    const { with_resolver } = read() as { with_resolver: { url: string; dns: string[]; expect: string }[] };
    expect(with_resolver.length).toBeGreaterThan(2);
    asked.length = 0;
    for (const { url, dns } of with_resolver) {
      const failure = await world(() => dns)
        .fetch(url)
        .catch((error: Error) => error);
      expect((failure as Error).cause).toBeInstanceOf(PrivateAddressError);
    }
    await expect(world(() => []).fetch('http://nowhere.example/')).rejects.toThrow(TypeError);
    expect(asked).toEqual([]);
  });

  it.skipIf(!existsSync(cases))('follows no redirect to an address that is not public', async () => {
    const { redirects } = read() as { redirects: { start: string; chain: [number, string][] }[] };
    expect(redirects.length).toBeGreaterThan(1);
    for (const { start, chain } of redirects) {
      asked.length = 0;
      [next] = chain;
      const failure = await world(() => [PUBLIC])
        .fetch(start)
        .catch((error: Error) => error);
      expect((failure as Error).cause).toBeInstanceOf(PrivateAddressError);
      expect(asked).toEqual([new URL(start).pathname]);
    }
  });

  it('asks anew where a name leads for each connection, so that it cannot change its answer in between', async () => {
    asked.length = 0;
    const { fetch, looked } = world(() => (looked.length === 1 ? [PUBLIC] : ['169.254.169.254']));
    const closing = { headers: { Connection: 'close' } };
    expect((await fetch('http://rebinds.example/first', closing)).ok).toBe(true);
    const failure = await fetch('http://rebinds.example/second', closing).catch((error: Error) => error);
    expect((failure as Error).cause).toBeInstanceOf(PrivateAddressError);
    expect({ asked, looked }).toEqual({ asked: ['/first'], looked: ['rebinds.example', 'rebinds.example'] });
  });
});
