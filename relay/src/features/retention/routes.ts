import {
  type LegalHold,
  type LegalHoldsPage,
  legalHoldRelease,
  legalHoldRequest,
  listQuery,
  type PurgeCertificate,
  periodQuery,
  type RetentionResponse,
  retentionQuery,
  WIDGET_BODY_MAX,
} from '@confab/contract';
import type { Router } from '@koa/router';
import { readJson } from '../../http/body.ts';
import type { Table } from '../../http/csv.ts';
import { answerList } from '../../http/list.ts';
import type { SiteState } from '../../http/request-state.ts';
import { idOf, validate } from '../../http/validate.ts';
import { AppError } from '../../lib/app-error.ts';
import { pageOf, placeOf } from '../../lib/cursor.ts';
import type { LegalHolds } from '../privacy/index.ts';
import type { Retention, Windows } from './retention.ts';

const NO_HOLD = 'There is no such legal hold, or it was ended before.';

type Deps = { retention: Retention; legalHolds: LegalHolds };

const purgesTable: Table<PurgeCertificate> = {
  name: 'purges',
  columns: {
    Number: ({ sequence }) => sequence,
    Completed: ({ completedAt }) => completedAt,
    Trigger: ({ trigger }) => trigger,
    Night: ({ night }) => night,
    Held: ({ held }) => held,
    Cutoffs: ({ cutoffs }) => cutoffs,
    Counts: ({ counts }) => counts,
    Hash: ({ hash }) => hash,
    'Hash before': ({ previousHash }) => previousHash,
  },
};

const holdsTable: Table<LegalHold> = {
  name: 'legal-holds',
  columns: {
    Placed: ({ createdAt }) => createdAt,
    Reason: ({ reason }) => reason,
    'Placed by': ({ author }) => author,
    Conversation: ({ conversationId }) => conversationId,
    Ended: ({ releasedAt }) => releasedAt,
    'Ended by': ({ releasedBy }) => releasedBy,
    Id: ({ legalHoldId }) => legalHoldId,
  },
};

/** A plugin's calls about how long data are kept. */
export function retentionRoutes(router: Router<SiteState>, { retention, legalHolds }: Deps): void {
  router.get('/purges', ctx =>
    answerList(ctx, periodQuery, asked => retention.certificates(ctx.state.site, asked), purgesTable),
  );

  router.get('/retention', async ctx => {
    const { site } = ctx.state;
    const given = Object.entries(validate(retentionQuery, ctx.query)).filter(([, days]) => days !== undefined);
    const nextRunAt = (await retention.nextRunAt(site)).toISOString();
    const preview = await retention.preview(site, Object.fromEntries(given) as Partial<Windows>);
    ctx.body = { ...preview, nextRunAt } satisfies RetentionResponse;
  });

  router.get('/legal-holds', ctx => {
    const list = async ({ cursor, limit }: { cursor?: string | undefined; limit: number }): Promise<LegalHoldsPage> => {
      const rows = await legalHolds.list(ctx.state.site.id, placeOf(cursor), limit + 1);
      const { page, nextCursor } = pageOf(rows, limit, ({ createdAt }) => createdAt);
      return { items: page.map(readable), nextCursor };
    };
    return answerList(ctx, listQuery, list, holdsTable);
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
