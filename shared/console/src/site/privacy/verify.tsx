import { Button, Notice } from '@wordpress/components';
import { useState } from '@wordpress/element';
import { __, _n, sprintf } from '@wordpress/i18n';
import { type Query, useClient } from '../../client.ts';
import { formatNumber } from '../../format.ts';
import type { ListPage } from '../../paged-list.tsx';
import { Problem } from '../../parts.tsx';
import { useAction } from '../../use-action.ts';
import { type ChainReport, checkedFurther, type Link } from './chain.ts';

/** Downloads a log from its beginning and checks, in this browser, that no record was changed, taken out or put in. */
export function VerifyLog({
  path,
  query,
  nextQuery,
  newestFirst = false,
}: {
  path: string;
  query: Query;
  nextQuery: (cursor: string) => Query;
  /** Whether the list begins with the newest record: then all of it is read before it is checked. */
  newestFirst?: boolean;
}) {
  const { request } = useClient();
  const { act, isBusy, error } = useAction();
  const [report, setReport] = useState<ChainReport>();
  const [isDone, setDone] = useState(false);

  const verify = () =>
    act(async () => {
      setDone(false);
      let soFar: ChainReport = { checked: 0 };
      let wanted: Query | undefined = query;
      const later: Link[] = [];
      setReport(soFar);
      while (wanted && !soFar.fault) {
        const { answer }: { answer: ListPage<Link> } = await request('GET', path, { query: wanted });
        if (newestFirst) later.unshift(...answer.items.toReversed());
        else soFar = await checkedFurther(soFar, answer.items);
        setReport(soFar);
        wanted = answer.nextCursor === null ? undefined : { ...query, ...nextQuery(answer.nextCursor) };
      }
      setReport(await checkedFurther(soFar, later));
      setDone(true);
    });

  if (!globalThis.crypto?.subtle) {
    return (
      <p className="confab-hint">{__('To check this log here, the browser needs this page over https.', 'confab')}</p>
    );
  }
  return (
    <div className="confab-verify">
      <Button
        variant="secondary"
        __next40pxDefaultSize
        isBusy={isBusy}
        disabled={isBusy}
        accessibleWhenDisabled
        onClick={verify}
      >
        {__('Verify this log', 'confab')}
      </Button>
      {error && <Problem error={error} retry={verify} />}
      <div role="status">
        {report && isBusy && (
          <p>
            {sprintf(/* translators: %s: a number */ __('Checked so far: %s', 'confab'), formatNumber(report.checked))}
          </p>
        )}
        {report && isDone && <Outcome report={report} />}
      </div>
    </div>
  );
}

function Outcome({ report: { checked, first, last, fault } }: { report: ChainReport }) {
  if (fault) {
    const words = {
      changed: /* translators: %s: a number */ __('Record %s was changed after it was written.', 'confab'),
      missing: /* translators: %s: a number */ __('Record %s is missing.', 'confab'),
      torn: /* translators: %s: a number */ __('Record %s does not follow the one before it.', 'confab'),
    };
    return (
      <Notice status="error" isDismissible={false} className="confab-notice">
        {sprintf(words[fault.kind], formatNumber(fault.sequence))}
      </Notice>
    );
  }
  if (!last) return <p>{__('There is no record yet.', 'confab')}</p>;
  return (
    <Notice status="success" isDismissible={false} className="confab-notice">
      <p>
        {sprintf(
          /* translators: %s: a number */
          _n(
            '%s record is whole: nothing was changed, taken out or put in.',
            '%s records are whole: nothing was changed, taken out or put in between them.',
            checked,
            'confab',
          ),
          formatNumber(checked),
        )}
        {first !== undefined &&
          first > 1 &&
          ` ${sprintf(
            /* translators: %s: a number */
            __('The log begins with record %s, since older ones have run out.', 'confab'),
            formatNumber(first),
          )}`}
      </p>
      <p>
        {__('Fingerprint of the last record:', 'confab')} <code className="confab-hash">{last.hash}</code>
      </p>
    </Notice>
  );
}
