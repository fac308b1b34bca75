import { ClientProvider } from '../../client.ts';
import { useSession } from '../session.ts';
import { clientAt } from '../site-client.ts';
import { AccountOfOwner } from './account-of-owner.tsx';
import { EmailAddress, Password, Profile } from './profile.tsx';
import { Passkeys, SecondFactor } from './second-factor.tsx';
import { Sessions, SignIns } from './sessions.tsx';
import { OwnData, Support } from './support.tsx';

/** What somebody decides about themselves, and as an owner about the account. */
export default function Account() {
  const { account } = useSession();
  return (
    <>
      <Profile />
      <EmailAddress />
      <Password />
      <SecondFactor />
      <Passkeys />
      <Sessions />
      <ClientProvider value={clientAt('/v1/me', 'owner')}>
        <SignIns />
      </ClientProvider>
      <OwnData />
      <Support />
      {account?.role === 'owner' && <AccountOfOwner key={account.accountId} account={account} />}
    </>
  );
}
