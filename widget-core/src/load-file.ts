/** The widget's files that the panel fetches when somebody needs them. */
interface Files {
  proof: typeof import('./proof.ts');
  pages: typeof import('./pages/pages.ts');
}

declare global {
  interface Window {
    /** Left here by those files. */
    confabFiles?: Partial<Files>;
  }
}

/** Longer than any working network needs; nobody is to wait for ever. */
const LOAD_WITHIN_MS = 20_000;

// Of the panel's own file: where the others stand, of which version, and what its page lets scripts run by.
const { src, nonce } = document.currentScript as HTMLScriptElement;

/** Code that hardly any visitor needs, loaded for who does. What did not come may be asked for again. */
export async function loadFile<Name extends keyof Files>(name: Name): Promise<Files[Name]> {
  const script = document.createElement('script');
  if (!window.confabFiles?.[name]) {
    await new Promise((onload, onerror) => {
      const address = src.replace('confab-panel', `confab-${name}`);
      document.head.append(Object.assign(script, { src: address, nonce, onload, onerror }));
      setTimeout(onerror, LOAD_WITHIN_MS);
    }).finally(() => script.remove());
  }
  const file = window.confabFiles?.[name];
  if (!file) throw new Error(`What came is not confab-${name}.js.`); // such as the page of a hotel's network
  return file as Files[Name];
}
