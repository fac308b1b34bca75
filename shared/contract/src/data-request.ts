import { z } from 'zod';
import { receiptSchema } from './consent.ts';
import { answerOutcome, keptPassage, messageSchema } from './conversation.ts';
import { leadContent } from './lead.ts';
import { text, timestamp, uuid } from './primitives.ts';

export const dataRequestType = z.enum(['access', 'portability', 'rectification', 'erasure', 'restriction']);
export type DataRequestType = z.infer<typeof dataRequestType>;

/** Where a request came from: the visitor's chat, the site's plugin, its platform, or somebody of the team. */
export const dataRequestSource = z.enum(['widget', 'plugin', 'platform', 'console']);

const changes = z
  .strictObject({
    name: text(200, 1).nullable().optional(),
    email: text(320, 1).nullable().optional(),
    phone: text(64, 1).nullable().optional(),
    restricted: z.boolean().optional(),
  })
  .describe('rectification: the details as they shall be, null removes one; restriction: restricted false lifts it');

/** A data-subject request (GDPR Art. 15 to 21), as a plugin sends it. */
export const dataRequest = z.strictObject({
  type: dataRequestType,
  subject: z
    .strictObject({
      email: text(320, 1).optional(),
      phone: text(64, 1).optional().describe('international, or as it is written in the site’s country'),
      conversationId: uuid.optional().describe('the conversation’s id, or its handle as the visitor knows it'),
      externalId: text(200, 1).optional().describe('the platform’s own id of the customer'),
    })
    .refine(subject => Object.values(subject).some(value => value !== undefined), 'names nobody'),
  changes: changes.optional(),
  reference: z
    .string()
    .regex(/^[\w.:#/-]{1,100}$/, 'is not an id of yours such as "ticket-17"; personal data do not belong here')
    .optional()
    .describe('your own id of this request'),
});
export type DataRequest = z.infer<typeof dataRequest>;

/** The same of a visitor, about their own conversation. */
export const visitorDataRequest = z.strictObject({ type: dataRequestType, changes: changes.optional() });

const counts = z.record(z.string(), z.int().nonnegative());

const exportedMessage = z.object({
  ...messageSchema.shape,
  turnId: uuid,
  provider: z.string().nullable(),
  model: z.string().nullable(),
  finishReason: z.string().nullable(),
  outcome: answerOutcome.optional(),
  passages: z.array(keptPassage).optional().describe('what the documents said that the answer names'),
  costUsd: z.number().optional().describe('what the answer cost'),
  handledAt: timestamp.optional().describe('when the site’s owner dealt with the question'),
});

const shownConsent = z.object({
  receipt: receiptSchema,
  notice: z.looseObject({}).optional().describe('the words that were shown'),
});

const exportedConversation = z.object({
  id: uuid,
  locale: z.string().nullable(),
  pageUrl: z.string().describe('where the chat began, without query and fragment'),
  pageTitle: z.string().nullable(),
  referrer: z.string().nullable(),
  takenOverBy: z.string().optional().describe('who of the team answers in the assistant’s place, and since when'),
  takenOverAt: timestamp.optional(),
  chatOpenSince: timestamp.optional().describe('while the visitor has it open'),
  prechat: z.record(z.string(), z.string()).nullable().describe('what the visitor answered before the chat'),
  externalId: z.string().nullable().describe('the platform’s id of the customer who proved to be one'),
  createdAt: timestamp,
  restrictedAt: timestamp.nullable(),
  messages: z.array(exportedMessage),
  consents: z.array(shownConsent).describe('the visitor’s decisions, oldest first'),
});

const exportedLead = z.object({
  id: uuid,
  ...leadContent,
  externalId: z.string().nullable().describe('the platform’s id of the customer that was made of it'),
  restrictedAt: timestamp.nullable(),
  deliveries: z
    .array(
      z.object({
        target: z.string(),
        deliveredAt: timestamp.nullable(),
        externalId: z.string().nullable().describe('what the receiver knows the person or the message as'),
      }),
    )
    .describe('whom the site had it handed over to'),
  consents: z.array(shownConsent).describe('the person’s agreement to marketing e-mails, where the box was ticked'),
});

const exportedPageView = z.object({
  id: uuid,
  conversationId: uuid,
  url: z.string(),
  referrer: z.string().nullable(),
  createdAt: timestamp,
});

const exportedEmail = z.object({
  id: uuid,
  kind: z.string().describe('such as `transcript`; `address`: one that the site’s notifications go to'),
  createdAt: timestamp,
  sentAt: timestamp.nullable(),
  confirmedAt: timestamp.nullable().optional(),
  unsubscribedFrom: z.array(z.string()).optional(),
});

/** All personal data of a person, machine-readable: one list for each class of data. */
export const personalDataDocument = z.object({
  format: z.literal('confab-personal-data/1'),
  generatedAt: timestamp,
  site: z.object({ key: z.string(), name: z.string() }),
  counts,
  data: z.object({
    pageViews: z.array(exportedPageView),
    conversations: z.array(exportedConversation),
    leads: z.array(exportedLead),
    emails: z
      .array(exportedEmail)
      .describe('that mails went to the person, or told of them; what they said is not kept'),
  }),
});
export type PersonalDataDocument = z.infer<typeof personalDataDocument>;

/** What was changed or erased, by kind, and what a legal hold kept. */
export const dataRequestCounts = z.object({ counts, retained: counts });

export const dataRequestStatus = z.enum(['processing', 'completed']);

const summary = z.object({
  dataRequestId: uuid,
  type: dataRequestType,
  source: dataRequestSource,
  reference: z.string().nullable(),
  status: dataRequestStatus,
  receivedAt: timestamp,
  dueAt: timestamp,
  completedAt: timestamp.nullable(),
});

export const dataRequestResponse = z.object({
  ...summary.shape,
  result: z.union([personalDataDocument, dataRequestCounts]),
});
export type DataRequestResponse = z.infer<typeof dataRequestResponse>;

/** One request as it is listed: what was done and when, and nothing about whom. */
export const dataRequestItem = z.object({
  ...summary.shape,
  overdue: z.boolean(),
  counts,
  retained: counts,
  events: z.array(z.object({ at: timestamp, event: z.enum(['received', 'completed', 'interrupted']) })),
});
export const dataRequestPage = z.object({ items: z.array(dataRequestItem), nextCursor: z.string().nullable() });
export type DataRequestPage = z.infer<typeof dataRequestPage>;
