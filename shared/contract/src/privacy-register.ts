import { z } from 'zod';
import { timestamp } from './primitives.ts';

/** Who gets data of visitors through the relay, as the site is set up now. */
export const subProcessor = z.object({
  name: z.string(),
  service: z.enum(['answers', 'embeddings', 'crm', 'email', 'errors', 'webhook', 'platform']),
  purpose: z.string(),
  data: z.string(),
  place: z.string().nullable().describe('the host or the region that the site or the relay is set to, where one is'),
  state: z
    .enum(['in_use', 'incomplete'])
    .describe('incomplete: it was chosen, and gets nothing as long as its credentials are missing'),
});
export type SubProcessor = z.infer<typeof subProcessor>;

/** One kind of personal data, as a record of processing activities wants it. */
export const processedData = z.object({
  kind: z.string(),
  table: z.string(),
  data: z.string(),
  purpose: z.string(),
  origin: z.string(),
  recipients: z.string(),
  kept: z.string(),
  days: z.int().describe('how long this site keeps the kind'),
});
export type ProcessedData = z.infer<typeof processedData>;

/**
 * Who processes which data of the site’s visitors, why and for how long: made from what is configured at the moment it is
 * asked for, for records of processing and the annexes of a data processing agreement.
 */
export const privacyRegister = z.object({
  generatedAt: timestamp,
  site: z.object({ key: z.string(), name: z.string(), policyUrl: z.string().nullable() }),
  subProcessors: z.array(subProcessor),
  data: z.array(processedData),
});
export type PrivacyRegister = z.infer<typeof privacyRegister>;

/** What those who get data are said to do, and what they get; screens translate it. */
export const receiverWords = {
  answers: {
    purpose: 'Words the answers.',
    data: 'The question, the chat before it as far as it fits, and passages of the site’s pages; no address, no cookie, no identifier and nothing that was filled in.',
  },
  embeddings: {
    purpose: 'Finds passages by their meaning.',
    data: 'The site’s pages once, and every question.',
  },
  crm: {
    purpose: 'Keeps the contact details that visitors leave.',
    data: 'Contact details, what else the form asked, the page, whether the box for marketing was ticked.',
  },
  crmWithChat: {
    purpose: 'Keeps the contact details that visitors leave.',
    data: 'Contact details, what else the form asked, the page, whether the box for marketing was ticked, and what was said in the chat.',
  },
  email: {
    purpose: 'Sends e-mails to visitors who ask for their chat, and to the owner’s confirmed addresses.',
    data: 'Each e-mail and the address that it goes to.',
  },
  errors: { purpose: 'Is told of faults of the relay.', data: 'Faults, without words of visitors.' },
  webhook: {
    purpose: 'An address of the owner’s choice that is told of what happens.',
    data: 'Contact details as they are left, and what happened, without words of a chat.',
  },
  shopify: {
    purpose: 'Runs the shop: tells products and a customer’s own orders, and is told of leads.',
    data: 'The customer’s number in the shop, and contact details that visitors leave.',
  },
  wordpress: {
    purpose: 'The owner’s own site, which is told of leads.',
    data: 'Contact details that visitors leave.',
  },
} as const;
