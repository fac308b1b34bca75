import type { Db, Tx } from '../../db/database.ts';
import type { Outbox } from '../../jobs/outbox.ts';
import type { Keyring } from '../../lib/keyring.ts';
import type { MailEvent, Mailer } from '../../providers/email/email.ts';
import type { MailFolder } from '../../providers/email/files.ts';
import type { Conversations } from '../conversations/index.ts';
import type { Leads } from '../leads/index.ts';
import type { Sites } from '../sites/index.ts';
import { createAddresses } from './addresses.ts';
import { createComposer } from './compose.ts';
import { createDelivery } from './deliver.ts';
import { type Linked, linkedBy } from './links.ts';
import { createNotify } from './notify.ts';
import { createQueue, EMAIL } from './queue.ts';
import type { EmailStore } from './store.ts';
import { createTranscripts } from './transcripts.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
/** How long a mail stays as a file. */
const FILE_DAYS = 7;
const COUNT_DAYS = 2;

export type Notifications = ReturnType<typeof createNotifications>;

type Deps = {
  db: Db;
  store: EmailStore;
  keyring: Keyring;
  outbox: Outbox;
  sites: Pick<Sites, 'byId'>;
  leads: Pick<Leads, 'briefOf' | 'list'>;
  conversations: Pick<Conversations, 'find' | 'readById' | 'unanswered'>;
  keepsConversation: (tx: Tx, siteId: string, id: string) => Promise<boolean>;
  mailer: Mailer;
  /** Where the mails are, if they are files. */
  folder: MailFolder | undefined;
  /** Those of these files that are mails of somebody else, and are not to be taken away before their time. */
  keepsFiles: (ids: string[]) => Promise<string[]>;
  from: string;
  offersTranscripts: boolean;
  relayOrigin: () => string;
  now: () => Date;
};

/** E-mails: chats to their visitors, and to owners what happens on their sites. */
export function createNotifications(deps: Deps) {
  const { db, store, keyring, outbox, sites, leads, conversations, folder, now } = deps;
  const queue = createQueue({ store, keyring, outbox, now });
  const addresses = createAddresses({ db, store, queue, now });
  const transcripts = createTranscripts({ ...deps, queue, isOffered: deps.offersTranscripts });
  const notify = createNotify({ db, store, queue, addresses, outbox, sites, leads, conversations, now });
  const compose = createComposer(deps);
  outbox.handle(EMAIL, createDelivery({ ...deps, queue, compose }));
  outbox.on('lead.created', notify.leadLeft);
  outbox.on('lead.changed', notify.leadLeft);

  return {
    requestTranscript: transcripts.request,
    settingsChanged: addresses.settingsChanged,
    statesOf: addresses.statesOf,
    spent: notify.spent,
    tellLate: notify.tellLate,
    makeDigests: notify.makeDigests,

    /** The site and the address that a link of a mail is of; nothing where it is no such link (any more). */
    async linkedBy<For extends Linked['for']>(token: string, use: For) {
      const linked = linkedBy(keyring, token, use, now());
      const site = linked && (await sites.byId(linked.siteId));
      const row = site && (await store.addressById(db, site.id, linked.id));
      return row ? { site, linked } : undefined;
    },

    confirm: addresses.confirm,

    unsubscribe: ({ siteId, id, list }: Extract<Linked, { for: 'unsubscribe' }>) => store.unsubscribe(siteId, id, list),

    /** Nothing goes to these addresses any more, from no site. */
    async suppress(events: MailEvent[]): Promise<void> {
      for (const { reason, addresses: all } of events) {
        await store.suppress(
          all.map(address => queue.hashesOf(address)[0] as string),
          reason,
          now(),
        );
      }
    },

    /** Takes away the files of mails that are a week old, or whose row or matter is gone, and counts of past days. */
    async forget(): Promise<void> {
      const at = now().getTime();
      await store.forgetCounts(new Date(at - COUNT_DAYS * DAY_MS));
      await this.forgetFiles();
    },

    /** The same of files alone: for after an erasure. */
    async forgetFiles(): Promise<void> {
      if (!folder) return;
      const week = new Date(now().getTime() - FILE_DAYS * DAY_MS);
      const files = await folder.list();
      const old = files.filter(({ at }) => at < week).map(({ id }) => id);
      const stale = await store.stale(files.map(({ id }) => id));
      const others = new Set(await deps.keepsFiles(stale));
      await folder.remove([...old, ...stale.filter(id => !others.has(id))]);
      await folder.sweep(week);
    },
  };
}
