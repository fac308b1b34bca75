<?php
/**
 * Confab on core's Connectors screen (WordPress 7.0 and later).
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/**
 * Registers a connector, so that a site secret can be pasted where administrators look for keys. Core's own option
 * never holds it: what is pasted goes to the connection, and what is read back is only its end.
 */
final class Connectors {
	const SETTING = 'confab_connector_key';

	/** Adds the hooks; an older WordPress never calls them. */
	public static function register(): void {
		add_action( 'wp_connectors_init', array( self::class, 'add' ) );
		add_filter( 'pre_option_' . self::SETTING, array( self::class, 'masked' ) );
		add_filter( 'pre_update_option_' . self::SETTING, array( self::class, 'take' ), 10, 2 );
	}

	/**
	 * Adds the connector.
	 *
	 * @param \WP_Connector_Registry $registry Of core.
	 */
	public static function add( $registry ): void {
		$registry->register(
			'confab',
			array(
				'name'           => 'Confab',
				'description'    => __( 'An assistant that answers visitors from your own pages. Connect on the Confab screen; or, once the relay’s address is set there, paste the site secret that the relay gave you.', 'confab' ),
				'type'           => 'chat_assistant',
				'authentication' => array(
					'method'          => 'api_key',
					'credentials_url' => Admin::url(),
					'setting_name'    => self::SETTING,
					'constant_name'   => 'CONFAB_SITE_SECRET',
					'env_var_name'    => 'CONFAB_SITE_SECRET',
				),
				'plugin'         => array( 'file' => plugin_basename( CONFAB_FILE ) ),
			)
		);
	}

	/**
	 * What core reads as the key: that there is one, and its end.
	 *
	 * @return string
	 */
	public static function masked() {
		$secret = Connection::masked_secret();
		return $secret['set'] && 'disconnected' !== Connection::state() ? str_repeat( "\u{2022}", 12 ) . $secret['last4'] : '';
	}

	/**
	 * Takes what was pasted: the site secret, or `siteKey:siteSecret`. Nothing is written to core's option.
	 *
	 * @param mixed $value What was pasted; '' removes the key.
	 * @param mixed $old   What core read before.
	 * @return mixed
	 */
	public static function take( $value, $old ) {
		$given = is_string( $value ) ? trim( $value ) : '';
		if ( ! Capabilities::current_user_may() || $given === $old || false !== strpos( $given, "\u{2022}" ) ) {
			return $old;
		}
		if ( '' === $given ) {
			Connect::end( false );
			return $old;
		}
		$parts  = explode( ':', $given, 2 );
		$result = Connect::with_secret( '', 2 === count( $parts ) ? $parts[0] : '', (string) end( $parts ), true );
		if ( is_wp_error( $result ) ) {
			// Core's screen can only show that there is no key; why is told on ours.
			Admin::keep_notice( 'error', $result->get_error_message() );
		}
		return $old;
	}
}
