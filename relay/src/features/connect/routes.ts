import { connectTokenRequest, disconnectRequest, uuid, WIDGET_BODY_MAX } from '@confab/contract';
import type { Router } from '@koa/router';
import type { Context, Middleware } from 'koa';
import { readForm, readJson } from '../../http/body.ts';
import { clientAddress } from '../../http/client-address.ts';
import type { RateLimit } from '../../http/rate-limit.ts';
import type { RequestState, SiteState } from '../../http/request-state.ts';
import { validate } from '../../http/validate.ts';
import { AppError } from '../../lib/app-error.ts';
import { type Asked, askedOf } from './asked.ts';
import type { Connect } from './connect.ts';
import { askingPage, choosingPage, faultPage, policyOf } from './pages.ts';

const FORM_MAX = 16 * 1024;

type Deps = { connect: Connect; rateLimit: RateLimit };

/** What an owner's browser and the plugin behind it do before there is a secret. */
export function connectPageRoutes(router: Router<RequestState>, { connect, rateLimit }: Deps): void {
  router.get('/connect', inWords, ctx => {
    sendAsking(ctx, askedOf(ctx.query));
  });

  router.post('/connect', inWords, async ctx => {
    const { operatorKey = '', ...parameters } = await readForm(ctx, { max: FORM_MAX });
    const asked = askedOf(parameters);
    const refusal = await refusalOf(operatorKey, ctx);
    if (refusal) return sendAsking(ctx, asked, refusal);
    const choices = await connect.choicesFor(asked);
    const ticket = connect.ticketFor(asked);
    sendPage(ctx, choosingPage({ asked, relay: ctx.host, ticket, ...choices }), asked);
  });

  router.post('/connect/decision', inWords, async ctx => {
    const { ticket = '', decision, site } = await readForm(ctx, { max: FORM_MAX });
    const asked = connect.askedByTicket(ticket);
    if (decision !== 'approve' && decision !== 'refuse') throw unfinished();
    if (decision === 'approve' && site !== 'new' && !uuid.safeParse(site).success) throw unfinished();
    const chosen = site === 'new' ? null : String(site);
    const target = decision === 'approve' ? await connect.approve(asked, chosen) : connect.refuse(asked);
    // 303: the browser comes to the site by GET, and leaves the form behind (RFC 9700, 4.12).
    ctx.redirect(target);
    ctx.status = 303;
    ctx.set('Content-Security-Policy', policyOf(asked));
  });

  router.post('/v1/connect/token', async ctx => {
    const body = await readJson(ctx, { types: ['application/json'], max: WIDGET_BODY_MAX });
    const exchange = validate(connectTokenRequest, body);
    ctx.body = await connect.exchange(exchange).catch(async (error: unknown) => {
      await rateLimit('wrongSecretsPerIp', clientAddress(ctx));
      throw error;
    });
  });

  function sendAsking(ctx: Context, asked: Asked, refusal?: Refusal): void {
    const cancel = connect.refuse(asked);
    if (refusal) ctx.status = refusal.status;
    if (refusal?.retryAfterS) ctx.set('Retry-After', String(refusal.retryAfterS));
    sendPage(ctx, askingPage({ asked, relay: ctx.host, cancel, ...(refusal && { refusal: refusal.words }) }), asked);
  }

  async function refusalOf(operatorKey: string, ctx: Context): Promise<Refusal | undefined> {
    try {
      await rateLimit('operatorKeysPerIp', clientAddress(ctx));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const { status, retryAfterS = 0 } = error;
      const minutes = Math.ceil(retryAfterS / 60);
      const words = `Too many tries. Wait ${minutes === 1 ? 'a minute' : `${minutes} minutes`} and try again.`;
      return { status, retryAfterS, words };
    }
    // As it was copied out of a terminal.
    return connect.isOperator(operatorKey.trim())
      ? undefined
      : { status: 403, words: 'That is not the operator’s key.' };
  }
}

type Refusal = { status: number; words: string; retryAfterS?: number };

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
    sendPage(ctx, faultPage({ relay: ctx.host, reason: error.message }), undefined);
  }
};

function sendPage(ctx: Context, html: string, asked: Asked | undefined): void {
  ctx.set('Content-Security-Policy', policyOf(asked));
  ctx.set('Cross-Origin-Resource-Policy', 'same-origin');
  ctx.type = 'html';
  ctx.body = html;
}

const unfinished = () =>
  new AppError('validation_failed', 'The form came without a decision. Send it as it was shown.');
