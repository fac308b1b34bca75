import type { AccountDeletion, AccountExport, AccountOfUser } from '@confab/contract';
import { Button, Notice } from '@wordpress/components';
import { useCallback, useEffect, useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import { formatDay, formatMoment, formatNumber } from '../../format.ts';
import { Problem, Section, Waiting } from '../../parts.tsx';
import { useAction } from '../../use-action.ts';
import { useLoaded } from '../../use-loaded.ts';
import { ask } from '../api.ts';
import { Field, Form } from '../forms.tsx';
import { useSession } from '../session.ts';
import { WithPassword } from './second-factor.tsx';

/** What an owner decides about the whole account. */
export function AccountOfOwner({ account }: { account: AccountOfUser }) {
  return (
    <>
      <Name account={account} />
      <Export account={account} />
      <End account={account} />
    </>
  );
}

function Name({ account: { accountId, name: present } }: { account: AccountOfUser }) {
  const { reload, tell } = useSession();
  const [name, setName] = useState(present);
  const rename = async () => {
    await ask('PUT', `/v1/accounts/${accountId}`, { body: { name: name.trim() } });
    await reload();
    tell(__('Saved.', 'confab'));
  };
  return (
    <Section title={__('Name of the account', 'confab')}>
      <Form submit={rename} action={__('Save', 'confab')}>
        <Field
          name="name"
          label={__('Name, such as that of your company', 'confab')}
          value={name}
          onChange={setName}
          maxLength={120}
          required
        />
      </Form>
    </Section>
  );
}

const LOOK_AGAIN_MS = 2_000;

function Export({ account: { accountId } }: { account: AccountOfUser }) {
  const path = `/v1/accounts/${accountId}/exports`;
  const { answer, error, reload } = useLoaded(
    useCallback(async () => (await ask<{ items: AccountExport[] }>('GET', path)).answer.items, [path]),
  );
  const { act, isBusy, error: refusal } = useAction();
  const isMaking = answer?.some(({ status }) => status === 'making') ?? false;
  useEffect(() => {
    if (!isMaking) return;
    const timer = setInterval(() => document.visibilityState === 'visible' && reload(), LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [isMaking, reload]);
  return (
    <Section
      title={__('Everything of the account', 'confab')}
      intro={__(
        'One archive with all sites, conversations, leads, knowledge and logs: a file of JSON Lines for each kind, and an index to read. It is there for a day.',
        'confab',
      )}
    >
      {error && <Problem error={error} retry={reload} />}
      {refusal && <Problem error={refusal} />}
      {!answer && !error && <Waiting />}
      <div aria-live="polite">
        <ul className="confab-rows">
          {answer?.map(one => (
            <li key={one.exportId}>
              <span>{formatMoment(one.createdAt)}</span>
              <ExportState one={one} path={path} />
            </li>
          ))}
        </ul>
      </div>
      <Button
        variant="secondary"
        __next40pxDefaultSize
        isBusy={isBusy || isMaking}
        disabled={isBusy || isMaking}
        accessibleWhenDisabled
        onClick={() => act(() => ask('POST', path)).then(reload)}
      >
        {__('Make an archive', 'confab')}
      </Button>
    </Section>
  );
}

function ExportState({ one, path }: { one: AccountExport; path: string }) {
  if (one.status === 'making') return <Waiting what={__('It is being made…', 'confab')} />;
  if (one.status === 'failed') return <span>{__('It could not be made. Please try again.', 'confab')}</span>;
  return (
    <span>
      <a href={`${path}/${one.exportId}/archive`} download>
        {sprintf(
          /* translators: %s: a size in megabytes */
          __('Download (%s MB)', 'confab'),
          formatNumber(Math.max(0.1, Math.round((one.bytes ?? 0) / 100_000) / 10)),
        )}
      </a>{' '}
      {sprintf(/* translators: %s: a moment */ __('until %s', 'confab'), formatMoment(one.expiresAt))}
    </span>
  );
}

function End({ account: { accountId, name, deleteAt } }: { account: AccountOfUser }) {
  const { reload, tell } = useSession();
  const path = `/v1/accounts/${accountId}/deletion`;
  const [isOpen, setOpen] = useState(false);
  const [typed, setTyped] = useState('');
  const { answer } = useLoaded(
    useCallback(async () => (await ask<AccountDeletion>('GET', path)).answer, [path, deleteAt]),
  );
  const held = answer?.heldSites ?? [];
  const title = __('Delete the account', 'confab');
  if (deleteAt)
    return (
      <Section title={title}>
        <Notice status="warning" isDismissible={false} spokenMessage={null}>
          {sprintf(
            /* translators: 1: the name of an account, 2: a day */
            __('“%1$s” and everything in it will be deleted on %2$s.', 'confab'),
            name,
            formatDay(deleteAt),
          )}
        </Notice>
        <Held sites={held} />
        <Form
          action={__('Keep the account', 'confab')}
          submit={async () => {
            await ask('DELETE', path);
            await reload();
            tell(__('The account stays.', 'confab'));
          }}
        />
      </Section>
    );
  return (
    <Section
      title={title}
      intro={__(
        'In 14 days everything goes: sites, conversations, leads, knowledge and the team’s access. Until then any owner can keep it. Only billing records stay as long as the law asks for.',
        'confab',
      )}
    >
      <Held sites={held} />
      {!isOpen && (
        <Button variant="secondary" isDestructive __next40pxDefaultSize onClick={() => setOpen(true)}>
          {__('Delete the account…', 'confab')}
        </Button>
      )}
      {isOpen && (
        <WithPassword
          action={__('Delete in 14 days', 'confab')}
          isDestructive
          isDisabled={typed.trim() !== name}
          cancel={() => setOpen(false)}
          submit={async password => {
            await ask('POST', path, { body: { password } });
            await reload();
            tell(__('The account will be deleted in 14 days.', 'confab'));
          }}
        >
          <Field
            name="confirmation"
            label={sprintf(/* translators: %s: the name of an account */ __('Type “%s” to confirm', 'confab'), name)}
            value={typed}
            onChange={setTyped}
            autoComplete="off"
          />
        </WithPassword>
      )}
    </Section>
  );
}

function Held({ sites }: { sites: AccountDeletion['heldSites'] }) {
  if (sites.length === 0) return null;
  return (
    <p>
      {sprintf(
        /* translators: %s: names of sites */
        __('A legal hold keeps data of %s. While there is one, the account is not deleted.', 'confab'),
        sites.map(({ name }) => name).join(', '),
      )}
    </p>
  );
}
