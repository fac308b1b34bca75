import { passwordConfirmation, WIDGET_BODY_MAX } from '@confab/contract';
import type { Router } from '@koa/router';
import { readJson } from '../../http/body.ts';
import type { UserState } from '../../http/request-state.ts';
import { validate } from '../../http/validate.ts';
import type { Deletion } from './deletion.ts';

/** How an owner ends the account; below `/v1/accounts/:accountId`. */
export function deletionRoutes(router: Router<UserState>, { deletion }: { deletion: Deletion }): void {
  router.get('/deletion', async ctx => {
    ctx.body = await deletion.state(ctx.state.accountId as string);
  });

  router.post('/deletion', async ctx => {
    const body = await readJson(ctx, { types: ['application/json'], max: WIDGET_BODY_MAX });
    const { password } = validate(passwordConfirmation, body);
    ctx.body = await deletion.plan(ctx.state.accountId as string, ctx.state.actor.userId, password);
    ctx.status = 202;
  });

  router.delete('/deletion', async ctx => {
    await deletion.stop(ctx.state.accountId as string);
    ctx.status = 204;
  });
}
