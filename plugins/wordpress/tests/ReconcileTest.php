<?php

namespace Confab\Tests;

use Confab\Content;
use Confab\Sync;

require_once __DIR__ . '/Sync_Case.php';

final class ReconcileTest extends Sync_Case {
	private function night(): array {
		$this->relay->requests = array();
		do_action( 'confab_reconcile' );
		return Sync::step( 600 );
	}

	public function test_sends_nothing_when_all_is_well(): void {
		for ( $i = 0; $i < 120; $i++ ) {
			$this->post( array( 'post_title' => "Post $i" ) );
		}
		$this->cron();
		$this->assertSame( 'idle', $this->night()['state'] );
		$this->assertSame( array(), $this->pushes() );
		$this->assertCount( 3, $this->relay->requests_to( 'GET', '/v1/site/documents' ) );
	}

	public function test_repairs_what_changed_behind_wordpress_back(): void {
		global $wpdb;
		$changed = $this->post( array( 'post_title' => 'Changed' ) );
		$hidden  = $this->post( array( 'post_title' => 'Hidden' ) );
		$this->post( array( 'post_title' => 'Same' ) );
		$this->cron();
		$wpdb->update( $wpdb->posts, array( 'post_content' => 'Changed in the database.' ), array( 'ID' => $changed ) );
		$wpdb->update( $wpdb->posts, array( 'post_status' => 'private' ), array( 'ID' => $hidden ) );
		$wpdb->insert( $wpdb->posts, array( 'post_title' => 'Imported', 'post_content' => 'By another tool.', 'post_status' => 'publish', 'post_type' => 'post', 'post_date' => '2026-01-01 00:00:00', 'post_modified_gmt' => '2026-01-01 00:00:00' ) + array_fill_keys( array( 'post_excerpt', 'to_ping', 'pinged', 'post_content_filtered' ), '' ) );
		wp_cache_flush();
		$this->assertSame( 'idle', $this->night()['state'] );
		$this->assertSame( array( 'Changed', 'Imported', 'Same' ), $this->held_titles() );
		$this->assertStringContainsString( 'in the database', $this->held[ $this->id_of( $changed ) ]->html );
		$this->assertNotContains( 'Same', array_merge( ...array_map( static fn( $push ) => array_column( $push['body']['upsert'], 'title' ), $this->pushes() ) ) );
	}

	public function test_gives_back_what_the_relay_lost(): void {
		$lost = $this->post( array( 'post_title' => 'Lost' ) );
		$this->post( array( 'post_title' => 'Kept' ) );
		$this->cron();
		unset( $this->held[ $this->id_of( $lost ) ] );
		$this->night();
		$this->assertSame( array( 'Kept', 'Lost' ), $this->held_titles() );
	}

	public function test_deletes_what_is_none_of_this_site(): void {
		$this->post( array( 'post_title' => 'Ours' ) );
		$this->cron();
		$this->held['post:999999'] = (object) array( 'title' => 'Deleted while the plugin was off' );
		$this->held['gid://other'] = (object) array( 'title' => 'Another platform' );
		$this->night();
		$this->assertSame( array( 'Ours' ), $this->held_titles() );
	}

	public function test_a_page_with_nothing_to_read_is_not_sent_every_night(): void {
		$this->post( array( 'post_title' => 'Gallery', 'post_content' => '<img src="x">' ) );
		$this->post( array( 'post_title' => 'Left out', 'meta_input' => array( Content::EXCLUDE => '1' ) ) );
		$this->cron();
		$this->night();
		$this->assertSame( array(), $this->pushes() );
	}

	public function test_goes_on_where_the_relay_went_away(): void {
		for ( $i = 0; $i < 70; $i++ ) {
			$this->post();
		}
		$this->cron();
		$this->held['post:999999'] = (object) array( 'title' => 'Strange' );
		$this->relay->on(
			'GET',
			'/v1/site/documents',
			static fn( $request ) => isset( $request['query']['cursor'] ) ? new \WP_Error( 'http_request_failed', 'cURL error 28: timed out' ) : array( 200, array( 'indexVersion' => 3, 'items' => array(), 'nextCursor' => '50' ) )
		);
		$this->night();
		$this->assertCount( 71, $this->held );
		$this->relay_is_up();
		$this->clock->forward( 3600 );
		$this->relay->requests = array();
		do_action( 'confab_sync_run' );
		$this->assertSame( '50', $this->relay->requests_to( 'GET', '/v1/site/documents' )[0]['query']['cursor'] );
		$this->assertCount( 70, $this->held );
	}

	public function test_a_relay_without_a_list_does_not_hold_up_the_queue(): void {
		$this->relay->on( 'GET', '/v1/site/documents', 404, array( 'code' => 'not_found' ) );
		do_action( 'confab_reconcile' );
		$this->post();
		$this->assertSame( 'idle', $this->cron()['state'] );
		$this->assertCount( 1, $this->held );
	}

	public function test_is_planned_nightly_and_done_at_once_after_the_plugin_was_off(): void {
		$this->held['post:999999'] = (object) array( 'title' => 'Deleted while the plugin was off' );
		remove_all_actions( 'admin_init' );
		Sync::register();
		do_action( 'admin_init' );
		$this->assertNotFalse( wp_next_scheduled( 'confab_reconcile' ) );
		$this->assertSame( 'daily', wp_get_schedule( 'confab_reconcile' ) );
		$this->assertContains( (int) wp_date( 'G', wp_next_scheduled( 'confab_reconcile' ) ), array( 2, 3, 4, 5 ) );
		Sync::step( 60 );
		$this->assertSame( array(), $this->held );
	}

	public function test_goes_on_within_a_page_of_the_list_when_its_time_is_over(): void {
		for ( $i = 0; $i < 6; $i++ ) {
			$this->post( array( 'post_title' => "Post $i" ) );
		}
		$this->cron();
		$this->held = array( 'post:999999' => (object) array( 'title' => 'Strange' ) ) + $this->held;
		$rendered   = array();
		add_filter(
			'confab_document',
			static function ( $document ) use ( &$rendered ) {
				$rendered[] = $document['title'];
				return $document;
			}
		);
		do_action( 'confab_reconcile' );
		for ( $step = 0; $step < 7; $step++ ) {
			Sync::step( 0 );
			$this->assertCount( $step, $rendered ); // The first one was the strange one.
		}
		$this->assertSame( array( 'Post 0', 'Post 1', 'Post 2', 'Post 3', 'Post 4', 'Post 5' ), $rendered );
		$this->assertCount( 6, $this->held );
	}
}
