import type { Db, Tx } from '../../db/database.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { RateLimit } from '../../http/rate-limit.ts';
import type { Jobs } from '../../jobs/jobs.ts';
import type { Keyring } from '../../lib/keyring.ts';
import type { Log } from '../../lib/log.ts';
import { type Auth, createAuth } from './auth.ts';
import { createAccountMails, type SendNotice } from './mails.ts';
import { createPasswords } from './passwords.ts';
import { type AccountsOf, createProfile } from './profile.ts';
import { createProofs, type Teams } from './proofs.ts';
import type { Asking } from './requests.ts';
import { ABSOLUTE_MS, createSessions, IDLE_MS, type Tell } from './sessions.ts';
import { createSignIn } from './sign-in.ts';
import { accountStore } from './store.ts';

const PURGE = 'accounts.purge';
const DAY_MS = 24 * 60 * 60 * 1_000;
/** Who signed in from where is kept for the user's own security, and no longer. */
const SIGN_IN_DAYS = 365;
/** As long as its file, where mails are files. */
const MAIL_DAYS = 7;

export type Accounts = ReturnType<typeof createAccounts>;

type Deps = {
  db: Db;
  keyring: Pick<Keyring, 'encrypt' | 'decrypt' | 'signInSecrets'>;
  jobs: Jobs;
  rateLimit: RateLimit;
  /** Where browsers reach the relay; known at the latest when the first request comes. */
  relayOrigin: () => string;
  send: SendNotice;
  tell: Tell;
  teams: Teams & { accountsOf: AccountsOf };
  signUp: 'open' | 'invited';
  pwnedPasswordsUrl: string | undefined;
  supportEmail: string | undefined;
  fetch: typeof globalThis.fetch;
  version: string;
  log: Log;
  now: () => Date;
};

/** Users: how they sign up and in, their sessions, what guards them, and the mails that they are sent. */
export function createAccounts(deps: Deps) {
  const { db, keyring, jobs, relayOrigin, teams, log, now } = deps;
  const store = accountStore(db);
  const passwords = createPasswords({ pwnedUrl: deps.pwnedPasswordsUrl, fetch: deps.fetch });
  let made: Auth | undefined;
  const auth = () => {
    made ??= createAuth({ db, keyring, passwords, origin: relayOrigin(), now });
    return made;
  };
  const sessions = createSessions({ auth, store, tell: deps.tell, now });
  const mailNow = async (mail: Parameters<typeof mails.add>[1]) => {
    await inTransaction(db, tx => mails.add(tx, mail));
    await mails.wake();
  };
  const signIn = createSignIn({ auth, store, sessions, mail: mailNow, relayOrigin, log, now });
  const proofs = createProofs({ ...deps, store, passwords, sessions, signIn, mails: () => mails });
  const mails = createAccountMails({
    store,
    keyring,
    jobs,
    send: deps.send,
    relayOrigin,
    decide: proofs.decide,
    log,
    now,
  });
  const profile = createProfile({
    ...deps,
    auth,
    store,
    passwords,
    sessions,
    mails: () => mails,
    accountsOf: teams.accountsOf,
  });

  return {
    sessions,
    signIn,
    proofs,
    profile,
    mails,
    /** Who asks; throws 401 where nobody is signed in, or not any more. */
    actorOf: (asked: Asking, how?: { quiet: boolean }) => sessions.actorOf(asked, how),
    confirmPassword: profile.confirmPassword.bind(profile),

    /** Ends every session of the user, and takes away whatever is kept of them. */
    async deleteUser(tx: Tx, userId: string): Promise<void> {
      await sessions.endAll(userId, { tx });
      await store.dropProofs(tx, userId);
      await tx.user.deleteMany({ where: { id: userId } });
    },

    /** Takes away sessions and links that have ended, sign-ins of more than a year, and mails of more than a week. */
    async purge(): Promise<void> {
      const at = now();
      const before = (ms: number) => new Date(at.getTime() - ms);
      await store.purge(at, {
        session: before(ABSOLUTE_MS),
        seen: before(IDLE_MS),
        signIn: before(SIGN_IN_DAYS * DAY_MS),
        mail: before(MAIL_DAYS * DAY_MS),
      });
    },

    handleJobs(): void {
      mails.handleJobs();
      jobs.handle(PURGE, () => this.purge(), { alone: true });
      jobs.schedule(PURGE, '23 2 * * *');
    },
  };
}
