<?php
/**
 * What public pages and the policy text need of the relay's settings.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/**
 * The part of the settings that is public anyway, as last read from the relay: a public page never waits for the
 * relay. It holds no key and no instruction.
 */
final class Settings_Cache {
	const OPTION = 'confab_settings';
	const TEXTS  = array( 'launcher', 'title', 'failed', 'unreachable' );

	/** Adds the hooks. */
	public static function register(): void {
		add_action( 'confab_refresh_settings', array( self::class, 'refresh' ) );
		add_action( 'confab_connected', array( self::class, 'schedule' ) );
		add_action( 'admin_init', array( self::class, 'schedule' ) );
		add_action( 'confab_disconnected', array( self::class, 'unschedule' ) );
	}

	/**
	 * {name, locale, appearance: {position, accent, theme}, texts: {locale: {launcher, title, failed, unreachable}},
	 * retention: {conversationDays, …}, providers: [], mayAsk, embeddings, crms: [], transcript, policyUrl,
	 * features: {leads, callback}}; empty until read. The providers are those with a key of the site; with "mayAsk" the relay may have keys for others.
	 */
	public static function get(): array {
		$kept = get_option( self::OPTION );
		return is_array( $kept ) ? $kept : array();
	}

	/**
	 * Keeps what is needed of settings that the relay has just sent.
	 *
	 * @param array $settings The whole document.
	 */
	public static function remember( array $settings ): void {
		$kept = array(
			'name'       => Json::text( $settings, 'name' ),
			'locale'     => Json::text( $settings, 'locale' ),
			'appearance' => array_map( 'strval', array_filter( self::part( $settings, 'appearance' ), 'is_scalar' ) ),
			'texts'      => array(),
			'retention'  => array_map( 'absint', array_filter( self::part( $settings, 'retention' ), 'is_scalar' ) ),
			'providers'  => self::providers( self::part( $settings, 'answers' ) ),
			'mayAsk'     => array() !== self::part( self::part( $settings, 'answers' ), 'providers' ),
			'embeddings' => 'openai' === Json::text( self::part( $settings, 'answers' ), 'embeddings' ),
			'crms'       => array_values( array_filter( self::part( self::part( $settings, 'crm' ), 'connectors' ), 'is_string' ) ),
			'transcript' => ! empty( self::part( $settings, 'crm' )['transcript'] ),
			'policyUrl'  => Json::text( self::part( $settings, 'consent' ), 'policyUrl' ),
			'features'   => array_map( 'boolval', array_filter( self::part( $settings, 'features' ), 'is_scalar' ) ),
		);
		foreach ( self::part( $settings, 'texts' ) as $locale => $texts ) {
			$texts = is_array( $texts ) ? array_intersect_key( $texts, array_flip( self::TEXTS ) ) : array();
			$texts = array_filter( $texts, 'is_string' );
			if ( $texts ) {
				$kept['texts'][ (string) $locale ] = $texts;
			}
		}
		if ( $kept !== self::get() ) {
			update_option( self::OPTION, $kept, true );
		}
	}

	/** Reads the settings once more: they may have been changed at the relay. */
	public static function refresh(): void {
		$answer = Relay::call( 'GET', '/v1/site/settings' );
		if ( $answer->is_ok() ) {
			self::remember( $answer->body );
		}
	}

	/** Refreshes twice a day. */
	public static function schedule(): void {
		if ( Connection::is_connected() && ! wp_next_scheduled( 'confab_refresh_settings' ) ) {
			wp_schedule_event( time() + HOUR_IN_SECONDS, 'twicedaily', 'confab_refresh_settings' );
		}
	}

	/** Stops that. */
	public static function unschedule(): void {
		wp_clear_scheduled_hook( 'confab_refresh_settings' );
	}

	/** Forgets it all. */
	public static function forget(): void {
		delete_option( self::OPTION );
	}

	/**
	 * The model services that have a key, in the order of the owner.
	 *
	 * @param array $answers That part of the settings.
	 */
	private static function providers( array $answers ): array {
		$providers = array();
		foreach ( self::part( $answers, 'providers' ) as $name ) {
			$access = is_string( $name ) ? self::part( $answers, $name ) : array();
			$key    = self::part( $access, 'apiKey' );
			if ( ! empty( $key['set'] ) ) {
				$providers[] = $name;
			}
		}
		return $providers;
	}

	/**
	 * A part of a document, empty where it is none.
	 *
	 * @param array  $document What the relay sent.
	 * @param string $name     Which part.
	 */
	private static function part( array $document, string $name ): array {
		return isset( $document[ $name ] ) && is_array( $document[ $name ] ) ? $document[ $name ] : array();
	}
}
