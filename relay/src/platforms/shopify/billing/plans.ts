import type { Plan } from '../../../features/sites/index.ts';

/** What a shop has that pays nothing. */
export const FREE: Plan = { handle: 'free', name: 'Free', answersPerMonth: 50 };

/** What the app sells, by the handles that the plans have in the Partner Dashboard, where their prices are. */
export const plans: readonly Plan[] = [
  FREE,
  { handle: 'starter', name: 'Starter', answersPerMonth: 1_000 },
  { handle: 'growth', name: 'Growth', answersPerMonth: 10_000 },
];

/** The plan among the items of a subscription; nothing where none of them is one that this relay knows. */
export const planAmong = (items: readonly string[]): Plan | undefined =>
  plans.find(({ handle }) => items.includes(handle));
