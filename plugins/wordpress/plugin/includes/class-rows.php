<?php
/**
 * Small facts that several requests write at once.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/**
 * Rows of the options table, read and written past every cache: each write is one statement, so that two requests at
 * the same moment never undo each other, and a request that runs for long sees what others did meanwhile.
 */
final class Rows {
	/**
	 * The value under a name, null where there is none.
	 *
	 * @param string $name Option name.
	 */
	public static function get( string $name ): ?string {
		global $wpdb;
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- a cached value would be another request's past.
		$value = $wpdb->get_var( $wpdb->prepare( "SELECT option_value FROM $wpdb->options WHERE option_name = %s", $name ) );
		return null === $value ? null : (string) $value;
	}

	/**
	 * Writes a value, whatever was there.
	 *
	 * @param string $name  Option name.
	 * @param string $value New value.
	 */
	public static function set( string $name, string $value ): void {
		global $wpdb;
		$sql = "INSERT INTO $wpdb->options (option_name, option_value, autoload) VALUES (%s, %s, 'off')
			ON DUPLICATE KEY UPDATE option_value = VALUES(option_value)";
		$wpdb->query( $wpdb->prepare( $sql, $name, $value ) ); // phpcs:ignore WordPress.DB
	}

	/**
	 * Writes a value where there is none yet; says whether it was this call that did.
	 *
	 * @param string $name  Option name.
	 * @param string $value New value.
	 */
	public static function add( string $name, string $value ): bool {
		global $wpdb;
		$sql = "INSERT IGNORE INTO $wpdb->options (option_name, option_value, autoload) VALUES (%s, %s, 'off')";
		return 1 === (int) $wpdb->query( $wpdb->prepare( $sql, $name, $value ) ); // phpcs:ignore WordPress.DB
	}

	/**
	 * Changes a value that is still what the caller saw; says whether it was.
	 *
	 * @param string $name     Option name.
	 * @param string $expected What the caller saw; must differ from the new value.
	 * @param string $value    New value.
	 */
	public static function swap( string $name, string $expected, string $value ): bool {
		global $wpdb;
		$sql = "UPDATE $wpdb->options SET option_value = %s WHERE option_name = %s AND option_value = %s";
		return 1 === (int) $wpdb->query( $wpdb->prepare( $sql, $value, $name, $expected ) ); // phpcs:ignore WordPress.DB
	}

	/**
	 * Removes a row; where `expected` is given, only while it still holds that.
	 *
	 * @param string      $name     Option name.
	 * @param string|null $expected What the caller saw.
	 */
	public static function remove( string $name, ?string $expected = null ): void {
		global $wpdb;
		if ( null === $expected ) {
			$wpdb->query( $wpdb->prepare( "DELETE FROM $wpdb->options WHERE option_name = %s", $name ) ); // phpcs:ignore WordPress.DB
			return;
		}
		$sql = "DELETE FROM $wpdb->options WHERE option_name = %s AND option_value = %s";
		$wpdb->query( $wpdb->prepare( $sql, $name, $expected ) ); // phpcs:ignore WordPress.DB
	}

	/**
	 * Removes several rows.
	 *
	 * @param string[] $names Option names.
	 */
	public static function remove_these( array $names ): void {
		global $wpdb;
		if ( $names ) {
			$in = implode( ', ', array_fill( 0, count( $names ), '%s' ) );
			$wpdb->query( $wpdb->prepare( "DELETE FROM $wpdb->options WHERE option_name IN ($in)", $names ) ); // phpcs:ignore WordPress.DB
		}
	}

	/**
	 * Names and values of the rows whose names begin so, lowest value first.
	 *
	 * @param string $prefix Beginning of the names.
	 * @param int    $limit  Most rows.
	 * @return array<string, string>
	 */
	public static function under( string $prefix, int $limit ): array {
		global $wpdb;
		$sql  = "SELECT option_name, option_value FROM $wpdb->options WHERE option_name LIKE %s ORDER BY option_value LIMIT %d";
		$rows = $wpdb->get_results( $wpdb->prepare( $sql, $wpdb->esc_like( $prefix ) . '%', $limit ), ARRAY_N ); // phpcs:ignore WordPress.DB
		return array_column( is_array( $rows ) ? $rows : array(), 1, 0 );
	}

	/**
	 * How many rows have names that begin so.
	 *
	 * @param string $prefix Beginning of the names.
	 */
	public static function count( string $prefix ): int {
		global $wpdb;
		$sql = "SELECT COUNT(*) FROM $wpdb->options WHERE option_name LIKE %s";
		return (int) $wpdb->get_var( $wpdb->prepare( $sql, $wpdb->esc_like( $prefix ) . '%' ) ); // phpcs:ignore WordPress.DB
	}

	/**
	 * Removes all rows whose names begin so.
	 *
	 * @param string $prefix Beginning of the names.
	 */
	public static function remove_under( string $prefix ): void {
		global $wpdb;
		$sql = "DELETE FROM $wpdb->options WHERE option_name LIKE %s";
		$wpdb->query( $wpdb->prepare( $sql, $wpdb->esc_like( $prefix ) . '%' ) ); // phpcs:ignore WordPress.DB
	}

	/**
	 * A value that was written as JSON; an empty array where there is none.
	 *
	 * @param string|null $value What `get` gave.
	 */
	public static function decode( ?string $value ): array {
		$decoded = null === $value ? null : json_decode( $value, true );
		return is_array( $decoded ) ? $decoded : array();
	}
}
