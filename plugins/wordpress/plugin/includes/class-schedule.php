<?php
/**
 * When the sync runs next.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** The one event that runs the sync: in Action Scheduler where a plugin brings it, else in WP-Cron. */
final class Schedule {
	const RUN       = 'confab_sync_run';
	const WATCH     = 'confab_sync_watch';
	const RECONCILE = 'confab_reconcile';
	const GROUP     = 'confab';

	/**
	 * Sees to it that the sync runs at that time or earlier.
	 *
	 * @param int $time Unix time.
	 */
	public static function at( int $time ): void {
		if ( self::has_action_scheduler() ) {
			$next = as_next_scheduled_action( self::RUN, array(), self::GROUP );
			if ( is_int( $next ) && $next <= $time ) {
				return;
			}
			as_unschedule_all_actions( self::RUN, array(), self::GROUP );
			as_schedule_single_action( $time, self::RUN, array(), self::GROUP );
			return;
		}
		$next = wp_next_scheduled( self::RUN );
		if ( false !== $next && $next <= $time ) {
			return;
		}
		// Core drops an event that comes within ten minutes of another one.
		wp_clear_scheduled_hook( self::RUN );
		wp_schedule_single_event( $time, self::RUN );
	}

	/** Takes the next run back. */
	public static function clear_run(): void {
		wp_clear_scheduled_hook( self::RUN );
		if ( self::has_action_scheduler() ) {
			as_unschedule_all_actions( self::RUN, array(), self::GROUP );
		}
	}

	/**
	 * Sees to it that the hourly look for forgotten work and the nightly comparison are scheduled; says whether they
	 * were not.
	 */
	public static function keep_routine(): bool {
		$is_new = false;
		if ( ! wp_next_scheduled( self::WATCH ) ) {
			wp_schedule_event( time() + HOUR_IN_SECONDS, 'hourly', self::WATCH );
			$is_new = true;
		}
		if ( ! wp_next_scheduled( self::RECONCILE ) ) {
			// Not all sites of a relay at the same minute.
			$night = ( new \DateTimeImmutable( 'tomorrow 02:00', wp_timezone() ) )->getTimestamp();
			wp_schedule_event( $night + wp_rand( 0, 3 * HOUR_IN_SECONDS ), 'daily', self::RECONCILE );
			$is_new = true;
		}
		return $is_new;
	}

	/** Takes everything back. */
	public static function clear(): void {
		self::clear_run();
		wp_clear_scheduled_hook( self::WATCH );
		wp_clear_scheduled_hook( self::RECONCILE );
	}

	/** Whether Action Scheduler is there and ready. */
	private static function has_action_scheduler(): bool {
		return function_exists( 'as_schedule_single_action' ) && did_action( 'action_scheduler_init' ) > 0;
	}
}
