import type { Facts, Passage, VariantFacts } from './llm.ts';

/**
 * Words of a page, with the number of their document. Each line of the text is a row of a table. `isFacts` where it is
 * no word of a page but what is told of a product: a line of it, then one for each variant that was asked for.
 */
export type Quote = { index: number; text: string; isFacts: boolean };

const PASSAGES = 3;
const UNITS = 4;
const LENGTH = 600;
const PASSAGE_LENGTH = 4_000;
const UNIT_LENGTH = 400;

/** Words of a question that say nothing about its subject. Other languages are left to the rarity of a word. */
const idle = new Set(
  `a about all am an and any are as at be been but by can could did do does for from get had has have how i if in into is
  it its me my no not of on or our please shall she should so some tell than that the their them then there these they
  this those to too us was we were what when where which who whom whose why will with would you your`.split(/\s+/),
);

/** A sentence, or a whole line where a line is a heading, a list item or a row. `place` counts them in the passage. */
type Unit = {
  passage: Passage;
  rank: number;
  line: number;
  place: number;
  text: string;
  words: string[];
  isHeading: boolean;
  isItem: boolean;
  isFacts: boolean;
};

/**
 * The sentences of the best passages that say most on the question, word for word, in the order of their pages; the facts
 * of a product behind what is quoted of it, or alone where they say it best.
 */
export function bestQuotes(question: string, passages: readonly Passage[]): Quote[] {
  const asked = [...new Set(wordsOf(question))].filter(word => !idle.has(word));
  const asksVariants = asksForVariants.test(question);
  const facts = new Map(passages.flatMap(passage => (passage.facts ? [[passage.index, passage.facts] as const] : [])));
  const units = passages.slice(0, PASSAGES).flatMap((passage, rank) => {
    const ofPage = unitsOf(passage, rank).filter(unit => isWorthIt(unit, facts.get(passage.index), asked));
    return passage.facts ? [...ofPage, factsUnit(passage, rank, passage.facts, { asked, asksVariants })] : ofPage;
  });
  const weights = asked.map(word => weightOf(word, units));
  const asksPrice = asksForPrice.test(question);
  const asksFacts = asksPrice || asksVariants || asksForStock.test(question);

  const matched = units.map(unit => {
    const title = wordsOf(unit.passage.title);
    // A word of the title is true of the whole page: it tells the pages apart, and not their sentences.
    return sum(asked.map((word, at) => (match(word, title) / 2 || match(word, unit.words)) * (weights[at] ?? 0)));
  });
  // Facts answer only of the product that is meant.
  const meant = Math.max(0, ...matched.filter((_, at) => units[at]?.isFacts));
  const scored = units.map((unit, at) => {
    const words = matched[at] as number;
    const tells = unit.isFacts ? asksFacts && words === meant : asksPrice && price.test(unit.text);
    const told = tells && words > 0 ? 2 : 0;
    return { unit, score: (words + told) * (1 - unit.rank / 10) };
  });
  const best = Math.max(0, ...scored.map(({ score }) => score));
  if (best === 0) return withTheirFacts(units.filter(({ rank, isFacts }) => rank === 0 && !isFacts).slice(0, 2), units);

  const chosen = new Set<Unit>();
  let length = 0;
  for (const { unit, score } of scored.toSorted((a, b) => b.score - a.score)) {
    if (score < best * 0.6 || chosen.size >= UNITS) break;
    for (const each of withWhatItLeadsTo(unit, units).flatMap(led => withItsHeading(led, units))) {
      if (chosen.has(each) || (!each.isFacts && length + each.text.length > LENGTH)) continue;
      chosen.add(each);
      length += each.isFacts ? 0 : each.text.length;
    }
  }
  return withTheirFacts([...chosen], units);
}

const asksForPrice =
  /\b(price|prices|cost|costs|how much|cheap|cheaper|cheapest|expensive|preise?|kosten|kostet|teuer|prix|combien|co[uû]te(nt)?|precios?|cu[aá]nto|cuestan?)\b/i;

const asksForStock =
  /(?<!\p{L})(in stock|available|availability|sold out|lieferbar|verfügbar|vorrätig|auf lager|ausverkauft|en stock|disponibles?|épuisée?s?|existencias|agotad[oa]s?)(?!\p{L})/iu;

const asksForVariants =
  /(?<!\p{L})(sizes?|colou?rs?|variants?|größen?|farben?|varianten?|tailles?|couleurs?|variantes?|tallas?|colou?res)(?!\p{L})/iu;

const price = /\p{Sc}\s?\d|\d\s?\p{Sc}|\b(EUR|USD|GBP)\b/u;

const lines = /^\s*(#{1,6}\s|>|[-*+•]\s|\d+[.)]\s)|\|/;
const items = /^\s*([-*+•]|\d+[.)])\s/;
const sentences = new Intl.Segmenter(undefined, { granularity: 'sentence' });
const segments = new Intl.Segmenter(undefined, { granularity: 'word' });

function unitsOf(passage: Passage, rank: number): Unit[] {
  const texts = passage.text
    .slice(0, PASSAGE_LENGTH)
    .split('\n')
    .flatMap((raw, line) => {
      const isLine = lines.test(raw);
      const isHeading = /^\s*#/.test(raw) || (line === 0 && !isLine && !/[.!?:;。！？]\s*$/.test(raw));
      const whole = isLine || isHeading ? [raw] : [...sentences.segment(raw)].map(({ segment }) => segment);
      const isItem = items.test(raw);
      return whole.map(text => ({ line, isHeading, isItem, text: asPlainText(text) }));
    })
    // The title is told with the citation.
    .filter(({ text }) => text !== '' && !passage.title.startsWith(text));
  return texts.map((unit, place) => ({ ...unit, passage, rank, place, words: wordsOf(unit.text), isFacts: false }));
}

/** What a product costs and whether it is there, in the words of no language; also of the variants that are asked for. */
function factsUnit(
  passage: Passage,
  rank: number,
  facts: Facts,
  { asked, asksVariants }: { asked: string[]; asksVariants: boolean },
): Unit {
  const variants = facts.variants ?? [];
  const held = variants.map(({ title }) => wordsOf(title).filter(word => asked.includes(word)).length);
  const most = Math.max(...held);
  const wanted = variants.filter((_, at) => (most > 0 ? held[at] === most : asksVariants));
  const line = (name: string, { price, availability }: Facts | VariantFacts) =>
    `${asPlainText(name)}: ${price}, ${availability}`;
  return {
    passage,
    rank,
    line: -1,
    place: -1,
    text: [line(passage.title, facts), ...wanted.map(variant => `- ${line(variant.title, variant)}`)].join('\n'),
    words: wordsOf([passage.title, ...variants.map(({ title }) => title)].join(' ')),
    isHeading: false,
    isItem: false,
    isFacts: true,
  };
}

/**
 * Whether one would quote it. Of a product's attributes, such as `Size: S, M`, only what was asked for is; and not the names
 * of its variants, which the facts tell.
 */
function isWorthIt({ text, words }: Unit, facts: Facts | undefined, asked: string[]): boolean {
  if (!facts) return true;
  const [, name, value = text] = /^([^.!?:]{1,100}): (.*)$/.exec(text) ?? [];
  const variants = wordsOf((facts.variants ?? []).map(({ title }) => title).join(' '));
  if (wordsOf(value).every(word => variants.includes(word))) return false;
  return name === undefined || asked.some(word => match(word, words) > 0);
}

/** What was chosen, and behind it the facts of every product among it. */
function withTheirFacts(chosen: readonly Unit[], units: readonly Unit[]): Quote[] {
  const documents = new Set(chosen.map(({ passage }) => passage.index));
  const facts = units.filter(({ isFacts, passage }) => isFacts && documents.has(passage.index));
  return [
    ...blocks(units.filter(unit => !unit.isFacts && chosen.includes(unit))),
    ...facts.map(({ passage, text }) => ({ index: passage.index, text, isFacts: true })),
  ];
}

const wordsOf = (text: string): string[] =>
  [...segments.segment(text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase())]
    .filter(({ isWordLike }) => isWordLike)
    .map(({ segment }) => segment);

/** A word that stands everywhere tells no unit from another. */
const weightOf = (word: string, units: Unit[]): number =>
  Math.log(1 + units.length / (0.5 + units.filter(unit => match(word, unit.words) > 0).length));

const match = (word: string, among: string[]): number =>
  among.includes(word) ? 1 : among.some(other => inflected(word, other)) ? 0.8 : 0;

/** `ship` and `shipping`, `price` and `pricing`: the beginning is shared, and only an ending differs. */
function inflected(one: string, other: string): boolean {
  let shared = 0;
  while (shared < one.length && one[shared] === other[shared]) shared += 1;
  const [short, long] = [one.length, other.length].sort((a, b) => a - b) as [number, number];
  if (shared >= 4) return short - shared <= 2 && long - shared <= 4;
  return shared === 3 && short === 3 && long - shared <= 2;
}

/** What stands below says what a heading, a question or a colon promises; a heading itself then need not be quoted. */
function withWhatItLeadsTo(unit: Unit, units: Unit[]): Unit[] {
  const leads = unit.isHeading || /[?:]$/.test(unit.text);
  const below = units.filter(({ passage, place }) => leads && passage === unit.passage && place > unit.place);
  if (below.length === 0) return withItsTable(unit, units);
  const next = below.findIndex(each => each.isHeading || each.text.endsWith('?'));
  const led = below
    .slice(0, next < 0 ? undefined : next)
    .slice(0, unit.text.endsWith(':') ? 4 : 2)
    .flatMap(each => withItsTable(each, units));
  return unit.isHeading && led.length > 0 ? led : [unit, ...led];
}

/** An item of a list may say the contrary of what it seems to without the heading of the list. */
function withItsHeading(unit: Unit, units: Unit[]): Unit[] {
  if (!unit.isItem) return [unit];
  const above = units.findLast(
    ({ passage, place, isItem }) => !isItem && passage === unit.passage && place < unit.place,
  );
  return above?.isHeading ? [above, unit] : [unit];
}

/** A row of a table says nothing without the first row, and the first row nothing without the others. */
function withItsTable(unit: Unit, units: Unit[]): Unit[] {
  if (!isRow(unit)) return [unit];
  const inPassage = units.filter(({ passage }) => passage === unit.passage);
  const at = inPassage.indexOf(unit);
  const first = inPassage.findLastIndex((each, place) => place < at && !isRow(each)) + 1;
  const end = inPassage.findIndex((each, place) => place > at && !isRow(each));
  const head = inPassage[first] as Unit;
  return unit === head ? inPassage.slice(first, end < 0 ? undefined : end) : [head, unit];
}

const isRow = ({ text, isFacts }: Unit): boolean => !isFacts && text.includes(' | ');

/** Sentences that follow each other become one quote, and so do the rows of a table; a line of its own stays one. */
function blocks(units: Unit[]): Quote[] {
  const quotes: (Quote & { last: Unit })[] = [];
  for (const unit of units) {
    const quote = quotes.at(-1);
    const follows = quote?.last.passage === unit.passage && quote.last.place === unit.place - 1;
    if (quote && follows && (quote.last.line === unit.line || /[?:]$/.test(quote.last.text))) {
      quote.text += ` ${unit.text}`;
      quote.last = unit;
    } else if (quote && unit.isItem && quote.last.isHeading && quote.last.passage === unit.passage) {
      quote.text += `: ${unit.text}`;
      quote.last = unit;
    } else if (quote && isRow(quote.last) && isRow(unit) && quote.last.passage === unit.passage) {
      quote.text += `\n${unit.text}`;
      quote.last = unit;
    } else {
      quotes.push({ index: unit.passage.index, text: unit.text, isFacts: false, last: unit });
    }
  }
  return quotes.map(({ last: _, ...quote }) => quote);
}

const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0);

/**
 * Text of a page as one line that means nothing in Markdown: a page must not bring links, markup or citation markers
 * into an answer. Escapes would not do, since not every reader of answers knows them.
 */
export function asPlainText(text: string): string {
  const plain = text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not pass
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\s]+/g, ' ')
    .replace(/[\u202a-\u202e\u2066-\u2069]/g, '')
    .replace(/!?\[([^\][]*)\]\([^)]*\)/g, '$1')
    .replace(/\b(?:[a-z][a-z0-9+.-]*:\/\/|www\.)+/gi, '')
    // What the line before has put together anew.
    .replaceAll('://', ': //')
    .replaceAll('[', '(')
    .replaceAll(']', ')')
    .replaceAll('*', '∗')
    .replaceAll('`', '’')
    .replace(/^(?:[\s#>+•∗-]+(?=\s|$)|[\s#>]+)+/, '')
    .trim();
  if (plain.length <= UNIT_LENGTH) return plain;
  return `${plain.slice(0, plain.lastIndexOf(' ', UNIT_LENGTH) + 1 || UNIT_LENGTH).trimEnd()}…`.toWellFormed();
}
