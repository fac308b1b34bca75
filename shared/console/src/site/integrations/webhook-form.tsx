import { Button, Modal, TextControl, ToggleControl } from '@wordpress/components';
import { useState } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import type { WebhookCreated, WebhookEndpoint, WebhookEvent } from '../../../../contract/src/webhooks.ts';
import { Checkboxes } from '../../checkboxes.tsx';
import { useClient } from '../../client.ts';
import { Problem } from '../../parts.tsx';
import { useAction } from '../../use-action.ts';

const EVENTS: WebhookEvent[] = [
  'lead.created',
  'conversation.ended',
  'consent.withdrawn',
  'data_request.completed',
  'purge.completed',
];

/** What happens, in words. */
export function eventName(event: string): string {
  const words: Record<string, string> = {
    'lead.created': __('Somebody left contact details', 'confab'),
    'conversation.ended': __('A conversation ended', 'confab'),
    'consent.withdrawn': __('A consent was withdrawn', 'confab'),
    'data_request.completed': __('A data request was completed', 'confab'),
    'purge.completed': __('A deletion was completed', 'confab'),
    'webhook.test': __('Test', 'confab'),
  };
  return words[event] ?? event;
}

/** Adds an address that is told of what happens, or changes one. */
export function WebhookForm({
  endpoint,
  close,
}: {
  endpoint?: WebhookEndpoint;
  close: (saved?: WebhookEndpoint | WebhookCreated) => void;
}) {
  const { request } = useClient();
  const { act, isBusy, error } = useAction();
  const [url, setUrl] = useState(endpoint?.url ?? '');
  const [events, setEvents] = useState<string[]>(endpoint?.events ?? ['lead.created']);
  const [description, setDescription] = useState(endpoint?.description ?? '');
  const [isOff, setOff] = useState(endpoint?.disabled ?? false);
  const isComplete = url.trim() !== '' && events.length > 0;

  const save = () =>
    act(async () => {
      const body = { url: url.trim(), events, description, disabled: isOff };
      const { answer } = endpoint
        ? await request<WebhookEndpoint>('PUT', `/webhooks/${endpoint.webhookId}`, { body })
        : await request<WebhookCreated>('POST', '/webhooks', { body });
      close(answer);
    });

  return (
    <Modal
      title={endpoint ? __('Change this address', 'confab') : __('Add an address', 'confab')}
      onRequestClose={() => !isBusy && close()}
      shouldCloseOnClickOutside={false}
      size="medium"
    >
      <form
        className="confab-form"
        onSubmit={event => {
          event.preventDefault();
          if (isComplete && !isBusy) void save();
        }}
      >
        {error && <Problem error={error} />}
        <TextControl
          __next40pxDefaultSize
          __nextHasNoMarginBottom
          type="url"
          dir="ltr"
          placeholder="https://"
          label={__('Address', 'confab')}
          value={url}
          maxLength={2_048}
          onChange={setUrl}
        />
        <Checkboxes
          legend={__('Is told of', 'confab')}
          choices={EVENTS.map(value => ({ value, label: eventName(value) }))}
          list={events}
          onChange={setEvents}
        />
        <TextControl
          __next40pxDefaultSize
          __nextHasNoMarginBottom
          label={__('What it is for', 'confab')}
          help={__('For you. May stay empty.', 'confab')}
          value={description}
          maxLength={200}
          onChange={setDescription}
        />
        <ToggleControl
          __nextHasNoMarginBottom
          label={__('Switched off: it is told nothing until you switch it on again', 'confab')}
          checked={isOff}
          onChange={setOff}
        />
        <div className="confab-actions">
          <Button
            variant="primary"
            __next40pxDefaultSize
            type="submit"
            isBusy={isBusy}
            disabled={!isComplete || isBusy}
            accessibleWhenDisabled
          >
            {endpoint ? __('Save', 'confab') : __('Add it', 'confab')}
          </Button>
          <Button variant="tertiary" __next40pxDefaultSize disabled={isBusy} onClick={() => close()}>
            {__('Cancel', 'confab')}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
