import { z } from 'zod';
import { TEXT_MAX } from './constants.ts';
import { isStorable, text, timestamp, uuid, webUrl } from './primitives.ts';

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
  callbackAt: timestamp.optional(),
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
  marketing: z.boolean().describe('agreed to marketing e-mails, by a box of its own'),
};

/** A lead as it is listed. While it is restricted, nothing of what the visitor wrote is told. */
export const leadItem = z.object({
  id: uuid,
  ...leadContent,
  restricted: z.boolean(),
  delivery: z
    .object({ deliveredAt: timestamp.nullable(), fault: z.string().nullable() })
    .describe('to the platform’s list of customers; `fault` is one word where it cannot be made'),
});
export type LeadItem = z.infer<typeof leadItem>;

export const leadPage = z.object({ items: z.array(leadItem), nextCursor: z.string().nullable() });
export type LeadPage = z.infer<typeof leadPage>;
