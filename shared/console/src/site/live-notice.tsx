import { Notice } from '@wordpress/components';
import { __ } from '@wordpress/i18n';
import type { LiveState } from '../use-live.ts';

/** That what is shown may be old, and why; nothing where it is told at once. The notice is read out by itself. */
export function LiveNotice({ state }: { state: LiveState }) {
  return (
    <>
      {state === 'lost' && (
        <Notice status="warning" isDismissible={false} className="confab-notice">
          {__('The connection is lost. It is tried again by itself, and what you missed is read then.', 'confab')}
        </Notice>
      )}
      {state === 'signed_out' && (
        <Notice status="error" isDismissible={false} className="confab-notice">
          <p>{__('Your session has ended, or your role has changed. Nothing here is read any more.', 'confab')}</p>
          <a href={location.href}>{__('Load this page anew', 'confab')}</a>
        </Notice>
      )}
    </>
  );
}
