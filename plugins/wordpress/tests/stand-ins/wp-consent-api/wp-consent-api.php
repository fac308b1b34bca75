<?php
/**
 * Plugin Name: WP Consent API (stand-in)
 * Description: Does what version 2.0.1 does, as far as a plugin that sets a cookie or a consent manager can notice.
 * Version: 2.0.1
 */

defined( 'ABSPATH' ) || exit;

final class WP_Consent_API {
	/** @var array<string, array> */
	public static $cookies = array();

	/** From the mildest to the one with most impact on privacy. */
	const CATEGORIES = array( 'functional', 'preferences', 'statistics-anonymous', 'statistics', 'marketing' );
}

function wp_get_consent_type(): string {
	return apply_filters( 'wp_get_consent_type', '' );
}

function wp_validate_consent_category( string $category ): string {
	return in_array( $category, WP_Consent_API::CATEGORIES, true ) ? $category : 'functional';
}

function wp_has_consent( string $category ): bool {
	$type = wp_get_consent_type();
	$said = $_COOKIE[ 'wp_consent_' . wp_validate_consent_category( $category ) ] ?? null;
	return '' === $type || ( false !== strpos( $type, 'optout' ) && null === $said ) || 'allow' === $said;
}

function wp_has_service_consent( $service ): bool {
	if ( ! in_array( $service, array_column( WP_Consent_API::$cookies, 'plugin_or_service' ), true ) ) {
		return false;
	}
	$said = json_decode( stripslashes( $_COOKIE['wp_consent_consented_services'] ?? '' ), true );
	return (bool) ( $said[ $service ] ?? wp_has_consent( wp_consent_api_category_of( $service ) ) );
}

/** A service with cookies of several categories is of the one with most impact; one that nobody registered, marketing. */
function wp_consent_api_category_of( string $service ): string {
	$of_service = array_filter( WP_Consent_API::$cookies, static fn( $cookie ) => $cookie['plugin_or_service'] === $service );
	$categories = array_intersect( array_reverse( WP_Consent_API::CATEGORIES ), array_column( $of_service, 'category' ) );
	return (string) ( reset( $categories ) ?: 'marketing' );
}

function wp_add_cookie_info( $name, $plugin_or_service, $category, $expires, $function, $collected_personal_data = '', $member_cookie = false, $administrator_cookie = false, $type = 'HTTP', $domain = false ): void {
	WP_Consent_API::$cookies[ $name ] = array(
		'plugin_or_service'     => sanitize_text_field( $plugin_or_service ),
		'category'              => wp_validate_consent_category( $category ),
		'expires'               => sanitize_text_field( $expires ),
		'function'              => sanitize_text_field( $function ),
		'collectedPersonalData' => sanitize_text_field( $collected_personal_data ),
		'memberCookie'          => (bool) $member_cookie,
		'administratorCookie'   => (bool) $administrator_cookie,
		'type'                  => $type,
		'domain'                => $domain ? $domain : site_url(),
	);
}

function wp_get_cookie_info( $name = false ): array {
	return $name ? ( WP_Consent_API::$cookies[ $name ] ?? array() ) : WP_Consent_API::$cookies;
}

function consent_api_registered( string $plugin ): bool {
	return (bool) apply_filters( "wp_consent_api_registered_{$plugin}", false );
}

add_action(
	'wp_enqueue_scripts',
	static function (): void {
		$public   = array_filter( WP_Consent_API::$cookies, static fn( $cookie ) => ! $cookie['administratorCookie'] );
		$services = array_unique( array_column( $public, 'plugin_or_service' ) );
		wp_enqueue_script( 'wp-consent-api', plugins_url( 'wp-consent-api.js', __FILE__ ), array(), '2.0.1', true );
		wp_localize_script(
			'wp-consent-api',
			'consent_api',
			array(
				'consent_type'         => wp_get_consent_type(),
				'waitfor_consent_hook' => apply_filters( 'wp_consent_api_waitfor_consent_hook', false ),
				'cookie_expiration'    => 30,
				'cookie_prefix'        => 'wp_consent',
				'services'             => array_values(
					array_map(
						static fn( $name ) => array(
							'name'     => $name,
							'category' => wp_consent_api_category_of( $name ),
						),
						$services
					)
				),
			)
		);
	},
	PHP_INT_MAX - 100
);
