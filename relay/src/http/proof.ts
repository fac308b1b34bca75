import { randomBytes, randomInt } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { AppError } from '../lib/app-error.ts';
import type { Keyring } from '../lib/keyring.ts';
import { sha256 } from '../lib/sha256.ts';

/** How many guesses a browser needs at most, half as many on average: about a second on a cheap phone. */
const GUESSES = 100_000;
/** A person who left the page open for longer gets another challenge. */
const VALID_MS = 3 * 60 * 1_000;
/** Proofs that were used, until they expire. */
const USED_MAX = 100_000;

/** What one network may do in a time before it has to prove anything; well below what it may do at all. */
const TURNS = { points: 10, duration: 60 };
const BEGINNINGS = { points: 10, duration: 600 };
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
 * signature, and is of one site and network. All counting is in the memory of this process.
 */
export function createProofs({
  keyring,
  now,
  enabled,
}: {
  keyring: Pick<Keyring, 'signChallenge' | 'verifyChallenge'>;
  now: () => Date;
  enabled: boolean;
}) {
  const turns = new RateLimiterMemory({ keyPrefix: 'turns', ...TURNS });
  const beginnings = new RateLimiterMemory({ keyPrefix: 'beginnings', ...BEGINNINGS });
  const used = new LRUCache<string, true>({ max: USED_MAX });

  return {
    /** Throws 403 `proof_required` with a challenge where a proof is wanted and not there. */
    async demand({ siteId, network, begins, share, proof }: Asking): Promise<void> {
      if (!enabled) return;
      const whose = `${siteId} ${network}`;
      const isOften = await isOver(turns, whose);
      const beginsOften = begins && (await isOver(beginnings, whose));
      if (!isOften && !beginsOften && share < SHARE) return;
      if (proof !== undefined && isProven(proof, whose)) return;
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

  /** Whether this proof is right, of this site and network, in time, and was not seen by this process before. */
  function isProven(proof: string, whose: string): boolean {
    const [salt = '', target = '', guesses = '', expires = '', signature = '', guess = ''] = proof.split('.');
    const challenge = `${salt}.${target}.${guesses}.${expires}`;
    if (!keyring.verifyChallenge(payloadOf(challenge, whose), signature)) return false;
    if (now().getTime() > Number(expires) || sha256(`${salt}.${guess}`) !== target || used.has(target)) return false;
    used.set(target, true);
    return true;
  }
}

const isOver = (limiter: RateLimiterMemory, key: string): Promise<boolean> =>
  limiter.consume(key).then(
    () => false,
    () => true,
  );

const payloadOf = (challenge: string, whose: string): Buffer => Buffer.from(`confab proof 1 ${challenge} ${whose}`);
