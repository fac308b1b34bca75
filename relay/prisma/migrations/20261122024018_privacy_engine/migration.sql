-- AlterTable
ALTER TABLE "ConsentChain" ADD COLUMN     "checkpoint" JSONB;

-- AlterTable
ALTER TABLE "ConsentRecord" ADD COLUMN     "subject" TEXT;

-- AlterTable
ALTER TABLE "ConsentToken" ADD COLUMN     "subjectKey" BYTEA;

-- AlterTable
ALTER TABLE "Conversation" ADD COLUMN     "restrictedAt" TIMESTAMPTZ(3),
ADD COLUMN     "subjectKey" BYTEA;

-- CreateTable
CREATE TABLE "PageView" (
    "siteId" UUID NOT NULL,
    "conversationId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "url" TEXT NOT NULL,
    "referrer" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "PageView_pkey" PRIMARY KEY ("siteId","conversationId","id")
);

-- CreateTable
CREATE TABLE "Lead" (
    "siteId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "conversationId" UUID,
    "name" TEXT,
    "email" TEXT,
    "emailKey" TEXT,
    "phone" TEXT,
    "phoneKey" TEXT,
    "message" TEXT,
    "fields" JSONB NOT NULL,
    "pageUrl" TEXT,
    "callbackAt" TIMESTAMPTZ(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "restrictedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Lead_pkey" PRIMARY KEY ("siteId","id")
);

-- CreateTable
CREATE TABLE "DataRequest" (
    "siteId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "type" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "reference" TEXT,
    "status" TEXT NOT NULL,
    "counts" JSONB NOT NULL,
    "retained" JSONB NOT NULL,
    "events" JSONB NOT NULL,
    "keyId" TEXT,
    "ciphertext" BYTEA,
    "receivedAt" TIMESTAMPTZ(3) NOT NULL,
    "dueAt" TIMESTAMPTZ(3) NOT NULL,
    "completedAt" TIMESTAMPTZ(3),

    CONSTRAINT "DataRequest_pkey" PRIMARY KEY ("siteId","id")
);

-- CreateTable
CREATE TABLE "LegalHold" (
    "siteId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "conversationId" UUID,
    "reason" TEXT NOT NULL,
    "author" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "releasedAt" TIMESTAMPTZ(3),
    "releasedBy" TEXT,

    CONSTRAINT "LegalHold_pkey" PRIMARY KEY ("siteId","id")
);

-- CreateTable
CREATE TABLE "PurgeRun" (
    "siteId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "trigger" TEXT NOT NULL,
    "night" DATE,
    "status" TEXT NOT NULL,
    "held" BOOLEAN NOT NULL,
    "cutoffs" JSONB NOT NULL,
    "counts" JSONB NOT NULL,
    "startedAt" TIMESTAMPTZ(3) NOT NULL,
    "completedAt" TIMESTAMPTZ(3),
    "sequence" INTEGER,
    "previousHash" TEXT,
    "hash" TEXT,

    CONSTRAINT "PurgeRun_pkey" PRIMARY KEY ("siteId","id")
);

-- CreateIndex
CREATE INDEX "PageView_siteId_createdAt_idx" ON "PageView"("siteId", "createdAt");

-- CreateIndex
CREATE INDEX "Lead_siteId_emailKey_idx" ON "Lead"("siteId", "emailKey");

-- CreateIndex
CREATE INDEX "Lead_siteId_phoneKey_idx" ON "Lead"("siteId", "phoneKey");

-- CreateIndex
CREATE INDEX "Lead_siteId_conversationId_idx" ON "Lead"("siteId", "conversationId");

-- CreateIndex
CREATE INDEX "Lead_siteId_createdAt_idx" ON "Lead"("siteId", "createdAt");

-- CreateIndex
CREATE INDEX "DataRequest_siteId_receivedAt_idx" ON "DataRequest"("siteId", "receivedAt");

-- CreateIndex
CREATE INDEX "DataRequest_status_dueAt_idx" ON "DataRequest"("status", "dueAt");

-- CreateIndex
CREATE INDEX "LegalHold_siteId_conversationId_idx" ON "LegalHold"("siteId", "conversationId");

-- CreateIndex
CREATE INDEX "PurgeRun_siteId_startedAt_idx" ON "PurgeRun"("siteId", "startedAt");

-- CreateIndex
CREATE UNIQUE INDEX "PurgeRun_siteId_night_key" ON "PurgeRun"("siteId", "night");

-- CreateIndex
CREATE UNIQUE INDEX "PurgeRun_siteId_sequence_key" ON "PurgeRun"("siteId", "sequence");

-- CreateIndex
CREATE INDEX "ConsentRecord_siteId_subject_idx" ON "ConsentRecord"("siteId", "subject");

-- CreateIndex
CREATE INDEX "Conversation_siteId_createdAt_idx" ON "Conversation"("siteId", "createdAt");

-- CreateIndex
CREATE INDEX "Message_siteId_createdAt_idx" ON "Message"("siteId", "createdAt");

-- AddForeignKey
ALTER TABLE "PageView" ADD CONSTRAINT "PageView_siteId_conversationId_fkey" FOREIGN KEY ("siteId", "conversationId") REFERENCES "Conversation"("siteId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Lead" ADD CONSTRAINT "Lead_siteId_fkey" FOREIGN KEY ("siteId") REFERENCES "Site"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "DataRequest" ADD CONSTRAINT "DataRequest_siteId_fkey" FOREIGN KEY ("siteId") REFERENCES "Site"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "LegalHold" ADD CONSTRAINT "LegalHold_siteId_fkey" FOREIGN KEY ("siteId") REFERENCES "Site"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "PurgeRun" ADD CONSTRAINT "PurgeRun_siteId_fkey" FOREIGN KEY ("siteId") REFERENCES "Site"("id") ON DELETE CASCADE ON UPDATE CASCADE;


-- What the settings say since this version, for sites that were made before.
UPDATE "Site" SET "settings" = "settings" || jsonb_build_object(
  'timezone', COALESCE("settings"->'timezone', '"UTC"'::jsonb),
  'country', COALESCE("settings"->'country', 'null'::jsonb),
  'retention', '{"leadDays": 365, "pageViewDays": 90, "consentDays": 1095}'::jsonb || ("settings"->'retention'));
UPDATE "Site" SET "settings" = jsonb_set("settings", '{retention,consentDays}', "settings"#>'{retention,conversationDays}')
WHERE ("settings"#>>'{retention,consentDays}')::int < ("settings"#>>'{retention,conversationDays}')::int;
