import { pageviewRequest, WIDGET_BODY_MAX } from '@confab/contract';
import type { Router } from '@koa/router';
import { readJson } from '../../http/body.ts';
import type { SiteState } from '../../http/request-state.ts';
import { validate } from '../../http/validate.ts';
import type { PageViews } from './page-views.ts';

/** The visitor's calls about the pages they see. */
export function visitorRoutes(router: Router<SiteState>, { pageViews }: { pageViews: PageViews }): void {
  router.post('/pageviews', async ctx => {
    const body = await readJson(ctx, { types: ['application/json', 'text/plain'], max: WIDGET_BODY_MAX });
    await pageViews.record(ctx.state.site, validate(pageviewRequest, body));
    ctx.status = 204;
  });
}
