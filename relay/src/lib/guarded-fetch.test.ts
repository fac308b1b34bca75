import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guardedFetch, isPublic, PrivateAddressError } from './guarded-fetch.ts';

const cases = path.join(import.meta.dirname, '../../../../shared/data/own/security/ssrf.json');

describe('the guarded fetch', () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
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

  it.skipIf(!existsSync(cases))('refuses every address of ../shared/data that is to be blocked', async () => {
    const { urls } = JSON.parse(readFileSync(cases, 'utf8')) as { urls: { url: string; expect: string }[] };
    const hosts = urls
      .filter(({ url, expect: what }) => what === 'block' && URL.canParse(url) && /^https?:/i.test(url))
      .map(({ url }) => new URL(url).hostname.replace(/^\[|\]$/g, ''))
      .filter(host => /^[\d.]+$|:/.test(host));
    expect(hosts.length).toBeGreaterThan(10);
    expect(hosts.filter(isPublic)).toEqual([]);
  });
});
