<?php
/**
 * REST routes that pass on what the relay holds of this site.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** Settings, retention preview and lists of the relay, for the admin screens: the secret stays on the server. */
final class Rest_Site {
	const BODY_MAX = 524288;

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

		$days = array(
			'type'    => 'integer',
			'minimum' => 1,
			'maximum' => 3650,
		);
		Rest::route(
			'/retention',
			'GET',
			array( self::class, 'retention' ),
			array(
				'conversationDays' => $days,
				'leadDays'         => $days,
				'pageViewDays'     => $days,
				'consentDays'      => $days,
			)
		);
		Rest::route(
			'/lists/(?P<list>conversations|leads|consents|data-requests|purges|documents|entries|unanswered)',
			'GET',
			array( self::class, 'lists' ),
			array(
				'cursor' => array(
					'type'      => 'string',
					'maxLength' => 200,
				),
				'limit'  => array(
					'type'    => 'integer',
					'minimum' => 1,
					'maximum' => 200,
					'default' => 50,
				),
			)
		);
		Rest::route( '/conversations/(?P<id>[0-9a-fA-F-]{36})', 'GET', array( self::class, 'conversation' ) );
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
		if ( strlen( $body ) > self::BODY_MAX ) {
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
	 * What a purge would delete now, with the windows that are given.
	 *
	 * @param \WP_REST_Request $request Windows in days.
	 * @return \WP_REST_Response|\WP_Error
	 */
	public static function retention( \WP_REST_Request $request ) {
		$windows = array();
		foreach ( array( 'conversationDays', 'leadDays', 'pageViewDays', 'consentDays' ) as $name ) {
			if ( isset( $request[ $name ] ) ) {
				$windows[ $name ] = (int) $request[ $name ];
			}
		}
		return Rest::pass_on( Relay::call( 'GET', '/v1/site/retention' . ( $windows ? '?' . http_build_query( $windows ) : '' ) ) );
	}

	/**
	 * One page of a list.
	 *
	 * @param \WP_REST_Request $request {list, cursor, limit}.
	 * @return \WP_REST_Response|\WP_Error
	 */
	public static function lists( \WP_REST_Request $request ) {
		$query  = array( 'limit' => (int) $request['limit'] );
		$cursor = (string) $request['cursor'];
		if ( '' !== $cursor ) {
			// The consent log is read on from a sequence number.
			$query[ 'consents' === $request['list'] ? 'after' : 'cursor' ] = $cursor;
		}
		return Rest::pass_on( Relay::call( 'GET', '/v1/site/' . $request['list'] . '?' . http_build_query( $query ) ) );
	}

	/**
	 * One conversation, to read.
	 *
	 * @param \WP_REST_Request $request {id}.
	 * @return \WP_REST_Response|\WP_Error
	 */
	public static function conversation( \WP_REST_Request $request ) {
		return Rest::pass_on( Relay::call( 'GET', '/v1/site/conversations/' . strtolower( (string) $request['id'] ) ) );
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
