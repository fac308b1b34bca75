<?php
/**
 * The site's consent manager.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/**
 * Makes the chat known to the WP Consent API, by which consent managers learn of it. What a visitor decides there is
 * read in the browser only: a page that PHP made for one visitor must suit every other.
 */
final class Consent {
	const SERVICE  = 'confab';
	const CATEGORY = 'preferences';
	const COOKIE   = 'cf_conversation';

	/** Adds the hooks. */
	public static function register(): void {
		add_action( 'init', array( self::class, 'declare_cookie' ) );
	}

	/** Whether the WP Consent API is active, in a version that knows services (2.0). */
	public static function is_managed(): bool {
		return function_exists( 'wp_has_service_consent' ) && function_exists( 'wp_add_cookie_info' );
	}

	/** Declares the one cookie. Its service is registered by that; the API takes an unknown one for marketing. */
	public static function declare_cookie(): void {
		if ( ! self::is_managed() ) {
			return;
		}
		add_filter( 'wp_consent_api_registered_' . plugin_basename( CONFAB_FILE ), '__return_true' );
		wp_add_cookie_info(
			self::COOKIE,
			self::SERVICE,
			self::CATEGORY,
			self::lifetime(),
			__( 'Finds the chat again that the visitor has agreed to store.', 'confab' ),
			__( 'Identifier of the stored chat', 'confab' )
		);
	}

	/** How long the cookie lives, in words. */
	private static function lifetime(): string {
		$kept = Settings_Cache::get();
		$days = isset( $kept['retention']['conversationDays'] ) ? $kept['retention']['conversationDays'] : 365;
		/* translators: %s: number of days. */
		return sprintf( _n( '%s day', '%s days', $days, 'confab' ), number_format_i18n( $days ) );
	}
}
