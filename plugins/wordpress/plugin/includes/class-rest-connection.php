<?php
/**
 * REST routes about the connection.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** Status, connect, disconnect, "moved or copy?", and checking that the relay reaches this site. */
final class Rest_Connection {
	/** Adds the routes. */
	public static function routes(): void {
		Rest::route( '/status', 'GET', array( self::class, 'status' ) );
		Rest::route(
			'/connect',
			'POST',
			array( self::class, 'connect' ),
			array(
				'relayUrl' => array(
					'type'      => 'string',
					'default'   => '',
					'maxLength' => 500,
				),
			)
		);
		Rest::route(
			'/disconnect',
			'POST',
			array( self::class, 'disconnect' ),
			array(
				'erase' => array(
					'type'     => 'boolean',
					'required' => true,
				),
			)
		);
		Rest::route(
			'/moved',
			'POST',
			array( self::class, 'moved' ),
			array(
				'answer' => array(
					'type'     => 'string',
					'enum'     => array( 'moved', 'copy' ),
					'required' => true,
				),
			)
		);
		Rest::route( '/verification', 'POST', array( self::class, 'verify' ) );
	}

	/** How things stand. */
	public static function status(): \WP_REST_Response {
		return new \WP_REST_Response( Status::read() );
	}

	/**
	 * Begins to connect.
	 *
	 * @param \WP_REST_Request $request {relayUrl}.
	 * @return \WP_REST_Response|\WP_Error
	 */
	public static function connect( \WP_REST_Request $request ) {
		$url = Connect::begin( (string) $request['relayUrl'] );
		return is_wp_error( $url ) ? $url : new \WP_REST_Response( array( 'redirectUrl' => $url ) );
	}

	/**
	 * Ends the connection.
	 *
	 * @param \WP_REST_Request $request {erase}.
	 */
	public static function disconnect( \WP_REST_Request $request ): \WP_REST_Response {
		return new \WP_REST_Response( Connect::end( (bool) $request['erase'] ) );
	}

	/**
	 * Takes the owner's answer to "moved or copy?". A copy forgets the connection, and the erasures that wait, and
	 * tells the relay nothing: all of it belongs to the original. A site that moved connects once more, to the same site at the relay, and keeps all
	 * that it knows until then.
	 *
	 * @param \WP_REST_Request $request {answer}.
	 * @return \WP_REST_Response|\WP_Error
	 */
	public static function moved( \WP_REST_Request $request ) {
		if ( 'moved' !== Connection::state() ) {
			return new \WP_Error(
				'confab_not_moved',
				__( 'The address of this site has not changed since it was connected. Reload this page.', 'confab' ),
				array( 'status' => 409 )
			);
		}
		if ( 'moved' === $request['answer'] ) {
			Connection::follow_move();
		} elseif ( Connection::is_preset() ) {
			return new \WP_Error(
				'confab_preset',
				__( 'This copy has the keys of the original from constants or the environment. Remove CONFAB_SITE_KEY and CONFAB_SITE_SECRET there; until then this copy stays quiet.', 'confab' ),
				array( 'status' => 409 )
			);
		} else {
			Connection::forget();
			Privacy::forget_all();
		}
		return self::status();
	}

	/**
	 * Asks the relay to check again that it reaches this site.
	 *
	 * @return \WP_REST_Response|\WP_Error
	 */
	public static function verify() {
		$answer = Relay::call( 'POST', '/v1/site/verification', array() );
		return $answer->is_ok() ? self::status() : $answer->to_error();
	}
}
