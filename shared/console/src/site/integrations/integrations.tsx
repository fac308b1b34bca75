import { Connections } from './connections.tsx';
import { Webhooks } from './webhooks.tsx';

/** What the site is connected with: who answers, where leads and e-mails go, and who is told of what happens. */
export default function Integrations() {
  return (
    <>
      <Connections />
      <Webhooks />
    </>
  );
}
