import type { SiteResponse } from '@confab/contract';
import { v7 as uuidv7 } from 'uuid';
import type { Db, Tx } from '../../db/database.ts';
import { AppError } from '../../lib/app-error.ts';
import { emailKey } from '../../lib/contacts.ts';
import { addDays, localTimeOf } from '../../lib/local-time.ts';
import type { Site } from '../sites/index.ts';
import { lists } from './links.ts';
import type { Queue } from './queue.ts';
import type { AddressRow, EmailStore } from './store.ts';

/** How long the link of a verification works. */
export const CONFIRM_DAYS = 7;
const DAY_MS = 24 * 60 * 60 * 1_000;
/** So many verifications a day to one address, of all sites: who saves settings in a loop must not fill a mailbox. */
const VERIFICATIONS_A_DAY = 3;
/** So many a day of one site, whatever the addresses: who names strangers must not write to them through us. */
const VERIFICATIONS_OF_SITE = 20;

/** When the digest of a day is due in the site's zone, in minutes of the day. */
export const DIGEST_MINUTE = 8 * 60;

/** Somebody of the site who wants a mail. */
export type Reader = { row: AddressRow; address: string };

export type Addresses = ReturnType<typeof createAddresses>;

type Settings = Site['settings'];
type Deps = { db: Db; store: EmailStore; queue: Queue; now: () => Date };

/** The addresses that a site's settings name for notifications: nothing goes there before their holders have confirmed. */
export function createAddresses({ db, store, queue, now }: Deps) {
  return {
    /**
     * Asks the holders of new addresses to confirm, and tells those of removed ones. Throws 400 for what is no address.
     * In the transaction that keeps the settings.
     */
    async settingsChanged(tx: Tx, site: Site, settings: Settings): Promise<void> {
      const before = site.settings.notifications;
      const after = settings.notifications;
      const wanted = after.addresses.map((address, at) => known(address, at));
      if (new Set(wanted.map(({ hashes }) => hashes[0])).size < wanted.length) {
        throw refusal('notifications.addresses', 'has an address twice, written in two ways');
      }
      const rows = await store.addresses(tx, site.id);
      const { locale } = settings;
      for (const row of rows) {
        if (wanted.some(({ hashes }) => hashes.includes(row.hash))) continue;
        await store.removeAddress(tx, site.id, row.id);
        const to = before.addresses.find(address => queue.hashesOf(address).includes(row.hash));
        if (to && row.confirmedAt) await queue.add(tx, { siteId: site.id, kind: 'security', locale, to });
      }
      for (const { address, hashes } of wanted) {
        const row = rows.find(({ hash }) => hashes.includes(hash));
        if (row && (row.confirmedAt || now().getTime() - row.askedAt.getTime() < CONFIRM_DAYS * DAY_MS)) continue;
        await ask(tx, site.id, { address, hashes, row, locale });
      }
      // What came before the digest was chosen was told by other mails, or not wanted.
      if (!isDaily(before) && isDaily(after)) await store.restartDigests(tx, site.id, lastDigestDate(now(), settings));
    },

    /** How it stands with each address of the settings, for the owner. */
    async statesOf(site: Site): Promise<SiteResponse['notifications']> {
      const rows = await store.addresses(db, site.id);
      const all = site.settings.notifications.addresses.map(email => ({ email, hashes: queue.hashesOf(email) }));
      const suppressed = await store.suppressedOf(all.flatMap(({ hashes }) => hashes));
      return all.map(({ email, hashes }) => {
        const row = rows.find(({ hash }) => hashes.includes(hash));
        const isSuppressed = suppressed.some(({ hash }) => hashes.includes(hash));
        const unsubscribedFrom = lists.filter(list => row?.unsubscribed.includes(list));
        if (isSuppressed) return { email, state: 'suppressed', unsubscribedFrom };
        if (!row?.confirmedAt) return { email, state: 'pending', unsubscribedFrom };
        return { email, state: unsubscribedFrom.length > 0 ? 'unsubscribed' : 'confirmed', unsubscribedFrom };
      });
    },

    /** Who of the site has confirmed an address. What they want no more of is seen to when it would be sent. */
    async readersOf(tx: Tx, site: Site): Promise<Reader[]> {
      const { addresses } = site.settings.notifications;
      if (addresses.length === 0) return [];
      const rows = await store.addresses(tx, site.id);
      return addresses.flatMap(address => {
        const hashes = queue.hashesOf(address);
        const row = rows.find(({ hash }) => hashes.includes(hash));
        return row?.confirmedAt ? [{ row, address }] : [];
      });
    },

    async confirm(site: Site, id: string): Promise<boolean> {
      if (!(await store.addressById(db, site.id, id))) return false;
      const at = now();
      await store.confirm(site.id, id, { confirmedAt: at, digestDate: lastDigestDate(at, site.settings) });
      return true;
    },
  };

  function known(address: string, at: number) {
    if (emailKey(address) !== undefined) return { address, hashes: queue.hashesOf(address) };
    throw refusal(`notifications.addresses.${at}`, 'is not an e-mail address such as name@example.com');
  }

  type Asked = { address: string; hashes: string[]; row: AddressRow | undefined; locale: string };

  async function ask(tx: Tx, siteId: string, { address, hashes, row, locale }: Asked): Promise<void> {
    const id = row?.id ?? uuidv7();
    const askedAt = now();
    const hash = hashes[0] as string;
    const counted = { kind: 'verification', day: askedAt.toISOString().slice(0, 10) } as const;
    // A hash of the site too: a count is of no site, so the erasure of one would leave its id.
    const ofSite = queue.hashesOf(siteId)[0] as string;
    // Who is not asked today is not noted as asked: the settings that are next saved ask.
    if (!(await store.count(tx, { ...counted, hash: ofSite, most: VERIFICATIONS_OF_SITE }))) return;
    if (!(await store.count(tx, { ...counted, hash, most: VERIFICATIONS_A_DAY }))) return;
    if (row) await store.asked(tx, siteId, id, askedAt);
    else await store.addAddress(tx, { siteId, hash, id, askedAt });
    const details = { addressId: id };
    await queue.add(tx, { siteId, kind: 'verification', locale, to: address, details });
  }
}

const refusal = (path: string, message: string) =>
  new AppError('validation_failed', `"${path}" ${message}.`, { errors: [{ path, message }] });

export const isDaily = ({ leads, callbacks }: Settings['notifications']): boolean =>
  leads === 'daily' || callbacks === 'daily';

/** The last date whose digest is due by now, as the site's own clocks have it. */
export function lastDigestDate(at: Date, { timezone }: Settings): string {
  const { date, minute } = localTimeOf(at, timezone);
  return minute >= DIGEST_MINUTE ? date : addDays(date, -1);
}
