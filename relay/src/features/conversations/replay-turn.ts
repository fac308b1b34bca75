import { setTimeout as wait } from 'node:timers/promises';
import type { TurnEvent } from '@confab/contract';
import type { StoredMessage } from './store.ts';

/** How often to look whether the answer that another request is writing has ended, and after how many looks to ask who is. */
const LOOK_MS = 250;
const LOOKS = 20;

/** An answer that is still `streaming` after this was cut by a crash; it gets no longer than this to end. */
const STREAMING_MAX_MS = 10 * 60 * 1_000;

type Look = () => Promise<StoredMessage | undefined>;
type Suggestion = Extract<TurnEvent, { event: 'suggestion' }>['data'];

type Replay = {
  look: Look;
  /** Whether a process is writing the answer of this turn. */
  isWritten: (turnId: string) => Promise<boolean>;
  now: () => Date;
  begunHandle: string | undefined;
  /** The form that goes with an answer of such an outcome. */
  suggestionFor: (outcome: StoredMessage['outcome']) => Suggestion | undefined;
};

/**
 * Tells the stored answer of a turn that was asked before; no provider is called. Where that answer is still being
 * written, by this process or another, it is waited for.
 */
export async function* replayTurn(
  { look, isWritten, now, begunHandle, suggestionFor }: Replay,
  signal: AbortSignal,
): AsyncGenerator<TurnEvent> {
  let answer = await look();
  for (let looks = 1; answer?.status === 'streaming' && !isAbandoned(answer, now()) && !signal.aborted; looks += 1) {
    if (looks % LOOKS === 0 && !(await isWritten(answer.turnId))) break;
    await wait(LOOK_MS, undefined, { signal }).catch(() => {});
    answer = await look();
  }
  if (signal.aborted) return;
  if (!answer) {
    // The conversation was erased meanwhile.
    yield { event: 'failed', data: { code: 'turn_interrupted', retryable: false } };
    return;
  }

  // Also for an answer that never began: the visitor may not have learnt the handle of the conversation yet.
  const { turnId, text, citations, products, provider, model } = answer;
  const conversationId = begunHandle && { conversationId: begunHandle };
  yield { event: 'started', data: { turnId, ...conversationId, provider: provider ?? 'none', model: model ?? 'none' } };
  if (answer.status === 'streaming' || (answer.status === 'interrupted' && text === '')) {
    yield { event: 'failed', data: { code: 'turn_interrupted', retryable: true } };
    return;
  }
  if (text) yield { event: 'delta', data: { text } };
  if (answer.status === 'failed') {
    yield { event: 'failed', data: { code: 'provider_failed', retryable: true } };
    return;
  }
  for (const citation of citations) yield { event: 'citation', data: citation };
  for (const product of products ?? []) yield { event: 'product', data: product };
  const suggestion = suggestionFor(answer.outcome);
  if (suggestion) yield { event: 'suggestion', data: suggestion };
  const finishReason = answer.status === 'interrupted' ? 'interrupted' : (answer.finishReason ?? 'stop');
  yield { event: 'completed', data: { turnId, text, citations, ...(products && { products }), finishReason } };
}

/** Whether nobody can be writing this answer any more. */
export function isAbandoned(answer: StoredMessage, now: Date): boolean {
  return answer.status === 'streaming' && now.getTime() - answer.createdAt.getTime() > STREAMING_MAX_MS;
}
