import { setTimeout as pause } from 'node:timers/promises';
import type { PurgeCertificate } from '@confab/contract';
import { v7 as uuidv7 } from 'uuid';
import type { Db, Tx } from '../../db/database.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { Outbox } from '../../jobs/outbox.ts';
import type { Counts, LegalHolds, PersonalData } from '../privacy/index.ts';
import type { Site } from '../sites/index.ts';
import { NO_HASH, sealed } from './certificate.ts';
import { nightOf } from './night.ts';
import { type CountsByClass, durationOf, type PurgeStore, type Run } from './store.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

/** Rows of one class that go in one transaction: as many as a turn beside it does not feel. See docs/benchmarks.md. */
export const BATCH = 500;
/** How long the purge rests for each millisecond that it worked. */
const REST = 1;

export type Purge = {
  trigger: PurgeCertificate['trigger'];
  /** What the windows are counted back from, where it is another time than now. */
  now?: Date | undefined;
  signal?: AbortSignal | undefined;
  /** Hears how many rows went so far. */
  onProgress?: ((rows: number) => void) | undefined;
};

/** A run, and whether this call began it. */
type Begun = { run: Run; isOurs: boolean };

type Deps = {
  db: Db;
  store: PurgeStore;
  owners: readonly PersonalData[];
  legalHolds: Pick<LegalHolds, 'holdsSite'>;
  forgetDeleted: () => Promise<void>;
  /** Hears of `purge.completed`. */
  emit: Outbox['emit'];
  now: () => Date;
};

/** How old each class may be: what the site's settings say, counted back from `now`. */
export const cutoffsOf = (owners: readonly PersonalData[], settings: Site['settings'], now: Date) =>
  Object.fromEntries(
    owners.map(owner => [owner.name, new Date(now.getTime() - owner.windowDays(settings) * DAY_MS).toISOString()]),
  );

/**
 * Deletes what is past its time, in small transactions, and gives the certificate; nothing where the site is gone, or
 * a nightly purge is not due (any more). Throws the reason of a signal that aborts. All that it knows stands in the
 * run's row: where one process dies, or several work on one site at once, the next batch of whoever comes goes on
 * where the last one ended, with exact counts.
 */
export function createPurgeSite({ db, store, owners, legalHolds, forgetDeleted, emit, now }: Deps) {
  return async function purgeSite(siteId: string, purge: Purge): Promise<PurgeCertificate | undefined> {
    let certificate: PurgeCertificate | undefined;
    for (;;) {
      const begun = await inTransaction(db, tx => begin(tx, siteId, purge));
      if (!begun) return certificate;
      certificate = (await carryOut(begun, purge)) ?? certificate;
      // One that somebody else had begun may have had older cut-offs: it is ended first, and then ours is begun.
      if (begun.isOurs) return certificate;
    }
  };

  async function begin(tx: Tx, siteId: string, purge: Purge): Promise<Begun | undefined> {
    const site = await store.lockSite(tx, siteId);
    if (!site) return undefined;
    const running = await store.running(tx, siteId);
    if (running) return { run: running, isOurs: false };
    const { timezone } = site.settings;
    const at = purge.now ?? now();
    const night = purge.trigger === 'nightly' ? nightOf(at, timezone) : null;
    const last = (await store.lastNight(tx, siteId)) ?? nightOf(site.createdAt, timezone);
    if (night !== null && night <= last) return undefined;
    const run: Run = {
      siteId,
      id: uuidv7(),
      trigger: purge.trigger,
      night,
      cutoffs: cutoffsOf(owners, site.settings, at),
      counts: Object.fromEntries(owners.map(({ name }) => [name, {}])),
      startedAt: now(),
    };
    await store.begin(tx, run);
    return { run, isOurs: true };
  }

  async function carryOut({ run, isOurs }: Begun, { trigger, signal, onProgress }: Purge) {
    let rows = 0;
    for (const owner of owners) {
      for (;;) {
        if (signal?.aborted) {
          // Whoever stops a purge of their own does not want it to go on by itself at night.
          if (isOurs && trigger === 'manual') await complete(run);
          throw signal.reason;
        }
        const begun = performance.now();
        const batch = await inTransaction(db, tx => purgeBatch(tx, run, owner));
        const purged = total({ batch });
        if (purged === 0) break;
        rows += purged;
        onProgress?.(rows);
        await pause((performance.now() - begun) * REST, undefined, { signal }).catch(() => {});
      }
    }
    return complete(run);
  }

  /** Nothing goes where the site is held meanwhile, or the run has been completed. */
  async function purgeBatch(tx: Tx, { siteId, ...run }: Run, owner: PersonalData): Promise<Counts> {
    const current = await store.lockRun(tx, { siteId, ...run });
    const cutoff = current?.cutoffs[owner.name];
    // A class that came with a newer version has no cut-off in an older run.
    if (!current || cutoff === undefined || (await legalHolds.holdsSite(tx, siteId))) return {};
    const batch = await owner.purgeBefore(tx, siteId, new Date(cutoff), BATCH);
    await store.saveCounts(tx, current, { ...current.counts, [owner.name]: sum(current.counts[owner.name], batch) });
    return batch;
  }

  async function complete(run: Run): Promise<PurgeCertificate | undefined> {
    const standing = await inTransaction(db, tx => store.lockRun(tx, run));
    // Before the certificate says that they are gone; it is an hour's work for nobody where nothing went.
    if (standing && total(standing.counts) > 0) await forgetDeleted();
    return inTransaction(db, async tx => {
      const site = await store.lockSite(tx, run.siteId);
      const current = await store.lockRun(tx, run);
      if (!site || !current) return undefined;
      const named = { id: run.siteId, key: site.key };
      const [last] = await store.certificates(tx, named, undefined, 1);
      const completedAt = now();
      const certificate = sealed({
        siteKey: site.key,
        sequence: (last?.sequence ?? 0) + 1,
        trigger: current.trigger,
        night: current.night,
        cutoffs: current.cutoffs,
        counts: current.counts,
        startedAt: current.startedAt.toISOString(),
        completedAt: completedAt.toISOString(),
        durationMs: durationOf(current.startedAt, completedAt),
        held: await legalHolds.holdsSite(tx, run.siteId),
        previousHash: last?.hash ?? NO_HASH,
      });
      await store.complete(tx, current, certificate);
      await emit(tx, { siteId: run.siteId, type: 'purge.completed', subjectId: run.id });
      return certificate;
    });
  }
}

const sum = (counts: Counts = {}, more: Counts): Counts =>
  Object.fromEntries(Object.entries(more).map(([kind, count]) => [kind, (counts[kind] ?? 0) + count]));

const total = (counts: CountsByClass): number =>
  Object.values(counts)
    .flatMap(kinds => Object.values(kinds))
    .reduce((all, count) => all + count, 0);
