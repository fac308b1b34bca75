import type { Llm, LlmPart, LlmRequest, Passage } from './llm.ts';
import { isSmallTalk, type OwnWords, ownWords } from './own-words.ts';
import { asPlainText, bestQuotes, type Quote } from './quote.ts';

/** How many topics are named where it is not clear which one is meant. */
const TOPICS = 3;

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

function answer({ question, locale, passages, answerable, askBack }: LlmRequest): string[] {
  const words = ownWords(locale);
  const quotes = answerable ? bestQuotes(question, passages) : [];
  if (quotes.length > 0) return told(quotes, words);
  if (isSmallTalk(question)) return [words.purpose];
  return [askBack && passages.length > 0 ? words.topics.replace('{topics}', () => topicsOf(passages)) : words.nothing];
}

/** The titles of the nearest documents, each with its number. */
function topicsOf(passages: readonly Passage[]): string {
  const titles = new Map(passages.map(({ index, title }) => [index, asPlainText(title)] as const));
  return [...titles]
    .slice(0, TOPICS)
    .map(([index, title]) => `- ${title} [${index}]`)
    .join('\n');
}

/** What the pages say, then what is told of their products. */
function told(quotes: Quote[], words: OwnWords): string[] {
  const pages = quotes.filter(({ isFacts }) => !isFacts);
  const facts = quotes.filter(({ isFacts }) => isFacts);
  const paragraphs = [
    ...(pages.length > 0 ? [words.quotes] : []),
    ...pages.map(({ index, text }) => `> ${text.replaceAll('\n', '\n> ')} [${index}]`),
    ...facts.map(({ index, text }) => text.replace(/$|\n/, end => ` [${index}]${end}`)),
  ];
  return paragraphs.map((paragraph, at) => (at === 0 ? paragraph : `\n\n${paragraph}`));
}
