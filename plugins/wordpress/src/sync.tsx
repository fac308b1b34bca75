import { Button, Notice } from '@wordpress/components';
import { useEffect, useRef, useState } from '@wordpress/element';
import { __, _n, sprintf } from '@wordpress/i18n';
import { type ApiError, asApiError } from '../../../shared/console/src/client.ts';
import { formatMoment, formatNumber } from '../../../shared/console/src/format.ts';
import { Facts, Problem } from '../../../shared/console/src/parts.tsx';
import { api, type SyncStatus } from './api.ts';

/** How often to look while the queue waits for something else than us. */
const LOOK_AGAIN_MS = 15_000;

/**
 * How far the knowledge is. While somebody looks, their browser drives the sync on, so that the first one does not wait
 * for WP-Cron; when they leave, WP-Cron goes on.
 */
export function SyncProgress({ sync, setSync }: { sync: SyncStatus; setSync: (sync: SyncStatus) => void }) {
  const [error, setError] = useState<ApiError>();
  const [isBusy, setBusy] = useState(false);

  // Not a reason to begin anew: a step that is under way must not be asked for twice.
  const told = useRef(setSync);
  told.current = setSync;

  useEffect(() => {
    if (error || sync.state === 'idle' || sync.state === 'paused') return;
    let isCurrent = true;
    const goOn = async () => {
      try {
        const next = sync.state === 'running' ? await api.syncStep('step') : await api.sync();
        if (isCurrent) told.current(next);
      } catch (problem) {
        if (isCurrent) setError(asApiError(problem));
      }
    };
    const timer = setTimeout(goOn, sync.state === 'running' ? 0 : LOOK_AGAIN_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [sync, error]);

  const start = async () => {
    setBusy(true);
    setError(undefined);
    try {
      setSync(await api.syncStep('start'));
    } catch (problem) {
      setError(asApiError(problem));
    }
    setBusy(false);
  };

  const isRunning = sync.state === 'running';
  return (
    <>
      {sync.message && (
        <Notice status={sync.state === 'waiting' ? 'warning' : 'info'} isDismissible={false} className="confab-notice">
          {sync.message}
        </Notice>
      )}
      <span className="screen-reader-text" role="status">
        {isRunning ? __('Sending your pages to the relay…', 'confab') : ''}
      </span>
      {isRunning && sync.total > 0 && (
        <p className="confab-progress">
          <label htmlFor="confab-sync">
            {sprintf(
              /* translators: 1: number sent, 2: number in all */
              __('%1$s of %2$s sent', 'confab'),
              formatNumber(sync.done),
              formatNumber(sync.total),
            )}
          </label>
          <progress id="confab-sync" max={sync.total} value={sync.done} />
        </p>
      )}
      <Facts
        facts={[
          ...(isRunning ? [] : [[__('Known to the assistant', 'confab'), formatNumber(sync.done)] as [string, string]]),
          [__('Last synced', 'confab'), sync.lastSyncedAt ? formatMoment(sync.lastSyncedAt) : __('Never', 'confab')],
          [__('Waiting to be sent', 'confab'), formatNumber(sync.pending)],
          [__('Not taken by the relay', 'confab'), formatNumber(sync.failed)],
        ]}
      />
      {error && <Problem error={error} retry={() => setError(undefined)} />}
      {sync.errors.length > 0 && (
        <details className="confab-failed">
          <summary>
            {sprintf(
              /* translators: %s: a number */
              _n('%s document was not taken', '%s documents were not taken', sync.errors.length, 'confab'),
              formatNumber(sync.errors.length),
            )}
          </summary>
          <ul>
            {sync.errors.map(({ id, title, message }) => (
              <li key={id}>
                <a href={`post.php?post=${id}&action=edit`}>{title || `#${id}`}</a>: {message}
              </li>
            ))}
          </ul>
        </details>
      )}
      <Button
        variant="secondary"
        __next40pxDefaultSize
        isBusy={isBusy || isRunning}
        disabled={isBusy || isRunning}
        accessibleWhenDisabled
        onClick={start}
      >
        {__('Sync all', 'confab')}
      </Button>
    </>
  );
}
