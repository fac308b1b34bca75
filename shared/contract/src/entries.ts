import { z } from 'zod';
import { locale, text, timestamp, uuid, webUrl } from './primitives.ts';

const written = (max: number) => text(max, 1).refine(value => value.trim() !== '', 'is empty');

/** What an owner writes for the knowledge: a question as visitors ask it, and its answer. */
export const entryRequest = z.strictObject({
  question: written(500),
  answer: written(8_000),
  links: z
    .array(z.strictObject({ title: text(200), url: webUrl }))
    .max(5)
    .default([])
    .describe('the first one is where a citation of the entry leads'),
  locale: locale.optional().describe('in which it is written; else the main language of the site'),
  messageId: uuid
    .optional()
    .describe(
      'of an answer that this puts right: it counts as dealt with, and the question becomes a case of the test set',
    ),
});
export type EntryRequest = z.infer<typeof entryRequest>;

export const entrySchema = z.object({
  entryId: uuid,
  question: z.string(),
  answer: z.string(),
  links: z.array(z.object({ title: z.string(), url: z.string() })),
  locale: z.string().nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
});
export type Entry = z.infer<typeof entrySchema>;

export const entryPage = z.object({ items: z.array(entrySchema), nextCursor: z.string().nullable() });
export type EntryPage = z.infer<typeof entryPage>;

/** One case of a site's own test set. */
export const evalCaseRequest = z.strictObject({
  question: written(500),
  locale: locale.optional(),
  expects: z.enum(['answer', 'unknown']).describe('unknown: the site’s pages do not tell, and the assistant says so'),
  documents: z
    .array(written(2_048))
    .max(5)
    .default([])
    .describe('addresses or external ids, of which the answer rests on one'),
  phrases: z.array(written(200)).max(5).default([]).describe('what an answer by a provider must say'),
});
export type EvalCaseRequest = z.infer<typeof evalCaseRequest>;

export const evalCaseSchema = z.object({
  caseId: uuid,
  question: z.string(),
  locale: z.string().nullable(),
  expects: z.enum(['answer', 'unknown']),
  documents: z.array(z.string()),
  phrases: z.array(z.string()),
  createdAt: timestamp,
});
export type EvalCase = z.infer<typeof evalCaseSchema>;

export const evalCasePage = z.object({ items: z.array(evalCaseSchema), nextCursor: z.string().nullable() });
export type EvalCasePage = z.infer<typeof evalCasePage>;
