import { statsQuery } from '@confab/contract';
import type { Router } from '@koa/router';
import type { SiteState } from '../../http/request-state.ts';
import { validate } from '../../http/validate.ts';
import type { Overview } from './overview.ts';

/** A site at a glance. */
export function overviewRoutes(router: Router<SiteState>, { overview }: { overview: Overview }): void {
  router.get('/stats', async ctx => {
    const { days } = validate(statsQuery, ctx.query);
    ctx.body = await overview.stats(ctx.state.site, days);
  });

  router.get('/attention', async ctx => {
    ctx.body = await overview.attention(ctx.state.site);
  });
}
