import type { Router } from '@koa/router';
import type { Context } from 'koa';
import type { Usage } from '../../../features/usage/index.ts';
import type { Log } from '../../../lib/log.ts';
import { PaymentsFault } from '../../../providers/payments/payments.ts';
import type { Admin } from '../admin.ts';
import type { Page } from '../embedded/page.ts';
import type { AdminState } from '../embedded/routes.ts';
import { SHOP_KIND } from '../operations/install.ts';
import type { Billing } from './billing.ts';
import { planPage } from './plan-page.ts';
import { FREE } from './plans.ts';

/** A merchant does not wait longer for Shopify than for a page. */
const PATIENCE_MS = 3_000;

type Deps = {
  billing: Billing;
  usage: Usage;
  admin: Admin;
  log: Log;
  sendPage: (ctx: Context & { state: AdminState }, page: Pick<Page, 'title' | 'active' | 'body'>) => void;
};

/** The plan of the shop, as Shopify has it at this moment: a merchant who has just changed it comes back to this page. */
export function planRoutes(router: Router<AdminState>, { billing, usage, admin, log, sendPage }: Deps): void {
  router.get('/plan', async ctx => {
    const { site, shop, words } = ctx.state;
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const [asked, isTest] = await Promise.all([
      billing.refresh(site.id, signal).catch((fault: unknown) => {
        if (!(fault instanceof PaymentsFault)) throw fault;
        log.warn({ err: fault, siteId: site.id }, 'the plan of a shop could not be asked for');
        return fault;
      }),
      billing.payments ? isTestShop(shop.domain, signal) : false,
    ]);
    const isFault = asked instanceof PaymentsFault;
    const plan = isFault ? (site.plan ?? FREE) : (asked?.plan ?? null);
    const body = planPage(
      {
        plan,
        subscription: isFault ? undefined : asked?.subscription,
        fault: isFault ? (asked.passing ? 'passing' : 'lasting') : null,
        isTest,
        plansUrl: billing.payments?.plansUrl(shop.domain) ?? null,
        usage: await usage.ofThisPeriod({ ...site, plan }),
        ownLimit: site.settings.limits.answersPerMonth,
      },
      words,
    );
    sendPage(ctx, { title: 'Plan', active: 'plan', body });
  });

  /** Without an answer it is taken for a shop that pays, which is what most are. */
  async function isTestShop(domain: string, signal: AbortSignal): Promise<boolean> {
    const asked = admin.request<{ shop: { plan: { partnerDevelopment: boolean } } }>(domain, SHOP_KIND, { signal });
    return asked.then(
      ({ shop }) => shop.plan.partnerDevelopment,
      () => false,
    );
  }
}
