<?php
/**
 * Comparing what the relay has with what it should have.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/**
 * Pages through the relay's documents. What should not be there is deleted, what differs is queued, and where something
 * is missing the posts are walked. It finds what no hook told: content changed behind WordPress' back, while the
 * plugin was off, or by a shortcode.
 */
final class Reconcile {
	const ROW = 'confab_sync_reconcile';

	/** Documents in one page, each of which is rendered. */
	const PAGE = 50;

	/** Begins at the first page. */
	public static function start(): void {
		Rows::set( self::ROW, self::text( '', '', 0 ) );
	}

	/** Whether a comparison is under way. */
	public static function is_running(): bool {
		return null !== Rows::get( self::ROW );
	}

	/** Drops the comparison. */
	public static function clear(): void {
		Rows::remove( self::ROW );
	}

	/**
	 * Compares one page, or what of it there is time for. Returns the relay's answer where it could not give it now.
	 *
	 * @param float $until Time of the clock after which no further post is looked at, beyond the first.
	 */
	public static function step( float $until ): ?Relay_Answer {
		$before = (string) Rows::get( self::ROW );
		$state  = Rows::decode( $before );
		$cursor = isset( $state['cursor'] ) ? (string) $state['cursor'] : '';
		$last   = isset( $state['last'] ) ? (string) $state['last'] : '';
		$found  = isset( $state['found'] ) ? (int) $state['found'] : 0;
		$query  = '?limit=' . self::PAGE . ( '' === $cursor ? '' : '&cursor=' . rawurlencode( $cursor ) );
		$answer = Relay::call( 'GET', '/v1/site/documents' . $query );
		if ( ! $answer->is_ok() ) {
			if ( ! $answer->is_worth_retrying() ) {
				// This relay gives no list, or no longer knows the page. Tomorrow is another night.
				self::clear();
				return null;
			}
			return $answer;
		}
		$items    = self::behind( $last, isset( $answer->body['items'] ) ? $answer->body['items'] : null );
		$version  = isset( $answer->body['indexVersion'] ) ? (int) $answer->body['indexVersion'] : 0;
		$strange  = array();
		$compared = 0;
		foreach ( $items as $id => $hash ) {
			if ( $compared > 0 && microtime( true ) >= $until ) {
				break;
			}
			if ( ! Lock::keep() ) {
				return null;
			}
			++$compared;
			if ( self::compare( (string) $id, $hash, $version ) ) {
				++$found;
				$last = (string) $id;
			} else {
				$strange[] = (string) $id;
			}
		}
		Builder::rest();
		if ( $strange ) {
			$deleted = Relay::call(
				'POST',
				'/v1/site/documents',
				array(
					'upsert' => array(),
					'delete' => $strange,
				)
			);
			if ( ! $deleted->is_ok() ) {
				return $deleted;
			}
			foreach ( array_filter( array_map( array( Content::class, 'post_id' ), $strange ) ) as $id ) {
				delete_post_meta( $id, Content::SYNCED );
			}
		}
		$next = isset( $answer->body['nextCursor'] ) && is_string( $answer->body['nextCursor'] ) ? $answer->body['nextCursor'] : '';
		if ( $compared < count( $items ) ) {
			Rows::swap( self::ROW, $before, self::text( $cursor, $last, $found ) );
		} elseif ( '' !== $next && $next !== $cursor ) {
			Rows::swap( self::ROW, $before, self::text( $next, '', $found ) );
		} else {
			Rows::remove( self::ROW, $before );
			self::look_for_missing( $found );
		}
		return null;
	}

	/**
	 * Hashes by external id of what is left of a page of the list.
	 *
	 * @param string $last  External id of the last document that was compared and stays; '' where the page is new.
	 * @param mixed  $items What the relay sent.
	 * @return array<string|int, string>
	 */
	private static function behind( string $last, $items ): array {
		$hashes = array_column( is_array( $items ) ? array_filter( $items, 'is_array' ) : array(), 'hash', 'externalId' );
		$place  = array_search( $last, array_map( 'strval', array_keys( $hashes ) ), true );
		return array_map( 'strval', false === $place ? $hashes : array_slice( $hashes, $place + 1, null, true ) );
	}

	/**
	 * Compares one document; false where the relay should not have it.
	 *
	 * @param string $external_id The relay's name.
	 * @param string $hash        The relay's hash.
	 * @param int    $version     The relay's index version.
	 */
	private static function compare( string $external_id, string $hash, int $version ): bool {
		$post = get_post( Content::post_id( $external_id ) );
		if ( ! $post || 0 === Content::post_id( $external_id ) || ! Content::is_public( $post ) ) {
			return false;
		}
		$built = Builder::build( $post );
		if ( null !== $built && null === $built['document'] ) {
			return false;
		}
		if ( ! get_post_meta( $post->ID, Content::SYNCED, true ) ) {
			update_post_meta( $post->ID, Content::SYNCED, time() );
		}
		if ( null !== $built && Builder::hash( $built['document'], $version ) !== $hash ) {
			Queue::mark( $post->ID );
		}
		return true;
	}

	/**
	 * Walks the posts where the relay has fewer than we believe, or was never given some.
	 *
	 * @param int $found How many of ours the relay has.
	 */
	private static function look_for_missing( int $found ): void {
		$types = Content::types();
		if ( Walk::synced() > $found ) {
			Walk::start( $types );
		} elseif ( Walk::count( $types, true ) > 0 ) {
			Walk::start( $types, true );
		}
	}

	/**
	 * Where we are, as text that differs from that of any other comparison.
	 *
	 * @param string $cursor Of the page.
	 * @param string $last   External id behind which to go on within the page, '' at its beginning.
	 * @param int    $found  How many of ours the relay has, so far.
	 */
	private static function text( string $cursor, string $last, int $found ): string {
		return (string) wp_json_encode(
			array(
				'cursor' => $cursor,
				'last'   => $last,
				'found'  => $found,
				'at'     => wp_generate_password( 8, false ),
			)
		);
	}
}
