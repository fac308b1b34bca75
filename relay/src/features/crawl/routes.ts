import { pageQuery, sourceRequest, WIDGET_BODY_MAX } from '@confab/contract';
import type { Router } from '@koa/router';
import { readJson } from '../../http/body.ts';
import type { SiteState } from '../../http/request-state.ts';
import { validate } from '../../http/validate.ts';
import type { Sources } from './sources.ts';

/** An owner's calls about what is crawled. */
export function sourceRoutes(router: Router<SiteState>, { sources }: { sources: Sources }): void {
  router.get('/sources', async ctx => {
    ctx.body = await sources.list(ctx.state.site, validate(pageQuery, ctx.query));
  });

  router.post('/sources', async ctx => {
    const body = await readJson(ctx, { types: ['application/json'], max: WIDGET_BODY_MAX });
    ctx.body = await sources.add(ctx.state.site, validate(sourceRequest, body));
    ctx.status = 201;
  });

  router.get('/sources/:id', async ctx => {
    ctx.body = await sources.get(ctx.state.site, ctx.params.id ?? '');
  });

  router.delete('/sources/:id', async ctx => {
    await sources.remove(ctx.state.site, ctx.params.id ?? '');
    ctx.status = 204;
  });

  router.post('/sources/:id/crawl', async ctx => {
    ctx.body = await sources.start(ctx.state.site, ctx.params.id ?? '');
    ctx.status = 202;
  });
}
