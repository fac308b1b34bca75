<?php
/**
 * Telling the relay everything.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/**
 * A cursor over the ids of all posts of some types: constant memory however many there are, and after any kind of end
 * it goes on where it was.
 */
final class Walk {
	const ROW = 'confab_sync_walk';

	/**
	 * Begins at the first post. Where a walk is under way, its types are walked again too.
	 *
	 * @param string[] $types        Post types.
	 * @param bool     $only_missing Only posts that the relay was never given.
	 */
	public static function start( array $types, bool $only_missing = false ): void {
		$there = self::state();
		if ( $there ) {
			$types        = array_values( array_unique( array_merge( $there['types'], $types ) ) );
			$only_missing = $only_missing && $there['missing'];
		}
		$state = array(
			'run'     => wp_generate_password( 12, false ),
			'types'   => $types,
			'missing' => $only_missing,
			'after'   => 0,
			'done'    => 0,
			'total'   => self::count( $types, $only_missing ),
		);
		Rows::set( self::ROW, (string) wp_json_encode( $state ) );
	}

	/** Where the walk is: {run, types, missing, after, done, total}; empty where there is none. */
	public static function state(): array {
		$state = Rows::decode( Rows::get( self::ROW ) );
		return isset( $state['run'], $state['types'], $state['missing'], $state['after'], $state['done'], $state['total'] ) ? $state : array();
	}

	/**
	 * The next posts.
	 *
	 * @param array $state Where the walk is.
	 * @param int   $limit Most.
	 * @return int[]
	 */
	public static function next( array $state, int $limit ): array {
		global $wpdb;
		$sql = 'SELECT p.ID ' . self::candidates( $state['types'], $state['missing'] ) . $wpdb->prepare( ' AND p.ID > %d ORDER BY p.ID LIMIT %d', $state['after'], $limit );
		return array_map( 'intval', $wpdb->get_col( $sql ) ); // phpcs:ignore WordPress.DB
	}

	/**
	 * Goes on behind these posts; not where somebody began anew meanwhile.
	 *
	 * @param array $state Where the walk was.
	 * @param int[] $ids   Posts that are done with.
	 */
	public static function advance( array $state, array $ids ): void {
		$next = array_merge(
			$state,
			array(
				'after' => max( $ids ),
				'done'  => $state['done'] + count( $ids ),
			)
		);
		Rows::swap( self::ROW, (string) wp_json_encode( $state ), (string) wp_json_encode( $next ) );
	}

	/**
	 * Ends the walk; not where somebody began anew meanwhile.
	 *
	 * @param array $state Where the walk was.
	 */
	public static function finish( array $state ): void {
		Rows::remove( self::ROW, (string) wp_json_encode( $state ) );
	}

	/** Drops the walk. */
	public static function clear(): void {
		Rows::remove( self::ROW );
	}

	/**
	 * How many posts there are to walk.
	 *
	 * @param string[] $types        Post types.
	 * @param bool     $only_missing Only posts that the relay was never given.
	 */
	public static function count( array $types, bool $only_missing ): int {
		global $wpdb;
		return (int) $wpdb->get_var( 'SELECT COUNT(*) ' . self::candidates( $types, $only_missing ) ); // phpcs:ignore WordPress.DB
	}

	/** How many published posts we believe the relay has. */
	public static function synced(): int {
		global $wpdb;
		$sql = "SELECT COUNT(DISTINCT p.ID) FROM $wpdb->posts p
			JOIN $wpdb->postmeta m ON m.post_id = p.ID AND m.meta_key = %s WHERE p.post_status = 'publish'";
		return (int) $wpdb->get_var( $wpdb->prepare( $sql, Content::SYNCED ) ); // phpcs:ignore WordPress.DB
	}

	/**
	 * The posts that may be public, as the end of a query.
	 *
	 * @param string[] $types        Post types.
	 * @param bool     $only_missing Only posts that the relay was never given.
	 */
	private static function candidates( array $types, bool $only_missing ): string {
		global $wpdb;
		$types = $types ? $types : array( '' );
		$in    = implode( ', ', array_fill( 0, count( $types ), '%s' ) );
		// phpcs:disable WordPress.DB
		$sql = "FROM $wpdb->posts p WHERE p.post_status = 'publish' AND p.post_password = '' AND p.post_type IN ($in)";
		if ( $only_missing ) {
			$sql    .= " AND NOT EXISTS (SELECT 1 FROM $wpdb->postmeta m WHERE m.post_id = p.ID AND m.meta_key = %s)";
			$types[] = Content::SYNCED;
		}
		return $wpdb->prepare( $sql, $types );
		// phpcs:enable
	}
}
