import type { TurnEvent } from '@confab/contract';
import { AppError } from '../../lib/app-error.ts';
import { detectLanguage } from '../../lib/detect-language.ts';
import type { Log } from '../../lib/log.ts';
import type { Commerce } from '../../providers/commerce/commerce.ts';
import type { Answer } from '../../providers/llm/first-that-answers.ts';
import { type ChatMessage, type LlmPart, type LlmRequest, ProviderError } from '../../providers/llm/llm.ts';
import type { Budget } from '../../providers/llm/metered.ts';
import { hasOwnWords, isSmallTalk, ownWords } from '../../providers/llm/own-words.ts';
import type { Reporter } from '../../providers/reporter/reporter.ts';
import type { Knowledge, Search } from '../knowledge/index.ts';
import { openingStateAt, type Site } from '../sites/index.ts';
import type { TurnUse, Usage } from '../usage/index.ts';
import { allowedIn } from './allowed.ts';
import { asksForPerson } from './asks-for-person.ts';
import { citationsOf } from './citations.ts';
import { withMarksFilled, withoutAmounts, withoutMarks } from './fill-marks.ts';
import { createGround, type Ground } from './ground.ts';
import { heldToSources } from './held-to-sources.ts';
import { asksForHours } from './hours-in-words.ts';
import { endsInQuestion, outcomeOf } from './outcome.ts';
import { type Footing, instructionsFor, messagesFor, ourRules } from './prompt.ts';
import { type Allowed, withSafeText } from './safe-text.ts';
import { toolsFor } from './tools.ts';
import type { FinishedAnswer, Transcript } from './transcript.ts';

/** How many passages an answer is made from. */
const PASSAGES = 6;

/** A provider that never stops is stopped here, in characters. */
const ANSWER_TEXT_MAX = 20_000;

export type TurnDeps = {
  knowledge: Pick<Knowledge, 'search'>;
  commerce: Commerce;
  usage: Pick<Usage, 'beginning' | 'budgetOf' | 'count' | 'countTurn' | 'trialOf' | 'turnOf'>;
  /**
   * The providers that the site chose, as one, or the extractive one alone; `undefined` when the visitor left before the
   * first text.
   */
  ask: (site: Site, request: LlmRequest, how: { withModels: boolean; budget: Budget }) => Promise<Answer | undefined>;
  now: () => Date;
  log: Log;
  report: Reporter['report'];
  /** Hears of a provider that failed in the midst of its answer. */
  onBrokenOff: (fault: ProviderError) => void;
};

export type Turn = {
  id: string;
  site: Site;
  text: string;
  locale: string | undefined;
  transcript: Transcript;
  /** The platform's id of the customer whom the visitor proved to be. */
  customerId: string | undefined;
  /** What pays for the answer. */
  budget: Budget;
  /** What it uses of the limits of the site and of its account. */
  use: TurnUse;
};

/**
 * Everything that may refuse an answer happens here, before the first byte, so that a refusal is an ordinary HTTP
 * error. What comes back only streams; read it to its end, also when the visitor has left: the end keeps the answer.
 */
export async function answerTurn(deps: TurnDeps, turn: Turn, signal: AbortSignal): Promise<AsyncIterable<TurnEvent>> {
  const { site } = turn;
  try {
    const [asked, withModels] = await Promise.all([prepare(deps, turn, signal), turn.use.admit()]);
    const answer = await deps.ask(site, asked.request, { withModels, budget: turn.budget });
    asked.isLimited = answer?.provider === 'extractive' && (!withModels || turn.budget.isExhausted);
    if (answer) return tell(deps, turn, answer, asked);
  } catch (error) {
    await endWithout(turn, 'failed');
    if (!(error instanceof ProviderError)) throw error;
    throw new AppError('unavailable', 'The assistant cannot answer at the moment. Please try again.', { cause: error });
  }
  await endWithout(turn, 'interrupted');
  return noEvents();
}

/** Nobody has said a word. What the turn has cost is counted nevertheless. */
async function endWithout({ transcript, budget, use }: Turn, status: 'failed' | 'interrupted'): Promise<void> {
  const costMicros = await budget.total();
  const used = await use.end({ provider: null, outcome: null, costMicros });
  await transcript.finish({ ...nothing, status, costMicros }, used);
}

const nothing = {
  text: '',
  citations: [],
  products: [],
  finishReason: null,
  provider: null,
  model: null,
  outcome: null,
  passages: [],
  costMicros: 0,
};

/** A question as the providers get it, and what its answer may rest on. */
type Asked = {
  request: LlmRequest;
  footing: Footing;
  ground: Ground;
  allowed: Allowed;
  suggested: Suggested[];
  isLimited?: boolean;
};
type Suggested = 'lead' | 'callback';

async function prepare(
  deps: TurnDeps,
  { site, text, locale: given, customerId, transcript }: Turn,
  signal: AbortSignal,
): Promise<Asked> {
  const history = await transcript.read();
  // A few words show no language: they are in that of the words before them.
  const spoken = await detectLanguage(askedBefore(history), given ?? site.settings.locale);
  const locale = await detectLanguage(text, spoken);
  const how = { locale, signal };
  const now = deps.now();
  const search = (question: string, until: AbortSignal) =>
    deps.knowledge.search(site, question, { limit: PASSAGES, locale, signal: until });
  const [{ passages, decision, question }, orders] = await Promise.all([
    searchInThread(words => search(words, signal), text, history),
    site.settings.features.orders ? deps.commerce.orders(site, text, customerId, how) : [],
  ]);
  const productsNow = (ids: string[]) => deps.commerce.products(site, ids, how);
  const ground = createGround({ site, locale, question, orders, productsNow, now });
  const hours = asksForHours(text) ? ground.addHours() : undefined;
  ground.add(passages);
  const footing = hours || orders.length > 0 ? 'answer' : footingOf(text, decision);

  const suggested: Suggested[] = [];
  const suggest = (kind: Suggested) => void suggested.push(kind);
  const tools = toolsFor({ site, ground, search, suggest });
  const said = history.map(message => ({
    ...message,
    text: withoutMarks(message.role === 'assistant' ? withoutAmounts(message.text) : message.text),
  }));
  const request = {
    instructions: instructionsFor(site, now, { withFacts: true, footing, locale }),
    messages: messagesFor(said, ground.passages, withoutMarks(text)),
    question,
    locale,
    // Who quotes says of the hours what code says, and nothing else.
    passages: hours ? [hours] : [...ground.passages],
    answerable: footing === 'answer',
    askBack: footing === 'ask_back',
    maxTokens: site.settings.answers.maxTokens,
    tools,
    signal,
  };
  const thread = [...history, { role: 'visitor' as const, text }];
  const allowed = allowedIn({ site, ground, orders, said: thread, instructions: ourRules });
  return { request, footing, ground, allowed, suggested };
}

/** A question that goes on from the one before it, whatever else it says. */
const GOES_ON =
  /^[^\p{L}\p{N}]*(?:and|or|but|what about|how about|und|oder|aber|was ist mit|wie ist es mit|et|ou|mais|y|o|pero)(?!\p{L})/iu;

/** How many questions of a thread belong together at most. */
const TOGETHER = 3;

/** What the visitor asked last, with what it went on from. */
function askedBefore(history: readonly ChatMessage[]): string {
  const asked = history.flatMap(({ role, text }) => (role === 'visitor' && !isSmallTalk(text) ? [text] : []));
  const from = asked.findLastIndex(text => !GOES_ON.test(text));
  return asked.slice(Math.max(from, asked.length - TOGETHER, 0)).join('\n');
}

/** What is found for a question; for one that says too little by itself, as `and in red?`, also with the ones before it. */
async function searchInThread(
  search: (question: string) => Promise<Search>,
  text: string,
  history: readonly ChatMessage[],
): Promise<Pick<Search, 'passages' | 'decision'> & { question: string }> {
  const alone = await search(text);
  const { decision, evidence } = alone;
  const before = askedBefore(history);
  const goesOn = GOES_ON.test(text) || evidence.terms === 0;
  if (before === '' || isSmallTalk(text) || (decision === 'answer' && !goesOn)) return { ...alone, question: text };
  const last = history.at(-1);
  const isReply = last?.role === 'assistant' && endsInQuestion(last.text);
  // What the pages know no word of is a question of its own, and what came before it holds no answer.
  const isOwn = decision === 'ask_back' || (evidence.terms > 0 && evidence.unknownTerms === evidence.terms);
  if (isOwn && !goesOn && !isReply) return { ...alone, question: text };

  const question = `${before}\n${text}`;
  const together = await search(question);
  const found = together.decision === 'unknown' ? { ...alone, question: text } : { ...together, question };
  // Nobody is asked back twice. Else what is meant is a guess where the pages do not know what is new in the question.
  const isMeant = isReply || (goesOn && evidence.unknownTerms === 0 && found.decision === 'answer');
  return found.decision === 'unknown' ? found : { ...found, decision: isMeant ? 'answer' : 'ask_back' };
}

const footingOf = (question: string, decision: Search['decision']): Footing =>
  decision !== 'answer' && isSmallTalk(question) ? 'small_talk' : decision;

/** The answer with its marks filled in and nothing in it that is not for this visitor. */
function safely(parts: AsyncIterable<LlmPart>, { request, footing, ground, allowed, suggested }: Asked) {
  const safe = withSafeText(withMarksFilled(parts, ground.fill), allowed);
  if (footing !== 'unknown') return safe;
  const nothing = ownWords(request.locale).nothing;
  let looked = 0;
  return heldToSources(safe, {
    async rests(text) {
      // Only a further number or a fact can change it.
      const marks = text.split(']').length + ground.told().length;
      if (marks === looked) return false;
      looked = marks;
      return (await citationsOf(text, ground.passages, ground.told())).length > 0;
    },
    // A few words that state nothing are told where we have none of our own, and beside a form that the model offers.
    otherwise: text => ((suggested.length > 0 || !hasOwnWords(request.locale)) && isBare(text) ? text : nothing),
  });
}

/** Whether a text is too little to state much: short, and without a number. */
const isBare = (text: string): boolean => text.trim() !== '' && text.length <= 300 && !/\p{N}/u.test(text);

/** What the visitor saw is what is kept, also when they leave or the provider fails half-way. */
async function* tell(
  deps: TurnDeps,
  turn: Turn,
  { provider, model, parts }: Answer,
  asked: Asked,
): AsyncGenerator<TurnEvent> {
  const { id: turnId, site, transcript } = turn;
  const { request, ground, suggested, isLimited } = asked;
  const conversationId = transcript.begunHandle;
  yield { event: 'started', data: { turnId, ...(conversationId && { conversationId }), provider, model } };

  let text = '';
  let status: FinishedAnswer['status'] = 'interrupted';
  let finishReason: FinishedAnswer['finishReason'] = null;
  try {
    for await (const part of safely(parts, asked)) {
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
    if (error instanceof ProviderError) deps.onBrokenOff(error);
    else deps.report(error, { siteId: site.id });
  }

  text = text.toWellFormed();
  const citations = status === 'completed' ? await citationsOf(text, ground.passages, ground.told()) : [];
  const products = await ground.cardsOf(citations);
  const passages = ground.keptOf(citations);
  const outcome =
    status === 'completed'
      ? outcomeOf({ question: turn.text, askBack: request.askBack ?? false }, text, citations)
      : null;
  const costMicros = await turn.budget.total();
  const used = await turn.use.end({ provider, outcome, costMicros });
  let seal: string | undefined;
  try {
    seal = await transcript.finish(
      { text, citations, products, status, finishReason, provider, model, outcome, passages, costMicros },
      used,
    );
  } catch (error) {
    if (isErased(error)) {
      yield { event: 'failed', data: { code: 'conversation_not_found', retryable: false } };
      return;
    }
    deps.log.error({ err: error, siteId: site.id, turnId }, 'the answer could not be kept');
    deps.report(error, { siteId: site.id });
    // So that the turn, asked again, does not wait for an answer that nobody writes. Most likely this fails as well.
    await transcript.finish({ ...nothing, status: 'failed' }, undefined).catch(() => {});
    yield { event: 'failed', data: { code: 'internal', retryable: true } };
    return;
  }
  if (status === 'failed') yield { event: 'failed', data: { code: 'provider_failed', retryable: true } };
  if (status !== 'completed') return;
  for (const citation of citations) yield { event: 'citation', data: citation };
  for (const product of products) yield { event: 'product', data: product };
  const suggestion = suggestionOf(site, { question: turn.text, suggested, isLimited, outcome }, deps.now());
  if (suggestion) yield { event: 'suggestion', data: suggestion };
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

/**
 * The form that the widget offers with an answer; what a model writes is no part of it. While the site is closed, who
 * could do with a person is offered a callback.
 */
export function suggestionOf(
  { settings }: Pick<Site, 'settings'>,
  {
    question,
    suggested: [kind],
    isLimited,
    outcome,
  }: { question: string; isLimited?: boolean | undefined } & Pick<Asked, 'suggested'> & Pick<FinishedAnswer, 'outcome'>,
  now: Date,
): { kind: Suggested; reason: string } | undefined {
  const { leads, callback } = settings.features;
  const reason = reasonOf();
  if (reason === undefined) return undefined;
  if (callback && !openingStateAt(settings, now).open) return { kind: 'callback', reason: 'closed' };
  if (kind) return { kind, reason };
  if (leads) return { kind: 'lead', reason };
  return callback ? { kind: 'callback', reason } : undefined;

  function reasonOf(): string | undefined {
    if (kind || asksForPerson(question)) return 'asked_for';
    // The limit of the owner's money is reached, so a person shall have a say where there is one.
    if (isLimited) return 'limit_reached';
    return outcome === 'unanswered' ? 'unanswered' : undefined;
  }
}

/** Whether the conversation went while its answer was written. */
const isErased = (error: unknown): boolean => error instanceof AppError && error.code === 'conversation_not_found';

async function* noEvents(): AsyncGenerator<TurnEvent> {}
