<?php
/**
 * One runner at a time.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** Held by the request that syncs. A runner that was killed loses it after two minutes. */
final class Lock {
	const ROW   = 'confab_sync_lock';
	const TTL_S = 120;

	/**
	 * What our row holds: when it runs out, and whose it is. '' where we do not have it.
	 *
	 * @var string
	 */
	private static $held = '';

	/** Takes the lock, or says that another request has it. */
	public static function take(): bool {
		$mine  = self::fresh();
		$there = Rows::get( self::ROW );
		$taken = null === $there
			? Rows::add( self::ROW, $mine )
			: ! self::is_live( $there ) && Rows::swap( self::ROW, $there, $mine );
		if ( $taken ) {
			self::$held = $mine;
		}
		return $taken;
	}

	/** Keeps the lock for longer; false where another request has taken it over. */
	public static function keep(): bool {
		if ( (int) self::$held > time() + self::TTL_S - 15 ) {
			return true;
		}
		$mine       = self::fresh();
		self::$held = '' !== self::$held && Rows::swap( self::ROW, self::$held, $mine ) ? $mine : '';
		return '' !== self::$held;
	}

	/** Gives the lock back. */
	public static function release(): void {
		if ( '' !== self::$held ) {
			Rows::remove( self::ROW, self::$held );
			self::$held = '';
		}
	}

	/** Whether any request holds the lock. */
	public static function is_held(): bool {
		return self::is_live( (string) Rows::get( self::ROW ) );
	}

	/**
	 * Whether a row has not run out; not where it was written by a clock that was far ahead.
	 *
	 * @param string $row What the row holds.
	 */
	private static function is_live( string $row ): bool {
		$left = (int) $row - time();
		return $left >= 0 && $left <= 2 * self::TTL_S;
	}

	/** A new content for the row. */
	private static function fresh(): string {
		return ( time() + self::TTL_S ) . ' ' . wp_generate_password( 16, false );
	}
}
