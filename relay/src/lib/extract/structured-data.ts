import { type Product, product, type Variant } from '@confab/contract';
import { attributeOf, type DomDocument, tidy } from './dom.ts';

/** One thing that a page describes in JSON-LD. From outside: every value may be anything. */
type Thing = Record<string, unknown>;

/** What a page says of itself for machines. */
export type StructuredData = {
  product: Product | null;
  /** What the page is called where it is about one product. */
  name: string | null;
  description: string | null;
  attributes: Record<string, string>;
  questions: { question: string; answer: string }[];
  modifiedAt: Date | null;
};

const SCRIPTS_MAX = 50;
const SCRIPT_LENGTH_MAX = 2_000_000;
const THINGS_MAX = 5_000;
const DEPTH_MAX = 30;
const QUESTIONS_MAX = 200;

/** What a page mentions beside its subject. */
const BESIDE = new Set(
  `isRelatedTo isSimilarTo isAccessoryOrSparePartFor isConsumableFor itemListElement review reviews
  itemReviewed mentions hasVariant offers isVariantOf`.split(/\s+/),
);

/** Reads the page's JSON-LD; `about` are the page's addresses and its title, by which its own product is known. */
export function readStructuredData(
  document: DomDocument,
  { urls, title }: { urls: string[]; title: string },
): StructuredData {
  const { things, byId } = thingsOf(document);
  const of = (...types: string[]) => things.filter(({ thing }) => typesOf(thing).some(type => types.includes(type)));
  const subject = subjectOf(
    of('Product', 'ProductGroup', 'IndividualProduct', 'ProductModel', 'Book', 'Vehicle').filter(each => !each.beside),
    { urls, title },
  );
  const resolve = (value: unknown) => resolved(value, byId);
  return {
    ...(subject ? productOf(subject, resolve, urls[0] as string) : { product: null, attributes: {} }),
    name: (subject && tidy(textOf(subject.name), 300)) || null,
    description: (subject && textOf(subject.description)) || null,
    questions: of('FAQPage', 'QAPage')
      .flatMap(({ thing }) => listOf(thing.mainEntity).map(resolve))
      .slice(0, QUESTIONS_MAX)
      .flatMap(entry => {
        const answer = resolve(listOf(entry?.acceptedAnswer)[0] ?? listOf(entry?.suggestedAnswer)[0]);
        const pair = { question: tidy(textOf(entry?.name), 500), answer: textOf(answer?.text).slice(0, 20_000) };
        return pair.question && pair.answer.trim() ? [pair] : [];
      }),
    modifiedAt: dateOf(things.find(({ thing, beside }) => !beside && thing.dateModified)?.thing.dateModified),
  };
}

/** Everything that is described, each once, and what other places of the page call by its `@id`. */
function thingsOf(document: DomDocument) {
  const things: { thing: Thing; beside: boolean }[] = [];
  const byId = new Map<string, Thing>();
  let scripts = 0;
  for (const script of document.querySelectorAll('script')) {
    if (!/^application\/ld\+json/i.test((attributeOf(script, 'type') ?? '').trim())) continue;
    if (++scripts > SCRIPTS_MAX) break;
    const last = things.length + THINGS_MAX;
    const stack = [{ value: parse(script.textContent ?? ''), beside: false, depth: 0 }];
    for (let next = stack.pop(); next && things.length < last; next = stack.pop()) {
      const { value, beside, depth } = next;
      if (typeof value !== 'object' || value === null || depth > DEPTH_MAX) continue;
      if (Array.isArray(value)) {
        for (const each of value.slice(0, THINGS_MAX).reverse()) stack.push({ value: each, beside, depth: depth + 1 });
        continue;
      }
      // Without a prototype: no key of the page means anything but itself.
      const thing: Thing = Object.assign(Object.create(null), value);
      things.push({ thing, beside });
      const id = thing['@id'];
      if (typeof id === 'string' && Object.keys(thing).length > 1 && !byId.has(id)) byId.set(id, thing);
      for (const [key, each] of Object.entries(thing).reverse()) {
        if (typeof each === 'object') stack.push({ value: each, beside: beside || BESIDE.has(key), depth: depth + 1 });
      }
    }
  }
  return { things, byId };
}

function parse(text: string): unknown {
  if (text.length > SCRIPT_LENGTH_MAX) return null;
  const bare = text.replace(/^\s*(<!--|\/\*\s*<!\[CDATA\[\s*\*\/|<!\[CDATA\[)/, '').replace(/(-->|\]\]>)\s*$/, '');
  try {
    return JSON.parse(bare);
  } catch {
    try {
      // The most usual fault of shops: line breaks inside a description.
      return JSON.parse(bare.replace(/\p{Cc}+/gu, ' '));
    } catch {
      return null;
    }
  }
}

function resolved(value: unknown, byId: Map<string, Thing>): Thing | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const thing: Thing = Object.assign(Object.create(null), value);
  const id = thing['@id'];
  const isOnlyId = Object.keys(thing).every(key => key === '@id' || key === '@type');
  return (isOnlyId && typeof id === 'string' && byId.get(id)) || thing;
}

const listOf = (value: unknown): unknown[] =>
  Array.isArray(value) ? value.slice(0, 500) : value === undefined || value === null ? [] : [value];

const typesOf = (thing: Thing): string[] =>
  listOf(thing['@type']).map(type => String(type).replace(/^(https?:\/\/schema\.org\/|schema:)/, ''));

/** A text, a number, or the name of a thing. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value.slice(0, 200_000);
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return textOf(value[0]);
  if (typeof value !== 'object' || value === null) return '';
  const { name, value: amount, '@value': literal } = value as Thing;
  const first = name ?? amount ?? literal;
  return typeof first === 'string' || typeof first === 'number' ? textOf(first) : '';
}

/**
 * The product that the page is about: the one with its address, else the one with its title, else its only one, unless
 * that says that its page is another one.
 */
function subjectOf(
  candidates: { thing: Thing }[],
  { urls, title }: { urls: string[]; title: string },
): Thing | undefined {
  const products = candidates.map(({ thing }) => thing);
  const addresses = new Set(urls.map(withoutFragment));
  const isHere = ({ url, '@id': id }: Thing) =>
    [url, id].some(
      each => typeof each === 'string' && addresses.has(withoutFragment(absolute(each, urls[0] as string))),
    );
  const called = ({ name }: Thing) => {
    const words = tidy(textOf(name), 300).toLowerCase();
    return words !== '' && title.toLowerCase().includes(words);
  };
  const [only, ...others] = products;
  return (
    products.find(isHere) ??
    products.find(called) ??
    (only && others.length === 0 && !isElsewhere(only) ? only : undefined)
  );

  // Its address may say which variant, and how the visitor came.
  function isElsewhere({ url }: Thing): boolean {
    const given = typeof url === 'string' ? URL.parse(url, urls[0]) : null;
    return given !== null && urls.every(each => URL.parse(each)?.pathname !== given.pathname);
  }
}

const withoutFragment = (url: string) => url.replace(/#.*$/, '').replace(/\/$/, '');

const absolute = (url: string, base: string): string => URL.parse(url, base)?.href ?? '';

function productOf(subject: Thing, resolve: (value: unknown) => Thing | undefined, url: string) {
  const name = tidy(textOf(subject.name), 300) || 'Product';
  const members = listOf(subject.hasVariant)
    .map(resolve)
    .filter(each => each !== undefined);
  const sold = members.length > 0 ? members : [subject];
  const ids = new Set<string>();
  const ranges: string[] = [];
  const variants: Variant[] = [];
  for (const thing of sold) {
    for (const offer of offersOf(thing, resolve)) {
      if (variants.length >= 100) break;
      const price = priceOf(offer, resolve);
      if (!price) {
        const range = rangeOf(offer);
        if (range) ranges.push(range);
        continue;
      }
      const available = availabilityOf(offer, thing);
      // Whether it can be had is not guessed: what is not told stays a line of text.
      if (available === undefined) {
        ranges.push(`${price.amount} ${price.currency}`);
        continue;
      }
      const given = [offer.sku, thing.sku, offer.gtin, thing.gtin, offer['@id'], thing['@id'], offer.url];
      const id = given.map(each => tidy(textOf(each), 280)).find(each => each !== '' && !ids.has(each));
      const unique = id ?? `${variants.length + 1}`;
      ids.add(unique);
      variants.push({ id: unique, title: titleOf(offer, thing, name), price, available });
    }
  }
  const image = imageOf(subject.image, url) ?? imageOf(members[0]?.image, url);
  const read = product.safeParse({ image: image && { url: image, alt: name }, variants });
  return {
    product: read.success ? read.data : null,
    attributes: {
      ...attributesOf(subject, members),
      ...(!read.success && ranges.length > 0 && { price: [...new Set(ranges)].slice(0, 10).join(', ') }),
    },
  };
}

/** The offers by themselves: those of an AggregateOffer are inside it. */
function offersOf(thing: Thing, resolve: (value: unknown) => Thing | undefined): Thing[] {
  return listOf(thing.offers)
    .map(resolve)
    .filter(offer => offer !== undefined)
    .flatMap(offer => {
      const inside = listOf(offer.offers)
        .map(resolve)
        .filter(each => each !== undefined);
      const currency = offer.priceCurrency;
      return inside.length > 0
        ? inside.map(each => Object.assign(Object.create(null), { priceCurrency: currency }, each))
        : [offer];
    });
}

function priceOf(offer: Thing, resolve: (value: unknown) => Thing | undefined): Variant['price'] | undefined {
  const specifications = listOf(offer.priceSpecification)
    .map(resolve)
    .filter(each => each !== undefined);
  // A struck-out price is a specification, too, and is not what it costs.
  const specification = specifications.find(({ priceType, price }) => priceType === undefined && price !== undefined);
  const { lowPrice, highPrice } = offer;
  const onePrice = lowPrice !== undefined && amountOf(lowPrice) === amountOf(highPrice) ? lowPrice : undefined;
  const amount = amountOf(offer.price ?? specification?.price ?? onePrice);
  const currency = currencyOf(offer.priceCurrency ?? specification?.priceCurrency);
  return amount !== undefined && currency !== undefined ? { amount, currency } : undefined;
}

function rangeOf({ lowPrice, highPrice, priceCurrency }: Thing): string | undefined {
  const [low, high] = [amountOf(lowPrice), amountOf(highPrice)];
  const currency = currencyOf(priceCurrency);
  return low === undefined || currency === undefined ? undefined : `${high ? `${low}–${high}` : `${low}+`} ${currency}`;
}

const currencyOf = (value: unknown): string | undefined => {
  const code = textOf(value).trim().toUpperCase();
  return /^[A-Z]{3}$/.test(code) ? code : undefined;
};

/** A decimal number, also where it stands as people of some country write it. */
function amountOf(value: unknown): string | undefined {
  const written = textOf(value);
  if (/\d[eE]\+?\d/.test(written)) return undefined;
  const bare = written.replace(/[^\d.,-]/g, '').replace(/^[.,]+|[.,]+$/g, '');
  if (bare === '' || bare.length > 20 || bare.includes('-')) return undefined;
  const separators = bare.replace(/\d/g, '');
  const last = separators.at(-1);
  const isMixed = separators.includes('.') && separators.includes(',');
  const decimals = last === undefined ? 0 : bare.length - bare.lastIndexOf(last) - 1;
  // By schema.org a point is a decimal one; a comma before three figures divides thousands.
  const isDecimal = isMixed || (separators.length === 1 && (last === '.' || decimals !== 3));
  const at = isDecimal && last !== undefined ? bare.lastIndexOf(last) : bare.length;
  const fraction = bare.slice(at + 1).slice(0, 4);
  const whole = bare.slice(0, at).replace(/[.,]/g, '') || '0';
  const amount = `${whole.replace(/^0+(?=\d)/, '')}${fraction ? `.${fraction}` : ''}`;
  return /^\d{1,12}(\.\d{1,4})?$/.test(amount) ? amount : undefined;
}

const AVAILABLE = new Set('instock limitedavailability onlineonly preorder presale backorder madetoorder'.split(' '));
const UNAVAILABLE = new Set('outofstock soldout discontinued instoreonly reserved'.split(' '));

function availabilityOf(offer: Thing, thing: Thing): boolean | undefined {
  const word = (
    textOf(offer.availability ?? thing.availability)
      .split(/[/#:]/)
      .at(-1) ?? ''
  ).replace(/[\s_]/g, '');
  if (AVAILABLE.has(word.toLowerCase())) return true;
  return UNAVAILABLE.has(word.toLowerCase()) ? false : undefined;
}

/** What tells a variant from the others: its size and colour, else its name without that of the product. */
function titleOf(offer: Thing, thing: Thing, name: string): string {
  const of = (...keys: string[]) =>
    keys
      .map(key => tidy(textOf(thing[key]), 90))
      .filter(Boolean)
      .join(' / ');
  const own = tidy(textOf(offer.name ?? thing.name), 300);
  const rest = own.startsWith(name) ? own.slice(name.length).replace(/^[\s–—:|/,-]+/, '') : own;
  return rest || of('size', 'color') || of('material', 'pattern') || name;
}

function imageOf(value: unknown, base: string): string | null {
  for (const each of listOf(value)) {
    const { url, contentUrl, '@id': id } = (typeof each === 'object' ? each : { url: each }) as Thing;
    const found = [url, contentUrl, id].map(one => (typeof one === 'string' ? absolute(one, base) : ''));
    const image = found.find(one => /^https?:\/\//.test(one) && one.length <= 2_048);
    if (image) return image;
  }
  return null;
}

/** The facts about a product that are not its price. Of a group: every size and colour that its variants have. */
function attributesOf(subject: Thing, members: Thing[]): Record<string, string> {
  const of = (...keys: string[]) => {
    const values = [subject, ...members].flatMap(thing => keys.flatMap(key => listOf(thing[key]).map(textOf)));
    return [...new Set(values.map(value => tidy(value, 100)).filter(Boolean))].slice(0, 50).join(', ');
  };
  const attributes: [string, string][] = [
    ['brand', of('brand', 'manufacturer')],
    ['sku', of('sku')],
    ['mpn', of('mpn')],
    ['gtin', of('gtin', 'gtin14', 'gtin13', 'gtin12', 'gtin8', 'isbn')],
    ['colour', of('color')],
    ['size', of('size')],
    ['material', of('material')],
    ...listOf(subject.additionalProperty)
      .slice(0, 30)
      .map((each): [string, string] => {
        const { name, value } = (typeof each === 'object' && each !== null ? each : {}) as Thing;
        return [tidy(textOf(name), 100), tidy(textOf(value), 500)];
      }),
  ];
  const own = attributes.filter(([key, value]) => key !== '' && key !== '__proto__' && value !== '');
  return Object.fromEntries(own.reverse());
}

/** A time of the page, where it is one. */
export function dateOf(value: unknown): Date | null {
  const date = new Date(typeof value === 'string' ? value.slice(0, 60) : Number.NaN);
  const year = date.getUTCFullYear();
  return year >= 1990 && year <= 9_999 ? date : null;
}
