import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { sha256, solve } from './proof.ts';

const expected = (text: string) => createHash('sha256').update(text).digest('hex');

describe('the proof of work', () => {
  it.each([0, 1, 3, 31, 32, 54, 55])('hashes %i characters as everybody does', length => {
    const text = 'abcdefghijklmnopqrstuvwxyz0123456789.-'.repeat(2).slice(0, length);
    expect(sha256(text)).toBe(expected(text));
  });

  it.each([0, 999, 1_000, 2_500])('finds the number %i', async number => {
    const challenge = `abcdef0123456789.${expected(`abcdef0123456789.${number}`)}.3000.rest`;
    expect(await solve(challenge)).toBe(`${challenge}.${number}`);
  });

  it('gives up where there is none', async () => {
    await expect(solve(`abc.${expected('other')}.50.rest`)).rejects.toThrow('no solution');
  });

  it('lets the page have its turn meanwhile', async () => {
    const happened: string[] = [];
    setImmediate(() => happened.push('the page'));
    await solve(`abc.${expected('abc.20000')}.20001.rest`).then(() => happened.push('the proof'));
    expect(happened).toEqual(['the page', 'the proof']);
  });
});
