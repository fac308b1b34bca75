import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { AppError } from '../lib/app-error.ts';
import { validate } from './validate.ts';

const schema = z.strictObject({
  name: z.string().min(1).max(3),
  code: z.string().min(2),
  tags: z.array(z.string()).max(1),
  days: z.int().min(1).max(9),
  on: z.boolean(),
  key: z.string('is no key'),
});
const good = { name: 'Ann', code: 'IE', tags: [], days: 3, on: true, key: 'k' };

describe('a refusal', () => {
  it.each([
    ['name', '', 'is empty'],
    ['name', 'Anna', 'has more than 3 characters'],
    ['name', 7, 'is not a text'],
    ['name', undefined, 'is missing'],
    ['code', 'I', 'has fewer than 2 characters'],
    ['tags', ['a', 'b'], 'has more than 1 entries'],
    ['tags', 'a', 'is not a list'],
    ['days', 0, 'is less than 1'],
    ['days', 10, 'is more than 9'],
    ['days', null, 'is not a number'],
    ['days', 1.5, 'is not a whole number'],
    ['key', 1, 'is no key'],
    ['on', 'yes', 'is neither true nor false'],
  ])('of %s: %j says that it %s', (path, value, message) => {
    expect(refusalOf({ ...good, [path]: value })).toEqual([{ path, message }]);
  });

  it('never repeats what was sent', () => {
    expect(JSON.stringify(refusalOf({ ...good, secret: 's3cret', name: 's3cret' }))).not.toContain('s3cret');
  });
});

function refusalOf(input: unknown): unknown {
  try {
    return validate(schema, input);
  } catch (error) {
    return (error as AppError).errors;
  }
}
