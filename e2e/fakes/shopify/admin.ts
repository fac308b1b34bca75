import { plans } from '@confab/relay/platforms/shopify/billing/plans.ts';
import { adminPage, extensionsOf } from './admin-page.ts';
import type { FakeShop } from './index.ts';

/** Where a shop's admin is, and which app is in it. */
export type AdminOf = {
  shop: FakeShop;
  apiKey: string;
  relayUrl: string;
  /** The address of the shop's admin: other addresses stand behind it. */
  url: string;
};

export type AdminAnswer = { status: number; type: string; body: string };

const ROOT = '/shopify/app';
const page = (body: string): AdminAnswer => ({ status: 200, type: 'text/html; charset=utf-8', body });
const json = (body: object): AdminAnswer => ({ status: 200, type: 'application/json', body: JSON.stringify(body) });

/** What the admin of a shop answers to a path behind its address. Opening the app's page installs it. */
export async function answerAdmin(
  { shop, apiKey, relayUrl, url }: AdminOf,
  { method, path, body }: { method: string; path: string; body: string },
): Promise<AdminAnswer> {
  const home = `/apps/${apiKey}`;
  if (path === home || path.startsWith(`${home}/`)) {
    shop.agree(relayUrl);
    const src = `${relayUrl}${path === home ? ROOT : path.slice(home.length)}?${shop.pageQuery()}`;
    const shopName = shop.catalogue.shop.name;
    const stub = (name: string) => `${url}/stub/${name}`;
    return page(
      adminPage({
        apiKey,
        src,
        shopName,
        base: url + home,
        root: ROOT,
        tokenUrl: stub('id-token'),
        scopesUrl: stub('scopes'),
        extensionsUrl: stub('extensions'),
      }),
    );
  }
  if (path === '/stub/id-token') return json({ idToken: shop.idToken() });
  if (path === '/stub/extensions') return json(extensionsOf(shop.isEmbedOn));
  if (path === '/stub/scopes') {
    if (method === 'POST') await shop.grant(...JSON.parse(body).scopes);
    return json({ granted: shop.scopes, required: [], optional: [] });
  }
  const back = `<p><a href="${url}${home}">Back to Confab</a></p>`;
  if (path === '/themes/current/editor') {
    if (method === 'POST') shop.isEmbedOn = !shop.isEmbedOn;
    const state = shop.isEmbedOn ? 'on' : 'off';
    const press = `<form method="post"><button>Switch it ${shop.isEmbedOn ? 'off' : 'on'} and save</button></form>`;
    return page(
      `<!doctype html><title>Theme editor</title><h1>Theme editor</h1><p>Confab is ${state}.</p>${press}${back}`,
    );
  }
  if (/^\/charges\/[\w-]+\/pricing_plans$/.test(path)) {
    const chosen = plans.find(({ handle }) => handle === new URLSearchParams(body).get('plan'));
    if (chosen) {
      await shop.subscribe({
        handle: chosen.handle,
        name: chosen.name,
        amount: '19.00',
        currency: 'USD',
        billingPeriod: 'EVERY_30_DAYS',
        trialEndsAt: null,
        cancelAtEndOfCycle: false,
        cycleEndsAt: null,
        pendingHandle: null,
      });
    }
    const current = `<p>The plan is ${shop.subscription?.name ?? 'not chosen'}.</p>`;
    const buttons = plans.map(({ handle, name }) => `<button name="plan" value="${handle}">Choose ${name}</button>`);
    const form = `<form method="post">${buttons.join(' ')}</form>`;
    return page(`<!doctype html><title>Plans</title><h1>Plans</h1>${current}${form}${back}`);
  }
  return { status: 404, type: 'text/plain', body: `The stub admin has no ${path}` };
}
