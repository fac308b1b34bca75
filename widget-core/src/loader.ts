import { readHandle } from './cookie.ts';
import { isForShopify } from './for-shopify.ts';
import { createLauncher } from './launcher.ts';
import { type Options, readOptions } from './options.ts';
import type { MountPanel, Panel } from './panel.ts';
import { platformConsent, platformName } from './platform-consent.ts';

declare global {
  interface Window {
    /** Left here by the panel's file. */
    confabPanel?: { mountPanel: MountPanel };
  }
}

const ELEMENT = 'confab-chat';

/** Longer than any working network needs; a spinner must not go on for ever. */
const LOAD_WITHIN_MS = 20_000;

// None, or somebody else's, where an optimiser has merged the loader into another script.
const script = document.currentScript as HTMLScriptElement | null;
// The settings and the places for the chat may stand below a loader that has been put into the head.
if (document.readyState === 'loading') addEventListener('DOMContentLoaded', start);
else start();

function start() {
  // A page that carries the loader twice still gets one widget.
  if (document.querySelector(ELEMENT)?.shadowRoot) return;
  // Only a script element, since authors of posts may write elements with an id, but no scripts.
  const settings = document.querySelector<HTMLScriptElement>('script#confab-settings');
  const base = document.baseURI;
  const options = readOptions(script?.dataset.siteKey ? script.dataset : parse(settings?.text), {
    loaderUrl: script?.src || base,
    baseUrl: base,
    warn: console.warn,
  });
  if (options) startWidget(options, (script?.nonce || settings?.nonce) ?? '');
}

function parse(json = ''): Record<string, unknown> {
  try {
    return Object(JSON.parse(json));
  } catch {
    return {};
  }
}

/**
 * Shows the launcher: at the first place that the page has for a chat, else floating over it. Nothing is requested before
 * it is pressed, and the panel is loaded once.
 */
function startWidget(options: Options, nonce: string) {
  const platform = options.consent === platformName ? platformConsent : undefined;
  const [place, ...others] = document.querySelectorAll('[data-confab-inline]');
  const launcher = createLauncher(ELEMENT, options, place);
  const { button, show } = launcher;
  for (const other of others) {
    createLauncher(ELEMENT, options, other).button.onclick = () => {
      button.focus();
      button.click();
    };
  }

  let panel: Promise<Panel> | undefined;
  const mount = () => {
    panel ??= loadPanel(options.base, nonce).then(mountPanel => mountPanel(launcher, options, platform));
    panel.catch(() => {
      panel = undefined;
    });
    return panel;
  };
  button.onclick = () => {
    if (button.dataset.state === 'busy') return;
    if (isForShopify && options.isPreview) return show('failed');
    show('busy');
    mount().then(
      ({ toggle }) => toggle(),
      () => show('failed'),
    );
  };
  if (isForShopify && options.isPreview) return;
  platform?.watch(() => {
    // Whoever withdraws on the platform need not open the chat for it to be erased.
    const isWithdrawn = platform.answer() === false && readHandle();
    if (panel || isWithdrawn) mount().then(({ followPlatform }) => followPlatform(), Boolean);
  });
}

/** A script element rather than `import()`: that one would need CORS headers, and never tries again after a failure. */
function loadPanel(base: string, nonce: string): Promise<MountPanel> {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    const end = () => {
      script.remove();
      if (window.confabPanel) resolve(window.confabPanel.mountPanel);
      else reject();
    };
    // The build puts the panel's content hash here, so that a cache never mixes two versions of the files.
    script.src = new URL('confab-panel.js?v=PANEL_VERSION', base).href;
    script.nonce = nonce;
    script.onload = end;
    script.onerror = end;
    setTimeout(end, LOAD_WITHIN_MS);
    document.head.append(script);
  });
}
