-- By hand: one that waits for a long query has everybody else wait behind it.
SET lock_timeout = '5s';

-- AlterTable
ALTER TABLE "Account" ADD COLUMN     "plan" TEXT;

-- AlterTable
ALTER TABLE "Conversation" ADD COLUMN     "answers" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "limited" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "Usage" ADD COLUMN     "modelAnswers" INTEGER NOT NULL DEFAULT 0;

-- By hand: what was answered this month counts for the limit.
UPDATE "Usage" SET "modelAnswers" = "answers";

-- CreateTable
CREATE TABLE "AccountUsage" (
    "accountId" UUID NOT NULL,
    "periodStart" DATE NOT NULL,
    "conversations" INTEGER NOT NULL DEFAULT 0,
    "messages" INTEGER NOT NULL DEFAULT 0,
    "costMicros" BIGINT NOT NULL DEFAULT 0,
    "voiceSeconds" INTEGER NOT NULL DEFAULT 0,
    "alerted" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "AccountUsage_pkey" PRIMARY KEY ("accountId","periodStart")
);

-- CreateTable
CREATE TABLE "Subscription" (
    "accountId" UUID NOT NULL,
    "customerId" TEXT NOT NULL,
    "subscriptionId" TEXT,
    "plan" TEXT,
    "interval" TEXT,
    "status" TEXT NOT NULL,
    "periodStart" TIMESTAMPTZ(3),
    "periodEnd" TIMESTAMPTZ(3),
    "trialEndsAt" TIMESTAMPTZ(3),
    "endsAt" TIMESTAMPTZ(3),
    "graceUntil" TIMESTAMPTZ(3),
    "cardBrand" TEXT,
    "cardLast4" TEXT,
    "told" JSONB NOT NULL DEFAULT '{}',
    "checkedAt" TIMESTAMPTZ(3) NOT NULL,
    "differedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Subscription_pkey" PRIMARY KEY ("accountId")
);

-- CreateTable
CREATE TABLE "StripeEvent" (
    "id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "customerId" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "receivedAt" TIMESTAMPTZ(3) NOT NULL,
    "processedAt" TIMESTAMPTZ(3),

    CONSTRAINT "StripeEvent_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "BillingRecord" (
    "invoiceId" TEXT NOT NULL,
    "accountId" UUID NOT NULL,
    "customerId" TEXT NOT NULL,
    "number" TEXT,
    "status" TEXT NOT NULL,
    "total" BIGINT NOT NULL,
    "currency" TEXT NOT NULL,
    "issuedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "BillingRecord_pkey" PRIMARY KEY ("invoiceId")
);

-- CreateTable
-- By hand: not logged, so in no backup, and gone after a crash of PostgreSQL.
CREATE UNLOGGED TABLE "SharedCount" (
    "key" TEXT NOT NULL,
    "points" BIGINT NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "SharedCount_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "RetiredKey" (
    "id" TEXT NOT NULL,
    "logKey" JSONB NOT NULL,
    "keyId" TEXT NOT NULL,
    "ciphertext" BYTEA NOT NULL,

    CONSTRAINT "RetiredKey_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "Subscription_customerId_key" ON "Subscription"("customerId");

-- CreateIndex
CREATE UNIQUE INDEX "Subscription_subscriptionId_key" ON "Subscription"("subscriptionId");

-- CreateIndex
CREATE INDEX "Subscription_checkedAt_idx" ON "Subscription"("checkedAt");

-- CreateIndex
CREATE INDEX "StripeEvent_processedAt_receivedAt_idx" ON "StripeEvent"("processedAt", "receivedAt");

-- CreateIndex
CREATE INDEX "StripeEvent_receivedAt_idx" ON "StripeEvent"("receivedAt");

-- CreateIndex
CREATE INDEX "BillingRecord_accountId_issuedAt_idx" ON "BillingRecord"("accountId", "issuedAt");

-- CreateIndex
CREATE INDEX "BillingRecord_issuedAt_idx" ON "BillingRecord"("issuedAt");

-- CreateIndex
CREATE INDEX "SharedCount_expiresAt_idx" ON "SharedCount"("expiresAt");

-- AddForeignKey
ALTER TABLE "AccountUsage" ADD CONSTRAINT "AccountUsage_accountId_fkey" FOREIGN KEY ("accountId") REFERENCES "Account"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Subscription" ADD CONSTRAINT "Subscription_accountId_fkey" FOREIGN KEY ("accountId") REFERENCES "Account"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- By hand: for whoever has the connection after this.
RESET lock_timeout;
