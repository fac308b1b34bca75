import {
  listQuery,
  type WebhookDelivery,
  type WebhookEndpoint,
  WIDGET_BODY_MAX,
  webhookRequest,
} from '@confab/contract';
import type { Router } from '@koa/router';
import { readJson } from '../../http/body.ts';
import type { Table } from '../../http/csv.ts';
import { answerList } from '../../http/list.ts';
import type { SiteContext, SiteState } from '../../http/request-state.ts';
import { idOf, validate } from '../../http/validate.ts';
import { NO_ENDPOINT, NO_MESSAGE, type Webhooks } from './webhooks.ts';

const webhooksTable: Table<WebhookEndpoint> = {
  name: 'webhooks',
  columns: {
    Created: ({ createdAt }) => createdAt,
    Address: ({ url }) => url,
    Description: ({ description }) => description,
    Events: ({ events }) => events.join('\n'),
    State: ({ state }) => state,
    'Last delivered': ({ lastDeliveredAt }) => lastDeliveredAt,
    Waiting: ({ waiting }) => waiting,
    Failed: ({ failed }) => failed,
    Id: ({ webhookId }) => webhookId,
  },
};

const messagesTable: Table<WebhookDelivery> = {
  name: 'webhook-messages',
  columns: {
    Created: ({ createdAt }) => createdAt,
    Type: ({ type }) => type,
    State: ({ state }) => state,
    Tries: ({ attempts }) => attempts,
    'Last fault': ({ log }) => log.at(-1)?.fault,
    Delivered: ({ deliveredAt }) => deliveredAt,
    'Next try': ({ nextAt }) => nextAt,
    Id: ({ messageId }) => messageId,
  },
};

/** A plugin's calls about the addresses that its owner has told of what happens. */
export function webhookRoutes(router: Router<SiteState>, { webhooks }: { webhooks: Webhooks }): void {
  const idIn = (ctx: { params: Record<string, string | undefined> }) => idOf(ctx.params.id, NO_ENDPOINT);

  router.get('/webhooks', ctx =>
    answerList(ctx, listQuery, asked => webhooks.list(ctx.state.site, asked), webhooksTable),
  );

  router.post('/webhooks', async ctx => {
    ctx.body = await webhooks.add(ctx.state.site, await read(ctx));
    ctx.status = 201;
  });

  router.get('/webhooks/:id', async ctx => {
    ctx.body = await webhooks.get(ctx.state.site, idIn(ctx));
  });

  router.put('/webhooks/:id', async ctx => {
    ctx.body = await webhooks.change(ctx.state.site, idIn(ctx), await read(ctx));
  });

  router.delete('/webhooks/:id', async ctx => {
    await webhooks.remove(ctx.state.site, idIn(ctx));
    ctx.status = 204;
  });

  router.post('/webhooks/:id/secret', async ctx => {
    ctx.body = await webhooks.rotate(ctx.state.site, idIn(ctx));
  });

  router.post('/webhooks/:id/test', async ctx => {
    ctx.body = await webhooks.test(ctx.state.site, idIn(ctx));
    ctx.status = 202;
  });

  router.get('/webhooks/:id/deliveries', ctx =>
    answerList(ctx, listQuery, asked => webhooks.deliveries(ctx.state.site, idIn(ctx), asked), messagesTable),
  );

  router.post('/webhooks/:id/deliveries/:messageId/replay', async ctx => {
    const messageId = idOf(ctx.params.messageId?.replace(/^msg_/, ''), NO_MESSAGE);
    ctx.body = await webhooks.replay(ctx.state.site, idIn(ctx), messageId);
    ctx.status = 202;
  });
}

const read = async (ctx: SiteContext) =>
  validate(webhookRequest, await readJson(ctx, { types: ['application/json'], max: WIDGET_BODY_MAX }));
