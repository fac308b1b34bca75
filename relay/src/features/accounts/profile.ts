import type { Me, SignInPage } from '@confab/contract';
import type { Db } from '../../db/database.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { RateLimit } from '../../http/rate-limit.ts';
import type { Actor } from '../../http/request-state.ts';
import { AppError } from '../../lib/app-error.ts';
import { pageOf, placeOf } from '../../lib/cursor.ts';
import { APIError, type Auth } from './auth.ts';
import type { AccountMail, AccountMails } from './mails.ts';
import type { Passwords } from './passwords.ts';
import { type Answered, type Asking, headersOf } from './requests.ts';
import type { Sessions } from './sessions.ts';
import type { AccountStore } from './store.ts';

const NO_PASSKEY = 'There is no such passkey.';
/** More are no choice that anybody makes. */
const PASSKEYS_MAX = 20;

export type AccountsOf = (userId: string) => Promise<Me['accounts']>;
export type Profile = ReturnType<typeof createProfile>;

type Deps = {
  db: Db;
  auth: () => Auth;
  store: AccountStore;
  passwords: Passwords;
  sessions: Sessions;
  mails: () => AccountMails;
  accountsOf: AccountsOf;
  rateLimit: RateLimit;
  supportEmail: string | undefined;
  version: string;
  now: () => Date;
};

/** What users read and change of themselves. */
export function createProfile(deps: Deps) {
  const { db, auth, store, passwords, sessions, mails, accountsOf, rateLimit, supportEmail, version, now } = deps;

  return {
    async me(userId: string): Promise<Me> {
      const user = await userBy(userId);
      const { id, name, email, locale, twoFactorEnabled } = user;
      return {
        user: { id, name, email, locale: locale ?? 'en', twoFactor: twoFactorEnabled === true },
        accounts: await accountsOf(userId),
      };
    },

    async change({ userId }: Actor, profile: { name: string; locale: string }): Promise<Me> {
      await store.changeUser(db, userId, profile, now());
      return this.me(userId);
    },

    /** Throws `confirmation_required` unless it is the user's password: for what a session alone shall not be enough for. */
    async confirmPassword(userId: string, password: string): Promise<void> {
      await rateLimit('signInsPerEmail', `confirm ${userId}`);
      const hash = await store.passwordHash(userId);
      if (!hash || !(await passwords.verify({ hash, password }))) {
        throw new AppError('confirmation_required', 'This is not your password. Type the one that you sign in by.', {
          errors: [{ path: 'password', message: 'is not your password' }],
        });
      }
    },

    /** The session goes on under another name, and all others end. */
    async changePassword(asked: Asking, actor: Actor, given: { current: string; password: string }): Promise<string[]> {
      await this.confirmPassword(actor.userId, given.current);
      await passwords.check(given.password, actor);
      const { headers } = await auth().api.changePassword({
        body: { currentPassword: given.current, newPassword: given.password, revokeOtherSessions: true },
        headers: headersOf(asked),
        returnHeaders: true,
      });
      await inTransaction(db, tx => store.dropProofs(tx, actor.userId));
      await sessions.ended(actor.userId);
      await tell(actor, 'password_changed');
      return headers.getSetCookie();
    },

    async signIns(
      { userId }: Actor,
      { cursor, limit }: { cursor?: string | undefined; limit: number },
    ): Promise<SignInPage> {
      const rows = await store.signIns(userId, placeOf(cursor), limit + 1);
      const { page, nextCursor } = pageOf(rows, limit, ({ createdAt }) => createdAt);
      const items = page.map(({ id, outcome, method, ipAddress, userAgent, createdAt }) => ({
        id,
        at: createdAt.toISOString(),
        outcome: outcome as SignInPage['items'][number]['outcome'],
        method: method as SignInPage['items'][number]['method'],
        ipAddress,
        userAgent,
      }));
      return { items, nextCursor };
    },

    /** The secret of an app that is on once a code of it has come. */
    async startTotp(asked: Asking, actor: Actor, password: string): Promise<{ uri: string; secret: string }> {
      await this.confirmPassword(actor.userId, password);
      if (await store.hasSecondFactor(actor.userId)) throw totpIsOn();
      const made = await auth().api.enableTwoFactor({ body: { password, method: 'totp' }, headers: headersOf(asked) });
      const uri = 'totpURI' in made ? made.totpURI : '';
      return { uri, secret: new URL(uri).searchParams.get('secret') ?? '' };
    },

    async confirmTotp(asked: Asking, actor: Actor, code: string): Promise<Answered<{ recoveryCodes: string[] }>> {
      if (await store.hasSecondFactor(actor.userId)) throw totpIsOn();
      const { headers } = await auth()
        .api.verifyTOTP({ body: { code: code.replace(/\s/g, '') }, headers: headersOf(asked), returnHeaders: true })
        .catch(error => {
          if (!(error instanceof APIError)) throw error;
          throw new AppError('second_factor_refused', 'This code is wrong or too old. Take the next one of the app.');
        });
      const { backupCodes } = await auth().api.viewBackupCodes({ body: { userId: actor.userId } });
      await sessions.ended(actor.userId, actor.sessionId);
      await tell(actor, 'two_factor_on');
      return { answer: { recoveryCodes: backupCodes }, cookies: headers.getSetCookie() };
    },

    async endTotp(asked: Asking, actor: Actor, password: string): Promise<string[]> {
      await this.confirmPassword(actor.userId, password);
      const { headers } = await auth().api.disableTwoFactor({
        body: { password },
        headers: headersOf(asked),
        returnHeaders: true,
      });
      await sessions.ended(actor.userId, actor.sessionId);
      await tell(actor, 'two_factor_off');
      return headers.getSetCookie();
    },

    /** Others, in place of those that there were. */
    async newRecoveryCodes(asked: Asking, actor: Actor, password: string): Promise<{ recoveryCodes: string[] }> {
      await this.confirmPassword(actor.userId, password);
      if (!(await store.hasSecondFactor(actor.userId))) {
        throw new AppError('validation_failed', 'Codes are off. Set up an app first.');
      }
      const { backupCodes } = await auth().api.generateBackupCodes({ body: { password }, headers: headersOf(asked) });
      await tell(actor, 'recovery_codes_new');
      return { recoveryCodes: backupCodes };
    },

    async passkeys({ userId }: Actor) {
      const rows = await store.passkeys(userId);
      return {
        items: rows.map(({ id, name, createdAt }) => ({
          id,
          name: name ?? '',
          createdAt: (createdAt ?? new Date(0)).toISOString(),
        })),
      };
    },

    async passkeyOptions(asked: Asking, actor: Actor, password: string): Promise<Answered<{ challenge: string }>> {
      await this.confirmPassword(actor.userId, password);
      if ((await store.passkeys(actor.userId)).length >= PASSKEYS_MAX) {
        throw new AppError('validation_failed', `There are ${PASSKEYS_MAX} passkeys already. Remove one first.`);
      }
      const { response, headers } = await auth().api.generatePasskeyRegistrationOptions({
        headers: headersOf(asked),
        query: {},
        returnHeaders: true,
      });
      return { answer: response, cookies: headers.getSetCookie() };
    },

    async addPasskey(asked: Asking, actor: Actor, given: { name: string; response: object }) {
      const { response, headers } = await auth()
        .api.verifyPasskeyRegistration({ body: given, headers: headersOf(asked), returnHeaders: true })
        .catch(error => {
          if (!(error instanceof APIError)) throw error;
          throw new AppError(
            'validation_failed',
            'This passkey was not taken: it came too late, or is there already.',
            {
              errors: [{ path: 'response', message: 'is no answer to what was asked' }],
            },
          );
        });
      await tell(actor, 'passkey_added');
      const { id, name } = response as { id: string; name?: string };
      return {
        answer: { id, name: name ?? '', createdAt: now().toISOString() },
        cookies: headers.getSetCookie(),
      };
    },

    async removePasskey(actor: Actor, id: string): Promise<void> {
      if (!(await store.removePasskey(actor.userId, id))) throw new AppError('not_found', NO_PASSKEY);
      await tell(actor, 'passkey_removed');
    },

    /** Mails it to whoever runs this relay, with what they need to know to help, and nothing of visitors. */
    async support(actor: Actor, given: { subject: string; message: string; page?: string | undefined }): Promise<void> {
      if (!supportEmail) {
        throw new AppError('not_offered', 'Nobody is named for support here. Ask whoever runs this relay.');
      }
      const { user, accounts } = await this.me(actor.userId);
      const context: [string, string][] = [
        ['From', `${user.name} <${user.email}>`],
        ['User', user.id],
        ...accounts.map(({ accountId, name, role }): [string, string] => [
          'Account',
          `${name} (${accountId}), ${role}`,
        ]),
        ...accounts.flatMap(({ sites }) =>
          sites.map(({ siteId, name, platform }): [string, string] => [
            'Site',
            `${name} (${siteId}), ${platform ?? '–'}`,
          ]),
        ),
        ['Page', given.page ?? '–'],
        ['Confab', version],
      ];
      const { subject, message } = given;
      await send({ kind: 'support', to: supportEmail, locale: 'en', subject, message, context, replyTo: user.email });
    },

    /** Everything that is kept about the user, but what proves that it is them. */
    async export({ userId }: Actor) {
      const { createdAt, updatedAt, ...user } = await userBy(userId);
      const [allSessions, signIns, passkeys] = await Promise.all([
        store.sessions(userId),
        store.signIns(userId, undefined, 100_000),
        store.passkeys(userId),
      ]);
      return {
        format: 'confab-user' as const,
        exportedAt: now().toISOString(),
        user: { ...user, createdAt, updatedAt },
        sessions: allSessions.map(({ token: _, userId: __, ...row }) => row),
        signIns: signIns.map(({ device: _, userId: __, ...row }) => row),
        passkeys: passkeys.map(({ id, name, deviceType, backedUp, createdAt: at }) => ({
          id,
          name,
          deviceType,
          backedUp,
          createdAt: at,
        })),
        accounts: await accountsOf(userId),
      };
    },
  };

  async function userBy(userId: string) {
    const user = await store.userById(userId);
    if (!user) throw new AppError('unauthorized', 'Sign in: this user is no longer there.');
    return user;
  }

  async function tell({ userId, email }: Actor, kind: Notified): Promise<void> {
    const { locale } = await userBy(userId);
    await send({ kind, to: email, locale: locale ?? 'en' });
  }

  async function send(mail: AccountMail): Promise<void> {
    await inTransaction(db, tx => mails().add(tx, mail));
    await mails().wake();
  }
}

type Notified =
  | 'password_changed'
  | 'two_factor_on'
  | 'two_factor_off'
  | 'recovery_codes_new'
  | 'passkey_added'
  | 'passkey_removed';

const totpIsOn = () => new AppError('validation_failed', 'Codes are on already. Switch them off first.');
