/** What the visitor has decided for the whole site, by the site's own consent manager. */
export interface PlatformConsent {
  /** Whether the visitor has agreed. Nothing where there is no manager, or where it has no answer yet. */
  answer(): boolean | undefined;
  /** Passes on a decision that the visitor made in the chat, against the manager's. */
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
export const wordpressConsent: PlatformConsent = {
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
    if (document.readyState === 'complete') changed();
    else addEventListener('load', changed);
  },
};
