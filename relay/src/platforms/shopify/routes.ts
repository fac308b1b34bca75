import type { Router } from '@koa/router';
import type { RequestState } from '../../http/request-state.ts';
import { complianceOf } from './compliance-of.ts';
import { type EmbeddedFeatures, embeddedRoutes } from './embedded/routes.ts';
import type { Shopify } from './index.ts';
import { storefrontRoutes } from './storefront/routes.ts';
import { webhookRoutes } from './webhooks/index.ts';

/** The app in the Shopify admin, its webhooks, and what the storefront asks through Shopify's proxy. */
export function shopifyRoutes(router: Router<RequestState>, shopify: Shopify, features: EmbeddedFeatures): void {
  webhookRoutes(router, { api: shopify.api, receive: shopify.receiving.receive, rateLimit: features.rateLimit });
  storefrontRoutes(router, shopify);
  embeddedRoutes(router, shopify, features, complianceOf(shopify, features));
}
