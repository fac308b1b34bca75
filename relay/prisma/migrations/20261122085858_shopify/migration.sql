-- AlterTable
ALTER TABLE "Conversation" ADD COLUMN     "externalId" TEXT;

-- AlterTable
ALTER TABLE "Document" ADD COLUMN     "product" JSONB;

-- AlterTable
ALTER TABLE "Lead" ADD COLUMN     "deliveredAt" TIMESTAMPTZ(3),
ADD COLUMN     "deliveryFault" TEXT,
ADD COLUMN     "externalId" TEXT,
ADD COLUMN     "marketing" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "Message" ADD COLUMN     "products" JSONB;

-- AlterTable
ALTER TABLE "Site" ADD COLUMN     "plan" JSONB;

-- CreateTable
CREATE TABLE "ShopifyShop" (
    "siteId" UUID NOT NULL,
    "domain" TEXT NOT NULL,
    "shopId" TEXT,
    "keyId" TEXT,
    "ciphertext" BYTEA,
    "scopes" TEXT[],
    "installedAt" TIMESTAMPTZ(3) NOT NULL,
    "uninstalledAt" TIMESTAMPTZ(3),
    "sync" JSONB,

    CONSTRAINT "ShopifyShop_pkey" PRIMARY KEY ("siteId")
);

-- CreateTable
CREATE TABLE "ShopifyWebhook" (
    "domain" TEXT NOT NULL,
    "topic" TEXT NOT NULL,
    "eventId" TEXT NOT NULL,
    "keyId" TEXT,
    "ciphertext" BYTEA,
    "triggeredAt" TIMESTAMPTZ(3),
    "receivedAt" TIMESTAMPTZ(3) NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "processedAt" TIMESTAMPTZ(3),
    "outcome" JSONB,

    CONSTRAINT "ShopifyWebhook_pkey" PRIMARY KEY ("domain","topic","eventId")
);

-- CreateIndex
CREATE UNIQUE INDEX "ShopifyShop_domain_key" ON "ShopifyShop"("domain");

-- CreateIndex
CREATE INDEX "ShopifyWebhook_domain_processedAt_receivedAt_idx" ON "ShopifyWebhook"("domain", "processedAt", "receivedAt");

-- CreateIndex
CREATE INDEX "ShopifyWebhook_receivedAt_idx" ON "ShopifyWebhook"("receivedAt");

-- CreateIndex
CREATE INDEX "Conversation_siteId_externalId_idx" ON "Conversation"("siteId", "externalId");

-- CreateIndex
CREATE INDEX "Lead_siteId_externalId_idx" ON "Lead"("siteId", "externalId");

-- AddForeignKey
ALTER TABLE "ShopifyShop" ADD CONSTRAINT "ShopifyShop_siteId_fkey" FOREIGN KEY ("siteId") REFERENCES "Site"("id") ON DELETE CASCADE ON UPDATE CASCADE;
