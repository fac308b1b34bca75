import { v7 as uuidv7 } from 'uuid';
import type { Tx } from '../../db/database.ts';
import type { Outbox } from '../../jobs/outbox.ts';
import { emailKey } from '../../lib/contacts.ts';
import type { Keyring } from '../../lib/keyring.ts';
import type { Details, EmailKind, EmailStore } from './store.ts';

/** Where e-mails wait; see `jobs/outbox.ts`. */
export const EMAIL = 'email';

export type Queue = ReturnType<typeof createQueue>;

type Deps = {
  store: EmailStore;
  keyring: Pick<Keyring, 'encrypt' | 'hashesOf'>;
  outbox: Pick<Outbox, 'add'>;
  now: () => Date;
};

type Letter = {
  siteId: string;
  /** The same for the same cause, where that may come twice. */
  id?: string;
  kind: EmailKind;
  locale: string;
  to: string;
  about?: string[];
  details?: Details;
};

/** Has e-mails sent, each with the transaction of what makes it necessary. */
export function createQueue({ store, keyring, outbox, now }: Deps) {
  return {
    /** The hashes of an address that is in normal form or typed, the one that is written first. */
    hashesOf: (address: string): string[] => keyring.hashesOf(emailKey(address) ?? address),

    /** Sends it once `tx` commits; nothing where it was asked for before. */
    async add(tx: Tx, { siteId, id = uuidv7(), kind, locale, to, about = [], details = {} }: Letter): Promise<void> {
      const sealed = keyring.encrypt(to, contextOf(siteId, id));
      const recipientHash = this.hashesOf(to)[0] as string;
      const email = { siteId, id, kind, locale, about, details, ...sealed, recipientHash, createdAt: now() };
      if (await store.add(tx, email)) await outbox.add(tx, [{ siteId, target: EMAIL, subjectId: id }]);
    },
  };
}

/** A recipient that is moved to another row must not decrypt there. */
export const contextOf = (siteId: string, emailId: string) => `${siteId}:email:${emailId}`;
