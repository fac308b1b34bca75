import { pageQuery, planChange, planChoice, WIDGET_BODY_MAX } from '@confab/contract';
import type { Router } from '@koa/router';
import type { Context } from 'koa';
import type { z } from 'zod';
import { readBytes, readJson } from '../../http/body.ts';
import { clientAddress } from '../../http/client-address.ts';
import type { RateLimit } from '../../http/rate-limit.ts';
import type { RequestState, UserState } from '../../http/request-state.ts';
import { validate } from '../../http/validate.ts';
import { AppError } from '../../lib/app-error.ts';
import type { Billing } from './billing.ts';

/** Stripe sends less. */
const EVENT_MAX = 1024 * 1024;

/** What an account pays for; below `/v1/accounts/:accountId`. */
export function billingRoutes(router: Router<UserState>, { billing }: { billing: Billing }): void {
  router.get('/billing', async ctx => {
    ctx.body = await billing.overview(accountOf(ctx));
  });

  router.post('/billing/checkout', async ctx => {
    const choice = await bodyOf(ctx, planChoice);
    ctx.body = await billing.checkout(accountOf(ctx), choice);
  });

  router.post('/billing/portal', async ctx => {
    ctx.body = await billing.portal(accountOf(ctx));
  });

  router.post('/billing/preview', async ctx => {
    const choice = await bodyOf(ctx, planChoice);
    ctx.body = await billing.preview(accountOf(ctx), choice);
  });

  router.post('/billing/change', async ctx => {
    const change = await bodyOf(ctx, planChange);
    ctx.body = await billing.change(accountOf(ctx), change);
  });

  router.post('/billing/cancel', async ctx => {
    ctx.body = await billing.setEnd(accountOf(ctx), true);
  });

  router.post('/billing/resume', async ctx => {
    ctx.body = await billing.setEnd(accountOf(ctx), false);
  });

  router.get('/billing/records', async ctx => {
    ctx.body = await billing.records(accountOf(ctx), validate(pageQuery, ctx.query));
  });
}

const accountOf = (ctx: { state: UserState }): string => ctx.state.accountId as string;

async function bodyOf<Schema extends z.ZodType>(ctx: Context, schema: Schema): Promise<z.output<Schema>> {
  return validate(schema, await readJson(ctx, { types: ['application/json'], max: WIDGET_BODY_MAX }));
}

type EventDeps = { billing: Pick<Billing, 'readEvent' | 'receive'>; rateLimit: RateLimit };

/** What Stripe tells us. Nothing of it is read before its signature is seen to be right. */
export function stripeEventRoutes(router: Router<RequestState>, { billing, rateLimit }: EventDeps): void {
  router.post('/stripe/events', async ctx => {
    const event = billing.readEvent(await readBytes(ctx, { max: EVENT_MAX }), ctx.get('Stripe-Signature'));
    if (!event) {
      await rateLimit('wrongSecretsPerIp', clientAddress(ctx));
      throw new AppError('unauthorized', 'The signature is wrong or too old.');
    }
    await billing.receive(event);
    ctx.body = {};
  });
}
