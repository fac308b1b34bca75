import { type DocumentPage, documentsRequest, periodQuery, SITE_BODY_MAX, searchQuery } from '@confab/contract';
import type { Router } from '@koa/router';
import { readJson } from '../../http/body.ts';
import type { Table } from '../../http/csv.ts';
import { answerList } from '../../http/list.ts';
import type { SiteState } from '../../http/request-state.ts';
import { validate } from '../../http/validate.ts';
import type { Knowledge } from './knowledge.ts';

const documentsTable: Table<DocumentPage['items'][number]> = {
  name: 'documents',
  columns: {
    Title: ({ title }) => title,
    Address: ({ url }) => url,
    Type: ({ type }) => type,
    Language: ({ locale }) => locale,
    Updated: ({ updatedAt }) => updatedAt,
    Synced: ({ syncedAt }) => syncedAt,
    Id: ({ externalId }) => externalId,
  },
};

/** What only a plugin sends: the pages of its site. */
export function syncRoutes(router: Router<SiteState>, { knowledge }: { knowledge: Knowledge }): void {
  router.post('/documents', async ctx => {
    const body = await readJson(ctx, { types: ['application/json'], max: SITE_BODY_MAX });
    const change = validate(documentsRequest, body);
    ctx.body = await knowledge.sync(ctx.state.site, change);
    ctx.status = 202;
  });
}

/** A plugin's and a user's calls about the knowledge. */
export function knowledgeRoutes(router: Router<SiteState>, { knowledge }: { knowledge: Knowledge }): void {
  router.get('/documents', ctx =>
    answerList(ctx, periodQuery, asked => knowledge.list(ctx.state.site, asked), documentsTable),
  );

  router.get('/documents/status', async ctx => {
    ctx.body = await knowledge.status(ctx.state.site);
  });

  router.get('/search', async ctx => {
    const { q, limit, locale } = validate(searchQuery, ctx.query);
    ctx.body = await knowledge.searchDocuments(ctx.state.site, q, limit, locale);
  });
}
