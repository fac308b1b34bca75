import type { Db } from '../../db/database.ts';
import { emailKey } from '../../lib/contacts.ts';
import type { Keyring } from '../../lib/keyring.ts';
import type { Mailer } from '../../providers/email/email.ts';
import type { Notice } from '../accounts/index.ts';
import type { EmailStore } from './store.ts';
import { wordsFor } from './words/index.ts';

type Deps = {
  db: Db;
  store: Pick<EmailStore, 'isSuppressed'>;
  keyring: Pick<Keyring, 'hashesOf'>;
  mailer: Mailer;
  from: string;
  /** Where the links of a mail lead; its host is what the mail says it comes from. */
  relayOrigin: () => string;
};

/** Sends notices in the form of all our mails; none to an address that has bounced. Throws `EmailFault`. */
export function createNoticeSender({ db, store, keyring, mailer, from, relayOrigin }: Deps) {
  return async ({ id, to, locale, replyTo, subject, ...said }: Notice, signal: AbortSignal): Promise<void> => {
    if (await store.isSuppressed(db, keyring.hashesOf(emailKey(to) ?? to))) return;
    // Much of React, which a relay that sends nothing has no use for.
    const { noticeMail } = await import('./templates/index.ts');
    const { words, lang } = wordsFor(locale);
    const frame = { lang, words, site: new URL(relayOrigin()).host };
    const rendered = await noticeMail(frame, { title: subject, ...said });
    // Nobody's holiday note shall answer a machine (RFC 3834).
    const headers = { 'Auto-Submitted': 'auto-generated', ...(replyTo && { 'Reply-To': replyTo }) };
    await mailer.send({ id, from, to, subject, headers, ...rendered }, signal);
  };
}
