import type { Citation, Product, ProductCard, Variant } from '@confab/contract';
import type { Facts, Passage } from '../../providers/llm/llm.ts';
import type { Found } from '../knowledge/index.ts';
import type { Site } from '../sites/index.ts';
import { markOf, type ProductMark, withoutMarks } from './fill-marks.ts';
import { cardOf } from './product-cards.ts';
import { availabilityIn, dated, priceIn, speechOf } from './product-words.ts';

/** How many variants of a product are told one by one. */
const VARIANTS_TOLD = 10;

/** How many products an answer shows. */
const CARDS_MAX = 3;

/** A product that the knowledge found, as it was synced; `index` is the number of its document in the answer. */
export type FoundProduct = {
  index: number;
  externalId: string;
  title: string;
  url: string;
  product: Product;
  syncedAt: Date;
};

/** The products among what was found, by the number of their document. `passages` are the same, numbered. */
export function productsAmong(found: readonly Found[], passages: readonly Passage[]): Map<number, FoundProduct> {
  const products = new Map<number, FoundProduct>();
  for (const [at, { product, externalId, title, url, syncedAt }] of found.entries()) {
    const { index } = passages[at] as Passage;
    if (product) products.set(index, { index, externalId, title, url, product, syncedAt });
  }
  return products;
}

/** The passages with the facts of their products as marks, and with no other mark in them. */
export function withFacts(
  passages: readonly Passage[],
  products: ReadonlyMap<number, FoundProduct>,
  question: string,
): Passage[] {
  const told = new Set<number>();
  return passages.map(passage => {
    const { index, title, text } = passage;
    const found = told.has(index) ? undefined : products.get(index);
    told.add(index);
    const facts = found && { facts: factsOf(found, question) };
    return { ...passage, title: withoutMarks(title), text: withoutMarks(text), ...facts };
  });
}

function factsOf({ index, product: { variants } }: FoundProduct, question: string): Facts {
  const marks = (variant?: number) => ({
    price: markOf({ fact: 'price', document: index, variant }),
    availability: markOf({ fact: 'availability', document: index, variant }),
  });
  if (variants.length === 1) return marks();
  const told = mostAskedFor(variants, question).slice(0, VARIANTS_TOLD);
  const further = variants.length - told.length;
  return {
    ...marks(),
    variants: told.map(at => ({ title: withoutMarks((variants[at] as Variant).title), ...marks(at + 1) })),
    ...(further > 0 && { furtherVariants: further }),
  };
}

/** The places of the variants, those first whose names hold most words of the question. */
function mostAskedFor(variants: Variant[], question: string): number[] {
  const asked = new Set(wordsOf(question));
  const held = variants.map(({ title }) => wordsOf(title).filter(word => asked.has(word)).length);
  return [...variants.keys()].sort((a, b) => (held[b] as number) - (held[a] as number));
}

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

export type LiveFacts = ReturnType<typeof liveFacts>;

/**
 * What an answer tells of products: as they are in the shop now, or else as they were synced, and then with the date.
 * `live` is asked when a product is first spoken of.
 */
export function liveFacts(
  site: Site,
  locale: string,
  products: ReadonlyMap<number, FoundProduct>,
  live: (externalId: string) => Promise<Product | undefined>,
) {
  const speech = speechOf(site, locale);
  const told = new Set<number>();
  const withDate = new Set<number>();
  return {
    /** The documents of which a mark was filled in. */
    told: told as ReadonlySet<number>,

    /** What stands in the place of a mark; the date once for each product. A mark of nothing is nothing. */
    async fill({ fact, document, variant }: ProductMark): Promise<string> {
      const found = products.get(document);
      const current = found && currentOf(found, await live(found.externalId), variant);
      if (!current) return '';
      told.add(document);
      const { variants, asOf } = current;
      const words = fact === 'price' ? priceIn(variants, speech) : availabilityIn(variants, speech);
      if (asOf === null || withDate.has(document)) return words;
      withDate.add(document);
      return dated(words, asOf, speech);
    },

    /** The cards of the products that an answer cites, in the order of its citations. */
    async cardsOf(citations: readonly Citation[]): Promise<ProductCard[]> {
      const cited = citations.flatMap(({ index }) => products.get(index) ?? []).slice(0, CARDS_MAX);
      const cards: ProductCard[] = [];
      for (const found of cited) cards.push(cardOf(found, await live(found.externalId), speech));
      return cards;
    },
  };
}

/** All variants of a product, or the one at a place of it, counted from 1; nothing where there is no such place. */
function currentOf(
  { product, syncedAt }: FoundProduct,
  live: Product | undefined,
  place: number | undefined,
): { variants: Variant[]; asOf: Date | null } | undefined {
  if (place === undefined) {
    return live ? { variants: live.variants, asOf: null } : { variants: product.variants, asOf: syncedAt };
  }
  const synced = product.variants[place - 1];
  if (!synced) return undefined;
  const now = live?.variants.find(({ id }) => id === synced.id);
  return now ? { variants: [now], asOf: null } : { variants: [synced], asOf: syncedAt };
}
