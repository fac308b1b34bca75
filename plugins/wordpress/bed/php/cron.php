<?php
// Runs the events that are due within so many seconds, as wp-cron.php would then: the plugin's clock is ahead by them.

namespace Confab {
	define( 'BED_AHEAD', (int) stream_get_contents( STDIN ) );

	/** PHP takes the function of the namespace before its own. */
	function time(): int {
		return \time() + BED_AHEAD;
	}
}

namespace {
	define( 'DOING_CRON', true );
	require __DIR__ . '/load.php';

	( static function () {
		$until = time() + BED_AHEAD;
		foreach ( _get_cron_array() as $timestamp => $hooks ) {
			if ( $timestamp > $until ) {
				break;
			}
			foreach ( $hooks as $hook => $events ) {
				foreach ( $events as $event ) {
					if ( $event['schedule'] ) {
						wp_reschedule_event( $timestamp, $event['schedule'], $hook, $event['args'] );
					}
					wp_unschedule_event( $timestamp, $hook, $event['args'] );
					do_action_ref_array( $hook, $event['args'] );
				}
			}
		}
	} )();
}
