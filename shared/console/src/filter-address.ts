import type { Query } from './client.ts';
import type { FilterField, FilterValues } from './filters.tsx';

const SEARCH_MAX = 200;

/** What an address narrows a list by. What no filter of the list can be is left out, as if it had not been there. */
export function narrowedBy(search: string, filters: readonly FilterField[]): FilterValues {
  const query = new URLSearchParams(search);
  return Object.fromEntries(
    filters.flatMap(filter => {
      const value = query.get(filter.name)?.trim() ?? '';
      return value !== '' && isOf(filter, value) ? [[filter.name, value]] : [];
    }),
  );
}

function isOf(filter: FilterField, value: string): boolean {
  if (filter.kind === 'text') return value.length <= SEARCH_MAX;
  if (filter.kind === 'choice') return (filter.options ?? []).some(option => option.value === value);
  return dayOf(value) !== undefined;
}

/** The address that narrows a list so, with everything else that stood in it. */
export function addressNarrowed(search: string, filters: readonly FilterField[], narrowed: FilterValues): string {
  const query = new URLSearchParams(search);
  for (const { name } of filters) {
    const value = narrowed[name]?.trim();
    if (value) query.set(name, value);
    else query.delete(name);
  }
  return `?${query}`;
}

/** What the relay is asked for: days are moments there, by the clock of whoever asks, and the last one counts in full. */
export function queryNarrowed(narrowed: FilterValues): Query {
  const { from, to, ...others } = narrowed;
  return { ...others, from: beginOf(from, 0), to: beginOf(to, 1) };
}

function beginOf(value: string | undefined, later: number): string | undefined {
  const day = value === undefined ? undefined : dayOf(value);
  return day && new Date(day.year, day.month - 1, day.date + later).toISOString();
}

/** A date such as 2026-11-30 that there is. */
function dayOf(value: string): { year: number; month: number; date: number } | undefined {
  const [year = 0, month = 0, date = 0] = /^\d{4}-\d{2}-\d{2}$/.test(value) ? value.split('-').map(Number) : [];
  const there = new Date(Date.UTC(year, month - 1, date));
  const isThere = year >= 1970 && there.getUTCMonth() === month - 1 && there.getUTCDate() === date;
  return isThere ? { year, month, date } : undefined;
}
