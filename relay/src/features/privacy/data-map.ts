import type { DataMapEntry, PersonalData } from './personal-data.ts';

/** The tables that hold no data about a person, and what they hold instead. */
export const impersonal: Readonly<Record<string, string>> = {
  Site: 'The site’s settings, where it is and what runs it, and the hash of its secret',
  ProviderKey: 'The site’s keys for language-model providers and CRMs, encrypted',
  Usage: 'Monthly counters',
  AccountUsage: 'The same of an account: conversations, answers and what they cost, of all its sites together',
  MinuteCount: 'How often something happened at the site in a minute, for ten minutes: counts of everybody together',
  Spend: 'What the providers cost by day and month: sums',
  SharedCount:
    'How much somebody did who came near a limit, under a keyed hash of the network or address, for as long as the limit looks back: a day at most',
  DayCount: 'How often something happened at a site on a day, of everybody together: counts',
  Entry:
    'Questions and answers that the owner wrote; a visitor’s question that was taken over has no e-mail address and no international telephone number',
  EvalCase:
    'The site’s own test set: questions as the owner wrote them, the same holds for them, and what a good answer does',
  Notice: 'The wordings of the consent notice that were shown',
  ConsentChain: 'The end of the consent log, and the signed checkpoint where it begins',
  Source: 'What of the site is crawled, and how the latest crawl stands',
  CrawlPage: 'Addresses of the site’s pages, and what became of them',
  Upload: 'Files that the owner uploaded, until they are read, and what became of them',
  UploadPiece: 'What is in these files, until they are read',
  Document: 'Pages and products of the site',
  Chunk: 'Passages of these pages',
  Embedding: 'Vectors of these passages, of sites that chose to have them made by OpenAI',
  ChunkTerm: 'The words of these passages',
  ShopifyShop: 'The address of a Shopify shop, its access tokens, encrypted, and how far its sync has come',
  WebhookEndpoint: 'Addresses that the owner has told of what happens, and of what',
  WebhookSecret: 'What these messages are signed by, encrypted',
  WebhookMessage: 'What they were told of, by kind and id, for 30 days; the body is made when it is sent, and not kept',
  RetiredKey: 'What is left of secret keys of the relay that were rotated out, encrypted',
  PurgeRun: 'Certificates of purges: counts, cut-offs and hashes',
};

const user = 'The user, in the console';
const browser = 'The browser of the user';
const withUser = 'Until the user is deleted, which happens with the last account that they belong to';

/**
 * What is kept of those who sign in: the other side of the counter, so that no visitor's request and no site's window reaches
 * it. Users see and change it in the console, and it goes with them.
 */
export const ofUsers: Readonly<Record<string, DataMapEntry>> = {
  Account: {
    data: 'The account’s name, which is at first that of who signed up, and when it is to be deleted',
    purpose: 'Keeping together what one customer has',
    origin: user,
    recipients: 'The members of the account',
    kept: 'Until an owner has it deleted, and 14 days more',
  },
  Subscription: {
    data: 'Which plan the account pays for, until when, the number that Stripe has for the account, and brand and last four digits of the card',
    purpose: 'Serving the account as its plan says, and telling its owners before that changes',
    origin: 'Stripe, where the owner enters what they pay by',
    recipients: 'The members of the account',
    kept: 'Until the account is deleted',
  },
  StripeEvent: {
    data: 'That Stripe told something of a customer: its number, of what kind, and when; not what it said',
    purpose: 'Losing nothing of it, and doing nothing twice',
    origin: 'Stripe',
    recipients: 'Nobody',
    kept: '30 days',
  },
  BillingRecord: {
    data: 'That the account was billed: number, sum and day of each invoice, and Stripe’s numbers of it and of the customer',
    purpose: 'Showing what was paid; tax law',
    origin: 'Stripe',
    recipients: 'The owners of the account',
    kept: 'Seven years, also when the account is deleted; nothing in it names anybody',
  },
  User: {
    data: 'Name, e-mail address, language, whether a second factor is asked for',
    purpose: 'Signing in, writing to them, and showing others of the account who did what',
    origin: user,
    recipients: 'The members of their accounts; visitors see the name of who answers them',
    kept: withUser,
  },
  Session: {
    data: 'A browser that is signed in: IP address, user agent, when it began and was last seen',
    purpose: 'Staying signed in, and finding and ending what is not one’s own',
    origin: browser,
    recipients: 'The user',
    kept: 'Until it ends: 30 days at most, one without use',
  },
  Credential: {
    data: 'The password, hashed by argon2id',
    purpose: 'Signing in',
    origin: user,
    recipients: 'Nobody',
    kept: withUser,
  },
  Verification: {
    data: 'What a link in a mail, or a step of signing in, must prove',
    purpose: 'Confirming an address, a new password, a second step',
    origin: 'The relay',
    recipients: 'The user, by mail',
    kept: 'A day at most',
  },
  TwoFactor: {
    data: 'The secret of the authenticator app and the recovery codes, encrypted',
    purpose: 'Asking for a second factor',
    origin: 'The relay, when the user switches it on',
    recipients: 'The user, once',
    kept: 'Until it is switched off, or the user is deleted',
  },
  Passkey: {
    data: 'The public half of a passkey, the name that the user gave it, what kind of device has it',
    purpose: 'Signing in without a password',
    origin: browser,
    recipients: 'The user',
    kept: 'Until the user removes it, or is deleted',
  },
  SignIn: {
    data: 'Each try to sign in: when, how, how it ended, IP address, user agent, a hash of a cookie of the browser',
    purpose: 'Security: that the user sees what was not them, and is told of a new device',
    origin: browser,
    recipients: 'The user',
    kept: 'One year',
  },
  AccountMail: {
    data: 'A mail to a user, or to somebody who is invited, encrypted',
    purpose: 'Sending it',
    origin: 'The relay',
    recipients: 'The holder of the address; Resend, where the operator chose it',
    kept: 'What it says: until it is sent, or given up after three days. That it was: some days more',
  },
  Member: {
    data: 'Who belongs to an account, in which role, and which sites they see',
    purpose: 'Letting them do that and no more',
    origin: 'An owner of the account',
    recipients: 'The members of the account',
    kept: 'Until they leave or are taken out, or the account is deleted',
  },
  Invitation: {
    data: 'E-mail address, role and sites of somebody who is invited',
    purpose: 'Letting them join',
    origin: 'An owner of the account, or the operator',
    recipients: 'The owners of the account',
    kept: 'Seven days at most',
  },
  AuditEntry: {
    data: 'Who changed what and when: the name of the user, the call, ids and names of settings, never a value',
    purpose: 'Security, and accounting for how personal data was handled (GDPR Art. 5(2))',
    origin: 'The relay, with each change',
    recipients: 'The owners of the account',
    kept: 'Two years; until then, or until the account is deleted, also of who has left',
  },
  AccountExport: {
    data: 'That an archive of an account was asked for, by whom, and how far it is',
    purpose: 'Giving the owner a copy of everything (GDPR Art. 20)',
    origin: 'An owner of the account',
    recipients: 'The owners of the account',
    kept: 'One day after the archive is made',
  },
  AccountExportPiece: {
    data: 'The archive: everything of the account and its sites, with what visitors wrote and left',
    purpose: 'The same',
    origin: 'The relay',
    recipients: 'The owners of the account',
    kept: 'One day; what is erased meanwhile is still in it until then',
  },
  ConnectCode: {
    data: 'Who approved that a site is connected, to which account, and its address',
    purpose: 'Giving the plugin its secret, if they still may',
    origin: user,
    recipients: 'Nobody',
    kept: 'Ten minutes',
  },
};

/** Which data, why, where from, who receives it, how long: for a data-protection officer, made from the code's own list. */
export function dataMap(owners: readonly PersonalData[]): string {
  const sections = owners.map(owner => `## ${owner.name}\n\n${tablesOf(owner.tables)}`);
  const others = Object.entries(impersonal).map(([table, holds]) => `- \`${table}\`: ${holds}`);
  return `# Data map

Made by \`npm run -s confab -- data-map --output docs/data-map.md\` from the registry of personal data in the code; a test
compares it. Every table of the schema stands here once. Each list is what access, portability, rectification,
restriction, erasure and the nightly purge go through, save the one of users.

A visitor who declined appears in one place: a consent record without a pseudonym. Log lines hold no personal data but
the visitor's network (IPv4 /24, IPv6 /48), and error reports none; what a network has cost is counted in memory, and in \`SharedCount\` once that is a quarter of a
limit. The job queue (schema \`pgboss\`) holds ids only.

## Sub-processors

Only those that a site chose, or the relay's operator for it. A visitor who declined is answered too, and the relay keeps
nothing of that; those who word answers are sent no address, no cookie, no identifier and nothing that was filled in.

- OpenAI, Anthropic or AWS Bedrock (in the AWS region of the site's settings) word answers: they receive the question, the
  chat before it as far as it fits, and passages of the site's pages. OpenAI is told not to store answers (\`store: false\`).
- OpenAI, where a site has pages found by their meaning (off unless chosen), makes vectors: it receives the site's pages
  once, and every question. Vectors of questions are not kept.
- Where neither is chosen or has a key, answers are quotes, and nothing leaves the relay.
- Stripe, where the operator sells plans by it: it receives the account’s number here; name, address, tax id and card the owner
  enters there themselves. When the account is deleted the customer is deleted there too; invoices stay as long as Stripe must
  keep them.
- Sentry, where the operator named one: faults, without words of visitors.
- Resend, where the operator chose it, sends e-mails: it receives each mail and the address that it goes to. Chats go to
  visitors who ask for them, contact details to the owner's own addresses, once their holders have confirmed them.
- HubSpot, Salesforce, Pipedrive, Klaviyo or Zoho (in the site's data centre), where the site chose it: the contact details
  that a visitor left, with what else the form asked, the page, whether the box for marketing was ticked, and, where the site
  says so, what was said in the chat. An erasure goes there as well; the end of the window does not.
- Endpoints of the owner's choice (webhooks): contact details as they are left, and what happened, without words of a chat.

${sections.join('\n')}
## Users of the console

Those who run sites, and not those who visit them. They see, correct, export and delete what is kept of them in the console.

${tablesOf(ofUsers)}
## Without personal data

${others.join('\n')}
`;
}

const tablesOf = (tables: Readonly<Record<string, DataMapEntry>>): string =>
  Object.entries(tables)
    .map(
      ([table, { data, purpose, origin, recipients, kept }]) => `### \`${table}\`

- Data: ${data}
- Why: ${purpose}
- Where from: ${origin}
- Who receives it: ${recipients}
- How long: ${kept}
`,
    )
    .join('\n');
