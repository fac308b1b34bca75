<?php
/**
 * What the relay tells this site.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** The two routes that the relay calls. Each call is signed; nothing of a lead is kept here. */
final class Events {
	const BODY_MAX  = 131072;
	const TELLING_S = 120;
	const TOLD_S    = 345600;

	/** Adds the hooks. */
	public static function register(): void {
		add_action( 'rest_api_init', array( self::class, 'routes' ) );
	}

	/** Adds the routes. */
	public static function routes(): void {
		foreach ( array( 'verify', 'events' ) as $name ) {
			register_rest_route(
				Rest::SPACE,
				'/' . $name,
				array(
					'methods'             => 'POST',
					'callback'            => array( self::class, $name ),
					'permission_callback' => array( self::class, 'is_from_relay' ),
					'show_in_index'       => false,
				)
			);
		}
	}

	/**
	 * Whether the relay that this site is connected to has sent this, now.
	 *
	 * @param \WP_REST_Request $request Of the relay.
	 * @return true|\WP_Error
	 */
	public static function is_from_relay( \WP_REST_Request $request ) {
		if ( ! Connection::is_connected() ) {
			return new \WP_Error( 'confab_not_connected', __( 'This site is not connected to a relay.', 'confab' ), array( 'status' => 403 ) );
		}
		$body = (string) $request->get_body();
		if ( strlen( $body ) > self::BODY_MAX ) {
			return new \WP_Error( 'confab_body_too_large', __( 'The body is too large.', 'confab' ), array( 'status' => 413 ) );
		}
		return Signature::verify(
			(string) $request->get_header( 'webhook-id' ),
			(string) $request->get_header( 'webhook-timestamp' ),
			(string) $request->get_header( 'webhook-signature' ),
			$body,
			Connection::public_keys()
		);
	}

	/**
	 * Proves that this site holds the secret that the relay gave it.
	 *
	 * @param \WP_REST_Request $request {type, data: {siteId, challenge}}.
	 * @return \WP_REST_Response|\WP_Error
	 */
	public static function verify( \WP_REST_Request $request ) {
		$event     = self::event( $request );
		$challenge = isset( $event['data']['challenge'] ) ? $event['data']['challenge'] : null;
		if ( 'site.verify' !== $event['type'] || ! is_string( $challenge ) || '' === $challenge || strlen( $challenge ) > 1000 ) {
			return self::malformed();
		}
		if ( ! self::is_about_us( $event ) ) {
			return self::other_site();
		}
		$key = hash( 'sha256', Connection::site_secret() );
		return new \WP_REST_Response( array( 'proof' => hash_hmac( 'sha256', $challenge, $key ) ) );
	}

	/**
	 * Hands an event on to whoever listens, once; a kind that we do not know is taken and dropped.
	 *
	 * @param \WP_REST_Request $request {type, data}.
	 * @return \WP_REST_Response|\WP_Error
	 */
	public static function events( \WP_REST_Request $request ) {
		$event = self::event( $request );
		if ( '' === $event['type'] || ! is_array( $event['data'] ) ) {
			return self::malformed();
		}
		if ( 'lead.created' !== $event['type'] ) {
			return new \WP_REST_Response( array( 'taken' => false ) );
		}
		if ( ! isset( $event['data']['leadId'] ) || ! is_string( $event['data']['leadId'] ) ) {
			return self::malformed();
		}
		// One relay signs for all its sites: without this, the owner of one could tell another what was meant for him.
		if ( ! self::is_about_us( $event ) ) {
			return self::other_site();
		}
		$known = 'confab_lead_' . md5( $event['data']['leadId'] );
		$state = get_transient( $known );
		if ( 'told' === $state ) {
			return new \WP_REST_Response( array( 'taken' => true ) );
		}
		if ( 'telling' === $state ) {
			// The relay asks again while a slow listener is still at it: that is the same lead, not another one.
			return new \WP_Error( 'confab_busy', __( 'This lead is being handed on at this moment.', 'confab' ), array( 'status' => 503 ) );
		}
		set_transient( $known, 'telling', self::TELLING_S );
		try {
			/**
			 * A visitor left contact details. Confab keeps nothing of them in WordPress: whoever does must also erase
			 * them. Whoever throws is told the same lead again later.
			 *
			 * @param array $lead {siteId, leadId, kind, createdAt, name, email, phone, message, fields, pageUrl,
			 *                    callbackAt, marketing, conversationId}; texts are the visitor's own: escape them.
			 */
			do_action( 'confab_lead_created', $event['data'] );
		} catch ( \Throwable $error ) {
			delete_transient( $known );
			return new \WP_Error( 'confab_listener', __( 'A plugin that takes the leads has failed. It is told again later.', 'confab' ), array( 'status' => 500 ) );
		}
		set_transient( $known, 'told', self::TOLD_S );
		return new \WP_REST_Response( array( 'taken' => true ) );
	}

	/**
	 * The body as {type, data}.
	 *
	 * @param \WP_REST_Request $request Of the relay.
	 */
	private static function event( \WP_REST_Request $request ): array {
		$event = json_decode( (string) $request->get_body(), true );
		$event = is_array( $event ) ? $event : array();
		return array(
			'type' => isset( $event['type'] ) && is_string( $event['type'] ) ? $event['type'] : '',
			'data' => isset( $event['data'] ) && is_array( $event['data'] ) ? $event['data'] : null,
		);
	}

	/**
	 * Whether an event names this site, as far as this site knows its id.
	 *
	 * @param array $event {type, data}.
	 */
	private static function is_about_us( array $event ): bool {
		$site_id = Connection::site_id();
		return '' === $site_id || ( isset( $event['data']['siteId'] ) && $event['data']['siteId'] === $site_id );
	}

	/** The answer to what is meant for somebody else. */
	private static function other_site(): \WP_Error {
		return new \WP_Error( 'confab_other_site', __( 'This is about another site.', 'confab' ), array( 'status' => 404 ) );
	}

	/** The answer to what cannot be read. */
	private static function malformed(): \WP_Error {
		return new \WP_Error( 'confab_malformed', __( 'This is not an event that this version understands.', 'confab' ), array( 'status' => 400 ) );
	}
}
