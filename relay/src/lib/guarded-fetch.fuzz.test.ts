import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { fuzz, hostileText } from '../../../e2e/fuzz.ts';
import { createGuardedFetch, isPublic, PrivateAddressError } from './guarded-fetch.ts';

/** A guard behind which nothing is: what it would have let through is in `opened`, and goes no further. */
function guard(addresses: string[] = ['93.184.215.14']) {
  const opened: string[] = [];
  const lookup = ((_: string, __: object, callback: (error: null, found: object[]) => void) => {
    callback(
      null,
      addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  }) as unknown as typeof import('node:dns').lookup;
  const fetch = createGuardedFetch({
    lookup,
    connect: guarded => (options, callback) => {
      const go = (error: Error | null) => {
        if (!error) opened.push(options.hostname);
        callback(error ?? new Error('as far as it goes'), null);
      };
      if (isIP(options.hostname.replace(/[[\]]/g, ''))) go(null);
      else guarded(options.hostname, { all: true }, go);
    },
  });
  return { opened, fetch };
}

const byte = fc.nat(255);
/** Networks that are nobody's on the internet, as their first bytes. */
const inside = fc
  .tuple(
    fc.constantFrom(
      [0],
      [10],
      [100, 64],
      [127],
      [169, 254],
      [172, 16],
      [172, 31],
      [192, 0, 0],
      [192, 168],
      [198, 18],
      [224],
      [240],
      [255],
    ),
    byte,
    byte,
    byte,
  )
  .map(([first, ...rest]): number[] => [...first, ...rest].slice(0, 4));

const asNumber = (bytes: number[]) => bytes.reduce((sum, each) => sum * 256 + each, 0);
const hex = (bytes: number[]) => Buffer.from(bytes).toString('hex');
const groups = (bytes: number[]) => `${hex(bytes.slice(0, 2))}:${hex(bytes.slice(2))}`;
const wide = (text: string) =>
  text.replace(/\d/g, digit => String.fromCodePoint(0xff10 + Number(digit))).replaceAll('.', '。');
/** The ways to write one address that a browser, and so `fetch`, takes for the same. */
const SPELLINGS: Record<string, (bytes: number[]) => string> = {
  plain: bytes => bytes.join('.'),
  'one number': bytes => `${asNumber(bytes)}`,
  hexadecimal: bytes => `0x${hex(bytes)}`,
  octal: bytes => bytes.map(each => `0${each.toString(8)}`).join('.'),
  mixed: ([a = 0, b = 0, ...rest]) => `0x${a.toString(16)}.0${b.toString(8)}.${asNumber(rest)}`,
  'with a dot behind': bytes => `${bytes.join('.')}.`,
  escaped: bytes => bytes.join('.').replace(/\d/, digit => `%3${digit}`),
  'in wide letters': bytes => wide(bytes.join('.')),
  'mapped into IPv6': bytes => `[::ffff:${bytes.join('.')}]`,
  'mapped, in groups': bytes => `[0:0:0:0:0:ffff:${groups(bytes)}]`,
  'within IPv6': bytes => `[::${bytes.join('.')}]`,
  'by NAT64': bytes => `[64:ff9b::${groups(bytes)}]`,
  'by 6to4': bytes => `[2002:${groups(bytes)}::1]`,
  translated: bytes => `[::ffff:0:${groups(bytes)}]`,
};

describe('the guarded fetch', () => {
  fuzz(
    'no spelling of an inner address gets through',
    [
      inside,
      fc.constantFrom(...Object.keys(SPELLINGS)),
      fc.constantFrom('http', 'https'),
      fc.constantFrom('', ':80', ':6379'),
    ],
    async (bytes, spelling, scheme, port) => {
      const { opened, fetch } = guard();
      const url = `${scheme}://${SPELLINGS[spelling]?.(bytes)}${port}/`;
      expect(URL.canParse(url), url).toBe(true);
      const failure = await fetch(url).catch((error: Error) => error);
      expect({ url, opened, cause: (failure as Error).cause }).toEqual({
        url,
        opened: [],
        cause: expect.any(PrivateAddressError),
      });
    },
    { runs: 400 },
  );

  fuzz(
    'no name gets through that leads inside, alone or among others',
    [inside, fc.constantFrom('plain', 'mapped into IPv6', 'by NAT64', 'by 6to4'), fc.boolean(), fc.domain()],
    async (bytes, spelling, first, name) => {
      const address = (SPELLINGS[spelling]?.(bytes) ?? '').replace(/[[\]]/g, '');
      const { opened, fetch } = guard(first ? [address, '93.184.215.14'] : ['93.184.215.14', address]);
      const failure = await fetch(`https://${name}/`).catch((error: Error) => error);
      expect({ opened, cause: (failure as Error).cause }).toEqual({
        opened: [],
        cause: expect.any(PrivateAddressError),
      });
    },
  );

  fuzz(
    'an address of the internet is one',
    [byte, byte, byte, fc.constantFrom('plain', 'one number', 'mapped into IPv6', 'octal')],
    async (b, c, d, spelling) => {
      const { opened, fetch } = guard();
      await fetch(`http://${SPELLINGS[spelling]?.([93, b, c, d])}/`).catch(() => {});
      expect(opened).toHaveLength(1);
    },
  );

  fuzz('any text is an address to refuse, or to fail at, and no fault', [hostileText({ max: 300 })], async text => {
    const { opened, fetch } = guard(['127.0.0.1']);
    await expect(fetch(`http://${text}`)).rejects.toThrow();
    // What a text is resolved to is inside, unless it is an address itself.
    expect(opened.filter(host => !isPublic(host.replace(/[[\]]/g, '')))).toEqual([]);
  });
});
