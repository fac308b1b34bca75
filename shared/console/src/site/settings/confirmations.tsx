import { useCallback } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import type { SiteResponse } from '../../../../contract/src/site.ts';
import { useClient } from '../../client.ts';
import { type Json, valueAt } from '../../json.ts';
import { Problem, Waiting } from '../../parts.tsx';
import { useLoaded } from '../../use-loaded.ts';

/** Who of those that are written to has confirmed it; asked anew when the addresses were saved. */
export function Confirmations({ saved }: { saved: Json }) {
  const addresses = JSON.stringify(valueAt(saved, 'notifications.addresses') ?? []);
  const { request } = useClient();
  const load = useCallback(
    async () => (addresses === '[]' ? undefined : (await request<SiteResponse>('GET', '')).answer),
    [request, addresses],
  );
  const { answer, error, reload } = useLoaded(load);
  if (addresses === '[]') return null;
  if (error) return <Problem error={error} retry={reload} />;
  if (!answer) return <Waiting />;
  return (
    <ul className="confab-list confab-confirmations">
      {(answer.notifications ?? []).map(({ email, state }) => (
        <li key={email}>
          <bdi>{email}</bdi>: {stateInWords(state)}
        </li>
      ))}
    </ul>
  );
}

function stateInWords(state: string): string {
  const words: Record<string, string> = {
    pending: __('waits to be confirmed, by the link in the e-mail to it', 'confab'),
    confirmed: __('confirmed', 'confab'),
    unsubscribed: __('confirmed, and wants no more of some of these e-mails', 'confab'),
    suppressed: __('gets nothing any more, because e-mails to it came back', 'confab'),
  };
  return words[state] ?? state;
}
