import { Button } from '@wordpress/components';
import { DataViews, type Field, type View } from '@wordpress/dataviews/wp';
import { useCallback, useEffect, useMemo, useRef, useState } from '@wordpress/element';
import { __, _n, sprintf } from '@wordpress/i18n';
import type { ReactNode } from 'react';
import { calmly } from './calm.ts';
import { type Query, useClient } from './client.ts';
import { CsvLink } from './csv-link.tsx';
import { formatNumber } from './format.ts';
import { Problem, Section, Waiting } from './parts.tsx';
import { useLoaded } from './use-loaded.ts';

/** Few enough that what stands below the list is found. */
const PER_PAGE = 20;

const LOOK_AGAIN_MS = 3_000;

/** One column: what it is called and what it shows of an item. Plain text or elements, never HTML. */
export type Column<Item> = { id: string; label: string; show: (item: Item) => ReactNode; minWidth?: number };

/** A page of a list of the relay. */
export type ListPage<Item> = { items: Item[]; nextCursor: string | null };

/** An item with the id that DataViews knows it by. */
type Row<Item> = { id: string; item: Item };

/**
 * A list of the relay, a page at a time. The relay pages by cursor and counts nothing, so there is "older" and "newer",
 * and no number of pages that would be a guess.
 */
export function PagedList<Item>({
  path,
  query,
  title,
  intro,
  filters,
  empty,
  columns,
  idOf,
  cursorName = 'cursor',
  csv = true,
  version = 0,
  changesSoon,
  isLive = false,
  children,
}: {
  /** Of the list at the site, such as "/leads". */
  path: string;
  /** What of the list is wanted, as `Filters` gives it. A list of something else begins at its first page again. */
  query?: Query;
  title: string;
  intro?: ReactNode;
  /** The form that narrows the list. */
  filters?: ReactNode;
  empty: string;
  columns: Column<Item>[];
  idOf: (item: Item) => string;
  cursorName?: string;
  /** Whether the list can be had as CSV. */
  csv?: boolean;
  /** Another number has the page that is shown read again. */
  version?: number;
  /** Whether an item is still on its way to what it will be; the page is read again until none is. */
  changesSoon?: (item: Item) => boolean;
  /** Whether it is read again by itself: then no row moves as long as the pointer or the focus is in the list. */
  isLive?: boolean;
  /** What stands below a list that is not empty. */
  children?: ReactNode;
}) {
  const { request } = useClient();
  const wanted = JSON.stringify(query ?? {});
  // The cursors of the pages up to this one; the first page has none.
  const [{ of, cursors }, setPlace] = useState({ of: wanted, cursors: [null] as (string | null)[] });
  if (of !== wanted) setPlace({ of: wanted, cursors: [null] });
  const setCursors = (next: (string | null)[]) => setPlace({ of: wanted, cursors: next });
  const cursor = cursors.at(-1) ?? null;
  const { answer, error, isLoading, reload } = useLoaded(
    // Another version is a reason to read again.
    useCallback(async () => {
      const options = { query: { ...JSON.parse(wanted), limit: PER_PAGE, [cursorName]: cursor } };
      return (await request<ListPage<Item>>('GET', path, options)).answer;
    }, [request, path, wanted, cursorName, cursor, version]),
  );
  const isUnderWay = changesSoon !== undefined && !isLoading && (answer?.items ?? []).some(changesSoon);
  useEffect(() => {
    if (!isUnderWay) return;
    const timer = setTimeout(reload, LOOK_AGAIN_MS);
    return () => clearTimeout(timer);
  }, [isUnderWay, reload]);
  const isNarrowed = Object.values(query ?? {}).some(value => value !== null && value !== undefined && value !== '');
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

  const { items, waiting, hold, showAll } = useCalm({ answer, place: `${wanted} ${cursor}`, isLive, idOf });
  const rows: Row<Item>[] = items.map(item => ({ id: idOf(item), item }));
  return (
    <Section title={title} intro={intro}>
      {filters}
      {error && <Problem error={error} retry={reload} />}
      {!answer && !error && <Waiting />}
      {answer && rows.length === 0 && cursors.length === 1 && (
        <p className="confab-empty">{isNarrowed ? __('Nothing fits this filter.', 'confab') : empty}</p>
      )}
      {isLive && answer && rows.length > 0 && (
        <p className="confab-live" role="status">
          {waiting > 0 && (
            <Button variant="link" onClick={showAll}>
              {sprintf(
                /* translators: %s: a number */
                _n('%s new one: show it', '%s new ones: show them', waiting, 'confab'),
                formatNumber(waiting),
              )}
            </Button>
          )}
        </p>
      )}
      {answer && rows.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table must be scrolled by keyboard, too
        <section className="confab-table" aria-label={title} aria-busy={isLoading && !isLive} tabIndex={0} {...hold}>
          <DataViews
            data={rows}
            fields={fields}
            view={view}
            onChangeView={() => {}}
            paginationInfo={{ totalItems: rows.length, totalPages: 1 }}
            defaultLayouts={{ table: {} }}
            isLoading={isLoading && !isLive}
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
      {csv && answer && rows.length > 0 && <CsvLink path={path} query={query} of={title} />}
      {answer && rows.length > 0 && children}
    </Section>
  );
}

/** What is shown of a page that was read again: all of it, unless somebody is at the list, and then no row moves. */
function useCalm<Item>({
  answer,
  place,
  isLive,
  idOf,
}: {
  answer: ListPage<Item> | undefined;
  /** Which page of which list it is: another one is shown at once. */
  place: string;
  isLive: boolean;
  idOf: (item: Item) => string;
}) {
  const [shown, setShown] = useState({ answer, place, items: answer?.items ?? [], waiting: 0 });
  const at = useRef({ pointer: false, focus: false });
  const showAll = () => setShown({ answer, place, items: answer?.items ?? [], waiting: 0 });
  if (shown.answer !== answer) {
    const isHeld = isLive && shown.place === place && (at.current.pointer || at.current.focus);
    if (isHeld && answer) setShown({ answer, place, ...calmly(shown.items, answer.items, idOf) });
    else showAll();
  }
  const leave = (what: 'pointer' | 'focus') => () => {
    at.current[what] = false;
    if (isLive && !at.current.pointer && !at.current.focus) showAll();
  };
  const hold = {
    onPointerEnter: () => {
      at.current.pointer = true;
    },
    onPointerLeave: leave('pointer'),
    onFocus: () => {
      at.current.focus = true;
    },
    onBlur: leave('focus'),
  };
  return { items: shown.items, waiting: shown.waiting, hold, showAll };
}
