import { Button } from '@wordpress/components';
import { useCallback, useState } from '@wordpress/element';
import { __ } from '@wordpress/i18n';
import type { ReactNode } from 'react';
import { useClient } from '../../client.ts';
import { NotAllowed, Section } from '../../parts.tsx';
import { LegalHolds } from './holds.tsx';
import { ConsentLog, DataRequests, PurgeCertificates } from './logs.tsx';
import { Register } from './register.tsx';
import { RequestForm } from './request-form.tsx';
import { Retention } from './retention.tsx';

/** What an owner owes visitors and authorities: how long data is kept, who asked for it, who else gets it, and the proofs. */
export default function Privacy({ hint }: { hint?: ReactNode }) {
  const { may } = useClient();
  const [isAsking, setAsking] = useState(false);
  const [asked, setAsked] = useState(0);
  const [held, setHeld] = useState(0);
  const onHeld = useCallback(() => setHeld(number => number + 1), []);
  return (
    <>
      <Retention key={held} />
      <Section
        title={__('A person asks about their data', 'confab')}
        intro={__(
          'Access, a copy to take along, correction, restriction or erasure: the relay does it at once and keeps that it was done, not for whom.',
          'confab',
        )}
      >
        {hint}
        {may('manager') ? (
          <Button variant="secondary" __next40pxDefaultSize onClick={() => setAsking(true)}>
            {__('Answer a request', 'confab')}
          </Button>
        ) : (
          <NotAllowed needs="manager" />
        )}
      </Section>
      {isAsking && (
        <RequestForm
          close={wasDone => {
            setAsking(false);
            if (wasDone) setAsked(number => number + 1);
          }}
        />
      )}
      <DataRequests version={asked} />
      <ConsentLog />
      <PurgeCertificates />
      <LegalHolds onChange={onHeld} />
      <Register />
    </>
  );
}
