<?php
/**
 * The chat on public pages.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/**
 * Puts the widget into public pages. What it prints is the same for every visitor of a page, so that page caches may
 * keep it: no nonce, no user, no time, and no call to the relay.
 */
final class Widget {
	const SCRIPT = 'confab-loader';

	/** Adds the hooks. */
	public static function register(): void {
		add_action( 'wp_enqueue_scripts', array( self::class, 'enqueue' ) );
		add_action( 'wp_footer', array( self::class, 'print_settings' ) );
	}

	/** Adds the loader to the page; it requests nothing before a visitor acts. */
	public static function enqueue(): void {
		if ( ! self::is_shown() ) {
			return;
		}
		wp_enqueue_script(
			self::SCRIPT,
			plugins_url( 'widget/confab-loader.js', CONFAB_FILE ),
			array(),
			CONFAB_VERSION,
			array(
				'strategy'  => 'defer',
				'in_footer' => true,
			)
		);
	}

	/** Prints what the loader has to know, for it to find wherever an optimiser has moved it. */
	public static function print_settings(): void {
		if ( ! wp_script_is( self::SCRIPT, 'enqueued' ) ) {
			return;
		}
		$json = wp_json_encode( self::settings(), JSON_HEX_TAG | JSON_HEX_AMP | JSON_HEX_APOS | JSON_HEX_QUOT );
		if ( false !== $json ) {
			wp_print_inline_script_tag(
				$json,
				array(
					'type' => 'application/json',
					'id'   => 'confab-settings',
				)
			);
		}
	}

	/** A place in the page for the chat; '' where there is none to show, and outside of public pages. */
	public static function place(): string {
		$is_page = ! is_admin() && ! is_feed() && ! is_embed() && ! wp_is_rest_endpoint() && ! Visitor::is_reading();
		return $is_page && self::is_shown() ? '<div class="confab-chat" data-confab-inline></div>' : '';
	}

	/** Whether the page that is being made carries the chat. */
	public static function is_shown(): bool {
		$preferences = Preferences::get();
		return $preferences['widget']
			&& ( ! function_exists( 'wp_supports_ai' ) || wp_supports_ai() )
			&& ! array_intersect( $preferences['hide_for_roles'], wp_get_current_user()->roles )
			&& ! in_array( self::page_id(), $preferences['hide_on'], true )
			&& ! self::is_of_type( $preferences['hide_post_types'] )
			&& Connection::is_connected();
	}

	/** Id of the post or page that is shown; 0 where it is none. */
	private static function page_id(): int {
		if ( function_exists( 'is_shop' ) && is_shop() && function_exists( 'wc_get_page_id' ) ) {
			return (int) wc_get_page_id( 'shop' );
		}
		return is_singular() || is_home() ? get_queried_object_id() : 0;
	}

	/**
	 * Whether the page shows a post of one of the types, or their archive.
	 *
	 * @param string[] $types Names of types.
	 */
	private static function is_of_type( array $types ): bool {
		return $types && ( is_singular( $types ) || is_post_type_archive( $types ) );
	}

	/** What the loader has to know; all of it is public. */
	private static function settings(): array {
		$kept       = Settings_Cache::get();
		$appearance = isset( $kept['appearance'] ) ? $kept['appearance'] : array();
		$locale     = get_bloginfo( 'language' );
		$settings   = array(
			'siteKey' => Connection::site_key(),
			'relay'   => Connection::relay_url(),
			'locale'  => $locale,
			'label'   => self::label( isset( $kept['texts'] ) ? $kept['texts'] : array(), $locale ),
			'failed'  => __( 'The chat could not be loaded. Press the button to try again.', 'confab' ),
		);
		$settings  += array_intersect_key( $appearance, array_flip( array( 'position', 'accent', 'theme' ) ) );
		$settings  += array(
			'base'    => plugins_url( 'widget/', CONFAB_FILE ),
			'version' => CONFAB_VERSION,
		);
		if ( Consent::is_managed() ) {
			$settings['consent'] = 'wordpress';
		}
		return $settings;
	}

	/**
	 * The name of the button, in the page's language.
	 *
	 * @param array  $texts  The owner's texts by locale.
	 * @param string $locale Tag of the language, such as 'de-DE'.
	 */
	private static function label( array $texts, string $locale ): string {
		foreach ( array( $locale, strtok( $locale, '-' ) ) as $tag ) {
			if ( ! empty( $texts[ $tag ]['launcher'] ) ) {
				return $texts[ $tag ]['launcher'];
			}
		}
		return __( 'Open chat', 'confab' );
	}
}
