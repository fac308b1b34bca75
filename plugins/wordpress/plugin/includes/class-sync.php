<?php
/**
 * Keeping the relay's knowledge at what an anonymous visitor can read.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** Notices changes, and works them off in short steps: by cron, by the admin's browser, or by WP-CLI. */
final class Sync {
	/** When the relay last took something. */
	const LAST = 'confab_sync_last';

	/** Until when the relay is left alone, and why. */
	const WAIT = 'confab_sync_wait';

	/** Seconds of work in one run of cron. */
	const RUN_S = 20;

	/** Posts looked at in one call. */
	const BATCH = 100;

	/** First, and longest, wait after the relay could not be reached, in seconds. */
	const WAIT_MIN_S = 30;
	const WAIT_MAX_S = 3600;

	/** Wait where the plan is used up, in seconds. */
	const WAIT_PLAN_S = 21600;

	/**
	 * Posts that are about to be deleted, and whether the relay has them.
	 *
	 * @var array<int, bool>
	 */
	private static $known = array();

	/** Adds the hooks. */
	public static function register(): void {
		add_action( 'wp_after_insert_post', array( self::class, 'on_saved' ), 10, 4 );
		add_action( 'before_delete_post', array( self::class, 'on_deleting' ) );
		add_action( 'deleted_post', array( self::class, 'on_deleted' ), 10, 2 );
		foreach ( array( 'added_post_meta', 'updated_post_meta', 'deleted_post_meta' ) as $event ) {
			add_action( $event, array( self::class, 'on_meta' ), 10, 3 );
		}
		add_action( 'update_option_' . Preferences::OPTION, array( self::class, 'on_preferences' ), 10, 2 );
		add_action( 'add_option_' . Preferences::OPTION, array( self::class, 'on_first_preferences' ), 10, 2 );
		add_action( 'permalink_structure_changed', array( self::class, 'on_all' ) );
		foreach ( array( 'update_option_', 'add_option_' ) as $event ) {
			add_action( $event . 'WPLANG', array( self::class, 'on_all' ) );
			foreach ( array( 'show_on_front', 'page_on_front', 'page_for_posts' ) as $setting ) {
				add_action( $event . $setting, array( self::class, 'on_front' ) );
			}
		}

		add_action( 'confab_connected', array( self::class, 'start' ) );
		add_action( 'confab_disconnected', array( self::class, 'forget_all_local' ) );
		add_action( 'admin_init', array( self::class, 'keep_routine' ) );
		add_action( Schedule::RUN, array( self::class, 'run' ) );
		add_action( Schedule::WATCH, array( self::class, 'run' ) );
		add_action( Schedule::RECONCILE, array( self::class, 'reconcile' ) );
	}

	/** Tells the relay everything anew, and has it compared: it may hold what is no longer public here. */
	public static function start(): void {
		if ( ! self::is_collecting() ) {
			return;
		}
		Rows::remove( self::WAIT );
		Rejected::clear_all();
		Walk::start( Content::types() );
		Reconcile::start();
		Schedule::keep_routine();
		Schedule::at( time() );
	}

	/**
	 * Tells the relay all posts of some types anew, also where that means that they are to be forgotten.
	 *
	 * @param string[] $types Post types.
	 */
	public static function resync( array $types ): void {
		if ( $types && self::is_collecting() ) {
			Walk::start( array_values( $types ) );
			Schedule::at( time() + Queue::DELAY_S );
		}
	}

	/** Has the relay's documents compared with ours. */
	public static function reconcile(): void {
		if ( self::is_collecting() ) {
			Reconcile::start();
			Schedule::at( time() );
		}
	}

	/** One run of cron. */
	public static function run(): void {
		self::step( self::RUN_S );
	}

	/**
	 * Works for so long, and says where things are. Where another request is at work, or the relay must be left alone,
	 * it does nothing. What is left over is scheduled.
	 *
	 * @param int $seconds At least one batch is done, however short the time.
	 */
	public static function step( int $seconds ): array {
		if ( ! self::has_work() || ! Connection::is_connected() ) {
			return self::status();
		}
		if ( self::is_waiting() ) {
			Schedule::at( (int) self::wait()['until'] );
			return self::status();
		}
		// Should the runner be killed, this one or another, the next one comes when its lock has run out.
		$is_ours = Lock::take();
		Schedule::at( time() + Lock::TTL_S + 5 );
		if ( ! $is_ours ) {
			return self::status();
		}
		register_shutdown_function( array( Lock::class, 'release' ) );
		$until = microtime( true ) + max( 0, $seconds );
		Builder::begin();
		try {
			do {
				$goes_on = self::work( $until );
				self::clean_memory();
			} while ( $goes_on && microtime( true ) < $until && Lock::keep() && Connection::is_connected() );
		} finally {
			Builder::rest();
			Lock::release();
		}
		Schedule::clear_run();
		if ( self::has_work() && Connection::is_connected() ) {
			$wait = self::wait();
			Schedule::at( $wait ? (int) $wait['until'] : time() );
		}
		return self::status();
	}

	/**
	 * Where things are: {state: 'idle'|'running'|'waiting'|'paused', total, done, failed, pending, lastSyncedAt,
	 * message, errors: [{id, title, code, message}]}.
	 */
	public static function status(): array {
		$walk    = Walk::state();
		$wait    = self::wait();
		$queued  = Queue::count();
		$failed  = Rejected::count();
		$last    = (int) Rows::get( self::LAST );
		$done    = $walk ? (int) $walk['done'] : Walk::synced();
		$total   = $walk ? max( (int) $walk['total'], $done ) : $done + $queued;
		$pending = $queued + ( $walk ? $total - $done : 0 );
		$state   = $pending > 0 || $walk ? 'running' : 'idle';
		$message = '';
		if ( ! Connection::is_connected() ) {
			$state   = 'paused';
			$message = self::why_paused( Connection::state() );
		} elseif ( $wait && $pending > 0 ) {
			$state   = empty( $wait['stop'] ) ? 'waiting' : 'paused';
			$message = isset( $wait['message'] ) ? (string) $wait['message'] : '';
		}
		return array(
			'state'        => $state,
			'total'        => $total,
			'done'         => $done,
			'failed'       => $failed,
			'pending'      => $pending,
			'lastSyncedAt' => $last > 0 ? gmdate( 'Y-m-d\TH:i:s\Z', $last ) : null,
			'message'      => $message,
			'errors'       => $failed > 0 ? Rejected::listed() : array(),
		);
	}

	/** Drops everything that the sync keeps here: queue, progress, events, and what it noted on posts. */
	public static function forget_all_local(): void {
		self::stop();
		Queue::clear();
		Walk::clear();
		Reconcile::clear();
		Rejected::clear_all();
		// Without its lock a run that is under way stops.
		foreach ( array( self::LAST, self::WAIT, Builder::ROW, Lock::ROW ) as $row ) {
			Rows::remove( $row );
		}
		delete_post_meta_by_key( Content::SYNCED );
	}

	/** Takes the events back; what waits stays. For the plugin's deactivation. */
	public static function stop(): void {
		Schedule::clear();
	}

	/** Schedules the routine where it is not: the plugin was off, so nobody knows what happened meanwhile. */
	public static function keep_routine(): void {
		if ( Connection::is_connected() && Schedule::keep_routine() ) {
			self::reconcile();
		}
	}

	/**
	 * A post was saved, in whatever way.
	 *
	 * @param int           $post_id Post.
	 * @param \WP_Post      $post    As it is now.
	 * @param bool          $update  Not used.
	 * @param \WP_Post|null $before  As it was.
	 */
	public static function on_saved( $post_id, $post, $update, $before ): void {
		$was_public = $before instanceof \WP_Post && Content::is_published( $before );
		if ( $was_public || ( $post instanceof \WP_Post && in_array( $post->post_type, Content::types(), true ) ) ) {
			self::look( (int) $post_id, $was_public );
		}
		if ( $was_public && is_post_type_hierarchical( $post->post_type )
			&& ( $before->post_name !== $post->post_name || $before->post_parent !== $post->post_parent ) ) {
			self::resync( array( $post->post_type ) ); // The pages below it have other addresses.
		}
	}

	/**
	 * A post is about to be deleted, with what we noted on it.
	 *
	 * @param int $post_id Post.
	 */
	public static function on_deleting( $post_id ): void {
		self::$known[ (int) $post_id ] = (bool) get_post_meta( $post_id, Content::SYNCED, true );
	}

	/**
	 * A post was deleted.
	 *
	 * @param int      $post_id Post.
	 * @param \WP_Post $post    What it was.
	 */
	public static function on_deleted( $post_id, $post ): void {
		$is_known = ! empty( self::$known[ (int) $post_id ] );
		unset( self::$known[ (int) $post_id ] );
		if ( self::is_collecting() && ( $is_known || Content::is_published( $post ) ) ) {
			Queue::forget( (int) $post_id, $is_known );
		}
	}

	/**
	 * A post's meta changed.
	 *
	 * @param int|int[] $meta_id Not used.
	 * @param int       $post_id Post.
	 * @param string    $key     Which meta.
	 */
	public static function on_meta( $meta_id, $post_id, $key ): void {
		if ( in_array( $key, Content::deciding_meta(), true ) ) {
			self::look( (int) $post_id );
		}
	}

	/**
	 * Other types are synced than before.
	 *
	 * @param mixed $before Preferences.
	 * @param mixed $after  Preferences.
	 */
	public static function on_preferences( $before, $after ): void {
		$old = is_array( $before ) && isset( $before['post_types'] ) ? (array) $before['post_types'] : Preferences::defaults()['post_types'];
		$new = is_array( $after ) && isset( $after['post_types'] ) ? (array) $after['post_types'] : array();
		self::resync( array_merge( array_diff( $old, $new ), array_diff( $new, $old ) ) );
	}

	/**
	 * The same, when preferences are saved for the first time.
	 *
	 * @param string $option Not used.
	 * @param mixed  $after  Preferences.
	 */
	public static function on_first_preferences( $option, $after ): void {
		self::on_preferences( Preferences::defaults(), $after );
	}

	/** All pages have other addresses, or another language. */
	public static function on_all(): void {
		self::resync( Content::types() );
	}

	/** Another page is the first one, or gives its place to the list of posts. */
	public static function on_front(): void {
		self::resync( array( 'page' ) );
	}

	/**
	 * Marks a post for what it is now: to be told, or to be forgotten.
	 *
	 * @param int  $post_id    Post; 0 where meta of all posts was deleted at once: the night's comparison sees to that.
	 * @param bool $was_public Whether it was published before, so that a run may be sending it just now.
	 */
	public static function look( int $post_id, bool $was_public = false ): void {
		if ( 0 === $post_id || ! self::is_collecting() ) {
			return;
		}
		$post = get_post( $post_id );
		if ( $post && Content::is_public( $post ) ) {
			Queue::mark( $post_id );
			return;
		}
		$is_known = (bool) get_post_meta( $post_id, Content::SYNCED, true );
		if ( $is_known || $was_public || Lock::is_held() ) {
			Queue::forget( $post_id, $is_known );
		}
	}

	/**
	 * Changes are noted while there is a relay to tell them to, also while it refuses our secret. A copy of the site
	 * notes nothing.
	 */
	private static function is_collecting(): bool {
		return in_array( Connection::state(), array( 'connected', 'revoked' ), true );
	}

	/** Whether anything is left to do. */
	private static function has_work(): bool {
		return Queue::count() > 0 || Walk::state() || Reconcile::is_running();
	}

	/**
	 * Does one batch: first what changed, then the walk, then the comparison. Says whether to go on.
	 *
	 * @param float $until Time of the clock after which no further post is begun.
	 */
	private static function work( float $until ): bool {
		$rows = Queue::next( self::BATCH );
		if ( $rows ) {
			$forget = array_keys( array_filter( $rows, array( Queue::class, 'is_forget' ) ) );
			$result = Push::posts( array_keys( $rows ), $forget, $until );
			foreach ( $result['handled'] as $id ) {
				Queue::done( $id, $rows[ $id ] );
			}
			return self::note( $result['failure'] );
		}
		$walk = Walk::state();
		if ( $walk ) {
			$ids = Walk::next( $walk, self::BATCH );
			if ( ! $ids ) {
				Walk::finish( $walk );
				return true;
			}
			$result = Push::posts( $ids, array(), $until );
			if ( $result['handled'] ) {
				Walk::advance( $walk, $result['handled'] );
			}
			return self::note( $result['failure'] );
		}
		return Reconcile::is_running() && self::note( Reconcile::step( $until ) );
	}

	/**
	 * Writes down how the relay is. Says whether to go on.
	 *
	 * @param Relay_Answer|null $failure Its answer, where it could not take something now.
	 */
	private static function note( ?Relay_Answer $failure ): bool {
		if ( ! $failure ) {
			Rows::remove( self::WAIT );
			return true;
		}
		$before  = Rows::decode( Rows::get( self::WAIT ) );
		$tries   = isset( $before['tries'] ) ? (int) $before['tries'] : 0;
		$seconds = min( self::WAIT_MAX_S, self::WAIT_MIN_S * 2 ** min( $tries, 10 ) );
		$seconds = 402 === $failure->status ? self::WAIT_PLAN_S : $seconds;
		// Many sites wait for the same relay: they must not all come back at the same moment.
		$seconds = (int) ( $seconds * wp_rand( 75, 125 ) / 100 );
		Rows::set(
			self::WAIT,
			(string) wp_json_encode(
				array(
					'until'   => time() + max( $seconds, $failure->retry_after ),
					'tries'   => $tries + 1,
					'code'    => $failure->code,
					'message' => $failure->message,
					'stop'    => in_array( $failure->status, array( 401, 402 ), true ),
				)
			)
		);
		return false;
	}

	/** Until when and why the relay is left alone: {until, tries, code, message, stop}; empty where it is not. */
	private static function wait(): array {
		return Rows::decode( Rows::get( self::WAIT ) );
	}

	/** Whether the relay must be left alone now; not where a clock that was far ahead wrote so. */
	private static function is_waiting(): bool {
		$wait = self::wait();
		$left = isset( $wait['until'] ) ? (int) $wait['until'] - time() : 0;
		return $left > 0 && $left <= 2 * DAY_IN_SECONDS;
	}

	/** Lets go of what rendering left in memory: a first sync renders thousands of posts in one process. */
	private static function clean_memory(): void {
		global $wpdb;
		$wpdb->queries = array();
		if ( wp_cache_supports( 'flush_runtime' ) ) {
			wp_cache_flush_runtime();
		}
	}

	/**
	 * What the owner must do before the sync goes on.
	 *
	 * @param string $state Of the connection.
	 */
	private static function why_paused( string $state ): string {
		switch ( $state ) {
			case 'moved':
				return __( 'The address of this site has changed since it was connected. Say whether the site moved or is a copy; until then nothing is sent.', 'confab' );
			case 'revoked':
				return __( 'The relay no longer accepts this site’s secret. Connect the site again; what changes meanwhile is kept.', 'confab' );
			default:
				return __( 'This site is not connected to a relay.', 'confab' );
		}
	}
}
