import { operations } from '@confab/contract';
import { expect, it } from 'vitest';
import { actionName, actions } from './actions.ts';

// What the relay writes an entry of: changes of an account or a site, and what it names itself.
const ELSEWHERE = ['createAccount', 'acceptInvitation', 'connectSite', 'downloadAccountExport', 'downloadList'];
const audited = operations
  .filter(
    ({ method, access, credential, isAudited }) =>
      access && credential === 'session' && (isAudited ?? method !== 'get'),
  )
  .map(({ id }) => id);

it('has words for every entry of the audit log', () => {
  expect(audited.length).toBeGreaterThan(30);
  expect([...audited, ...ELSEWHERE].filter(action => actionName(action) === action)).toEqual([]);
});

it('offers nothing to filter by that is never written', () => {
  const written = new Set([...audited.map(id => id.replace(/AsUser$/, '')), ...ELSEWHERE]);
  expect(Object.keys(actions()).filter(action => !written.has(action))).toEqual([]);
});
