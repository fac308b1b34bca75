import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { solve } from '../../../e2e/solve.ts';
import { AppError } from '../lib/app-error.ts';
import { createKeyring } from '../lib/keyring.ts';
import { memoryCounts } from '../providers/counts/memory.ts';
import { createTally } from '../providers/counts/tally.ts';
import { type Asking, createProofs } from './proof.ts';

const keyring = createKeyring([new Uint8Array(32).fill(7)]);

function gate({ enabled = true } = {}) {
  let ms = Date.parse('2026-11-22T12:00:00Z');
  const now = () => new Date(ms);
  const tally = createTally({ shared: memoryCounts(now), hashOf: key => key, now });
  const proofs = createProofs({ keyring, tally, now, enabled });
  const asking: Asking = { siteId: 'site', network: '203.0.113.0/24', begins: false, share: 0, proof: undefined };
  return {
    /** What is to be solved, or nothing for whoever is admitted. */
    async ask(more: Partial<Asking> = {}): Promise<string | undefined> {
      try {
        await proofs.demand({ ...asking, ...more });
        return undefined;
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'proof_required') throw error;
        return error.challenge;
      }
    },
    pass(by: number): void {
      ms += by;
    },
  };
}

const suspect = { share: 0.5 };

describe('a proof of work', () => {
  it('is not asked for of whoever asks like a person', async () => {
    const { ask } = gate();
    expect(await ask({ begins: true })).toBeUndefined();
    for (let turn = 2; turn <= 10; turn += 1) expect(await ask({ share: 0.49 })).toBeUndefined();
  });

  it('is asked for after many questions in a minute, of this network and site alone', async () => {
    const { ask } = gate();
    for (let turn = 1; turn <= 10; turn += 1) await ask();
    expect(await ask()).toBeDefined();
    expect(await ask({ network: '198.51.100.0/24' })).toBeUndefined();
    expect(await ask({ siteId: 'other' })).toBeUndefined();
  });

  it('is asked for where a network begins many chats, and not of who goes on with one', async () => {
    const { ask } = gate();
    const network = '192.0.2.0/24';
    for (let at = 1; at <= 10; at += 1) await ask({ network, begins: true });
    expect(await ask({ network, begins: true })).toBeDefined();
  });

  it('is asked for where a visitor has spent half of what one may', async () => {
    expect(await gate().ask(suspect)).toBeDefined();
  });

  it('admits the question that it comes with, once', async () => {
    const { ask } = gate();
    const proof = solve(await ask(suspect));
    expect(await ask({ ...suspect, proof })).toBeUndefined();
    expect(await ask({ ...suspect, proof })).toBeDefined();
  });

  it('is of one site and one network', async () => {
    const { ask } = gate();
    const proof = solve(await ask(suspect));
    expect(await ask({ ...suspect, proof, siteId: 'other' })).toBeDefined();
    expect(await ask({ ...suspect, proof, network: '198.51.100.0/24' })).toBeDefined();
    expect(await ask({ ...suspect, proof })).toBeUndefined();
  });

  it('is good for three minutes', async () => {
    const { ask, pass } = gate();
    const [first, second] = [solve(await ask(suspect)), solve(await ask(suspect))];
    pass(3 * 60 * 1_000);
    expect(await ask({ ...suspect, proof: first })).toBeUndefined();
    pass(1);
    expect(await ask({ ...suspect, proof: second })).toBeDefined();
  });

  it('cannot be made up, made longer or made easier', async () => {
    const { ask } = gate();
    const proof = solve(await ask(suspect));
    const [salt, target, most, expires, signature, guess] = proof.split('.');
    const easy = createHash('sha256').update(`${salt}.0`).digest('hex');
    for (const forged of [
      '',
      'x'.repeat(300),
      `${salt}.${target}.${most}.${expires}.${signature}.${Number(guess) + 1}`,
      `${salt}.${target}.${most}.${Number(expires) + 60_000}.${signature}.${guess}`,
      `${salt}.${easy}.${most}.${expires}.${signature}.0`,
      `${salt}.${target}.${most}.${expires}..${guess}`,
      `${proof}0`,
    ]) {
      expect(await ask({ ...suspect, proof: forged })).toBeDefined();
    }
    expect(await ask({ ...suspect, proof })).toBeUndefined();
  });

  it('is good at every process that has the key, and says nothing of the network', async () => {
    const challenge = (await gate().ask(suspect)) as string;
    expect(challenge).not.toContain('203');
    expect(await gate().ask({ ...suspect, proof: solve(challenge) })).toBeUndefined();
  });

  it('is not asked for where the limits are switched off', async () => {
    const { ask } = gate({ enabled: false });
    for (let turn = 1; turn <= 20; turn += 1) expect(await ask({ begins: true, share: 1 })).toBeUndefined();
  });
});
