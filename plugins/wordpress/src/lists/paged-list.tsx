import { Button } from '@wordpress/components';
import { DataViews, type Field, type View } from '@wordpress/dataviews/wp';
import { useCallback, useMemo, useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import type { ReactNode } from 'react';
import { api, type ListName } from '../api.ts';
import { formatNumber } from '../format.ts';
import { Problem, Section, Waiting } from '../parts.tsx';
import { useLoaded } from '../use-loaded.ts';

/** Few enough that what stands below the list is found. */
const PER_PAGE = 20;

/** One column: what it is called and what it shows of an item. Plain text or elements, never HTML. */
export type Column<Item> = { id: string; label: string; show: (item: Item) => ReactNode; minWidth?: number };

/** An item with the id that DataViews knows it by. */
type Row<Item> = { id: string; item: Item };

/**
 * A list of the relay, a page at a time. The relay pages by cursor and counts nothing, so there is "older" and "newer",
 * and no number of pages that would be a guess.
 */
export function PagedList<Item>({
  name,
  title,
  intro,
  empty,
  columns,
  idOf,
}: {
  name: ListName;
  title: string;
  intro?: ReactNode;
  empty: string;
  columns: Column<Item>[];
  idOf: (item: Item) => string;
}) {
  // The cursors of the pages up to this one; the first page has none.
  const [cursors, setCursors] = useState<(string | null)[]>([null]);
  const cursor = cursors.at(-1) ?? null;
  const { answer, error, isLoading, reload } = useLoaded(
    useCallback(() => api.list<Item>(name, cursor, PER_PAGE), [name, cursor]),
  );
  const fields: Field<Row<Item>>[] = useMemo(
    () =>
      columns.map(({ id, label, show }) => ({
        id,
        label,
        render: ({ item: { item } }: { item: Row<Item> }) => (
          <div className="confab-cell">
            <span className="confab-label">{label}</span>
            <div>{show(item)}</div>
          </div>
        ),
        enableSorting: false,
        enableHiding: false,
        filterBy: false,
      })),
    [columns],
  );
  const view: View = useMemo(
    () => ({
      type: 'table',
      perPage: PER_PAGE,
      page: 1,
      fields: columns.map(({ id }) => id),
      layout: {
        enableMoving: false,
        density: 'compact',
        styles: Object.fromEntries(columns.flatMap(({ id, minWidth }) => (minWidth ? [[id, { minWidth }]] : []))),
      },
    }),
    [columns],
  );

  const rows: Row<Item>[] = (answer?.items ?? []).map(item => ({ id: idOf(item), item }));
  return (
    <Section title={title} intro={intro}>
      {error && <Problem error={error} retry={reload} />}
      {!answer && !error && <Waiting />}
      {answer && rows.length === 0 && cursors.length === 1 && <p className="confab-empty">{empty}</p>}
      {answer && rows.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table must be scrolled by keyboard, too
        <section className="confab-table" aria-label={title} aria-busy={isLoading} tabIndex={0}>
          <DataViews
            data={rows}
            fields={fields}
            view={view}
            onChangeView={() => {}}
            paginationInfo={{ totalItems: rows.length, totalPages: 1 }}
            defaultLayouts={{ table: {} }}
            isLoading={isLoading}
          >
            <DataViews.Layout />
          </DataViews>
        </section>
      )}
      {answer && (cursors.length > 1 || answer.nextCursor) && (
        <nav
          className="confab-paging"
          aria-label={sprintf(/* translators: %s: a list */ __('Pages of %s', 'confab'), title)}
        >
          <Button
            variant="secondary"
            size="compact"
            disabled={cursors.length === 1 || isLoading}
            accessibleWhenDisabled
            onClick={() => setCursors(cursors.slice(0, -1))}
          >
            {__('Previous page', 'confab')}
          </Button>
          <span role="status">
            {sprintf(/* translators: %s: a number */ __('Page %s', 'confab'), formatNumber(cursors.length))}
          </span>
          <Button
            variant="secondary"
            size="compact"
            disabled={!answer.nextCursor || isLoading}
            accessibleWhenDisabled
            onClick={() => answer.nextCursor && setCursors([...cursors, answer.nextCursor])}
          >
            {__('Next page', 'confab')}
          </Button>
        </nav>
      )}
    </Section>
  );
}
