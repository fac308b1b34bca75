import {
  codeRequest,
  emailRequest,
  passkeyRequest,
  passkeySignIn,
  passwordConfirmation,
  passwordRequest,
  profileRequest,
  resetConfirmation,
  resetRequest,
  secondFactorRequest,
  signInRequest,
  signInsQuery,
  signUpRequest,
  supportRequest,
  tokenRequest,
  WIDGET_BODY_MAX,
} from '@confab/contract';
import type { Router } from '@koa/router';
import type { Context } from 'koa';
import type { z } from 'zod';
import { requireSameOrigin } from '../../http/authorize.ts';
import { readJson } from '../../http/body.ts';
import { clientAddress } from '../../http/client-address.ts';
import type { RateLimit } from '../../http/rate-limit.ts';
import type { RequestState, UserState } from '../../http/request-state.ts';
import { idOf, validate } from '../../http/validate.ts';
import { AppError } from '../../lib/app-error.ts';
import { sha256 } from '../../lib/sha256.ts';
import type { Accounts } from './accounts.ts';
import type { Asking } from './requests.ts';
import { NO_SESSION } from './sessions.ts';

const USER_AGENT_MAX = 500;

/** What of the request says who asks, and from where. */
export const askedBy = (ctx: Context): Asking => ({
  cookie: ctx.get('Cookie'),
  userAgent: ctx.get('User-Agent').slice(0, USER_AGENT_MAX) || null,
  ipAddress: ctx.ip.replace(/^::ffff:/i, '') || null,
});

/** Signing up and in, for whoever is not signed in yet. Every answer is the same whether an address has a user or not. */
export function authRoutes(
  router: Router<RequestState>,
  { accounts, rateLimit }: { accounts: Accounts; rateLimit: RateLimit },
): void {
  const { signIn, proofs, profile } = accounts;

  router.use('/v1/auth', async (ctx, next) => {
    requireSameOrigin(ctx);
    ctx.set('Cache-Control', 'no-store');
    await next();
  });

  router.post('/v1/auth/sign-up', async ctx => {
    const { locale, ...given } = await read(ctx, signUpRequest);
    await limitMails(ctx, given.email);
    const { answer, cookies } = await proofs.signUp(askedBy(ctx), { ...given, locale: locale ?? localeOf(ctx) });
    giveCookies(ctx, cookies);
    ctx.status = answer ? 201 : 202;
    ctx.body = answer ?? {};
  });

  router.post('/v1/auth/verify', async ctx => {
    await rateLimit('signInsPerIp', clientAddress(ctx));
    const { answer, cookies } = await proofs.verify(askedBy(ctx), (await read(ctx, tokenRequest)).token);
    giveCookies(ctx, cookies);
    ctx.body = await profile.me(answer.userId);
  });

  router.post('/v1/auth/sign-in', async ctx => {
    const given = await read(ctx, signInRequest);
    await rateLimit('signInsPerIp', clientAddress(ctx));
    await rateLimit('signInsPerEmail', sha256(given.email));
    answer(ctx, await signIn.byPassword(askedBy(ctx), given));
  });

  router.post('/v1/auth/second-factor', async ctx => {
    const given = await read(ctx, secondFactorRequest);
    await rateLimit('signInsPerIp', clientAddress(ctx));
    answer(ctx, await signIn.bySecondFactor(askedBy(ctx), given));
  });

  router.post('/v1/auth/passkey/options', async ctx => {
    await rateLimit('signInsPerIp', clientAddress(ctx));
    answer(ctx, await signIn.passkeyOptions(askedBy(ctx)));
  });

  router.post('/v1/auth/passkey', async ctx => {
    const given = await read(ctx, passkeySignIn);
    await rateLimit('signInsPerIp', clientAddress(ctx));
    answer(ctx, await signIn.byPasskey(askedBy(ctx), given));
  });

  router.post('/v1/auth/sign-out', async ctx => {
    giveCookies(ctx, await signIn.out(askedBy(ctx)));
    ctx.status = 204;
  });

  router.post('/v1/auth/reset-request', async ctx => {
    const { email } = await read(ctx, resetRequest);
    await limitMails(ctx, email);
    await proofs.requestReset(email);
    ctx.status = 202;
    ctx.body = {};
  });

  router.post('/v1/auth/reset', async ctx => {
    const { token, password } = await read(ctx, resetConfirmation);
    await rateLimit('signInsPerIp', clientAddress(ctx));
    await proofs.reset(token, password);
    ctx.status = 204;
  });

  async function limitMails(ctx: Context, email: string): Promise<void> {
    await rateLimit('accountMailsPerIp', clientAddress(ctx));
    await rateLimit('accountMailsPerEmail', sha256(email));
  }
}

/** What users read and change of themselves; they are signed in. */
export function meRoutes(
  router: Router<UserState>,
  { accounts, rateLimit }: { accounts: Accounts; rateLimit: RateLimit },
): void {
  const { sessions, proofs, profile } = accounts;

  router.use(async (ctx, next) => {
    ctx.set('Cache-Control', 'no-store');
    await next();
  });

  router.get('/', async ctx => {
    ctx.body = await profile.me(ctx.state.actor.userId);
  });

  router.put('/', async ctx => {
    ctx.body = await profile.change(ctx.state.actor, await read(ctx, profileRequest));
  });

  router.post('/email', async ctx => {
    const { email, password } = await read(ctx, emailRequest);
    await profile.confirmPassword(ctx.state.actor.userId, password);
    await rateLimit('accountMailsPerEmail', sha256(email));
    await rateLimit('accountMailsPerIp', clientAddress(ctx));
    await proofs.requestEmail(ctx.state.actor, email);
    ctx.status = 202;
    ctx.body = {};
  });

  router.put('/password', async ctx => {
    giveCookies(ctx, await profile.changePassword(askedBy(ctx), ctx.state.actor, await read(ctx, passwordRequest)));
    ctx.status = 204;
  });

  router.get('/sessions', async ctx => {
    ctx.body = await sessions.list(ctx.state.actor);
  });

  router.delete('/sessions', async ctx => {
    await sessions.endAll(ctx.state.actor.userId, { not: ctx.state.actor.sessionId });
    ctx.status = 204;
  });

  router.delete('/sessions/:id', async ctx => {
    const id = idOf(ctx.params.id, NO_SESSION);
    if (!(await sessions.end(ctx.state.actor.userId, id))) throw new AppError('not_found', NO_SESSION);
    ctx.status = 204;
  });

  router.get('/sign-ins', async ctx => {
    ctx.body = await profile.signIns(ctx.state.actor, validate(signInsQuery, ctx.query));
  });

  router.post('/totp', async ctx => {
    const { password } = await read(ctx, passwordConfirmation);
    ctx.body = await profile.startTotp(askedBy(ctx), ctx.state.actor, password);
  });

  router.post('/totp/confirm', async ctx => {
    const { code } = await read(ctx, codeRequest);
    answer(ctx, await profile.confirmTotp(askedBy(ctx), ctx.state.actor, code));
  });

  router.delete('/totp', async ctx => {
    const { password } = await read(ctx, passwordConfirmation);
    giveCookies(ctx, await profile.endTotp(askedBy(ctx), ctx.state.actor, password));
    ctx.status = 204;
  });

  router.post('/recovery-codes', async ctx => {
    const { password } = await read(ctx, passwordConfirmation);
    ctx.body = await profile.newRecoveryCodes(askedBy(ctx), ctx.state.actor, password);
  });

  router.get('/passkeys', async ctx => {
    ctx.body = await profile.passkeys(ctx.state.actor);
  });

  router.post('/passkeys/options', async ctx => {
    const { password } = await read(ctx, passwordConfirmation);
    answer(ctx, await profile.passkeyOptions(askedBy(ctx), ctx.state.actor, password));
  });

  router.post('/passkeys', async ctx => {
    answer(ctx, await profile.addPasskey(askedBy(ctx), ctx.state.actor, await read(ctx, passkeyRequest)));
    ctx.status = 201;
  });

  router.delete('/passkeys/:id', async ctx => {
    await profile.removePasskey(ctx.state.actor, idOf(ctx.params.id, 'There is no such passkey.'));
    ctx.status = 204;
  });

  router.post('/support', async ctx => {
    const given = await read(ctx, supportRequest);
    await rateLimit('accountMailsPerIp', clientAddress(ctx));
    await profile.support(ctx.state.actor, given);
    ctx.status = 202;
    ctx.body = {};
  });

  router.get('/export', async ctx => {
    ctx.body = await profile.export(ctx.state.actor);
    ctx.set('Content-Disposition', 'attachment; filename="confab-user.json"');
  });
}

const read = async <Schema extends z.ZodType>(ctx: Context, schema: Schema): Promise<z.output<Schema>> =>
  validate(schema, await readJson(ctx, { types: ['application/json'], max: WIDGET_BODY_MAX }));

function answer(ctx: Context, { answer: body, cookies }: { answer: unknown; cookies: string[] }): void {
  giveCookies(ctx, cookies);
  ctx.body = body;
}

function giveCookies(ctx: Context, cookies: string[]): void {
  if (cookies.length > 0) ctx.set('Set-Cookie', cookies);
}

/** The first language that the browser asks for. */
function localeOf(ctx: Context): string {
  const [first = 'en'] = ctx.acceptsLanguages();
  return /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/.test(first) ? first : 'en';
}
