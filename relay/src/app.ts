import { Router } from '@koa/router';
import Koa from 'koa';
import { connectPageRoutes, connectRoutes } from './features/connect/index.ts';
import { consentLogRoutes, consentRoutes } from './features/consent/index.ts';
import { conversationListRoutes, conversationRoutes, handleOf } from './features/conversations/index.ts';
import { sourceRoutes } from './features/crawl/index.ts';
import { entryRoutes } from './features/entries/index.ts';
import { evaluationRoutes } from './features/evaluation/index.ts';
import { knowledgeRoutes } from './features/knowledge/index.ts';
import { crmRoutes, deliveryRoutes, leadRoutes, siteLeadRoutes } from './features/leads/index.ts';
import { devMailRoutes, emailRoutes, transcriptRoutes } from './features/notifications/index.ts';
import { privacyRoutes, visitorPrivacyRoutes } from './features/privacy/index.ts';
import { retentionRoutes } from './features/retention/index.ts';
import { siteRoutes } from './features/sites/index.ts';
import { uploadRoutes } from './features/uploads/index.ts';
import { visitorRoutes } from './features/visitors/index.ts';
import { webhookRoutes } from './features/webhooks/index.ts';
import { bearerOf } from './http/bearer.ts';
import { clientAddress } from './http/client-address.ts';
import { openapiDocument } from './http/openapi.ts';
import { answerWithProblems } from './http/problem.ts';
import { identifyRequests } from './http/request-id.ts';
import type { RequestState, SiteState } from './http/request-state.ts';
import { setSecurityHeaders } from './http/security-headers.ts';
import { admitOrigin } from './http/widget-origin.ts';
import { demoRoutes } from './platforms/demo/index.ts';
import type { Services } from './services.ts';

/** The order of the middleware, and which routes hang under which audience. */
export function createApp(services: Services): Koa<RequestState> {
  const app = new Koa<RequestState>({ proxy: services.trustProxy > 0, maxIpsCount: services.trustProxy });
  // Without a listener Koa would print the error's message, which may repeat what a visitor wrote.
  app.on('error', error => {
    // Who leaves before the end is no fault of ours.
    if (error?.code === 'ERR_STREAM_PREMATURE_CLOSE') return;
    services.log.error({ err: error }, 'a reply failed');
    services.reporter.report(error);
  });
  app.use(identifyRequests(services.log));
  app.use(answerWithProblems(services));
  app.use(setSecurityHeaders);
  // Each router widens the state by itself, which Koa's types cannot follow.
  const routers = [
    operationsRouter,
    connectRouter,
    emailRouter,
    widgetRouter,
    siteRouter,
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
function operationsRouter({ readiness, metrics, version, keyring }: Services): Router<RequestState> {
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
    ctx.body = await metrics.text();
    ctx.set('Content-Type', metrics.contentType);
  });
  router.get('/openapi.json', ctx => {
    ctx.body = openapi;
  });
  // What checkpoints of consent logs are signed by. Old keys stay: what they signed is still checked.
  router.get('/.well-known/jwks.json', ctx => {
    ctx.body = { keys: keyring.logKeys.map(({ id, jwk }) => ({ ...jwk, kid: id, use: 'sig', alg: 'EdDSA' })) };
  });
  return router;
}

/** A site's owner, and the plugin behind them, before there is a secret. */
function connectRouter({ connect, rateLimit }: Services): Router<RequestState> {
  const router = new Router<RequestState>();
  connectPageRoutes(router, { connect, rateLimit });
  return router;
}

/** Who reads an e-mail of ours, and who sent it for us; in development, who looks at what would have been sent. */
function emailRouter({ notifications, readMailEvent, mailFolder, production }: Services): Router<RequestState> {
  const router = new Router<RequestState>();
  emailRoutes(router, { notifications, readMailEvent });
  if (mailFolder && !production) devMailRoutes(router, { folder: mailFolder });
  return router;
}

/** A visitor's browser on a page of the site. */
function widgetRouter({
  sites,
  consent,
  privacy,
  conversations,
  leads,
  notifications,
  pageViews,
  usage,
  rateLimit,
  proofs,
  drain,
}: Services): Router<SiteState> {
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
      '/conversation/export',
      '/conversation/transcript',
      '/data-requests',
      '/leads',
      '/pageviews',
    ],
    () => {},
  );
  consentRoutes(router, { consent, eraseConversation: conversations.withdraw, openingOf: conversations.look });
  conversationRoutes(router, { conversations, rateLimit, proofs, shareOf: usage.shareOf, drain });
  leadRoutes(router, { leads, rateLimit });
  transcriptRoutes(router, { notifications, rateLimit });
  visitorRoutes(router, { pageViews });
  visitorPrivacyRoutes(router, {
    privacy,
    conversationOf: async ctx => (await conversations.find(ctx.state.site, handleOf(ctx))).id,
  });
  return router;
}

/** A site's plugin, server to server. */
function siteRouter({
  sites,
  usage,
  consent,
  knowledge,
  entries,
  evaluation,
  sources,
  uploads,
  privacy,
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
}: Services): Router<SiteState> {
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
  privacyRoutes(router, { privacy });
  retentionRoutes(router, { retention, legalHolds });
  webhookRoutes(router, { webhooks });
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
