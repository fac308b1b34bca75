import type { Appearance } from '@confab/contract';
import { isForShopify } from './for-shopify.ts';

/** What the page says about the widget, in the attributes of the loader's script element or as JSON. */
export interface Options {
  siteKey: string;
  /** Absolute base address of the relay, without a slash at its end. */
  relay: string;
  /** Absolute address that the panel's file is found beside: the folder of the widget's files, or one of them. */
  base: string;
  /** The language that the page asks for; the panel makes sense of it. */
  locale: string;
  /** The launcher's accessible name until the relay's texts are known. */
  label: string;
  /** What to say when the panel's file cannot be loaded. */
  failed: string;
  /** The platform whose consent manager is listened to, if any. */
  consent: '' | 'wordpress' | 'shopify';
  /** Where the page says that a customer is signed in: the path on its own origin that gives a proof of it. */
  customer?: string;
  /** The page has a say in the position, so that the settings at the relay do not change it. */
  keepsPosition?: boolean;
  /** This is the owner's preview of the page: the launcher is shown, and the chat does not open. */
  isPreview?: boolean;
  appearance: Appearance;
}

/** What is read around the script element. Apart from it, so that parsing needs no browser. */
export interface Surroundings {
  /** The address of the loader's own file; of the page, where an optimiser has put the loader into it. */
  loaderUrl: string;
  /** The address that relative ones are resolved against. */
  baseUrl: string;
  warn(message: string): void;
}

/**
 * Reads what the page says. A value that makes no sense is named in the console and replaced by its default: a typing
 * error in a theme must not take the chat away. Only without a site key there is nothing to show.
 */
export function readOptions(data: Record<string, unknown>, around: Surroundings): Options | undefined {
  const base = around.baseUrl;
  const read = <T extends string>(name: string, fallback: T, accepts: (value: string) => unknown = Boolean) => {
    const value = data[name] ?? '';
    if (value === '') return fallback;
    if (typeof value === 'string' && accepts(value)) return value as T;
    around.warn(`Confab: ${name} cannot be ${JSON.stringify(value)}; using "${fallback}".`);
    return fallback;
  };
  const oneOf = <T extends string>(name: string, ...values: [T, ...T[]]): T =>
    read(name, values[0], value => values.includes(value as T));
  const resolved = (value: string) => (URL.canParse(value, base) ? new URL(value, base).href : '');
  const address = (name: string, fallback: string) =>
    resolved(read(name, fallback, value => /^https?:/.test(resolved(value))));

  const siteKey = read('siteKey', '').trim();
  if (!siteKey) {
    around.warn('Confab: there is no site key, so the chat is not shown.');
    return undefined;
  }
  return {
    siteKey,
    relay: address('relay', new URL(around.loaderUrl).origin).replace(/\/$/, ''),
    base: address('base', around.loaderUrl),
    locale: read('locale', ''),
    // The default is `launcher` of the contract's texts, which as a whole would outweigh the loader; a test compares.
    label: read('label', 'Open chat'),
    failed: read('failed', 'The chat could not be loaded. Press the button to try again.'),
    consent: oneOf('consent', '', 'wordpress', 'shopify'),
    appearance: {
      position: oneOf('position', 'bottom-right', 'bottom-left'),
      accent: read('accent', '#1f6f54', value => /^#[0-9a-f]{6}$/i.test(value)),
      theme: oneOf('theme', 'auto', 'light', 'dark'),
    },
    ...(isForShopify && {
      customer: read(
        'customer',
        '',
        value => new URL(resolved(value) || 'about:blank').origin === new URL(base).origin,
      ),
      keepsPosition: oneOf<string>('keepPosition', '', 'yes') !== '',
      isPreview: oneOf<string>('preview', '', 'yes') !== '',
    }),
  };
}
