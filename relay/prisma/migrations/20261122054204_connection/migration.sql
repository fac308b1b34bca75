-- AlterTable
ALTER TABLE "Conversation" ADD COLUMN     "prechat" JSONB;

-- AlterTable
ALTER TABLE "Site" ADD COLUMN     "homeUrl" TEXT,
ADD COLUMN     "platform" TEXT,
ADD COLUMN     "verification" TEXT,
ADD COLUMN     "verifiedAt" TIMESTAMPTZ(3),
ALTER COLUMN "secretHash" DROP NOT NULL;

-- CreateTable
CREATE TABLE "ConnectCode" (
    "hash" TEXT NOT NULL,
    "siteId" UUID,
    "platform" TEXT NOT NULL,
    "siteUrl" TEXT NOT NULL,
    "codeChallenge" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "ConnectCode_pkey" PRIMARY KEY ("hash")
);

-- CreateIndex
CREATE INDEX "ConnectCode_expiresAt_idx" ON "ConnectCode"("expiresAt");
