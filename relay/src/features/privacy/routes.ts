import {
  type DataRequestPage,
  dataRequest,
  type PersonalDataDocument,
  periodQuery,
  visitorDataRequest,
  WIDGET_BODY_MAX,
} from '@confab/contract';
import type { Router } from '@koa/router';
import { readJson } from '../../http/body.ts';
import type { Table } from '../../http/csv.ts';
import { answerList } from '../../http/list.ts';
import type { SiteContext, SiteState } from '../../http/request-state.ts';
import { validate } from '../../http/validate.ts';
import { AppError } from '../../lib/app-error.ts';
import type { Site } from '../sites/index.ts';
import type { Privacy } from './privacy.ts';
import { READABLE_POLICY, readableDocument } from './readable-document.ts';
import type { RegisterOf } from './register.ts';

const requestsTable: Table<DataRequestPage['items'][number]> = {
  name: 'data-requests',
  columns: {
    Received: ({ receivedAt }) => receivedAt,
    Type: ({ type }) => type,
    Source: ({ source }) => source,
    Reference: ({ reference }) => reference,
    Status: ({ status }) => status,
    Due: ({ dueAt }) => dueAt,
    Overdue: ({ overdue }) => overdue,
    Completed: ({ completedAt }) => completedAt,
    Counts: ({ counts }) => counts,
    Retained: ({ retained }) => retained,
    Id: ({ dataRequestId }) => dataRequestId,
  },
};

type Deps = {
  privacy: Privacy;
  privacyRegister: RegisterOf;
  /** A stored conversation of the site; throws 404. */
  conversationOf: (site: Site, id: string | undefined) => Promise<{ id: string; restricted: boolean }>;
};

/** A plugin's calls about people's data. */
export function privacyRoutes(router: Router<SiteState>, { privacy, privacyRegister, conversationOf }: Deps): void {
  router.post('/data-requests', async ctx => {
    const { site } = ctx.state;
    const body = await readJson(ctx, { types: ['application/json'], max: WIDGET_BODY_MAX });
    const { subject, ...request } = validate(dataRequest, body);
    const identifiers = privacy.identifiersOf(site, subject);
    const response = await privacy.request(site, { ...request, source: sourceOf(ctx), identifiers });
    const document = 'format' in response.result ? response.result : undefined;
    send(ctx, response, document);
  });

  router.get('/data-requests', ctx =>
    answerList(ctx, periodQuery, asked => privacy.list(ctx.state.site, asked), requestsTable),
  );

  router.delete('/conversations/:id', async ctx => {
    const { site } = ctx.state;
    const { id: conversationId } = await conversationOf(site, ctx.params.id);
    const request = { type: 'erasure', source: sourceOf(ctx), identifiers: { conversationId } } as const;
    const { result } = await privacy.request(site, request);
    if (!('retained' in result) || Object.keys(result.retained).length > 0) {
      throw new AppError('legal_hold', 'A legal hold keeps this conversation. End the hold first.');
    }
    ctx.status = 204;
  });

  router.get('/conversations/:id/export', async ctx => {
    const { site } = ctx.state;
    const { id: conversationId, restricted } = await conversationOf(site, ctx.params.id);
    if (restricted) {
      throw new AppError(
        'not_offered',
        'The visitor has restricted the use of this conversation. To answer a request of theirs, make a data request.',
      );
    }
    const document = await privacy.documentOf(site, { conversationId });
    send(ctx, document, document);
  });

  router.get('/privacy-register', async ctx => {
    ctx.body = await privacyRegister(ctx.state.site);
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

/** A user is signed in, a plugin is not. */
const sourceOf = (ctx: SiteContext) => ('actor' in ctx.state ? 'console' : 'plugin');

/** The answer as JSON; where a document is asked for as HTML, as a page to read. */
function send(ctx: SiteContext, answer: object, document: PersonalDataDocument | undefined): void {
  ctx.vary('Accept');
  if (document && ctx.accepts('json', 'html') === 'html') {
    ctx.set('Content-Security-Policy', READABLE_POLICY);
    ctx.type = 'html';
    ctx.body = readableDocument(document, ctx.state.site.settings.locale);
  } else {
    ctx.body = answer;
  }
}
