import { randomBytes, randomInt } from 'node:crypto';
import { AppError } from '../lib/app-error.ts';
import type { Keyring } from '../lib/keyring.ts';
import { sha256 } from '../lib/sha256.ts';
import type { Tally } from '../providers/counts/tally.ts';

/** How many guesses a browser needs at most, half as many on average: about a second on a cheap phone. */
const GUESSES = 100_000;
/** A person who left the page open for longer gets another challenge. */
const VALID_MS = 3 * 60 * 1_000;

/** What one network may do in a time before it has to prove anything; well below what it may do at all. */
const TURNS = { most: 10, alone: 5, windowMs: 60_000 };
const BEGINNINGS = { most: 10, alone: 5, windowMs: 600_000 };
/** The part of a visitor's own limit of cost that looks like a robot. */
const SHARE = 0.5;

export type Asking = {
  siteId: string;
  /** Where the visitor asks from. */
  network: string;
  /** A first question, of which a person has few. */
  begins: boolean;
  /** How much the network has spent of what one visitor may, from 0 to 1. */
  share: number;
  proof: string | undefined;
};

export type Proofs = ReturnType<typeof createProofs>;

/**
 * Tells people from robots where somebody behaves like one, without a cookie and without anybody else: the browser has
 * to find a number, which takes it a moment. A challenge holds all that is needed to check it, under the relay's
 * signature, and is of one site and network. A proof counts once, whichever process it comes to.
 */
export function createProofs({
  keyring,
  tally,
  now,
  enabled,
}: {
  keyring: Pick<Keyring, 'signChallenge' | 'verifyChallenge'>;
  tally: Tally;
  now: () => Date;
  enabled: boolean;
}) {
  return {
    /** Throws 403 `proof_required` with a challenge where a proof is wanted and not there. */
    async demand({ siteId, network, begins, share, proof }: Asking): Promise<void> {
      if (!enabled) return;
      const whose = `${siteId} ${network}`;
      const isOften = await isOver('turns', whose, TURNS);
      const beginsOften = begins && (await isOver('beginnings', whose, BEGINNINGS));
      if (!isOften && !beginsOften && share < SHARE) return;
      if (proof !== undefined && (await isProven(proof, whose))) return;
      throw new AppError('proof_required', 'Solve the challenge, and send the question again with the proof.', {
        challenge: challengeFor(whose),
      });
    },
  };

  function challengeFor(whose: string): string {
    const salt = randomBytes(8).toString('hex');
    const target = sha256(`${salt}.${randomInt(GUESSES)}`);
    const challenge = `${salt}.${target}.${GUESSES}.${now().getTime() + VALID_MS}`;
    return `${challenge}.${keyring.signChallenge(payloadOf(challenge, whose))}`;
  }

  /** Whether this proof is right, of this site and network, in time, and was not seen before. */
  async function isProven(proof: string, whose: string): Promise<boolean> {
    const [salt = '', target = '', guesses = '', expires = '', signature = '', guess = ''] = proof.split('.');
    const challenge = `${salt}.${target}.${guesses}.${expires}`;
    if (!keyring.verifyChallenge(payloadOf(challenge, whose), signature)) return false;
    const msLeft = Number(expires) - now().getTime();
    if (msLeft < 0 || sha256(`${salt}.${guess}`) !== target) return false;
    const { points } = await tally.addForAll(`proof ${target}`, 1, msLeft + 1_000);
    return points === 1;
  }

  async function isOver(what: string, whose: string, allowance: typeof TURNS): Promise<boolean> {
    return (await tally.add(`${what} ${whose}`, 1, allowance)).points > allowance.most;
  }
}

const payloadOf = (challenge: string, whose: string): Buffer => Buffer.from(`confab proof 1 ${challenge} ${whose}`);
