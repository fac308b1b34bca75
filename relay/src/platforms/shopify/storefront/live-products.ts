import { type Product, product as productSchema } from '@confab/contract';
import { LRUCache } from 'lru-cache';
import { createBreaker } from '../../../lib/breaker.ts';
import type { Log } from '../../../lib/log.ts';
import { API_VERSION } from '../api.ts';
import { ShopifyFault } from '../fault.ts';
import { LIVE_PRODUCTS } from '../operations/storefront.ts';
import { shownImage, shownVariant } from '../shown-product.ts';

/** Within the two seconds that an answer waits for all of it. */
const ASK_MS = 1_800;
/** A price is of this moment for so long. */
const FRESH_MS = 30_000;
/** A language that was refused is tried again then, as it may not have been the language. */
const UNSPOKEN_MS = 60 * 60 * 1_000;
/** More than any answer speaks of. */
const IDS_MAX = 50;

export type LiveProducts = ReturnType<typeof createLiveProducts>;

type Asked = { siteId: string; domain: string; externalIds: readonly string[]; locale: string };

/** A product as the Storefront API tells it. */
type Told = {
  id: string;
  featuredImage: { url: string; altText: string | null } | null;
  variants: {
    nodes: { id: string; title: string; availableForSale: boolean; price: { amount: string; currencyCode: string } }[];
  };
};

/**
 * Products of a shop as they are now, in the language of the visitor, by the Storefront API and without a token. Those
 * that many ask for at once are asked for once. What the shop does not tell in time is left out; a shop that
 * fails three times is left alone for a while, so that its visitors need not wait for nothing.
 */
export function createLiveProducts({ log }: { log: Log }) {
  /** `null`: the shop has no such product to show. */
  const known = new LRUCache<string, { product: Product | null }>({ max: 5_000, ttl: FRESH_MS });
  const asking = new Map<string, Promise<void>>();
  /** Languages that Shopify has no code for. */
  const unspoken = new LRUCache<string, true>({ max: 500, ttl: UNSPOKEN_MS });
  const breaker = createBreaker({ now: Date.now });

  return async ({ siteId, domain, externalIds, locale }: Asked): Promise<Map<string, Product>> => {
    const language = languageCodeOf(locale);
    const ids = externalIds.filter(id => /^gid:\/\/shopify\/Product\/\d+$/.test(id)).slice(0, IDS_MAX);
    const nameOf = (id: string) => `${domain} ${language} ${id}`;
    const found = new Map<string, { product: Product | null }>();
    const missing = ids.filter(id => {
      const fresh = known.get(nameOf(id));
      if (fresh) found.set(id, fresh);
      return !fresh;
    });
    const unasked = missing.filter(id => !asking.has(nameOf(id)));
    if (unasked.length > 0 && breaker.allows(domain)) {
      const answer = learn({ siteId, domain, externalIds: unasked, locale }, language, nameOf).finally(() => {
        for (const id of unasked) asking.delete(nameOf(id));
      });
      for (const id of unasked) asking.set(nameOf(id), answer);
    }
    await Promise.all(missing.map(id => asking.get(nameOf(id))));
    for (const id of missing) {
      const fresh = known.get(nameOf(id));
      if (fresh) found.set(id, fresh);
    }
    return new Map([...found].flatMap(([id, { product }]) => (product ? [[id, product]] : [])));
  };

  async function learn({ siteId, domain, externalIds }: Asked, language: string, nameOf: (id: string) => string) {
    try {
      const nodes = await ask(domain, externalIds, language, AbortSignal.timeout(ASK_MS));
      const told = new Map(nodes.map(node => [node.id, productOf(node)]));
      for (const id of externalIds) known.set(nameOf(id), { product: told.get(id) ?? null });
      breaker.succeeded(domain);
    } catch (error) {
      breaker.failed(domain);
      log.warn({ siteId, err: error }, 'a shop did not tell what its products cost now');
    }
  }

  /** In this language where Shopify has a code for it, else in the shop's own. */
  async function ask(domain: string, ids: readonly string[], language: string, signal: AbortSignal): Promise<Told[]> {
    const inLanguage = unspoken.has(language) ? undefined : await askOnce(domain, ids, language, signal);
    if (inLanguage) return inLanguage;
    const inOwn = await askOnce(domain, ids, null, signal);
    if (!inOwn) throw new ShopifyFault('refused', 'The Storefront API refused LiveProducts.');
    unspoken.set(language, true);
    return inOwn;
  }

  /** Nothing where the question itself is refused. */
  async function askOnce(
    domain: string,
    ids: readonly string[],
    language: string | null,
    signal: AbortSignal,
  ): Promise<Told[] | undefined> {
    const response = await fetch(`https://${domain}/api/${API_VERSION}/graphql.json`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
      body: JSON.stringify({ query: LIVE_PRODUCTS, variables: { ids, language } }),
      redirect: 'error',
      signal,
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw new ShopifyFault('unreachable', `The Storefront API answered with ${response.status}.`);
    }
    const { data } = (await response.json()) as { data?: { nodes?: (Partial<Told> | null)[] } | null };
    return data?.nodes?.filter((node): node is Told => node?.id !== undefined);
  }
}

/** As Shopify names languages: `pt-BR` is PT_BR, and any other `pt` PT. */
function languageCodeOf(locale: string): string {
  const [language = '', region] = locale.toUpperCase().split('-');
  return region !== undefined && ['PT', 'ZH'].includes(language) ? `${language}_${region}` : language;
}

/** Nothing where it is not what can be shown. */
function productOf({ featuredImage, variants }: Told): Product | null {
  const told = {
    image: shownImage(featuredImage),
    variants: variants.nodes.map(
      ({ id, title, availableForSale: available, price: { amount, currencyCode: currency } }) =>
        shownVariant({ id, title, price: { amount, currency }, available }),
    ),
  };
  return productSchema.safeParse(told).data ?? null;
}
