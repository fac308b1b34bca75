import createCache from '@emotion/cache';

/**
 * The relay lets a page of the console have only those inline styles that carry the nonce of the page. A browser shows it
 * to scripts as a property alone.
 */
export const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';

// biome-ignore lint/style/useConst: webpack knows it as a variable
declare let __webpack_nonce__: string;
// What some libraries ask for, such as that of the colour picker.
__webpack_nonce__ = nonce;

/** For the styles that components make as they are drawn. */
export const emotionCache = createCache({ key: 'css', nonce });

/**
 * Newer components bring their styles when they are imported, by a registry that every copy of `@wordpress/style-runtime`
 * shares and whose shape stays. It has no place for a nonce, so this one takes their styles itself: no document is
 * registered with it. To be imported before any component.
 */
const styles = new Map<string, string>();
const register = (hash: string, css: string) => {
  if (styles.has(hash)) return styles;
  const style = document.createElement('style');
  style.nonce = nonce;
  style.textContent = css;
  // Before the stylesheets, which may change what it says.
  document.head.prepend(style);
  return Map.prototype.set.call(styles, hash, css);
};
Object.assign(globalThis, {
  __wpStyleRuntime: {
    documents: new Map(),
    styles: Object.assign(styles, { set: register }),
    injectedStyles: new WeakMap(),
  },
});
