import type { AccountOfUser, Me } from '@confab/contract';
import { createContext, useContext } from '@wordpress/element';
import type { Role } from '../client.ts';

export type Session = {
  me: Me;
  /** The account that the screens of an account are about. */
  account: AccountOfUser | undefined;
  /** Takes another account for them. */
  choose: (accountId: string) => void;
  /** Asks again who is signed in and what they may see. */
  reload: () => Promise<void>;
  /** Says something that was done, to be seen and read out. */
  tell: (words: string) => void;
};

const SessionContext = createContext<Session | null>(null);

export const SessionProvider = SessionContext.Provider;

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('Nobody is signed in here.');
  return session;
}

/** The account of the session, where the screen is shown for one only. */
export function useAccount(): AccountOfUser {
  const { account } = useSession();
  if (!account) throw new Error('There is no account here.');
  return account;
}

export const roles: Role[] = ['reader', 'agent', 'manager', 'owner'];
