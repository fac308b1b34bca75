import type { PurgeCertificate, SiteResponse } from '@confab/contract';
import { TARGET_NAMES } from '@confab/contract/delivery-words';
import { type Entries, entryStore } from '../../../features/entries/index.ts';
import type { Site } from '../../../features/sites/index.ts';
import type { Shopify, ShopifyFeatures } from '../index.ts';
import { SHOPIFY_SYNC } from '../jobs.ts';
import { grants } from '../scopes.ts';
import { storeNameOf } from '../shop-domain.ts';
import type { Shop } from '../shops.ts';
import type { Compliance } from '../webhooks/index.ts';
import { shownLog } from './consent-log.ts';
import { FEATURE_SCOPES, type Home } from './home.ts';
import type { Knowledge } from './knowledge.ts';
import type { Leads } from './leads.ts';
import type { Privacy } from './privacy.ts';
import { figureStore } from './store.ts';

/** Entries of a list that a page shows. */
const SHOWN = 25;
const RECEIPTS_SHOWN = 10;
const DOCUMENTS_SHOWN = 50;
/** Windows that a merchant may think of, in days. */
const PREVIEWS = [365, 180, 90, 30];
/** As many certificates as ten years have nights, read so many at once. */
const CERTIFICATES_PAGE = 500;

export type Pages = ReturnType<typeof createPages>;

export type PageFeatures = ShopifyFeatures & {
  entries: Entries;
  integrationsOf: (site: Site) => SiteResponse['integrations'];
};

/** Where each list of the knowledge begins. */
export type KnowledgeQuery = Partial<Record<'cursor' | 'questions' | 'answers', string | undefined>>;

/** What each page says about one site. Nothing is read but by the site, or by the domain of its shop. */
export function createPages(
  {
    database,
    webhooks,
    config,
    relayOrigin,
    now,
  }: Pick<Shopify, 'database' | 'webhooks' | 'config' | 'relayOrigin' | 'now'>,
  features: PageFeatures,
  { dataRequestsOf }: Pick<Compliance, 'dataRequestsOf'>,
) {
  const figures = figureStore(database.db);
  const { consent, conversations, entries, knowledge, leads, legalHolds, privacy, retention, usage, integrationsOf } =
    features;

  return {
    async home(site: Site, shop: Shop): Promise<Home> {
      const used = await usage.ofThisPeriod(site);
      const documents = await knowledge.status(site);
      return {
        domain: shop.domain,
        apiKey: config.apiKey,
        sync: shop.sync,
        documents: documents.documents,
        hasAnswered: await figures.hasAnswered(site.id),
        hasPolicy: site.settings.consent.policyUrl !== null,
        missingScopes: missingScopes(site, shop),
        usage: used,
        leads: await figures.leadsSince(site.id, new Date(used.periodStart)),
        undeliveredLeads: await figures.undeliveredLeads(site.id),
        failing: await webhooks.failing(shop.domain, readAt(shop)),
        overdueRequests: await figures.overdueRequests(site.id, now()),
      };
    },

    conversations: (site: Site, cursor: string | undefined) => conversations.list(site, { cursor, limit: SHOWN }),

    async leads(site: Site, shop: Shop, cursor: string | undefined): Promise<Leads> {
      const { items, nextCursor } = await leads.list(site, { cursor, limit: SHOWN });
      const ids = items.map(({ id }) => id);
      return {
        items,
        nextCursor,
        cursor,
        customers: await figures.customersOf(site.id, ids),
        isOffered: site.settings.features.leads || site.settings.features.callback,
        canAddCustomers: FEATURE_SCOPES.leads.every(scope => grants(shop.scopes, scope)),
      };
    },

    async knowledge(site: Site, shop: Shop, query: KnowledgeQuery): Promise<Knowledge> {
      const { cursor, questions, answers } = query;
      const { lastSyncedAt } = await knowledge.status(site);
      return {
        sync: shop.sync,
        counts: await figures.documents(site.id),
        lastSyncedAt,
        documents: await knowledge.list(site, { cursor, limit: DOCUMENTS_SHOWN }),
        cursor,
        questions: {
          ...(await conversations.unanswered(site, { cursor: questions, limit: SHOWN })),
          cursor: questions,
        },
        answers: { ...(await entries.list(site, { cursor: answers, limit: SHOWN })), cursor: answers },
      };
    },

    /** One of the owner's own answers, whole; nothing where there is none. */
    entryById: entryStore(database.db).byId,

    async privacy(
      site: Site,
      shop: Shop,
      query: { consents?: number | undefined; requests?: string | undefined; certificates?: string | undefined },
    ): Promise<Omit<Privacy, 'report'>> {
      const requests = await privacy.list(site, { cursor: query.requests, limit: SHOWN });
      const certificates = await retention.certificates(site, { cursor: query.certificates, limit: SHOWN });
      const kept = await retention.preview(site);
      const { windows } = kept;
      const shorter = PREVIEWS.filter(days => days < Math.max(windows.conversationDays, windows.leadDays));
      const holds = await legalHolds.active(site.id, SHOWN);
      return {
        consents: await shownLog(consent, site, query.consents),
        requests: { ...requests, cursor: query.requests },
        overdue: await figures.overdueRequests(site.id, now()),
        shopifyRequests: await dataRequestsOf(shop.domain),
        receipts: await receiptsOf(shop.domain),
        certificates: { ...certificates, cursor: query.certificates },
        retention: { ...kept, nextRunAt: (await retention.nextRunAt(site)).toISOString() },
        previews: await Promise.all(
          shorter.map(async days => {
            const { expired } = await retention.preview(site, { conversationDays: days, leadDays: days });
            return { days, expired };
          }),
        ),
        holds,
        models: integrationsOf(site)
          .filter(({ state }) => state !== 'not_configured')
          .map(({ name }) => MODELS[name] ?? name),
        crms: {
          names: site.settings.crm.connectors.map(name => TARGET_NAMES[name] ?? name),
          withTranscript: site.settings.crm.transcript,
        },
        host: new URL(relayOrigin()).host,
        fileName: (what, extension) => fileName(shop, what, now(), extension),
      };
    },

    /** Every certificate of the site, oldest first: in a row, each proves the one before. */
    async certificates(site: Site): Promise<PurgeCertificate[]> {
      const all: PurgeCertificate[] = [];
      for (let cursor: string | undefined; ; ) {
        const { items, nextCursor } = await retention.certificates(site, { cursor, limit: CERTIFICATES_PAGE });
        all.push(...items);
        if (nextCursor === null) return all.toReversed();
        cursor = nextCursor;
      }
    },
  };

  async function receiptsOf(domain: string) {
    const topics = ['customers/data_request', 'customers/redact', 'shop/redact'] as const;
    const lists = await Promise.all(topics.map(topic => webhooks.list(domain, topic, RECEIPTS_SHOWN)));
    return lists
      .flat()
      .sort((a, b) => b.receivedAt.getTime() - a.receivedAt.getTime())
      .slice(0, RECEIPTS_SHOWN);
  }
}

const MODELS: Readonly<Record<string, string>> = { openai: 'OpenAI', anthropic: 'Anthropic', bedrock: 'AWS Bedrock' };

/** The features that are switched on and that the shop has not allowed what they need. */
export function missingScopes(site: Site, shop: Shop): Home['missingScopes'] {
  const { leads, callback, orders } = site.settings.features;
  const wanted = { leads: leads || callback, orders };
  return (Object.keys(FEATURE_SCOPES) as (keyof typeof FEATURE_SCOPES)[]).filter(
    feature => wanted[feature] && !FEATURE_SCOPES[feature].every(scope => grants(shop.scopes, scope)),
  );
}

/** What a download is called: `confab-consent-log-wool-shop-2026-11-22.jsonl`. */
export const fileName = ({ domain }: Pick<Shop, 'domain'>, what: string, at: Date, extension: string): string =>
  `confab-${what}-${storeNameOf(domain)}-${at.toISOString().slice(0, 10)}.${extension}`;

/** When the run began that has read the whole shop; long ago where none has. */
const readAt = ({ sync }: Shop): Date => new Date(sync?.state === 'done' ? sync.startedAt : 0);

/** Has the whole shop read anew, unless that is under way; the pages say from now on that it is. */
export async function beginSync({ shops, jobs, now }: Pick<Shopify, 'shops' | 'jobs' | 'now'>, shop: Shop) {
  const { siteId, sync } = shop;
  if (sync?.state !== 'running') {
    const begun = { documents: 0, deleted: 0, rejected: 0, operations: {}, fault: null };
    const startedAt = now().toISOString();
    await shops.setSync(siteId, { state: 'running', startedAt, finishedAt: null, ...begun });
  }
  await jobs.enqueue(SHOPIFY_SYNC, { siteId }, { key: siteId });
}
