<?php
/**
 * REST routes about where leads go.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** Has the relay hand over a lead again, or try a CRM: the relay does both, and knows what there is. */
final class Rest_Leads {
	/** A CRM may take its time, twice: the test lead is made and erased. */
	const TEST_TIMEOUT_S = 60;

	/** Adds the routes. */
	public static function routes(): void {
		Rest::route( '/leads/(?P<id>[0-9a-fA-F-]{36})/deliveries/(?P<target>[a-z][a-z0-9:-]{0,99})', 'POST', array( self::class, 'deliver' ) );
		Rest::route( '/crm/(?P<name>[a-z]{1,40})/test', 'POST', array( self::class, 'test' ) );
	}

	/**
	 * Hands a lead over to one receiver again.
	 *
	 * @param \WP_REST_Request $request {id, target}.
	 * @return \WP_REST_Response|\WP_Error
	 */
	public static function deliver( \WP_REST_Request $request ) {
		$path = strtolower( (string) $request['id'] ) . '/deliveries/' . rawurlencode( (string) $request['target'] );
		return Rest::pass_on( Relay::call( 'POST', '/v1/site/leads/' . $path ) );
	}

	/**
	 * Tries a CRM with a lead of nobody.
	 *
	 * @param \WP_REST_Request $request {name}.
	 * @return \WP_REST_Response|\WP_Error
	 */
	public static function test( \WP_REST_Request $request ) {
		return Rest::pass_on(
			Relay::call( 'POST', '/v1/site/crm/' . (string) $request['name'] . '/test', null, array( 'timeout' => self::TEST_TIMEOUT_S ) )
		);
	}
}
