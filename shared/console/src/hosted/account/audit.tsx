import type { AccountSite, AuditEntry, Member } from '@confab/contract';
import { useCallback, useMemo, useState } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import { type Role, useClient } from '../../client.ts';
import { queryNarrowed } from '../../filter-address.ts';
import { Filters, type FilterValues } from '../../filters.tsx';
import { formatMoment } from '../../format.ts';
import { type Column, PagedList } from '../../paged-list.tsx';
import { useLoaded } from '../../use-loaded.ts';
import { useAccount } from '../session.ts';
import { roleName } from '../words.ts';
import { actionName, actions } from './actions.ts';

/** Who did what, of everything that changed something. */
export default function AuditLog() {
  const { sites } = useAccount();
  const { request } = useClient();
  const [values, setValues] = useState<FilterValues>({});
  const members = useLoaded(
    useCallback(
      async () => (await request<{ items: Member[] }>('GET', '/members', { query: { limit: 100 } })).answer.items,
      [request],
    ),
  );
  const query = useMemo(() => queryNarrowed(values), [values]);
  const columns: Column<AuditEntry>[] = useMemo(
    () => [
      { id: 'at', label: __('When', 'confab'), show: ({ at }) => formatMoment(at) },
      { id: 'actor', label: __('Who', 'confab'), show: ({ actor }) => <bdi>{actor.name}</bdi> },
      { id: 'action', label: __('What', 'confab'), show: ({ action }) => actionName(action) },
      {
        id: 'site',
        label: __('Site', 'confab'),
        show: ({ siteId }) => sites.find(site => site.siteId === siteId)?.name ?? siteId ?? '–',
      },
      {
        id: 'details',
        label: __('Details', 'confab'),
        show: ({ details }) => <Details details={details} sites={sites} />,
      },
    ],
    [sites],
  );
  return (
    <PagedList
      path="/audit"
      query={query}
      title={__('What was done', 'confab')}
      intro={__('Every change that somebody of the team made. It names what was changed, never to what.', 'confab')}
      empty={__('Nothing has been changed yet.', 'confab')}
      columns={columns}
      idOf={({ id }) => id}
      filters={
        <Filters
          value={values}
          onChange={setValues}
          fields={[
            {
              name: 'actorId',
              label: __('Who', 'confab'),
              kind: 'choice',
              options: (members.answer ?? []).map(({ userId, name }) => ({ value: userId, label: name })),
            },
            {
              name: 'action',
              label: __('What', 'confab'),
              kind: 'choice',
              options: Object.entries(actions()).map(([value, label]) => ({ value, label })),
            },
            { name: 'from', label: __('From', 'confab'), kind: 'date' },
            { name: 'to', label: __('Until', 'confab'), kind: 'date' },
          ]}
        />
      }
    />
  );
}

function Details({ details, sites }: { details: Record<string, unknown>; sites: AccountSite[] }) {
  const entries = Object.entries(details);
  if (entries.length === 0) return <>–</>;
  return (
    <span className="confab-lines">
      {entries.map(([name, value]) => (
        <span key={name}>
          {detailName(name)}: <bdi>{detailInWords(name, value, sites)}</bdi>
        </span>
      ))}
    </span>
  );
}

/** What has no words here is named as the relay names it; an id is an id, of whatever. */
const detailName = (name: string): string =>
  ({
    role: __('Role', 'confab'),
    siteIds: __('Sites', 'confab'),
    siteId: __('Site', 'confab'),
    changed: __('Settings', 'confab'),
  })[name] ?? (/id$/i.test(name) ? __('Id', 'confab') : name);

function detailInWords(name: string, value: unknown, sites: AccountSite[]): string {
  if (Array.isArray(value)) return value.map(one => detailInWords(name, one, sites)).join(', ');
  if (name === 'role') return roleName(value as Role);
  if (name === 'siteId' || name === 'siteIds') return sites.find(site => site.siteId === value)?.name ?? String(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}
