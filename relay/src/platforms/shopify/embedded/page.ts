import { clientScript } from './assets.ts';
import { type Html, html, rendered } from './html.ts';

/** Where the pages of the app are, under the relay's own origin. */
export const ROOT = '/shopify/app';

const ENTRIES = [
  ['conversations', 'Conversations'],
  ['leads', 'Leads'],
  ['knowledge', 'Knowledge'],
  ['privacy', 'Privacy'],
  ['settings', 'Settings'],
  ['plan', 'Plan'],
] as const;

export type Page = {
  /** What the browser calls the page; visible is the heading of the `s-page` in `body`. */
  title: string;
  apiKey: string;
  shopDomain: string;
  body: Html;
  /** Which entry of the menu it belongs to. */
  active: 'home' | (typeof ENTRIES)[number][0];
};

/**
 * A whole document of the embedded admin. App Bridge comes first and both libraries from Shopify's own address, as its
 * store demands; our script swaps `#page`, so that a page needs nothing outside of it.
 */
export function page({ title, apiKey, shopDomain, body, active }: Page): string {
  return rendered(html`${DOCTYPE}
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} – Confab</title>
<meta name="shopify-api-key" content="${apiKey}">
<script src="https://cdn.shopify.com/shopifycloud/app-bridge.js"></script>
<script src="https://cdn.shopify.com/shopifycloud/polaris-2.js"></script>
<script src="${ROOT}${clientScript.path}?v=${clientScript.version}" defer></script>
</head>
<body>
<s-app-nav>
<s-link href="${ROOT}" rel="home">Home</s-link>
${ENTRIES.map(([path, name]) => html`<s-link href="${ROOT}/${path}">${name}</s-link>\n`)}</s-app-nav>
<main id="page" data-shop="${shopDomain}" data-active="${active}">
${body}
</main>
</body>
</html>
`);
}

/**
 * Loads App Bridge and nothing else: it fetches a fresh ID token and goes to the address in `shopify-reload`. Who sees it
 * for longer reads what to do.
 */
export function bouncePage({ apiKey }: { apiKey: string }): string {
  return rendered(html`${DOCTYPE}
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Confab</title>
<meta name="shopify-api-key" content="${apiKey}">
<script src="https://cdn.shopify.com/shopifycloud/app-bridge.js"></script>
</head>
<body>
<p>Opening Confab. If this page stays, close it and open Confab again in the Shopify admin, under Apps.</p>
</body>
</html>
`);
}

/** What went wrong, in words; it needs no library, since none may have loaded. */
export function faultPage({
  heading,
  reason,
  again,
}: {
  heading: string;
  reason: string;
  again: string | undefined;
}): string {
  return rendered(html`${DOCTYPE}
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${heading} – Confab</title>
<style>${FAULT_STYLE}</style>
</head>
<body>
<main>
<h1>${heading}</h1>
<p>${reason}</p>
${again !== undefined && html`<p><a href="${again}" target="_top">Open Confab again</a></p>`}
</main>
</body>
</html>
`);
}

const DOCTYPE = html`<!doctype html>`;

const FAULT_STYLE = html`body { margin: 0; background: #f1f1f1; color: #303030; font: 14px/1.5 Inter, system-ui, sans-serif }
main { max-width: 32rem; margin: 3rem auto; padding: 1.25rem 1.5rem; background: #fff; border-radius: 12px }
h1 { margin: 0 0 .5rem; font-size: 1.1rem } p { margin: 0 0 .75rem } a { color: #005bd3 }`;
