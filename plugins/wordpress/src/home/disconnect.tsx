import { Button, Modal, Notice, RadioControl } from '@wordpress/components';
import { useState } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import { type ApiError, asApiError } from '../../../../shared/console/src/client.ts';
import { Problem, Section } from '../../../../shared/console/src/parts.tsx';
import { api, type Status } from '../api.ts';

/** Ends the connection, after asking what becomes of the data at the relay. */
export function Disconnect({ status, reload }: { status: Status; reload: () => void }) {
  const [isOpen, setOpen] = useState(false);
  const [data, setData] = useState('keep');
  const [error, setError] = useState<ApiError>();
  const [message, setMessage] = useState('');
  const [isBusy, setBusy] = useState(false);

  if (status.secret.from !== 'option') {
    return (
      <Section
        title={__('Disconnect', 'confab')}
        intro={__(
          'This site is connected by constants or environment variables. To disconnect it, remove CONFAB_SITE_SECRET there, and end the connection at the relay.',
          'confab',
        )}
      />
    );
  }

  const disconnect = async () => {
    setBusy(true);
    setError(undefined);
    try {
      const answer = await api.disconnect(data === 'erase');
      if (answer.ok) return reload();
      setMessage(answer.message);
      setOpen(false);
      reload();
    } catch (problem) {
      setError(asApiError(problem));
    }
    setBusy(false);
  };

  return (
    <Section title={__('Disconnect', 'confab')} intro={__('The chat disappears from your site at once.', 'confab')}>
      {message && (
        <Notice status="warning" isDismissible={false} className="confab-notice">
          {message}
        </Notice>
      )}
      <Button variant="secondary" isDestructive __next40pxDefaultSize onClick={() => setOpen(true)}>
        {__('Disconnect…', 'confab')}
      </Button>
      {isOpen && (
        <Modal title={__('Disconnect this site?', 'confab')} onRequestClose={() => setOpen(false)}>
          <RadioControl
            label={__('What shall the relay do with conversations, leads, settings and knowledge?', 'confab')}
            selected={data}
            onChange={setData}
            options={[
              { value: 'keep', label: __('Keep them, so that I can connect again', 'confab') },
              { value: 'erase', label: __('Erase them for good', 'confab') },
            ]}
          />
          {error && <Problem error={error} />}
          <div className="confab-actions">
            <Button
              variant="primary"
              isDestructive
              __next40pxDefaultSize
              isBusy={isBusy}
              disabled={isBusy}
              accessibleWhenDisabled
              onClick={disconnect}
            >
              {data === 'erase' ? __('Disconnect and erase', 'confab') : __('Disconnect', 'confab')}
            </Button>
            <Button variant="tertiary" __next40pxDefaultSize onClick={() => setOpen(false)}>
              {__('Cancel', 'confab')}
            </Button>
          </div>
        </Modal>
      )}
    </Section>
  );
}
