import {
  crmName,
  type DeliveryPage,
  deliveriesQuery,
  type LeadItem,
  leadRequest,
  leadsQuery,
  retryRequest,
  WIDGET_BODY_MAX,
} from '@confab/contract';
import type { Router } from '@koa/router';
import { readJson } from '../../http/body.ts';
import { clientAddress } from '../../http/client-address.ts';
import type { Table } from '../../http/csv.ts';
import { answerList } from '../../http/list.ts';
import type { RateLimit } from '../../http/rate-limit.ts';
import type { SiteState } from '../../http/request-state.ts';
import { idOf, validate } from '../../http/validate.ts';
import { AppError } from '../../lib/app-error.ts';
import type { CrmTests } from './crm-tests.ts';
import type { Deliveries } from './deliveries.ts';
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

const leadsTable: Table<LeadItem> = {
  name: 'leads',
  columns: {
    Left: ({ createdAt }) => createdAt,
    Kind: ({ kind }) => kind,
    Name: ({ name }) => name,
    'E-mail': ({ email }) => email,
    Phone: ({ phone }) => phone,
    Message: ({ message }) => message,
    'Other fields': ({ fields }) => (Object.keys(fields).length > 0 ? fields : null),
    Page: ({ pageUrl }) => pageUrl,
    'Call at': ({ callbackAt }) => callbackAt,
    'Time zone': ({ timezone }) => timezone,
    Marketing: ({ marketing }) => marketing,
    Restricted: ({ restricted }) => restricted,
    Deliveries: ({ deliveries }) => deliveries.map(({ target, state }) => `${target}: ${state}`).join('\n'),
    Conversation: ({ conversationId }) => conversationId,
    Id: ({ id }) => id,
  },
};

const deliveriesTable: Table<DeliveryPage['items'][number]> = {
  name: 'deliveries',
  columns: {
    Since: ({ since }) => since,
    Target: ({ target }) => target,
    Operation: ({ operation }) => operation,
    State: ({ state }) => state,
    Tries: ({ attempts }) => attempts,
    'Last fault': ({ log }) => log.at(-1)?.fault,
    'Next try': ({ nextAt }) => nextAt,
    Id: ({ subjectId }) => subjectId,
  },
};

/** A plugin reads what was left. */
export function siteLeadRoutes(router: Router<SiteState>, { leads }: { leads: Leads }): void {
  router.get('/leads', ctx => answerList(ctx, leadsQuery, asked => leads.list(ctx.state.site, asked), leadsTable));
}

/** A plugin sees what has not arrived where it should, and has it tried again. */
export function deliveryRoutes(router: Router<SiteState>, { deliveries }: { deliveries: Deliveries }): void {
  router.get('/deliveries', ctx =>
    answerList(ctx, deliveriesQuery, asked => deliveries.list(ctx.state.site.id, asked), deliveriesTable),
  );

  router.post('/deliveries/retry', async ctx => {
    const body = await readJson(ctx, { types: ['application/json'], max: WIDGET_BODY_MAX });
    ctx.status = 202;
    ctx.body = { count: await deliveries.retryAll(ctx.state.site.id, validate(retryRequest, body)) };
  });

  router.post('/leads/:id/deliveries/:target', async ctx => {
    const { id, target = '' } = ctx.params;
    const count = await deliveries.retry(ctx.state.site.id, idOf(id, 'There is no such lead.'), target);
    ctx.status = 202;
    ctx.body = { count };
  });
}

/** A plugin tries a CRM. */
export function crmRoutes(
  router: Router<SiteState>,
  { crmTests, rateLimit }: { crmTests: CrmTests; rateLimit: RateLimit },
): void {
  router.post('/crm/:name/test', async ctx => {
    const { site } = ctx.state;
    const name = crmName.safeParse(ctx.params.name);
    if (!name.success)
      throw new AppError('not_found', `There is no such CRM. There are ${crmName.options.join(', ')}.`);
    await rateLimit('crmTestsPerSite', site.id);
    ctx.body = await crmTests.test(site, name.data);
  });
}
