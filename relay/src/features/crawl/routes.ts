import { listQuery, type Source, sourceRequest, WIDGET_BODY_MAX } from '@confab/contract';
import type { Router } from '@koa/router';
import { readJson } from '../../http/body.ts';
import type { Table } from '../../http/csv.ts';
import { answerList } from '../../http/list.ts';
import type { SiteState } from '../../http/request-state.ts';
import { validate } from '../../http/validate.ts';
import type { Sources } from './sources.ts';

const sourcesTable: Table<Source> = {
  name: 'sources',
  columns: {
    Address: ({ url }) => url,
    Kind: ({ kind }) => kind,
    State: ({ state }) => state,
    'Last completed': ({ lastCompletedAt }) => lastCompletedAt,
    'Next crawl': ({ nextCrawlAt }) => nextCrawlAt,
    'Ended by': ({ ended }) => ended?.reason?.code,
    Found: ({ counts }) => counts.found,
    Skipped: ({ counts }) => counts.skipped,
    Failed: ({ counts }) => counts.failed,
    Documents: ({ counts }) => counts.documents,
    Id: ({ sourceId }) => sourceId,
  },
};

/** An owner's calls about what is crawled. */
export function sourceRoutes(router: Router<SiteState>, { sources }: { sources: Sources }): void {
  router.get('/sources', ctx => answerList(ctx, listQuery, asked => sources.list(ctx.state.site, asked), sourcesTable));

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
