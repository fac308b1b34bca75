import type { PersonalDataDocument } from '@confab/contract';
import type { Db } from '../../../db/database.ts';
import { inTransaction } from '../../../db/transaction.ts';
import type { Counts, Identifiers, LegalHolds, PersonalData, Privacy } from '../../../features/privacy/index.ts';
import type { Site, Sites } from '../../../features/sites/index.ts';
import { AppError } from '../../../lib/app-error.ts';
import { emailKey, phoneKey } from '../../../lib/contacts.ts';
import { isSame } from '../../../lib/is-same.ts';
import type { Keyring } from '../../../lib/keyring.ts';
import { ShopifyFault } from '../fault.ts';
import type { Installations } from '../install.ts';
import type { Shop, Shops } from '../shops.ts';
import type { Customer } from './payload.ts';
import { opened } from './sealed.ts';
import { type Done, isEventId, triggerOf, type WebhookRow, type WebhookStore } from './store.ts';

/** How long the owner may fetch what a customer asked for; until then it is kept, encrypted, whom it is about. */
export const DOCUMENT_DAYS = 30;
const DAY_MS = 24 * 60 * 60 * 1_000;
const LISTED_MAX = 100;
/** Shopify asks for it 48 hours after the app was removed; an hour of them for clocks that differ. */
const REDACTED_AFTER_MS = 47 * 60 * 60 * 1_000;

/** A customer's request that Shopify passed on to the shop's owner, who answers it with the document. */
export type CustomerDataRequest = {
  eventId: string;
  receivedAt: Date;
  /** When the law wants it answered. */
  dueAt: Date;
  completedAt: Date | null;
  /** Whether Confab has given up on it. */
  hasFailed: boolean;
  counts: Counts;
  /** Whether `dataRequestDocument` still gives it. */
  hasDocument: boolean;
};

export type Compliance = ReturnType<typeof createCompliance>;

type Deps = {
  db: Db;
  store: WebhookStore;
  shops: Pick<Shops, 'byDomain' | 'staysUninstalled'>;
  sites: Pick<Sites, 'byId' | 'erase' | 'forgetCached'>;
  installations: Pick<Installations, 'shopChanged' | 'uninstall'>;
  privacy: Pick<Privacy, 'request' | 'documentOf'>;
  owners: readonly PersonalData[];
  legalHolds: Pick<LegalHolds, 'holdsAnything'>;
  keyring: Pick<Keyring, 'decrypt'>;
  now: () => Date;
};

/** What came of a compliance topic: a receipt, or that a legal hold keeps what shall be erased. */
export type Answer = { outcome: Done; keepSealed?: boolean } | 'legal_hold';

/**
 * Shopify's compliance topics, done by the engine of all data requests. They come also after the app was removed, so
 * nothing here needs a token or a session. What a receipt says is how much and when, and never about whom.
 */
export function createCompliance(deps: Deps) {
  const { db, store, shops, sites, installations, privacy, keyring, now } = deps;

  return {
    /** `customers/data_request`: looks what there is, so that a record shows that it was done, and has it ready. */
    async dataRequest(site: Site, row: WebhookRow): Promise<Answer> {
      const { identifiers, unreadable } = known(site, customerOf(row));
      const results = await forEach(identifiers, each => request(site, row, 'access', each));
      return { outcome: receipt({ counts: sum(results.map(({ counts }) => counts)), unreadable }), keepSealed: true };
    },

    /** `customers/redact`: erases the customer, and forgets about whom their data requests were. */
    async redactCustomer(site: Site, row: WebhookRow): Promise<Answer> {
      const customer = customerOf(row);
      const { identifiers, unreadable } = known(site, customer);
      const results = await forEach(identifiers, each => request(site, row, 'erasure', each));
      for (const other of await store.sealed(row.domain, 'customers/data_request')) {
        if (isOneOf(customerOf(other), customer)) await store.unseal(db, other);
      }
      const counts = sum(results.map(each => each.counts));
      const retained = sum(results.map(each => ('retained' in each ? each.retained : {})));
      return { outcome: receipt({ counts, retained, unreadable }) };
    },

    /**
     * `shop/redact`: deletes the site and all that it holds, unless the shop has the app again. Where a legal hold keeps
     * anything of it, nothing goes, and it is tried again every day until the hold is over.
     */
    async redactShop(shop: Shop, row: WebhookRow): Promise<Answer> {
      const { domain, siteId } = shop;
      const at = triggerOf(row);
      if (await hasApp(shop, at)) return { outcome: { state: 'done', result: 'installed_again' } };
      // Does nothing where Shopify has told us of it before.
      await installations.uninstall(domain, at);
      const answer = await inTransaction(db, async (tx): Promise<Answer> => {
        if (!(await shops.staysUninstalled(tx, shop))) return { outcome: { state: 'done', result: 'installed_again' } };
        if (await deps.legalHolds.holdsAnything(tx, siteId)) return 'legal_hold';
        const counts: Counts[] = [];
        // Everything is older than tomorrow.
        const tomorrow = new Date(now().getTime() + DAY_MS);
        for (const owner of deps.owners) counts.push(await owner.countBefore(tx, siteId, tomorrow));
        const { webhooks: _receipts, ...erased } = sum(counts);
        await sites.erase(tx, siteId);
        await store.unseal(tx, { domain });
        const outcome = receipt({ counts: erased });
        // Together with the deed: a crash right after it must not leave a receipt that says there was nothing.
        await store.complete([row], outcome, now(), { tx });
        return { outcome };
      });
      sites.forgetCached();
      return answer;
    },

    /** The requests of the shop's customers for their data, newest first. */
    async dataRequestsOf(domain: string): Promise<CustomerDataRequest[]> {
      const rows = await store.list(domain, 'customers/data_request', LISTED_MAX);
      return rows.map(({ eventId, receivedAt, processedAt, outcome, ciphertext }) => ({
        eventId,
        receivedAt,
        dueAt: documentEndsAt(receivedAt),
        completedAt: processedAt,
        hasFailed: outcome?.state === 'failed',
        counts: (outcome?.state === 'done' && outcome.counts) || {},
        hasDocument: ciphertext !== null && documentEndsAt(receivedAt) > now(),
      }));
    },

    /** Everything that is held about the customer of such a request, as it stands now. Nothing once its time is over. */
    async dataRequestDocument(domain: string, eventId: string): Promise<PersonalDataDocument | undefined> {
      const row = isEventId(eventId)
        ? await store.find({ domain, topic: 'customers/data_request', eventId })
        : undefined;
      const shop = await shops.byDomain(domain);
      const site = shop && (await sites.byId(shop.siteId));
      if (!site || !row?.ciphertext || documentEndsAt(row.receivedAt) <= now()) return undefined;
      const { identifiers } = known(site, customerOf(row));
      const documents = await forEach(identifiers, each => privacy.documentOf(site, each));
      return merged(documents.length > 0 ? documents : [await privacy.documentOf(site, {})]);
    },
  };

  /** Whether the shop has the app at present. Where we have not heard that it was removed, Shopify is asked. */
  async function hasApp({ domain, uninstalledAt, installedAt, hasTokens }: Shop, at: Date): Promise<boolean> {
    if (uninstalledAt !== null) return false;
    if (installedAt > at) return true;
    try {
      if (hasTokens) {
        await installations.shopChanged(domain);
        return true;
      }
    } catch (error) {
      const isDead = error instanceof ShopifyFault && ['not_installed', 'needs_merchant'].includes(error.kind);
      if (!isDead) throw error;
    }
    // Who was in the app after the removal that this is about has it again; only the tokens are those of before.
    return +at - +installedAt < REDACTED_AFTER_MS;
  }

  async function request(site: Site, row: WebhookRow, type: 'access' | 'erasure', identifiers: Identifiers) {
    return (await privacy.request(site, { type, source: 'platform', identifiers, reference: row.eventId })).result;
  }

  function customerOf(row: WebhookRow): Customer {
    return opened(keyring, row).customer ?? {};
  }
}

/** What the engine can look for, and what it cannot: Shopify lets people write what they like. */
function known(site: Site, { id, email, phone }: Customer): { identifiers: Identifiers; unreadable: string[] } {
  const keys = {
    email: email === undefined ? undefined : emailKey(email),
    phone: phone === undefined ? undefined : phoneKey(phone, site.settings.country),
  };
  return {
    identifiers: {
      ...(id !== undefined && { externalId: id }),
      ...(keys.email !== undefined && { email: keys.email }),
      ...(keys.phone !== undefined && { phone: keys.phone }),
    },
    unreadable: [
      ...(email !== undefined && keys.email === undefined ? ['email'] : []),
      ...(phone !== undefined && keys.phone === undefined ? ['phone'] : []),
    ],
  };
}

/**
 * Asks with all identifiers at once, and with each by itself where they lead to different people: Shopify says that they
 * are this customer's.
 */
async function forEach<Result>(identifiers: Identifiers, ask: (each: Identifiers) => Promise<Result>) {
  const each = Object.entries(identifiers).map(([name, value]): Identifiers => ({ [name]: value }));
  if (each.length === 0) return [];
  try {
    return [await ask(identifiers)];
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'subject_ambiguous') throw error;
    const results: Result[] = [];
    for (const one of each) results.push(await ask(one));
    return results;
  }
}

const isOneOf = (customer: Customer, other: Customer): boolean =>
  (['id', 'email', 'phone'] as const).some(name => {
    const [mine, theirs] = [customer[name], other[name]];
    return mine !== undefined && theirs !== undefined && isSame(Buffer.from(mine), Buffer.from(theirs));
  });

function receipt({ counts, retained, unreadable }: Pick<Done, 'counts' | 'retained' | 'unreadable'>): Done {
  return {
    state: 'done',
    result: 'done',
    ...(counts && { counts }),
    ...(retained && { retained }),
    ...(unreadable && unreadable.length > 0 && { unreadable }),
  };
}

function sum(all: Counts[]): Counts {
  const total: Counts = {};
  for (const [kind, count] of all.flatMap(counts => Object.entries(counts))) total[kind] = (total[kind] ?? 0) + count;
  return total;
}

/** What was found on several ways stands in it once. */
function merged(documents: PersonalDataDocument[]): PersonalDataDocument {
  const [first, ...others] = documents as [PersonalDataDocument, ...PersonalDataDocument[]];
  if (others.length === 0) return first;
  const data = Object.fromEntries(
    Object.keys(first.data).map(name => {
      const items = documents.flatMap(
        each => each.data[name as keyof PersonalDataDocument['data']] as { id: string }[],
      );
      return [name, [...new Map(items.map(item => [item.id, item])).values()]];
    }),
  );
  const counts = Object.fromEntries(Object.entries(data).map(([name, items]) => [name, items.length]));
  return { ...first, counts, data: data as PersonalDataDocument['data'] };
}

const documentEndsAt = (receivedAt: Date): Date => new Date(receivedAt.getTime() + DOCUMENT_DAYS * DAY_MS);
