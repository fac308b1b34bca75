<?php
/**
 * Plugin Name: Consent banner (stand-in)
 * Description: The smallest consent manager that can drive the WP Consent API: opt-in, two buttons.
 * Version: 1.0.0
 */

defined( 'ABSPATH' ) || exit;

add_filter( 'wp_get_consent_type', static fn() => 'optin' );
add_action(
	'wp_footer',
	static function (): void {
		echo '<p id="consent-banner"><button data-consent="allow">Allow cookies</button> <button data-consent="deny">Refuse cookies</button></p>';
	}
);
add_action(
	'wp_enqueue_scripts',
	static function (): void {
		wp_enqueue_script( 'consent-banner', plugins_url( 'consent-banner.js', __FILE__ ), array( 'wp-consent-api' ), '1.0.0', true );
	},
	PHP_INT_MAX
);
