import { documentsRequest, pageQuery, SITE_BODY_MAX, searchQuery } from '@confab/contract';
import type { Router } from '@koa/router';
import { readJson } from '../../http/body.ts';
import type { SiteState } from '../../http/request-state.ts';
import { validate } from '../../http/validate.ts';
import type { Knowledge } from './knowledge.ts';

/** A plugin's calls about the knowledge. */
export function knowledgeRoutes(router: Router<SiteState>, { knowledge }: { knowledge: Knowledge }): void {
  router.post('/documents', async ctx => {
    const body = await readJson(ctx, { types: ['application/json'], max: SITE_BODY_MAX });
    const change = validate(documentsRequest, body);
    ctx.body = await knowledge.sync(ctx.state.site, change);
    ctx.status = 202;
  });

  router.get('/documents', async ctx => {
    ctx.body = await knowledge.list(ctx.state.site, validate(pageQuery, ctx.query));
  });

  router.get('/documents/status', async ctx => {
    ctx.body = await knowledge.status(ctx.state.site);
  });

  router.get('/search', async ctx => {
    const { q, limit, locale } = validate(searchQuery, ctx.query);
    ctx.body = await knowledge.searchDocuments(ctx.state.site, q, limit, locale);
  });
}
