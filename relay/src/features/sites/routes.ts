import { isDeepStrictEqual } from 'node:util';
import {
  type Settings,
  type SiteResponse,
  type SiteSecretResponse,
  settingsUpdate,
  WIDGET_BODY_MAX,
} from '@confab/contract';
import type { Router } from '@koa/router';
import { readJson } from '../../http/body.ts';
import type { SiteContext, SiteState, UserState } from '../../http/request-state.ts';
import { validate } from '../../http/validate.ts';
import { AppError } from '../../lib/app-error.ts';
import type { Sites } from './sites.ts';
import type { Site } from './store.ts';

type Deps = {
  sites: Sites;
  usageOf: (site: Site) => Promise<SiteResponse['usage']>;
  integrationsOf: (site: Site) => Promise<SiteResponse['integrations']>;
  notificationsOf: (site: Site) => Promise<SiteResponse['notifications']>;
  relayPublicKeys: string[];
};

/** A plugin's calls about its site. */
export function siteRoutes(
  router: Router<SiteState>,
  { sites, usageOf, integrationsOf, notificationsOf, relayPublicKeys }: Deps,
): void {
  router.get('/', async ctx => {
    const { site } = ctx.state;
    ctx.body = {
      siteId: site.id,
      siteKey: site.key,
      name: site.settings.name,
      createdAt: site.createdAt.toISOString(),
      plan: site.plan?.handle ?? 'self_hosted',
      usage: await usageOf(site),
      integrations: await integrationsOf(site),
      notifications: await notificationsOf(site),
      platform: site.platform,
      homeUrl: site.homeUrl,
      verification: site.verification,
      relayPublicKeys,
    } satisfies SiteResponse;
  });

  router.get('/settings', async ctx => sendSettings(ctx, ctx.state.site));

  router.put('/settings', async ctx => {
    const body = await readJson(ctx, { types: ['application/json'], max: WIDGET_BODY_MAX });
    const update = validate(settingsUpdate, body);
    const { saved, site } = await sites.updateSettings(ctx.state.site, versionOf(ctx), update);
    if (!saved) {
      throw new AppError(
        'precondition_failed',
        'Somebody else saved these settings meanwhile; "current" is what stands.',
        {
          current: sites.settingsOf(site),
          entityTag: entityTagOf(site),
        },
      );
    }
    const changed = changedNames(sites.settingsOf(ctx.state.site), sites.settingsOf(site));
    (ctx.state as SiteState & Partial<UserState>).audited = { changed };
    sendSettings(ctx, site);
  });

  function sendSettings(ctx: SiteContext, site: Site): void {
    ctx.set('ETag', entityTagOf(site));
    ctx.body = sites.settingsOf(site);
  }
}

/** What only an owner of the site's account does with its secret. */
export function siteSecretRoutes(router: Router<SiteState>, { sites }: Pick<Deps, 'sites'>): void {
  router.post('/secret', async ctx => {
    const { secret, previousUntil } = await sites.rotateSecret(ctx.state.site);
    ctx.body = {
      siteSecret: secret,
      previousUntil: previousUntil?.toISOString() ?? null,
    } satisfies SiteSecretResponse;
  });
}

/** The settings that are others than before, by their names in the document, such as `answers`. */
const changedNames = (before: Settings, after: Settings): string[] =>
  Object.keys(after).filter(name => !isDeepStrictEqual(before[name as keyof Settings], after[name as keyof Settings]));

const entityTagOf = (site: Site): string => `"${site.settingsVersion}"`;

function versionOf(ctx: SiteContext): number {
  const given = ctx.get('If-Match');
  if (!given) {
    throw new AppError('precondition_required', 'Send the ETag of the settings that you changed as If-Match.');
  }
  // A tag that is not one of ours is simply not the current one.
  return Number(/^"(\d{1,9})"$/.exec(given)?.[1] ?? 0);
}
