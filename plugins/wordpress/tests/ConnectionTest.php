<?php

namespace Confab\Tests;

use Confab\Connection;
use Confab\Relay;

require_once __DIR__ . '/Connected_Site.php';

final class ConnectionTest extends Test_Case {
	use Connected_Site;

	private function move_to( string $home ): void {
		add_filter( 'option_home', static fn() => $home );
	}

	/** @dataProvider homes */
	public function test_knows_the_site_again_by_its_address( string $bound, string $now, bool $is_same ): void {
		$this->assertSame( $is_same, Connection::is_same_home( $bound, $now ) );
	}

	public function homes(): array {
		return array(
			array( 'https://shop.example', 'http://shop.example/', true ),
			array( 'https://SHOP.example', 'https://shop.example', true ),
			array( 'https://shop.example/blog', 'https://shop.example/blog/', true ),
			array( 'https://shop.example', 'https://www.shop.example', false ),
			array( 'https://shop.example', 'https://staging.shop.example', false ),
			array( 'https://shop.example', 'https://shop.example:8080', false ),
			array( 'https://shop.example/blog', 'https://shop.example/Blog', false ),
			array( 'https://shop.example', 'https://shop.example/staging', false ),
		);
	}

	public function test_goes_quiet_on_a_clone(): void {
		$this->connect();
		$this->move_to( 'https://staging.shop.example' );
		$this->assertSame( 'moved', Connection::state() );
		$this->assertSame( 'site_moved', Relay::call( 'GET', '/v1/site' )->code );
		foreach ( array( 'confab_refresh_settings', 'confab_adopt', 'confab_finish_erasures', 'confab_revoke_later' ) as $hook ) {
			do_action( $hook );
		}
		$this->act_as( 'administrator' );
		$this->open_admin();
		$this->rest( 'GET', '/confab/v1/status' );
		$this->assertSame( array(), array_filter( $this->relay->requests, static fn( $one ) => false !== strpos( $one['url'], 'relay.example' ) ) );
	}

	public function test_is_not_fooled_by_a_plugin_that_adds_the_language_to_the_address(): void {
		$this->connect();
		add_filter( 'home_url', static fn( $url ) => $url . '/de' );
		$this->assertSame( 'connected', Connection::state() );
	}

	public function test_lets_a_copy_forget_the_connection_and_leaves_the_original_alone(): void {
		$this->connect();
		$this->move_to( 'https://staging.shop.example' );
		$this->act_as( 'administrator' );
		$answer = $this->rest( 'POST', '/confab/v1/moved', array( 'answer' => 'copy' ) );
		$this->assertSame( 'disconnected', $answer->get_data()['state'] );
		$this->assertFalse( get_option( 'confab_connection' ) );
		$this->assertFalse( get_option( 'confab_revoke_later' ) );
		$this->assertSame( array(), $this->relay->requests );
	}

	public function test_asks_a_site_that_moved_to_connect_once_more_and_keeps_what_it_knows(): void {
		$this->connect();
		$this->move_to( 'https://new.example' );
		$this->act_as( 'administrator' );
		$ended  = did_action( 'confab_disconnected' );
		$answer = $this->rest( 'POST', '/confab/v1/moved', array( 'answer' => 'moved' ) );
		$this->assertSame( 'disconnected', $answer->get_data()['state'] );
		$this->assertSame( 'https://relay.example', $answer->get_data()['relayUrl'] );
		$this->assertSame( '', Connection::site_secret() );
		$this->assertSame( $ended, did_action( 'confab_disconnected' ) );
	}

	public function test_does_not_bring_an_old_connection_back_from_a_request_that_ran_for_long(): void {
		$this->connect();
		$old = get_option( Connection::OPTION );
		$this->connect( array( 'siteKey' => 'k_new', 'siteSecret' => 'another-secret-0123456789' ) );
		wp_cache_set( Connection::OPTION, $old, 'options' );
		$this->relay->on( 'GET', '/v1/site', 401, array( 'code' => 'unauthorized' ) );
		Relay::call( 'GET', '/v1/site' );
		$this->assertSame( 'Bearer ' . $this->secret, $this->relay->requests[0]['headers']['authorization'] );
		wp_cache_delete( Connection::OPTION, 'options' );
		$this->assertSame( array( 'k_new', 'connected' ), array( Connection::site_key(), Connection::state() ) );
	}

	public function test_does_not_ask_about_a_move_that_was_none(): void {
		$this->connect();
		$this->act_as( 'administrator' );
		$this->assertSame( 409, $this->rest( 'POST', '/confab/v1/moved', array( 'answer' => 'copy' ) )->get_status() );
		$this->assertSame( 'connected', Connection::state() );
	}

	public function test_takes_its_keys_from_the_environment_before_the_database(): void {
		$this->connect();
		putenv( 'CONFAB_RELAY_URL=https://preset.example/' );
		putenv( 'CONFAB_SITE_KEY=k_preset' );
		putenv( 'CONFAB_SITE_SECRET=preset-secret-of-the-environment' );
		$this->assertSame( 'https://preset.example', Connection::relay_url() );
		$this->assertSame( 'k_preset', Connection::site_key() );
		$this->assertSame( array( 'set' => true, 'last4' => 'ment', 'from' => 'environment' ), Connection::masked_secret() );
		$this->assertSame( array( 'set' => true, 'last4' => 'ment', 'from' => 'environment' ), \Confab\Status::read()['secret'] );
	}

	public function test_sets_up_a_site_whose_keys_came_by_the_environment(): void {
		putenv( 'CONFAB_RELAY_URL=https://preset.example' );
		putenv( 'CONFAB_SITE_KEY=k_preset' );
		putenv( 'CONFAB_SITE_SECRET=preset-secret-of-the-environment' );
		add_filter( 'wp_doing_cron', '__return_true' );
		Connection::bind_preset();
		$this->assertSame( Connection::home(), Connection::bound_to() );
		$this->assertNotFalse( wp_next_scheduled( 'confab_adopt' ) );

		$this->relay->on( 'GET', '/v1/site', 200, $this->site( array( 'relayPublicKeys' => array( 'whpk_' . base64_encode( str_repeat( 'k', 32 ) ), 'whpk_short', 7 ) ) ) );
		$this->relay->on( 'GET', '/v1/site/settings', 200, $this->settings(), array( 'etag' => '"1"' ) );
		$connected = did_action( 'confab_connected' );
		do_action( 'confab_adopt' );
		$this->assertSame( $connected + 1, did_action( 'confab_connected' ) );
		$this->assertSame( array( 'whpk_' . base64_encode( str_repeat( 'k', 32 ) ) ), Connection::public_keys() );

		$this->move_to( 'https://staging.shop.example' );
		$this->assertSame( 'moved', Connection::state() );
		$this->act_as( 'administrator' );
		$this->assertSame( 409, $this->rest( 'POST', '/confab/v1/moved', array( 'answer' => 'copy' ) )->get_status() );
		$this->assertSame( 'moved', Connection::state() );
	}

	public function test_survives_an_option_that_somebody_else_wrote(): void {
		foreach ( array( 'text', 7, array( 'relay_url' => array(), 'site_secret' => 5, 'public_keys' => 'x' ), array( 'public_keys' => array( 7, array() ) ), null ) as $broken ) {
			update_option( 'confab_connection', $broken, false );
			$this->assertSame( 'disconnected', Connection::state() );
			$this->assertSame( array(), Connection::public_keys() );
		}
	}

	public function test_does_not_show_the_end_of_a_short_secret(): void {
		$this->connect( array( 'siteSecret' => 'short' ) );
		$this->assertNull( Connection::masked_secret()['last4'] );
	}
}
