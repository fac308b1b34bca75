import { v7 as uuidv7 } from 'uuid';
import type { Tx } from '../../db/database.ts';
import { type Jobs, NotYet } from '../../jobs/jobs.ts';
import type { Keyring } from '../../lib/keyring.ts';
import type { Log } from '../../lib/log.ts';
import { EmailFault } from '../../providers/email/email.ts';
import type { AccountStore } from './store.ts';
import { type AccountWords, wordsFor } from './words/index.ts';

const MAIL = 'accounts.mail';
/** With the pauses of the job queue, which grow to an hour, these are three days. */
const RETRIES = 80;
const NAME_MAX = 80;

/** What one mail says; who sends it gives it its form. */
export type Notice = {
  id: string;
  to: string;
  locale: string;
  replyTo?: string | undefined;
  subject: string;
  lines: string[];
  items?: [name: string, value: string][];
  action?: { url: string; label: string };
};

/** Sends it, once for its id. Throws `EmailFault`. */
export type SendNotice = (notice: Notice, signal: AbortSignal) => Promise<void>;

type Addressed = { to: string; locale: string };

/** What a mail is about, without whom it goes to. Its words stand in `words/`. */
export type AccountNews =
  | { kind: 'verify'; token: string }
  | { kind: 'exists' }
  | { kind: 'reset'; token: string }
  | { kind: 'confirm_email'; token: string }
  | { kind: 'email_change_asked' | 'email_changed' | 'password_changed' }
  | { kind: 'two_factor_on' | 'two_factor_off' | 'recovery_code_used' | 'recovery_codes_new' }
  | { kind: 'passkey_added' | 'passkey_removed' }
  | { kind: 'new_device'; at: string; ipAddress: string | null; userAgent: string | null }
  | { kind: 'support'; subject: string; message: string; context: [string, string][]; replyTo: string }
  /** `accountName` is null where they are invited to make an account of their own. */
  | { kind: 'invitation'; accountName: string | null; inviter: string | null; token: string }
  | { kind: 'deletion_planned'; accountName: string; deleteAt: string }
  | { kind: 'deletion_stopped' | 'account_deleted' | 'export_ready'; accountName: string }
  | BillingNews;

/** What an owner should know of the account's plan before it bites. The link leads to the billing of this account. */
export type BillingNews = { accountId: string; accountName: string } & (
  | { kind: 'limit_near' | 'limit_reached'; limit: 'conversations'; used: number; most: number; resetsAt: string }
  | { kind: 'payment_failed'; until: string }
  | { kind: 'trial_ends' | 'plan_ends'; at: string }
);

/** A mail to a user, or to somebody who may become one. */
export type AccountMail = Addressed & AccountNews;

/** A mail of which it is decided when it is sent what it says: whether an address has a user shall not be seen before. */
export type UndecidedMail = Addressed & { kind: 'sign_up' | 'reset_request' | 'email_change'; token: string } & Record<
    string,
    string
  >;

type Decide = (mail: UndecidedMail, id: string) => Promise<AccountMail | undefined>;

export type AccountMails = ReturnType<typeof createAccountMails>;

type Deps = {
  store: AccountStore;
  keyring: Pick<Keyring, 'encrypt' | 'decrypt'>;
  jobs: Jobs;
  send: SendNotice;
  relayOrigin: () => string;
  decide: Decide;
  log: Log;
  now: () => Date;
};

/** Mails to users: each is made with what makes it necessary, and tried for three days. */
export function createAccountMails({ store, keyring, jobs, send, relayOrigin, decide, log, now }: Deps) {
  return {
    /** Sends it once `tx` commits; `wake` then has it sent at once. */
    async add(tx: Tx, mail: AccountMail | UndecidedMail): Promise<void> {
      const id = uuidv7();
      const sealed = keyring.encrypt(JSON.stringify(mail), contextOf(id));
      await store.addMail(tx, { id, kind: mail.kind, ...sealed, createdAt: now() });
      await jobs.enqueue(MAIL, { id }, { key: id, tx });
    },

    /** Has what was added sent now and not within seconds. */
    wake: (): Promise<void> => jobs.wake(MAIL),

    /** Those of the ids that are of mails of ours. */
    among: (ids: string[]): Promise<string[]> => store.mailsAmong(ids),

    handleJobs(): void {
      jobs.handle(MAIL, ({ id = '' }, signal, { isLast }) => deliver(id, signal, isLast), {
        retries: RETRIES,
        atOnce: 2,
      });
    },
  };

  async function deliver(id: string, signal: AbortSignal, isLast: boolean): Promise<void> {
    const row = await store.mail(id);
    if (!row?.keyId || !row.ciphertext) return;
    const kept = JSON.parse(keyring.decrypt({ keyId: row.keyId, ciphertext: row.ciphertext }, contextOf(id)));
    const mail = isUndecided(kept) ? await decide(kept, id) : (kept as AccountMail);
    if (mail) {
      try {
        await send({ id, ...noticeOf(mail, relayOrigin()) }, signal);
      } catch (error) {
        if (!(error instanceof EmailFault)) throw error;
        if (error.fault !== 'invalid' && !isLast) throw new NotYet(error.message);
        log.warn({ err: error }, 'a mail to a user was given up');
      }
    }
    await store.emptyMail(id);
  }
}

const isUndecided = (mail: { kind: string }): mail is UndecidedMail =>
  mail.kind === 'sign_up' || mail.kind === 'reset_request' || mail.kind === 'email_change';

/** A mail that is moved to another row must not decrypt there. */
const contextOf = (id: string) => `account-mail:${id}`;

/** The mail as it is sent. */
export function noticeOf(mail: AccountMail, relayOrigin: string): Omit<Notice, 'id'> {
  const words = wordsFor(mail.locale);
  const { to, locale } = mail;
  const page = (path: string) => `${relayOrigin}/console/${path}`;
  const notice = (said: Said, more: Partial<Notice> = {}) => {
    const { subject, lines, label } = said;
    return {
      to,
      locale,
      subject: oneLine(subject, 150),
      lines,
      ...(label && { action: { url: page('account'), label } }),
      ...more,
    };
  };
  const linked = (said: Said, path: string) =>
    notice(said, { action: { url: page(path), label: said.label ?? said.subject } });
  const dayOf = (moment: string) =>
    new Intl.DateTimeFormat(words.lang, { dateStyle: 'long', timeZone: 'UTC' }).format(new Date(moment));
  const number = (value: number) => new Intl.NumberFormat(words.lang).format(value);
  const toBilling = (said: Said, { accountId }: BillingNews) => linked(said, `account/billing?account=${accountId}`);

  switch (mail.kind) {
    case 'verify':
    case 'confirm_email':
      return linked(words[mail.kind], `verify?token=${mail.token}`);
    case 'reset':
      return linked(words.reset, `reset/new?token=${mail.token}`);
    case 'exists':
      return linked(words.exists, 'sign-in');
    case 'invitation': {
      const { accountName, inviter, token } = mail;
      return linked(
        words.invitation(accountName && harmless(accountName), inviter && harmless(inviter)),
        `invitation?token=${token}`,
      );
    }
    case 'new_device': {
      const { at, ipAddress, userAgent } = mail;
      const when = new Intl.DateTimeFormat(words.lang, { dateStyle: 'long', timeStyle: 'long', timeZone: 'UTC' });
      const items: [string, string][] = [
        [words.when, when.format(new Date(at))],
        [words.address, ipAddress ?? '–'],
        [words.browser, oneLine(userAgent ?? '–', 200)],
      ];
      return notice(words.new_device, { items });
    }
    case 'support': {
      const items: [string, string][] = [...mail.context, ['Message', mail.message]];
      return notice({ subject: `Support: ${oneLine(mail.subject)}`, lines: [] }, { items, replyTo: mail.replyTo });
    }
    case 'deletion_planned':
      return notice(words.deletion_planned(harmless(mail.accountName), dayOf(mail.deleteAt)));
    case 'deletion_stopped':
    case 'account_deleted':
    case 'export_ready':
      return notice(words[mail.kind](harmless(mail.accountName)));
    case 'limit_near':
    case 'limit_reached': {
      const { accountName, used, most, resetsAt } = mail;
      return toBilling(words[mail.kind](harmless(accountName), number(used), number(most), dayOf(resetsAt)), mail);
    }
    case 'payment_failed':
      return toBilling(words.payment_failed(harmless(mail.accountName), dayOf(mail.until)), mail);
    case 'trial_ends':
    case 'plan_ends':
      return toBilling(words[mail.kind](harmless(mail.accountName), dayOf(mail.at)), mail);
    default:
      return notice(words[mail.kind]);
  }
}

type Said = AccountWords['verify'];

/** A name that somebody else chose: nothing in it becomes a link in a mail program. */
const harmless = (name: string): string => oneLine(name.replace(/[:/\\@]|\.(?=\S)/g, ' '), NAME_MAX);

/** For a header, and for what somebody else wrote: no control characters, none that nobody sees, and not too long. */
const oneLine = (text: string, max = 150): string =>
  [...text.replace(/[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim()].slice(0, max).join('');
