<?php
/**
 * REST routes of the settings that the relay keeps.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** Apart from other calls to the relay: their tag goes both ways in the body, since proxies change headers, and the public part is kept here. */
final class Rest_Site {
	/** Adds the routes. */
	public static function routes(): void {
		Rest::route( '/settings', 'GET', array( self::class, 'settings' ) );
		Rest::route(
			'/settings',
			'PUT',
			array( self::class, 'save_settings' ),
			array(
				'settings' => array(
					'type'              => 'object',
					'required'          => true,
					// The relay knows what settings are; they go there as they came.
					'sanitize_callback' => null,
				),
				'etag'     => array(
					'type'      => 'string',
					'required'  => true,
					'minLength' => 1,
					'maxLength' => 200,
					'pattern'   => '^(W/)?"[\x21\x23-\x7e]*"$',
				),
			)
		);
	}

	/**
	 * The settings, with the tag that a save must name.
	 *
	 * @return \WP_REST_Response|\WP_Error
	 */
	public static function settings() {
		return self::settings_answer( Relay::call( 'GET', '/v1/site/settings' ) );
	}

	/**
	 * Saves the settings. Where somebody else has saved meanwhile, both versions go on: theirs comes back with the
	 * refusal.
	 *
	 * @param \WP_REST_Request $request {settings, etag}.
	 * @return \WP_REST_Response|\WP_Error
	 */
	public static function save_settings( \WP_REST_Request $request ) {
		$body = (string) $request->get_body();
		if ( strlen( $body ) > Rest_Relay::BODY_MAX ) {
			return new \WP_Error( 'confab_body_too_large', __( 'These settings are too long to be saved. Shorten the texts.', 'confab' ), array( 'status' => 413 ) );
		}
		// Read anew: what core has decoded no longer knows `{}` from `[]`.
		$sent = json_decode( $body );
		if ( ! $sent instanceof \stdClass || ! isset( $sent->settings ) || ! $sent->settings instanceof \stdClass ) {
			return new \WP_Error( 'confab_malformed_json', __( 'The settings must be sent as a JSON object.', 'confab' ), array( 'status' => 400 ) );
		}
		$answer = Relay::call( 'PUT', '/v1/site/settings', get_object_vars( $sent->settings ), array( 'if_match' => (string) $request['etag'] ) );
		if ( 412 === $answer->status ) {
			$problem = $answer->document();
			return new \WP_Error(
				'confab_conflict',
				__( 'Somebody else saved these settings meanwhile. Compare both versions and save again.', 'confab' ),
				array(
					'status'  => 409,
					'current' => isset( $problem->current ) ? $problem->current : null,
					'etag'    => $answer->etag,
				)
			);
		}
		return self::settings_answer( $answer );
	}

	/**
	 * Settings with their tag.
	 *
	 * @param Relay_Answer $answer Of the relay.
	 * @return \WP_REST_Response|\WP_Error
	 */
	private static function settings_answer( Relay_Answer $answer ) {
		if ( ! $answer->is_ok() ) {
			return $answer->to_error();
		}
		Settings_Cache::remember( $answer->body );
		return new \WP_REST_Response(
			array(
				'settings' => $answer->document(),
				'etag'     => $answer->etag,
			)
		);
	}
}
