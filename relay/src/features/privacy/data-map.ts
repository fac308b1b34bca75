import type { PersonalData } from './personal-data.ts';

/** The tables that hold no data about a person, and what they hold instead. */
export const impersonal: Readonly<Record<string, string>> = {
  Site: 'The site’s settings, where it is and what runs it, and the hash of its secret',
  ConnectCode: 'Approvals of a connection for ten minutes: the address of a site, and hashes',
  ProviderKey: 'The site’s keys for language-model providers and CRMs, encrypted',
  Usage: 'Monthly counters',
  Spend: 'What the providers cost by day and month: sums',
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
  PurgeRun: 'Certificates of purges: counts, cut-offs and hashes',
};

/** Which data, why, where from, who receives it, how long: for a data-protection officer, made from the code's own list. */
export function dataMap(owners: readonly PersonalData[]): string {
  const sections = owners.map(owner => {
    const tables = Object.entries(owner.tables).map(
      ([table, { data, purpose, origin, recipients, kept }]) => `### \`${table}\`

- Data: ${data}
- Why: ${purpose}
- Where from: ${origin}
- Who receives it: ${recipients}
- How long: ${kept}
`,
    );
    return `## ${owner.name}\n\n${tables.join('\n')}`;
  });
  const others = Object.entries(impersonal).map(([table, holds]) => `- \`${table}\`: ${holds}`);
  return `# Data map

Made by \`npm run -s confab -- data-map --output docs/data-map.md\` from the registry of personal data in the code; a test
compares it. Every table of the schema stands here once. Each list is what access, portability, rectification,
restriction, erasure and the nightly purge go through.

A visitor who declined appears in one place: a consent record without a pseudonym. Log lines hold no personal data but
the visitor's network (IPv4 /24, IPv6 /48), and error reports none; what a network has cost is counted in memory. The job queue (schema \`pgboss\`) holds ids only.

## Sub-processors

Only those that a site chose, or the relay's operator for it. A visitor who declined is answered too, and the relay keeps
nothing of that; those who word answers are sent no address, no cookie, no identifier and nothing that was filled in.

- OpenAI, Anthropic or AWS Bedrock (in the AWS region of the site's settings) word answers: they receive the question, the
  chat before it as far as it fits, and passages of the site's pages. OpenAI is told not to store answers (\`store: false\`).
- OpenAI, where a site has pages found by their meaning (off unless chosen), makes vectors: it receives the site's pages
  once, and every question. Vectors of questions are not kept.
- Where neither is chosen or has a key, answers are quotes, and nothing leaves the relay.
- Sentry, where the operator named one: faults, without words of visitors.
- Resend, where the operator chose it, sends e-mails: it receives each mail and the address that it goes to. Chats go to
  visitors who ask for them, contact details to the owner's own addresses, once their holders have confirmed them.
- HubSpot, Salesforce, Pipedrive, Klaviyo or Zoho (in the site's data centre), where the site chose it: the contact details
  that a visitor left, with what else the form asked, the page, whether the box for marketing was ticked, and, where the site
  says so, what was said in the chat. An erasure goes there as well; the end of the window does not.
- Endpoints of the owner's choice (webhooks): contact details as they are left, and what happened, without words of a chat.

${sections.join('\n')}
## Without personal data

${others.join('\n')}
`;
}
