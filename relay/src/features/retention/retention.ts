import type { PurgesPage, RetentionResponse } from '@confab/contract';
import type { Db } from '../../db/database.ts';
import type { Outbox } from '../../jobs/outbox.ts';
import { AppError } from '../../lib/app-error.ts';
import type { Period } from '../../lib/cursor.ts';
import type { Log } from '../../lib/log.ts';
import type { LegalHolds, PersonalData } from '../privacy/index.ts';
import type { Site } from '../sites/index.ts';
import { momentOf, nightAfter, nightOf } from './night.ts';
import { createPurgeSite, cutoffsOf } from './purge-site.ts';
import type { CountsByClass, PurgeStore, Standing } from './store.ts';

/** Sites that are looked at in one query. */
const PAGE = 500;
const HOUR_MS = 60 * 60 * 1_000;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

export type Windows = RetentionResponse['windows'];

export type Retention = ReturnType<typeof createRetention>;

type Deps = {
  db: Db;
  store: PurgeStore;
  /** Every class of personal data. */
  owners: readonly PersonalData[];
  legalHolds: LegalHolds;
  /** Takes what was deleted out of the files, where these are ours. */
  forgetDeleted: () => Promise<void>;
  /** Hears of `purge.completed`. */
  emit: Outbox['emit'];
  log: Log;
  now: () => Date;
};

/** Time's up means gone: what is due, the purge that deletes it, and the certificates it leaves. */
export function createRetention(deps: Deps) {
  const { db, store, owners, legalHolds, log, now } = deps;

  return {
    purgeSite: createPurgeSite(deps),

    /** What a purge would delete now with the site's windows, or with these; nothing is written. */
    async preview(site: Site, windows: Partial<Windows> = {}, at = now()) {
      const retention = { ...site.settings.retention, ...windows };
      const cutoffs = cutoffsOf(owners, { ...site.settings, retention }, at);
      const held = await legalHolds.holdsSite(db, site.id);
      const expired: CountsByClass = {};
      for (const owner of owners) {
        const counts = await owner.countBefore(db, site.id, new Date(cutoffs[owner.name] as string));
        expired[owner.name] = held ? Object.fromEntries(Object.keys(counts).map(kind => [kind, 0])) : counts;
      }
      return { windows: retention, expired, held };
    },

    /** When the next nightly purge of the site is due; now, where one is overdue. */
    async nextRunAt(site: Site): Promise<Date> {
      const { timezone } = site.settings;
      const at = now();
      const last = (await store.lastNight(db, site.id)) ?? nightOf(site.createdAt, timezone);
      return nightOf(at, timezone) > last ? at : momentOf(nightAfter(last), timezone);
    },

    /** The certificate of one run; nothing where there is none (any more). */
    certificate: store.certificate,

    /** The certificates, newest first. Throws 400 for a cursor that is none. */
    async certificates(
      site: Site,
      { cursor, limit, ...period }: { cursor?: string | undefined; limit: number } & Period,
    ): Promise<PurgesPage> {
      const rows = await store.certificates(db, site, sequenceOf(cursor), limit + 1, period);
      const items = rows.slice(0, limit);
      return { items, nextCursor: rows.length > limit ? String(items.at(-1)?.sequence) : null };
    },

    /**
     * Finds the sites that are due, and gives each to `found`. Gives none where our clock and the database's are more
     * than an hour apart: one of them is wrong, and what a wrong clock calls expired is not.
     */
    async sweep(found: (siteId: string) => Promise<void>): Promise<void> {
      const at = now();
      const apart = Math.abs((await store.time()).getTime() - at.getTime());
      if (apart > HOUR_MS) {
        log.error(
          { count: Math.round(apart / 1_000) },
          'no purge: the clocks of relay and database differ by so many seconds',
        );
        return;
      }
      for await (const standing of standings()) {
        if (standing.underWay || isDue(standing, at)) await found(standing.id);
      }
    },

    /** The key of every site, oldest first. */
    async siteKeys(): Promise<string[]> {
      const keys: string[] = [];
      for await (const { key } of standings()) keys.push(key);
      return keys;
    },

    /** For how long the purge that is most overdue has been so; 0 where none is. */
    async lagSeconds(): Promise<number> {
      const at = now();
      let lag = 0;
      for await (const standing of standings()) {
        if (!isDue(standing, at)) continue;
        const dueAt = momentOf(nightAfter(lastOf(standing)), standing.timezone);
        lag = Math.max(lag, (at.getTime() - dueAt.getTime()) / 1_000);
      }
      return lag;
    },
  };

  async function* standings(): AsyncGenerator<Standing> {
    for (let after = FIRST_ID; ; ) {
      const page = await store.standings(after, PAGE);
      yield* page;
      const last = page.at(-1);
      if (!last || page.length < PAGE) return;
      after = last.id;
    }
  }
}

/** The last night that needs no purge any more; a new site begins with the night after its creation. */
const lastOf = ({ night, createdAt, timezone }: Standing) => night ?? nightOf(createdAt, timezone);

const isDue = (standing: Standing, at: Date): boolean => nightOf(at, standing.timezone) > lastOf(standing);

function sequenceOf(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(cursor)) return Number(cursor);
  throw new AppError('validation_failed', 'This cursor is not one of this list. Begin without one.', {
    errors: [{ path: 'cursor', message: 'is not one that this list gave' }],
  });
}
