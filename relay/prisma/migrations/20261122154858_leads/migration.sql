-- CreateTable
CREATE TABLE "Delivery" (
    "siteId" UUID NOT NULL,
    "target" TEXT NOT NULL,
    "subjectId" UUID NOT NULL,
    "operation" TEXT NOT NULL DEFAULT 'deliver',
    "revision" INTEGER NOT NULL DEFAULT 1,
    "state" TEXT NOT NULL DEFAULT 'waiting',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "log" JSONB NOT NULL DEFAULT '[]',
    "externalId" TEXT,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "nextAt" TIMESTAMPTZ(3),
    "claim" UUID,
    "claimedUntil" TIMESTAMPTZ(3),
    "deliveredAt" TIMESTAMPTZ(3),
    "alertedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Delivery_pkey" PRIMARY KEY ("siteId","target","subjectId")
);

-- CreateIndex
CREATE INDEX "Delivery_nextAt_idx" ON "Delivery"("nextAt");

-- CreateIndex
CREATE INDEX "Delivery_siteId_subjectId_idx" ON "Delivery"("siteId", "subjectId");

-- CreateIndex
CREATE INDEX "Delivery_siteId_state_since_idx" ON "Delivery"("siteId", "state", "since");

-- AddForeignKey
ALTER TABLE "Delivery" ADD CONSTRAINT "Delivery_siteId_fkey" FOREIGN KEY ("siteId") REFERENCES "Site"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What a Shopify shop has made customers of, and what it could not, goes on in its own row.
INSERT INTO "Delivery" ("siteId", "target", "subjectId", "state", "externalId", "since", "nextAt", "deliveredAt")
SELECT lead."siteId", 'shopify', lead."id", CASE WHEN lead."deliveredAt" IS NULL THEN 'waiting' ELSE 'delivered' END,
  lead."externalId", lead."createdAt", CASE WHEN lead."deliveredAt" IS NULL THEN now() END, lead."deliveredAt"
FROM "Lead" lead JOIN "Site" site ON site."id" = lead."siteId"
WHERE site."platform" = 'shopify' AND (lead."deliveredAt" IS NOT NULL OR lead."deliveryFault" IS NOT NULL);

-- AlterTable
ALTER TABLE "Lead" DROP COLUMN "deliveredAt",
DROP COLUMN "deliveryFault",
ADD COLUMN     "revision" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN     "subjectKey" BYTEA,
ADD COLUMN     "timezone" TEXT,
ADD COLUMN     "marketingAt" TIMESTAMPTZ(3);

-- Until now the box was ticked when the lead was left.
UPDATE "Lead" SET "marketingAt" = "createdAt" WHERE "marketing";

-- AlterTable
ALTER TABLE "Lead" DROP COLUMN "marketing";

-- CreateTable
CREATE TABLE "WebhookEndpoint" (
    "siteId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "url" TEXT NOT NULL,
    "events" TEXT[],
    "description" TEXT NOT NULL,
    "disabledReason" TEXT,
    "endedUntil" TIMESTAMPTZ(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "WebhookEndpoint_pkey" PRIMARY KEY ("siteId","id")
);

-- CreateTable
CREATE TABLE "WebhookSecret" (
    "siteId" UUID NOT NULL,
    "endpointId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "keyId" TEXT NOT NULL,
    "ciphertext" BYTEA NOT NULL,
    "expiresAt" TIMESTAMPTZ(3),

    CONSTRAINT "WebhookSecret_pkey" PRIMARY KEY ("siteId","endpointId","id")
);

-- CreateTable
CREATE TABLE "WebhookMessage" (
    "siteId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "type" TEXT NOT NULL,
    "subjectId" UUID NOT NULL,
    "lastMessageAt" TIMESTAMPTZ(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "WebhookMessage_pkey" PRIMARY KEY ("siteId","id")
);

-- CreateIndex
CREATE INDEX "WebhookEndpoint_siteId_createdAt_idx" ON "WebhookEndpoint"("siteId", "createdAt");

-- CreateIndex
CREATE INDEX "WebhookSecret_expiresAt_idx" ON "WebhookSecret"("expiresAt");

-- CreateIndex
CREATE INDEX "WebhookMessage_createdAt_idx" ON "WebhookMessage"("createdAt");

-- AddForeignKey
ALTER TABLE "WebhookEndpoint" ADD CONSTRAINT "WebhookEndpoint_siteId_fkey" FOREIGN KEY ("siteId") REFERENCES "Site"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "WebhookSecret" ADD CONSTRAINT "WebhookSecret_siteId_endpointId_fkey" FOREIGN KEY ("siteId", "endpointId") REFERENCES "WebhookEndpoint"("siteId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "WebhookMessage" ADD CONSTRAINT "WebhookMessage_siteId_fkey" FOREIGN KEY ("siteId") REFERENCES "Site"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- CreateTable
CREATE TABLE "Email" (
    "siteId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "locale" TEXT NOT NULL,
    "about" UUID[],
    "details" JSONB NOT NULL,
    "keyId" TEXT,
    "ciphertext" BYTEA,
    "recipientHash" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "sentAt" TIMESTAMPTZ(3),
    "providerId" TEXT,

    CONSTRAINT "Email_pkey" PRIMARY KEY ("siteId","id")
);

-- CreateIndex
CREATE INDEX "Email_siteId_createdAt_idx" ON "Email"("siteId", "createdAt");

-- CreateIndex
CREATE INDEX "Email_about_idx" ON "Email" USING GIN ("about");

-- AddForeignKey
ALTER TABLE "Email" ADD CONSTRAINT "Email_siteId_fkey" FOREIGN KEY ("siteId") REFERENCES "Site"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- CreateTable
CREATE TABLE "EmailAddress" (
    "siteId" UUID NOT NULL,
    "hash" TEXT NOT NULL,
    "id" UUID NOT NULL,
    "askedAt" TIMESTAMPTZ(3) NOT NULL,
    "confirmedAt" TIMESTAMPTZ(3),
    "unsubscribed" TEXT[],
    "digestDate" TEXT,

    CONSTRAINT "EmailAddress_pkey" PRIMARY KEY ("siteId","hash")
);

-- CreateIndex
CREATE UNIQUE INDEX "EmailAddress_siteId_id_key" ON "EmailAddress"("siteId", "id");

-- AddForeignKey
ALTER TABLE "EmailAddress" ADD CONSTRAINT "EmailAddress_siteId_fkey" FOREIGN KEY ("siteId") REFERENCES "Site"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- CreateTable
CREATE TABLE "EmailSuppression" (
    "hash" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "EmailSuppression_pkey" PRIMARY KEY ("hash")
);

-- CreateTable
CREATE TABLE "EmailCount" (
    "hash" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "day" DATE NOT NULL,
    "count" INTEGER NOT NULL,

    CONSTRAINT "EmailCount_pkey" PRIMARY KEY ("hash","kind","day")
);

-- CreateIndex
CREATE INDEX "EmailCount_day_idx" ON "EmailCount"("day");
