import type { Sites } from '../../../features/sites/index.ts';
import type { Jobs } from '../../../jobs/jobs.ts';
import { AppError } from '../../../lib/app-error.ts';
import type { Keyring } from '../../../lib/keyring.ts';
import type { Log } from '../../../lib/log.ts';
import { isPassing, ShopifyFault } from '../fault.ts';
import type { Installations } from '../install.ts';
import { SHOPIFY_WEBHOOKS } from '../jobs.ts';
import type { Shop, Shops } from '../shops.ts';
import type { Answer, Compliance } from './compliance.ts';
import { isCompliance } from './payload.ts';
import { opened } from './sealed.ts';
import { type Done, triggerOf, type WebhookRow, type WebhookStore } from './store.ts';

const MINUTE_MS = 60 * 1_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Webhooks that are taken at once: many of a storm are about the same things, which then are read once … */
const ROWS = 500;
/** … and so many things at most, so that even a shop that is throttled takes less than the lease. */
export const BATCH = 50;
/** Batches of one job: then it is another shop's turn. */
const BATCHES = 10;
/** Whoever has had webhooks for so long has died. */
export const LEASE_MS = 5 * MINUTE_MS;
/** The pauses between tries grow fourfold, from a minute to six hours: in all about a day, … */
const TRIES = 8;
const PAUSE_MAX_MS = 6 * 60 * MINUTE_MS;
/** … and for the compliance topics up to a day: until the thirty days are over that the law gives. */
const COMPLIANCE_TRIES = 35;

/** What others do with what Shopify told. All of it may be done twice without harm. */
export type WebhookWork = Pick<Installations, 'uninstall' | 'shopChanged' | 'scopesChanged'> & {
  /** Reads these anew, whatever became of them. */
  applyChanges(
    domain: string,
    changed: { products: string[]; collections: string[] },
    signal: AbortSignal,
  ): Promise<void>;
  bulkFinished(domain: string, operation: string): Promise<void>;
  planChanged(siteId: string): Promise<void>;
};

type Deps = {
  store: WebhookStore;
  shops: Pick<Shops, 'byDomain'>;
  sites: Pick<Sites, 'byId'>;
  compliance: Pick<Compliance, 'dataRequest' | 'redactCustomer' | 'redactShop'>;
  work: WebhookWork;
  /** Waits while more is coming in. */
  untilQuiet: () => Promise<void>;
  keyring: Pick<Keyring, 'decrypt'>;
  jobs: Pick<Jobs, 'enqueue'>;
  forgetDeleted: () => Promise<void>;
  log: Log;
  report: (error: unknown) => void;
  now: () => Date;
};

/** Works off what Shopify has told of a shop. */
export function createProcess(deps: Deps) {
  const { store, shops, keyring, work, now } = deps;

  return {
    /**
     * Does what is due of a shop. A webhook counts as done when it is; one that cannot be done is tried again later, a
     * bounded number of times, and keeps no other one waiting.
     */
    async workOff(domain: string, signal: AbortSignal): Promise<void> {
      for (let batch = 0; batch < BATCHES; batch += 1) {
        await deps.untilQuiet();
        signal.throwIfAborted();
        const until = new Date(now().getTime() + LEASE_MS);
        const rows = await store.claim(domain, now(), until, ROWS);
        if (rows.length === 0) return;
        await workOn(domain, rows, signal);
      }
      await deps.jobs.enqueue(SHOPIFY_WEBHOOKS, { domain }, { key: domain });
    },

    /** Has jobs made for what waited, for its time or for somebody who died. */
    async sweep(): Promise<void> {
      for (const domain of await store.due(now(), 1_000)) {
        await deps.jobs.enqueue(SHOPIFY_WEBHOOKS, { domain }, { key: domain });
      }
    },
  };

  async function workOn(domain: string, rows: WebhookRow[], signal: AbortSignal): Promise<void> {
    const changes = rows.filter(({ topic }) => /^(?:products|collections)\//.test(topic));
    const open = new Set(rows);
    const settle = (settled: WebhookRow[]) => {
      for (const row of settled) open.delete(row);
    };
    try {
      // First what may end the installation: the changes of a shop that is gone concern nobody.
      const others = rows.filter(each => !changes.includes(each));
      await giveBack(others.splice(BATCH), settle);
      for (const row of others) {
        signal.throwIfAborted();
        await alone(row, signal);
        settle([row]);
      }
      await changed(domain, changes, signal, settle);
    } catch (error) {
      await giveBack([...open], settle);
      throw error;
    }
    if (rows.some(({ topic }) => isCompliance(topic))) await deps.forgetDeleted();
  }

  async function giveBack(rows: WebhookRow[], settle: (rows: WebhookRow[]) => void): Promise<void> {
    if (rows.length > 0) await store.release(rows);
    settle(rows);
  }

  async function alone(row: WebhookRow, signal: AbortSignal): Promise<void> {
    const shop = await shops.byDomain(row.domain);
    let answer: Answer;
    try {
      answer = await answerTo(row, shop);
    } catch (error) {
      signal.throwIfAborted();
      return failed([row], error, shop);
    }
    if (answer === 'legal_hold') {
      // No failure: it waits for as long as the hold lasts.
      const tryAt = new Date(now().getTime() + DAY_MS).toISOString();
      return store.putOff(row, { state: 'waiting', tryAt, fault: 'legal_hold' });
    }
    await store.complete([row], answer.outcome, now(), { keepSealed: answer.keepSealed });
  }

  async function answerTo(row: WebhookRow, shop: Shop | undefined): Promise<Answer> {
    const { domain } = row;
    if (!shop) return { outcome: UNKNOWN_SHOP };
    if (row.topic === 'shop/redact') return deps.compliance.redactShop(shop, row);
    if (row.topic === 'customers/data_request' || row.topic === 'customers/redact') {
      const site = await deps.sites.byId(shop.siteId);
      if (!site) return { outcome: UNKNOWN_SHOP };
      return row.topic === 'customers/redact'
        ? deps.compliance.redactCustomer(site, row)
        : deps.compliance.dataRequest(site, row);
    }
    if (shop.uninstalledAt !== null) return { outcome: NOT_INSTALLED };
    const at = triggerOf(row);
    const { gid = '', scopes = [] } = opened(keyring, row);
    switch (row.topic) {
      case 'app/uninstalled':
        // The shop has had the app since.
        if (at < shop.installedAt) return { outcome: OUT_OF_DATE };
        await work.uninstall(domain, at);
        break;
      case 'app/scopes_update':
        if (await store.hasNewer(row, at)) return { outcome: OUT_OF_DATE };
        await work.scopesChanged(domain, scopes);
        break;
      case 'shop/update':
        await work.shopChanged(domain);
        break;
      case 'app_subscriptions/update':
        await work.planChanged(shop.siteId);
        break;
      case 'bulk_operations/finish':
        await work.bulkFinished(domain, gid);
        break;
    }
    return { outcome: DONE };
  }

  async function changed(
    domain: string,
    rows: WebhookRow[],
    signal: AbortSignal,
    settle: (rows: WebhookRow[]) => void,
  ): Promise<void> {
    if (rows.length === 0) return;
    const shop = await shops.byDomain(domain);
    if (shop?.uninstalledAt !== null) {
      await store.complete(rows, shop ? NOT_INSTALLED : UNKNOWN_SHOP, now());
      return settle(rows);
    }
    const things = new Map<string, WebhookRow[]>();
    for (const row of rows) {
      try {
        const { gid = '' } = opened(keyring, row);
        things.set(gid, [...(things.get(gid) ?? []), row]);
      } catch (error) {
        await failed([row], error, shop);
        settle([row]);
      }
    }
    const all = [...things];
    const later = all.splice(BATCH);
    await giveBack(
      later.flatMap(([, of]) => of),
      settle,
    );
    await apply(shop, all, signal, settle);
  }

  /**
   * Has the things read again that changed, all at once; where that fails for a reason of one of them, in halves, so that
   * this one alone fails in the end.
   */
  async function apply(
    shop: Shop,
    things: [gid: string, rows: WebhookRow[]][],
    signal: AbortSignal,
    settle: (rows: WebhookRow[]) => void,
  ): Promise<void> {
    if (things.length === 0) return;
    const rows = things.flatMap(([, of]) => of);
    const of = (type: string) => things.flatMap(([gid]) => (gid.startsWith(`gid://shopify/${type}/`) ? [gid] : []));
    const changed = { products: of('Product'), collections: of('Collection') };
    const fault = await work.applyChanges(shop.domain, changed, signal).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    if (fault) signal.throwIfAborted();
    if (fault && things.length > 1 && !concernsAll(fault.error)) {
      const half = Math.ceil(things.length / 2);
      await apply(shop, things.slice(0, half), signal, settle);
      return apply(shop, things.slice(half), signal, settle);
    }
    await (fault ? failed(rows, fault.error, shop) : store.complete(rows, DONE, now()));
    settle(rows);
  }

  async function failed(rows: WebhookRow[], error: unknown, shop: Shop | undefined): Promise<void> {
    const fault = faultOf(error);
    let isLost = false;
    for (const row of rows) {
      const tries = isCompliance(row.topic) ? COMPLIANCE_TRIES : TRIES;
      const pauseMax = isCompliance(row.topic) ? DAY_MS : PAUSE_MAX_MS;
      const tryAt = new Date(now().getTime() + Math.min(pauseMax, MINUTE_MS * 4 ** (row.attempts - 1))).toISOString();
      isLost ||= row.attempts >= tries;
      await store.putOff(row, row.attempts >= tries ? { state: 'failed', fault } : { state: 'waiting', tryAt, fault });
    }
    const fields = { err: error, siteId: shop?.siteId, count: rows.length };
    if (isLost) deps.log.error(fields, 'webhooks of a shop could not be worked off');
    else deps.log.warn(fields, 'webhooks of a shop are tried again later');
    if (isLost || !isPassing(error)) deps.report(error);
  }
}

const DONE: Done = { state: 'done', result: 'done' };
const UNKNOWN_SHOP: Done = { state: 'done', result: 'unknown_shop' };
const NOT_INSTALLED: Done = { state: 'done', result: 'not_installed' };
const OUT_OF_DATE: Done = { state: 'done', result: 'out_of_date' };

/** Whether it would fail for any other part just the same. */
const concernsAll = (error: unknown): boolean => error instanceof ShopifyFault && error.kind !== 'refused';

/** In a word. */
function faultOf(error: unknown): string {
  if (error instanceof ShopifyFault) return error.kind;
  return error instanceof AppError ? error.code : 'internal';
}
