import { randomBytes } from 'node:crypto';
import type { Db } from '../../db/database.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { Actor } from '../../http/request-state.ts';
import { AppError } from '../../lib/app-error.ts';
import type { Keyring } from '../../lib/keyring.ts';
import { sha256 } from '../../lib/sha256.ts';
import type { AccountMail, AccountMails, UndecidedMail } from './mails.ts';
import type { Passwords } from './passwords.ts';
import type { Answered, Asking } from './requests.ts';
import type { Sessions } from './sessions.ts';
import type { SignIn } from './sign-in.ts';
import type { AccountStore } from './store.ts';

const HOUR_MS = 60 * 60 * 1_000;
/** How long a link works. */
const CONFIRM_MS = 24 * HOUR_MS;
const RESET_MS = HOUR_MS;

/** What accounts ask of the teams, which they know nothing of. */
export type Teams = {
  /** The address that this invitation is for; nothing where it is wrong, used or too old. */
  invitedAs: (token: string) => Promise<string | undefined>;
  /** Somebody has signed up without an invitation. */
  welcome: (userId: string) => Promise<void>;
};

export type Proofs = ReturnType<typeof createProofs>;

type SignUp = { name: string; email: string; password: string; locale: string; invitation?: string | undefined };

type Deps = {
  db: Db;
  store: AccountStore;
  keyring: Pick<Keyring, 'encrypt' | 'decrypt'>;
  passwords: Passwords;
  sessions: Sessions;
  signIn: SignIn;
  mails: () => AccountMails;
  teams: Teams;
  signUp: 'open' | 'invited';
  now: () => Date;
};

/**
 * What a link in a mail proves: signing up, a new password, a new address. Whether an address has a user decides only what
 * its mail says; who asks is always told the same, after the same work.
 */
export function createProofs(deps: Deps) {
  const { db, store, keyring, passwords, sessions, signIn, mails, teams, now } = deps;

  return {
    /** Signed in at once where an invitation came to this very address; else there is a mail to wait for. */
    async signUp(asked: Asking, given: SignUp): Promise<Answered<{ state: 'signed_in' } | undefined>> {
      const { name, email, password, locale, invitation } = given;
      const invited = invitation !== undefined && (await teams.invitedAs(invitation)) === email;
      if (deps.signUp === 'invited' && !invited) {
        throw new AppError('not_offered', 'Nobody signs up here without an invitation. Ask whoever runs this relay.');
      }
      await passwords.check(password, { email, name });
      const user = { name, email, locale, passwordHash: await passwords.hash(password) };
      const userId = invited ? await inTransaction(db, tx => store.addUser(tx, user, now())) : undefined;
      if (userId) {
        const { cookies } = await signIn.byProof(asked, userId);
        return { answer: { state: 'signed_in' }, cookies };
      }
      await send({ kind: 'sign_up', to: email, locale, token: newToken(), name, passwordHash: user.passwordHash });
      return { answer: undefined, cookies: [] };
    },

    /** Makes the user that signed up, and signs them in; or gives a user the new address that they asked for. */
    async verify(asked: Asking, token: string): Promise<Answered<{ userId: string }>> {
      return (await verifySignUp(asked, token)) ?? (await verifyEmail(asked, token));
    },

    async requestReset(email: string): Promise<void> {
      await send({ kind: 'reset_request', to: email, locale: '', token: newToken() });
    },

    /** Sets the password, and ends every session. */
    async reset(token: string, password: string): Promise<void> {
      const identifier = nameOf('reset', token);
      const userId = await store.proof(identifier, now());
      const user = userId && (await store.userById(userId));
      if (!user) throw linkInvalid();
      await passwords.check(password, user);
      const hash = await passwords.hash(password);
      await inTransaction(db, async tx => {
        if (!(await store.useProof(tx, identifier, now()))) throw linkInvalid();
        await store.changePassword(tx, user.id, hash, now());
        await store.dropProofs(tx, user.id);
        await sessions.endAll(user.id, { tx });
        await mails().add(tx, { kind: 'password_changed', to: user.email, locale: user.locale ?? 'en' });
      });
      await mails().wake();
    },

    /** Mails a link to the new address, and a word of it to the present one. */
    async requestEmail({ userId, email: present }: Actor, email: string): Promise<void> {
      const user = await store.userById(userId);
      const locale = user?.locale ?? 'en';
      await inTransaction(db, async tx => {
        await mails().add(tx, { kind: 'email_change', to: email, locale, token: newToken(), userId });
        await mails().add(tx, { kind: 'email_change_asked', to: present, locale });
      });
      await mails().wake();
    },

    /** What a mail says that was asked for without a look at who has the address. */
    async decide(mail: UndecidedMail, id: string): Promise<AccountMail | undefined> {
      const { kind, to, locale, token } = mail;
      const at = now();
      const user = await store.userByEmail(to);
      const prove = (purpose: Purpose, value: string, ms: number) =>
        store.addProof(
          db,
          { id, identifier: nameOf(purpose, token), value, expiresAt: new Date(at.getTime() + ms) },
          at,
        );
      if (kind === 'reset_request') {
        if (!user) return undefined;
        await prove('reset', user.id, RESET_MS);
        return { kind: 'reset', to, locale: user.locale ?? 'en', token };
      }
      if (user) return { kind: 'exists', to, locale: user.locale ?? locale };
      if (kind === 'email_change') {
        await prove('email', seal('email', { userId: mail.userId as string, email: to }), CONFIRM_MS);
        return { kind: 'confirm_email', to, locale, token };
      }
      const { name = '', passwordHash = '' } = mail;
      await prove('sign_up', seal('sign_up', { name, email: to, locale, passwordHash }), CONFIRM_MS);
      return { kind: 'verify', to, locale, token };
    },
  };

  async function verifySignUp(asked: Asking, token: string) {
    const identifier = nameOf('sign_up', token);
    const kept = await store.proof(identifier, now());
    if (!kept) return undefined;
    const user = unseal<{ name: string; email: string; locale: string; passwordHash: string }>('sign_up', kept);
    const userId = await inTransaction(db, async tx => {
      const id = (await store.useProof(tx, identifier, now())) ? await store.addUser(tx, user, now()) : undefined;
      if (!id) throw linkInvalid();
      return id;
    });
    await teams.welcome(userId);
    const { cookies } = await signIn.byProof(asked, userId);
    return { answer: { userId }, cookies };
  }

  /** For whoever is signed in as this user alone: the link may have gone to a stranger, by a slip of the pen. */
  async function verifyEmail(asked: Asking, token: string) {
    const identifier = nameOf('email', token);
    const kept = await store.proof(identifier, now());
    if (!kept) throw linkInvalid();
    const { userId, email } = unseal<{ userId: string; email: string }>('email', kept);
    const actor = await sessions.find(asked);
    if (actor?.userId !== userId) {
      throw new AppError('unauthorized', 'Sign in by your present address first, then open the link once more.');
    }
    await inTransaction(db, async tx => {
      const isFree =
        (await store.useProof(tx, identifier, now())) && (await store.changeEmail(tx, userId, email, now()));
      if (!isFree) throw linkInvalid();
      // A link to the old address, such as one for a new password, must not open the account any more.
      await store.dropProofs(tx, userId);
      await sessions.endAll(userId, { not: actor.sessionId, tx });
      const user = await store.userById(userId, tx);
      await mails().add(tx, { kind: 'email_changed', to: actor.email, locale: user?.locale ?? 'en' });
    });
    await mails().wake();
    return { answer: { userId }, cookies: [] };
  }

  async function send(mail: UndecidedMail): Promise<void> {
    await inTransaction(db, tx => mails().add(tx, mail));
    await mails().wake();
  }

  function seal(purpose: Purpose, value: Record<string, string>): string {
    const { keyId, ciphertext } = keyring.encrypt(JSON.stringify(value), contextOf(purpose));
    return `${keyId}:${Buffer.from(ciphertext).toString('base64')}`;
  }

  function unseal<Value>(purpose: Purpose, sealed: string): Value {
    const [keyId = '', text = ''] = sealed.split(':');
    const ciphertext = new Uint8Array(Buffer.from(text, 'base64'));
    return JSON.parse(keyring.decrypt({ keyId, ciphertext }, contextOf(purpose)));
  }
}

type Purpose = 'sign_up' | 'reset' | 'email';

const contextOf = (purpose: Purpose) => `proof:${purpose}`;

/** 256 random bits, kept as a hash only. */
const newToken = () => randomBytes(32).toString('base64url');
const nameOf = (purpose: Purpose, token: string) => `${purpose} ${sha256(token)}`;

const linkInvalid = () =>
  new AppError('link_invalid', 'This link is wrong, was used already, or is too old. Ask for a new one.');
