import { z } from 'zod';
import { leadCreated } from './connect.ts';
import { receiptSchema } from './consent.ts';
import { dataRequestSource, dataRequestType } from './data-request.ts';
import { deliveryAttempt } from './lead.ts';
import { text, timestamp, uuid, webUrl } from './primitives.ts';
import { purgeCertificate } from './retention.ts';

/** So many endpoints a site has at most. */
export const WEBHOOK_ENDPOINTS_MAX = 20;

/** What a site may have told to an address of its choice. */
export const webhookEvent = z.enum([
  'lead.created',
  'conversation.ended',
  'consent.withdrawn',
  'data_request.completed',
  'purge.completed',
]);
export type WebhookEvent = z.infer<typeof webhookEvent>;

const endpointUrl = webUrl
  .refine(url => !URL.canParse(url) || (new URL(url).username === '' && new URL(url).password === ''), {
    error: 'has a user or a password in it; the signature of each message is what tells that it is ours',
  })
  .refine(url => !url.includes('#'), { error: 'has a fragment (#…), which no server is ever told' });

/** Where a site is told of what happens, and of what. */
export const webhookRequest = z.strictObject({
  url: endpointUrl.describe('https only where the relay keeps to the public internet'),
  events: z
    .array(webhookEvent)
    .min(1)
    .max(webhookEvent.options.length)
    .refine(events => new Set(events).size === events.length, 'names an event twice'),
  description: text(200).default('').describe('for the owner'),
  disabled: z.boolean().default(false).describe('true: is told nothing, until it is enabled again'),
});
export type WebhookRequest = z.infer<typeof webhookRequest>;

export const webhookEndpoint = z.object({
  webhookId: uuid,
  url: z.string(),
  events: z.array(webhookEvent),
  description: z.string(),
  disabled: z.boolean(),
  disabledReason: z.enum(['owner', 'gone']).nullable().describe('gone: it answered 410'),
  createdAt: timestamp,
  state: z
    .enum(['ready', 'failing', 'disabled'])
    .describe('failing: the latest try of the last 30 days did not arrive'),
  lastDeliveredAt: timestamp.nullable().describe('of the last 30 days'),
  waiting: z.int().describe('messages that are still to be delivered'),
  failed: z.int().describe('messages of the last 30 days that nobody tries to deliver any more'),
  oldSecretValidUntil: timestamp.nullable().describe('after a rotation: until then both secrets sign'),
});
export type WebhookEndpoint = z.infer<typeof webhookEndpoint>;

export const webhookPage = z.object({ items: z.array(webhookEndpoint), nextCursor: z.string().nullable() });
export type WebhookPage = z.infer<typeof webhookPage>;

const secret = z
  .string()
  .regex(/^whsec_/)
  .describe('signs the messages (HMAC-SHA256); shown this once');

export const webhookCreated = z.object({ ...webhookEndpoint.shape, secret });
export type WebhookCreated = z.infer<typeof webhookCreated>;

export const webhookSecret = z.object({
  secret,
  oldSecretValidUntil: timestamp.describe('until then both secrets sign; rotating again ends the older one at once'),
});
export type WebhookSecret = z.infer<typeof webhookSecret>;

export const webhookMessageId = z.string().regex(/^msg_/).describe('the `webhook-id` of each try');

export const webhookAccepted = z.object({ messageId: webhookMessageId });

/** One message to one endpoint, as its owner sees it: nobody’s data. */
export const webhookDelivery = z.object({
  messageId: webhookMessageId,
  type: z.enum([...webhookEvent.options, 'webhook.test']),
  createdAt: timestamp,
  state: z
    .enum(['waiting', 'delivered', 'failed', 'held'])
    .describe('held: the endpoint is disabled, or the person has restricted the use of their data'),
  attempts: z.int(),
  log: z.array(deliveryAttempt).describe('the last twenty, oldest first'),
  nextAt: timestamp.nullable().describe('when it is tried again'),
  deliveredAt: timestamp.nullable(),
  body: z
    .looseObject({})
    .nullable()
    .describe('as it would be sent now, each personal value as `[redacted]`; null where there is nothing to send'),
});
export type WebhookDelivery = z.infer<typeof webhookDelivery>;

export const webhookDeliveryPage = z.object({ items: z.array(webhookDelivery), nextCursor: z.string().nullable() });
export type WebhookDeliveryPage = z.infer<typeof webhookDeliveryPage>;

const event = <Type extends string, Data extends z.ZodType>(type: Type, data: Data) =>
  z.object({ type: z.literal(type), timestamp: timestamp.describe('when it happened'), data });

const count = z.int().nonnegative();
const counts = z.record(z.string(), count);

/** Nobody has written in a stored conversation for 30 minutes. If somebody does later, it ends once more. */
export const conversationEnded = event(
  'conversation.ended',
  z.object({
    siteId: uuid,
    conversationId: uuid.describe('the id of the conversation, not its handle'),
    startedAt: timestamp,
    endedAt: timestamp.describe('of the last message'),
    messages: count,
    locale: z.string().nullable(),
    pageUrl: z.string().describe('where it began, without query and fragment'),
    outcomes: z.object({ answered: count, askedBack: count, unanswered: count }).describe('how the answers went'),
  }),
);
export type ConversationEnded = z.infer<typeof conversationEnded>;

/** A visitor took their consent back. The record does not say who. */
export const consentWithdrawn = event('consent.withdrawn', receiptSchema.omit({ subject: true }));
export type ConsentWithdrawn = z.infer<typeof consentWithdrawn>;

/** A request about a person’s data is done. It does not say whose. */
export const dataRequestCompleted = event(
  'data_request.completed',
  z.object({
    siteId: uuid,
    dataRequestId: uuid,
    type: dataRequestType,
    source: dataRequestSource,
    receivedAt: timestamp,
    completedAt: timestamp,
    counts,
    retained: counts,
  }),
);
export type DataRequestCompleted = z.infer<typeof dataRequestCompleted>;

/** A purge is done; this is its certificate. */
export const purgeCompleted = event('purge.completed', purgeCertificate);
export type PurgeCompleted = z.infer<typeof purgeCompleted>;

/** The owner wants to see that messages arrive. */
export const webhookTestMessage = event('webhook.test', z.object({ siteId: uuid, webhookId: uuid }));

/** Every body that an endpoint is sent. */
export const webhookMessage = z.discriminatedUnion('type', [
  leadCreated,
  conversationEnded,
  consentWithdrawn,
  dataRequestCompleted,
  purgeCompleted,
  webhookTestMessage,
]);
export type WebhookMessage = z.infer<typeof webhookMessage>;
