import { AppError } from './app-error.ts';

/** A place in a list that is ordered by time and then by id. */
export type Place = { at: Date; id: string };

/** From this time on and before that one, where either is given; as a list is asked for. */
export type Period = { from?: string | undefined; to?: string | undefined };

/** The same as a Prisma condition on a time. */
export const within = ({ from, to }: Period) => ({
  ...(from !== undefined && { gte: new Date(from) }),
  ...(to !== undefined && { lt: new Date(to) }),
});

/** The place as a client hands it back, which need not know what it says. */
const cursorOf = ({ at, id }: Place): string => Buffer.from(`${at.toISOString()} ${id}`).toString('base64url');

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Throws 400 where the cursor is none of ours. `shape` is that of the list's ids, where they are no UUIDs. */
export function placeOf(cursor: string | undefined, shape = UUID): Place | undefined {
  if (cursor === undefined) return undefined;
  const [time = '', id = ''] = Buffer.from(cursor, 'base64url').toString('utf8').split(' ');
  const at = timeIn(time);
  if (!at || !shape.test(id)) {
    throw new AppError('validation_failed', 'This cursor is not one of this list. Begin without one.', {
      errors: [{ path: 'cursor', message: 'is not one that this list gave' }],
    });
  }
  return { at, id };
}

/** Nothing for what no cursor of ours has: no time, or one of a year that no database holds. */
export function timeIn(text: string): Date | undefined {
  const time = new Date(text);
  return /^\d{4}-/.test(text) && time.getUTCFullYear() >= 1 ? time : undefined;
}

/** One page of a list of which one row more than `limit` was read, and the cursor of the next page, if there is one. */
export function pageOf<Row extends { id: string }>(rows: Row[], limit: number, timeOf: (row: Row) => Date) {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { page, nextCursor: rows.length > limit && last ? cursorOf({ at: timeOf(last), id: last.id }) : null };
}

/**
 * What stands before this place in a list with the newest first, as a Prisma condition. The bound is for the index, which
 * would else be read from its beginning.
 */
export const olderThan = (place: Place | undefined) =>
  place
    ? {
        createdAt: { lte: place.at },
        OR: [{ createdAt: { lt: place.at } }, { createdAt: place.at, id: { lt: place.id } }],
      }
    : {};
