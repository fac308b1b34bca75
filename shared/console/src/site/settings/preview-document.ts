/** What of the appearance the preview shows. */
export type Look = { accent: string; position: string; theme: string };

/**
 * A page with nothing but the widget's loader, as a public page carries it. A document of `srcdoc` keeps to the policy of
 * the page that it is in, so its styles carry that page's nonce, where it has one.
 */
export function previewDocument(widgetUrl: string, look: Look, nonce = ''): string {
  const settings = {
    siteKey: 'preview',
    relay: widgetUrl,
    locale: 'en',
    label: 'Open chat',
    failed: '',
    base: widgetUrl,
    version: 'preview',
    ...look,
  };
  // In the page a `<` could end the script element.
  const json = JSON.stringify(settings).replaceAll('<', '\\u003c');
  const source = new URL('confab-loader.js', widgetUrl).href.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  const scheme = look.theme === 'dark' ? 'dark' : 'light';
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>.</title><style nonce="${nonce}">main{position:absolute;clip-path:inset(50%)}body{margin:0;color-scheme:${scheme};background:${
    scheme === 'dark' ? '#1d2327' : '#f0f0f1'
  }}</style><body><main><h1>Preview</h1></main><script type="application/json" id="confab-settings">${json}</script><script src="${source}" defer></script>`;
}
