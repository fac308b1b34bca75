import { consentRequest, locale, WIDGET_BODY_MAX } from '@confab/contract';
import type { Router } from '@koa/router';
import { z } from 'zod';
import { readJson } from '../../http/body.ts';
import { sendCacheable } from '../../http/entity-tag.ts';
import type { SiteState } from '../../http/request-state.ts';
import { validate } from '../../http/validate.ts';
import type { Site } from '../sites/index.ts';
import type { Consent } from './consent.ts';
import { widgetConfig } from './widget-config.ts';

const configQuery = z.strictObject({ locale: locale.optional() });

type Deps = {
  consent: Consent;
  /** A withdrawal erases what the visitor had stored; whoever stores it hands this in. */
  eraseConversation: (site: Site, handle: string) => Promise<unknown>;
};

/** The visitor's calls about consent. */
export function consentRoutes(router: Router<SiteState>, { consent, eraseConversation }: Deps): void {
  router.get('/config', async ctx => {
    const query = validate(configQuery, ctx.query);
    sendCacheable(ctx, widgetConfig(ctx.state.site, query.locale), 'public, max-age=60');
  });

  router.post('/consents', async ctx => {
    const { site } = ctx.state;
    const body = await readJson(ctx, { types: ['application/json', 'text/plain'], max: WIDGET_BODY_MAX });
    const request = validate(consentRequest, body);
    const response = await consent.record(site, request);
    if (request.decision === 'withdrawn' && request.conversationId) {
      // After the record: a withdrawal that cannot be proven is asked for again, and erasing twice does no harm.
      await eraseConversation(site, request.conversationId);
    }
    ctx.status = 201;
    ctx.body = response;
  });
}
