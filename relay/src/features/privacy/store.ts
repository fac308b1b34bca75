import type { DataRequestPage, DataRequestType, dataRequestSource } from '@confab/contract';
import type { z } from 'zod';
import type { Db, Tx } from '../../db/database.ts';
import { AppError } from '../../lib/app-error.ts';
import { type Period, type Place, within } from '../../lib/cursor.ts';
import type { Sealed } from '../../lib/keyring.ts';
import type { Counts } from './personal-data.ts';

export type DataRequestSource = z.infer<typeof dataRequestSource>;
export type RequestEvent = DataRequestPage['items'][number]['events'][number];

export type RequestRow = {
  siteId: string;
  id: string;
  type: DataRequestType;
  source: DataRequestSource;
  reference: string | null;
  status: 'processing' | 'completed';
  counts: Counts;
  retained: Counts;
  events: RequestEvent[];
  keyId: string | null;
  ciphertext: Uint8Array<ArrayBuffer> | null;
  receivedAt: Date;
  dueAt: Date;
  completedAt: Date | null;
};

/** A request that was received; `sealed` is whom it is about. */
export type NewRequest = Pick<RequestRow, 'id' | 'type' | 'source' | 'reference' | 'receivedAt' | 'dueAt'> & {
  sealed: Sealed;
};

/** What a request has come to. */
export type Outcome = { counts: Counts; retained: Counts; at: Date };

export type RequestStore = ReturnType<typeof requestStore>;

/** Every query of the data requests. */
export const requestStore = (db: Db) => ({
  /** Throws 404 `site_not_found` where the site has just been deleted. */
  async receive(tx: Tx, siteId: string, { sealed, ...request }: NewRequest): Promise<void> {
    const events: RequestEvent[] = [{ at: request.receivedAt.toISOString(), event: 'received' }];
    const row = { siteId, ...request, status: 'processing', counts: {}, retained: {}, events, ...sealed };
    await tx.dataRequest.create({ data: row }).catch((error: { code?: string }) => {
      throw error.code === 'P2003' ? new AppError('site_not_found', 'This site is not here any more.') : error;
    });
  },

  /** Locks a request that is not done yet, for the rest of the transaction. */
  async claim(tx: Tx, siteId: string, id: string): Promise<RequestRow | undefined> {
    await tx.$queryRaw`
      SELECT FROM "DataRequest" WHERE "siteId" = ${siteId}::uuid AND "id" = ${id}::uuid FOR UPDATE`;
    const row = await tx.dataRequest.findFirst({ where: { siteId, id, status: 'processing' } });
    return (row as RequestRow | null) ?? undefined;
  },

  /** From here on the request holds nothing about whom it was. */
  async complete(tx: Tx, request: RequestRow, { counts, retained, at }: Outcome): Promise<RequestRow> {
    const { siteId, id } = request;
    const events: RequestEvent[] = [...request.events, { at: at.toISOString(), event: 'completed' }];
    const done = { status: 'completed' as const, counts, retained, events, completedAt: at, keyId: null };
    await tx.dataRequest.update({ where: { siteId_id: { siteId, id } }, data: { ...done, ciphertext: null } });
    return { ...request, ...done, ciphertext: null };
  },

  async byId(siteId: string, id: string): Promise<RequestRow | undefined> {
    const row = await db.dataRequest.findUnique({ where: { siteId_id: { siteId, id } } });
    return (row as RequestRow | null) ?? undefined;
  },

  /** Adds an event; the same one again is not worth another entry. */
  async note(siteId: string, id: string, event: RequestEvent): Promise<void> {
    await db.$executeRaw`
      UPDATE "DataRequest" SET "events" = "events" || ${JSON.stringify([event])}::jsonb
      WHERE "siteId" = ${siteId}::uuid AND "id" = ${id}::uuid AND "status" = 'processing'
        AND "events"->-1->>'event' <> ${event.event}`;
  },

  /** Requests that somebody began before this time and did not end, oldest first. */
  unfinished: (before: Date, limit: number) =>
    db.dataRequest.findMany({
      where: { status: 'processing', receivedAt: { lt: before } },
      orderBy: { receivedAt: 'asc' },
      take: limit,
      select: { siteId: true, id: true },
    }),

  async list(siteId: string, period: Period, after: Place | undefined, limit: number): Promise<RequestRow[]> {
    const before = after && {
      receivedAt: { lte: after.at },
      OR: [{ receivedAt: { lt: after.at } }, { receivedAt: after.at, id: { lt: after.id } }],
    };
    const rows = await db.dataRequest.findMany({
      where: { siteId, AND: [{ receivedAt: within(period) }, before ?? {}] },
      orderBy: [{ receivedAt: 'desc' }, { id: 'desc' }],
      take: limit,
    });
    return rows as RequestRow[];
  },
});
