import type { Router } from '@koa/router';
import type { Context } from 'koa';
import type { RequestState } from '../../http/request-state.ts';
import { readStaticFiles, sendFile } from '../../http/static-files.ts';

export type Demo = Awaited<ReturnType<typeof readDemo>>;

/** The demo shop's files. */
export const readDemo = async () => ({ pages: await readStaticFiles(`${import.meta.dirname}/pages`) });

/** As strict as a careful shop's: the widget must work under it. */
const SHOP_POLICY =
  "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** The demo shop at `/demo/`. */
export function demoRoutes(router: Router<RequestState>, { pages }: Demo): void {
  router.get('/', ctx => ctx.redirect('/demo/'));
  router.get('/demo', ctx => {
    if (ctx.path === '/demo') return ctx.redirect('/demo/');
    sendPage(ctx, 'index.html');
  });
  router.get('/demo/:file', ctx => {
    const { file = '' } = ctx.params;
    // Links within a language start from its folder, so its address must end as one.
    if (!pages.has(`${file}/index.html`)) return sendPage(ctx, file);
    if (ctx.path.endsWith('/')) sendPage(ctx, `${file}/index.html`);
    else ctx.redirect(`/demo/${file}/`);
  });
  router.get('/demo/:language/:file', ctx => sendPage(ctx, `${ctx.params.language}/${ctx.params.file}`));

  function sendPage(ctx: Context, name: string): void {
    const file = pages.get(name);
    if (!file) return;
    ctx.set('Content-Security-Policy', SHOP_POLICY);
    // "no-cache", not "no-store": a page that is not stored cannot come back from the back/forward cache.
    sendFile(ctx, file, 'no-cache');
  }
}
