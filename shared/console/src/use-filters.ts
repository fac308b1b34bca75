import { useEffect, useMemo, useState } from '@wordpress/element';
import type { Query } from './client.ts';
import { addressNarrowed, narrowedBy, queryNarrowed } from './filter-address.ts';
import type { FilterField, FilterValues } from './filters.tsx';

/** What a list is narrowed by. It stands in the address, so that it can be sent to somebody and found again by "back". */
export function useFilters(fields: FilterField[]) {
  const [search, setSearch] = useState(location.search);
  useEffect(() => {
    const follow = () => setSearch(location.search);
    addEventListener('popstate', follow);
    return () => removeEventListener('popstate', follow);
  }, []);
  const narrowed: FilterValues = useMemo(() => narrowedBy(search, fields), [search, fields]);
  const query: Query = useMemo(() => queryNarrowed(narrowed), [narrowed]);
  return {
    narrowed,
    query,
    narrow(values: FilterValues) {
      history.pushState(null, '', addressNarrowed(location.search, fields, values));
      setSearch(location.search);
    },
  };
}
