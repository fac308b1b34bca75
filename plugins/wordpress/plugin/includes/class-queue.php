<?php
/**
 * What the relay must be told about.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/**
 * One row for each post that must be looked at again. It does not say what happened to the post: the run looks at what
 * it is by then. A row goes only when what the run saw was told, and nobody marked the post again meanwhile.
 */
final class Queue {
	const PREFIX = 'confab_queue_';

	/** A burst of saves of one post is one push. */
	const DELAY_S = 10;

	/** Seconds that a request which unpublished something waits for the relay. */
	const FORGET_TIMEOUT_S = 3;

	/**
	 * What this request must have forgotten before it ends: row values by site and post.
	 *
	 * @var array<int, array<int, string>>
	 */
	private static $forgotten = array();

	/** Adds the hooks. */
	public static function register(): void {
		add_action( 'shutdown', array( self::class, 'forget_now' ), 100 );
	}

	/**
	 * Marks a post that the relay should have.
	 *
	 * @param int $post_id Post.
	 */
	public static function mark( int $post_id ): void {
		unset( self::$forgotten[ get_current_blog_id() ][ $post_id ] );
		self::put( $post_id, '1' );
	}

	/**
	 * Marks a post that the relay must not have (any more): it is first in line.
	 *
	 * @param int  $post_id  Post.
	 * @param bool $is_known Whether the relay has it, so that it is told before this request ends.
	 */
	public static function forget( int $post_id, bool $is_known ): void {
		$value = self::put( $post_id, '0' );
		if ( $is_known ) {
			self::$forgotten[ get_current_blog_id() ][ $post_id ] = $value;
		}
	}

	/**
	 * Tells the relay what it must forget, at the end of the request that made it so. Where that fails, the rows are
	 * still there.
	 */
	public static function forget_now(): void {
		$all             = self::$forgotten;
		self::$forgotten = array();
		if ( $all && ! ( defined( 'WP_CLI' ) && WP_CLI ) ) {
			foreach ( array( 'fastcgi_finish_request', 'litespeed_finish_request' ) as $finish ) {
				if ( function_exists( $finish ) ) {
					$finish();
				}
			}
		}
		foreach ( $all as $blog_id => $rows ) {
			$is_other = get_current_blog_id() !== $blog_id;
			if ( $is_other ) {
				switch_to_blog( $blog_id );
			}
			self::forget_rows( array_slice( $rows, 0, Push::DOCUMENTS_MAX, true ) );
			if ( $is_other ) {
				restore_current_blog();
			}
		}
	}

	/**
	 * The next posts to look at, those to be forgotten first: row values by post.
	 *
	 * @param int $limit Most.
	 * @return array<int, string>
	 */
	public static function next( int $limit ): array {
		$next = array();
		foreach ( Rows::under( self::PREFIX, $limit ) as $name => $value ) {
			$next[ Content::post_id( substr( $name, strlen( self::PREFIX ) ) ) ] = $value;
		}
		return $next;
	}

	/**
	 * Whether a row says that the post must be forgotten.
	 *
	 * @param string $value Row value.
	 */
	public static function is_forget( string $value ): bool {
		return '0' === $value[0];
	}

	/**
	 * Takes a post out, unless it was marked again since.
	 *
	 * @param int    $post_id Post.
	 * @param string $value   The row value that was dealt with.
	 */
	public static function done( int $post_id, string $value ): void {
		Rows::remove( self::PREFIX . Content::external_id( $post_id ), $value );
	}

	/** How many posts wait. */
	public static function count(): int {
		return Rows::count( self::PREFIX );
	}

	/** Drops everything that waits. */
	public static function clear(): void {
		self::$forgotten = array();
		Rows::remove_under( self::PREFIX );
	}

	/**
	 * Forgets at once what these rows name.
	 *
	 * @param array<int, string> $rows Row values by post.
	 */
	private static function forget_rows( array $rows ): void {
		if ( ! $rows || ! Connection::is_connected() ) {
			return;
		}
		// A runner at work may hold what it read before: it must look again when its own push is through.
		$is_running = Lock::is_held();
		$ids        = array_map( array( Content::class, 'external_id' ), array_keys( $rows ) );
		$answer     = Relay::call(
			'POST',
			'/v1/site/documents',
			array(
				'upsert' => array(),
				'delete' => $ids,
			),
			array( 'timeout' => self::FORGET_TIMEOUT_S )
		);
		if ( ! $answer->is_ok() || $is_running ) {
			return;
		}
		foreach ( $rows as $post_id => $value ) {
			delete_post_meta( $post_id, Content::SYNCED );
			self::done( $post_id, $value );
		}
	}

	/**
	 * Writes a row that differs from every other one, and has the run scheduled.
	 *
	 * @param int    $post_id Post.
	 * @param string $place   '0' before '1'.
	 */
	private static function put( int $post_id, string $place ): string {
		$value = sprintf( '%s %.6F %s', $place, microtime( true ), wp_generate_password( 8, false ) );
		Rows::set( self::PREFIX . Content::external_id( $post_id ), $value );
		Rejected::clear( $post_id );
		Schedule::at( time() + self::DELAY_S );
		return $value;
	}
}
