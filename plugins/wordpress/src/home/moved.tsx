import { Button } from '@wordpress/components';
import { useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import { type ApiError, asApiError } from '../../../../shared/console/src/client.ts';
import { Facts, Problem, Section } from '../../../../shared/console/src/parts.tsx';
import { api, type Status } from '../api.ts';

/** After a move or a copy of the site: Confab is quiet until the owner says which of the two it was. */
export function Moved({ status, setStatus }: { status: Status; setStatus: (status: Status) => void }) {
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState<'moved' | 'copy'>();

  const answer = async (which: 'moved' | 'copy') => {
    setBusy(which);
    setError(undefined);
    try {
      setStatus(await api.moved(which));
    } catch (problem) {
      setError(asApiError(problem));
    }
    setBusy(undefined);
  };

  return (
    <Section
      title={__('Has this site moved, or is it a copy?', 'confab')}
      intro={__(
        'This site has another address than the one that was connected. Until you answer, the chat is off and nothing is sent, so that a copy never writes into the assistant of the real site.',
        'confab',
      )}
    >
      <Facts
        facts={[
          [__('Connected as', 'confab'), status.boundTo],
          [__('Now at', 'confab'), status.homeUrl],
        ]}
      />
      {error && <Problem error={error} />}
      <div className="confab-choices">
        <div className="confab-choice">
          <h3>{__('It has moved', 'confab')}</h3>
          <p>
            {sprintf(
              /* translators: %s: address of the site */
              __(
                'The same site, now at %s. Conversations, settings and knowledge stay, and the knowledge gets the new addresses. Choose this if nothing runs at the old address any more.',
                'confab',
              ),
              status.homeUrl,
            )}
          </p>
          <Button
            variant="secondary"
            __next40pxDefaultSize
            isBusy={busy === 'moved'}
            disabled={Boolean(busy)}
            accessibleWhenDisabled
            onClick={() => answer('moved')}
          >
            {__('It has moved', 'confab')}
          </Button>
        </div>
        <div className="confab-choice">
          <h3>{__('It is a copy', 'confab')}</h3>
          <p>
            {sprintf(
              /* translators: %s: address of the site */
              __(
                'A staging site or a backup; the real one is still at %s and keeps its connection. This copy forgets it, and you can connect it as a site of its own.',
                'confab',
              ),
              status.boundTo,
            )}
          </p>
          <Button
            variant="secondary"
            __next40pxDefaultSize
            isBusy={busy === 'copy'}
            disabled={Boolean(busy)}
            accessibleWhenDisabled
            onClick={() => answer('copy')}
          >
            {__('It is a copy', 'confab')}
          </Button>
        </div>
      </div>
    </Section>
  );
}
