-- AlterTable
ALTER TABLE "Conversation" ADD COLUMN     "costMicros" INTEGER NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "Document" ADD COLUMN     "origin" TEXT NOT NULL DEFAULT 'plugin';

-- AlterTable
ALTER TABLE "Message" ADD COLUMN     "costMicros" INTEGER,
ADD COLUMN     "handledAt" TIMESTAMPTZ(3),
ADD COLUMN     "outcome" TEXT,
ADD COLUMN     "passages" JSONB;

-- CreateTable
CREATE TABLE "Spend" (
    "siteId" UUID NOT NULL,
    "period" TEXT NOT NULL,
    "micros" BIGINT NOT NULL DEFAULT 0,
    "alerted" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "Spend_pkey" PRIMARY KEY ("siteId","period")
);

-- CreateTable
CREATE TABLE "Entry" (
    "siteId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "question" TEXT NOT NULL,
    "answer" TEXT NOT NULL,
    "links" JSONB NOT NULL,
    "locale" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Entry_pkey" PRIMARY KEY ("siteId","id")
);

-- CreateTable
CREATE TABLE "EvalCase" (
    "siteId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "question" TEXT NOT NULL,
    "locale" TEXT,
    "expects" TEXT NOT NULL,
    "documents" TEXT[],
    "phrases" TEXT[],
    "createdAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "EvalCase_pkey" PRIMARY KEY ("siteId","id")
);

-- CreateIndex
CREATE INDEX "Entry_siteId_createdAt_idx" ON "Entry"("siteId", "createdAt");

-- CreateIndex
CREATE INDEX "EvalCase_siteId_createdAt_idx" ON "EvalCase"("siteId", "createdAt");

-- CreateIndex
CREATE INDEX "Message_siteId_outcome_createdAt_idx" ON "Message"("siteId", "outcome", "createdAt");

-- AddForeignKey
ALTER TABLE "Spend" ADD CONSTRAINT "Spend_siteId_fkey" FOREIGN KEY ("siteId") REFERENCES "Site"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Entry" ADD CONSTRAINT "Entry_siteId_fkey" FOREIGN KEY ("siteId") REFERENCES "Site"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "EvalCase" ADD CONSTRAINT "EvalCase_siteId_fkey" FOREIGN KEY ("siteId") REFERENCES "Site"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- CreateTable
CREATE TABLE "Source" (
    "siteId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "url" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "maxPages" INTEGER NOT NULL,
    "maxDepth" INTEGER NOT NULL,
    "maxBytes" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "reason" TEXT,
    "notices" TEXT[],
    "asked" INTEGER NOT NULL DEFAULT 0,
    "bytes" INTEGER NOT NULL DEFAULT 0,
    "setbacks" INTEGER NOT NULL DEFAULT 0,
    "unreachable" INTEGER NOT NULL DEFAULT 0,
    "holder" UUID,
    "leaseUntil" TIMESTAMPTZ(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "startedAt" TIMESTAMPTZ(3),
    "finishedAt" TIMESTAMPTZ(3),
    "completedAt" TIMESTAMPTZ(3),
    "nextAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Source_pkey" PRIMARY KEY ("siteId","id")
);

-- CreateTable
CREATE TABLE "CrawlPage" (
    "siteId" UUID NOT NULL,
    "sourceId" UUID NOT NULL,
    "hash" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "depth" INTEGER NOT NULL,
    "hops" INTEGER NOT NULL DEFAULT 0,
    "family" TEXT,
    "locale" TEXT,
    "state" TEXT NOT NULL,
    "reason" TEXT,
    "target" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "misses" INTEGER NOT NULL DEFAULT 0,
    "urls" INTEGER NOT NULL DEFAULT 0,
    "etag" TEXT,
    "lastModified" TEXT,
    "contentHash" TEXT,
    "changedAt" TIMESTAMPTZ(3),
    "indexVersion" INTEGER NOT NULL DEFAULT 0,
    "hasDocument" BOOLEAN NOT NULL DEFAULT false,
    "fetchedAt" TIMESTAMPTZ(3),

    CONSTRAINT "CrawlPage_pkey" PRIMARY KEY ("siteId","sourceId","hash")
);

-- CreateIndex
CREATE INDEX "Source_nextAt_idx" ON "Source"("nextAt");

-- CreateIndex
CREATE UNIQUE INDEX "Source_siteId_url_key" ON "Source"("siteId", "url");

-- CreateIndex
CREATE INDEX "CrawlPage_siteId_sourceId_state_idx" ON "CrawlPage"("siteId", "sourceId", "state");

-- CreateIndex
CREATE INDEX "CrawlPage_siteId_hash_idx" ON "CrawlPage"("siteId", "hash");

-- AddForeignKey
ALTER TABLE "Source" ADD CONSTRAINT "Source_siteId_fkey" FOREIGN KEY ("siteId") REFERENCES "Site"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "CrawlPage" ADD CONSTRAINT "CrawlPage_siteId_sourceId_fkey" FOREIGN KEY ("siteId", "sourceId") REFERENCES "Source"("siteId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AlterTable
ALTER TABLE "Chunk" ADD COLUMN     "textHash" BYTEA;

-- CreateIndex
CREATE INDEX "Chunk_siteId_textHash_idx" ON "Chunk"("siteId", "textHash");

-- CreateTable
CREATE TABLE "Upload" (
    "siteId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "contentType" TEXT NOT NULL,
    "url" TEXT,
    "locale" TEXT,
    "size" INTEGER NOT NULL,
    "status" TEXT NOT NULL,
    "fault" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "documents" INTEGER NOT NULL DEFAULT 0,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "finishedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Upload_pkey" PRIMARY KEY ("siteId","id")
);

-- CreateTable
CREATE TABLE "UploadPiece" (
    "siteId" UUID NOT NULL,
    "uploadId" UUID NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "content" BYTEA NOT NULL,

    CONSTRAINT "UploadPiece_pkey" PRIMARY KEY ("siteId","uploadId","ordinal")
);

-- CreateIndex
CREATE INDEX "Upload_siteId_createdAt_idx" ON "Upload"("siteId", "createdAt");

-- AddForeignKey
ALTER TABLE "Upload" ADD CONSTRAINT "Upload_siteId_fkey" FOREIGN KEY ("siteId") REFERENCES "Site"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "UploadPiece" ADD CONSTRAINT "UploadPiece_siteId_uploadId_fkey" FOREIGN KEY ("siteId", "uploadId") REFERENCES "Upload"("siteId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- The index of words, in another layout: what an earlier version wrote is written anew from the passages, by a job.
-- DropTable
DROP TABLE "ChunkTerm";

-- AlterTable
ALTER TABLE "Chunk" DROP COLUMN "length",
ADD COLUMN     "id" BIGSERIAL NOT NULL;

-- AlterTable
ALTER TABLE "Document" ADD COLUMN     "chunkCount" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "dictionary" TEXT NOT NULL DEFAULT 'simple',
ADD COLUMN     "indexVersion" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN     "length" DOUBLE PRECISION NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "ChunkTerm" (
    "siteId" UUID NOT NULL,
    "term" TEXT NOT NULL,
    "chunk" BIGINT NOT NULL,
    "frequency" REAL NOT NULL,
    "length" REAL NOT NULL,

    CONSTRAINT "ChunkTerm_pkey" PRIMARY KEY ("siteId","term","chunk","frequency","length")
);

-- CreateIndex
CREATE INDEX "ChunkTerm_siteId_chunk_idx" ON "ChunkTerm"("siteId", "chunk");

-- CreateIndex
CREATE UNIQUE INDEX "Chunk_siteId_id_key" ON "Chunk"("siteId", "id");

-- CreateIndex
CREATE INDEX "Document_siteId_dictionary_chunkCount_length_idx" ON "Document"("siteId", "dictionary", "chunkCount", "length");

-- AddForeignKey
ALTER TABLE "ChunkTerm" ADD CONSTRAINT "ChunkTerm_siteId_chunk_fkey" FOREIGN KEY ("siteId", "chunk") REFERENCES "Chunk"("siteId", "id") ON DELETE CASCADE ON UPDATE CASCADE;
