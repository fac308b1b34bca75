import { Button, TextControl } from '@wordpress/components';
import { useCallback, useMemo, useState } from '@wordpress/element';
import { __, _n, sprintf } from '@wordpress/i18n';
import type { Source, SourceDetails } from '../../../../contract/src/sources.ts';
import { useClient } from '../../client.ts';
import { formatMoment, formatNumber } from '../../format.ts';
import { type Column, PagedList } from '../../paged-list.tsx';
import { Address, Done, NotAllowed, Problem, Waiting } from '../../parts.tsx';
import { translated } from '../../translated.ts';
import { useAction } from '../../use-action.ts';
import { useLoaded } from '../../use-loaded.ts';

/** The websites that are read for the knowledge: how fresh each is, how its crawl stands, and what was left out. */
export function Sources() {
  const { request, may } = useClient();
  const { act, isBusy, error, said, clear } = useAction();
  const [version, setVersion] = useState(0);
  const [url, setUrl] = useState('');
  const [open, setOpen] = useState<string>();
  const mayChange = may('manager');

  const change = useCallback(
    async (work: () => Promise<unknown>, done: string) => {
      const went = await act(work, done);
      setVersion(number => number + 1);
      return went;
    },
    [act],
  );
  const columns: Column<Source>[] = useMemo(
    () => [
      {
        id: 'url',
        label: __('Address', 'confab'),
        minWidth: 180,
        show: ({ url, kind }) => (
          <span className="confab-lines">
            <Address url={url} />
            {kind === 'sitemap' && <span>{__('What this sitemap lists', 'confab')}</span>}
          </span>
        ),
      },
      { id: 'state', label: __('State', 'confab'), minWidth: 220, show: source => <State source={source} /> },
      {
        id: 'fresh',
        label: __('Fresh as of', 'confab'),
        show: ({ lastCompletedAt }) => (lastCompletedAt ? formatMoment(lastCompletedAt) : __('Never', 'confab')),
      },
      { id: 'next', label: __('Next crawl', 'confab'), show: ({ nextCrawlAt }) => formatMoment(nextCrawlAt) },
      {
        id: 'actions',
        label: __('What to do', 'confab'),
        show: ({ sourceId, url, state }) => (
          <span className="confab-row-actions">
            <Button variant="link" aria-expanded={open === sourceId} onClick={() => setOpen(sourceId)}>
              {__('What was left out', 'confab')} <span className="screen-reader-text">{url}</span>
            </Button>
            {mayChange && state === 'idle' && (
              <Button
                variant="link"
                onClick={() => change(() => request('POST', `/sources/${sourceId}/crawl`), __('It begins.', 'confab'))}
              >
                {__('Crawl now', 'confab')} <span className="screen-reader-text">{url}</span>
              </Button>
            )}
            {mayChange && (
              <Button
                variant="link"
                isDestructive
                onClick={() =>
                  change(
                    () => request('DELETE', `/sources/${sourceId}`),
                    __('The source is removed, and its pages are out of the knowledge.', 'confab'),
                  )
                }
              >
                {__('Remove', 'confab')} <span className="screen-reader-text">{url}</span>
              </Button>
            )}
          </span>
        ),
      },
    ],
    [mayChange, open, change, request],
  );

  return (
    <>
      <PagedList<Source>
        path="/sources"
        title={__('Websites', 'confab')}
        intro={__(
          'The assistant reads your website every night. Enter its address, or that of one sitemap: then only what that lists is read.',
          'confab',
        )}
        filters={
          <>
            {error && <Problem error={error} />}
            <Done said={said} onRemove={clear} />
            {mayChange ? (
              <form
                className="confab-filters"
                onSubmit={async event => {
                  event.preventDefault();
                  if (isBusy || !url.trim()) return;
                  const added = await change(
                    () => request('POST', '/sources', { body: { url: url.trim() } }),
                    __('The website is added, and is being read.', 'confab'),
                  );
                  if (added) setUrl('');
                }}
              >
                <TextControl
                  __next40pxDefaultSize
                  __nextHasNoMarginBottom
                  className="confab-wide"
                  type="url"
                  dir="ltr"
                  placeholder="https://"
                  label={__('Address of your website or of a sitemap', 'confab')}
                  value={url}
                  maxLength={2_048}
                  onChange={setUrl}
                />
                <Button
                  variant="secondary"
                  __next40pxDefaultSize
                  type="submit"
                  isBusy={isBusy}
                  disabled={isBusy || !url.trim()}
                  accessibleWhenDisabled
                >
                  {__('Add website', 'confab')}
                </Button>
              </form>
            ) : (
              <NotAllowed needs="manager" />
            )}
          </>
        }
        empty={__('No website is read.', 'confab')}
        columns={columns}
        idOf={({ sourceId }) => sourceId}
        version={version}
        changesSoon={({ state }) => state !== 'idle'}
      />
      {open && <LeftOut key={open} sourceId={open} close={() => setOpen(undefined)} />}
    </>
  );
}

function State({ source }: { source: Source }) {
  const { state, ended, counts, notices } = source;
  const isReading = state === 'crawling';
  const seen = counts.fetched + counts.unchanged + counts.skipped + counts.failed;
  return (
    <span className="confab-lines">
      {state === 'waiting' && <span>{__('Waits for its turn', 'confab')}</span>}
      {isReading && (
        <span>
          {sprintf(
            /* translators: 1: number of pages looked at, 2: number of pages found */
            __('Reading: %1$s of %2$s pages found so far', 'confab'),
            formatNumber(seen),
            formatNumber(Math.max(seen + counts.waiting, counts.found)),
          )}{' '}
          <progress
            aria-label={__('Pages read', 'confab')}
            max={Math.max(seen + counts.waiting, counts.found, 1)}
            value={seen}
          />
        </span>
      )}
      {state === 'idle' && ended && (
        <span className={ended.completed ? '' : 'confab-error'}>
          {ended.completed
            ? __('Read to the end', 'confab')
            : ended.reason
              ? translated(ended.reason.message)
              : __('Ended early', 'confab')}
        </span>
      )}
      <span>
        {sprintf(
          /* translators: %s: a number */
          _n('%s page is known', '%s pages are known', counts.documents, 'confab'),
          formatNumber(counts.documents),
        )}
        {counts.skipped + counts.failed > 0 &&
          `, ${sprintf(
            /* translators: %s: a number */
            _n('%s left out', '%s left out', counts.skipped + counts.failed, 'confab'),
            formatNumber(counts.skipped + counts.failed),
          )}`}
      </span>
      {notices.map(({ code, message }) => (
        <span key={code}>{translated(message)}</span>
      ))}
    </span>
  );
}

/** Why pages of a source are not in the knowledge, with some of them. */
function LeftOut({ sourceId, close }: { sourceId: string; close: () => void }) {
  const { request } = useClient();
  const { answer, error, reload } = useLoaded(
    useCallback(async () => (await request<SourceDetails>('GET', `/sources/${sourceId}`)).answer, [request, sourceId]),
  );
  return (
    <section className="confab-section" aria-labelledby="confab-left-out">
      <h2 id="confab-left-out">{__('What was left out', 'confab')}</h2>
      {error && <Problem error={error} retry={reload} />}
      {!answer && !error && <Waiting />}
      {answer && (
        <>
          <p>
            <Address url={answer.url} />
          </p>
          {answer.reasons.length === 0 && (
            <p className="confab-empty">{__('No page was left out at the latest crawl.', 'confab')}</p>
          )}
          <ul className="confab-list">
            {answer.reasons.map(({ code, message, count }) => (
              <li key={code}>
                {formatNumber(count)} × {translated(message)}
                <ul className="confab-list">
                  {answer.examples
                    .filter(example => example.code === code)
                    .map(({ url }) => (
                      <li key={url}>
                        <Address url={url} />
                      </li>
                    ))}
                </ul>
              </li>
            ))}
          </ul>
          {answer.sitemaps.length > 0 && (
            <>
              <h3>{__('Sitemaps', 'confab')}</h3>
              <ul className="confab-list">
                {answer.sitemaps.map(({ url, urls, reason }) => (
                  <li key={url}>
                    <Address url={url} />
                    {': '}
                    {reason
                      ? translated(reason.message)
                      : sprintf(
                          /* translators: %s: a number */
                          _n('%s address', '%s addresses', urls, 'confab'),
                          formatNumber(urls),
                        )}
                  </li>
                ))}
              </ul>
            </>
          )}
        </>
      )}
      <Button variant="tertiary" __next40pxDefaultSize onClick={close}>
        {__('Close', 'confab')}
      </Button>
    </section>
  );
}
