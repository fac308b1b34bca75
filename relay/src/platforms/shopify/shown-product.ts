import type { Product, Variant } from '@confab/contract';

/** What Shopify calls the one variant, and the one option, of a product that has none. */
export const NO_CHOICE = 'Default Title';

const ALT_MAX = 500;
const VARIANT_TITLE_MAX = 300;
const URL_MAX = 2_048;

type Image = { url: string; altText: string | null } | null;

/** A product's picture within the contract's limits, which Shopify's own exceed. */
export const shownImage = (image: Image): Product['image'] =>
  image && image.url.length <= URL_MAX ? { url: image.url, alt: cut(image.altText ?? '', ALT_MAX) } : null;

/** A product's variant, likewise. */
export const shownVariant = ({ title, ...variant }: Variant): Variant => ({
  ...variant,
  title: title === NO_CHOICE ? '' : cut(title, VARIANT_TITLE_MAX),
});

/** At most so long, without the characters that no database or reader takes, and with none cut in two. */
export function cut(text: string, max: number): string {
  const storable = text.replaceAll('\u0000', '').toWellFormed();
  if (storable.length <= max) return storable;
  const isInPair = /[\ud800-\udbff]/.test(storable[max - 1] ?? '');
  return storable.slice(0, isInPair ? max - 1 : max);
}
