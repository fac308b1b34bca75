import type { Plan } from '@confab/contract';

/** What an account has that pays for nothing, on a relay that sells plans. */
export const FREE: Plan = {
  handle: 'free',
  name: 'Free',
  limits: { conversationsPerMonth: 50, messagesPerConversation: 20, sites: 1, seats: 2 },
  features: [],
};

/**
 * The plans that accounts have, the smallest first. What they cost is at Stripe, by the lookup keys
 * `confab_{handle}_{month|year}`.
 */
export const plans: readonly Plan[] = [
  FREE,
  {
    handle: 'starter',
    name: 'Starter',
    limits: { conversationsPerMonth: 1_000, messagesPerConversation: 50, sites: 3, seats: 5 },
    features: ['takeover', 'webhooks'],
  },
  {
    handle: 'growth',
    name: 'Growth',
    limits: { conversationsPerMonth: 10_000, messagesPerConversation: 100, sites: 20, seats: 25 },
    features: ['takeover', 'crm', 'webhooks'],
  },
];

/** The plan with this handle; the free one where there is none, or none that is known any more. */
export const planOf = (handle: string | null): Plan => plans.find(plan => plan.handle === handle) ?? FREE;
