import { __ } from '@wordpress/i18n';
import type { Status } from '../api.ts';
import { ConnectForm } from './connect.tsx';
import { Moved } from './moved.tsx';
import { Overview } from './overview.tsx';

export type HomeProps = { status: Status; setStatus: (status: Status) => void; reload: () => void };

/** The first screen: what to do next, which depends on how things stand with the relay. */
export function Home({ status, setStatus, reload }: HomeProps) {
  switch (status.state) {
    case 'connected':
      return <Overview status={status} setStatus={setStatus} reload={reload} />;
    case 'moved':
      return <Moved status={status} setStatus={setStatus} />;
    case 'revoked':
      return (
        <ConnectForm
          status={status}
          title={__('The relay does not know this site any more', 'confab')}
          intro={__(
            'The connection was ended at the relay, or its secret was replaced. The chat is off. Connect again to go on: settings and conversations that the relay still has come back.',
            'confab',
          )}
        />
      );
    default:
      return (
        <ConnectForm
          status={status}
          title={__('Connect your site', 'confab')}
          intro={__(
            'Confab answers your visitors from what you have published, and asks them before it stores anything. The answers come from a relay: a program that you run yourself, or that somebody you trust runs for you.',
            'confab',
          )}
        />
      );
  }
}
