import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import {
  type CrmName,
  crmName,
  type ModelProvider,
  modelProvider,
  type SiteResponse,
  WEBHOOK_ENDPOINTS_MAX,
} from '@confab/contract';
import { LRUCache } from 'lru-cache';
import packageJson from '../package.json' with { type: 'json' };
import type { Config } from './config.ts';
import { type Counters, createCounters } from './counters.ts';
import type { Database } from './db/database.ts';
import { databaseGauges } from './db/database-gauges.ts';
import { retiredKeys } from './db/retired-keys.ts';
import { askedBy, createAccounts } from './features/accounts/index.ts';
import { billingGauges, billingStore, createBilling, handleBillingJobs } from './features/billing/index.ts';
import { connectStore, createConnect } from './features/connect/index.ts';
import { consentPersonalData, consentStore, createConsent } from './features/consent/index.ts';
import {
  conversationPersonalData,
  conversationStore,
  createConversations,
  createTakeover,
  keepsConversation,
  prechatOf,
  takeoverStore,
  turnMetrics,
} from './features/conversations/index.ts';
import { crawlStore, createAsk, createCrawl, createSources, handleCrawlJobs } from './features/crawl/index.ts';
import { createDeletion, deletionStore, handleDeletionJobs } from './features/deletion/index.ts';
import { createEntries, entryStore, handleEntryJobs } from './features/entries/index.ts';
import { createEvaluation, evalCaseStore } from './features/evaluation/index.ts';
import { createExports, exportStore, handleExportJobs } from './features/exports/index.ts';
import {
  CHANGED,
  createHeldIndexes,
  createKnowledge,
  createMeaning,
  type Embedder,
  handleKnowledgeJobs,
  handleReindexing,
  knowledgeStore,
  vectorStore,
} from './features/knowledge/index.ts';
import {
  type Crms,
  createCrmTests,
  createDeliveries,
  createLeads,
  handleCrmDeliveries,
  leadStore,
  leadsPersonalData,
} from './features/leads/index.ts';
import { createHappenings, createPlaces, createPresence, liveStore } from './features/live/index.ts';
import {
  createNoticeSender,
  createNotifications,
  emailStore,
  emailsPersonalData,
  handleEmailJobs,
} from './features/notifications/index.ts';
import { createOverview, overviewStore } from './features/overview/index.ts';
import {
  createLegalHolds,
  createPrivacy,
  createRegister,
  dataRequestGauges,
  handlePrivacyJobs,
  type PersonalData,
  recordsPersonalData,
  requestStore,
} from './features/privacy/index.ts';
import { createRetention, handleRetentionJobs, purgeStore, retentionGauges } from './features/retention/index.ts';
import { createSites, type SecretName, type Site, type StoredSettings, siteStore } from './features/sites/index.ts';
import { createTeams, handleTeamJobs, teamStore } from './features/teams/index.ts';
import { createUploads, handleUploadJobs, uploadStore } from './features/uploads/index.ts';
import { createDayCounts, createUsage, usageGauges, usageStore } from './features/usage/index.ts';
import { createPageViews, pageViewStore, pageViewsPersonalData } from './features/visitors/index.ts';
import { createWebhooks, handleWebhooks, webhookStore } from './features/webhooks/index.ts';
import type { Authority } from './http/authorize.ts';
import { consoleIn } from './http/console.ts';
import { createProofs } from './http/proof.ts';
import { createRateLimit } from './http/rate-limit.ts';
import { requestMetrics } from './http/request-metrics.ts';
import { readStaticFiles } from './http/static-files.ts';
import { inboxGauges } from './jobs/inbox-gauges.ts';
import { jobGauges } from './jobs/job-gauges.ts';
import { createJobs } from './jobs/jobs.ts';
import { createOutbox } from './jobs/outbox.ts';
import { outboxGauges } from './jobs/outbox-gauges.ts';
import { createAdmission } from './lib/admission.ts';
import { AppError } from './lib/app-error.ts';
import { type Breaker, createBreaker } from './lib/breaker.ts';
import { createDrain } from './lib/drain.ts';
import { createExtractor } from './lib/extract/extractor.ts';
import { guardedFetch } from './lib/guarded-fetch.ts';
import { createKeyring } from './lib/keyring.ts';
import type { Log } from './lib/log.ts';
import { createMetrics } from './lib/metrics.ts';
import { measureProcess } from './lib/process-gauges.ts';
import { sha256 } from './lib/sha256.ts';
import { createSiblings } from './lib/siblings.ts';
import { createLive, type Live } from './live/live.ts';
import { DEMO_KEY, readDemo } from './platforms/demo/index.ts';
import { handleWordpressJobs } from './platforms/wordpress/index.ts';
import { type Commerce, noCommerce } from './providers/commerce/commerce.ts';
import { insuredCounts } from './providers/counts/insured.ts';
import { memoryCounts } from './providers/counts/memory.ts';
import { postgresCounts } from './providers/counts/postgres.ts';
import { redisCounts } from './providers/counts/redis.ts';
import { createTally } from './providers/counts/tally.ts';
import type { Crm } from './providers/crm/crm.ts';
import { createCrm } from './providers/crm/registry.ts';
import { type MailFolder, mailFolder } from './providers/email/files.ts';
import { readResendEvent, resendMailer } from './providers/email/resend.ts';
import { meteredEmbeddings } from './providers/embeddings/metered.ts';
import { openaiEmbeddings } from './providers/embeddings/openai.ts';
import { extractiveLlm } from './providers/llm/extractive.ts';
import { firstThatAnswers } from './providers/llm/first-that-answers.ts';
import type { Llm, LlmRequest, Model } from './providers/llm/llm.ts';
import { type Budget, metered } from './providers/llm/metered.ts';
import { type Price, priceOf } from './providers/llm/prices.ts';
import { createModel, type ModelConfig } from './providers/llm/registry.ts';
import { withTools } from './providers/llm/with-tools.ts';
import type { Cashier } from './providers/payments/cashier.ts';
import type { Payments } from './providers/payments/payments.ts';
import { shopifyPricing } from './providers/payments/shopify-pricing.ts';
import type { Redis } from './providers/redis/redis.ts';
import { createReporter } from './providers/reporter/registry.ts';
import type { Reporter } from './providers/reporter/reporter.ts';

/** Streams of events that nobody writes into for most of the time, in one process. */
const LISTENERS_MAX = 5_000;

/** Said at start and in `/readyz`. */
export const NO_VECTORS = 'no pgvector 0.7 or later in this PostgreSQL: passages are found by their words only';

/** The same. */
export const NO_EMAIL = 'no RESEND_API_KEY: e-mails are not sent, they are files in the data folder';

/** The same. */
export const NO_REDIS = 'REDIS_URL does not answer: each process counts for itself, and hears nothing of the others';

/** A CRM that fails now and then is still worth every lead; one that fails so often in a row is down. */
const RECEIVER_FAILURES = 20;

export type Services = Awaited<ReturnType<typeof createServices>>;

type Deps = {
  config: Config;
  database: Database;
  log: Log;
  now: () => Date;
  /** Of whoever begins the process, who may need it before there are services. */
  reporter?: Reporter | undefined;
};

/** Builds every feature; the only place that picks adapters. */
export async function createServices({ config, database, log, now, reporter: given }: Deps) {
  const { db } = database;
  const redis = await connectToRedis(config, log);
  const live = await createLive({ database, redis });
  const reporter = given ?? (await createReporter(config, now));
  const metrics = createMetrics({ onFault: error => log.warn({ err: error }, 'a metric could not be read') });
  const count = createCounters(metrics);
  const keyring = createKeyring(config.secretKeys, await retiredKeys(db));
  const inDatabase = database.kind === 'postgresql' ? postgresCounts(db, now) : undefined;
  const inMemory = memoryCounts(now);
  const shared = redis ? redisCounts(redis) : inDatabase;
  const tally = createTally({
    shared: shared ? insuredCounts(shared, inMemory, { log, now }) : inMemory,
    hashOf: keyring.countKeyOf,
    now,
  });
  const vectors = database.hasVectors ? vectorStore(db) : undefined;
  const sites = createSites({
    store: siteStore(db),
    keyring,
    onSettings: async (tx, site, changed, secrets) => {
      const { id, settings } = site;
      const addsCrm = changed.crm.connectors.some(name => !settings.crm.connectors.includes(name));
      if (addsCrm) usage.requireFeature(site, 'crm');
      const wanted = [settings, changed].map(({ answers }) => answers.embeddings);
      if (vectors && wanted.includes('openai')) await jobs.enqueue(CHANGED, { siteId: id }, { key: id, tx });
      await notifications.settingsChanged(tx, site, changed);
      // What waits for other credentials has them now, and what waits for a CRM that was switched off need not wait.
      for (const target of changedCrms(settings, changed, secrets)) {
        await outbox.again(id, { target, states: ['waiting', 'failed', 'held'] }, tx);
      }
    },
    fullOfSites: (...given) => usage.fullOfSites(...given),
    live,
    now,
  });
  const counts = createDayCounts({ db, log, now });
  const usage = createUsage({
    store: usageStore(db),
    counts,
    tally,
    now,
    log,
    report: reporter.report,
    sellsPlans: config.stripe !== undefined,
    onRefused: count.limitReached,
    onAlert: (tx, site, alert) => notifications.spent(tx, site, alert),
    onLimit: (tx, { percent, ...alert }) =>
      teams.tellOwners(tx, alert.accountId, accountName => ({
        kind: percent < 100 ? 'limit_near' : 'limit_reached',
        accountName,
        ...alert,
      })),
  });
  const email = createEmail(config);
  const consent = createConsent({
    db,
    store: consentStore(db),
    keyring,
    siteNow: sites.byId,
    emit: (...given) => outbox.emit(...given),
    offersTranscripts: email.offersTranscripts,
    now,
  });
  const providers = createProviders({ config, live, log, sites, usage, count });
  const { breaker, embedderOf } = providers;
  const onFault = (site: Site, fault: Error) => {
    count.notEmbedded();
    log.warn({ err: fault, siteId: site.id }, 'a question was not embedded, and is answered by words alone');
  };
  const knowledge = createKnowledge({
    store: knowledgeStore(db, createHeldIndexes({ db, live })),
    ...(vectors && { meaning: createMeaning({ vectors, embedderOf, breaker, onFault }) }),
    onChange: async ({ id, settings }) => {
      if (vectors && settings.answers.embeddings !== 'none') await jobs.enqueue(CHANGED, { siteId: id }, { key: id });
    },
    now,
  });
  // Without the SDK of Shopify, as it is there also where the relay has no app.
  const { shopifyPersonalData } = await import('./platforms/shopify/webhooks/personal-data.ts');
  const legalHolds = createLegalHolds({ db, hasConversation: keepsConversation, now });
  const outbox = createOutbox({
    db,
    log,
    report: reporter.report,
    onTried: count.deliveryTried,
    breaker: sharedBreaker(live, 'receivers', { now: () => now().getTime(), failuresMax: RECEIVER_FAILURES }),
    now,
    random: Math.random,
  });
  // Page views come before the conversation, which would take them along uncounted. Leads come after it: one that is
  // being left keeps its conversation, so that an erasure waits for it there, and then finds it.
  const owners: PersonalData[] = [
    pageViewsPersonalData,
    conversationPersonalData({ consent, live }),
    leadsPersonalData({ outbox, consent }),
    consentPersonalData({ store: consentStore(db), keyring, now }),
    recordsPersonalData,
    shopifyPersonalData,
    emailsPersonalData({ keyring }),
  ];
  const forgetDeleted = async () => {
    await database.forgetDeleted();
    await notifications.forgetFiles();
  };
  const privacy = createPrivacy({
    db,
    store: requestStore(db),
    owners,
    legalHolds,
    siteById: sites.byId,
    keyring,
    emit: outbox.emit,
    now,
    endAnswers: conversationIds => conversations.endAnswers(conversationIds),
    forgetDeleted,
  });
  const retention = createRetention({
    db,
    store: purgeStore(db),
    owners,
    legalHolds,
    forgetDeleted,
    emit: outbox.emit,
    log,
    now,
  });
  const jobs = createJobs({
    database,
    databaseUrl: config.databaseUrl,
    log,
    report: reporter.report,
    onTried: count.jobTried,
  });
  handleRetentionJobs(jobs, { retention });
  handleReindexing(jobs, { knowledge });
  if (vectors) handleKnowledgeJobs(jobs, { sites, vectors, embedderOf, log });
  handlePrivacyJobs(jobs, { privacy });
  const guarded = config.privateUrls === 'refuse' ? guardedFetch : fetch;
  // Where browsers reach the relay may be known only once it listens.
  let origin = config.publicUrl;
  const shopify = await createShopifyApp(config, {
    database: { ...database, forgetDeleted },
    keyring,
    sites,
    jobs,
    log,
    report: reporter.report,
    relayOrigin: () => origin as string,
    fetch: guarded,
    now,
  });
  const commerceOf = (site: Site): Commerce =>
    shopify && site.platform === 'shopify' ? shopify.app.commerce : noCommerce;
  const commerce: Commerce = {
    products: (site, ...more) => commerceOf(site).products(site, ...more),
    customerOf: (site, ...more) => commerceOf(site).customerOf(site, ...more),
    orders: (site, ...more) => commerceOf(site).orders(site, ...more),
  };
  const takeover = createTakeover({
    db,
    store: takeoverStore(db),
    live,
    roleAt: (...given) => authority.roleAt(...given),
    requireFeature: usage.requireFeature,
    now,
  });
  const conversations = createConversations({
    store: conversationStore(db, live),
    consent,
    takeover,
    live,
    knowledge,
    commerce,
    usage,
    keyring,
    log,
    report: reporter.report,
    now,
    ask: providers.ask,
    onBrokenOff: ({ provider, fault }) => count.providerFault(provider, fault),
    request: privacy.request,
    outbox,
  });
  const conversationOf = conversations.look;
  const leads = createLeads({
    db,
    store: leadStore(db),
    sites,
    conversations,
    keepsConversation,
    prechatOf,
    consent,
    outbox,
    count(...given) {
      count.lead();
      counts.add(...given);
    },
    now,
  });
  const crms = createCrms({ config, log, sites, fetch: guarded });
  const webhooks = createWebhooks({
    db,
    store: webhookStore(db),
    outbox,
    keyring,
    sources: {
      // What is there and is not told of is restricted.
      lead: async (siteId, id) =>
        (await leads.createdEvent(siteId, id)) ?? ((await leads.briefOf(siteId, id)) && 'held'),
      conversations,
      consent,
      privacy,
      retention,
    },
    siteById: sites.byId,
    requireFeature: usage.requireFeature,
    fetch: guarded,
    publicOnly: config.privateUrls === 'refuse',
    now,
  });
  handleWebhooks(jobs, outbox, webhooks);
  handleCrmDeliveries(outbox, { sites, leads, crms });
  const notifications = createNotifications({
    db,
    store: emailStore(db),
    keyring,
    outbox,
    sites,
    leads,
    conversations,
    keepsConversation,
    keepsFiles: ids => accounts.mails.among(ids),
    ...email,
    relayOrigin: () => origin as string,
    now,
  });
  handleEmailJobs(jobs, { notifications });
  handleWordpressJobs(jobs, { sites, leads, outbox, keyring, fetch: guarded, now });
  const shopifyFeatures = { consent, conversations, knowledge, leads, legalHolds, owners, privacy, retention, usage };
  shopify?.handleShopifyJobs(jobs, shopify.app, { ...shopifyFeatures, outbox });
  const privacyRegister = createRegister({
    owners,
    setUpOf: async site => ({
      ...providers.setUpOf(site),
      crms: site.settings.crm.connectors.map(name => ({
        name,
        place: crmHost(config, site, name),
        state: crms.of(site, name) ? 'in_use' : 'incomplete',
      })),
      endpoints: (await webhooks.list(site, { limit: WEBHOOK_ENDPOINTS_MAX })).items
        .filter(({ disabled }) => !disabled)
        .map(({ url }) => new URL(url).host),
      mail: config.email.resend && new URL(config.email.resend.baseUrl).host,
      faults: config.sentry && new URL(config.sentry.dsn).host,
    }),
    now,
  });
  const evaluation = createEvaluation({
    store: evalCaseStore(db),
    knowledge,
    tryAnswer: conversations.tryAnswer,
    now,
  });
  const entries = createEntries({
    db,
    store: entryStore(db),
    knowledge,
    handleMessage: conversations.handle,
    addCase: evaluation.addCorrected,
    jobs,
    now,
  });
  handleEntryJobs(jobs, { sites, entries });
  const extractor = createExtractor();
  const crawls = crawlStore(db);
  const crawl = createCrawl({
    store: crawls,
    sites,
    knowledge,
    extractor,
    ask: createAsk({ fetch: guarded }),
    relayOrigin: () => origin,
    pause: (ms, signal) => pause(ms, undefined, { signal }),
    log,
    now,
  });
  const sources = createSources({ store: crawls, crawl, jobs, relayOrigin: () => origin, now });
  handleCrawlJobs(jobs, { crawl, sources });
  const uploads = createUploads({ db, store: uploadStore(db), knowledge, extractor, jobs, now });
  handleUploadJobs(jobs, { sites, uploads });
  const pageViews = createPageViews({
    db,
    store: pageViewStore(db),
    consent,
    conversationOf,
    count: counts.add,
    onView: site => happenings.pageSeen(site),
    now,
  });
  const limited = createRateLimit({ enabled: config.rateLimit, tally });
  const rateLimit: typeof limited = (...given) =>
    limited(...given).catch((error: unknown) => {
      if (error instanceof AppError && error.code === 'rate_limited') count.rateLimited(given[0]);
      throw error;
    });
  const accounts = createAccounts({
    db,
    keyring,
    jobs,
    rateLimit,
    relayOrigin: () => origin as string,
    send: createNoticeSender({ db, store: emailStore(db), keyring, ...email, relayOrigin: () => origin as string }),
    tell: live.tell,
    teams: {
      accountsOf: userId => teams.accountsOf(userId),
      welcome: userId => teams.welcome(userId),
      invitedAs: token => teams.invitedAs(token),
    },
    signUp: config.signUp,
    pwnedPasswordsUrl: config.pwnedPasswordsUrl,
    supportEmail: config.supportEmail,
    fetch: guarded,
    version: packageJson.version,
    log,
    now,
  });
  accounts.handleJobs();
  const teams = createTeams({
    db,
    store: teamStore(db),
    sites,
    usage,
    live,
    mails: accounts.mails,
    forgetDeleted: database.forgetDeleted,
    firstSite: config.demo ? DEMO_KEY : undefined,
    relayOrigin: () => origin as string,
    now,
  });
  handleTeamJobs(jobs, { teams });
  const authority: Authority = {
    actorOf: (ctx, how) => accounts.actorOf(askedBy(ctx), how),
    roleAt: teams.roleAt,
    roleIn: teams.roleIn,
    audit: teams.audit,
  };
  const connect = createConnect({
    db,
    store: connectStore(db),
    sites,
    legalHolds,
    jobs,
    keyring,
    accountsOf: teams.accountsOf,
    roleIn: teams.roleIn,
    audit: teams.audit,
    fullOfSites: usage.fullOfSites,
    isOffered: site => site.key !== DEMO_KEY && site.platform !== 'shopify',
    forgetDeleted,
    now,
  });
  const exports = createExports({
    db,
    store: exportStore(db),
    sites,
    consent,
    jobs,
    mails: accounts.mails,
    forgetDeleted,
    now,
  });
  handleExportJobs(jobs, { exports });
  const billing = createBilling({
    db,
    store: billingStore(db),
    cashier: await createCashier(config),
    usage,
    tellOwners: teams.tellOwners,
    mails: accounts.mails,
    sites,
    jobs,
    relayOrigin: () => origin as string,
    forgetDeleted: database.forgetDeleted,
    log,
    now,
  });
  handleBillingJobs(jobs, { billing });
  const deletion = createDeletion({
    db,
    store: deletionStore(db),
    sites,
    connect,
    accounts,
    endBilling: billing.end,
    tellOwners: teams.tellOwners,
    live,
    forgetDeleted,
    log,
    now,
  });
  handleDeletionJobs(jobs, { deletion });
  const presence = createPresence({ store: liveStore(db), live, takeover, log, now });
  const happenings = createHappenings({
    store: liveStore(db),
    live,
    conversations,
    recent: counts.recent,
    count: counts.add,
    outbox,
    now,
  });
  const overview = createOverview({
    store: overviewStore(db),
    usageOf: usage.ofThisPeriod,
    providersOf: providers.integrationsOf,
    now,
  });
  const starting = new Set<string>();
  let isLeaving = false;
  const turnPlaces = createAdmission(config.maxStreams);
  measureProcess(metrics, packageJson.version);
  metrics.gauges({
    confab_processes: {
      help: 'Processes of this command, as many as answer.',
      together: 'sum',
      read: () => 1,
    },
    confab_turn_places: {
      help: 'Answers that are being given, and as many as there may be (CONFAB_MAX_STREAMS).',
      labels: { of: ['taken', 'all'] },
      together: 'sum',
      read: () => [
        { labels: { of: 'taken' }, value: turnPlaces.inside() },
        { labels: { of: 'all' }, value: config.maxStreams },
      ],
    },
    ...databaseGauges(database),
    ...jobGauges({ db }),
    ...inboxGauges({ db, now }),
    ...dataRequestGauges({ db, now }),
    ...retentionGauges({ retention }),
    ...usageGauges({ store: usageStore(db), now }),
    ...outboxGauges({ outbox, now }),
    ...(config.stripe && billingGauges({ store: billingStore(db), now })),
  });

  return {
    version: packageJson.version,
    /** For the operator's commands. */
    database,
    trustProxy: config.trustProxy,
    log,
    reporter,
    metrics,
    metricsToken: config.metricsToken,
    count,
    requestMetrics: requestMetrics(metrics),
    followTurn: turnMetrics(metrics),
    keyring,
    sites,
    live,
    presence,
    happenings,
    places: createPlaces(),
    now,
    authority,
    accounts,
    exports,
    billing,
    deletion,
    teams,
    usage,
    counts,
    overview,
    consent,
    knowledge,
    entries,
    evaluation,
    sources,
    uploads,
    extractor,
    owners,
    legalHolds,
    privacy,
    privacyRegister,
    retention,
    jobs,
    outbox,
    connect,
    conversations,
    leads,
    deliveries: createDeliveries({ outbox }),
    crmTests: createCrmTests({ crms, outbox, now }),
    webhooks,
    notifications,
    mailFolder: email.folder,
    readMailEvent: email.readMailEvent,
    production: config.production,
    pageViews,
    integrationsOf: providers.integrationsOf,
    rateLimit,
    proofs: createProofs({ keyring, tally, now, enabled: config.rateLimit }),
    redis,
    /** Counts that all processes share, where they stand in the database. */
    sharedCounts: inDatabase,
    drain: createDrain(),
    siblings: createSiblings(metrics.json),
    turnPlaces,
    listenerPlaces: createAdmission(LISTENERS_MAX),
    shopify: shopify?.app,
    shopifyRoutes: shopify?.shopifyRoutes,
    consoleFiles: consoleIn(path.join(import.meta.dirname, '../../shared/console/dist')),
    /** The widget's build, for pages that carry the snippet. */
    widgetFiles: await readStaticFiles(path.join(import.meta.dirname, '../../widget-core/dist')),
    demo: config.demo && (await readDemo()),
    /** Where browsers reach the relay, as far as that is known here. */
    relayOrigin: () => origin,
    /** Where the relay listens, which is where browsers reach it unless the configuration says otherwise. */
    listensAt(url: string): void {
      origin ??= url;
    },
    /** It is about to stop: whoever asks whether it is ready hears that it is not. */
    leave(): void {
      isLeaving = true;
    },
    /** What still has to happen before the relay calls itself ready. */
    starting,
    async readiness() {
      const reachable = await db.$queryRaw`SELECT 1`.then(
        () => true,
        () => false,
      );
      return {
        ready: reachable && starting.size === 0 && !isLeaving,
        database: { kind: database.kind, reachable, migrated: true },
        starting: [...starting],
        degraded: [
          ...(modelProvider.options.some(name => config[name].apiKey)
            ? []
            : ['no provider key: answers are extractive']),
          ...(database.hasVectors ? [] : [NO_VECTORS]),
          ...(config.production && email.folder ? [NO_EMAIL] : []),
          ...(redis && !redis.isThere() ? [NO_REDIS] : []),
        ],
      };
    },
  };
}

/** The Redis that the processes share, where there is one. The vendor's SDK is loaded only then. */
async function connectToRedis({ redisUrl }: Config, log: Log): Promise<Redis | undefined> {
  if (!redisUrl) return undefined;
  const { connectRedis } = await import('./providers/redis/redis.ts');
  let toldAt = Number.NEGATIVE_INFINITY;
  return connectRedis(redisUrl, error => {
    if (performance.now() - toldAt < 60_000) return;
    toldAt = performance.now();
    log.warn({ err: error }, 'Redis does not answer, and is tried again');
  });
}

/** Who sends e-mails: Resend, or without it a folder of files, which nobody but a developer looks at. */
function createEmail({ email: { from, resend }, dataDir, production }: Config) {
  const folder = resend ? undefined : mailFolder(path.join(dataDir, 'mail'));
  const secret = resend?.webhookSecret;
  return {
    mailer: resend ? resendMailer(resend) : (folder as MailFolder).mailer,
    folder,
    from: from ?? 'confab@localhost.localdomain',
    offersTranscripts: resend !== undefined || !production,
    readMailEvent:
      secret === undefined
        ? undefined
        : (body: Buffer, headers: IncomingHttpHeaders) => readResendEvent(body, headers, secret),
  };
}

type ShopifyDeps = Omit<
  Parameters<typeof import('./platforms/shopify/index.ts').createShopify>[0],
  'config' | 'payments'
>;

/** This relay's app on Shopify. The vendor's SDK is loaded only where there is one. */
async function createShopifyApp({ shopify: config }: Config, deps: ShopifyDeps) {
  if (!config) return undefined;
  const { createShopify, ...platform } = await import('./platforms/shopify/index.ts');
  return { ...platform, app: createShopify({ ...deps, config, payments: paymentsOf(config) }) };
}

/** Shops pay by Shopify, and by nothing else. Without access to the Partner API this relay sells no plans. */
const paymentsOf = ({ partner, appHandle }: NonNullable<Config['shopify']>): Payments | undefined =>
  partner && shopifyPricing({ ...partner, appHandle });

/** Who takes the money of accounts that are no shops of a platform. Without a key this relay sells no plans. */
async function createCashier({ stripe }: Config): Promise<Cashier | undefined> {
  if (!stripe) return undefined;
  const { stripeCashier } = await import('./providers/payments/stripe.ts');
  return stripeCashier(stripe);
}

/** Which CRMs have other settings or secrets than before, or were switched on or off. */
const changedCrms = (before: StoredSettings, after: StoredSettings, secrets: SecretName[]): CrmName[] =>
  crmName.options.filter(
    name =>
      secrets.some(secret => secret.startsWith(`${name}.`)) ||
      !isDeepStrictEqual(before.crm[name], after.crm[name]) ||
      before.crm.connectors.includes(name) !== after.crm.connectors.includes(name),
  );

type CrmDeps = { config: Config; log: Log; sites: ReturnType<typeof createSites>; fetch: typeof globalThis.fetch };

/** The CRMs of each site. Their clients and tokens are kept for a version of the settings. */
function createCrms({ config, log, sites, fetch }: CrmDeps): Crms {
  const made = new LRUCache<string, { crm: Crm | undefined }>({ max: 1_000 });
  return {
    of(site, name) {
      const key = `${site.id} ${site.settingsVersion} ${name}`;
      const known = made.get(key);
      if (known) return known.crm;
      const secretOf = (secret: SecretName) => {
        try {
          return sites.secretOf(site, secret);
        } catch (error) {
          // The key that wrote it is gone. Its owner can do something about that: enter it once more.
          log.error({ err: error, siteId: site.id }, 'the credentials of a CRM cannot be read');
          return undefined;
        }
      };
      const crm = createCrm(name, { settings: site.settings.crm, secretOf, config: config.crm, fetch });
      made.set(key, { crm });
      return crm;
    },
  };
}

/** Where a CRM of a site is called. */
function crmHost({ crm }: Config, { settings }: Site, name: CrmName): string {
  if (name === 'zoho')
    return crm.zoho.baseUrl ? new URL(crm.zoho.baseUrl).host : `zohoapis.${settings.crm.zoho.region}`;
  if (name === 'salesforce') return new URL(settings.crm.salesforce.loginUrl ?? crm.salesforce.loginUrl).host;
  return new URL(crm[name].baseUrl).host;
}

/** A breaker whose pauses are those of all processes. What it tells is a hash of the access, or names a site's receiver. */
function sharedBreaker(
  live: Pick<Live, 'on' | 'tell'>,
  name: string,
  how: { now: () => number; failuresMax?: number },
): Breaker {
  const self = `${name} ${randomUUID()}`;
  const breaker = createBreaker({
    ...how,
    // Whoever misses it finds out for itself.
    tell: ({ key, forMs }) =>
      void live.tell('processes', { type: 'breaker', by: self, id: key, forMs }).catch(() => {}),
  });
  live.on('processes', ({ type, by, id, forMs }) => {
    if (type !== 'breaker' || !by?.startsWith(`${name} `) || by === self) return;
    if (id !== undefined && forMs !== undefined) breaker.heard({ key: id, forMs });
  });
  return breaker;
}

type ProviderDeps = {
  config: Config;
  live: Pick<Live, 'on' | 'tell'>;
  log: Log;
  sites: ReturnType<typeof createSites>;
  usage: ReturnType<typeof createUsage>;
  count: Counters;
};

/** The language models of each site: its own keys and choices, else the relay's, and the extractive answer last. */
function createProviders({ config, live, log, sites, usage, count }: ProviderDeps) {
  const breaker = sharedBreaker(live, 'providers', { now: Date.now });
  const extractive = { key: 'extractive', llm: extractiveLlm() };
  type Chosen = { key: string; model: Model; price: Price };
  const chosen = new LRUCache<string, { models: Chosen[]; embedder: Embedder | undefined }>({ max: 500 });

  function configOf(site: Site, provider: ModelProvider): ModelConfig | undefined {
    const own = site.settings.answers[provider];
    const relays = config[provider];
    const ownKey = sites.secretOf(site, provider);
    // The relay's key goes to the relay's address only: a site must not be able to send it to an address of its choice.
    const apiKey = ownKey ?? (own.baseUrl === null ? relays.apiKey : undefined);
    if (!apiKey) return undefined;
    return {
      apiKey,
      baseUrl: own.baseUrl ?? relays.baseUrl,
      model: own.model ?? relays.model,
      region: ('region' in own ? own.region : null) ?? config.bedrock.region,
      api: ('api' in own ? own.api : null) ?? config.openai.api,
      fetch: own.baseUrl !== null && config.privateUrls === 'refuse' ? guardedFetch : undefined,
    };
  }

  /** SDK clients are made once for a version of the settings. */
  function chosenOf(site: Site) {
    const name = `${site.id} ${site.settingsVersion}`;
    const known = chosen.get(name);
    if (known) return known;
    const models = site.settings.answers.providers.flatMap(provider => {
      const its = configOf(site, provider);
      if (!its) return [];
      const key = sha256(JSON.stringify([provider, its]));
      return { key, model: createModel(provider, its), price: priceOf({ provider, ...its }) };
    });
    const openai = site.settings.answers.embeddings === 'openai' ? configOf(site, 'openai') : undefined;
    const made = { models, embedder: openai && embedderWith(site, openai) };
    chosen.set(name, made);
    return made;
  }

  function embedderWith(site: Site, { apiKey, baseUrl = config.openai.baseUrl, fetch }: ModelConfig): Embedder {
    const its = { apiKey, baseUrl, fetch, model: config.embeddings.model };
    const price = priceOf({ provider: 'openai', ...its });
    // Of the site's money, not of a visitor's: pages are nobody's, and a question costs less than a millionth of a dollar.
    const budget = () => usage.budgetOf(site, { conversationId: null, network: null });
    return {
      embeddings: meteredEmbeddings(openaiEmbeddings(its), price, budget),
      space: `${its.model} ${new URL(baseUrl).host}`,
      key: sha256(JSON.stringify(['embeddings', its])),
    };
  }

  return {
    breaker,

    async ask(site: Site, request: LlmRequest, { withModels, budget }: { withModels: boolean; budget: Budget }) {
      const paid = ({ key, model, price }: Chosen): { key: string; llm: Llm } => ({
        key,
        llm: withTools(metered(model, price, budget), {
          onToolFault: fault => log.warn({ err: fault, siteId: site.id }, 'a tool failed'),
        }),
      });
      let hasFailed = false;
      let isTooDear = false;
      const ask = firstThatAnswers({
        llms: [...(withModels ? chosenOf(site).models.map(paid) : []), extractive],
        breaker,
        firstTokenMs: site.settings.answers.firstTokenMs,
        onFault: fault => {
          if (fault.fault === 'over_budget') {
            isTooDear = true;
            log.debug({ siteId: site.id }, 'a provider was not asked: too dear');
            return;
          }
          hasFailed = true;
          count.providerFault(fault.provider, fault.fault);
          log.warn({ err: fault, siteId: site.id }, 'a provider did not answer');
        },
      });
      const answer = await ask(request);
      if (answer && hasFailed) count.failedOver(answer.provider);
      if (isTooDear) count.limitReached('spend');
      return answer;
    },

    /** What finds passages of the site by their meaning, where it chose so and there is a key. */
    embedderOf: (site: Site): Embedder | undefined => chosenOf(site).embedder,

    /** Who is shown questions of this site, for its register of receivers. */
    setUpOf(site: Site) {
      const placeOf = (name: ModelProvider) => {
        const own = site.settings.answers[name];
        const address = own.baseUrl ?? config[name].baseUrl;
        return address ? new URL(address).host : ('region' in own && own.region) || config.bedrock.region;
      };
      const { models, embedder } = chosenOf(site);
      const stateOf = (isThere: boolean) => (isThere ? ('in_use' as const) : ('incomplete' as const));
      return {
        models: site.settings.answers.providers.map(name => ({
          name,
          place: placeOf(name),
          state: stateOf(models.some(({ model }) => model.provider === name)),
        })),
        meaning:
          site.settings.answers.embeddings === 'openai'
            ? { place: placeOf('openai'), state: stateOf(embedder !== undefined) }
            : undefined,
      };
    },

    integrationsOf(site: Site): SiteResponse['integrations'] {
      return modelProvider.options.map(name => {
        const its = chosenOf(site).models.find(({ model }) => model.provider === name);
        if (!its) return { name, state: 'not_configured' };
        return { name, state: breaker.isPaused(its.key) ? 'failing' : 'ready' };
      });
    },
  };
}
