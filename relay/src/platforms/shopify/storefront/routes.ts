import type { Router } from '@koa/router';
import type { RequestState } from '../../../http/request-state.ts';
import { AppError } from '../../../lib/app-error.ts';
import type { Api } from '../api.ts';
import type { CustomerTokens } from '../customers/customer-token.ts';
import { shopDomainOf } from '../shop-domain.ts';
import type { Shops } from '../shops.ts';

type Deps = { api: Api; shops: Pick<Shops, 'byDomain'>; customerTokens: CustomerTokens };

/**
 * What a storefront asks for through Shopify's app proxy (`/apps/confab/customer`), which signs who is signed in there.
 * Nothing of the address counts before its signature was checked.
 */
export function storefrontRoutes(router: Router<RequestState>, { api, shops, customerTokens }: Deps): void {
  router.get('/shopify/proxy/customer', async ctx => {
    const query = new URLSearchParams(ctx.querystring);
    // The signature is over names and values joined by nothing: a name that a visitor has added could hide another one.
    // It throws where there is no signature, or a time that is none or long ago.
    const isPlain = [...query.keys()].every(name => SIGNED.includes(name));
    const isSigned = isPlain && (await api.utils.validateHmac(query, { signator: 'appProxy' }).catch(() => false));
    const domain = shopDomainOf(query.get('shop'));
    if (!isSigned || domain === undefined) {
      throw new AppError('unauthorized', 'This call did not come through the app proxy of a Shopify shop.');
    }
    const shop = await shops.byDomain(domain);
    const customerId = customerIdOf(query);
    const proof =
      shop?.uninstalledAt === null && customerId !== undefined && customerTokens.tokenFor(shop.siteId, customerId);
    ctx.set('Cache-Control', 'no-store');
    ctx.body = {
      customerToken: proof ? proof.customerToken : null,
      expiresAt: proof ? proof.expiresAt.toISOString() : null,
    };
  });
}

/** What Shopify adds to a call; our own script adds nothing. */
const SIGNED = ['shop', 'logged_in_customer_id', 'path_prefix', 'timestamp', 'signature'];

/** Said once, and a number: nobody is signed in where it is empty. */
function customerIdOf(query: URLSearchParams): string | undefined {
  const [id = '', ...more] = query.getAll('logged_in_customer_id');
  return more.length === 0 && /^\d{1,20}$/.test(id) ? id : undefined;
}
