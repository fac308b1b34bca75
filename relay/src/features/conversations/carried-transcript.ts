import { createHash } from 'node:crypto';
import type { ThreadMessage } from '@confab/contract';
import { AppError } from '../../lib/app-error.ts';
import type { Keyring } from '../../lib/keyring.ts';
import type { Transcript } from './transcript.ts';

/**
 * For a visitor who declined: the browser brings the thread, and nothing is kept. Every answer in it must carry the
 * seal that this relay put on it, so that nobody can put words in the assistant's mouth. Throws 422.
 */
export function carriedTranscript(
  keyring: Pick<Keyring, 'sign' | 'verify'>,
  siteId: string,
  thread: ThreadMessage[],
  question: string,
): Transcript {
  let digest: Uint8Array = createHash('sha256').update(`confab thread 1 ${siteId}`).digest();
  for (const message of thread) {
    digest = extend(digest, message);
    if (message.role === 'assistant' && !keyring.verify(digest, message.seal ?? '')) {
      throw new AppError('thread_not_sealed', 'An answer in this thread is not one of this relay. Begin a new thread.');
    }
  }
  return {
    first: thread.length === 0,
    read: async () => thread.map(({ role, text }) => ({ role, text })),
    async finish({ text, status }) {
      if (status !== 'completed') return undefined;
      return keyring.sign(extend(extend(digest, { role: 'visitor', text: question }), { role: 'assistant', text }));
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
