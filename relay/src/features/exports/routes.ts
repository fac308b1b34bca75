import { Readable } from 'node:stream';
import type { Router } from '@koa/router';
import type { UserState } from '../../http/request-state.ts';
import { idOf } from '../../http/validate.ts';
import type { Exports } from './exports.ts';

type Deps = { exports: Pick<Exports, 'request' | 'list' | 'archive'> };

/** What an owner does with archives of the account; below `/v1/accounts/:accountId`. */
export function exportRoutes(router: Router<UserState>, { exports }: Deps): void {
  router.get('/exports', async ctx => {
    ctx.body = { items: await exports.list(ctx.state.accountId as string) };
  });

  router.post('/exports', async ctx => {
    const { accountId, actor } = ctx.state;
    const made = await exports.request(accountId as string, actor.userId);
    ctx.state.audited = { exportId: made.exportId };
    ctx.status = 202;
    ctx.body = made;
  });

  router.get('/exports/:id/archive', async ctx => {
    const exportId = idOf(
      ctx.params.id,
      'There is no such archive (any more): one is kept for a day. Ask for another.',
    );
    const { bytes, createdAt, pieces } = await exports.archive(ctx.state.accountId as string, exportId);
    ctx.set('Cross-Origin-Resource-Policy', 'same-origin');
    ctx.attachment(`confab-${createdAt.toISOString().slice(0, 10)}.zip`);
    ctx.type = 'application/zip';
    ctx.length = bytes;
    ctx.body = Readable.from(pieces, { objectMode: false });
    ctx.length = bytes;
  });
}
