import type { FrameLocator, Page, Route } from 'playwright-core';
import { answerAdmin } from './fakes/shopify/admin.ts';
import { appBridgeStub, polarisStub } from './fakes/shopify/admin-page.ts';
import type { FakeShop, FakeShopify } from './fakes/shopify/index.ts';

const ADMIN = 'https://admin.shopify.com';
const CDN = 'https://cdn.shopify.com/shopifycloud';
const NAME = /^([\w-]+)\.myshopify\.com$/;

/** The app in the admin of a shop: `frame` holds the app's page, the rest of `page` is the admin's. */
export type OpenAdmin = { page: Page; frame: FrameLocator };

/**
 * Opens a page of the app in the Shopify admin, with Shopify's two libraries replaced by stubs. The admin stands at its
 * real address, so that the relay's own content security policy decides what may be shown and loaded.
 */
export async function openAdmin(
  page: Page,
  {
    shopify,
    shop,
    relayUrl,
    path = '/shopify/app',
  }: { shopify: FakeShopify; shop: FakeShop; relayUrl: string; path?: string },
): Promise<OpenAdmin> {
  const url = `${ADMIN}/store/${NAME.exec(shop.domain)?.[1]}`;
  const { apiKey } = shopify;
  const script = (body: string) => (route: Route) =>
    route.fulfill({ contentType: 'text/javascript; charset=utf-8', body });
  await page.route(`${CDN}/app-bridge.js`, script(appBridgeStub()));
  await page.route(`${CDN}/polaris-2.js`, script(polarisStub()));
  // The theme editor stands at the shop's own name.
  for (const base of [url, `https://${shop.domain}/admin`]) {
    await page.route(`${base}/**`, async route => {
      const request = route.request();
      const path = new URL(request.url()).pathname.slice(new URL(base).pathname.length);
      const asked = { method: request.method(), path, body: request.postData() ?? '' };
      const { status, type, body } = await answerAdmin({ shop, apiKey, relayUrl, url }, asked);
      await route.fulfill({ status, contentType: type, body });
    });
  }
  // The real relay is not on the loopback interface, which Chromium keeps the pages of the web away from.
  await page.context().grantPermissions(['local-network-access'], { origin: ADMIN });
  await page.goto(`${url}/apps/${apiKey}${path === '/shopify/app' ? '' : path}`);
  return { page, frame: page.frameLocator('iframe') };
}
