import type { Db } from '../../db/database.ts';
import type { Attempt, Outcome } from '../../jobs/outbox.ts';
import type { Keyring } from '../../lib/keyring.ts';
import { redact } from '../../lib/redact.ts';
import { EmailFault, type Mailer } from '../../providers/email/email.ts';
import type { MailFolder } from '../../providers/email/files.ts';
import type { Site, Sites } from '../sites/index.ts';
import { type Composed, listOf } from './compose.ts';
import { contextOf, type Queue } from './queue.ts';
import type { EmailRow, EmailStore } from './store.ts';

type Deps = {
  db: Db;
  store: EmailStore;
  sites: Pick<Sites, 'byId'>;
  queue: Queue;
  keyring: Pick<Keyring, 'decrypt'>;
  compose: (site: Site, email: EmailRow) => Promise<Composed | undefined>;
  mailer: Mailer;
  folder: MailFolder | undefined;
  from: string;
  now: () => Date;
};

/** Sends what waits. The provider knows a second try by the mail's id; the recipient is forgotten once it is sent. */
export function createDelivery({ db, store, queue, sites, keyring, compose, mailer, folder, from, now }: Deps) {
  return async function deliver({ siteId, subjectId: id }: Attempt, signal: AbortSignal): Promise<Outcome> {
    const email = await store.find(siteId, id);
    const site = await sites.byId(siteId);
    if (!site || !email?.keyId || !email.ciphertext) return { is: 'gone' };
    const to = keyring.decrypt({ keyId: email.keyId, ciphertext: email.ciphertext }, contextOf(siteId, id));
    const composed = (await isWanted(email, to)) ? await compose(site, email) : undefined;
    if (!composed) {
      await store.dropped(siteId, id);
      return { is: 'gone' };
    }
    const { about, ...content } = composed;
    try {
      const { providerId } = await mailer.send({ id, from, to, ...content }, signal);
      // Erased while it was on its way: what we can take back, we do.
      if (!(await store.sent(siteId, id, { sentAt: now(), providerId, about }))) await folder?.remove([id]);
      return { is: 'done' };
    } catch (error) {
      if (!(error instanceof EmailFault)) throw error;
      return outcomeOf(error);
    }
  };

  /** Whether nothing has come in between: a bounce, an unsubscription, another address in the settings. */
  async function isWanted({ siteId, kind, details }: EmailRow, to: string): Promise<boolean> {
    if (await store.isSuppressed(db, queue.hashesOf(to))) return false;
    if (details.addressId === undefined) return true;
    const row = await store.addressById(db, siteId, details.addressId);
    const list = listOf[kind];
    if (!row) return false;
    return list === undefined ? row.confirmedAt === null : !row.unsubscribed.includes(list);
  }
}

/** Only what is wrong with this very mail is not tried again: a key or a domain, the operator puts right. */
function outcomeOf({ fault, words, retryAfterS }: EmailFault): Outcome {
  const said = words === undefined ? {} : { words: redact(words) };
  if (fault === 'invalid') return { is: 'refused', fault, ...said };
  return { is: 'later', fault, ...said, retryAfterS };
}
