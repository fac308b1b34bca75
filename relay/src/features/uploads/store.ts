import type { Db, Tx } from '../../db/database.ts';
import { olderThan, type Place } from '../../lib/cursor.ts';

export type NewUpload = {
  id: string;
  name: string;
  contentType: string;
  url: string | null;
  locale: string | null;
  size: number;
  createdAt: Date;
};

export type UploadStore = ReturnType<typeof uploadStore>;

/** Writing so much takes the embedded database some hundredths of a second, in which this process does nothing else. */
const PIECE_BYTES = 1024 * 1024;

/** Every query of the uploads. */
export const uploadStore = (db: Db) => ({
  /** Takes the file piece by piece; it counts once it is accepted. */
  async receive(siteId: string, upload: NewUpload, bytes: Buffer): Promise<void> {
    await db.upload.create({ data: { siteId, ...upload, status: 'receiving' } });
    for (let at = 0; at * PIECE_BYTES < bytes.length; at += 1) {
      // As bytes of its own Prisma would need ten times as long.
      const piece = bytes.subarray(at * PIECE_BYTES, (at + 1) * PIECE_BYTES).toString('base64');
      await db.$executeRaw`
        INSERT INTO "UploadPiece" ("siteId", "uploadId", "ordinal", "content")
        VALUES (${siteId}::uuid, ${upload.id}::uuid, ${at}, decode(${piece}, 'base64'))`;
    }
  },

  async accept(tx: Tx, siteId: string, id: string): Promise<void> {
    await tx.upload.updateMany({ where: { siteId, id }, data: { status: 'pending' } });
  },

  /** Removes files that never became whole. */
  async removeHalves(siteId: string, before: Date): Promise<void> {
    await db.upload.deleteMany({ where: { siteId, status: 'receiving', createdAt: { lt: before } } });
  },

  async content(siteId: string, uploadId: string): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (let at = 0; ; at += 1) {
      const [piece] = await db.$queryRaw<{ content: string }[]>`
        SELECT encode("content", 'base64') AS "content" FROM "UploadPiece"
        WHERE "siteId" = ${siteId}::uuid AND "uploadId" = ${uploadId}::uuid AND "ordinal" = ${at}`;
      if (!piece) return Buffer.concat(pieces);
      pieces.push(Buffer.from(piece.content, 'base64'));
    }
  },

  async counts(siteId: string): Promise<{ all: number; pending: number }> {
    const all = await db.upload.count({ where: { siteId } });
    const pending = await db.upload.count({ where: { siteId, status: { in: ['receiving', 'pending'] } } });
    return { all, pending };
  },

  /** Each look at a file that waits is counted. */
  async take(siteId: string, id: string) {
    await db.upload.updateMany({ where: { siteId, id, status: 'pending' }, data: { attempts: { increment: 1 } } });
    return (await db.upload.findUnique({ where: { siteId_id: { siteId, id } } })) ?? undefined;
  },

  /** Notes how it ended, and lets the file go. False where the upload was removed meanwhile. */
  async finish(
    siteId: string,
    id: string,
    outcome: { status: 'ready' | 'failed'; fault: string | null; documents: number; finishedAt: Date },
  ): Promise<boolean> {
    const [, { count }] = await db.$transaction([
      db.uploadPiece.deleteMany({ where: { siteId, uploadId: id } }),
      db.upload.updateMany({ where: { siteId, id }, data: outcome }),
    ]);
    return count > 0;
  },

  /** False where there is no such upload. */
  async remove(tx: Tx, siteId: string, id: string): Promise<boolean> {
    const { count } = await tx.upload.deleteMany({ where: { siteId, id } });
    return count > 0;
  },

  /** Newest first. */
  list: (siteId: string, before: Place | undefined, limit: number) =>
    db.upload.findMany({
      where: { siteId, status: { not: 'receiving' }, ...olderThan(before) },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      take: limit,
    }),
});
