-- CreateTable
CREATE TABLE "Site" (
    "id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "secretHash" TEXT NOT NULL,
    "settings" JSONB NOT NULL,
    "settingsVersion" INTEGER NOT NULL DEFAULT 1,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Site_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ProviderKey" (
    "siteId" UUID NOT NULL,
    "provider" TEXT NOT NULL,
    "keyId" TEXT NOT NULL,
    "ciphertext" BYTEA NOT NULL,
    "last4" TEXT NOT NULL,

    CONSTRAINT "ProviderKey_pkey" PRIMARY KEY ("siteId","provider")
);

-- CreateTable
CREATE TABLE "Usage" (
    "siteId" UUID NOT NULL,
    "periodStart" DATE NOT NULL,
    "conversations" INTEGER NOT NULL DEFAULT 0,
    "answers" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "Usage_pkey" PRIMARY KEY ("siteId","periodStart")
);

-- CreateTable
CREATE TABLE "Notice" (
    "siteId" UUID NOT NULL,
    "hash" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "locale" TEXT NOT NULL,
    "wording" JSONB NOT NULL,

    CONSTRAINT "Notice_pkey" PRIMARY KEY ("siteId","hash")
);

-- CreateTable
CREATE TABLE "ConsentChain" (
    "siteId" UUID NOT NULL,
    "sequence" INTEGER NOT NULL,
    "hash" TEXT NOT NULL,
    "previousHash" TEXT NOT NULL,

    CONSTRAINT "ConsentChain_pkey" PRIMARY KEY ("siteId")
);

-- CreateTable
CREATE TABLE "ConsentRecord" (
    "siteId" UUID NOT NULL,
    "sequence" INTEGER NOT NULL,
    "id" UUID NOT NULL,
    "decision" TEXT NOT NULL,
    "purposes" TEXT[],
    "noticeVersion" TEXT NOT NULL,
    "noticeHash" TEXT NOT NULL,
    "locale" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "recordedAt" TIMESTAMPTZ(3) NOT NULL,
    "hash" TEXT NOT NULL,
    "previousHash" TEXT NOT NULL,

    CONSTRAINT "ConsentRecord_pkey" PRIMARY KEY ("siteId","sequence")
);

-- CreateTable
CREATE TABLE "ConsentToken" (
    "siteId" UUID NOT NULL,
    "hash" TEXT NOT NULL,
    "sequence" INTEGER NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "ConsentToken_pkey" PRIMARY KEY ("siteId","hash")
);

-- CreateTable
CREATE TABLE "Document" (
    "siteId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "externalId" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "locale" TEXT,
    "attributes" JSONB NOT NULL,
    "contentHash" TEXT NOT NULL,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,
    "syncedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Document_pkey" PRIMARY KEY ("siteId","id")
);

-- CreateTable
CREATE TABLE "Chunk" (
    "siteId" UUID NOT NULL,
    "documentId" UUID NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "heading" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "length" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "Chunk_pkey" PRIMARY KEY ("siteId","documentId","ordinal")
);

-- CreateTable
CREATE TABLE "ChunkTerm" (
    "siteId" UUID NOT NULL,
    "term" TEXT NOT NULL,
    "documentId" UUID NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "frequency" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "ChunkTerm_pkey" PRIMARY KEY ("siteId","term","documentId","ordinal")
);

-- CreateTable
CREATE TABLE "Conversation" (
    "siteId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "handleHash" TEXT NOT NULL,
    "consentSequence" INTEGER NOT NULL,
    "locale" TEXT,
    "pageUrl" TEXT NOT NULL,
    "pageTitle" TEXT,
    "referrer" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Conversation_pkey" PRIMARY KEY ("siteId","id")
);

-- CreateTable
CREATE TABLE "Message" (
    "siteId" UUID NOT NULL,
    "conversationId" UUID NOT NULL,
    "id" UUID NOT NULL,
    "turnId" UUID NOT NULL,
    "clientTurnId" UUID NOT NULL,
    "role" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "citations" JSONB NOT NULL,
    "status" TEXT NOT NULL,
    "provider" TEXT,
    "model" TEXT,
    "finishReason" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Message_pkey" PRIMARY KEY ("siteId","conversationId","id")
);

-- CreateIndex
CREATE UNIQUE INDEX "Site_key_key" ON "Site"("key");

-- CreateIndex
CREATE UNIQUE INDEX "Site_secretHash_key" ON "Site"("secretHash");

-- CreateIndex
CREATE UNIQUE INDEX "Notice_siteId_version_key" ON "Notice"("siteId", "version");

-- CreateIndex
CREATE UNIQUE INDEX "ConsentRecord_siteId_id_key" ON "ConsentRecord"("siteId", "id");

-- CreateIndex
CREATE INDEX "ConsentToken_siteId_expiresAt_idx" ON "ConsentToken"("siteId", "expiresAt");

-- CreateIndex
CREATE UNIQUE INDEX "Document_siteId_externalId_key" ON "Document"("siteId", "externalId");

-- CreateIndex
CREATE INDEX "ChunkTerm_siteId_documentId_ordinal_idx" ON "ChunkTerm"("siteId", "documentId", "ordinal");

-- CreateIndex
CREATE UNIQUE INDEX "Conversation_siteId_handleHash_key" ON "Conversation"("siteId", "handleHash");

-- CreateIndex
CREATE UNIQUE INDEX "Message_siteId_conversationId_clientTurnId_role_key" ON "Message"("siteId", "conversationId", "clientTurnId", "role");

-- AddForeignKey
ALTER TABLE "ProviderKey" ADD CONSTRAINT "ProviderKey_siteId_fkey" FOREIGN KEY ("siteId") REFERENCES "Site"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Usage" ADD CONSTRAINT "Usage_siteId_fkey" FOREIGN KEY ("siteId") REFERENCES "Site"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Notice" ADD CONSTRAINT "Notice_siteId_fkey" FOREIGN KEY ("siteId") REFERENCES "Site"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ConsentChain" ADD CONSTRAINT "ConsentChain_siteId_fkey" FOREIGN KEY ("siteId") REFERENCES "Site"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ConsentRecord" ADD CONSTRAINT "ConsentRecord_siteId_fkey" FOREIGN KEY ("siteId") REFERENCES "Site"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ConsentToken" ADD CONSTRAINT "ConsentToken_siteId_fkey" FOREIGN KEY ("siteId") REFERENCES "Site"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Document" ADD CONSTRAINT "Document_siteId_fkey" FOREIGN KEY ("siteId") REFERENCES "Site"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Chunk" ADD CONSTRAINT "Chunk_siteId_documentId_fkey" FOREIGN KEY ("siteId", "documentId") REFERENCES "Document"("siteId", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ChunkTerm" ADD CONSTRAINT "ChunkTerm_siteId_documentId_ordinal_fkey" FOREIGN KEY ("siteId", "documentId", "ordinal") REFERENCES "Chunk"("siteId", "documentId", "ordinal") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Conversation" ADD CONSTRAINT "Conversation_siteId_fkey" FOREIGN KEY ("siteId") REFERENCES "Site"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Message" ADD CONSTRAINT "Message_siteId_conversationId_fkey" FOREIGN KEY ("siteId", "conversationId") REFERENCES "Conversation"("siteId", "id") ON DELETE CASCADE ON UPDATE CASCADE;
