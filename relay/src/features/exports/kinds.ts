/**
 * What one file of the archive holds: the rows of a table in the order of its key, all columns save those of `without`.
 * Of rows that are restricted only what `ifRestricted` names is told, and nothing where it names nothing.
 */
export type Kind = {
  /** The file's name, without its ending. */
  name: string;
  table: string;
  about: string;
  /** The column that says whose a row is. */
  of: 'siteId' | 'accountId' | 'id';
  /** The rest of the key, with the types of PostgreSQL. */
  key: Record<string, 'uuid' | 'text' | 'int' | 'date'>;
  without?: string[];
  /** Columns of another table: the name, and a statement with `t` for the row. */
  more?: Record<string, string>;
  ifRestricted?: string[] | 'left out with its conversation';
};

/** What is of the account itself. */
export const accountKinds: readonly Kind[] = [
  { name: 'account', table: 'Account', about: 'The account', of: 'id', key: {} },
  {
    name: 'members',
    table: 'Member',
    about: 'Who belongs to it, with name, e-mail address and role',
    of: 'accountId',
    key: { userId: 'uuid' },
    more: {
      name: 'SELECT u."name" FROM "User" u WHERE u."id" = t."userId"',
      email: 'SELECT u."email" FROM "User" u WHERE u."id" = t."userId"',
    },
  },
  {
    name: 'invitations',
    table: 'Invitation',
    about: 'Who is invited and has not answered',
    of: 'accountId',
    key: { id: 'uuid' },
    without: ['tokenHash'],
  },
  {
    name: 'subscription',
    table: 'Subscription',
    about: 'What it pays for',
    of: 'accountId',
    key: {},
    without: ['told', 'checkedAt', 'differedAt'],
  },
  {
    name: 'billing-records',
    table: 'BillingRecord',
    about: 'What it was billed; the invoices are at Stripe',
    of: 'accountId',
    key: { invoiceId: 'text' },
  },
  {
    name: 'account-usage',
    table: 'AccountUsage',
    about: 'Counters by month, of all its sites together; costs in millionths of a US dollar',
    of: 'accountId',
    key: { periodStart: 'date' },
  },
  { name: 'audit', table: 'AuditEntry', about: 'What its users did', of: 'accountId', key: { id: 'uuid' } },
];

const ofConversation = 'left out with its conversation' as const;

/** What is of each of its sites, beside the consent log. */
export const siteKinds: readonly Kind[] = [
  {
    name: 'site',
    table: 'Site',
    about: 'The site and its settings, without keys and secrets',
    of: 'id',
    key: {},
    without: ['secretHash', 'previousSecretHash', 'previousSecretUntil'],
  },
  {
    name: 'conversations',
    table: 'Conversation',
    about: 'Stored chats',
    of: 'siteId',
    key: { id: 'uuid' },
    without: ['handleHash', 'subjectKey'],
    ifRestricted: ['siteId', 'id', 'createdAt', 'restrictedAt'],
  },
  {
    name: 'messages',
    table: 'Message',
    about: 'What was said in them',
    of: 'siteId',
    key: { conversationId: 'uuid', id: 'uuid' },
    without: ['words'],
    ifRestricted: ofConversation,
  },
  {
    name: 'page-views',
    table: 'PageView',
    about: 'Pages that visitors saw who agreed to analytics',
    of: 'siteId',
    key: { conversationId: 'uuid', id: 'uuid' },
    ifRestricted: ofConversation,
  },
  {
    name: 'leads',
    table: 'Lead',
    about: 'Contact details that visitors left',
    of: 'siteId',
    key: { id: 'uuid' },
    without: ['emailKey', 'phoneKey', 'subjectKey', 'revision', 'words'],
    ifRestricted: ['siteId', 'id', 'createdAt', 'restrictedAt'],
  },
  {
    name: 'deliveries',
    table: 'Delivery',
    about: 'To whom leads, events and e-mails went, and how each try ended',
    of: 'siteId',
    key: { target: 'text', subjectId: 'uuid' },
    without: ['claim', 'claimedUntil'],
  },
  {
    name: 'data-requests',
    table: 'DataRequest',
    about: 'Requests of people about their data',
    of: 'siteId',
    key: { id: 'uuid' },
    without: ['keyId', 'ciphertext'],
  },
  { name: 'legal-holds', table: 'LegalHold', about: 'What may not be deleted', of: 'siteId', key: { id: 'uuid' } },
  { name: 'purges', table: 'PurgeRun', about: 'Certificates of purges', of: 'siteId', key: { id: 'uuid' } },
  {
    name: 'documents',
    table: 'Document',
    about: 'Pages and products of the knowledge; their words are the passages',
    of: 'siteId',
    key: { id: 'uuid' },
    without: ['dictionary', 'chunkCount', 'length', 'indexVersion'],
  },
  {
    name: 'passages',
    table: 'Chunk',
    about: 'What stands in these documents',
    of: 'siteId',
    key: { documentId: 'uuid', ordinal: 'int' },
    without: ['id', 'textHash'],
  },
  { name: 'entries', table: 'Entry', about: 'Answers that you wrote', of: 'siteId', key: { id: 'uuid' } },
  {
    name: 'test-cases',
    table: 'EvalCase',
    about: 'Questions to test the answers by',
    of: 'siteId',
    key: { id: 'uuid' },
  },
  {
    name: 'sources',
    table: 'Source',
    about: 'What is crawled',
    of: 'siteId',
    key: { id: 'uuid' },
    without: ['holder', 'leaseUntil'],
  },
  {
    name: 'crawled-pages',
    table: 'CrawlPage',
    about: 'Addresses that were crawled, and what became of them',
    of: 'siteId',
    key: { sourceId: 'uuid', hash: 'text' },
  },
  { name: 'uploads', table: 'Upload', about: 'Files that were uploaded', of: 'siteId', key: { id: 'uuid' } },
  {
    name: 'webhooks',
    table: 'WebhookEndpoint',
    about: 'Endpoints that are told of events, without their secrets',
    of: 'siteId',
    key: { id: 'uuid' },
  },
  {
    name: 'webhook-messages',
    table: 'WebhookMessage',
    about: 'What they were told of',
    of: 'siteId',
    key: { id: 'uuid' },
  },
  {
    name: 'emails',
    table: 'Email',
    about: 'E-mails that were sent or wait',
    of: 'siteId',
    key: { id: 'uuid' },
    without: ['keyId', 'ciphertext', 'recipientHash'],
  },
  {
    name: 'email-addresses',
    table: 'EmailAddress',
    about: 'How it stands with the addresses for notifications',
    of: 'siteId',
    key: { id: 'uuid' },
    without: ['hash'],
  },
  { name: 'usage', table: 'Usage', about: 'Counters by month', of: 'siteId', key: { periodStart: 'date' } },
  {
    name: 'costs',
    table: 'Spend',
    about: 'What the providers cost, in millionths of a US dollar',
    of: 'siteId',
    key: { period: 'text' },
  },
  {
    name: 'day-counts',
    table: 'DayCount',
    about: 'Counters by day',
    of: 'siteId',
    key: { day: 'date', name: 'text' },
  },
  {
    name: 'shopify',
    table: 'ShopifyShop',
    about: 'The shop at Shopify, without its tokens',
    of: 'siteId',
    key: {},
    without: ['keyId', 'ciphertext'],
  },
];

/** Tables of which the archive has nothing, or something else, and why; a test finds one that is forgotten. */
export const notExported: Readonly<Record<string, string>> = {
  ConsentRecord: 'in consents.jsonl, as it is verified',
  ConsentChain: 'the same',
  Notice: 'the same',
  ConsentToken: 'opens one conversation within a day',
  ConnectCode: 'good for ten minutes',
  ProviderKey: 'secrets',
  WebhookSecret: 'secrets',
  UploadPiece: 'files until they are read, which their owner has',
  ChunkTerm: 'the words of the passages once more',
  Embedding: 'the same as vectors',
  ShopifyWebhook: 'receipts of what Shopify told the relay',
  StripeEvent: 'receipts of what Stripe told the relay',
  SharedCount: 'of no account: counts of limits, for minutes',
  RetiredKey: 'of no account: which of the operator’s keys are retired',
  Presence: 'who is there at this moment',
  MinuteCount: 'counts of the last minutes',
  EmailSuppression: 'of no site',
  EmailCount: 'of no site',
  User: 'names and addresses are in members.jsonl; the rest is each user’s own, who exports it by themselves',
  Session: 'each user’s own',
  Credential: 'secrets',
  Verification: 'secrets',
  TwoFactor: 'secrets',
  Passkey: 'each user’s own',
  SignIn: 'each user’s own',
  AccountMail: 'until it is sent',
  AccountExport: 'this',
  AccountExportPiece: 'this',
};
