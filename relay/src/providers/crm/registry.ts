import type { CrmName, laterSettings } from '@confab/contract';
import type { Config } from '../../config.ts';
import { type Crm, CrmFault } from './crm.ts';

/** What a site has set for its CRMs, without the secrets among it. */
export type CrmSettings = typeof laterSettings.crm;

/** The secrets of a site's CRMs. */
export type CrmSecret =
  | 'hubspot.accessToken'
  | 'salesforce.clientSecret'
  | 'salesforce.refreshToken'
  | 'pipedrive.apiToken'
  | 'klaviyo.apiKey'
  | 'zoho.clientSecret'
  | 'zoho.refreshToken';

export type CrmAccess = {
  settings: CrmSettings;
  secretOf: (name: CrmSecret) => string | undefined;
  config: Config['crm'];
  /** For addresses that the site chose. */
  fetch: typeof globalThis.fetch;
};

/**
 * A site's CRM of this name; nothing where its credentials are not all there. It keeps tokens and clients, so keep it for
 * as long as the settings stay the same. The adapter is loaded, with the vendor's SDK, at the first call.
 */
export function createCrm(name: CrmName, access: CrmAccess): Crm | undefined {
  const load = adapters[name](access);
  return load && lazy(load);
}

type Load = () => Promise<Crm>;

const adapters: Record<CrmName, (access: CrmAccess) => Load | undefined> = {
  hubspot({ settings: { hubspot }, secretOf, config }) {
    const accessToken = secretOf('hubspot.accessToken');
    if (!accessToken) return undefined;
    return async () => {
      const { createHubspot } = await import('./hubspot.ts');
      return createHubspot({ ...hubspot, ...config.hubspot, accessToken: sendable(accessToken) });
    };
  },

  salesforce({ settings: { salesforce }, secretOf, config, fetch }) {
    const { clientId, loginUrl, mapping } = salesforce;
    const clientSecret = secretOf('salesforce.clientSecret');
    const refreshToken = secretOf('salesforce.refreshToken');
    if (!clientId || !clientSecret) return undefined;
    return async () => {
      const { createSalesforce } = await import('./salesforce.ts');
      return createSalesforce({
        loginUrl: loginUrl ?? config.salesforce.loginUrl,
        fetch: loginUrl === null ? undefined : fetch,
        clientId,
        clientSecret: sendable(clientSecret),
        refreshToken: refreshToken && sendable(refreshToken),
        mapping,
      });
    };
  },

  pipedrive({ settings: { pipedrive }, secretOf, config }) {
    const apiToken = secretOf('pipedrive.apiToken');
    if (!apiToken) return undefined;
    return async () => {
      const { createPipedrive } = await import('./pipedrive.ts');
      return createPipedrive({ ...pipedrive, ...config.pipedrive, apiToken: sendable(apiToken) });
    };
  },

  klaviyo({ settings: { klaviyo }, secretOf, config }) {
    const apiKey = secretOf('klaviyo.apiKey');
    if (!apiKey) return undefined;
    return async () => {
      const { createKlaviyo } = await import('./klaviyo.ts');
      return createKlaviyo({ ...klaviyo, ...config.klaviyo, apiKey: sendable(apiKey) });
    };
  },

  zoho({ settings: { zoho }, secretOf, config }) {
    const { clientId, region, mapping } = zoho;
    const clientSecret = secretOf('zoho.clientSecret');
    const refreshToken = secretOf('zoho.refreshToken');
    if (!clientId || !clientSecret || !refreshToken) return undefined;
    return async () => {
      const { createZoho } = await import('./zoho.ts');
      return createZoho({
        region,
        baseUrl: config.zoho.baseUrl,
        clientId,
        clientSecret: sendable(clientSecret),
        refreshToken: sendable(refreshToken),
        mapping,
      });
    };
  },
};

/** A key that no header can hold is a wrong one; what refuses it must not tell it. */
function sendable(secret: string): string {
  if (!/^[\x21-\x7e]+$/.test(secret)) {
    throw new CrmFault('unauthorized', { words: 'The key has characters that no key has. Copy it once more.' });
  }
  return secret;
}

function lazy(load: Load): Crm {
  let loaded: Promise<Crm> | undefined;
  const crm = () => {
    loaded ??= load();
    return loaded;
  };
  return {
    upsertLead: async (...call) => (await crm()).upsertLead(...call),
    eraseLead: async (...call) => (await crm()).eraseLead(...call),
    check: async (...call) => (await crm()).check(...call),
  };
}
