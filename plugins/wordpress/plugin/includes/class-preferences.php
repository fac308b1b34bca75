<?php
/**
 * What the owner decided about this site, and the relay need not know.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** Where the widget shows, and which types of content are synced. */
final class Preferences {
	const OPTION = 'confab_preferences';

	/** Every preference, with its default where the owner said nothing. */
	public static function get(): array {
		return self::clean( get_option( self::OPTION ) );
	}

	/**
	 * Saves what is given, keeps the rest, and returns all.
	 *
	 * @param array $changes Some of the preferences.
	 */
	public static function save( array $changes ): array {
		$preferences = self::clean( array_merge( self::get(), $changes ) );
		update_option( self::OPTION, $preferences, true );
		return $preferences;
	}

	/** The preferences of a new site. */
	public static function defaults(): array {
		return array(
			'post_types'      => array( 'post', 'page', 'product' ),
			'hide_for_roles'  => array(),
			'hide_on'         => array(),
			'hide_post_types' => array(),
			'widget'          => true,
		);
	}

	/** JSON schema of the preferences, one property each. */
	public static function schema(): array {
		$names = array(
			'type'     => 'array',
			'maxItems' => 200,
			'items'    => array(
				'type'      => 'string',
				'minLength' => 1,
				'maxLength' => 100,
			),
		);
		return array(
			'post_types'      => $names,
			'hide_for_roles'  => $names,
			'hide_on'         => array(
				'type'     => 'array',
				'maxItems' => 1000,
				'items'    => array(
					'type'    => 'integer',
					'minimum' => 1,
				),
			),
			'hide_post_types' => $names,
			'widget'          => array( 'type' => 'boolean' ),
		);
	}

	/**
	 * Makes preferences of anything: an option may hold what another version, or another plugin, has written.
	 *
	 * @param mixed $given What was stored or sent.
	 */
	private static function clean( $given ): array {
		$given       = is_array( $given ) ? $given : array();
		$preferences = self::defaults();
		foreach ( array( 'post_types', 'hide_for_roles', 'hide_post_types' ) as $name ) {
			if ( isset( $given[ $name ] ) && is_array( $given[ $name ] ) ) {
				$names                = array_filter( $given[ $name ], 'is_string' );
				$preferences[ $name ] = array_values( array_unique( array_filter( array_map( 'sanitize_key', $names ) ) ) );
			}
		}
		if ( isset( $given['hide_on'] ) && is_array( $given['hide_on'] ) ) {
			$ids                    = array_map( 'absint', array_filter( $given['hide_on'], 'is_scalar' ) );
			$preferences['hide_on'] = array_values( array_unique( array_filter( $ids ) ) );
		}
		if ( isset( $given['widget'] ) ) {
			$preferences['widget'] = (bool) $given['widget'];
		}
		return $preferences;
	}
}
