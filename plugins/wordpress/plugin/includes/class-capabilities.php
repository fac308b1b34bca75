<?php
/**
 * Who may manage Confab.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** The capability `manage_confab`, which administrators have. */
final class Capabilities {
	const MANAGE = 'manage_confab';

	/** Adds the hooks. */
	public static function register(): void {
		add_filter( 'map_meta_cap', array( self::class, 'map' ), 10, 2 );
	}

	/**
	 * Maps `manage_confab` to a capability that roles really have, so that no role has to be changed.
	 *
	 * @param string[] $caps What core asks for.
	 * @param string   $cap  What was asked.
	 * @return string[]
	 */
	public static function map( $caps, $cap ) {
		if ( self::MANAGE !== $cap ) {
			return $caps;
		}
		/**
		 * Filters the capability that lets somebody manage Confab.
		 *
		 * @param string $capability A capability of a role, 'manage_options' unless changed.
		 */
		$wanted = apply_filters( 'confab_capability', 'manage_options' );
		return array( is_string( $wanted ) && '' !== $wanted ? $wanted : 'manage_options' );
	}

	/** Whether the current user may manage Confab. */
	public static function current_user_may(): bool {
		return current_user_can( self::MANAGE );
	}
}
