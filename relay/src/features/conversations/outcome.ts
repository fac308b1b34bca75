import type { AnswerOutcome, Citation } from '@confab/contract';
import { isSmallTalk } from '../../providers/llm/own-words.ts';

/**
 * How an answer went: it rests on a document, or it asks the visitor something, or it leaves the question open. Null for
 * small talk, which no document answers.
 */
export function outcomeOf(
  { question, askBack }: { question: string; askBack: boolean },
  text: string,
  citations: readonly Citation[],
): AnswerOutcome | null {
  if (endsInQuestion(text) && (askBack || citations.length === 0)) return isSmallTalk(question) ? null : 'asked_back';
  if (citations.length > 0) return 'answered';
  return isSmallTalk(question) ? null : 'unanswered';
}

/** Whether an answer asks the visitor something in the end. */
export const endsInQuestion = (text: string): boolean => /[?？؟][\s*_)"”»]*$/u.test(text.replace(/\[\d{1,3}\]/g, ''));
