<?php
/**
 * The plugin's own REST routes.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** What all routes of `confab/v1` share. Nothing here is for anonymous callers. */
final class Rest {
	const SPACE = 'confab/v1';

	/** Adds the hooks. */
	public static function register(): void {
		add_action( 'rest_api_init', array( Rest_Connection::class, 'routes' ) );
		add_action( 'rest_api_init', array( Rest_Site::class, 'routes' ) );
		add_action( 'rest_api_init', array( Rest_Relay::class, 'routes' ) );
		add_action( 'rest_api_init', array( Rest_Local::class, 'routes' ) );
		add_action( 'rest_api_init', array( Rest_Choices::class, 'routes' ) );
	}

	/**
	 * Adds one route for people who manage Confab.
	 *
	 * @param string   $path     Below confab/v1.
	 * @param string   $method   HTTP method.
	 * @param callable $callback What it does.
	 * @param array    $args     Schemas of its parameters.
	 */
	public static function route( string $path, string $method, callable $callback, array $args = array() ): void {
		foreach ( $args as $name => $schema ) {
			$args[ $name ] = $schema + array(
				'validate_callback' => 'rest_validate_request_arg',
				'sanitize_callback' => 'rest_sanitize_request_arg',
			);
		}
		register_rest_route(
			self::SPACE,
			$path,
			array(
				'methods'             => $method,
				'callback'            => $callback,
				'permission_callback' => array( self::class, 'may_manage' ),
				'args'                => $args,
			)
		);
	}

	/**
	 * Whether the caller may manage Confab.
	 *
	 * @return true|\WP_Error
	 */
	public static function may_manage() {
		if ( Capabilities::current_user_may() ) {
			return true;
		}
		return new \WP_Error(
			'rest_forbidden',
			__( 'You may not manage Confab on this site. Log in as an administrator.', 'confab' ),
			array( 'status' => rest_authorization_required_code() )
		);
	}

	/**
	 * The relay's answer for the browser: its JSON as it came, or what is wrong. The outermost object is an array,
	 * which core's `_fields` needs.
	 *
	 * @param Relay_Answer $answer Of the relay.
	 * @return \WP_REST_Response|\WP_Error
	 */
	public static function pass_on( Relay_Answer $answer ) {
		return $answer->is_ok() ? new \WP_REST_Response( get_object_vars( $answer->document() ) ) : $answer->to_error();
	}
}
