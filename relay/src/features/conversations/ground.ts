import type { Citation, KeptPassage, Product } from '@confab/contract';
import type { OrderPassage } from '../../providers/commerce/commerce.ts';
import type { Passage } from '../../providers/llm/llm.ts';
import type { Found } from '../knowledge/index.ts';
import type { Site } from '../sites/index.ts';
import { type Mark, markOf } from './fill-marks.ts';
import { hoursIn } from './hours-in-words.ts';
import { type FoundProduct, liveFacts, productsAmong, withFacts } from './live-facts.ts';
import { speechOf } from './product-words.ts';

export type Ground = ReturnType<typeof createGround>;

export type GroundDeps = {
  site: Site;
  /** The visitor's language. */
  locale: string;
  question: string;
  /** The visitor's own orders; they come first, each a document. */
  orders?: readonly OrderPassage[];
  /** The products as they are in the shop now, by their external ids. */
  productsNow: (externalIds: string[]) => Promise<ReadonlyMap<string, Product>>;
  now: Date;
};

/**
 * What an answer may rest on: passages, numbered by document, so that `[2]` in an answer is the second document. It grows
 * while a model looks for more. Prices, stock and opening hours are in it as marks, which code fills in.
 */
export function createGround({ site, locale, question, orders = [], productsNow, now }: GroundDeps) {
  const speech = speechOf(site, locale);
  const passages: Passage[] = orders.map((order, at) => ({ index: at + 1, ...order }));
  const kept: KeptPassage[] = [];
  const known = new Map<string, Passage>();
  const numbers = new Map<string, number>();
  const products = new Map<number, FoundProduct>();
  const asked = new Map<string, Promise<ReadonlyMap<string, Product>>>();
  const facts = liveFacts(site, locale, products, async id => (await asked.get(id))?.get(id));
  let documents = orders.length;
  let hours: Passage | undefined;
  let hoursTold: number | undefined;

  function numberOf(documentId: string): number {
    const number = numbers.get(documentId) ?? ++documents;
    numbers.set(documentId, number);
    return number;
  }

  /** The site's opening hours as a document, which code writes; nothing for a site without any. */
  function addHours(): Passage | undefined {
    if (hours || site.settings.hours === null) return hours;
    documents += 1;
    hours = { index: documents, title: site.settings.name, url: '', text: markOf({ fact: 'hours' }) };
    passages.push(hours);
    return hours;
  }

  return {
    passages: passages as readonly Passage[],

    /** Whether there is a product in it, whose price and stock are marks. */
    hasProducts: () => products.size > 0,

    /** Takes in what was found: numbers go on, and what is there already stays as it was. Gives it as a model reads it. */
    add(found: readonly Found[]): Passage[] {
      const news = found.filter(each => !known.has(keyOf(each)));
      const numbered = news.map(({ documentId, title, url, heading, text }) => ({
        index: numberOf(documentId),
        title,
        url,
        text: heading ? `${heading}\n${text}` : text,
      }));
      const newProducts = [...productsAmong(news, numbered)].filter(([index]) => !products.has(index));
      const ids = [...new Set(newProducts.map(([, { externalId }]) => externalId))];
      // Not waited for: the answer may begin, and waits where it first speaks of a price.
      const current = ids.length > 0 ? productsNow(ids) : undefined;
      for (const id of ids) if (current) asked.set(id, current);
      for (const [index, product] of newProducts) products.set(index, product);
      for (const [at, passage] of withFacts(numbered, new Map(newProducts), question).entries()) {
        const { documentId, externalId, title, url, heading, text, score } = news[at] as Found;
        known.set(keyOf(news[at] as Found), passage);
        passages.push(passage);
        kept.push({ index: passage.index, documentId, externalId, title, url, heading, text, score });
      }
      return found.map(each => known.get(keyOf(each)) as Passage);
    },

    addHours,

    /** What stands in the place of a mark; a mark of nothing is nothing. */
    async fill(mark: Mark): Promise<string> {
      if (mark.fact !== 'hours') return facts.fill(mark);
      const document = addHours();
      if (!document) return '';
      hoursTold = document.index;
      return hoursIn(site.settings, speech, now);
    },

    /** The documents of which a fact was filled in. */
    told: (): number[] => [...facts.told, ...(hoursTold === undefined ? [] : [hoursTold])],

    cardsOf: facts.cardsOf,

    /** What the owner wrote for answers, which no page and no visitor did. */
    ownersTexts: (): string[] =>
      kept.filter(({ externalId }) => externalId.startsWith('entry:')).map(({ text }) => text),

    /** What the cited documents said; of orders and hours nothing, which are no documents of the site. */
    keptOf(citations: readonly Citation[]): KeptPassage[] {
      const cited = new Set(citations.map(({ index }) => index));
      return kept.filter(({ index }) => cited.has(index));
    },
  };
}

const keyOf = ({ documentId, ordinal }: Found) => `${documentId} ${ordinal}`;
