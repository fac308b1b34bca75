import { crmName } from '@confab/contract';
import type { Router } from '@koa/router';
import type { Context } from 'koa';
import type { CrmTests } from '../../../../features/leads/index.ts';
import type { Site, Sites } from '../../../../features/sites/index.ts';
import { readJson } from '../../../../http/body.ts';
import type { RateLimit } from '../../../../http/rate-limit.ts';
import { AppError } from '../../../../lib/app-error.ts';
import type { Html } from '../html.ts';
import type { Page } from '../page.ts';
import type { AdminState } from '../routes.ts';
import { settingsPage } from './page.ts';
import { FORM_MAX, saveForm } from './save-form.ts';
import { type Confirmation, testInWords } from './try-out.ts';

type Deps = {
  sites: Sites;
  crmTests: Pick<CrmTests, 'test'>;
  /** How it stands with the addresses that notifications go to. */
  confirmationsOf: (site: Site) => Promise<readonly Confirmation[]>;
  rateLimit: RateLimit;
  sendPage: (ctx: Context & { state: AdminState }, page: Pick<Page, 'title' | 'active' | 'body'>) => void;
  /** What stands above the settings, such as a permission that one of them lacks. */
  noticesFor: (state: AdminState) => Html[];
  /** Brings what the storefront shows of the settings there. */
  tellStorefront: (state: AdminState) => Promise<void>;
};

/** The settings, and what their form sends. */
export function settingsRoutes(
  router: Router<AdminState>,
  { sites, crmTests, confirmationsOf, rateLimit, sendPage, noticesFor, tellStorefront }: Deps,
): void {
  router.get('/settings', async ctx => {
    // As they stand, and not as they were a moment ago: the form is told apart from them by their version.
    const site = (await sites.byId(ctx.state.site.id)) ?? ctx.state.site;
    const notices = noticesFor({ ...ctx.state, site });
    const settings = sites.settingsOf(site);
    const confirmations = await confirmationsOf(site);
    const body = settingsPage({ settings, version: site.settingsVersion, notices, confirmations });
    sendPage(ctx, { title: 'Settings', active: 'settings', body });
  });

  router.post('/settings', async ctx => {
    const body = await readJson(ctx, { types: ['application/json'], max: FORM_MAX });
    const version = await saveForm(sites, ctx.state.site, body);
    await tellStorefront(ctx.state);
    ctx.body = { message: 'Settings saved', version: String(version), reload: true };
  });
  router.post('/crm/:name/test', async ctx => {
    const name = crmName.safeParse(ctx.params.name).data;
    if (!name) throw new AppError('not_found', 'Confab knows no such CRM.');
    await rateLimit('crmTestsPerSite', ctx.state.site.id);
    const site = (await sites.byId(ctx.state.site.id)) ?? ctx.state.site;
    ctx.body = { message: testInWords(await crmTests.test(site, name)) };
  });
}
