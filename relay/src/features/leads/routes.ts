import { leadRequest, pageQuery, WIDGET_BODY_MAX } from '@confab/contract';
import type { Router } from '@koa/router';
import { readJson } from '../../http/body.ts';
import { clientAddress } from '../../http/client-address.ts';
import type { RateLimit } from '../../http/rate-limit.ts';
import type { SiteState } from '../../http/request-state.ts';
import { validate } from '../../http/validate.ts';
import type { Leads } from './leads.ts';

/** A visitor leaves contact details. */
export function leadRoutes(
  router: Router<SiteState>,
  { leads, rateLimit }: { leads: Leads; rateLimit: RateLimit },
): void {
  router.post('/leads', async ctx => {
    const { site } = ctx.state;
    await rateLimit('leadsPerIp', `${site.id} ${clientAddress(ctx)}`);
    const body = await readJson(ctx, { types: ['application/json', 'text/plain'], max: WIDGET_BODY_MAX });
    const leadId = await leads.take(site, validate(leadRequest, body));
    ctx.status = 201;
    ctx.body = { leadId };
  });
}

/** A plugin reads what was left. */
export function siteLeadRoutes(router: Router<SiteState>, { leads }: { leads: Leads }): void {
  router.get('/leads', async ctx => {
    ctx.body = await leads.list(ctx.state.site, validate(pageQuery, ctx.query));
  });
}
