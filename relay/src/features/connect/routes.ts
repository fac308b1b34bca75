import { connectTokenRequest, disconnectRequest, uuid, WIDGET_BODY_MAX } from '@confab/contract';
import type { Router } from '@koa/router';
import type { Context, Middleware } from 'koa';
import { type Authority, admitUsers } from '../../http/authorize.ts';
import { readForm, readJson } from '../../http/body.ts';
import { clientAddress } from '../../http/client-address.ts';
import type { RateLimit } from '../../http/rate-limit.ts';
import type { Actor, RequestState, SiteState, UserState } from '../../http/request-state.ts';
import { validate } from '../../http/validate.ts';
import { AppError } from '../../lib/app-error.ts';
import { type Asked, askedOf, pathOf } from './asked.ts';
import type { Chosen, Connect } from './connect.ts';
import { choosingPage, faultPage, fullPage, policyOf, refusingPage } from './pages.ts';

const FORM_MAX = 16 * 1024;

type Deps = {
  connect: Connect;
  actorOf: Authority['actorOf'];
  /** Ends the session of this browser. */
  signOut: (ctx: Context) => Promise<void>;
  rateLimit: RateLimit;
};

/** What an owner's browser and the plugin behind it do before there is a secret. */
export function connectPageRoutes(router: Router<RequestState>, { connect, actorOf, signOut, rateLimit }: Deps): void {
  const admit = admitUsers({ actorOf, rateLimit });

  router.get('/connect', inWords, async ctx => {
    const asked = askedOf(ctx.query);
    const actor = await whoIsIn(ctx);
    if (!actor) return sendToSignIn(ctx, asked);
    const choices = await connect.choicesFor(asked, actor.userId);
    const shown = { asked, relay: ctx.host, actor, ticket: connect.ticketFor(asked, actor.sessionId) };
    if (choices.owned.length === 0) {
      ctx.status = 403;
      return sendPage(ctx, refusingPage({ ...shown, ...choices, cancel: connect.refuse(asked) }), asked);
    }
    sendPage(ctx, choosingPage({ ...shown, ...choices }), asked);
  });

  router.post('/connect/decision', inWords, async ctx => {
    const actor = await whoIsIn(ctx);
    const { ticket = '', decision, site = '' } = await readForm(ctx, { max: FORM_MAX });
    if (!actor) throw signedOut();
    const asked = connect.askedByTicket(ticket, actor.sessionId);
    if (decision !== 'approve' && decision !== 'refuse') throw unfinished();
    const cancel = connect.refuse(asked);
    let target = cancel;
    try {
      if (decision === 'approve') target = await connect.approve(asked, chosenBy(site), actor);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'plan_limit_reached') throw error;
      ctx.status = error.status;
      return sendPage(ctx, fullPage({ asked, relay: ctx.host, reason: error.message, cancel }), asked);
    }
    // 303: the browser comes to the site by GET, and leaves the form behind (RFC 9700, 4.12).
    ctx.redirect(target);
    ctx.status = 303;
    ctx.set('Content-Security-Policy', policyOf(asked));
  });

  router.post('/connect/sign-out', inWords, async ctx => {
    const actor = await whoIsIn(ctx);
    const { ticket = '' } = await readForm(ctx, { max: FORM_MAX });
    if (!actor) throw signedOut();
    const asked = connect.askedByTicket(ticket, actor.sessionId);
    await signOut(ctx);
    sendToSignIn(ctx, asked);
  });

  router.post('/v1/connect/token', async ctx => {
    const body = await readJson(ctx, { types: ['application/json'], max: WIDGET_BODY_MAX });
    const exchange = validate(connectTokenRequest, body);
    ctx.body = await connect.exchange(exchange).catch(async (error: unknown) => {
      await rateLimit('wrongSecretsPerIp', clientAddress(ctx));
      throw error;
    });
  });

  /** Throws 403 for a form that no page of ours sent. */
  async function whoIsIn(ctx: Context): Promise<Actor | undefined> {
    try {
      await admit(ctx as Parameters<typeof admit>[0], async () => {});
      return (ctx.state as UserState).actor;
    } catch (error) {
      if (error instanceof AppError && error.code === 'unauthorized') return undefined;
      throw error;
    }
  }
}

function sendToSignIn(ctx: Context, asked: Asked): void {
  ctx.redirect(`/console/sign-in?${new URLSearchParams({ next: pathOf(asked) })}`);
  ctx.status = 303;
}

/** A connected plugin: has the connection checked, and ends it. */
export function connectRoutes(router: Router<SiteState>, { connect }: Pick<Deps, 'connect'>): void {
  router.post('/verification', async ctx => {
    ctx.body = { verification: await connect.checkAgain(ctx.state.site) };
    ctx.status = 202;
  });

  router.delete('/connection', async ctx => {
    const body = await readJson(ctx, { types: ['application/json'], max: WIDGET_BODY_MAX });
    await connect.disconnect(ctx.state.site, validate(disconnectRequest, body));
    ctx.status = 204;
  });
}

/** A person reads these answers: a refusal is a page, and never a redirect to an address that was not checked. */
const inWords: Middleware = async (ctx, next) => {
  try {
    await next();
  } catch (error) {
    if (!(error instanceof AppError) || error.status >= 500) throw error;
    ctx.status = error.status;
    if (error.retryAfterS !== undefined) ctx.set('Retry-After', String(error.retryAfterS));
    sendPage(ctx, faultPage({ relay: ctx.host, reason: error.message }), undefined);
  }
};

function sendPage(ctx: Context, html: string, asked: Asked | undefined): void {
  ctx.set('Content-Security-Policy', policyOf(asked));
  ctx.set('Cross-Origin-Resource-Policy', 'same-origin');
  // Without any referrer a browser says of a form only that it comes from "null".
  ctx.set('Referrer-Policy', 'same-origin');
  ctx.type = 'html';
  ctx.body = html;
}

/** A site by its id, or a new one of an account as `new:` and the account's id. */
function chosenBy(value: string): Chosen {
  const [, isNew, id] = /^(new:)?(.*)$/s.exec(value) ?? [];
  if (!uuid.safeParse(id).success) throw unfinished();
  return isNew ? { newIn: id as string } : { siteId: id as string };
}

const unfinished = () =>
  new AppError('validation_failed', 'The form came without a decision. Send it as it was shown.');
const signedOut = () =>
  new AppError('unauthorized', 'You are not signed in any more. Press Connect on your site again.');
