import { languageOf } from '../../lib/language-tag.ts';
import type { Llm, LlmPart, LlmRequest, Passage } from './llm.ts';
import { bestQuotes, type Quote } from './quote.ts';

type Words = { quotes: string; nothing: string; purpose: string };

const english: Words = {
  quotes: 'Here is what this shop’s pages say:',
  nothing:
    'I found nothing about that on this shop’s pages. Please contact the shop directly: someone there will know.',
  purpose:
    'I look things up on this shop’s pages and quote what they say. Ask me about products, delivery or returns, for example.',
};

const languages: Readonly<Record<string, Words>> = {
  en: english,
  de: {
    quotes: 'Das steht auf den Seiten dieses Shops:',
    nothing:
      'Dazu habe ich auf den Seiten dieses Shops nichts gefunden. Bitte wenden Sie sich direkt an den Shop: Dort weiß man es.',
    purpose:
      'Ich schlage auf den Seiten dieses Shops nach und zitiere, was dort steht. Fragen Sie mich zum Beispiel nach Produkten, Lieferung oder Rückgabe.',
  },
  fr: {
    quotes: 'Voici ce que disent les pages de cette boutique :',
    nothing:
      'Je n’ai rien trouvé à ce sujet sur les pages de cette boutique. Veuillez vous adresser directement à la boutique : quelqu’un saura vous répondre.',
    purpose:
      'Je cherche dans les pages de cette boutique et je cite ce qu’elles disent. Interrogez-moi par exemple sur les produits, la livraison ou les retours.',
  },
  es: {
    quotes: 'Esto dicen las páginas de esta tienda:',
    nothing:
      'No he encontrado nada sobre eso en las páginas de esta tienda. Diríjase directamente a la tienda: allí lo sabrán.',
    purpose:
      'Busco en las páginas de esta tienda y cito lo que dicen. Pregúnteme, por ejemplo, por productos, envíos o devoluciones.',
  },
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

function answer({ question, locale, passages, answerable }: LlmRequest): string[] {
  const words = languages[languageOf(locale)] ?? english;
  const quotes = answerable ? bestQuotes(question, passages) : [];
  if (quotes.length > 0) return told(quotes, words);
  return [isSmallTalk(question, passages) ? words.purpose : words.nothing];
}

/** What the pages say, then what is told of their products. */
function told(quotes: Quote[], words: Words): string[] {
  const pages = quotes.filter(({ isFacts }) => !isFacts);
  const facts = quotes.filter(({ isFacts }) => isFacts);
  const paragraphs = [
    ...(pages.length > 0 ? [words.quotes] : []),
    ...pages.map(({ index, text }) => `> ${text.replaceAll('\n', '\n> ')} [${index}]`),
    ...facts.map(({ index, text }) => text.replace(/$|\n/, end => ` [${index}]${end}`)),
  ];
  return paragraphs.map((paragraph, at) => (at === 0 ? paragraph : `\n\n${paragraph}`));
}

const isSmallTalk = (question: string, passages: Passage[]): boolean =>
  passages.length === 0 && question.length < 40 && smallTalk.test(question.trim());
