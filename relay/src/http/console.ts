import { randomBytes } from 'node:crypto';
import type { Router } from '@koa/router';
import type { RequestState } from './request-state.ts';
import { readStaticFiles, sendFile } from './static-files.ts';

/** The built console. Nobody may ask for it for weeks, so it is read when somebody does. */
export function consoleIn(folder: string) {
  let files: ReturnType<typeof readStaticFiles> | undefined;
  return () => {
    files ??= readStaticFiles(folder).catch(error => {
      files = undefined;
      throw new Error(`The console is not built: run "npm run build". ${error}`);
    });
    return files;
  };
}

export type Console = ReturnType<typeof consoleIn>;

/** What a page of the console may do. Its components make styles as they are drawn, which carry the nonce of the page. */
const policyWith = (nonce: string): string =>
  [
    "default-src 'self'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "frame-src 'self'",
    "object-src 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'self'",
  ].join('; ');

/** The console at `/console/`: one page for every address in it, and its files, whose names change with what is in them. */
export function consoleRoutes(router: Router<RequestState>, { filesOf }: { filesOf: Console }): void {
  router.get('/console/assets/:file', async ctx => {
    const file = (await filesOf()).get(`assets/${ctx.params.file}`);
    if (file) sendFile(ctx, file, 'public, max-age=31536000, immutable');
  });
  router.get('/console{/*path}', async ctx => {
    if (ctx.path === '/console') return ctx.redirect(`/console/${ctx.search}`);
    const page = (await filesOf()).get('index.html');
    if (!page) return;
    const nonce = randomBytes(18).toString('base64');
    ctx.set('Content-Security-Policy', policyWith(nonce));
    ctx.set('Cross-Origin-Opener-Policy', 'same-origin');
    ctx.type = 'html';
    ctx.body = page.body.toString('utf8').replace('{nonce}', nonce);
  });
}
