import { CARD_VARIANTS_MAX, type Product, type ProductCard } from '@confab/contract';
import { isWebAddress } from '../../lib/web-address.ts';
import type { FoundProduct } from './live-facts.ts';
import { priceIn, type Speech } from './product-words.ts';

/** The card of a product as it is in the shop now, or else as it was synced, and then with the time. */
export function cardOf(found: FoundProduct, live: Product | undefined, speech: Speech): ProductCard {
  const { index, title, url } = found;
  const { image, variants } = live ?? found.product;
  return {
    index,
    title,
    url,
    // The address of the product itself was looked at when its document came in.
    image: image && isWebAddress(image.url) ? image : null,
    price: priceIn(variants, speech),
    available: variants.some(({ available }) => available),
    asOf: live ? null : found.syncedAt.toISOString(),
    variants: variants.slice(0, CARD_VARIANTS_MAX).map(variant => ({
      id: variant.id,
      title: variant.title,
      price: priceIn([variant], speech),
      available: variant.available,
    })),
  };
}
