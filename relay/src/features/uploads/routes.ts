import { pageQuery, UPLOAD_BYTES_MAX, uploadQuery, uploadTypes } from '@confab/contract';
import type { Router } from '@koa/router';
import { readBody } from '../../http/body.ts';
import type { SiteState } from '../../http/request-state.ts';
import { validate } from '../../http/validate.ts';
import type { Uploads } from './uploads.ts';

/** An owner's calls about files for the knowledge. */
export function uploadRoutes(router: Router<SiteState>, { uploads }: { uploads: Uploads }): void {
  router.post('/uploads', async ctx => {
    const { site } = ctx.state;
    const query = validate(uploadQuery, ctx.query);
    await uploads.admit(site);
    const bytes = await readBody(ctx, { types: [...uploadTypes], max: UPLOAD_BYTES_MAX });
    const uploadId = await uploads.add(site, query, ctx.get('Content-Type').slice(0, 200), bytes);
    ctx.body = { uploadId, status: 'pending' };
    ctx.status = 202;
  });

  router.get('/uploads', async ctx => {
    ctx.body = await uploads.list(ctx.state.site, validate(pageQuery, ctx.query));
  });

  router.delete('/uploads/:id', async ctx => {
    await uploads.remove(ctx.state.site, ctx.params.id ?? '');
    ctx.status = 204;
  });
}
