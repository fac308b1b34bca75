import { type PrivacyRegister, type SubProcessor, receiverWords as WHAT } from '@confab/contract';
import type { Site } from '../sites/index.ts';
import type { PersonalData } from './personal-data.ts';

type State = SubProcessor['state'];

/** Whom a site and its relay are set up to give something to, without a key or an address of anybody. */
export type SetUp = {
  /** The providers that the site lists, in its order. */
  models: { name: string; place: string; state: State }[];
  /** Where passages are made findable by meaning, if the site chose that. */
  meaning?: { place: string; state: State } | undefined;
  crms: { name: string; place: string; state: State }[];
  /** Hosts of the endpoints that are told of what happens. */
  endpoints: string[];
  /** The host of the e-mail service; undefined where mails stay on the relay. */
  mail?: string | undefined;
  /** The host that is told of faults. */
  faults?: string | undefined;
};

const NAMES: Readonly<Record<string, string>> = {
  openai: 'OpenAI',
  anthropic: 'Anthropic',
  bedrock: 'AWS Bedrock',
  hubspot: 'HubSpot',
  salesforce: 'Salesforce',
  pipedrive: 'Pipedrive',
  klaviyo: 'Klaviyo',
  zoho: 'Zoho CRM',
};

/** The receivers of data that follow from how things are set up; nobody is named who gets nothing and was not chosen. */
export function subProcessorsOf({ settings, platform, homeUrl }: Site, setUp: SetUp): SubProcessor[] {
  const { models, meaning, crms, endpoints, mail, faults } = setUp;
  const named = (name: string) => NAMES[name] ?? name;
  return [
    ...models.map(
      ({ name, place, state }): SubProcessor => ({
        name: named(name),
        service: 'answers',
        ...WHAT.answers,
        place,
        state,
      }),
    ),
    ...(meaning ? [{ name: 'OpenAI', service: 'embeddings' as const, ...WHAT.embeddings, ...meaning }] : []),
    ...crms.map(({ name, place, state }): SubProcessor => {
      const what = settings.crm.transcript ? WHAT.crmWithChat : WHAT.crm;
      return { name: named(name), service: 'crm', ...what, place, state };
    }),
    ...(mail ? [inUse('Resend', 'email', WHAT.email, mail)] : []),
    ...(faults ? [inUse('Sentry', 'errors', WHAT.errors, faults)] : []),
    ...[...new Set(endpoints)].map(host => inUse(host, 'webhook', WHAT.webhook, host)),
    ...(platform === 'shopify' ? [inUse('Shopify', 'platform', WHAT.shopify, hostOf(homeUrl))] : []),
    ...(platform === 'wordpress' ? [inUse('WordPress', 'platform', WHAT.wordpress, hostOf(homeUrl))] : []),
  ];
}

const inUse = (
  name: string,
  service: SubProcessor['service'],
  { purpose, data }: { purpose: string; data: string },
  place: string | null,
): SubProcessor => ({ name, service, purpose, data, place, state: 'in_use' });

const hostOf = (url: string | null) => (url === null ? null : new URL(url).host);

type Deps = { owners: readonly PersonalData[]; setUpOf: (site: Site) => Promise<SetUp>; now: () => Date };

/** Makes the register of one site: the receivers as they are set up now, and each table that holds data of visitors. */
export function createRegister({ owners, setUpOf, now }: Deps) {
  return async (site: Site): Promise<PrivacyRegister> => ({
    generatedAt: now().toISOString(),
    site: { key: site.key, name: site.settings.name, policyUrl: site.settings.consent.policyUrl },
    subProcessors: subProcessorsOf(site, await setUpOf(site)),
    data: owners.flatMap(owner =>
      Object.entries(owner.tables).map(([table, words]) => ({
        kind: owner.name,
        table,
        ...words,
        days: owner.windowDays(site.settings),
      })),
    ),
  });
}

export type RegisterOf = ReturnType<typeof createRegister>;
