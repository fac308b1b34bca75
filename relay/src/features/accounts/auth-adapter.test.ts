import { expect, it } from 'vitest';
import { conditionOf } from './auth-adapter.ts';

const clause = { field: 'token', operator: 'eq', value: 'a', connector: 'AND', mode: 'sensitive' } as const;

it('asks for every condition', () => {
  expect(conditionOf([clause, { ...clause, field: 'expiresAt', operator: 'lt', value: 5 }])).toEqual({
    AND: [{ token: { equals: 'a' } }, { expiresAt: { lt: 5 } }],
  });
});

it.each([
  ['a value that is missing', { value: undefined }],
  ['an operator that is not known', { operator: 'contains' }],
])('refuses %s, which would match rows of others', (_, changed) => {
  expect(() => conditionOf([{ ...clause, ...changed } as never])).toThrow('no condition');
});

it('refuses a choice of conditions', () => {
  expect(() => conditionOf([clause, { ...clause, connector: 'OR' }])).toThrow('no condition');
});
