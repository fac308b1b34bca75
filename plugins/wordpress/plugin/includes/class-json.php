<?php
/**
 * Reading what others sent.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** Reads decoded JSON, which may hold anything. */
final class Json {
	/**
	 * The text of this name; '' where there is none.
	 *
	 * @param array  $source Decoded JSON.
	 * @param string $name   Name of the member.
	 */
	public static function text( array $source, string $name ): string {
		return isset( $source[ $name ] ) && is_string( $source[ $name ] ) ? $source[ $name ] : '';
	}
}
