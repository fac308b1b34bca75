export { ACTIVE_SUBSCRIPTION } from '../../../providers/payments/shopify-pricing.ts';
