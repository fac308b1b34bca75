import { z } from 'zod';
import { timestamp, uuid } from './primitives.ts';

/** How often a plan is paid for. */
export const billingInterval = z.enum(['month', 'year']);
export type BillingInterval = z.infer<typeof billingInterval>;

/** What only some plans include. */
export const planFeature = z.enum(['takeover', 'crm', 'webhooks']);
export type PlanFeature = z.infer<typeof planFeature>;

/** What a plan allows; null: as much as anybody likes. */
export const planLimits = z.object({
  conversationsPerMonth: z
    .int()
    .nullable()
    .describe('from then on conversations that begin are answered by quoting the pages, until the next month (UTC)'),
  messagesPerConversation: z
    .int()
    .nullable()
    .describe('answers of one conversation; from then on they quote the pages, and leaving contact details is offered'),
  sites: z.int().nullable().describe('more cannot be added; those that are there stay'),
  seats: z.int().nullable().describe('members and open invitations; more cannot be invited, those that are there stay'),
});
export type PlanLimits = z.infer<typeof planLimits>;

export const plan = z.object({
  handle: z.string(),
  name: z.string(),
  limits: planLimits,
  features: z.array(planFeature).describe('what may be set up; what was set up before stays at work'),
});
export type Plan = z.infer<typeof plan>;

const price = z.object({
  amount: z.int().describe('in the smallest unit of the currency, without tax'),
  currency: z.string().describe('ISO 4217, lower case'),
});
export type Price = z.infer<typeof price>;

const used = z.object({ used: z.int(), limit: z.int().nullable() });

/** What an account has, has used and pays for. */
export const billingResponse = z.object({
  mode: z
    .enum(['self_hosted', 'stripe'])
    .describe('`self_hosted`: this relay sells no plans, and nothing limits anybody'),
  plan: plan.nullable().describe('null in self-hosted mode'),
  usage: z.object({
    periodStart: timestamp,
    periodEnd: timestamp,
    conversations: used,
    messages: z.int().describe('answers'),
    costUsd: z.number(),
    voiceSeconds: z.int(),
    sites: used,
    seats: used,
  }),
  notices: z
    .array(
      z.object({
        kind: z.enum(['limit_near', 'limit_reached', 'trial_ends', 'payment_failed', 'plan_ends', 'no_plan']),
        limit: z.enum(['conversations', 'sites', 'seats']).nullable(),
        until: timestamp.nullable().describe('when what it tells of happens, or ends'),
      }),
    )
    .describe('what the owner should know before it bites; the most pressing first'),
  subscription: z
    .object({
      status: z
        .enum(['trialing', 'active', 'past_due', 'unpaid', 'incomplete', 'paused', 'canceled'])
        .describe('`past_due`: a payment failed, and the plan stays until `graceUntil`'),
      plan: z.string().nullable(),
      interval: billingInterval.nullable(),
      periodEnd: timestamp.nullable(),
      trialEndsAt: timestamp.nullable(),
      endsAt: timestamp.nullable().describe('when it ends, where it was cancelled'),
      graceUntil: timestamp.nullable(),
      card: z.object({ brand: z.string(), last4: z.string() }).nullable(),
    })
    .nullable()
    .describe('null where the account never paid for anything'),
  plans: z
    .array(plan.extend({ prices: z.object({ month: price.nullable(), year: price.nullable() }) }))
    .describe('what can be had; empty in self-hosted mode'),
});
export type BillingResponse = z.infer<typeof billingResponse>;

/** Which plan the owner wants, and how to pay for it. */
export const planChoice = z.strictObject({ plan: z.string().regex(/^[a-z]{1,30}$/), interval: billingInterval });
export type PlanChoice = z.infer<typeof planChoice>;

/** Where the owner goes on, at Stripe. */
export const billingRedirect = z.object({ url: z.string() });
export type BillingRedirect = z.infer<typeof billingRedirect>;

/** What a change of plan costs at this moment, by the days that are left of the period. */
export const changePreview = z.object({
  dueNow: price.describe('what is charged at once; negative: a credit for the next invoices'),
  nextInvoice: price.describe('what the next period costs'),
  nextInvoiceAt: timestamp.nullable(),
  prorationAt: timestamp.describe(
    'the moment that this was counted for; give it with the change, to be charged the same',
  ),
});
export type ChangePreview = z.infer<typeof changePreview>;
export const planChange = planChoice.extend({ prorationAt: timestamp });
export type PlanChange = z.infer<typeof planChange>;

export const billingRecord = z.object({
  invoiceId: z.string(),
  accountId: uuid,
  number: z.string().nullable(),
  status: z.string(),
  total: price,
  issuedAt: timestamp,
});
export type BillingRecord = z.infer<typeof billingRecord>;
export const billingRecordPage = z.object({ items: z.array(billingRecord), nextCursor: z.string().nullable() });
export type BillingRecordPage = z.infer<typeof billingRecordPage>;
