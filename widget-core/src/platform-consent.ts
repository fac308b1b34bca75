import { readHandle } from './cookie.ts';
import { isForShopify } from './for-shopify.ts';

/** What the visitor has decided for the whole site, by the site's own consent manager. */
export interface PlatformConsent {
  /** Resolves when the manager can be asked, or does not come. It may be fetched for that, so only a visitor's act asks. */
  ready?(): Promise<void>;
  /** Whether the visitor has agreed. Nothing where there is no manager, or where it has no answer yet. */
  answer(): boolean | undefined;
  /** Whether a chat may be stored at all. A manager may forbid that until it has an answer, whatever our notice heard. */
  allows?(): boolean;
  /** Passes on a decision that the visitor made in the chat, against the manager's, where it takes one from us. */
  tell(isGranted: boolean): void;
  /** Calls back whenever the answer may be another one, and once the page with all its scripts is there. */
  watch(changed: () => void): void;
}

/** The name under which our WordPress plugin registers the widget. */
const SERVICE = 'confab';

/** What the script of the WP Consent API (2.0) leaves in the page, sooner or later than ours. */
interface WpConsentApi {
  wp_consent_type?: string;
  wp_fallback_consent_type?: string;
  consent_api: { cookie_prefix: string };
  consent_api_get_cookie(name: string): string;
  wp_is_service_denied(service: string): boolean;
  wp_set_service_consent?(service: string, isGranted: boolean): void;
}

const wp = window as unknown as WpConsentApi;

/**
 * Listens to the WP Consent API. It counts only what a visitor has said, which is why `wp_has_consent` is not asked: that
 * one says "yes" on a page without a manager, and for silence where the manager works by opting out; and its sister for
 * services answers for "marketing" where nobody registered the service.
 */
const wordpressConsent: PlatformConsent = {
  answer() {
    try {
      if (!(wp.wp_consent_type ?? wp.wp_fallback_consent_type)) return undefined;
      const said = (about: string) => wp.consent_api_get_cookie(`${wp.consent_api.cookie_prefix}_${about}`);
      if (wp.wp_is_service_denied(SERVICE)) return false;
      if (said('consented_services').includes(`"${SERVICE}":true`)) return true;
      return { allow: true, deny: false }[said('preferences')];
    } catch {
      return undefined; // the API is not there yet, or is too old to know services
    }
  },
  tell: isGranted => wp.wp_set_service_consent?.(SERVICE, isGranted),
  watch(changed) {
    for (const name of ['listen_for_consent_change', 'consent_api_status_change_service', 'consent_type_defined']) {
      document.addEventListener(`wp_${name}`, changed);
    }
    whenComplete(changed);
  },
};

/** Calls back when the page with all its scripts is there. */
function whenComplete(callback: () => void) {
  if (document.readyState === 'complete') callback();
  else addEventListener('load', callback);
}

/** What Shopify leaves in every page of a shop. `customerPrivacy` is there once the feature was loaded, by us or another. */
interface Shopify {
  loadFeatures?(features: object[], loaded: () => void): void;
  customerPrivacy?: {
    currentVisitorConsent(): { preferences?: string };
    preferencesProcessingAllowed(): boolean;
  };
}

const FEATURE = { name: 'consent-tracking-api', version: '0.1' };

/** An API that does not come must not keep a visitor waiting; until it does, it counts as none. */
const READY_WITHIN_MS = 1_500;

const shopify = () => (window as { Shopify?: Shopify }).Shopify;

/** Shopify's own banner, or the app that takes its place, said no in this page view. */
let wasRefused = false;
let fetched: Promise<void> | undefined;
let tellChanged = () => {};

/**
 * Listens to Shopify's Customer Privacy API, category "preferences". A "yes" there is none to us: it was not asked about
 * this chat. We never set it either, that is the manager's part.
 */
const shopifyConsent: Required<PlatformConsent> = {
  ready() {
    fetched ??= new Promise(resolve => {
      setTimeout(resolve, READY_WITHIN_MS);
      const loaded = () => {
        resolve();
        tellChanged();
      };
      const begin = () => {
        try {
          if (shopify()?.customerPrivacy || !shopify()?.loadFeatures) loaded();
          else shopify()?.loadFeatures?.([FEATURE], loaded);
        } catch {
          resolve(); // what Shopify's loader cannot do must not keep the chat from opening
        }
      };
      // Shopify's loader comes with the deferred scripts, sooner or later than ours.
      if (shopify()?.loadFeatures) begin();
      else whenComplete(begin);
    });
    return fetched;
  },
  answer: () => (wasRefused || ask(api => api.currentVisitorConsent().preferences) === 'no' ? false : undefined),
  allows: () => shopifyConsent.answer() !== false && ask(api => api.preferencesProcessingAllowed()) !== false,
  tell() {},
  watch(changed) {
    tellChanged = changed;
    document.addEventListener('visitorConsentCollected', event => {
      wasRefused = (event as CustomEvent<{ preferencesAllowed?: boolean }>).detail?.preferencesAllowed === false;
      changed();
    });
    // Only who has a stored chat has something to withdraw; for everybody else nothing is fetched before the chat opens.
    if (readHandle()) shopifyConsent.ready();
  },
};

function ask<T>(question: (api: NonNullable<Shopify['customerPrivacy']>) => T): T | undefined {
  const api = shopify()?.customerPrivacy;
  try {
    return api && question(api);
  } catch {
    return undefined; // the API is not what it is documented to be, and cannot be asked
  }
}

/** The consent manager that this build can listen to, and the name that the page gives it. */
export const [platformName, platformConsent] = isForShopify
  ? (['shopify', shopifyConsent] as const)
  : (['wordpress', wordpressConsent] as const);
