import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { siteVerifyAnswer, type Verification } from '@confab/contract';
import { isSame } from '../../lib/is-same.ts';
import { type CallPlugin, isPassing } from './call-plugin.ts';

/** By `secretHashes` of every secret that is valid now: a plugin has the one before until its owner changes it. */
type Site = { id: string; homeUrl: string; secretHashes: string[] };

/** Asks the plugin to prove that it has the site's secret; the secret itself does not travel, and need not be known here. */
export async function verifySite(
  callPlugin: CallPlugin,
  { id, homeUrl, secretHashes }: Site,
  now: Date,
  signal: AbortSignal,
): Promise<Exclude<Verification, 'pending'>> {
  const challenge = randomBytes(32).toString('base64url');
  const message = { type: 'site.verify' as const, timestamp: now.toISOString(), data: { siteId: id, challenge } };
  const answer = await callPlugin({ homeUrl, route: 'verify', id: randomUUID(), message, signal });
  if (!answer || isPassing(answer)) return 'unreachable';
  const proof = proofIn(answer.text);
  const isProven = secretHashes.some(hash => isSame(proof, createHmac('sha256', hash).update(challenge).digest()));
  return answer.status === 200 && isProven ? 'verified' : 'failed';
}

function proofIn(text: string | undefined): Buffer {
  try {
    return Buffer.from(siteVerifyAnswer.parse(JSON.parse(text ?? '')).proof, 'hex');
  } catch {
    return Buffer.alloc(0);
  }
}
