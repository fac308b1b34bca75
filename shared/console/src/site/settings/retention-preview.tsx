import { Notice } from '@wordpress/components';
import { useEffect, useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import type { RetentionResponse } from '../../../../contract/src/retention.ts';
import { type ApiError, asApiError, useClient } from '../../client.ts';
import { formatMoment, formatNumber, wordFor } from '../../format.ts';
import type { Json } from '../../json.ts';
import { shorterWindows } from './retention-windows.ts';

/** So that a number is not asked about while it is being typed. */
const SETTLED_MS = 500;

/** Before a shorter window is saved: what the next purge would delete with it. */
export function RetentionPreview({ windows, saved }: { windows: Json | undefined; saved: Json | undefined }) {
  const { request } = useClient();
  const [preview, setPreview] = useState<RetentionResponse>();
  const [error, setError] = useState<ApiError>();
  const shorter = shorterWindows(windows, saved);
  const asked = shorter && JSON.stringify(shorter);

  useEffect(() => {
    setPreview(undefined);
    setError(undefined);
    if (!asked) return;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      request<RetentionResponse>('GET', '/retention', { query: JSON.parse(asked), signal: abort.signal }).then(
        ({ answer }) => !abort.signal.aborted && setPreview(answer),
        problem => !abort.signal.aborted && setError(asApiError(problem)),
      );
    }, SETTLED_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [request, asked]);

  if (!asked) return null;
  return (
    <div aria-live="polite">
      <Notice status="warning" isDismissible={false} className="confab-notice confab-retention">
        {error ? error.message : preview ? said(preview) : __('Counting what this would delete…', 'confab')}
      </Notice>
    </div>
  );
}

function said({ expired, held, nextRunAt }: RetentionResponse): string {
  if (held) return __('A legal hold keeps everything of this site, so nothing would be deleted for now.', 'confab');
  const counts = Object.values(expired)
    .flatMap(rows => Object.entries(rows))
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${formatNumber(count)} ${wordFor(kind)}`);
  if (counts.length === 0) return __('With these shorter times nothing would be deleted now.', 'confab');
  return sprintf(
    /* translators: 1: what would be deleted, such as "12 conversations, 80 messages"; 2: date and time */
    __('If you save this, the next nightly deletion (%2$s) deletes for good: %1$s.', 'confab'),
    counts.join(', '),
    formatMoment(nextRunAt),
  );
}
