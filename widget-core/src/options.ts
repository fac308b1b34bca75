import type { Appearance } from '@confab/contract';

/** What the page says about the widget, in the attributes of the loader's script element. */
export interface Options {
  siteKey: string;
  /** Absolute base address of the relay, without a slash at its end. */
  relay: string;
  locale: string;
  /** The launcher's accessible name until the relay's texts are known. */
  label: string;
  /** What to say when the panel's file cannot be loaded. */
  failed: string;
  appearance: Appearance;
}

/** What is read around the script element. Apart from it, so that parsing needs no browser. */
export interface Surroundings {
  /** The address of the loader's own file. */
  loaderUrl: string;
  /** The address that relative ones are resolved against. */
  baseUrl: string;
  /** `<html lang>`. */
  pageLocale: string;
  warn(message: string): void;
}

/**
 * Reads the `data-` attributes. A value that makes no sense is named in the console and replaced by its default: a typing
 * error in a theme must not take the chat away. Only without a site key there is nothing to show.
 */
export function readOptions(data: Record<string, string | undefined>, around: Surroundings): Options | undefined {
  const read = <T extends string>(name: string, fallback: T, expected: string, accepts: (value: string) => boolean) => {
    const value = data[name];
    if (value === undefined || value === '') return fallback;
    if (accepts(value)) return value as T;
    around.warn(`Confab: data-${name} should be ${expected}, not "${value}"; using "${fallback}".`);
    return fallback;
  };
  const oneOf =
    (...values: string[]) =>
    (value: string) =>
      values.includes(value);

  const siteKey = data.siteKey?.trim();
  if (!siteKey) {
    around.warn('Confab: data-site-key is missing, so the chat is not shown.');
    return undefined;
  }
  const relay = read('relay', new URL(around.loaderUrl).origin, 'an http or https address', value =>
    isWebAddress(value, around.baseUrl),
  );
  return {
    siteKey,
    relay: new URL(relay, around.baseUrl).href.replace(/\/$/, ''),
    locale: read('locale', isLocale(around.pageLocale) ? around.pageLocale : 'en', 'a tag such as "pt-BR"', isLocale),
    // The default is `launcher` of the contract's texts, which as a whole would outweigh the loader; a test compares.
    label: data.label || 'Open chat',
    failed: data.failed || 'The chat could not be loaded. Press the button to try again.',
    appearance: {
      position: read(
        'position',
        'bottom-right',
        '"bottom-right" or "bottom-left"',
        oneOf('bottom-right', 'bottom-left'),
      ),
      accent: read('accent', '#1f6f54', 'a colour such as "#1f6f54"', value => /^#[0-9a-f]{6}$/i.test(value)),
      theme: read('theme', 'auto', '"auto", "light" or "dark"', oneOf('auto', 'light', 'dark')),
    },
  };
}

const isLocale = (value: string) => /^[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}$/i.test(value);

const isWebAddress = (value: string, base: string) =>
  URL.canParse(value, base) && /^https?:$/.test(new URL(value, base).protocol);
