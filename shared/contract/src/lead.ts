import { z } from 'zod';
import { TEXT_MAX } from './constants.ts';
import { periodQuery } from './page.ts';
import { isStorable, locale, text, timestamp, timezone, uuid, webUrl } from './primitives.ts';

const FIELDS_MAX = 20;
const NAME_MAX = 100;

export const leadKind = z.enum(['lead', 'callback']);
export type LeadKind = z.infer<typeof leadKind>;

const leadFields = z
  .object({
    name: text(200).optional(),
    email: text(320).optional(),
    phone: text(64).optional().describe('international, or as it is written in the site’s country'),
    message: text(TEXT_MAX).optional(),
  })
  .catchall(text(1_000))
  .refine(fields => Object.keys(fields).length <= FIELDS_MAX, `has more than ${FIELDS_MAX} fields`)
  .refine(
    fields => Object.keys(fields).every(name => name.trim() !== '' && name.length <= NAME_MAX && isStorable(name)),
    `has a field without a name, or with one of more than ${NAME_MAX} characters`,
  );

/** What a visitor leaves to be reached. Sending it is an act of its own and needs no other consent. */
export const leadRequest = z.strictObject({
  kind: leadKind,
  fields: leadFields.describe('an e-mail address or a phone number, and whatever else the form asks; blank is absent'),
  conversationId: uuid.optional().describe('the conversation handle'),
  page: z
    .strictObject({ url: webUrl, title: text(500).optional(), referrer: text(2_048).optional() })
    .optional()
    .describe('where the form was; its address is kept, without query and fragment'),
  callbackAt: timestamp.optional().describe('when the visitor wishes to be called; not in the past'),
  timezone: timezone.optional().describe('where the visitor is, so that the owner reads that time as it was meant'),
  locale: locale.optional().describe('the language of the form, and so of the words beside the box for marketing'),
  marketing: z.boolean().optional().describe('true where the visitor ticked the box for marketing e-mails'),
});
export type LeadRequest = z.infer<typeof leadRequest>;

export const leadResponse = z.object({ leadId: uuid });

/** What is told of a lead wherever one is told. */
export const leadContent = {
  kind: leadKind,
  createdAt: timestamp,
  conversationId: uuid.nullable().describe('the id of the conversation, not its handle'),
  name: z.string().nullable(),
  email: z.string().nullable(),
  phone: z.string().nullable(),
  message: z.string().nullable(),
  fields: z.record(z.string(), z.string()),
  pageUrl: z.string().nullable(),
  callbackAt: timestamp.nullable(),
  timezone: z.string().nullable().describe('of the visitor, as the browser told it'),
  marketing: z.boolean().describe('agreed to marketing e-mails, by a box of its own'),
};

/** Why something did not arrive, in one word. */
export const deliveryFault = z.enum([
  'unauthorized',
  'misconfigured',
  'invalid',
  'rate_limited',
  'unavailable',
  'timed_out',
  'garbled',
  'unreachable',
  'not_connected',
  'internal',
]);
export type DeliveryFault = z.infer<typeof deliveryFault>;

/** One try to hand something over. */
export const deliveryAttempt = z.object({
  at: timestamp,
  outcome: z.enum(['delivered', 'later', 'refused']),
  fault: deliveryFault.optional(),
  words: z.string().optional().describe('what the other side said, without what the visitor wrote'),
});
export type DeliveryAttempt = z.infer<typeof deliveryAttempt>;

/** How something stands that has to be handed over to one receiver. */
export const deliverySchema = z.object({
  target: z.string().describe('a CRM such as `hubspot`, a platform such as `wordpress`, or `webhook:{endpoint id}`'),
  operation: z.enum(['deliver', 'erase']),
  state: z
    .enum(['waiting', 'delivered', 'failed', 'held'])
    .describe('held: the person has restricted its use, or the receiver was switched off and may have it'),
  attempts: z.int(),
  log: z.array(deliveryAttempt).describe('the last twenty, oldest first'),
  externalId: z.string().nullable().describe('what the receiver knows it as'),
  since: timestamp.describe('when it began to wait'),
  nextAt: timestamp.nullable().describe('when it is tried again'),
  deliveredAt: timestamp.nullable(),
});
export type DeliveryItem = z.infer<typeof deliverySchema>;

/** A lead as it is listed. While it is restricted, nothing of what the visitor wrote is told. */
export const leadItem = z.object({
  id: uuid,
  ...leadContent,
  restricted: z.boolean(),
  deliveries: z.array(deliverySchema).describe('to the platform and to each CRM; empty where there is none'),
});
export type LeadItem = z.infer<typeof leadItem>;

/** Which leads are listed. */
export const leadsQuery = periodQuery.extend({
  q: text(200, 1)
    .optional()
    .describe(
      'words of the name, the address or the number, the last one perhaps not whole; not of what is restricted',
    ),
  kind: leadKind.optional(),
  delivery: deliverySchema.shape.state.optional().describe('one of its deliveries stands so'),
});

export const leadPage = z.object({ items: z.array(leadItem), nextCursor: z.string().nullable() });
export type LeadPage = z.infer<typeof leadPage>;

/** Something that has to be handed over; `subjectId` is the lead, the message or whatever else it is. */
export const deliveryItem = z.object({ subjectId: uuid, ...deliverySchema.shape });

export const deliveryPage = z.object({ items: z.array(deliveryItem), nextCursor: z.string().nullable() });
export type DeliveryPage = z.infer<typeof deliveryPage>;

/** Which of what has not arrived is listed; a period is of when it began to wait. */
export const deliveriesQuery = periodQuery.extend({
  target: text(100, 1).optional().describe('what is to have it'),
  state: z.enum(['waiting', 'failed', 'held']).optional().describe('without it: what waits and what has failed'),
});

/** What is tried again at once: everything that waits or has failed, or that of one target. */
export const retryRequest = z.strictObject({ target: text(100, 1).optional() });

/** What came of a test lead; `recordId` is of the record that was made and, where it is well, erased again. */
export const crmTestResponse = z.object({
  ok: z.boolean(),
  recordId: z.string().optional(),
  fault: deliveryFault.optional(),
  words: z.string().optional().describe('the CRM’s own'),
});
export type CrmTestResponse = z.infer<typeof crmTestResponse>;

export const retryResponse = z.object({ count: z.int().nonnegative().describe('how many are tried again') });
