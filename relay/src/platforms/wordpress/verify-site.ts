import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { siteVerifyAnswer, type Verification } from '@confab/contract';
import { isSame } from '../../lib/is-same.ts';
import { type CallPlugin, isPassing } from './call-plugin.ts';

type Site = { id: string; homeUrl: string; secretHash: string };

/** Asks the plugin to prove that it has the site's secret; the secret itself does not travel, and need not be known here. */
export async function verifySite(
  callPlugin: CallPlugin,
  { id, homeUrl, secretHash }: Site,
  now: Date,
  signal: AbortSignal,
): Promise<Exclude<Verification, 'pending'>> {
  const challenge = randomBytes(32).toString('base64url');
  const message = { type: 'site.verify' as const, timestamp: now.toISOString(), data: { siteId: id, challenge } };
  const answer = await callPlugin({ homeUrl, route: 'verify', id: randomUUID(), message, signal });
  if (!answer || isPassing(answer)) return 'unreachable';
  const expected = createHmac('sha256', secretHash).update(challenge).digest();
  return answer.status === 200 && isSame(proofIn(answer.text), expected) ? 'verified' : 'failed';
}

function proofIn(text: string | undefined): Buffer {
  try {
    return Buffer.from(siteVerifyAnswer.parse(JSON.parse(text ?? '')).proof, 'hex');
  } catch {
    return Buffer.alloc(0);
  }
}
