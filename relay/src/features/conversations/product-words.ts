import type { TextName, Variant } from '@confab/contract';
import { languageOf } from '../../lib/language-tag.ts';
import { textsOf } from '../consent/index.ts';
import type { Site } from '../sites/index.ts';

/** The words and the formats of one visitor. */
export type Speech = { locale: string; timeZone: string; texts: Readonly<Record<TextName, string>> };

/** How a visitor of this language is spoken to. */
export function speechOf(site: Site, locale: string): Speech {
  const { timezone: timeZone } = site.settings;
  return { locale: formattable(locale), timeZone, texts: textsOf(site, locale, [locale]) };
}

/** Not every tag that looks like one is one; and what nobody can write in must not be written as the machine is set. */
function formattable(locale: string): string {
  try {
    return Intl.NumberFormat.supportedLocalesOf(locale)[0] ?? 'en';
  } catch {
    return formattable(languageOf(locale));
  }
}

/** The price, or those of the cheapest and the dearest: `€39.00 to €59.00`. */
export function priceIn(variants: readonly Variant[], { locale, texts }: Speech): string {
  const prices = variants.map(({ price }) => price).sort((a, b) => Number(a.amount) - Number(b.amount));
  const written = ({ amount, currency }: Variant['price']) =>
    new Intl.NumberFormat(locale, { style: 'currency', currency }).format(Number(amount));
  const from = written(prices[0] as Variant['price']);
  const to = written(prices.at(-1) as Variant['price']);
  return from === to ? from : said(texts.priceFromTo, { from, to });
}

/** Whether any of the variants is there to be bought. */
export const availabilityIn = (variants: readonly Variant[], { texts }: Speech): string =>
  variants.some(({ available }) => available) ? texts.inStock : texts.soldOut;

/** The same with the day on which it was so, by the site’s calendar. */
export function dated(words: string, day: Date, { locale, timeZone, texts }: Speech): string {
  const date = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone }).format(day);
  return said(texts.priceAsOf, { price: words, date });
}

const said = (text: string, values: Record<string, string>): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
