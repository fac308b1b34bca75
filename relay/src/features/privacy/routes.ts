import {
  dataRequest,
  type PersonalDataDocument,
  pageQuery,
  visitorDataRequest,
  WIDGET_BODY_MAX,
} from '@confab/contract';
import type { Router } from '@koa/router';
import { readJson } from '../../http/body.ts';
import type { SiteContext, SiteState } from '../../http/request-state.ts';
import { validate } from '../../http/validate.ts';
import type { Privacy } from './privacy.ts';
import { readableDocument } from './readable-document.ts';

/** A plugin's calls about people's data. */
export function privacyRoutes(router: Router<SiteState>, { privacy }: { privacy: Privacy }): void {
  router.post('/data-requests', async ctx => {
    const { site } = ctx.state;
    const body = await readJson(ctx, { types: ['application/json'], max: WIDGET_BODY_MAX });
    const { subject, ...request } = validate(dataRequest, body);
    const identifiers = privacy.identifiersOf(site, subject);
    const response = await privacy.request(site, { ...request, source: 'plugin', identifiers });
    const document = 'format' in response.result ? response.result : undefined;
    send(ctx, response, document);
  });

  router.get('/data-requests', async ctx => {
    ctx.body = await privacy.list(ctx.state.site, validate(pageQuery, ctx.query));
  });
}

type VisitorDeps = {
  privacy: Privacy;
  /** Our id of the conversation that the request's bearer opens; throws 404. */
  conversationOf: (ctx: SiteContext) => Promise<string>;
};

/** A visitor's calls about their own conversation. */
export function visitorPrivacyRoutes(router: Router<SiteState>, { privacy, conversationOf }: VisitorDeps): void {
  router.post('/data-requests', async ctx => {
    const conversationId = await conversationOf(ctx);
    const body = await readJson(ctx, { types: ['application/json', 'text/plain'], max: WIDGET_BODY_MAX });
    const request = validate(visitorDataRequest, body);
    ctx.body = await privacy.request(ctx.state.site, { ...request, source: 'widget', identifiers: { conversationId } });
  });

  router.get('/conversation/export', async ctx => {
    const document = await privacy.documentOf(ctx.state.site, { conversationId: await conversationOf(ctx) });
    send(ctx, document, document);
  });
}

/** The answer as JSON; where a document is asked for as HTML, as a page to read. */
function send(ctx: SiteContext, answer: object, document: PersonalDataDocument | undefined): void {
  ctx.vary('Accept');
  if (document && ctx.accepts('json', 'html') === 'html') {
    ctx.set('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    ctx.type = 'html';
    ctx.body = readableDocument(document, ctx.state.site.settings.locale);
  } else {
    ctx.body = answer;
  }
}
