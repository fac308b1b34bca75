import type { Router } from '@koa/router';
import { readBytes } from '../../../http/body.ts';
import { clientAddress } from '../../../http/client-address.ts';
import type { RateLimit } from '../../../http/rate-limit.ts';
import type { RequestState } from '../../../http/request-state.ts';
import { AppError } from '../../../lib/app-error.ts';
import type { Api } from '../api.ts';
import type { createReceive } from './receive.ts';

/** Shopify sends far less. */
const BODY_MAX = 10 * 1024 * 1024;

type Deps = { api: Pick<Api, 'webhooks'>; receive: ReturnType<typeof createReceive>['receive']; rateLimit: RateLimit };

/** What Shopify tells the app, of whatever topic and shop. Nothing of it is read before its signature is seen to be right. */
export function webhookRoutes(router: Router<RequestState>, { api, receive, rateLimit }: Deps): void {
  router.post('/shopify/webhooks', async ctx => {
    const rawBody = (await readBytes(ctx, { max: BODY_MAX })).toString('utf8');
    const found = await api.webhooks.validate({ rawBody, rawRequest: ctx.req, rawResponse: ctx.res });
    if (!found.valid && found.reason !== 'missing_headers') {
      await rateLimit('wrongSecretsPerIp', clientAddress(ctx));
      throw new AppError('unauthorized', 'This is not signed by the secret of the app.');
    }
    if (!found.valid) {
      const names = 'missingHeaders' in found ? found.missingHeaders : [];
      throw new AppError('validation_failed', `Send ${names.join(', ')}.`, {
        errors: names.map(path => ({ path, message: 'is missing' })),
      });
    }
    await receive(found, rawBody);
    ctx.body = {};
  });
}
