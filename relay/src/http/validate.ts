import { uuid } from '@confab/contract';
import type { z } from 'zod';
import { AppError } from '../lib/app-error.ts';

const MESSAGES_MAX = 20;

/** What the schema makes of the input. Throws 400 with a message for each field, none of which repeats the input. */
export function validate<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.slice(0, MESSAGES_MAX).map(issue => ({
    path: issue.path.join('.').slice(0, 200),
    message: messageOf(issue),
  }));
  const [first] = errors;
  const where = first?.path ? `"${first.path}": ` : '';
  throw new AppError('validation_failed', `${where}${first?.message ?? 'not valid'}`, { errors });
}

/** The id in an address. What is no id is the id of nothing: throws 404 `not_found` with these words. */
export function idOf(given: string | undefined, otherwise: string): string {
  const id = uuid.safeParse(given);
  if (!id.success) throw new AppError('not_found', otherwise);
  return id.data.toLowerCase();
}

/** An issue in the words of a person who has a form before them; what our own schemas say stays. */
function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return 'has a field that is not known here';
  const isOurs = !/^(Too small|Too big|Invalid input): expected/.test(issue.message);
  if (isOurs) return issue.message.slice(0, 200);
  if (issue.code === 'too_small' || issue.code === 'too_big') return boundOf(issue);
  if (issue.code === 'invalid_type') return issue.message.endsWith('undefined') ? 'is missing' : typeWords(issue);
  return issue.message.slice(0, 200);
}

function boundOf(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const bound = String('minimum' in issue ? issue.minimum : issue.maximum);
  const isLow = issue.code === 'too_small';
  if (issue.origin === 'string') {
    if (isLow) return bound === '1' ? 'is empty' : `has fewer than ${bound} characters`;
    return `has more than ${bound} characters`;
  }
  if (issue.origin === 'array') return `has ${isLow ? 'fewer' : 'more'} than ${bound} entries`;
  return `is ${isLow ? 'less' : 'more'} than ${bound}`;
}

function typeWords({ expected }: z.core.$ZodIssueInvalidType): string {
  const words: Record<string, string> = {
    string: 'is not a text',
    number: 'is not a number',
    int: 'is not a whole number',
    boolean: 'is neither true nor false',
    array: 'is not a list',
  };
  return words[expected] ?? 'is not an object';
}
