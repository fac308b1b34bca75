import type { LeadItem } from '@confab/contract';
import { v5 as uuidv5 } from 'uuid';
import type { Db, Tx } from '../../db/database.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { Outbox, OwnEvent } from '../../jobs/outbox.ts';
import { addDays, momentOf } from '../../lib/local-time.ts';
import type { Conversations } from '../conversations/index.ts';
import type { Leads } from '../leads/index.ts';
import type { Site, Sites } from '../sites/index.ts';
import { type Addresses, DIGEST_MINUTE, isDaily, lastDigestDate, type Reader } from './addresses.ts';
import { EMAIL, type Queue } from './queue.ts';
import type { Details, EmailStore } from './store.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
/** After a time without a relay the digest looks back so far. */
const DIGEST_DAYS = 3;
/** So many of each are listed; the others are counted. */
const LISTED_LEADS = 20;
const LISTED_QUESTIONS = 10;
const PAGE = 200;
const PAGES = 5;
const SITES = 100;

type Deps = {
  db: Db;
  store: EmailStore;
  queue: Queue;
  addresses: Addresses;
  outbox: Pick<Outbox, 'takeOverdue' | 'wake'>;
  sites: Pick<Sites, 'byId'>;
  leads: Pick<Leads, 'briefOf' | 'list'>;
  conversations: Pick<Conversations, 'unanswered'>;
  now: () => Date;
};

/** What an owner is told of by e-mail. Each cause makes one mail to each address, however often it is heard of. */
export function createNotify({ db, store, queue, addresses, outbox, sites, leads, conversations, now }: Deps) {
  return {
    /** A visitor left contact details, or who did asks for a call now: at once, where the owner wants it so. */
    async leadLeft({ siteId, subjectId: leadId }: Pick<OwnEvent, 'siteId' | 'subjectId'>): Promise<void> {
      const [site, lead] = [await sites.byId(siteId), await leads.briefOf(siteId, leadId)];
      if (!site || !lead || lead.restricted) return;
      const { notifications, locale } = site.settings;
      if (notifications[lead.kind === 'callback' ? 'callbacks' : 'leads'] !== 'at_once') return;
      await inTransaction(db, async tx => {
        for (const { row, address } of await addresses.readersOf(tx, site)) {
          const id = uuidv5(`${lead.kind} ${leadId}`, row.id);
          const details = { addressId: row.id };
          await queue.add(tx, { siteId, id, kind: lead.kind, locale, to: address, about: [leadId], details });
        }
      });
      outbox.wake();
    },

    /** A limit of cost is near or reached; in the transaction that remembers it. */
    async spent(tx: Tx, site: Site, spent: { period: 'day' | 'month'; name: string; percent: number }): Promise<void> {
      const { period, name, percent } = spent;
      await alert(tx, site, 'spend', `${name} ${percent}`, { spent: { period, percent } });
    },

    /** What has waited for a day or was refused: each delivery is told of once. */
    async tellLate(): Promise<void> {
      const at = now();
      // Read before, as the embedded database does one thing at a time.
      const known = new Map<string, Site>();
      for await (const site of sitesWithReaders()) known.set(site.id, site);
      await inTransaction(db, async tx => {
        const late = await outbox.takeOverdue(tx, new Date(at.getTime() - DAY_MS), at);
        for (const [siteId, all] of Map.groupBy(late, each => each.siteId)) {
          const site = known.get(siteId);
          const told = all.filter(({ target }) => target !== EMAIL).map(({ target, count }) => ({ target, count }));
          if (site && told.length > 0) await alert(tx, site, 'late', at.toISOString(), { late: told });
        }
      });
      outbox.wake();
    },

    /** The digest of each address whose site's clocks have come to eight; once a day, in whatever process. */
    async makeDigests(signal: AbortSignal): Promise<void> {
      for await (const site of sitesWithReaders()) {
        signal.throwIfAborted();
        if (!isDaily(site.settings.notifications)) continue;
        const date = lastDigestDate(now(), site.settings);
        for (const reader of await addresses.readersOf(db, site)) await makeDigest(site, reader, date);
      }
      outbox.wake();
    },
  };

  async function alert(tx: Tx, site: Site, kind: 'late' | 'spend', cause: string, details: Details): Promise<void> {
    const { notifications, locale } = site.settings;
    if (!notifications.alerts) return;
    for (const { row, address } of await addresses.readersOf(tx, site)) {
      const mail = { id: uuidv5(`${kind} ${cause}`, row.id), details: { addressId: row.id, ...details } };
      await queue.add(tx, { siteId: site.id, kind, locale, to: address, ...mail });
    }
  }

  async function makeDigest(site: Site, { row, address }: Reader, date: string): Promise<void> {
    const earliest = addDays(date, -DIGEST_DAYS);
    const from = row.digestDate ?? addDays(date, -1);
    if (from >= date) return;
    const [since, until] = [[from, earliest].toSorted()[1] as string, date].map(each =>
      momentOf({ date: each, minute: DIGEST_MINUTE }, site.settings.timezone),
    ) as [Date, Date];
    const { about, ...found } = await lookBack(site, since, until);
    await inTransaction(db, async tx => {
      await store.digested(tx, row, date);
      if (Object.values(found.counts).every(count => count === 0)) return;
      const details = { addressId: row.id, since: since.toISOString(), until: until.toISOString(), ...found };
      const { locale } = site.settings;
      const id = uuidv5(`digest ${date}`, row.id);
      await queue.add(tx, { siteId: site.id, id, kind: 'digest', locale, to: address, about, details });
    });
  }

  async function lookBack(site: Site, since: Date, until: Date) {
    const isWithin = ({ createdAt }: { createdAt: string }) =>
      Date.parse(createdAt) >= since.getTime() && Date.parse(createdAt) < until.getTime();
    const { notifications } = site.settings;
    const left = (await leadsSince(site, since))
      .filter(isWithin)
      .filter(({ kind }) => notifications[kind === 'callback' ? 'callbacks' : 'leads'] === 'daily');
    const open = (await conversations.unanswered(site, { limit: PAGE })).items.filter(isWithin);
    const listed = left.filter(({ restricted }) => !restricted).slice(0, LISTED_LEADS);
    const asked = open.slice(0, LISTED_QUESTIONS);
    const callbacks = left.filter(({ kind }) => kind === 'callback').length;
    return {
      counts: { leads: left.length - callbacks, callbacks, unanswered: open.length },
      leadIds: listed.map(({ id }) => id),
      messageIds: asked.map(({ messageId }) => messageId),
      about: [...new Set([...listed.map(({ id }) => id), ...asked.map(({ conversationId }) => conversationId)])],
    };
  }

  async function leadsSince(site: Site, since: Date): Promise<LeadItem[]> {
    const all: LeadItem[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < PAGES; page += 1) {
      const { items, nextCursor } = await leads.list(site, { cursor, limit: PAGE });
      all.push(...items);
      const last = items.at(-1);
      if (!nextCursor || !last || Date.parse(last.createdAt) < since.getTime()) break;
      cursor = nextCursor;
    }
    return all;
  }

  async function* sitesWithReaders(): AsyncGenerator<Site> {
    for (let after = NIL; ; ) {
      const ids = await store.siteIds(after, SITES);
      for (const id of ids) {
        const site = await sites.byId(id);
        if (site) yield site;
      }
      if (ids.length < SITES) return;
      after = ids.at(-1) as string;
    }
  }
}

/** Stands before every other id. */
const NIL = '00000000-0000-0000-0000-000000000000';
