import { Router } from '@koa/router';
import Koa, { type Context } from 'koa';
import { askedBy, authRoutes, meRoutes } from './features/accounts/index.ts';
import { billingRoutes, stripeEventRoutes } from './features/billing/index.ts';
import { connectPageRoutes, connectRoutes } from './features/connect/index.ts';
import { consentLogRoutes, consentRoutes } from './features/consent/index.ts';
import {
  conversationIdOf,
  conversationListRoutes,
  conversationRoutes,
  handleOf,
} from './features/conversations/index.ts';
import { sourceRoutes } from './features/crawl/index.ts';
import { deletionRoutes } from './features/deletion/index.ts';
import { entryRoutes } from './features/entries/index.ts';
import { evaluationRoutes } from './features/evaluation/index.ts';
import { exportRoutes } from './features/exports/index.ts';
import { knowledgeRoutes, syncRoutes } from './features/knowledge/index.ts';
import { crmRoutes, deliveryRoutes, leadRoutes, siteLeadRoutes } from './features/leads/index.ts';
import { liveRoutes, visitorLiveRoutes } from './features/live/index.ts';
import { devMailRoutes, emailRoutes, transcriptRoutes } from './features/notifications/index.ts';
import { overviewRoutes } from './features/overview/index.ts';
import { privacyRoutes, visitorPrivacyRoutes } from './features/privacy/index.ts';
import { retentionRoutes } from './features/retention/index.ts';
import { siteRoutes, siteSecretRoutes } from './features/sites/index.ts';
import { accountRoutes, invitationRoutes, joiningRoutes, siteTeamRoutes } from './features/teams/index.ts';
import { uploadRoutes } from './features/uploads/index.ts';
import { visitorRoutes } from './features/visitors/index.ts';
import { webhookRoutes } from './features/webhooks/index.ts';
import { type Authority, admitUsers, authorize } from './http/authorize.ts';
import { bearerOf } from './http/bearer.ts';
import { clientAddress } from './http/client-address.ts';
import { consoleRoutes } from './http/console.ts';
import { admitToMetrics } from './http/metrics.ts';
import { openapiDocument } from './http/openapi.ts';
import { answerWithProblems } from './http/problem.ts';
import { identifyRequests } from './http/request-id.ts';
import type { RequestState, SiteState, UserState } from './http/request-state.ts';
import { setSecurityHeaders } from './http/security-headers.ts';
import { sendFile } from './http/static-files.ts';
import { idOf } from './http/validate.ts';
import { admitOrigin } from './http/widget-origin.ts';
import { AppError } from './lib/app-error.ts';
import { metricsTogether } from './lib/metrics.ts';
import { demoRoutes } from './platforms/demo/index.ts';
import type { Services } from './services.ts';

/** The order of the middleware, and which routes hang under which audience. */
export function createApp(services: Services): Koa<RequestState> {
  const app = new Koa<RequestState>({ proxy: services.trustProxy > 0, maxIpsCount: services.trustProxy });
  // Without a listener Koa would print the error's message, which may repeat what a visitor wrote.
  app.on('error', error => {
    // Who leaves before the end, or goes on with what is no HTTP, is no fault of ours.
    if (error?.code === 'ERR_STREAM_PREMATURE_CLOSE' || String(error?.code).startsWith('HPE_')) return;
    services.log.error({ err: error }, 'a reply failed');
    services.reporter.report(error);
  });
  app.use(identifyRequests(services));
  app.use(answerWithProblems(services));
  app.use(setSecurityHeaders);
  // Each router widens the state by itself, which Koa's types cannot follow.
  const routers = [
    operationsRouter,
    connectRouter,
    emailRouter,
    stripeRouter,
    widgetRouter,
    siteRouter,
    userSiteRouter,
    authRouter,
    meRouter,
    joiningRouter,
    accountRouter,
    consoleRouter,
    shopifyRouter,
    demoRouter,
  ].map(make => make(services) as unknown);
  for (const router of routers as Router<RequestState>[]) {
    app.use(router.routes());
    app.use(router.allowedMethods());
  }
  return app;
}

/** Anybody. */
function operationsRouter(services: Services): Router<RequestState> {
  const { readiness, metrics, siblings, metricsToken, production, version, keyring, widgetFiles } = services;
  const router = new Router<RequestState>();
  const openapi = openapiDocument(version);
  router.get('/healthz', ctx => {
    ctx.body = { status: 'alive' };
  });
  router.get('/readyz', async ctx => {
    const report = await readiness();
    ctx.status = report.ready ? 200 : 503;
    ctx.body = report;
  });
  router.get('/metrics', async ctx => {
    admitToMetrics(ctx, { token: metricsToken, production });
    ctx.body = await metricsTogether(await siblings.all());
    ctx.set('Content-Type', metrics.contentType);
  });
  router.get('/openapi.json', ctx => {
    ctx.body = openapi;
  });
  router.get('/widget/:file', ctx => {
    const file = widgetFiles.get(ctx.params.file ?? '');
    // The loader asks for its panel by the panel's hash, so that one may be kept.
    if (file) sendFile(ctx, file, ctx.query.v ? 'public, max-age=31536000, immutable' : 'no-cache');
  });
  // What checkpoints of consent logs are signed by. Old keys stay: what they signed is still checked.
  router.get('/.well-known/jwks.json', ctx => {
    ctx.body = { keys: keyring.logKeys.map(({ id, jwk }) => ({ ...jwk, kid: id, use: 'sig', alg: 'EdDSA' })) };
  });
  return router;
}

/** A site's owner, and the plugin behind them, before there is a secret. */
function connectRouter({ connect, accounts, authority, rateLimit }: Services): Router<RequestState> {
  const router = new Router<RequestState>();
  const signOut = async (ctx: Context) => {
    for (const cookie of await accounts.signIn.out(askedBy(ctx))) ctx.append('Set-Cookie', cookie);
  };
  connectPageRoutes(router, { connect, actorOf: authority.actorOf, signOut, rateLimit });
  return router;
}

/** Who reads an e-mail of ours, and who sent it for us; in development, who looks at what would have been sent. */
function emailRouter({ notifications, readMailEvent, mailFolder, production }: Services): Router<RequestState> {
  const router = new Router<RequestState>();
  emailRoutes(router, { notifications, readMailEvent });
  if (mailFolder && !production) devMailRoutes(router, { folder: mailFolder });
  return router;
}

/** Stripe, about what accounts pay for. */
function stripeRouter({ billing, rateLimit }: Services): Router<RequestState> {
  const router = new Router<RequestState>();
  stripeEventRoutes(router, { billing, rateLimit });
  return router;
}

/** A visitor's browser on a page of the site. */
function widgetRouter(services: Services): Router<SiteState> {
  const { sites, consent, privacy, conversations, leads, notifications, pageViews, usage, counts } = services;
  const { rateLimit, proofs, drain, turnPlaces, followTurn, count } = services;
  const router = new Router<SiteState>({ prefix: '/v1/widget/:siteKey' });
  router.use(async (ctx, next) => {
    ctx.state.site = await sites.servedByKey(ctx.params.siteKey ?? '');
    await next();
  });
  router.use(admitOrigin);
  router.use(async (ctx, next) => {
    await rateLimit('widgetPerIp', `${ctx.state.site.id} ${clientAddress(ctx)}`);
    await next();
  });
  // Matched so that the middleware above answers the preflight.
  router.options(
    [
      '/config',
      '/consents',
      '/turns',
      '/conversation',
      '/conversation/events',
      '/conversation/export',
      '/conversation/transcript',
      '/conversation/typing',
      '/data-requests',
      '/leads',
      '/pageviews',
    ],
    () => {},
  );
  consentRoutes(router, {
    consent,
    eraseConversation: conversations.withdraw,
    openingOf: conversations.look,
    opened: siteId => counts.add(siteId, 'opened'),
    decided: count.consent,
  });
  conversationRoutes(router, {
    conversations,
    rateLimit,
    proofs,
    shareOf: usage.shareOf,
    drain,
    turnPlaces,
    followTurn,
  });
  leadRoutes(router, { leads, rateLimit });
  transcriptRoutes(router, { notifications, rateLimit });
  visitorLiveRoutes(router, services);
  visitorRoutes(router, { pageViews });
  visitorPrivacyRoutes(router, {
    privacy,
    conversationOf: async ctx => (await conversations.find(ctx.state.site, handleOf(ctx))).id,
  });
  return router;
}

/** A site's plugin, server to server. */
function siteRouter(services: Services): Router<SiteState> {
  const { sites, rateLimit } = services;
  const router = new Router<SiteState>({ prefix: '/v1/site' });
  router.use(async (ctx, next) => {
    const secret = bearerOf(ctx);
    ctx.state.site = await sites.bySecret(secret).catch(async (error: unknown) => {
      await rateLimit('wrongSecretsPerIp', clientAddress(ctx));
      throw error;
    });
    await rateLimit('sitePerSecret', ctx.state.site.id);
    await next();
  });
  ownersRoutes(router, services);
  syncRoutes(router, services);
  return router;
}

/** The same for a user of the account that the site belongs to, as far as their role goes, and what only a user does. */
function userSiteRouter(services: Services): Router<SiteState & UserState> {
  const { sites, authority, rateLimit } = services;
  const router = new Router<SiteState & UserState>({ prefix: '/v1/sites/:siteId' });
  router.use(admitUsers({ ...authority, rateLimit }));
  router.use(authorize(authority));
  router.use(async (ctx, next) => {
    const site = await sites.byId(idOf(ctx.params.siteId, NO_SITE));
    if (!site) throw new AppError('site_not_found', NO_SITE);
    ctx.state.site = site;
    await next();
  });
  ownersRoutes(router as unknown as Router<SiteState>, services);
  siteSecretRoutes(router as unknown as Router<SiteState>, services);
  siteTeamRoutes(router as unknown as Router<SiteState>, services);
  liveRoutes(router, { ...services, isStill: ctx => isStillAdmitted(ctx, authority) });
  return router;
}

/** Whether a user who was admitted once would be admitted again, as the same and with the same role. */
async function isStillAdmitted(ctx: Context & { state: UserState }, { actorOf, roleAt }: Authority): Promise<boolean> {
  const { actor, role, accountId } = ctx.state;
  try {
    const now = await actorOf(ctx, { quiet: true });
    const found = await roleAt(now.userId, ctx.params.siteId);
    return now.sessionId === actor.sessionId && found?.role === role && found?.accountId === accountId;
  } catch (error) {
    if (error instanceof AppError && error.code === 'unauthorized') return false;
    throw error;
  }
}

/** Who is not signed in yet. */
function authRouter(services: Services): Router<RequestState> {
  const router = new Router<RequestState>();
  authRoutes(router, services);
  return router;
}

/** A user, about themselves. */
function meRouter(services: Services): Router<UserState> {
  const router = new Router<UserState>({ prefix: '/v1/me' });
  router.use(admitUsers({ ...services.authority, rateLimit: services.rateLimit }));
  meRoutes(router, services);
  return router;
}

/** Who has an invitation, and who is signed in, about accounts that are not theirs yet. */
function joiningRouter(services: Services): Router<UserState> {
  const { authority, rateLimit } = services;
  const router = new Router<UserState>();
  invitationRoutes(router as unknown as Router<RequestState>, services);
  // For the routes that come after it, and not for the one before.
  router.use(admitUsers({ ...authority, rateLimit }));
  joiningRoutes(router, services);
  return router;
}

/** A user's account, as far as their role goes. */
function accountRouter(services: Services): Router<UserState> {
  const { authority, rateLimit } = services;
  const router = new Router<UserState>({ prefix: '/v1/accounts/:accountId' });
  router.use(admitUsers({ ...authority, rateLimit }));
  router.use(authorize(authority));
  accountRoutes(router, services);
  exportRoutes(router, services);
  deletionRoutes(router, services);
  billingRoutes(router, services);
  return router;
}

const NO_SITE = 'There is no such site, or none that you may see.';

/** What a site's plugin and the users of its account may both ask for. */
function ownersRoutes(router: Router<SiteState>, services: Services): void {
  const {
    sites,
    usage,
    consent,
    knowledge,
    entries,
    evaluation,
    sources,
    uploads,
    privacy,
    privacyRegister,
    retention,
    legalHolds,
    conversations,
    leads,
    deliveries,
    crmTests,
    webhooks,
    notifications,
    mailFolder,
    connect,
    keyring,
    integrationsOf,
    rateLimit,
  } = services;
  const emailIntegration = { name: 'email', state: mailFolder ? ('not_configured' as const) : ('ready' as const) };
  siteRoutes(router, {
    sites,
    usageOf: usage.ofThisPeriod,
    integrationsOf: async site => [
      ...integrationsOf(site),
      ...(await crmTests.integrationsOf(site)),
      await webhooks.integrationOf(site),
      emailIntegration,
    ],
    notificationsOf: notifications.statesOf,
    relayPublicKeys: keyring.webhookKeys,
  });
  connectRoutes(router, { connect });
  knowledgeRoutes(router, { knowledge });
  entryRoutes(router, { entries });
  evaluationRoutes(router, { evaluation });
  sourceRoutes(router, { sources });
  uploadRoutes(router, { uploads });
  consentLogRoutes(router, { consent });
  conversationListRoutes(router, { conversations });
  siteLeadRoutes(router, { leads });
  deliveryRoutes(router, { deliveries });
  crmRoutes(router, { crmTests, rateLimit });
  privacyRoutes(router, {
    privacy,
    privacyRegister,
    conversationOf: (site, id) => conversations.readById(site, conversationIdOf(id)),
  });
  retentionRoutes(router, { retention, legalHolds });
  webhookRoutes(router, { webhooks });
  overviewRoutes(router, services);
}

/** The console's pages; what they show they ask for as whoever is signed in. */
function consoleRouter({ consoleFiles }: Services): Router<RequestState> {
  const router = new Router<RequestState>();
  consoleRoutes(router, { filesOf: consoleFiles });
  return router;
}

/** Shopify: the app in its admin, its webhooks, its storefronts' proxy. Nothing where this relay has no app there. */
function shopifyRouter(services: Services): Router<RequestState> {
  const router = new Router<RequestState>();
  if (services.shopify) services.shopifyRoutes?.(router, services.shopify, services);
  return router;
}

/** The demo shop, where the relay runs with it. */
function demoRouter({ demo }: Services): Router<RequestState> {
  const router = new Router<RequestState>();
  if (demo) demoRoutes(router, demo);
  return router;
}
