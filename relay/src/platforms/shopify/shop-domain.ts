/** The permanent name of a shop in its one spelling; nothing where it is anything else. */
export function shopDomainOf(value: unknown): string | undefined {
  const domain = typeof value === 'string' ? value.toLowerCase() : '';
  return /^[a-z\d][a-z\d-]{0,62}\.myshopify\.com$/.test(domain) ? domain : undefined;
}

/** What Shopify calls the shop in its admin's addresses: `wool-shop` of `wool-shop.myshopify.com`. */
export const storeNameOf = (domain: string): string => domain.replace('.myshopify.com', '');
