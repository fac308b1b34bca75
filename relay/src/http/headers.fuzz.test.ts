import fc from 'fast-check';
import type { Context } from 'koa';
import { describe, expect } from 'vitest';
import { damaged, damages, fuzz, hostileText } from '../../../e2e/fuzz.ts';
import { solve } from '../../../e2e/solve.ts';
import { AppError } from '../lib/app-error.ts';
import { createKeyring } from '../lib/keyring.ts';
import { memoryCounts } from '../providers/counts/memory.ts';
import { createTally } from '../providers/counts/tally.ts';
import { bearerOf } from './bearer.ts';
import { clientAddress, clientNetwork, visitorNetwork } from './client-address.ts';
import { cellOf } from './csv.ts';
import { createProofs } from './proof.ts';
import { idOf } from './validate.ts';

const withHeader = (value: string) => ({ get: () => value }) as unknown as Context;
const from = (ip: string) => ({ ip }) as Context;

/** What begins as a formula does, as often as not. */
const cell = fc
  .tuple(fc.constantFrom('', '', '', '', '=', '+', '-', '@', '\t', '\r', '\n', '＝', '"'), hostileText({ max: 300 }))
  .map(parts => parts.join(''));

/** RFC 4180, as a spreadsheet reads it: independent of what wrote it. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g)) {
    if (end === '' && quoted === undefined && plain === '') break;
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
    if (end === '\r\n') rows.push([]);
  }
  return rows.filter(row => row.length > 0);
}

describe('headers and lines', () => {
  fuzz(
    'any Authorization header is a credential in visible ASCII, or a 401',
    [
      fc.oneof(
        hostileText(),
        hostileText().map(text => `Bearer ${text}`),
      ),
    ],
    header => {
      try {
        expect(bearerOf(withHeader(header))).toMatch(/^[\x21-\x7e]{1,512}$/);
      } catch (error) {
        expect(error).toMatchObject({ name: expect.any(String), code: 'unauthorized' });
      }
    },
  );

  fuzz(
    'whatever a proxy says of who asks is counted by something short, and never by less than their network',
    [
      fc.oneof(
        fc.ipV4(),
        fc.ipV6(),
        fc.ipV6().map(ip => `${ip}%eth0`),
        hostileText({ max: 200 }),
      ),
    ],
    ip => {
      for (const network of [clientNetwork(from(ip)), visitorNetwork(from(ip))]) {
        if (network !== undefined && network !== 'none') expect(network).toMatch(/^[\da-f:.]+\/(24|48|56)$/);
      }
      expect(typeof clientAddress(from(ip))).toBe('string');
    },
  );

  fuzz(
    'every cell of a CSV file comes back as it was, and none is a formula',
    [fc.array(cell, { minLength: 1, maxLength: 5 })],
    cells => {
      const line = `${cells.map(cellOf).join(',')}\r\n`;
      const [read = [], ...more] = readCsv(line);
      expect(more).toEqual([]);
      expect(read.map((cell, at) => (cell === `'${cells[at]}` ? cells[at] : cell))).toEqual(cells);
      for (const cell of read) expect(cell).not.toMatch(/^[=+\-@\t\r\n＝＋－＠]/);
    },
  );

  fuzz('any id in an address is one, or the id of nothing', [hostileText()], text => {
    try {
      expect(idOf(text, 'none')).toMatch(/^[0-9a-f-]{36}$/);
    } catch (error) {
      expect(error).toBeInstanceOf(AppError);
      expect(error).toMatchObject({ code: 'not_found', message: 'none' });
    }
  });

  const keyring = createKeyring([new Uint8Array(32).fill(7)]);
  const now = () => new Date('2026-11-22T12:00:00Z');
  // Each with a memory of its own: a proof is right in front of each of them once.
  const proofs = () => {
    const tally = createTally({ shared: memoryCounts(now), hashOf: key => key, now });
    return createProofs({ keyring, tally, now, enabled: true });
  };
  const asking = { siteId: 'site', network: '203.0.113.0/24', begins: false, share: 1 };
  const challenged = async () =>
    proofs()
      .demand({ ...asking, proof: undefined })
      .then(
        () => '',
        (error: AppError) => error.challenge ?? '',
      );
  const solved = challenged().then(solve);

  fuzz(
    'no proof passes that is changed by a sign',
    [damages({ min: 1, max: 3 }), hostileText({ max: 300 }), fc.boolean()],
    async (done, text, isText) => {
      const good = await solved;
      const proof = isText ? text : Buffer.from(damaged(Buffer.from(good), done)).toString('latin1');
      // One that comes out as it was is right, as is one whose number is written otherwise.
      const isSame = proof === good;
      const answer = await proofs()
        .demand({ ...asking, proof })
        .then(
          () => 'passed',
          (error: AppError) => error.code,
        );
      expect({ proof, answer }).toEqual({ proof, answer: isSame ? 'passed' : 'proof_required' });
    },
  );
});
