import type { Invitation, Member } from '@confab/contract';
import { Button } from '@wordpress/components';
import { useMemo, useState } from '@wordpress/element';
import { __, sprintf } from '@wordpress/i18n';
import { useClient } from '../../client.ts';
import { formatDay, formatMoment } from '../../format.ts';
import { type Column, PagedList } from '../../paged-list.tsx';
import { Section } from '../../parts.tsx';
import { Field, Form } from '../forms.tsx';
import { go } from '../router.ts';
import { BASE } from '../routes.ts';
import { roles, useAccount, useSession } from '../session.ts';
import { roleMeans, roleName } from '../words.ts';
import { type Grant, GrantFields, grantOf, sitesOf } from './grant.tsx';

/** Who belongs to the account, and what each may do. */
export default function Team() {
  const { role } = useAccount();
  const [version, setVersion] = useState(0);
  const changed = () => setVersion(number => number + 1);
  const isOwner = role === 'owner';
  return (
    <>
      <Members version={version} changed={changed} />
      {isOwner && <Invite changed={changed} />}
      {isOwner && <Invitations version={version} changed={changed} />}
      <Roles />
      <Leave />
    </>
  );
}

function Members({ version, changed }: { version: number; changed: () => void }) {
  const account = useAccount();
  const { me } = useSession();
  const [chosen, setChosen] = useState<Member>();
  const isOwner = account.role === 'owner';
  const columns: Column<Member>[] = useMemo(
    () => [
      {
        id: 'name',
        label: __('Name', 'confab'),
        minWidth: 200,
        show: ({ userId, name, email }) => (
          <span className="confab-lines">
            <strong>
              <bdi>{name}</bdi>
              {userId === me.user.id && ` ${__('(you)', 'confab')}`}
            </strong>
            <bdi>{email}</bdi>
          </span>
        ),
      },
      { id: 'role', label: __('Role', 'confab'), show: ({ role }) => roleName(role) },
      { id: 'sites', label: __('Sites', 'confab'), show: ({ siteIds }) => sitesOf(siteIds, account.sites) },
      {
        id: 'twoFactor',
        label: __('Second factor', 'confab'),
        show: ({ twoFactor }) => (twoFactor ? __('On', 'confab') : __('Off', 'confab')),
      },
      { id: 'since', label: __('Since', 'confab'), show: ({ createdAt }) => formatDay(createdAt) },
      ...(isOwner
        ? [
            {
              id: 'change',
              label: __('Actions', 'confab'),
              show: (member: Member) =>
                member.userId === me.user.id ? (
                  '–'
                ) : (
                  <Button
                    variant="link"
                    aria-label={sprintf(/* translators: %s: a name */ __('Change %s', 'confab'), member.name)}
                    onClick={() => setChosen(member)}
                  >
                    {__('Change', 'confab')}
                  </Button>
                ),
            },
          ]
        : []),
    ],
    [account.sites, isOwner, me.user.id],
  );
  return (
    <>
      <PagedList
        path="/members"
        title={__('Members', 'confab')}
        empty={__('Nobody belongs to this account.', 'confab')}
        columns={columns}
        idOf={({ userId }) => userId}
        version={version}
      />
      {chosen && (
        <ChangeMember
          key={chosen.userId}
          member={chosen}
          close={() => setChosen(undefined)}
          changed={() => {
            setChosen(undefined);
            changed();
          }}
        />
      )}
    </>
  );
}

function ChangeMember({ member, close, changed }: { member: Member; close: () => void; changed: () => void }) {
  const { request } = useClient();
  const { tell, reload } = useSession();
  const [grant, setGrant] = useState<Grant>({ role: member.role, siteIds: member.siteIds });
  const [step, setStep] = useState<'change' | 'remove' | 'transfer'>('change');
  const path = `/members/${member.userId}`;
  const title = sprintf(/* translators: %s: a name */ __('Change %s', 'confab'), member.name);
  const back = (
    <Button variant="tertiary" __next40pxDefaultSize onClick={step === 'change' ? close : () => setStep('change')}>
      {__('Cancel', 'confab')}
    </Button>
  );
  const done = (words: string) => {
    tell(words);
    changed();
  };

  if (step === 'remove')
    return (
      <Section title={title}>
        <p>
          {sprintf(
            /* translators: %s: a name */
            __('%s loses access at once, wherever they are signed in. What they wrote stays.', 'confab'),
            member.name,
          )}
        </p>
        <Form
          isDestructive
          action={__('Remove from the team', 'confab')}
          more={back}
          submit={async () => {
            await request('DELETE', path);
            done(sprintf(/* translators: %s: a name */ __('%s has been removed.', 'confab'), member.name));
          }}
        />
      </Section>
    );
  if (step === 'transfer')
    return (
      <Section title={title}>
        <p>
          {sprintf(
            /* translators: %s: a name */
            __('%s becomes owner of the account, and you become a manager. Only they can undo that.', 'confab'),
            member.name,
          )}
        </p>
        <Form
          isDestructive
          action={__('Hand over the account', 'confab')}
          more={back}
          submit={async () => {
            await request('POST', '/transfer', { body: { userId: member.userId } });
            await reload();
            done(sprintf(/* translators: %s: a name */ __('%s owns the account now.', 'confab'), member.name));
          }}
        />
      </Section>
    );
  return (
    <Section title={title}>
      <Form
        action={__('Save', 'confab')}
        more={back}
        submit={async () => {
          await request('PUT', path, { body: grantOf(grant) });
          done(sprintf(/* translators: %s: a name */ __('What %s may do has been changed.', 'confab'), member.name));
        }}
      >
        <GrantFields grant={grant} setGrant={setGrant} />
      </Form>
      <div className="confab-actions">
        <Button variant="secondary" isDestructive __next40pxDefaultSize onClick={() => setStep('remove')}>
          {__('Remove from the team…', 'confab')}
        </Button>
        <Button variant="secondary" __next40pxDefaultSize onClick={() => setStep('transfer')}>
          {__('Hand over the account…', 'confab')}
        </Button>
      </div>
    </Section>
  );
}

function Invite({ changed }: { changed: () => void }) {
  const { request } = useClient();
  const { tell } = useSession();
  const [email, setEmail] = useState('');
  const [grant, setGrant] = useState<Grant>({ role: 'agent', siteIds: null });
  const invite = async () => {
    const address = email.trim();
    await request('POST', '/invitations', { body: { email: address, ...grantOf(grant) } });
    setEmail('');
    changed();
    tell(sprintf(/* translators: %s: an e-mail address */ __('An invitation is on its way to %s.', 'confab'), address));
  };
  return (
    <Section
      title={__('Invite somebody', 'confab')}
      intro={__('They get a mail with a link that is valid for seven days.', 'confab')}
    >
      <Form submit={invite} action={__('Send the invitation', 'confab')}>
        <Field
          name="email"
          type="email"
          label={__('E-mail address', 'confab')}
          value={email}
          onChange={setEmail}
          autoComplete="off"
          required
        />
        <GrantFields grant={grant} setGrant={setGrant} />
      </Form>
    </Section>
  );
}

function Invitations({ version, changed }: { version: number; changed: () => void }) {
  const account = useAccount();
  const { request } = useClient();
  const { tell } = useSession();
  const columns: Column<Invitation>[] = useMemo(
    () => [
      { id: 'email', label: __('E-mail address', 'confab'), show: ({ email }) => <bdi>{email}</bdi> },
      { id: 'role', label: __('Role', 'confab'), show: ({ role }) => roleName(role) },
      { id: 'sites', label: __('Sites', 'confab'), show: ({ siteIds }) => sitesOf(siteIds, account.sites) },
      { id: 'expires', label: __('Valid until', 'confab'), show: ({ expiresAt }) => formatMoment(expiresAt) },
      {
        id: 'revoke',
        label: __('Actions', 'confab'),
        show: ({ invitationId, email }) => (
          <Revoke
            email={email}
            revoke={async () => {
              await request('DELETE', `/invitations/${invitationId}`);
              changed();
              tell(__('The invitation has been taken back.', 'confab'));
            }}
          />
        ),
      },
    ],
    [account.sites, request, changed, tell],
  );
  return (
    <PagedList
      path="/invitations"
      title={__('Open invitations', 'confab')}
      empty={__('No invitation is waiting for an answer.', 'confab')}
      columns={columns}
      idOf={({ invitationId }) => invitationId}
      version={version}
    />
  );
}

function Revoke({ email, revoke }: { email: string; revoke: () => Promise<void> }) {
  const [hasFailed, setFailed] = useState(false);
  return (
    <span className="confab-lines">
      <Button
        variant="link"
        isDestructive
        aria-label={sprintf(
          /* translators: %s: an e-mail address */ __('Take back the invitation of %s', 'confab'),
          email,
        )}
        onClick={() => {
          setFailed(false);
          revoke().catch(() => setFailed(true));
        }}
      >
        {__('Take back', 'confab')}
      </Button>
      {hasFailed && <span role="alert">{__('That did not work. Please try again.', 'confab')}</span>}
    </span>
  );
}

function Roles() {
  return (
    <Section title={__('What each role may do', 'confab')}>
      <dl className="confab-facts">
        {roles.map(role => (
          <div key={role}>
            <dt>{roleName(role)}</dt>
            <dd>{roleMeans(role)}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}

function Leave() {
  const account = useAccount();
  const { request } = useClient();
  const { reload, tell } = useSession();
  const [isOpen, setOpen] = useState(false);
  const leave = async () => {
    await request('POST', '/leave');
    go(`${BASE}/`);
    await reload();
    tell(sprintf(/* translators: %s: the name of an account */ __('You have left “%s”.', 'confab'), account.name));
  };
  return (
    <Section
      title={__('Leave the account', 'confab')}
      intro={sprintf(
        /* translators: %s: the name of an account */
        __('You lose access to “%s” and all of its sites. Somebody who owns it can invite you again.', 'confab'),
        account.name,
      )}
    >
      {isOpen ? (
        <Form
          submit={leave}
          action={__('Leave for good', 'confab')}
          isDestructive
          more={
            <Button variant="tertiary" __next40pxDefaultSize onClick={() => setOpen(false)}>
              {__('Cancel', 'confab')}
            </Button>
          }
        />
      ) : (
        <Button variant="secondary" isDestructive __next40pxDefaultSize onClick={() => setOpen(true)}>
          {__('Leave…', 'confab')}
        </Button>
      )}
    </Section>
  );
}
