import { Readable } from 'node:stream';
import { pageQuery, settingsUpdate, WIDGET_BODY_MAX } from '@confab/contract';
import { Router } from '@koa/router';
import type { Context, Middleware } from 'koa';
import { z } from 'zod';
import { conversationIdOf } from '../../../features/conversations/index.ts';
import type { CrmTests, Deliveries } from '../../../features/leads/index.ts';
import type { Notifications } from '../../../features/notifications/index.ts';
import { READABLE_POLICY, readableDocument } from '../../../features/privacy/index.ts';
import { readJson } from '../../../http/body.ts';
import type { RateLimit } from '../../../http/rate-limit.ts';
import type { RequestState, SiteState } from '../../../http/request-state.ts';
import { idOf, validate } from '../../../http/validate.ts';
import { AppError } from '../../../lib/app-error.ts';
import { planRoutes } from '../billing/routes.ts';
import { ShopifyFault } from '../fault.ts';
import { outOfDate } from '../id-token.ts';
import type { Shopify } from '../index.ts';
import { SHOPIFY_SHOP } from '../jobs.ts';
import { shopDomainOf } from '../shop-domain.ts';
import type { Shop } from '../shops.ts';
import type { Compliance } from '../webhooks/index.ts';
import { answerRoutes } from './answers/routes.ts';
import { clientScript } from './assets.ts';
import { adminAddress, askedOf, bounceFrom, isOurs, policyOf, tokenOf, withoutRepeats } from './authenticate.ts';
import { checkedLog, logText } from './consent-log.ts';
import { conversationPage, conversationsPage } from './conversations.ts';
import { homePage, scopesBanner } from './home.ts';
import { knowledgePage } from './knowledge.ts';
import { leadsPage } from './leads.ts';
import { bouncePage, faultPage, type Page, page, ROOT } from './page.ts';
import { beginSync, createPages, fileName, missingScopes, type PageFeatures } from './pages.ts';
import { privacyPage, totalsOf } from './privacy.ts';
import { settingsRoutes } from './settings/routes.ts';
import { checked } from './settings/save-form.ts';
import { faultInWords } from './sync-words.ts';
import { type Words, wordsFor } from './words.ts';

/** A request of somebody on the staff of a shop: the ID token was good, and `site` is that of its shop. */
export type AdminState = SiteState & { shop: Shop; words: Words };

export type EmbeddedFeatures = PageFeatures & {
  rateLimit: RateLimit;
  deliveries: Pick<Deliveries, 'retry'>;
  crmTests: Pick<CrmTests, 'test'>;
  notifications: Pick<Notifications, 'statesOf'>;
};

/** The documents that Shopify's own requests of customers come to. */
type Requests = Pick<Compliance, 'dataRequestsOf' | 'dataRequestDocument'>;

/** The app in the Shopify admin. */
export function embeddedRoutes(
  router: Router<RequestState>,
  shopify: Shopify,
  features: EmbeddedFeatures,
  requests: Requests,
): void {
  openRoutes(router, shopify);
  // It widens the state by itself, which Koa's types cannot follow.
  router.use((staffRouter(shopify, features, requests) as unknown as Router<RequestState>).routes());
}

/** What an anonymous browser gets: our script, and the page on which App Bridge fetches an ID token. */
function openRoutes(router: Router<RequestState>, shopify: Shopify): void {
  router.get(`${ROOT}${clientScript.path}`, ctx => {
    const isThis = ctx.query.v === clientScript.version;
    ctx.set('Cache-Control', isThis ? 'public, max-age=31536000, immutable' : 'no-cache');
    ctx.type = 'text/javascript; charset=utf-8';
    ctx.body = clientScript.text;
  });

  router.get(`${ROOT}/bounce`, ctx => {
    const domain = shopDomainOf(ctx.query.shop);
    if (!domain || !isOurs(ctx.query['shopify-reload'], shopify.relayOrigin()))
      return sendFault(ctx, shopify.config, NOT_FROM_ADMIN);
    send(ctx, domain, bouncePage(shopify.config));
  });
}

/** The app's pages and what their buttons do, for whoever of the shop's staff may open the app. */
function staffRouter(shopify: Shopify, features: EmbeddedFeatures, requests: Requests): Router<AdminState> {
  const { config, sites, keyring, now } = shopify;
  const { consent, conversations, deliveries, entries, retention } = features;
  const pages = createPages(shopify, features, requests);
  const router = new Router<AdminState>({ prefix: ROOT });
  router.use(inWords(config));
  router.use(authenticate(shopify, features));

  router.get('/', async ctx => {
    const { site, shop, words } = ctx.state;
    const body = homePage(await pages.home(site, shop), words);
    sendPage(ctx, config, { title: 'Home', active: 'home', body });
  });

  router.get('/conversations', async ctx => {
    const { site, words } = ctx.state;
    const cursor = cursorOf(ctx);
    const body = conversationsPage(await pages.conversations(site, cursor), cursor, words);
    sendPage(ctx, config, { title: 'Conversations', active: 'conversations', body });
  });

  router.get('/conversations/:id', async ctx => {
    const { site, words } = ctx.state;
    const body = conversationPage(await conversations.readById(site, conversationIdOf(ctx.params.id)), words);
    sendPage(ctx, config, { title: 'Conversation', active: 'conversations', body });
  });

  router.get('/leads', async ctx => {
    const { site, shop, words } = ctx.state;
    const body = leadsPage(await pages.leads(site, shop, cursorOf(ctx)), words);
    sendPage(ctx, config, { title: 'Leads', active: 'leads', body });
  });

  router.post('/leads/:id/deliveries/:target', async ctx => {
    const { id, target = '' } = ctx.params;
    await deliveries.retry(ctx.state.site.id, idOf(id, 'There is no such lead any more.'), target);
    ctx.body = { message: 'It is tried again now', reload: true };
  });

  router.get('/knowledge', async ctx => {
    const { site, shop, words } = ctx.state;
    const body = knowledgePage(await pages.knowledge(site, shop, validate(knowledgeQuery, ctx.query)), words);
    sendPage(ctx, config, { title: 'Knowledge', active: 'knowledge', body });
  });

  router.post('/knowledge/sync', async ctx => {
    await beginSync(shopify, ctx.state.shop);
    ctx.body = { message: 'Reading the shop', reload: true };
  });

  router.get('/privacy', async ctx => {
    const { site, shop, words } = ctx.state;
    const query = validate(privacyQuery, ctx.query);
    const keys = keyring.logKeys.map(({ id }) => id);
    const report = query.verify === undefined ? undefined : await checkedLog(consent, site, keys);
    const body = privacyPage({ ...(await pages.privacy(site, shop, query)), report }, words);
    sendPage(ctx, config, { title: 'Privacy', active: 'privacy', body });
  });

  router.get('/privacy/consents.jsonl', ctx => {
    ctx.attachment(fileName(ctx.state.shop, 'consent-log', now(), 'jsonl'));
    ctx.type = 'application/jsonl';
    ctx.body = Readable.from(logText(consent, ctx.state.site));
  });

  router.get('/privacy/certificates.json', async ctx => {
    ctx.attachment(fileName(ctx.state.shop, 'purge-certificates', now(), 'json'));
    ctx.body = await pages.certificates(ctx.state.site);
  });

  router.get('/privacy/shopify-requests/:eventId', async ctx => {
    const { site, shop } = ctx.state;
    const document = await requests.dataRequestDocument(shop.domain, ctx.params.eventId ?? '');
    if (!document)
      throw new AppError('not_found', 'The time to answer this request is over, so its answer is not kept.');
    ctx.attachment(fileName(shop, 'personal-data', now(), 'html'));
    ctx.set('Content-Security-Policy', READABLE_POLICY);
    ctx.type = 'html';
    ctx.body = readableDocument(document, site.settings.locale);
  });

  router.post('/privacy/retention', async ctx => {
    const body = await readJson(ctx, { types: ['application/json'], max: WIDGET_BODY_MAX });
    const windows = checked(typedWindows, body, 'retention.');
    const site = await saveRetention(ctx.state.site, windows);
    const { words } = ctx.state;
    const { expired } = await retention.preview(site);
    const due = totalsOf(expired, words);
    const at = words.moment(await retention.nextRunAt(site));
    ctx.body = { message: due === '' ? 'Saved' : `Saved. ${due} will be deleted ${at}`, reload: true };
  });

  const show = (ctx: Context & { state: AdminState }, shown: Pick<Page, 'title' | 'active' | 'body'>) =>
    sendPage(ctx, config, shown);
  const noticesFor = ({ site, shop }: AdminState) => missingScopes(site, shop).map(scopesBanner);
  settingsRoutes(router, {
    sites,
    crmTests: features.crmTests,
    confirmationsOf: features.notifications.statesOf,
    rateLimit: features.rateLimit,
    sendPage: show,
    noticesFor,
    tellStorefront: ({ shop: { domain } }) => shopify.jobs.enqueue(SHOPIFY_SHOP, { domain }, { key: domain }),
  });
  answerRoutes(router, { entries, entryById: pages.entryById, conversations, sendPage: show });
  planRoutes(router, { ...shopify, usage: features.usage, sendPage: show });

  router.get('/{*rest}', () => {
    throw new AppError('not_found', 'Confab has no page with this address.');
  });

  return router;

  /** Changes the windows alone, whatever else is changed in the settings meanwhile. */
  async function saveRetention(known: SiteState['site'], windows: z.infer<typeof settingsUpdate.shape.retention>) {
    for (let site = known, tries = 3; ; tries -= 1) {
      const update = { ...sites.settingsOf(site), retention: windows };
      const outcome = await sites.updateSettings(site, site.settingsVersion, update);
      if (outcome.saved) return outcome.site;
      if (tries === 1) throw new AppError('unavailable', 'The settings are being changed by somebody else. Try again.');
      site = outcome.site;
    }
  }
}

const knowledgeQuery = z.object({
  cursor: pageQuery.shape.cursor,
  questions: pageQuery.shape.cursor,
  answers: pageQuery.shape.cursor,
});

const privacyQuery = z.object({
  consents: z.coerce.number().int().positive().max(2_147_483_647).optional(),
  requests: pageQuery.shape.cursor,
  certificates: pageQuery.shape.cursor,
  verify: z.string().optional(),
});

/** What is typed is a text; nothing typed is no number. */
const typedWindows = z
  .record(
    z.string(),
    z.string().transform(text => (text.trim() === '' ? Number.NaN : Number(text))),
  )
  .pipe(settingsUpdate.shape.retention);

const listQuery = z.object({ cursor: pageQuery.shape.cursor });

const cursorOf = (ctx: Context): string | undefined => validate(listQuery, ctx.query).cursor;

/**
 * Lets in who proves by an ID token of Shopify to be on the staff of a shop. A request of our script brings one as its
 * bearer, and learns by a header where it has to fetch a new one. A document has it in its address; one without is sent
 * to have it fetched, and told in words where that did not help.
 */
function authenticate(shopify: Shopify, { rateLimit }: EmbeddedFeatures): Middleware<AdminState> {
  const { config, verifyIdToken, install, relayOrigin, log, now } = shopify;

  return async (ctx, next) => {
    const isDocument = isForDocument(ctx);
    const installed = await (isDocument ? byDocument(ctx) : byBearer(ctx));
    if (!installed) return;
    const { site, shop } = installed;
    await rateLimit('shopAdminPerShop', site.id);
    const { locale: asked } = withoutRepeats(ctx.query);
    const locale = typeof asked === 'string' ? asked : ctx.acceptsLanguages()[0];
    const { timezone } = site.settings;
    Object.assign(ctx.state, { site, shop, words: wordsFor({ locale, timezone }) });
    await next();
  };

  async function byBearer(ctx: Context) {
    try {
      const token = tokenOf(ctx.get('Authorization'));
      if (token === undefined) throw outOfDate();
      return await enter(token);
    } catch (error) {
      if (error instanceof AppError && error.code === 'unauthorized') {
        ctx.set('X-Shopify-Retry-Invalid-Session-Request', '1');
      }
      if (!(error instanceof ShopifyFault)) throw error;
      log.warn({ err: error }, 'a shop could not be installed');
      throw new AppError('unavailable', faultInWords(error.kind), { retryAfterS: 10 });
    }
  }

  /** Nothing where it was answered already. */
  async function byDocument(ctx: Context) {
    const place = { apiKey: config.apiKey, origin: relayOrigin(), now: now() };
    const query = withoutRepeats(ctx.query);
    let asked = askedOf(ctx.path, query, place);
    try {
      if (asked.step === 'prove') return await enter(asked.idToken, asked.domain);
    } catch (error) {
      if (error instanceof ShopifyFault) {
        log.warn({ err: error }, 'a shop could not be installed');
        return sendFault(ctx, config, {
          status: 503,
          heading: 'Shopify did not play along',
          reason: faultInWords(error.kind),
        });
      }
      if (!(error instanceof AppError) || error.code !== 'unauthorized') throw error;
      asked = bounceFrom(ctx.path, query, place);
    }
    if (asked.step === 'enter') return ctx.redirect(asked.to);
    if (asked.step === 'bounce' && !asked.again) return ctx.redirect(asked.to);
    return sendFault(ctx, config, asked.step === 'bounce' ? NOT_PROVEN : NOT_FROM_ADMIN);
  }

  async function enter(idToken: string, expected?: string) {
    const { domain } = await verifyIdToken(idToken);
    if (expected !== undefined && domain !== expected) throw outOfDate();
    return install({ domain, idToken });
  }
}

/** Whether a browser asks for a page, and not our script. */
const isForDocument = (ctx: Context): boolean => ctx.get('Authorization') === '' && ctx.method === 'GET';

/** A person reads what a document cannot show; our script reads problems. */
const inWords =
  (config: Config): Middleware =>
  async (ctx, next) => {
    if (!isForDocument(ctx)) return next();
    try {
      await next();
    } catch (error) {
      if (!(error instanceof AppError) || error.status >= 500) throw error;
      if (error.retryAfterS !== undefined) ctx.set('Retry-After', String(error.retryAfterS));
      sendFault(ctx, config, { status: error.status, heading: 'This page cannot be shown', reason: error.message });
    }
  };

type Config = Shopify['config'];

type Fault = { status: number; heading: string; reason: string };

const NOT_FROM_ADMIN: Fault = {
  status: 400,
  heading: 'Open Confab in the Shopify admin',
  reason: 'This address does not say which shop it is for. Confab lives in the Shopify admin: it is there under Apps.',
};

const NOT_PROVEN: Fault = {
  status: 401,
  heading: 'Shopify could not prove who you are',
  reason:
    'Confab asked the Shopify admin twice for its proof of who you are, and got none that is good. Close this page and ' +
    'open Confab again. If it stays like this, check that the clock of your computer is right, and that no extension of ' +
    'your browser blocks Shopify.',
};

function sendFault(ctx: Context, { apiKey }: Config, { status, ...fault }: Fault): undefined {
  const domain = shopDomainOf(withoutRepeats(ctx.query).shop);
  ctx.status = status;
  send(ctx, domain, faultPage({ ...fault, again: domain && adminAddress(domain, apiKey) }));
}

/** A page of the app. */
export function sendPage(
  ctx: Context & { state: AdminState },
  { apiKey }: Config,
  { title, active, body }: Pick<Page, 'title' | 'active' | 'body'>,
): void {
  const { domain } = ctx.state.shop;
  send(ctx, domain, page({ title, active, body, apiKey, shopDomain: domain }));
}

function send(ctx: Context, domain: string | undefined, document: string): void {
  ctx.set('Content-Security-Policy', policyOf(domain));
  ctx.type = 'html';
  ctx.body = document;
}
