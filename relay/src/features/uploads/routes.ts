import { listQuery, UPLOAD_BYTES_MAX, type Upload, uploadQuery, uploadTypes } from '@confab/contract';
import type { Router } from '@koa/router';
import { readBody } from '../../http/body.ts';
import type { Table } from '../../http/csv.ts';
import { answerList } from '../../http/list.ts';
import type { SiteState } from '../../http/request-state.ts';
import { validate } from '../../http/validate.ts';
import type { Uploads } from './uploads.ts';

const uploadsTable: Table<Upload> = {
  name: 'files',
  columns: {
    Uploaded: ({ createdAt }) => createdAt,
    Name: ({ name }) => name,
    Kind: ({ contentType }) => contentType,
    Address: ({ url }) => url,
    Language: ({ locale }) => locale,
    Bytes: ({ bytes }) => bytes,
    Status: ({ status }) => status,
    Fault: ({ fault }) => fault?.code,
    Documents: ({ documents }) => documents,
    Id: ({ uploadId }) => uploadId,
  },
};

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

  router.get('/uploads', ctx => answerList(ctx, listQuery, asked => uploads.list(ctx.state.site, asked), uploadsTable));

  router.delete('/uploads/:id', async ctx => {
    await uploads.remove(ctx.state.site, ctx.params.id ?? '');
    ctx.status = 204;
  });
}
