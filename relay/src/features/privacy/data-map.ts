import type { PersonalData } from './personal-data.ts';

/** The tables that hold no data about a person, and what they hold instead. */
export const impersonal: Readonly<Record<string, string>> = {
  Site: 'The site’s settings, where it is and what runs it, and the hash of its secret',
  ConnectCode: 'Approvals of a connection for ten minutes: the address of a site, and hashes',
  ProviderKey: 'The site’s keys for language-model providers, encrypted',
  Usage: 'Monthly counters',
  Notice: 'The wordings of the consent notice that were shown',
  ConsentChain: 'The end of the consent log, and the signed checkpoint where it begins',
  Document: 'Pages and products of the site',
  Chunk: 'Passages of these pages',
  ChunkTerm: 'The words of these passages',
  ShopifyShop: 'The address of a Shopify shop, its access tokens, encrypted, and how far its sync has come',
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

A visitor who declined appears in one place: a consent record without a pseudonym. Log lines and error reports hold no
personal data but the visitor's network (IPv4 /24, IPv6 /48). The job queue (schema \`pgboss\`) holds ids only.

${sections.join('\n')}
## Without personal data

${others.join('\n')}
`;
}
