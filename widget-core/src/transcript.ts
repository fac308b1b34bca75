import type { ThreadMessage, TurnRequest } from '@confab/contract';
import { THREAD_TEXT_MAX, THREAD_TURNS_MAX } from '@confab/contract/constants';
import type { ConversationCookie } from './cookie.ts';

type Address =
  | { consentToken: string; prechat?: Record<string, string> }
  | { conversationId: string }
  | { thread: Extract<TurnRequest, { thread: unknown }>['thread'] };

/**
 * How the relay learns what was said before: the difference between a visitor who accepted and one who declined. A turn
 * knows no more than this.
 */
export interface Transcript {
  /**
   * What goes along with a question, to say which thread it belongs to; with what the visitor filled in before, where it
   * begins a stored one.
   */
  address(prechat?: Record<string, string>): Address;
  /** The handle of the stored conversation, once there is one. */
  handle(): string | undefined;
  /** The relay has begun to store this conversation. */
  began(conversationId: string): void;
  /** A question got its whole answer. */
  answered(question: string, answer: string, seal: string | undefined): void;
  /** Whether the next question has to begin a fresh thread. */
  isFull(): boolean;
  /** The transcript to go on with when the relay does not take this one any more. */
  afresh(): Transcript;
}

/** For a visitor who declined: the thread lives in this page's memory and travels along, sealed by the relay. */
export function carriedTranscript(): Transcript {
  let thread: ThreadMessage[] = [];
  const isFull = () =>
    thread.length >= 2 * THREAD_TURNS_MAX || thread.reduce((sum, { text }) => sum + text.length, 0) > THREAD_TEXT_MAX;
  return {
    address: () => ({ thread }),
    handle: () => undefined,
    began() {},
    answered(question, answer, seal) {
      if (seal) thread = [...thread, { role: 'visitor', text: question }, { role: 'assistant', text: answer, seal }];
    },
    isFull,
    afresh: carriedTranscript,
  };
}

/**
 * For a visitor who accepted: the relay keeps the thread, the cookie its handle. Until the first turn there is only the
 * token of the consent, and no cookie.
 */
export function storedTranscript(
  cookie: ConversationCookie,
  days: number,
  begin: { consentToken: string } | { conversationId: string },
): Transcript {
  let address = begin;
  const transcript: Transcript = {
    address: prechat => ('consentToken' in address && prechat ? { ...address, prechat } : address),
    handle: () => ('conversationId' in address ? address.conversationId : undefined),
    began(conversationId) {
      address = { conversationId };
      cookie.remember(conversationId, days);
    },
    answered() {},
    isFull: () => false,
    afresh: () => transcript,
  };
  return transcript;
}
