-- AlterTable
ALTER TABLE "Conversation" ADD COLUMN     "takenOverAt" TIMESTAMPTZ(3),
ADD COLUMN     "takenOverBy" UUID,
ADD COLUMN     "takenOverName" TEXT;

-- Approvals that wait are good for ten minutes and of no account: their owners press Connect again.
DELETE FROM "ConnectCode";

-- AlterTable
ALTER TABLE "ConnectCode" ADD COLUMN     "accountId" UUID NOT NULL,
ADD COLUMN     "approvedBy" UUID NOT NULL;

-- AlterTable
ALTER TABLE "Message" ADD COLUMN     "authorId" UUID,
ADD COLUMN     "authorName" TEXT;

-- AlterTable
ALTER TABLE "Site" ADD COLUMN     "accountId" UUID,
ADD COLUMN     "previousSecretHash" TEXT,
ADD COLUMN     "previousSecretUntil" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "DayCount" (
    "siteId" UUID NOT NULL,
    "day" DATE NOT NULL,
    "name" TEXT NOT NULL,
    "count" INTEGER NOT NULL,

    CONSTRAINT "DayCount_pkey" PRIMARY KEY ("siteId","day","name")
);

-- CreateTable
CREATE TABLE "Account" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "deleteAt" TIMESTAMPTZ(3),

    CONSTRAINT "Account_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "User" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "emailVerified" BOOLEAN NOT NULL,
    "image" TEXT,
    "locale" TEXT,
    "twoFactorEnabled" BOOLEAN,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "User_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Session" (
    "id" UUID NOT NULL,
    "token" TEXT NOT NULL,
    "userId" UUID NOT NULL,
    "ipAddress" TEXT,
    "userAgent" TEXT,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Credential" (
    "id" UUID NOT NULL,
    "accountId" TEXT NOT NULL,
    "providerId" TEXT NOT NULL,
    "userId" UUID NOT NULL,
    "accessToken" TEXT,
    "refreshToken" TEXT,
    "idToken" TEXT,
    "accessTokenExpiresAt" TIMESTAMPTZ(3),
    "refreshTokenExpiresAt" TIMESTAMPTZ(3),
    "scope" TEXT,
    "password" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Credential_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Verification" (
    "id" UUID NOT NULL,
    "identifier" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Verification_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "TwoFactor" (
    "id" UUID NOT NULL,
    "secret" TEXT NOT NULL,
    "backupCodes" TEXT NOT NULL,
    "userId" UUID NOT NULL,
    "verified" BOOLEAN,
    "failedVerificationCount" INTEGER,
    "lockedUntil" TIMESTAMPTZ(3),

    CONSTRAINT "TwoFactor_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Passkey" (
    "id" UUID NOT NULL,
    "name" TEXT,
    "publicKey" TEXT NOT NULL,
    "userId" UUID NOT NULL,
    "credentialID" TEXT NOT NULL,
    "counter" INTEGER NOT NULL,
    "deviceType" TEXT NOT NULL,
    "backedUp" BOOLEAN NOT NULL,
    "transports" TEXT,
    "createdAt" TIMESTAMPTZ(3),
    "aaguid" TEXT,

    CONSTRAINT "Passkey_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "SignIn" (
    "userId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "outcome" TEXT NOT NULL,
    "method" TEXT NOT NULL,
    "ipAddress" TEXT,
    "userAgent" TEXT,
    "device" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "SignIn_pkey" PRIMARY KEY ("userId","id")
);

-- CreateTable
CREATE TABLE "AccountMail" (
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "keyId" TEXT,
    "ciphertext" BYTEA,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "AccountMail_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Member" (
    "accountId" UUID NOT NULL,
    "userId" UUID NOT NULL,
    "role" TEXT NOT NULL,
    "allSites" BOOLEAN NOT NULL,
    "siteIds" UUID[],
    "createdAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Member_pkey" PRIMARY KEY ("accountId","userId")
);

-- CreateTable
CREATE TABLE "Invitation" (
    "id" UUID NOT NULL,
    "accountId" UUID,
    "email" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "allSites" BOOLEAN NOT NULL,
    "siteIds" UUID[],
    "tokenHash" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Invitation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "AuditEntry" (
    "accountId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "siteId" UUID,
    "actorId" UUID,
    "actorName" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "details" JSONB NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "AuditEntry_pkey" PRIMARY KEY ("accountId","id")
);

-- CreateTable
CREATE TABLE "AccountExport" (
    "accountId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "requestedBy" UUID NOT NULL,
    "status" TEXT NOT NULL,
    "bytes" BIGINT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "completedAt" TIMESTAMPTZ(3),
    "expiresAt" TIMESTAMPTZ(3),

    CONSTRAINT "AccountExport_pkey" PRIMARY KEY ("accountId","id")
);

-- CreateTable
CREATE TABLE "AccountExportPiece" (
    "accountId" UUID NOT NULL,
    "exportId" UUID NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "bytes" BYTEA NOT NULL,

    CONSTRAINT "AccountExportPiece_pkey" PRIMARY KEY ("accountId","exportId","ordinal")
);

-- CreateIndex
CREATE UNIQUE INDEX "User_email_key" ON "User"("email");

-- CreateIndex
CREATE UNIQUE INDEX "Session_token_key" ON "Session"("token");

-- CreateIndex
CREATE INDEX "Session_userId_idx" ON "Session"("userId");

-- CreateIndex
CREATE INDEX "Session_expiresAt_idx" ON "Session"("expiresAt");

-- CreateIndex
CREATE INDEX "Credential_userId_idx" ON "Credential"("userId");

-- CreateIndex
CREATE INDEX "Verification_identifier_idx" ON "Verification"("identifier");

-- CreateIndex
CREATE INDEX "Verification_expiresAt_idx" ON "Verification"("expiresAt");

-- CreateIndex
CREATE INDEX "TwoFactor_userId_idx" ON "TwoFactor"("userId");

-- CreateIndex
CREATE UNIQUE INDEX "Passkey_credentialID_key" ON "Passkey"("credentialID");

-- CreateIndex
CREATE INDEX "Passkey_userId_idx" ON "Passkey"("userId");

-- CreateIndex
CREATE INDEX "SignIn_createdAt_idx" ON "SignIn"("createdAt");

-- CreateIndex
CREATE INDEX "AccountMail_createdAt_idx" ON "AccountMail"("createdAt");

-- CreateIndex
CREATE INDEX "Member_userId_idx" ON "Member"("userId");

-- CreateIndex
CREATE UNIQUE INDEX "Invitation_tokenHash_key" ON "Invitation"("tokenHash");

-- CreateIndex
CREATE INDEX "Invitation_accountId_createdAt_idx" ON "Invitation"("accountId", "createdAt");

-- CreateIndex
CREATE INDEX "Invitation_expiresAt_idx" ON "Invitation"("expiresAt");

-- CreateIndex
CREATE INDEX "AuditEntry_accountId_createdAt_idx" ON "AuditEntry"("accountId", "createdAt");

-- CreateIndex
CREATE INDEX "AccountExport_expiresAt_idx" ON "AccountExport"("expiresAt");

-- CreateIndex
CREATE UNIQUE INDEX "Site_previousSecretHash_key" ON "Site"("previousSecretHash");

-- CreateIndex
CREATE INDEX "Site_accountId_idx" ON "Site"("accountId");

-- AddForeignKey
ALTER TABLE "Site" ADD CONSTRAINT "Site_accountId_fkey" FOREIGN KEY ("accountId") REFERENCES "Account"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "DayCount" ADD CONSTRAINT "DayCount_siteId_fkey" FOREIGN KEY ("siteId") REFERENCES "Site"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Session" ADD CONSTRAINT "Session_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Credential" ADD CONSTRAINT "Credential_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "TwoFactor" ADD CONSTRAINT "TwoFactor_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Passkey" ADD CONSTRAINT "Passkey_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SignIn" ADD CONSTRAINT "SignIn_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Member" ADD CONSTRAINT "Member_accountId_fkey" FOREIGN KEY ("accountId") REFERENCES "Account"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Member" ADD CONSTRAINT "Member_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Invitation" ADD CONSTRAINT "Invitation_accountId_fkey" FOREIGN KEY ("accountId") REFERENCES "Account"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "AuditEntry" ADD CONSTRAINT "AuditEntry_accountId_fkey" FOREIGN KEY ("accountId") REFERENCES "Account"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "AccountExport" ADD CONSTRAINT "AccountExport_accountId_fkey" FOREIGN KEY ("accountId") REFERENCES "Account"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "AccountExportPiece" ADD CONSTRAINT "AccountExportPiece_accountId_exportId_fkey" FOREIGN KEY ("accountId", "exportId") REFERENCES "AccountExport"("accountId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- CreateTable
CREATE TABLE "Presence" (
    "siteId" UUID NOT NULL,
    "conversationId" UUID NOT NULL,
    "holder" UUID NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "seenAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Presence_pkey" PRIMARY KEY ("siteId","conversationId","holder")
);

-- CreateTable
CREATE TABLE "MinuteCount" (
    "siteId" UUID NOT NULL,
    "minute" TIMESTAMPTZ(3) NOT NULL,
    "name" TEXT NOT NULL,
    "count" INTEGER NOT NULL,

    CONSTRAINT "MinuteCount_pkey" PRIMARY KEY ("siteId","minute","name")
);

-- CreateIndex
CREATE INDEX "MinuteCount_minute_idx" ON "MinuteCount"("minute");

-- CreateIndex
CREATE INDEX "Conversation_takenOverBy_idx" ON "Conversation"("takenOverBy");

-- AddForeignKey
ALTER TABLE "Presence" ADD CONSTRAINT "Presence_siteId_conversationId_fkey" FOREIGN KEY ("siteId", "conversationId") REFERENCES "Conversation"("siteId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "MinuteCount" ADD CONSTRAINT "MinuteCount_siteId_fkey" FOREIGN KEY ("siteId") REFERENCES "Site"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AlterTable
ALTER TABLE "Conversation" ADD COLUMN     "waiting" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "Message" ADD COLUMN     "words" tsvector;

-- AlterTable
ALTER TABLE "Lead" ADD COLUMN     "words" tsvector;

-- What is there already is found by its words, too: as far as PostgreSQL knows small letters, which is where new rows go further.
UPDATE "Message" SET "words" = coalesce((
  SELECT array_to_tsvector(array_agg(DISTINCT right("siteId"::text, 4) || left(word, 64)))
  FROM regexp_split_to_table(lower("text"), '[^[:alnum:]]+') word WHERE word <> ''), '');
UPDATE "Lead" SET "words" = coalesce((
  SELECT array_to_tsvector(array_agg(DISTINCT right("siteId"::text, 4) || left(word, 64)))
  FROM regexp_split_to_table(lower(concat_ws(' ', "name", "email", "phone", "phoneKey")), '[^[:alnum:]]+') word
  WHERE word <> ''), '');

-- What is written gathers in a short list first, which every search reads through.
CREATE INDEX "Message_words_idx" ON "Message" USING GIN ("words") WITH (gin_pending_list_limit = 256);

-- CreateIndex
CREATE INDEX "Lead_words_idx" ON "Lead" USING GIN ("words") WITH (gin_pending_list_limit = 256);

-- Few of many: what waits for a person, and whom one is talking with.
CREATE INDEX "Conversation_waiting_idx" ON "Conversation" ("siteId", "createdAt") WHERE "waiting";
CREATE INDEX "Conversation_takenOver_idx" ON "Conversation" ("siteId", "createdAt") WHERE "takenOverBy" IS NOT NULL;
