import { Router } from '@koa/router';
import Koa from 'koa';
import { consentRoutes } from './features/consent/index.ts';
import { conversationRoutes } from './features/conversations/index.ts';
import { knowledgeRoutes } from './features/knowledge/index.ts';
import { siteRoutes } from './features/sites/index.ts';
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
  app.on('error', error => services.log.error({ err: error }, 'a reply failed'));
  app.use(identifyRequests(services.log));
  app.use(answerWithProblems(services.log));
  app.use(setSecurityHeaders);
  // Each router widens the state by itself, which Koa's types cannot follow.
  const routers = [operationsRouter, widgetRouter, siteRouter, demoRouter].map(make => make(services) as unknown);
  for (const router of routers as Router<RequestState>[]) {
    app.use(router.routes());
    app.use(router.allowedMethods());
  }
  return app;
}

/** Anybody. */
function operationsRouter({ readiness, version }: Services): Router<RequestState> {
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
  router.get('/openapi.json', ctx => {
    ctx.body = openapi;
  });
  return router;
}

/** A visitor's browser on a page of the site. */
function widgetRouter({ sites, consent, conversations, rateLimit, drain }: Services): Router<SiteState> {
  const router = new Router<SiteState>({ prefix: '/v1/widget/:siteKey' });
  router.use(async (ctx, next) => {
    ctx.state.site = await sites.byKey(ctx.params.siteKey ?? '');
    await next();
  });
  router.use(admitOrigin);
  router.use(async (ctx, next) => {
    await rateLimit('widgetPerIp', `${ctx.state.site.id} ${clientAddress(ctx)}`);
    await next();
  });
  // Matched so that the middleware above answers the preflight.
  router.options(['/config', '/consents', '/turns', '/conversation', '/conversation/export'], () => {});
  consentRoutes(router, { consent, eraseConversation: conversations.erase });
  conversationRoutes(router, { conversations, rateLimit, drain });
  return router;
}

/** A site's plugin, server to server. */
function siteRouter({ sites, usage, knowledge, integrationsOf, rateLimit }: Services): Router<SiteState> {
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
  siteRoutes(router, { sites, usageOf: usage.ofThisPeriod, integrationsOf });
  knowledgeRoutes(router, { knowledge });
  return router;
}

/** The demo shop, where the relay runs with it. */
function demoRouter({ demo }: Services): Router<RequestState> {
  const router = new Router<RequestState>();
  if (demo) demoRoutes(router, demo);
  return router;
}
