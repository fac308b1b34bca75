import type { z } from 'zod';
import { AppError } from '../lib/app-error.ts';

const MESSAGES_MAX = 20;

/** What the schema makes of the input. Throws 400 with a message for each field, none of which repeats the input. */
export function validate<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.slice(0, MESSAGES_MAX).map(issue => ({
    path: issue.path.join('.').slice(0, 200),
    message: issue.code === 'unrecognized_keys' ? 'has a field that is not known here' : issue.message.slice(0, 200),
  }));
  const [first] = errors;
  const where = first?.path ? `"${first.path}": ` : '';
  throw new AppError('validation_failed', `${where}${first?.message ?? 'not valid'}`, { errors });
}
