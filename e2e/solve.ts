import { createHash } from 'node:crypto';

/** The proof that a challenge of the relay asks for, by Node's own hash. */
export function solve(challenge = ''): string {
  const [salt, target, most] = challenge.split('.');
  for (let guess = 0; guess < Number(most); guess += 1) {
    if (createHash('sha256').update(`${salt}.${guess}`).digest('hex') === target) return `${challenge}.${guess}`;
  }
  throw new Error('the challenge has no solution');
}
