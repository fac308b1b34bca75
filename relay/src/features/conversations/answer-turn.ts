import type { TurnEvent } from '@confab/contract';
import { AppError } from '../../lib/app-error.ts';
import type { Log } from '../../lib/log.ts';
import type { Commerce } from '../../providers/commerce/commerce.ts';
import type { Answer } from '../../providers/llm/first-that-answers.ts';
import { type LlmRequest, type Passage, ProviderError } from '../../providers/llm/llm.ts';
import type { Reporter } from '../../providers/reporter/reporter.ts';
import type { Knowledge } from '../knowledge/index.ts';
import type { Site } from '../sites/index.ts';
import type { Usage } from '../usage/index.ts';
import { withMarksFilled, withoutAmounts, withoutMarks } from './fill-marks.ts';
import { type LiveFacts, liveFacts, productsAmong, withFacts } from './live-facts.ts';
import { citationsOf, instructionsFor, messagesFor, numbered } from './prompt.ts';
import type { FinishedAnswer, Transcript } from './transcript.ts';

/** How many passages an answer is made from. */
const PASSAGES = 6;

/** A provider that never stops is stopped here, in characters. */
const ANSWER_TEXT_MAX = 20_000;

export type TurnDeps = {
  knowledge: Pick<Knowledge, 'search'>;
  commerce: Commerce;
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

export type Turn = {
  id: string;
  site: Site;
  text: string;
  locale: string | undefined;
  transcript: Transcript;
  /** The platform's id of the customer whom the visitor proved to be. */
  customerId: string | undefined;
};

/** What an answer is made from; `facts` where there is a product in it. */
type Ground = { passages: Passage[]; answerable: boolean; facts: LiveFacts | undefined };

/**
 * Everything that may refuse an answer happens here, before the first byte, so that a refusal is an ordinary HTTP
 * error. What comes back only streams; read it to its end, also when the visitor has left: the end keeps the answer.
 */
export async function answerTurn(deps: TurnDeps, turn: Turn, signal: AbortSignal): Promise<AsyncIterable<TurnEvent>> {
  const { site, text, locale, transcript } = turn;
  try {
    const [ground, history, withModels] = await Promise.all([
      groundOf(deps, turn, signal),
      transcript.read(),
      deps.usage.allowsModel(site),
    ]);
    const { passages, answerable, facts } = ground;
    // Where marks are filled in, nobody else may write one.
    const clean = facts ? withoutMarks : (words: string) => words;
    const said = history.map(message => ({
      ...message,
      text: clean(facts && message.role === 'assistant' ? withoutAmounts(message.text) : message.text),
    }));
    const request = {
      instructions: instructionsFor(site, deps.now(), { withFacts: facts !== undefined }),
      messages: messagesFor(said, passages, clean(text)),
      question: text,
      locale: locale ?? site.settings.locale,
      passages,
      answerable,
      maxTokens: site.settings.answers.maxTokens,
      signal,
    };
    const answer = await deps.ask(site, request, { withModels });
    if (answer) return tell(deps, turn, answer, ground);
  } catch (error) {
    await transcript.finish({ ...nothing, status: 'failed' });
    if (!(error instanceof ProviderError)) throw error;
    throw new AppError('unavailable', 'The assistant cannot answer at the moment. Please try again.', { cause: error });
  }
  await transcript.finish({ ...nothing, status: 'interrupted' });
  return noEvents();
}

const nothing = { text: '', citations: [], products: [], finishReason: null, provider: null, model: null };

/** What the site's pages, and the visitor's own orders, hold on the question. */
async function groundOf(
  deps: TurnDeps,
  { site, text, locale, customerId }: Turn,
  signal: AbortSignal,
): Promise<Ground> {
  const { knowledge, commerce } = deps;
  const how = { locale: locale ?? site.settings.locale, signal };
  const [{ found, live }, orders] = await Promise.all([
    knowledge.search(site, text, { limit: PASSAGES, locale }).then(found => {
      const ids = new Set(found.passages.flatMap(({ product, externalId }) => (product ? [externalId] : [])));
      // Not waited for: the answer may begin, and waits where it first speaks of a price.
      return { found, live: ids.size > 0 ? commerce.products(site, [...ids], how) : undefined };
    }),
    site.settings.features.orders ? commerce.orders(site, text, customerId, how) : [],
  ]);
  const answerable = found.answerable || orders.length > 0;
  const passages = numbered(found.passages, orders);
  if (!live) return { passages, answerable, facts: undefined };
  const products = productsAmong(found.passages, passages.slice(orders.length));
  const facts = liveFacts(site, how.locale, products, live);
  return { passages: withFacts(passages, products, text), answerable, facts };
}

/** What the visitor saw is what is kept, also when they leave or the provider fails half-way. */
async function* tell(
  deps: TurnDeps,
  turn: Turn,
  { provider, model, parts }: Answer,
  { passages, answerable, facts }: Ground,
): AsyncGenerator<TurnEvent> {
  const { id: turnId, site, transcript } = turn;
  const conversationId = transcript.begunHandle;
  yield { event: 'started', data: { turnId, ...(conversationId && { conversationId }), provider, model } };

  let text = '';
  let status: FinishedAnswer['status'] = 'interrupted';
  let finishReason: FinishedAnswer['finishReason'] = null;
  try {
    for await (const part of facts ? withMarksFilled(parts, facts.fill) : parts) {
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
  const citations = status === 'completed' ? citationsOf(text, passages, answerable, facts?.told) : [];
  const products = facts ? await facts.cardsOf(citations) : [];
  let seal: string | undefined;
  try {
    [seal] = await Promise.all([
      transcript.finish({ text, citations, products, status, finishReason, provider, model }),
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
  for (const product of products) yield { event: 'product', data: product };
  yield {
    event: 'completed',
    data: {
      turnId,
      text,
      citations,
      ...(products.length > 0 && { products }),
      finishReason: finishReason ?? 'stop',
      ...(seal && { seal }),
    },
  };
}

/** Whether the conversation went while its answer was written. */
const isErased = (error: unknown): boolean => error instanceof AppError && error.code === 'conversation_not_found';

async function* noEvents(): AsyncGenerator<TurnEvent> {}
