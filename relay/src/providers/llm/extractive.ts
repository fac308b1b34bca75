import type { Llm, LlmPart, LlmRequest, Passage } from './llm.ts';
import { bestQuotes } from './quote.ts';

const words = {
  quotes: 'Here is what this shop’s pages say:',
  nothing:
    'I found nothing about that on this shop’s pages. Please contact the shop directly: someone there will know.',
  purpose:
    'I look things up on this shop’s pages and quote what they say. Ask me about products, delivery or returns, for example.',
};

const smallTalk =
  /^(hi|hey|hello|hallo|hej|hola|ol[áa]|ciao|salut|bonjour|good (morning|afternoon|evening)|guten (tag|morgen|abend)|thanks?|thank you|thx|danke|merci|gracias|grazie|ok(ay)?|bye|help|who are you|what can you do)\b/iu;

/**
 * The last resort: no model, no key, no network. It quotes what the knowledge holds on the question, and says so where
 * it holds nothing.
 */
export const extractiveLlm = (): Llm => ({
  provider: 'extractive',
  model: 'extractive',
  async *stream(request): AsyncGenerator<LlmPart> {
    for (const text of answer(request)) {
      if (request.signal.aborted) return;
      yield { type: 'text', text };
    }
    if (!request.signal.aborted) yield { type: 'finished', reason: 'stop' };
  },
});

function answer({ question, passages, answerable }: LlmRequest): string[] {
  const quotes = answerable ? bestQuotes(question, passages) : [];
  if (quotes.length > 0)
    return [words.quotes, ...quotes.map(({ index, text }) => `\n\n> ${text.replaceAll('\n', '\n> ')} [${index}]`)];
  return [isSmallTalk(question, passages) ? words.purpose : words.nothing];
}

const isSmallTalk = (question: string, passages: Passage[]): boolean =>
  passages.length === 0 && question.length < 40 && smallTalk.test(question.trim());
