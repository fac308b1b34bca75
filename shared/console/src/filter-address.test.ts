import { describe, expect, it } from 'vitest';
import { addressNarrowed, narrowedBy, queryNarrowed } from './filter-address.ts';
import type { FilterField } from './filters.tsx';

const filters: FilterField[] = [
  { name: 'q', kind: 'text', label: 'Search' },
  { name: 'from', kind: 'date', label: 'From' },
  { name: 'to', kind: 'date', label: 'To' },
  { name: 'state', kind: 'choice', label: 'State', options: [{ value: 'waiting', label: 'Waiting' }] },
];

describe('the filters of a list', () => {
  it('come back from the address as they were put into it, beside what else stands there', () => {
    const narrowed = { q: 'wool & "silk" 100 %', from: '2026-02-28', state: 'waiting' };
    const address = addressNarrowed('?page=confab&tab=leads&to=2026-01-01', filters, narrowed);
    expect(narrowedBy(address, filters)).toEqual(narrowed);
    expect(address).toMatch(/^\?page=confab&tab=leads&/);
    expect(addressNarrowed(address, filters, {})).toBe('?page=confab&tab=leads');
  });

  it.each([
    ['?state=gone', 'a choice that there is not'],
    ['?from=2026-02-30', 'a day that there is not'],
    ['?from=yesterday', 'what is no day'],
    ['?from=2026-2-3', 'half a day'],
    [`?q=${'x'.repeat(201)}`, 'more words than the relay takes'],
    ['?q=%20', 'no word'],
    ['?other=1', 'what is no filter'],
  ])('leave %s out: %s', search => {
    expect(narrowedBy(search, filters)).toEqual({});
  });

  it('ask for whole days by the clock of whoever looks, the last one included', () => {
    const { from, to, q } = queryNarrowed({ q: 'wool', from: '2026-10-31', to: '2026-10-31' });
    expect(q).toBe('wool');
    expect(new Date(String(from))).toEqual(new Date(2026, 9, 31));
    expect(new Date(String(to))).toEqual(new Date(2026, 10, 1));
    expect(queryNarrowed({})).toEqual({ from: undefined, to: undefined });
  });
});
