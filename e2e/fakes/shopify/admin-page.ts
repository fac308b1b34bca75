import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, 'stubs');
const read = (name: string) => readFileSync(join(folder, name), 'utf8');

type Declaration = {
  tagName?: string;
  attributes?: { name: string; type?: { text?: string } }[];
  slots?: { name: string }[];
};
type Manifest = {
  modules: { declarations?: Declaration[] }[];
};

/** What stands in for https://cdn.shopify.com/shopifycloud/app-bridge.js. */
export const appBridgeStub = (): string => read('app-bridge.js');

/** What stands in for https://cdn.shopify.com/shopifycloud/polaris-2.js: every element of Shopify's own manifest. */
export function polarisStub(): string {
  const path = join(import.meta.dirname, '../../../node_modules/@shopify/polaris-types/dist/custom-elements.json');
  const { modules } = JSON.parse(readFileSync(path, 'utf8')) as Manifest;
  const elements = modules
    .flatMap(({ declarations = [] }) => declarations)
    .filter(({ tagName }) => tagName !== undefined)
    .map(({ tagName, attributes = [], slots = [] }) => [
      tagName,
      attributes.map(({ name, type }) => [name, /boolean/.test(type?.text ?? '')]),
      slots.map(({ name }) => name),
    ]);
  return `const POLARIS_MANIFEST = ${JSON.stringify(elements)};\n${read('polaris.js')}`;
}

/** Where the parts of the admin are that its page asks for. */
export type AdminPlace = {
  apiKey: string;
  /** Answers `{ idToken }`. */
  tokenUrl: string;
  /** GET: what is granted. POST `{ scopes }`: the merchant grants more. */
  scopesUrl: string;
  extensionsUrl: string;
  /** The address of the app's home in the admin; its other pages stand behind it. */
  base: string;
  /** The path of the app's home at the relay. */
  root: string;
  /** What the frame opens first: a page of the app, with the query that the admin gives it. */
  src: string;
  shopName: string;
};

/** The page of the Shopify admin that has the app in a frame. */
export function adminPage({ src, shopName, ...config }: AdminPlace): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Shopify</title>
<link rel="icon" href="data:,">
<style>${read('admin.css')}</style>
<header>
<strong>${escaped(shopName)}</strong>
<div id="save-bar" role="region" aria-label="Unsaved changes" hidden><span>Unsaved changes</span>
<button id="discard">Discard</button><button id="save">Save</button></div>
</header>
<nav aria-label="Admin"><a id="home" href="${config.base}">Confab</a><ul id="menu"></ul></nav>
<div id="app"><div id="loading" hidden></div><iframe title="Confab" data-src="${escaped(src)}"></iframe></div>
<div id="toasts" role="status"></div>
<dialog id="leave" aria-labelledby="leave-title"><form method="dialog"><h2 id="leave-title">Leave page with unsaved changes?</h2>
<p>Leaving this page will delete all unsaved changes.</p>
<button value="no">Stay</button> <button value="yes">Leave page</button></form></dialog>
<dialog id="scopes" aria-labelledby="scopes-title"><form method="dialog"><h2 id="scopes-title">Confab needs more access</h2>
<ul></ul><button value="no">Cancel</button> <button value="yes">Update</button></form></dialog>
<script type="application/json" id="admin-config">${JSON.stringify(config).replaceAll('<', '\\u003c')}</script>
<script>${read('admin.js')}</script>
</html>
`;
}

/** What `shopify.app.extensions()` gives of a theme with our app embed in it. */
export const extensionsOf = (isEmbedOn: boolean) => [
  {
    handle: 'confab-chat',
    type: 'theme_app_extension',
    activations: [
      {
        handle: 'confab-chat',
        name: 'Confab chat',
        target: 'body',
        status: isEmbedOn ? 'active' : 'available',
        activations: isEmbedOn ? [{ target: 'template--index', themeId: 'gid://shopify/OnlineStoreTheme/1' }] : [],
      },
    ],
  },
];

const escaped = (text: string) => text.replace(/[&<>"]/g, found => `&#${found.charCodeAt(0)};`);
