import {
  type LegalHold,
  type LegalHoldsPage,
  legalHoldRelease,
  legalHoldRequest,
  pageQuery,
  type RetentionResponse,
  retentionQuery,
  WIDGET_BODY_MAX,
} from '@confab/contract';
import type { Router } from '@koa/router';
import { readJson } from '../../http/body.ts';
import type { SiteState } from '../../http/request-state.ts';
import { idOf, validate } from '../../http/validate.ts';
import { AppError } from '../../lib/app-error.ts';
import { pageOf, placeOf } from '../../lib/cursor.ts';
import type { LegalHolds } from '../privacy/index.ts';
import type { Retention, Windows } from './retention.ts';

const NO_HOLD = 'There is no such legal hold, or it was ended before.';

type Deps = { retention: Retention; legalHolds: LegalHolds };

/** A plugin's calls about how long data are kept. */
export function retentionRoutes(router: Router<SiteState>, { retention, legalHolds }: Deps): void {
  router.get('/purges', async ctx => {
    ctx.body = await retention.certificates(ctx.state.site, validate(pageQuery, ctx.query));
  });

  router.get('/retention', async ctx => {
    const { site } = ctx.state;
    const given = Object.entries(validate(retentionQuery, ctx.query)).filter(([, days]) => days !== undefined);
    const nextRunAt = (await retention.nextRunAt(site)).toISOString();
    const preview = await retention.preview(site, Object.fromEntries(given) as Partial<Windows>);
    ctx.body = { ...preview, nextRunAt } satisfies RetentionResponse;
  });

  router.get('/legal-holds', async ctx => {
    const { cursor, limit } = validate(pageQuery, ctx.query);
    const rows = await legalHolds.list(ctx.state.site.id, placeOf(cursor), limit + 1);
    const { page, nextCursor } = pageOf(rows, limit, ({ createdAt }) => createdAt);
    ctx.body = { items: page.map(readable), nextCursor } satisfies LegalHoldsPage;
  });

  router.post('/legal-holds', async ctx => {
    const body = await readJson(ctx, { types: ['application/json'], max: WIDGET_BODY_MAX });
    ctx.body = readable(await legalHolds.place(ctx.state.site.id, validate(legalHoldRequest, body)));
    ctx.status = 201;
  });

  router.delete('/legal-holds/:id', async ctx => {
    const body = await readJson(ctx, { types: ['application/json'], max: WIDGET_BODY_MAX });
    const { author } = validate(legalHoldRelease, body);
    if (!(await legalHolds.release(ctx.state.site.id, idOf(ctx.params.id, NO_HOLD), author))) {
      throw new AppError('not_found', NO_HOLD);
    }
    ctx.status = 204;
  });
}

type Row = Awaited<ReturnType<LegalHolds['place']>>;

const readable = ({ siteId: _, id, createdAt, releasedAt, ...hold }: Row): LegalHold => ({
  legalHoldId: id,
  ...hold,
  createdAt: createdAt.toISOString(),
  releasedAt: releasedAt?.toISOString() ?? null,
});
