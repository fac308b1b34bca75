import type { Knowledge } from '../../../features/knowledge/index.ts';
import type { Site, Sites } from '../../../features/sites/index.ts';
import { NotYet } from '../../../jobs/jobs.ts';
import type { Log } from '../../../lib/log.ts';
import type { Admin } from '../admin.ts';
import { isPassing, ShopifyFault } from '../fault.ts';
import { BULK_START, BULK_STATE, POLICIES, SHOP_BASICS } from '../operations/knowledge.ts';
import type { Shop, Shops, SyncState } from '../shops.ts';
import { entriesOf, linesOf } from './bulk-file.ts';
import { type Mapped, type PolicyNode, policyDocument, type Storefront, VARIANTS_MAX } from './documents.ts';
import { type BulkKind, bulkKinds, type Kind, placeOf } from './kinds.ts';
import { type ShopBasics, storefrontOf } from './storefront.ts';
import { takeDocuments } from './take-documents.ts';

/** Documents are taken in by so many at once, or so many characters. */
const BATCH = 50;
const BATCH_LENGTH = 4 * 1024 * 1024;
/** How often Shopify is asked for the same export, where it fails at it. */
const TRIES = 3;
/** An export that takes longer is not waited for any more. */
const RUN_MAX_MS = 48 * 60 * 60 * 1_000;
/** The pauses between looks grow with the time that was waited, between these, in seconds. */
const LOOK_S = { min: 5, max: 60 };
const PAGE = 500;

const NAMES: Readonly<Record<Kind, string>> = {
  products: 'the products',
  collections: 'the collections',
  pages: 'the pages',
  articles: 'the articles',
  policies: 'the policies',
};

const NO_ADDRESS =
  'No product has an address in the online store. Where the storefront is behind a password, Shopify gives them none: ' +
  'they are read the night after it opened.';

const OUR_FAULT = 'Something went wrong in Confab.';

export type Sync = ReturnType<typeof createSync>;

type Deps = {
  shops: Pick<Shops, 'bySite' | 'setSync'>;
  sites: Pick<Sites, 'byId'>;
  knowledge: Pick<Knowledge, 'sync' | 'list'>;
  admin: Pick<Admin, 'request'>;
  /** Keeps to public addresses where the operator wants that. */
  fetch: typeof fetch;
  log: Pick<Log, 'warn'>;
  now: () => Date;
};

/** Where a run has to wait for Shopify: which run, and for how many seconds. */
export type Wait = { run: string; afterS: number };

type Operation = {
  id: string;
  status: 'CREATED' | 'RUNNING' | 'CANCELING' | 'COMPLETED' | 'CANCELED' | 'EXPIRED' | 'FAILED';
  errorCode: string | null;
  rootObjectCount: string;
  url: string | null;
};

/** The app has gone from the shop: there is nothing left to do, and nobody is alarmed. */
class Uninstalled extends Error {}

/**
 * Brings what visitors of a shop can see into its knowledge, and takes out what they cannot see any more. The first time
 * and each night go the same way: Shopify exports everything, and every file is read from its beginning; since the
 * same content again changes nothing, a run that was stopped anywhere is simply gone through again.
 */
export function createSync({ shops, sites, knowledge, admin, fetch, log, now }: Deps) {
  return {
    /**
     * Goes as far as Shopify is: begins a run, or goes on with the one that is under way. With `run` it does the latter
     * only, and nothing where none is; one begun meanwhile is gone on with, since a queue that held this job may have
     * taken no other for it. Throws `NotYet` where Shopify cannot be reached; what it refuses is
     * kept in the state, for the merchant.
     */
    async step(siteId: string, run: string | undefined, signal: AbortSignal): Promise<Wait | undefined> {
      const shop = await shops.bySite(siteId);
      const site = await sites.byId(siteId);
      if (!shop || !site) return undefined;
      const running = shop.sync?.state === 'running' ? shop.sync : undefined;
      if (run !== undefined && !running) return undefined;
      const state = running && (run !== undefined || !isLate(running)) ? running : begun(now());
      try {
        if (shop.uninstalledAt !== null) throw new Uninstalled();
        return await proceed({ shop, site, state, signal });
      } catch (error) {
        signal.throwIfAborted();
        await fail(shop, state, error);
        return undefined;
      }
    },
  };

  /** Ends the run, unless it is worth another try, or nobody's doing but ours. */
  async function fail(shop: Shop, state: SyncState, error: unknown): Promise<void> {
    if (error instanceof Uninstalled || !(await isInstalled(shop.siteId))) {
      return shops.setSync(shop.siteId, { ...state, state: 'failed', finishedAt: at(), fault: 'not_installed' });
    }
    if (!(error instanceof ShopifyFault)) {
      // Where the database is the trouble, this fails as well.
      await shops.setSync(shop.siteId, { ...state, fault: OUR_FAULT }).catch(() => {});
      throw error;
    }
    if (isPassing(error) && !isLate(state)) {
      await shops.setSync(shop.siteId, { ...state, fault: error.kind });
      throw new NotYet(error.message);
    }
    log.warn({ siteId: shop.siteId, err: error }, 'the knowledge of a shop is not up to date');
    await shops.setSync(shop.siteId, { ...state, state: 'failed', finishedAt: at(), fault: error.kind });
  }

  type Run = { shop: Shop; site: Site; state: SyncState; signal: AbortSignal };

  async function proceed(run: Run): Promise<Wait | undefined> {
    const { shop, site, state, signal } = run;
    for (;;) {
      if (!(await startMissing(run))) return waitOf(state);
      const operations = await lookAtAll(run);
      if (operations === 'under way') return waitOf(state);
      if (operations === 'some failed') continue;
      const data = await admin.request<ShopBasics>(shop.domain, SHOP_BASICS, { signal });
      const storefront = storefrontOf(data, site, now());
      Object.assign(state, { documents: 0, rejected: 0, deleted: 0, fault: null });
      const reading = createReading(run);
      const isWhole = await readFiles(run, operations, storefront, reading);
      if (!isWhole) continue;
      await readPolicies(run, storefront, reading);
      await removeUnseen(run, reading);
      await finish(run, reading);
      return undefined;
    }
  }

  /** Has Shopify begin what is neither under way nor given up. False where it has too much to do for now. */
  async function startMissing(run: Run): Promise<boolean> {
    const { shop, state, signal } = run;
    for (const kind of kindsOf(state)) {
      if (state.operations[kind] !== undefined) continue;
      type Started = {
        bulkOperationRunQuery: { bulkOperation: { id: string } | null; userErrors: { code: string }[] };
      };
      const { query } = bulkKinds[kind];
      const asked = admin.request<Started>(shop.domain, BULK_START, { variables: { query }, signal });
      const started = await asked.then(data => data.bulkOperationRunQuery, withoutScope);
      if (!started) {
        await giveUp(run, kind, true);
        continue;
      }
      if (!started.bulkOperation) {
        // Our own operations, of a run that was stopped between their start and its note.
        const isBusy = started.userErrors.every(({ code }) => code !== 'INVALID');
        if (isBusy) return false;
        throw new ShopifyFault('refused', `Shopify refused to export ${NAMES[kind]}.`);
      }
      state.operations[kind] = started.bulkOperation.id;
      await shops.setSync(shop.siteId, state);
    }
    return true;
  }

  async function lookAtAll(run: Run): Promise<'under way' | 'some failed' | Map<BulkKind, Operation>> {
    const { shop, state, signal } = run;
    const ended = new Map<BulkKind, Operation>();
    let hasFailed = false;
    for (const kind of kindsOf(state)) {
      const variables = { id: state.operations[kind] };
      type Looked = { bulkOperation: Operation | null };
      const { bulkOperation } = await admin.request<Looked>(shop.domain, BULK_STATE, { variables, signal });
      if (bulkOperation?.status === 'COMPLETED') {
        ended.set(kind, bulkOperation);
      } else if (bulkOperation === null || ['CANCELED', 'EXPIRED', 'FAILED'].includes(bulkOperation.status)) {
        hasFailed = true;
        await giveUp(run, kind, bulkOperation?.errorCode === 'ACCESS_DENIED');
      }
    }
    if (hasFailed) return 'some failed';
    return ended.size === kindsOf(state).length ? ended : 'under way';
  }

  /** The operation of this kind is over without a file that can be read; for good where it was tried often enough. */
  async function giveUp({ shop, state }: Run, kind: BulkKind, forGood = false): Promise<void> {
    const tries = (state.tries?.[kind] ?? 0) + 1;
    state.tries = { ...state.tries, [kind]: forGood ? TRIES : tries };
    delete state.operations[kind];
    await shops.setSync(shop.siteId, state);
  }

  /** False where a file was not there, or not whole: its export was given up. */
  async function readFiles(
    run: Run,
    operations: Map<BulkKind, Operation>,
    storefront: Storefront,
    reading: Reading,
  ): Promise<boolean> {
    for (const [kind, operation] of operations) {
      // Shopify makes no file where there is nothing.
      const count = operation.url === null ? 0 : await readFile(run, kind, operation.url, storefront, reading);
      if (count === undefined || count < Number(operation.rootObjectCount)) {
        await giveUp(run, kind);
        return false;
      }
      await reading.flush();
    }
    return true;
  }

  /** Gives the number of objects in the file; nothing where it is not there. */
  async function readFile(
    { signal }: Run,
    kind: BulkKind,
    url: string,
    storefront: Storefront,
    reading: Reading,
  ): Promise<number | undefined> {
    const response = await fetch(url, { signal }).catch(() => {
      throw unreachable(kind);
    });
    if (!response.ok) {
      await response.body?.cancel();
      if (response.status >= 500 || response.status === 429) throw unreachable(kind);
      return undefined;
    }
    const { map } = bulkKinds[kind];
    let count = 0;
    for await (const entry of entriesOf<never, never>(linesOf(bytesOf(response, kind)), VARIANTS_MAX)) {
      count += 1;
      if ('unreadable' in entry) {
        reading.reject(kind, entry.unreadable);
      } else {
        const mapped = map(entry.node, entry.children, storefront);
        if (mapped) await reading.add(mapped);
        else if (kind === 'products' && (entry.node as { status?: string }).status === 'ACTIVE') reading.countHidden();
      }
    }
    return count;
  }

  async function readPolicies({ shop, signal, state }: Run, storefront: Storefront, reading: Reading): Promise<void> {
    type Answer = { shop: { shopPolicies: PolicyNode[] } };
    const answer = await admin.request<Answer>(shop.domain, POLICIES, { signal }).catch(withoutScope);
    if (!answer) state.tries = { ...state.tries, policies: TRIES };
    for (const policy of answer?.shop.shopPolicies ?? []) await reading.add(policyDocument(policy, storefront));
    await reading.flush();
  }

  type Reading = ReturnType<typeof createReading>;

  /** Collects what a run comes by, takes it in by batches, and remembers what it was. */
  function createReading({ shop, site, state, signal }: Run) {
    const seen = new Map<Kind, Set<number>>();
    /** Kinds of which something could not be read, and nobody knows what: nothing of them may be thought gone. */
    const unclear = new Set<Kind>();
    let batch: Mapped[] = [];
    let length = 0;
    let hidden = 0;

    const see = (externalId: string) => {
      const [kind, number] = placeOf(externalId) ?? [];
      if (kind === undefined || number === undefined) return;
      const numbers = seen.get(kind) ?? new Set<number>();
      seen.set(kind, numbers.add(number));
    };

    async function flush(): Promise<void> {
      signal.throwIfAborted();
      if (!(await isInstalled(shop.siteId))) throw new Uninstalled();
      const upsert = batch.map(({ document }) => document);
      const { empty, rejected } = await takeDocuments(knowledge, site, { upsert, delete: [] });
      state.documents += batch.length - empty.length - rejected.length;
      state.rejected += rejected.length + batch.filter(({ isCut }) => isCut).length;
      batch = [];
      length = 0;
      await shops.setSync(shop.siteId, state);
    }

    return {
      seen: (kind: Kind, number: number): boolean => unclear.has(kind) || (seen.get(kind)?.has(number) ?? false),
      /** Whether there are products, and visitors can see none of them. */
      hasHiddenAll: () => hidden > 0 && !seen.has('products'),
      flush,
      async add(mapped: Mapped): Promise<void> {
        see(mapped.document.externalId);
        batch.push(mapped);
        length += mapped.document.html?.length ?? 0;
        if (batch.length >= BATCH || length >= BATCH_LENGTH) await flush();
      },
      reject(kind: Kind, externalId: string | undefined): void {
        state.rejected += 1;
        if (externalId === undefined) unclear.add(kind);
        else see(externalId);
      },
      countHidden(): void {
        hidden += 1;
      },
    };
  }

  /** Takes out what was there before the run and is not in the shop any more. What could not be read stays. */
  async function removeUnseen({ shop, site, state, signal }: Run, reading: Reading): Promise<void> {
    const begunAt = Date.parse(state.startedAt);
    const givenUp = givenUpOf(state);
    let cursor: string | undefined;
    do {
      signal.throwIfAborted();
      if (!(await isInstalled(shop.siteId))) throw new Uninstalled();
      const page = await knowledge.list(site, { cursor, limit: PAGE });
      const gone = page.items.filter(({ externalId, syncedAt }) => {
        const [kind, number] = placeOf(externalId) ?? [];
        if (kind === undefined || number === undefined || givenUp.includes(kind)) return false;
        return Date.parse(syncedAt) < begunAt && !reading.seen(kind, number);
      });
      if (gone.length > 0) {
        await knowledge.sync(site, { upsert: [], delete: gone.map(({ externalId }) => externalId) });
        state.deleted += gone.length;
      }
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
  }

  async function finish({ shop, state }: Run, reading: Reading): Promise<void> {
    const names = givenUpOf(state).map(kind => NAMES[kind]);
    const hint = reading.hasHiddenAll() ? NO_ADDRESS : null;
    await shops.setSync(shop.siteId, {
      ...state,
      state: names.length > 0 ? 'failed' : 'done',
      finishedAt: at(),
      fault: names.length > 0 ? `Shopify did not hand out ${names.join(' and ')}. The rest is up to date.` : hint,
    });
  }

  async function isInstalled(siteId: string): Promise<boolean> {
    return (await shops.bySite(siteId))?.uninstalledAt === null;
  }

  function waitOf(state: SyncState): Wait {
    if (isLate(state)) throw new ShopifyFault('unreachable', 'Shopify did not finish its export.');
    const afterS = Math.min(LOOK_S.max, Math.max(LOOK_S.min, ageMs(state) / 4_000));
    return { run: state.startedAt, afterS: Math.round(afterS) };
  }

  function isLate(state: SyncState): boolean {
    return ageMs(state) > RUN_MAX_MS;
  }

  function ageMs({ startedAt }: SyncState): number {
    return now().getTime() - Date.parse(startedAt);
  }

  function at(): string {
    return now().toISOString();
  }
}

const begun = (startedAt: Date): SyncState => ({
  state: 'running',
  startedAt: startedAt.toISOString(),
  finishedAt: null,
  documents: 0,
  deleted: 0,
  rejected: 0,
  operations: {},
  fault: null,
});

const givenUpOf = ({ tries = {} }: SyncState): Kind[] =>
  (Object.keys(NAMES) as Kind[]).filter(kind => (tries[kind] ?? 0) >= TRIES);

/** What is read by bulk operations, without what was given up. */
const kindsOf = (state: SyncState): BulkKind[] =>
  (Object.keys(bulkKinds) as BulkKind[]).filter(kind => !givenUpOf(state).includes(kind));

/** What is refused for want of a scope is nothing, and no reason to stop the rest. */
function withoutScope(error: unknown): undefined {
  if (!(error instanceof ShopifyFault) || error.kind !== 'scope_missing') throw error;
}

const unreachable = (kind: BulkKind) =>
  new ShopifyFault('unreachable', `The file of ${NAMES[kind]} could not be read to its end.`);

async function* bytesOf({ body }: Response, kind: BulkKind): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body ?? []) yield chunk;
  } catch {
    throw unreachable(kind);
  }
}
