<?php
/**
 * The same value, the same text.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** RFC 8785 for what we hash: objects, lists, strings, whole numbers, booleans and null. */
final class Canonical_Json {
	/**
	 * The value as canonical JSON. An array with keys 0, 1, 2 … is a list, an empty one too; an object is always an object.
	 *
	 * @param mixed $value Without floats: PHP and RFC 8785 do not write them alike.
	 * @throws \InvalidArgumentException For what cannot be written.
	 */
	public static function encode( $value ): string {
		if ( is_array( $value ) && array_keys( $value ) === array_keys( array_keys( $value ) ) ) {
			return '[' . implode( ',', array_map( array( self::class, 'encode' ), $value ) ) . ']';
		}
		if ( is_array( $value ) || is_object( $value ) ) {
			$members = (array) $value;
			uksort( $members, array( self::class, 'compare' ) );
			$texts = array();
			foreach ( $members as $name => $member ) {
				$texts[] = self::encode( (string) $name ) . ':' . self::encode( $member );
			}
			return '{' . implode( ',', $texts ) . '}';
		}
		$flags = JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_LINE_TERMINATORS;
		$text  = is_float( $value ) ? false : json_encode( $value, $flags ); // phpcs:ignore WordPress.WP.AlternativeFunctions -- wp_json_encode would repair, and so change, the text.
		if ( false === $text ) {
			throw new \InvalidArgumentException( 'This value cannot be written as canonical JSON.' );
		}
		return $text;
	}

	/**
	 * Orders names by UTF-16 code units. In UTF-8 that is the order of bytes, but for U+E000 to U+FFFF, which stand
	 * behind the four-byte characters.
	 *
	 * @param string|int $one     A name.
	 * @param string|int $another A name.
	 */
	private static function compare( $one, $another ): int {
		return strcmp( strtr( (string) $one, "\xEE\xEF", "\xF5\xF6" ), strtr( (string) $another, "\xEE\xEF", "\xF5\xF6" ) );
	}
}
