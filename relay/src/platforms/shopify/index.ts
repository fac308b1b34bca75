import type { Database } from '../../db/database.ts';
import type { Consent } from '../../features/consent/index.ts';
import type { Conversations } from '../../features/conversations/index.ts';
import type { Knowledge } from '../../features/knowledge/index.ts';
import type { Leads } from '../../features/leads/index.ts';
import type { LegalHolds, PersonalData, Privacy } from '../../features/privacy/index.ts';
import type { Retention } from '../../features/retention/index.ts';
import type { Sites } from '../../features/sites/index.ts';
import type { Usage } from '../../features/usage/index.ts';
import type { Jobs } from '../../jobs/jobs.ts';
import type { Outbox } from '../../jobs/outbox.ts';
import type { Keyring } from '../../lib/keyring.ts';
import type { Log } from '../../lib/log.ts';
import type { Payments } from '../../providers/payments/payments.ts';
import { createAdmin } from './admin.ts';
import { createApi, type ShopifyConfig } from './api.ts';
import { createBilling } from './billing/billing.ts';
import { askForPlan, handleBillingJobs } from './billing/jobs.ts';
import { createShopifyCommerce } from './commerce.ts';
import { complianceOf } from './compliance-of.ts';
import { createCustomerTokens } from './customers/customer-token.ts';
import { createDeliverLead } from './customers/deliver-lead.ts';
import { createVerifyIdToken } from './id-token.ts';
import { createInstallations } from './install.ts';
import { handleInstallJobs } from './install-jobs.ts';
import { createApplyChanges } from './knowledge/apply-changes.ts';
import { createBulkFinished, handleKnowledgeJobs } from './knowledge/jobs.ts';
import { createSync } from './knowledge/sync.ts';
import { grants } from './scopes.ts';
import { sessionStorage } from './session-storage.ts';
import { shopStore } from './shops.ts';
import { createTokens } from './tokens.ts';
import { createProcess, createReceive, handleWebhookJobs, webhookStore } from './webhooks/index.ts';

export { shopifyRoutes } from './routes.ts';

export type Shopify = ReturnType<typeof createShopify>;

type Deps = {
  config: ShopifyConfig;
  database: Pick<Database, 'db' | 'kind' | 'forgetDeleted'>;
  keyring: Keyring;
  sites: Sites;
  jobs: Jobs;
  log: Log;
  report: (error: unknown) => void;
  /** Where browsers reach this relay; known once it listens. */
  relayOrigin: () => string;
  /** For addresses that Shopify names; keeps to public ones where the operator wants that. */
  fetch: typeof fetch;
  /** What shops have bought; nothing where this relay sells no plans. */
  payments: Payments | undefined;
  now: () => Date;
};

/** Everything of this relay's app on Shopify that asks for no feature but the sites. */
export function createShopify(deps: Deps) {
  const { config, database, keyring, sites, jobs, log, now } = deps;
  const { db } = database;
  const api = createApi(config);
  const shops = shopStore(database);
  const sessions = sessionStorage({ db, keyring });
  const tokens = createTokens({ api, shops, sessions, keyring });
  const admin = createAdmin({ api, tokens });
  const verifyIdToken = createVerifyIdToken(api);
  const installations = createInstallations({
    db,
    shops,
    sites,
    tokens,
    admin,
    verifyIdToken,
    jobs,
    relayOrigin: deps.relayOrigin,
    now,
  });

  const customerTokens = createCustomerTokens({ keyring, now });
  const commerce = createShopifyCommerce({ shops, admin, customerTokens, log });

  const webhooks = webhookStore(db);
  const receiving = createReceive({ store: webhooks, shops, keyring, jobs, now });

  return {
    ...deps,
    webhooks,
    receiving,
    api,
    shops,
    admin,
    verifyIdToken,
    ...installations,
    customerTokens,
    commerce,
    billing: createBilling({ ...deps, shops }),
  };
}

/** What the app's pages, webhooks and jobs need of the relay. */
export type ShopifyFeatures = {
  consent: Consent;
  conversations: Conversations;
  knowledge: Knowledge;
  leads: Leads;
  legalHolds: LegalHolds;
  owners: readonly PersonalData[];
  privacy: Privacy;
  retention: Retention;
  usage: Usage;
};

/** What is done in the background for the shops. */
export function handleShopifyJobs(
  jobs: Jobs,
  shopify: Shopify,
  { outbox, ...features }: ShopifyFeatures & { outbox: Outbox },
): void {
  const { webhooks: store, database, now } = shopify;
  const { knowledge, leads } = features;
  outbox.handle('shopify', createDeliverLead({ ...shopify, leads }));
  const { forgetDeleted } = database;
  handleKnowledgeJobs(jobs, { ...shopify, sync: createSync({ ...shopify, knowledge }) });
  const process = createProcess({
    ...shopify,
    store,
    compliance: complianceOf(shopify, features),
    untilQuiet: shopify.receiving.untilQuiet,
    work: {
      ...shopify,
      applyChanges: createApplyChanges({ ...shopify, knowledge }),
      bulkFinished: createBulkFinished(shopify),
      async scopesChanged(domain: string, current: string[]) {
        await shopify.scopesChanged(domain, current);
        const shop = await shopify.shops.byDomain(domain);
        if (shop && grants(current, 'write_customers')) await outbox.again(shop.siteId, { target: 'shopify' });
      },
      planChanged: (siteId: string) => askForPlan(jobs, siteId),
    },
    forgetDeleted,
  });
  handleBillingJobs(jobs, shopify);
  handleInstallJobs(jobs, shopify);
  handleWebhookJobs(jobs, { process, store, forgetDeleted, now });
}
