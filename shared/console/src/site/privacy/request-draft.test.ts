import { expect, it } from 'vitest';
import { dataRequest } from '../../../../contract/src/data-request.ts';
import { type RequestDraft, requestOf, whatIsMissing } from './request-draft.ts';

it('sends only what was filled in, as the relay takes it', () => {
  const draft: RequestDraft = { type: 'access', email: ' ada@shop.example ', phone: '', reference: 'ticket-17' };
  expect(requestOf(draft)).toEqual({ type: 'access', subject: { email: 'ada@shop.example' }, reference: 'ticket-17' });
  expect(dataRequest.safeParse(requestOf(draft)).success).toBe(true);
});

it('sends changes only with the request that they are of', () => {
  const known = { email: 'ada@shop.example', newName: 'Ada L.' };
  expect(requestOf({ type: 'erasure', ...known })).not.toHaveProperty('changes');
  expect(requestOf({ type: 'rectification', ...known }).changes).toEqual({ name: 'Ada L.' });
  expect(requestOf({ type: 'restriction', ...known, restricted: false }).changes).toEqual({ restricted: false });
  expect(requestOf({ type: 'restriction', ...known })).not.toHaveProperty('changes');
});

it('asks for a person, and for what has to be corrected', () => {
  expect(whatIsMissing({ type: 'access', email: '  ' })).toMatch('known by');
  expect(whatIsMissing({ type: 'rectification', email: 'a@b.example' })).toMatch('corrected');
  expect(whatIsMissing({ type: 'erasure', externalId: '7' })).toBeUndefined();
});
