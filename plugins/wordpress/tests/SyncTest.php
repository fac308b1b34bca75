<?php

namespace Confab\Tests;

use Confab\Connection;
use Confab\Content;
use Confab\Lock;
use Confab\Preferences;
use Confab\Queue;
use Confab\Rows;
use Confab\Sync;

require_once __DIR__ . '/Sync_Case.php';

final class SyncTest extends Sync_Case {
	public function test_a_burst_of_saves_is_one_push_some_seconds_later(): void {
		$id = $this->post( array( 'post_content' => 'First.' ) );
		wp_update_post( array( 'ID' => $id, 'post_content' => 'Second.' ) );
		wp_update_post( array( 'ID' => $id, 'post_content' => 'Third.' ) );
		$this->assertSame( array(), $this->relay->requests );
		$this->assertSame( 1, Queue::count() );
		$this->assertEqualsWithDelta( time() + 10, $this->next_run(), 2 );
		do_action( 'confab_sync_run' );
		$this->assertCount( 1, $this->pushes() );
		$this->assertStringContainsString( 'Third.', $this->held[ $this->id_of( $id ) ]->html );
		$this->assertSame( 0, Queue::count() );
		$this->assertNull( $this->next_run() );
	}

	public function test_a_sooner_event_takes_the_place_of_a_later_one(): void {
		\Confab\Schedule::at( time() + 500 );
		$this->post();
		$this->assertEqualsWithDelta( time() + 10, $this->next_run(), 2 );
		\Confab\Schedule::at( time() + 500 );
		$this->assertEqualsWithDelta( time() + 10, $this->next_run(), 2 );
	}

	public function test_drafts_cost_nothing(): void {
		$id = $this->post( array( 'post_status' => 'draft' ) );
		wp_update_post( array( 'ID' => $id, 'post_content' => 'More.' ) );
		wp_delete_post( $id, true );
		$this->assertSame( 0, Queue::count() );
		$this->cron();
		$this->assertSame( array(), $this->relay->requests );
	}

	public function test_a_scheduled_post_is_told_once_it_is_out(): void {
		$id = $this->post( array( 'post_status' => 'future', 'post_date' => gmdate( 'Y-m-d H:i:s', time() + 3600 ) ) );
		$this->cron();
		$this->assertSame( array(), $this->held );
		wp_publish_post( $id );
		$this->cron();
		$this->assertCount( 1, $this->held );
	}

	public function ways_to_hide(): array {
		return array(
			'unpublished'       => array( static fn( $id ) => wp_update_post( array( 'ID' => $id, 'post_status' => 'draft' ) ) ),
			'made private'      => array( static fn( $id ) => wp_update_post( array( 'ID' => $id, 'post_status' => 'private' ) ) ),
			'trashed'           => array( static fn( $id ) => wp_trash_post( $id ) ),
			'deleted'           => array( static fn( $id ) => wp_delete_post( $id, true ) ),
			'given a password'  => array( static fn( $id ) => wp_update_post( array( 'ID' => $id, 'post_password' => 'x' ) ) ),
			'left out'          => array( static fn( $id ) => update_post_meta( $id, Content::EXCLUDE, '1' ) ),
			'noindexed'         => array( static fn( $id ) => update_post_meta( $id, '_yoast_wpseo_meta-robots-noindex', '1' ) ),
			'of another type'   => array( static fn( $id ) => wp_update_post( array( 'ID' => $id, 'post_type' => 'wp_block' ) ) ),
		);
	}

	/** @dataProvider ways_to_hide */
	public function test_what_is_hidden_is_forgotten_before_the_request_ends( callable $hide ): void {
		$id = $this->post();
		$this->cron();
		$this->assertCount( 1, $this->held );
		$this->relay->requests = array();
		$hide( $id );
		$this->end_request();
		$this->assertSame( array(), $this->held );
		$this->assertCount( 1, $this->pushes() );
		$this->assertLessThanOrEqual( 3, $this->pushes()[0]['args']['timeout'] );
		$this->assertSame( 0, Queue::count() );
		$this->assertSame( '', get_post_meta( $id, Content::SYNCED, true ) );
	}

	/** @dataProvider ways_to_hide */
	public function test_what_is_hidden_while_the_relay_is_down_is_forgotten_first_when_it_is_back( callable $hide ): void {
		$id = $this->post();
		$this->cron();
		$this->relay->is_down();
		$this->post( array( 'post_title' => 'Sooner' ) );
		$hide( $id );
		$this->end_request();
		$this->assertSame( array( $id ), array_keys( Queue::next( 1 ) ) );
		Sync::step( 60 );
		$this->assertCount( 1, $this->held );
		$this->clock->forward( 4 * DAY_IN_SECONDS );
		$this->relay_is_up();
		$this->relay->requests = array();
		do_action( 'confab_sync_run' );
		$this->assertContains( $this->id_of( $id ), $this->pushes()[0]['body']['delete'] );
		$this->assertSame( array( 'Sooner' ), $this->held_titles() );
		$this->assertSame( 'idle', Sync::status()['state'] );
	}

	public function test_what_is_published_again_is_not_forgotten(): void {
		$id = $this->post();
		$this->cron();
		wp_update_post( array( 'ID' => $id, 'post_status' => 'draft' ) );
		wp_update_post( array( 'ID' => $id, 'post_status' => 'publish' ) );
		$this->end_request();
		$this->cron();
		$this->assertCount( 1, $this->held );
	}

	public function test_a_page_left_out_stays_cheap_to_save(): void {
		$id = $this->post( array( 'meta_input' => array( Content::EXCLUDE => '1' ) ) );
		$this->cron();
		$this->relay->requests = array();
		wp_update_post( array( 'ID' => $id, 'post_content' => 'Again.' ) );
		$this->end_request();
		$this->assertSame( array(), $this->relay->requests );
		delete_post_meta( $id, Content::EXCLUDE );
		$this->cron();
		$this->assertCount( 1, $this->held );
	}

	public function test_what_a_runner_read_before_a_page_was_hidden_does_not_come_to_stay(): void {
		$id = $this->post();
		$this->cron();
		wp_update_post( array( 'ID' => $id, 'post_content' => 'Another word.' ) );
		$this->relay->on(
			'POST',
			'/v1/site/documents',
			function ( $request ) use ( $id ) {
				static $first = true;
				if ( $first && $request['body']['upsert'] ) {
					$first = false;
					// While the push is on its way, another request unpublishes the page and is quicker.
					wp_update_post( array( 'ID' => $id, 'post_status' => 'draft' ) );
					Queue::forget_now();
				}
				foreach ( $request['body']['upsert'] as $document ) {
					$this->held[ $document['externalId'] ] = (object) $document;
				}
				foreach ( $request['body']['delete'] as $external_id ) {
					unset( $this->held[ $external_id ] );
				}
				return array( 202, array( 'rejected' => array() ) );
			}
		);
		$this->cron();
		$this->assertSame( array(), $this->held );
		$this->assertSame( 0, Queue::count() );
	}

	public function test_a_save_during_the_push_is_pushed_again(): void {
		$id = $this->post( array( 'post_content' => 'Before.' ) );
		add_filter(
			'confab_document',
			static function ( $document ) use ( $id ) {
				static $first = true;
				if ( $first ) {
					$first = false;
					wp_update_post( array( 'ID' => $id, 'post_content' => 'After.' ) );
				}
				return $document;
			}
		);
		$this->cron();
		$this->assertStringContainsString( 'After.', $this->held[ $this->id_of( $id ) ]->html );
		$this->assertSame( 0, Queue::count() );
	}

	public function failures(): array {
		return array(
			'down'         => array( null, 'waiting' ),
			'limit'        => array( array( 429, array( 'code' => 'rate_limited', 'detail' => 'x' ), array( 'retry-after' => '900' ) ), 'waiting' ),
			'fault'        => array( array( 500, array( 'code' => 'internal' ) ), 'waiting' ),
			'HTML'         => array( array( 200, '<html>Welcome</html>' ), 'waiting' ),
			'garbage'      => array( array( 202, '{"accepted":' ), 'waiting' ),
			'not found'    => array( array( 404, array( 'code' => 'not_found' ) ), 'waiting' ),
			'plan used up' => array( array( 402, array( 'code' => 'plan_limit_reached', 'detail' => 'x' ) ), 'paused' ),
			'revoked'      => array( array( 401, array( 'code' => 'unauthorized' ) ), 'paused' ),
		);
	}

	/** @dataProvider failures */
	public function test_nothing_is_lost_and_the_owner_is_told_while_the_relay_answers( $answer, string $state ): void {
		$this->relay->is_down();
		if ( $answer ) {
			$this->relay->on( 'POST', '/v1/site/documents', static fn() => $answer );
		}
		$this->post();
		$status = $this->cron();
		$this->assertSame( $state, $status['state'] );
		$this->assertSame( 1, $status['pending'] );
		$this->assertNotSame( '', $status['message'] );
		$calls = count( $this->relay->requests );
		Sync::step( 5 );
		$this->assertCount( $calls, $this->relay->requests, 'It does not press on.' );

		$this->relay_is_up();
		if ( 'revoked' === Connection::state() ) {
			$this->post( array( 'post_title' => 'Meanwhile' ) );
			$this->connect();
		}
		$this->clock->forward( DAY_IN_SECONDS );
		$status = Sync::step( 5 );
		$this->assertSame( array( 'idle', 0, '' ), array( $status['state'], $status['pending'], $status['message'] ) );
		$this->assertArrayHasKey( 0, $this->held_titles() );
		$this->assertSame( is_array( $answer ) && 401 === $answer[0] ? 2 : 1, count( $this->held ) );
	}

	public function test_waits_longer_each_time_as_long_as_the_relay_says_and_never_over_an_hour_else(): void {
		$this->relay->is_down();
		$this->post();
		$waits = array();
		for ( $i = 0; $i < 12; $i++ ) {
			$this->clock->set( $this->next_run() );
			Sync::step( 5 );
			$waits[] = $this->next_run() - \Confab\time();
		}
		$this->assertEqualsWithDelta( 30, $waits[0], 8 );
		$this->assertEqualsWithDelta( 60, $waits[1], 15 );
		$this->assertEqualsWithDelta( 240, $waits[3], 60 );
		$this->assertEqualsWithDelta( 3600, $waits[11], 900 );
		$this->relay->on( 'POST', '/v1/site/documents', 429, array(), array( 'retry-after' => '7200' ) );
		$this->clock->set( $this->next_run() );
		Sync::step( 5 );
		$this->assertEqualsWithDelta( 7200, $this->next_run() - \Confab\time(), 2 );
	}

	public function test_starting_by_hand_does_not_wait(): void {
		$this->relay->is_down();
		$this->post();
		$this->cron();
		$this->relay_is_up();
		$this->assertSame( array(), $this->held );
		Sync::start();
		Sync::step( 5 );
		$this->assertCount( 1, $this->held );
	}

	public function test_a_refused_page_is_named_and_not_sent_again_until_it_changes(): void {
		$id = $this->post( array( 'post_title' => 'Too deep' ) );
		$this->refuses[ $this->id_of( $id ) ] = 'too_deep';
		$status = $this->cron();
		$this->assertSame( array( 'idle', 1 ), array( $status['state'], $status['failed'] ) );
		$this->assertSame( array( $id, 'Too deep', 'too_deep' ), array_slice( array_values( $status['errors'][0] ), 0, 3 ) );
		$this->assertStringContainsString( 'nested', $status['errors'][0]['message'] );

		$this->relay->requests = array();
		Sync::reconcile();
		Sync::step( 60 );
		$this->assertSame( array(), $this->pushes() );

		unset( $this->refuses[ $this->id_of( $id ) ] );
		wp_update_post( array( 'ID' => $id, 'post_content' => 'Flat.' ) );
		$status = $this->cron();
		$this->assertSame( 0, $status['failed'] );
		$this->assertCount( 1, $this->held );
	}

	public function test_one_document_that_the_relay_will_not_read_does_not_hold_up_the_others(): void {
		$bad = 0;
		for ( $i = 0; $i < 20; $i++ ) {
			$id  = $this->post( array( 'post_title' => "Post $i" ) );
			$bad = 13 === $i ? $id : $bad;
		}
		$this->relay->on(
			'POST',
			'/v1/site/documents',
			function ( $request ) use ( $bad ) {
				foreach ( $request['body']['upsert'] as $document ) {
					if ( $this->id_of( $bad ) === $document['externalId'] ) {
						return array( 400, array( 'code' => 'validation_failed', 'errors' => array( array( 'path' => 'upsert.0.title', 'message' => 'is odd' ) ) ) );
					}
				}
				foreach ( $request['body']['upsert'] as $document ) {
					$this->held[ $document['externalId'] ] = (object) $document;
				}
				return array( 202, array( 'rejected' => array() ) );
			}
		);
		$status = $this->cron();
		$this->assertCount( 19, $this->held );
		$this->assertSame( array( 'idle', 1, $bad ), array( $status['state'], $status['failed'], $status['errors'][0]['id'] ) );
		$this->assertStringContainsString( 'is odd', $status['errors'][0]['message'] );
	}

	public function test_a_batch_that_is_too_large_is_sent_in_halves(): void {
		for ( $i = 0; $i < 9; $i++ ) {
			$this->post( array( 'post_title' => "Post $i" ) );
		}
		$this->relay->on(
			'POST',
			'/v1/site/documents',
			function ( $request ) {
				if ( count( $request['body']['upsert'] ) > 3 ) {
					return array( 413, array( 'code' => 'payload_too_large' ) );
				}
				foreach ( $request['body']['upsert'] as $document ) {
					$this->held[ $document['externalId'] ] = (object) $document;
				}
				return array( 202, array( 'rejected' => array() ) );
			}
		);
		$this->assertSame( 'idle', $this->cron()['state'] );
		$this->assertCount( 9, $this->held );
	}

	public function test_a_call_stays_below_eight_megabytes_and_a_hundred_documents(): void {
		for ( $i = 0; $i < 7; $i++ ) {
			$this->post( array( 'post_title' => "Big $i", 'post_content' => str_repeat( 'Wolle ünd 羊毛. ', 100000 ) ) );
		}
		for ( $i = 0; $i < 101; $i++ ) {
			$this->post( array( 'post_title' => "Small $i" ) );
		}
		$this->assertSame( 'idle', $this->cron()['state'] );
		$this->assertCount( 108, $this->held );
		foreach ( $this->pushes() as $push ) {
			$this->assertLessThanOrEqual( 8 * 1024 * 1024 + 10000, strlen( $push['args']['body'] ) );
			$this->assertLessThanOrEqual( 100, count( $push['body']['upsert'] ) );
		}
		$this->assertGreaterThan( 2, count( $this->pushes() ) );
	}

	public function test_connecting_syncs_everything_with_progress_in_short_steps(): void {
		for ( $i = 0; $i < 120; $i++ ) {
			$this->post( array( 'post_title' => "Post $i" ) );
		}
		Sync::forget_all_local();
		do_action( 'confab_connected' );
		$this->assertSame( array( 'running', 120, 0 ), array( Sync::status()['state'], Sync::status()['total'], Sync::status()['done'] ) );
		$done = array();
		for ( $i = 0; $i < 300 && 'running' === Sync::status()['state']; $i++ ) {
			$done[] = Sync::step( 0 )['done'];
		}
		$this->assertGreaterThan( 2, count( $done ) );
		$this->assertSame( $done, array_values( array_filter( $done, static fn( $one ) => $one <= 120 ) ) );
		$this->assertCount( 120, $this->held );
		$status = Sync::step( 60 );
		$this->assertSame( array( 'idle', 120, 120, 0 ), array( $status['state'], $status['total'], $status['done'], $status['pending'] ) );
		$this->assertMatchesRegularExpression( '/^\d{4}-.*Z$/', $status['lastSyncedAt'] );
	}

	public function test_goes_on_by_cron_when_the_browser_is_closed(): void {
		for ( $i = 0; $i < 5; $i++ ) {
			$this->post();
		}
		Sync::forget_all_local();
		Sync::start();
		Sync::step( 0 );
		$this->assertLessThan( 5, count( $this->held ) );
		$this->assertNotNull( $this->next_run() );
		for ( $i = 0; $i < 50 && $this->next_run(); $i++ ) {
			wp_clear_scheduled_hook( 'confab_sync_run' );
			do_action( 'confab_sync_run' );
		}
		$this->assertCount( 5, $this->held );
		$this->assertNull( $this->next_run() );
	}

	public function test_the_queue_holds_no_row_for_what_the_walk_knows(): void {
		for ( $i = 0; $i < 30; $i++ ) {
			$this->post();
		}
		Sync::forget_all_local();
		Sync::start();
		$this->assertSame( 0, Queue::count() );
		$this->assertLessThan( 500, strlen( Rows::get( 'confab_sync_walk' ) ) );
	}

	public function test_two_runners_never_work_at_once(): void {
		$this->post();
		$inner = null;
		add_filter(
			'confab_document',
			function ( $document ) use ( &$inner ) {
				$this->assertFalse( Lock::take() );
				$inner = Sync::step( 60 );
				return $document;
			}
		);
		$this->cron();
		$this->assertSame( 1, $inner['pending'] );
		$this->assertCount( 1, $this->pushes() );
		$this->assertFalse( Lock::is_held() );
	}

	public function test_a_killed_runner_is_followed_after_two_minutes(): void {
		$this->post();
		Rows::set( 'confab_sync_lock', ( \Confab\time() + 120 ) . ' of another process' );
		wp_clear_scheduled_hook( 'confab_sync_run' );
		$this->cron();
		$this->assertSame( array(), $this->held );
		$this->assertEqualsWithDelta( \Confab\time() + 125, $this->next_run(), 2 );
		$this->clock->forward( 121 );
		$this->cron();
		$this->assertCount( 1, $this->held );
	}

	public function test_a_runner_that_lost_its_lock_stops(): void {
		$this->post();
		$this->post();
		add_filter(
			'confab_document',
			function ( $document ) {
				$this->clock->forward( 60 );
				Rows::set( 'confab_sync_lock', ( \Confab\time() + 120 ) . ' of another process' );
				return $document;
			}
		);
		$this->cron();
		$this->assertSame( ' of another process', strstr( Rows::get( 'confab_sync_lock' ), ' ' ) );
		$this->assertCount( 1, $this->held );
	}

	public function test_a_page_that_kills_two_runs_is_left_out_and_named(): void {
		$bad  = $this->post( array( 'post_title' => 'Killer' ) );
		$this->post( array( 'post_title' => 'Fine' ) );
		$dies = static function ( $document, $post ) use ( $bad ) {
			if ( $post->ID === $bad ) {
				// What a killed process leaves behind: its note, its lock.
				throw new Killed( Rows::get( 'confab_sync_current' ) );
			}
			return $document;
		};
		add_filter( 'confab_document', $dies, 10, 2 );
		foreach ( array( 1, 2 ) as $deaths ) {
			Rows::set( 'confab_sync_current', $bad . ' ' . ( $deaths - 1 ) );
			if ( 1 === $deaths ) {
				\Confab\Builder::begin();
				$this->assertSame( '', \Confab\Rejected::state( $bad ) );
			}
		}
		$status = $this->cron();
		$this->assertSame( array( 'Fine' ), $this->held_titles() );
		$this->assertSame( array( $bad, 'render_died' ), array( $status['errors'][0]['id'], $status['errors'][0]['code'] ) );
		remove_filter( 'confab_document', $dies, 10 );
		wp_update_post( array( 'ID' => $bad, 'post_content' => 'Repaired.' ) );
		$this->cron();
		$this->assertSame( array( 'Fine', 'Killer' ), $this->held_titles() );
	}

	public function test_another_choice_of_types_forgets_and_learns(): void {
		$this->post( array( 'post_title' => 'A post' ) );
		$this->post( array( 'post_title' => 'A page', 'post_type' => 'page' ) );
		$this->cron();
		Preferences::save( array( 'post_types' => array( 'page' ) ) );
		$this->cron();
		$this->assertSame( array( 'A page' ), $this->held_titles() );
		Preferences::save( array( 'post_types' => array( 'page', 'post' ) ) );
		$this->cron();
		$this->assertSame( array( 'A page', 'A post' ), $this->held_titles() );
	}

	public function test_without_a_connection_nothing_is_noted_and_nothing_sent(): void {
		Connection::forget();
		$this->post();
		Sync::start();
		$status = $this->cron();
		$this->assertSame( 'paused', $status['state'] );
		$this->assertSame( 0, Queue::count() );
		$this->assertSame( array(), $this->relay->requests );
		$this->assertNull( $this->next_run() );
	}

	public function test_a_copy_of_the_site_is_quiet(): void {
		$id = $this->post();
		$this->cron();
		$this->relay->requests = array();
		update_option( 'home', 'https://staging.example' );
		wp_delete_post( $id, true );
		$this->post();
		$this->end_request();
		$this->assertSame( 'paused', $this->cron()['state'] );
		$this->assertSame( array(), $this->relay->requests );
	}

	public function test_disconnecting_leaves_no_row_no_meta_and_no_event(): void {
		global $wpdb;
		$id = $this->post();
		$this->cron();
		$this->refuses[ $this->id_of( $this->post() ) ] = 'too_deep';
		$this->cron();
		$this->post();
		Sync::start();
		Connection::forget();
		$this->assertSame( array(), $wpdb->get_col( "SELECT option_name FROM $wpdb->options WHERE option_name LIKE 'confab\\_sync%' OR option_name LIKE 'confab\\_queue%' OR option_name LIKE 'confab\\_rejected%'" ) );
		$this->assertSame( '', get_post_meta( $id, Content::SYNCED, true ) );
		$this->assertSame( array( false, false, false ), array_map( 'wp_next_scheduled', array( 'confab_sync_run', 'confab_sync_watch', 'confab_reconcile' ) ) );
	}

	public function test_no_row_is_loaded_with_every_page(): void {
		$this->post();
		Sync::start();
		wp_cache_flush();
		$this->assertSame( array(), array_filter( array_keys( wp_load_alloptions() ), static fn( $name ) => preg_match( '/^confab_(sync|queue|rejected)/', $name ) ) );
	}

	public function settings_of_many_pages(): array {
		return array(
			'the permalink structure' => array( static fn() => $GLOBALS['wp_rewrite']->set_permalink_structure( '/%year%/%postname%/' ) ),
			'the language'            => array( static fn() => update_option( 'WPLANG', 'de_DE' ) ),
			'the front page'          => array( static fn( $id ) => update_option( 'page_on_front', $id ) ),
			'the slug of the parent'  => array( static fn( $id ) => wp_update_post( array( 'ID' => $id, 'post_name' => 'renamed' ) ) ),
		);
	}

	/** @dataProvider settings_of_many_pages */
	public function test_what_changes_many_pages_has_them_told_again( callable $change ): void {
		$id    = $this->post( array( 'post_type' => 'page' ) );
		$child = $this->post( array( 'post_type' => 'page', 'post_parent' => $id ) );
		$this->cron();
		$this->relay->requests = array();
		add_filter( 'get_available_languages', static fn() => array( 'de_DE' ) );
		$change( $id );
		$this->cron();
		$this->assertContains( $this->id_of( $child ), array_column( array_merge( ...array_column( array_column( $this->pushes(), 'body' ), 'upsert' ) ), 'externalId' ) );
	}

	public function test_a_clock_that_was_ahead_for_a_while_holds_up_nothing(): void {
		$this->clock->forward( YEAR_IN_SECONDS );
		Lock::take();
		$this->relay->is_down();
		$this->post();
		Rows::set( Sync::WAIT, wp_json_encode( array( 'until' => \Confab\time() + 60, 'tries' => 1 ) ) );
		$this->clock->forward( -YEAR_IN_SECONDS );
		$this->relay_is_up();
		$this->assertFalse( Lock::is_held() );
		$this->cron();
		$this->assertCount( 1, $this->held );
	}

	public function test_meta_that_is_deleted_of_all_posts_at_once_names_none(): void {
		$GLOBALS['post'] = get_post( $this->post() );
		$this->cron();
		delete_metadata( 'post', 0, 'rank_math_robots', '', true );
		do_action( 'deleted_post_meta', array( 1 ), 0, 'rank_math_robots', '' );
		$this->assertSame( 0, Queue::count() );
	}
}

/** Stands for the end of a process. */
final class Killed extends \Error {
}
