<?php

namespace Confab\Tests;

use Confab\Cleanup;
use Confab\Connect;
use Confab\Connection;
use Confab\Preferences;
use Confab\Revocation;

require_once __DIR__ . '/Connected_Site.php';

final class DisconnectTest extends Test_Case {
	use Connected_Site;

	public function test_revokes_at_the_relay_and_forgets_here(): void {
		$this->connect();
		$this->relay->on( 'DELETE', '/v1/site/connection', 204 );
		$ended  = did_action( 'confab_disconnected' );
		$result = Connect::end( true );
		$this->assertTrue( $result['ok'], $result['message'] );
		$request = $this->relay->requests_to( 'DELETE', '/v1/site/connection' )[0];
		$this->assertSame( array( 'erase' => true ), $request['body'] );
		$this->assertSame( 'Bearer ' . $this->secret, $request['headers']['authorization'] );
		$this->assertSame( 'disconnected', Connection::state() );
		$this->assertFalse( get_option( 'confab_connection' ) );
		$this->assertFalse( get_option( 'confab_revoke_later' ) );
		$this->assertSame( $ended + 1, did_action( 'confab_disconnected' ) );
	}

	public function test_disconnects_at_once_while_the_relay_is_down_and_revokes_when_it_returns(): void {
		$this->connect();
		$result = Connect::end( false );
		$this->assertFalse( $result['ok'] );
		$this->assertStringContainsString( 'seven days', $result['message'] );
		$this->assertSame( 'disconnected', Connection::state() );
		$this->assertNotFalse( wp_next_scheduled( 'confab_revoke_later' ) );
		$this->assertArrayNotHasKey( 'confab_revoke_later', wp_load_alloptions( true ) );

		$this->relay->on( 'DELETE', '/v1/site/connection', 204 );
		do_action( 'confab_revoke_later' );
		$this->assertSame( 'Bearer ' . $this->secret, $this->relay->requests_to( 'DELETE', '/v1/site/connection' )[1]['headers']['authorization'] );
		$this->assertFalse( get_option( 'confab_revoke_later' ) );
		$this->assertFalse( wp_next_scheduled( 'confab_revoke_later' ) );
	}

	public function test_waits_longer_after_each_try_and_gives_up_after_seven_days(): void {
		$this->clock->set( time() );
		$this->connect();
		Connect::end( false );
		$last = 0;
		foreach ( array( 600, 1200, 2400 ) as $delay ) {
			$this->assertSame( \Confab\time() + $delay, wp_next_scheduled( 'confab_revoke_later' ) );
			$this->clock->forward( $delay );
			do_action( 'confab_revoke_later' );
		}
		$this->clock->forward( 8 * DAY_IN_SECONDS );
		do_action( 'confab_revoke_later' );
		$this->assertFalse( Revocation::is_waiting() );
		$this->assertFalse( wp_next_scheduled( 'confab_revoke_later' ) );
	}

	public function test_loses_no_revocation_that_is_remembered_while_another_one_is_tried(): void {
		$this->connect();
		Connect::end( false );
		$meanwhile = static function () {
			global $wpdb;
			$both   = get_option( Revocation::OPTION );
			$both[] = array( 'secret' => 'another-secret-0123456789' ) + $both[0];
			$wpdb->update( $wpdb->options, array( 'option_value' => serialize( $both ) ), array( 'option_name' => Revocation::OPTION ) );
			return array( 204, '', array() );
		};
		$this->relay->on( 'DELETE', '/v1/site/connection', $meanwhile );
		do_action( Revocation::HOOK );
		$this->assertSame( array( 'another-secret-0123456789' ), array_column( get_option( Revocation::OPTION ), 'secret' ) );
	}

	public function test_says_so_when_nothing_could_be_erased_because_the_connection_had_ended(): void {
		$this->connect();
		$this->relay->on( 'DELETE', '/v1/site/connection', 401, array( 'code' => 'unauthorized' ) );
		$result = Connect::end( true );
		$this->assertFalse( $result['ok'] );
		$this->assertStringContainsString( 'ask its operator', $result['message'] );
		$this->assertFalse( Revocation::is_waiting() );
	}

	public function test_stays_connected_where_a_legal_hold_forbids_to_erase_so_that_the_owner_can_choose(): void {
		$this->connect();
		$this->relay->on( 'DELETE', '/v1/site/connection', 409, array( 'code' => 'legal_hold' ) );
		$ended  = did_action( 'confab_disconnected' );
		$result = Connect::end( true );
		$this->assertFalse( $result['ok'] );
		$this->assertStringContainsString( 'disconnect without erasing', $result['message'] );
		$this->assertSame( 'connected', Connection::state() );
		$this->assertSame( $ended, did_action( 'confab_disconnected' ) );
		$this->assertFalse( Revocation::is_waiting() );
	}

	public function test_ends_the_secret_where_a_later_try_to_erase_meets_a_legal_hold(): void {
		$this->connect();
		Connect::end( true );
		$this->relay->on(
			'DELETE',
			'/v1/site/connection',
			static fn( $request ) => $request['body']['erase'] ? array( 409, array( 'code' => 'legal_hold' ) ) : array( 204, '' )
		);
		do_action( Revocation::HOOK );
		$asked = array_column( array_column( $this->relay->requests_to( 'DELETE', '/v1/site/connection' ), 'body' ), 'erase' );
		$this->assertSame( array( true, true, false ), $asked );
		$this->assertFalse( Revocation::is_waiting() );
	}

	public function test_goes_on_revoking_the_old_connection_while_a_new_one_is_used(): void {
		$this->connect();
		Connect::end( false );
		$this->connect( array( 'siteKey' => 'k_new', 'siteSecret' => 'another-secret-0123456789' ) );
		$this->relay->on( 'DELETE', '/v1/site/connection', 204 );
		do_action( 'confab_revoke_later' );
		$this->assertSame( 'Bearer ' . $this->secret, $this->relay->requests_to( 'DELETE', '/v1/site/connection' )[1]['headers']['authorization'] );
		$this->assertSame( 'connected', Connection::state() );
	}

	public function test_does_not_end_the_original_from_a_copy(): void {
		$this->connect();
		add_filter( 'option_home', static fn() => 'https://staging.shop.example' );
		$this->assertFalse( Connect::end( true )['ok'] );
		$this->assertSame( array(), $this->relay->requests );
		$this->assertSame( 'moved', Connection::state() );
	}

	public function test_names_the_constants_that_still_hold_a_key(): void {
		putenv( 'CONFAB_RELAY_URL=https://preset.example' );
		putenv( 'CONFAB_SITE_KEY=k_preset' );
		putenv( 'CONFAB_SITE_SECRET=preset-secret-of-the-environment' );
		$this->relay->on( 'DELETE', '/v1/site/connection', 204 );
		$this->assertStringContainsString( 'CONFAB_SITE_SECRET', Connect::end( false )['message'] );
		$this->assertSame( 'revoked', Connection::state() );
	}

	private function litter(): int {
		$this->connect();
		$user = $this->act_as( 'administrator' );
		$post = $this->post();
		Preferences::save( array( 'hide_on' => array( $post ) ) );
		set_transient( 'confab_connect_' . $user, array( 'x' ), 600 );
		update_option( 'confab_pending_erasures', array( array( 'email' => 'ann@example.com', 'since' => 1, 'tries' => 0 ) ), false );
		update_post_meta( $post, '_confab_hash', 'x' );
		update_user_meta( $user, 'confab_seen', 'x' );
		wp_schedule_event( time(), 'daily', 'confab_reconcile' );
		wp_schedule_single_event( time() + 60, 'confab_anything', array( 'with' => 'arguments' ) );
		get_role( 'editor' )->add_cap( 'manage_confab' );
		return $post;
	}

	private function assertNothingLeft( int $post ): void {
		global $wpdb;
		$this->assertSame( array(), $wpdb->get_col( "SELECT option_name FROM {$wpdb->options} WHERE option_name LIKE '%confab%'" ) );
		$this->assertSame( array(), $wpdb->get_col( "SELECT meta_key FROM {$wpdb->postmeta} WHERE meta_key LIKE '%confab%'" ) );
		$this->assertSame( array(), $wpdb->get_col( "SELECT meta_key FROM {$wpdb->usermeta} WHERE meta_key LIKE '%confab%'" ) );
		$this->assertSame( '', get_post_meta( $post, '_confab_hash', true ) );
		$this->assertStringNotContainsString( 'confab', wp_json_encode( _get_cron_array() ) );
		$this->assertFalse( get_role( 'editor' )->has_cap( 'manage_confab' ) );
	}

	/** @dataProvider relays */
	public function test_leaves_nothing_behind_when_it_is_deleted( bool $is_relay_there ): void {
		$post = $this->litter();
		if ( $is_relay_there ) {
			$this->relay->on( 'DELETE', '/v1/site/connection', 204 );
		}
		Cleanup::uninstall();
		$this->assertNothingLeft( $post );
		$request = $this->relay->requests_to( 'DELETE', '/v1/site/connection' )[0];
		$this->assertSame( 'Bearer ' . $this->secret, $request['headers']['authorization'] );
		$this->assertLessThanOrEqual( 3, $request['args']['timeout'] );
	}

	public function relays(): array {
		return array( 'relay there' => array( true ), 'relay down' => array( false ) );
	}

	public function test_does_not_revoke_the_original_when_a_copy_deletes_the_plugin(): void {
		$post = $this->litter();
		add_filter( 'option_home', static fn() => 'https://staging.shop.example' );
		Cleanup::uninstall();
		$this->assertSame( array(), $this->relay->requests_to( 'DELETE', '/v1/site/connection' ) );
		$this->assertNothingLeft( $post );
	}

	public function test_stops_its_background_work_on_deactivation_and_keeps_the_rest(): void {
		$this->litter();
		wp_schedule_event( time(), 'daily', 'somebody_elses' );
		Cleanup::on_deactivation();
		$hooks = wp_json_encode( _get_cron_array() );
		$this->assertStringNotContainsString( 'confab', $hooks );
		$this->assertStringContainsString( 'somebody_elses', $hooks );
		$this->assertSame( 'connected', Connection::state() );
		$this->assertSame( array(), $this->relay->requests );
	}

	public function test_takes_up_its_background_work_when_it_is_active_again(): void {
		$this->connect();
		Revocation::remember( 'https://old.example', 'old-secret', false );
		Cleanup::on_deactivation();
		$this->open_admin();
		$this->assertNotFalse( wp_next_scheduled( 'confab_refresh_settings' ) );
		$this->assertNotFalse( wp_next_scheduled( 'confab_revoke_later' ) );
	}
}
