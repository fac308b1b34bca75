<?php
// Action Scheduler's functions, over one option; what is due runs with WordPress' cron.

const STAND_IN_ACTIONS = 'stand_in_actions';

function as_schedule_single_action( $timestamp, $hook, $args = array(), $group = '', $unique = false, $priority = 10 ) {
	$actions   = get_option( STAND_IN_ACTIONS, array() );
	$actions[] = compact( 'timestamp', 'hook', 'args', 'group' );
	update_option( STAND_IN_ACTIONS, $actions );
	if ( ! wp_next_scheduled( 'action_scheduler_run_queue' ) ) {
		wp_schedule_single_event( time(), 'action_scheduler_run_queue' );
	}
	return count( $actions );
}

/** The time of the next one; true while one is running; false where there is none. */
function as_next_scheduled_action( $hook, $args = null, $group = '' ) {
	if ( doing_action( $hook ) && doing_action( 'action_scheduler_run_queue' ) ) {
		return true;
	}
	$times = array_column( array_filter( get_option( STAND_IN_ACTIONS, array() ), static fn( $one ) => $one['hook'] === $hook ), 'timestamp' );
	return $times ? min( $times ) : false;
}

function as_unschedule_all_actions( $hook, $args = array(), $group = '' ) {
	update_option( STAND_IN_ACTIONS, array_values( array_filter( get_option( STAND_IN_ACTIONS, array() ), static fn( $one ) => ( '' !== $hook && $one['hook'] !== $hook ) || ( '' !== $group && $one['group'] !== $group ) ) ) );
}

add_action(
	'action_scheduler_run_queue',
	static function () {
		$all = get_option( STAND_IN_ACTIONS, array() );
		$due = array_filter( $all, static fn( $one ) => $one['timestamp'] <= time() );
		update_option( STAND_IN_ACTIONS, array_values( array_diff_key( $all, $due ) ) );
		foreach ( $due as $one ) {
			do_action_ref_array( $one['hook'], $one['args'] );
		}
	}
);
