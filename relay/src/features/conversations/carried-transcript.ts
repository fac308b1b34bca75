import { createHash } from 'node:crypto';
import type { ThreadMessage } from '@confab/contract';
import { outlasting } from '../../db/away.ts';
import { AppError } from '../../lib/app-error.ts';
import type { Keyring } from '../../lib/keyring.ts';
import type { Usage } from '../usage/index.ts';
import type { Transcript } from './transcript.ts';

type Deps = { keyring: Pick<Keyring, 'sign' | 'verify'>; usage: Pick<Usage, 'count'> };

/**
 * For a visitor who declined: the browser brings the thread, and nothing is kept. Every answer in it must carry the
 * seal that this relay put on it, so that nobody can put words in the assistant's mouth. Throws 422. Of a thread that
 * began past its account's limit the seals say so, each of them, and the browser cannot make it another one.
 */
export function carriedTranscript(
  { keyring, usage }: Deps,
  siteId: string,
  thread: ThreadMessage[],
  question: string,
): Transcript & { isLimited: boolean } {
  let digest: Uint8Array = createHash('sha256').update(`confab thread 1 ${siteId}`).digest();
  let isLimited = false;
  for (const message of thread) {
    digest = extend(digest, message);
    if (message.role !== 'assistant') continue;
    const seal = message.seal ?? '';
    if (!isLimited && keyring.verify(digest, seal)) continue;
    if (!keyring.verify(limited(digest), seal)) {
      throw new AppError('thread_not_sealed', 'An answer in this thread is not one of this relay. Begin a new thread.');
    }
    isLimited = true;
  }
  return {
    isLimited,
    read: async () => thread.map(({ role, text }) => ({ role, text })),
    async finish({ text, status }, used) {
      // It may be counted twice where the database went in its midst, which is better than an answer that is lost.
      if (used) await outlasting(() => usage.count(used.count));
      if (status !== 'completed') return undefined;
      const said = extend(extend(digest, { role: 'visitor', text: question }), { role: 'assistant', text });
      return keyring.sign(isLimited || used?.isLimited ? limited(said) : said);
    },
  };
}

/** The digest of a thread is made from the one before it, so that a seal stands for every word up to it. */
function extend(digest: Uint8Array, { role, text }: { role: string; text: string }): Uint8Array {
  return createHash('sha256')
    .update(digest)
    .update(JSON.stringify([role, text]))
    .digest();
}

/** What is sealed of a thread that began past a limit: no message has this role. */
const limited = (digest: Uint8Array): Uint8Array => extend(digest, { role: 'limited', text: '' });
