import type { DeliveryAttempt, DeliveryItem, DeliveryPage } from '@confab/contract';
import type { Outbox } from '../../jobs/outbox.ts';
import type { DeliveryRow, DeliveryState, Place } from '../../jobs/outbox-store.ts';
import { AppError } from '../../lib/app-error.ts';
import { type Period, timeIn } from '../../lib/cursor.ts';

export type Deliveries = ReturnType<typeof createDeliveries>;

type Listing = Period & {
  state?: Exclude<DeliveryState, 'delivered'> | undefined;
  target?: string | undefined;
  cursor?: string | undefined;
  limit: number;
};

/** What of a site is on its way to somebody, as its owner looks at it. It tells nothing of whom it is about. */
export function createDeliveries({ outbox }: { outbox: Pick<Outbox, 'again' | 'of' | 'list'> }) {
  return {
    /** What has not arrived, longest waiting first. Throws 400 for a cursor that is none. */
    async list(siteId: string, { state, target, cursor, limit, ...since }: Listing): Promise<DeliveryPage> {
      const states: DeliveryState[] = state ? [state] : ['waiting', 'failed'];
      const after = placeOf(cursor);
      const targets = target === undefined ? undefined : [target];
      const rows = await outbox.list(siteId, {
        states,
        since,
        ...(targets && { targets }),
        ...(after && { after }),
        limit: limit + 1,
      });
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      return {
        items: page.map(row => ({ subjectId: row.subjectId, ...deliveryOf(row) })),
        nextCursor: rows.length > limit && last ? cursorOf(last) : null,
      };
    },

    /** Tries one at once; gives 0 where it neither waits nor has failed. Throws 404 where there is none. */
    async retry(siteId: string, subjectId: string, target: string): Promise<number> {
      const known = (await outbox.of(siteId, [subjectId])).get(subjectId) ?? [];
      if (!known.some(delivery => delivery.target === target)) {
        throw new AppError('not_found', 'This lead does not go there. See its deliveries in the list of leads.');
      }
      return outbox.again(siteId, { target, subjectId });
    },

    /** Tries everything at once that waits or has failed, or that of one target; gives how many. */
    retryAll: (siteId: string, { target }: { target?: string | undefined }): Promise<number> =>
      outbox.again(siteId, target === undefined ? {} : { target }),
  };
}

/** How it stands, as its owner reads it. */
export function deliveryOf(row: DeliveryRow): DeliveryItem {
  const { target, attempts, externalId } = row;
  return {
    target,
    operation: row.operation as DeliveryItem['operation'],
    state: row.state as DeliveryState,
    attempts,
    log: row.log as DeliveryAttempt[],
    externalId,
    since: row.since.toISOString(),
    nextAt: row.nextAt?.toISOString() ?? null,
    deliveredAt: row.deliveredAt?.toISOString() ?? null,
  };
}

const cursorOf = ({ since, target, subjectId }: Place): string =>
  Buffer.from(`${since.toISOString()} ${subjectId} ${target}`).toString('base64url');

function placeOf(cursor: string | undefined): Place | undefined {
  if (cursor === undefined) return undefined;
  const [time = '', subjectId = '', target = ''] = Buffer.from(cursor, 'base64url').toString('utf8').split(' ');
  const since = timeIn(time);
  const isOurs = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(subjectId) && /^[\w:-]+$/.test(target);
  if (!since || !isOurs) {
    throw new AppError('validation_failed', 'This cursor is not one of this list. Begin without one.', {
      errors: [{ path: 'cursor', message: 'is not one that this list gave' }],
    });
  }
  return { since, target, subjectId };
}
