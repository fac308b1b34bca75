import type { TurnEvent } from '@confab/contract';
import { AppError } from '../../lib/app-error.ts';
import type { Log } from '../../lib/log.ts';
import type { Answer } from '../../providers/llm/first-that-answers.ts';
import { type LlmRequest, type Passage, ProviderError } from '../../providers/llm/llm.ts';
import type { Reporter } from '../../providers/reporter/reporter.ts';
import type { Knowledge } from '../knowledge/index.ts';
import type { Site } from '../sites/index.ts';
import type { Usage } from '../usage/index.ts';
import { citationsOf, instructionsFor, messagesFor, numbered } from './prompt.ts';
import type { FinishedAnswer, Transcript } from './transcript.ts';

/** How many passages an answer is made from. */
const PASSAGES = 6;

/** A provider that never stops is stopped here, in characters. */
const ANSWER_TEXT_MAX = 20_000;

export type TurnDeps = {
  knowledge: Pick<Knowledge, 'search'>;
  usage: Pick<Usage, 'allowsModel' | 'countAnswer'>;
  /**
   * The providers that the site chose, as one, or the extractive one alone; `undefined` when the visitor left before the
   * first text.
   */
  ask: (site: Site, request: LlmRequest, who: { withModels: boolean }) => Promise<Answer | undefined>;
  now: () => Date;
  log: Log;
  report: Reporter['report'];
};

export type Turn = { id: string; site: Site; text: string; locale: string | undefined; transcript: Transcript };

/**
 * Everything that may refuse an answer happens here, before the first byte, so that a refusal is an ordinary HTTP
 * error. What comes back only streams; read it to its end, also when the visitor has left: the end keeps the answer.
 */
export async function answerTurn(deps: TurnDeps, turn: Turn, signal: AbortSignal): Promise<AsyncIterable<TurnEvent>> {
  const { site, text, locale, transcript } = turn;
  try {
    const [found, history, withModels] = await Promise.all([
      deps.knowledge.search(site, text, { limit: PASSAGES, locale }),
      transcript.read(),
      deps.usage.allowsModel(site),
    ]);
    const passages = numbered(found.passages);
    const request = {
      instructions: instructionsFor(site, deps.now()),
      messages: messagesFor(history, passages, text),
      question: text,
      locale: locale ?? site.settings.locale,
      passages,
      answerable: found.answerable,
      maxTokens: site.settings.answers.maxTokens,
      signal,
    };
    const answer = await deps.ask(site, request, { withModels });
    if (answer) return tell(deps, turn, answer, passages, found.answerable);
  } catch (error) {
    await transcript.finish({ ...nothing, status: 'failed' });
    if (!(error instanceof ProviderError)) throw error;
    throw new AppError('unavailable', 'The assistant cannot answer at the moment. Please try again.', { cause: error });
  }
  await transcript.finish({ ...nothing, status: 'interrupted' });
  return noEvents();
}

const nothing = { text: '', citations: [], finishReason: null, provider: null, model: null };

/** What the visitor saw is what is kept, also when they leave or the provider fails half-way. */
async function* tell(
  deps: TurnDeps,
  turn: Turn,
  { provider, model, parts }: Answer,
  passages: Passage[],
  answerable: boolean,
): AsyncGenerator<TurnEvent> {
  const { id: turnId, site, transcript } = turn;
  const conversationId = transcript.begunHandle;
  yield { event: 'started', data: { turnId, ...(conversationId && { conversationId }), provider, model } };

  let text = '';
  let status: FinishedAnswer['status'] = 'interrupted';
  let finishReason: FinishedAnswer['finishReason'] = null;
  try {
    for await (const part of parts) {
      if (part.type === 'finished') {
        status = 'completed';
        finishReason = part.reason;
      } else {
        // PostgreSQL cannot hold a NUL, and what is streamed, sealed and stored must be the same words.
        const said = part.text.replaceAll('\0', '');
        text += said;
        yield { event: 'delta', data: { text: said } };
      }
      if (text.length > ANSWER_TEXT_MAX) {
        status = 'completed';
        finishReason = 'length';
        break;
      }
    }
  } catch (error) {
    status = 'failed';
    deps.log.warn({ err: error, siteId: site.id, turnId }, 'the answer broke off');
    // A provider that fails is no fault of ours.
    if (!(error instanceof ProviderError)) deps.report(error, { siteId: site.id });
  }

  text = text.toWellFormed();
  const citations = status === 'completed' ? citationsOf(text, passages, answerable) : [];
  let seal: string | undefined;
  try {
    [seal] = await Promise.all([
      transcript.finish({ text, citations, status, finishReason, provider, model }),
      deps.usage.countAnswer(site.id, { beginsConversation: transcript.first }),
    ]);
  } catch (error) {
    if (isErased(error)) {
      yield { event: 'failed', data: { code: 'conversation_not_found', retryable: false } };
      return;
    }
    deps.log.error({ err: error, siteId: site.id, turnId }, 'the answer could not be kept');
    deps.report(error, { siteId: site.id });
    // So that the turn, asked again, does not wait for an answer that nobody writes. Most likely this fails as well.
    await transcript.finish({ ...nothing, status: 'failed' }).catch(() => {});
    yield { event: 'failed', data: { code: 'internal', retryable: true } };
    return;
  }
  if (status === 'failed') yield { event: 'failed', data: { code: 'provider_failed', retryable: true } };
  if (status !== 'completed') return;
  for (const citation of citations) yield { event: 'citation', data: citation };
  const end = { turnId, text, citations, finishReason: finishReason ?? 'stop', ...(seal && { seal }) };
  yield { event: 'completed', data: end };
}

/** Whether the conversation went while its answer was written. */
const isErased = (error: unknown): boolean => error instanceof AppError && error.code === 'conversation_not_found';

async function* noEvents(): AsyncGenerator<TurnEvent> {}
