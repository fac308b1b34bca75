import { createLauncher } from './launcher.ts';
import { type Options, readOptions } from './options.ts';
import type { MountPanel, Panel } from './panel.ts';

declare global {
  interface Window {
    /** Left here by the panel's file. */
    confabPanel?: { mountPanel: MountPanel };
  }
}

const ELEMENT = 'confab-chat';

/** Longer than any working network needs; a spinner must not go on for ever. */
const LOAD_WITHIN_MS = 20_000;

const script = document.currentScript;
// A page that carries the loader twice still gets one widget.
if (script instanceof HTMLScriptElement && !customElements.get(ELEMENT)) {
  const options = readOptions(script.dataset, {
    loaderUrl: script.src,
    baseUrl: document.baseURI,
    pageLocale: document.documentElement.lang,
    warn: message => console.warn(message),
  });
  if (options) defineWidget(options, script);
}

function defineWidget(options: Options, { src, nonce }: HTMLScriptElement) {
  // The build puts the panel's content hash here, so that a cache never mixes two versions of the files.
  const panelUrl = new URL('confab-panel.js?v=PANEL_VERSION', src).href;
  customElements.define(
    ELEMENT,
    class extends HTMLElement {
      connectedCallback() {
        if (!this.shadowRoot) startWidget(this, options, () => loadPanel(panelUrl, nonce));
      }
    },
  );
  const append = () => document.body.append(document.createElement(ELEMENT));
  if (document.body) append();
  else addEventListener('DOMContentLoaded', append);
}

/** Shows the launcher. Nothing is requested before it is pressed, and the panel is loaded once. */
function startWidget(host: HTMLElement, options: Options, load: () => Promise<MountPanel>) {
  const launcher = createLauncher(host, options);
  let panel: Panel | undefined;
  let isLoading = false;
  launcher.button.addEventListener('click', async () => {
    if (isLoading) return;
    if (panel) return panel.toggle();
    isLoading = true;
    launcher.show('busy');
    try {
      const mountPanel = await load();
      panel = mountPanel(launcher, options);
      panel.toggle();
    } catch {
      launcher.show('failed');
    }
    isLoading = false;
  });
}

/** A script element rather than `import()`: that one would need CORS headers, and never tries again after a failure. */
function loadPanel(url: string, nonce: string): Promise<MountPanel> {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    const end = () => {
      script.remove();
      if (window.confabPanel) resolve(window.confabPanel.mountPanel);
      else reject();
    };
    script.src = url;
    script.nonce = nonce;
    script.onload = end;
    script.onerror = end;
    setTimeout(end, LOAD_WITHIN_MS);
    document.head.append(script);
  });
}
