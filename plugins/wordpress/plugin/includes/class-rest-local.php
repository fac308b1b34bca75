<?php
/**
 * REST routes about what this site does by itself.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** Preferences and sync. */
final class Rest_Local {
	const STEP_S = 10;

	/** Adds the routes. */
	public static function routes(): void {
		Rest::route( '/preferences', 'GET', array( self::class, 'preferences' ) );
		Rest::route( '/preferences', 'PUT', array( self::class, 'save_preferences' ), Preferences::schema() );
		Rest::route( '/sync', 'GET', array( self::class, 'sync' ) );
		Rest::route(
			'/sync',
			'POST',
			array( self::class, 'do_sync' ),
			array(
				'action' => array(
					'type'     => 'string',
					'enum'     => array( 'start', 'step' ),
					'required' => true,
				),
			)
		);
	}

	/** Every preference. */
	public static function preferences(): \WP_REST_Response {
		return new \WP_REST_Response( Preferences::get() );
	}

	/**
	 * Saves those that are given.
	 *
	 * @param \WP_REST_Request $request Some preferences.
	 */
	public static function save_preferences( \WP_REST_Request $request ): \WP_REST_Response {
		$changes = array();
		foreach ( array_keys( Preferences::defaults() ) as $name ) {
			if ( null !== $request[ $name ] ) {
				$changes[ $name ] = $request[ $name ];
			}
		}
		return new \WP_REST_Response( Preferences::save( $changes ) );
	}

	/** How far the sync is. */
	public static function sync(): \WP_REST_Response {
		return new \WP_REST_Response( Sync::status() );
	}

	/**
	 * Begins anew, or works for a while so that whoever looks on sees it move.
	 *
	 * @param \WP_REST_Request $request {action}.
	 */
	public static function do_sync( \WP_REST_Request $request ): \WP_REST_Response {
		if ( 'step' === $request['action'] ) {
			return new \WP_REST_Response( Sync::step( self::STEP_S ) );
		}
		Sync::start();
		return self::sync();
	}
}
