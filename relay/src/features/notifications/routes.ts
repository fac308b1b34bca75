import { transcriptRequest, WIDGET_BODY_MAX } from '@confab/contract';
import type { Router } from '@koa/router';
import type { Context } from 'koa';
import { readBytes, readJson } from '../../http/body.ts';
import { clientAddress } from '../../http/client-address.ts';
import type { RateLimit } from '../../http/rate-limit.ts';
import type { RequestState, SiteState } from '../../http/request-state.ts';
import { validate } from '../../http/validate.ts';
import { AppError } from '../../lib/app-error.ts';
import type { MailEvent } from '../../providers/email/email.ts';
import type { MailFolder } from '../../providers/email/files.ts';
import { handleOf } from '../conversations/index.ts';
import type { Site } from '../sites/index.ts';
import { oneLine } from './harmless.ts';
import type { Notifications } from './notifications.ts';
import { linkPage, MAIL_POLICY, mailPage, mailsPage, POLICY } from './pages.ts';
import { wordsFor } from './words/index.ts';

const FORM_MAX = 4 * 1024;
const EVENT_MAX = 256 * 1024;
/** So many of the newest are shown. */
const MAILS_MAX = 100;

/** A visitor has the chat sent to an address. */
export function transcriptRoutes(
  router: Router<SiteState>,
  { notifications, rateLimit }: { notifications: Notifications; rateLimit: RateLimit },
): void {
  router.post('/conversation/transcript', async ctx => {
    const { site } = ctx.state;
    await rateLimit('transcriptsPerIp', clientAddress(ctx));
    const handle = handleOf(ctx);
    const body = await readJson(ctx, { types: ['application/json', 'text/plain'], max: WIDGET_BODY_MAX });
    await notifications.requestTranscript(site, handle, validate(transcriptRequest, body).email);
    ctx.status = 202;
    ctx.body = {};
  });
}

type EmailDeps = {
  notifications: Notifications;
  /** What a call of the provider's webhook says; nothing where it is not the provider's. None where there is none. */
  readMailEvent: ((body: Buffer, headers: Context['headers']) => Promise<MailEvent[] | undefined>) | undefined;
};

/** Where links in mails lead, and who sends them tells what came of them. */
export function emailRoutes(router: Router<RequestState>, { notifications, readMailEvent }: EmailDeps): void {
  router.get('/emails/confirm', async ctx => {
    const found = await notifications.linkedBy(tokenOf(ctx), 'confirm');
    if (!found) return sendInvalid(ctx);
    const { name, lang, words } = wordsOf(found.site);
    sendPage(ctx, {
      lang,
      title: words.confirmTitle,
      text: words.confirmText(name),
      button: words.confirmButton,
    });
  });

  router.post('/emails/confirm', async ctx => {
    await readBytes(ctx, { max: FORM_MAX });
    const found = await notifications.linkedBy(tokenOf(ctx), 'confirm');
    if (!found || !(await notifications.confirm(found.site, found.linked.id))) return sendInvalid(ctx);
    const { name, lang, words } = wordsOf(found.site);
    sendPage(ctx, { lang, title: words.confirmed, text: words.confirmedText(name) });
  });

  router.get('/emails/unsubscribe', async ctx => {
    const found = await notifications.linkedBy(tokenOf(ctx), 'unsubscribe');
    if (!found) return sendInvalid(ctx);
    const { name, lang, words } = wordsOf(found.site);
    const text = words.stopText[found.linked.list](name);
    sendPage(ctx, { lang, title: words.stopTitle, text, button: words.stopButton });
  });

  // Also by mail programs, in one click and without a page (RFC 8058).
  router.post('/emails/unsubscribe', async ctx => {
    await readBytes(ctx, { max: FORM_MAX });
    const found = await notifications.linkedBy(tokenOf(ctx), 'unsubscribe');
    if (!found) return sendInvalid(ctx);
    await notifications.unsubscribe(found.linked);
    const { lang, words } = wordsOf(found.site);
    sendPage(ctx, { lang, title: words.stopped, text: words.stoppedText });
  });

  router.post('/emails/events', async ctx => {
    if (!readMailEvent) throw new AppError('not_found', 'No webhook of a provider of e-mails is set up here.');
    const events = await readMailEvent(await readBytes(ctx, { max: EVENT_MAX }), ctx.headers);
    if (!events) throw new AppError('unauthorized', 'The signature is wrong or too old.');
    await notifications.suppress(events);
    ctx.status = 204;
  });
}

/** The mails of a relay in development, for who works on it. */
export function devMailRoutes(router: Router<RequestState>, { folder }: { folder: MailFolder }): void {
  router.get('/dev/mail', async ctx => {
    const listed = (await folder.list()).slice(0, MAILS_MAX);
    const mails = await Promise.all(listed.map(({ id }) => folder.read(id)));
    sendHtml(ctx, mailsPage(mails.filter(mail => mail !== undefined)));
  });

  router.get('/dev/mail/:id', async ctx => {
    sendHtml(ctx, mailPage(await read(ctx.params.id)));
  });

  router.get('/dev/mail/:id/html', async ctx => {
    const { html } = await read(ctx.params.id);
    sendHtml(ctx, html);
    ctx.set('Content-Security-Policy', MAIL_POLICY);
  });

  async function read(id = '') {
    const mail = await folder.read(id);
    if (!mail) throw new AppError('not_found', 'There is no such e-mail (any more).');
    return mail;
  }
}

const tokenOf = (ctx: Context): string => (typeof ctx.query.token === 'string' ? ctx.query.token : '');

function wordsOf({ settings }: Site) {
  const { words, lang } = wordsFor(settings.locale);
  return { words: words.page, lang, name: oneLine(settings.name) };
}

/** In the language of nobody we know. */
function sendInvalid(ctx: Context): void {
  const { words, lang } = wordsFor(ctx.acceptsLanguages('en', 'de', 'fr', 'es') || 'en');
  ctx.status = 404;
  sendPage(ctx, { lang, title: words.page.invalid, text: words.page.invalidText });
}

const sendPage = (ctx: Context, page: Parameters<typeof linkPage>[0]): void => sendHtml(ctx, linkPage(page));

function sendHtml(ctx: Context, html: string): void {
  ctx.set('Content-Security-Policy', POLICY);
  ctx.set('Cross-Origin-Resource-Policy', 'same-origin');
  ctx.type = 'html';
  ctx.body = html;
}
