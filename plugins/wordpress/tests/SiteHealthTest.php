<?php

namespace Confab\Tests;

use Confab\Connection;
use Confab\Preferences;
use Confab\Privacy;
use Confab\Site_Health;
use Confab\Sync;

require_once __DIR__ . '/Connected_Site.php';
require_once ABSPATH . 'wp-admin/includes/class-wp-site-health.php';
require_once ABSPATH . 'wp-admin/includes/class-wp-debug-data.php';

final class SiteHealthTest extends Test_Case {
	use Connected_Site;

	private static function status( string $name ): string {
		return Site_Health::check( $name )['status'];
	}

	public function test_adds_its_checks_for_those_who_may_manage_it_in_the_form_that_core_wants(): void {
		$this->act_as( 'editor' );
		$this->assertStringNotContainsString( 'confab', implode( ' ', array_keys( \WP_Site_Health::get_tests()['direct'] ) ) );
		$this->act_as( 'administrator' );
		$tests = \WP_Site_Health::get_tests();
		foreach ( array_keys( Site_Health::names() ) as $name ) {
			$is_async = isset( $tests['async'][ "confab_$name" ] );
			$test     = $is_async ? $tests['async'][ "confab_$name" ]['async_direct_test'] : $tests['direct'][ "confab_$name" ]['test'];
			$result   = $test();
			foreach ( array( 'label', 'status', 'badge', 'description', 'actions', 'test' ) as $part ) {
				$this->assertArrayHasKey( $part, $result );
			}
			$this->assertContains( $result['status'], array( 'good', 'recommended', 'critical' ) );
			if ( $is_async ) {
				$path = '/confab/v1/health/' . $name;
				$this->assertStringContainsString( $path, urldecode( $tests['async'][ "confab_$name" ]['test'] ) );
				$this->assertSame( $result, $this->rest( 'GET', $path )->get_data() );
			}
		}
	}

	public function test_tells_the_states_of_the_connection_apart(): void {
		$this->assertSame( 'recommended', self::status( 'connection' ) );
		$this->connect();
		$this->assertSame( 'good', self::status( 'connection' ) );
		Connection::note_refusal();
		$this->assertSame( 'critical', self::status( 'connection' ) );
		Connection::note_acceptance();
		add_filter( 'option_home', static fn() => 'https://staging.shop.example' );
		$this->assertSame( 'critical', self::status( 'connection' ) );
	}

	public function test_says_when_the_site_forbids_ai(): void {
		if ( ! function_exists( 'wp_supports_ai' ) ) {
			$this->assertSame( 'good', self::status( 'ai' ) );
			return;
		}
		add_filter( 'wp_supports_ai', '__return_false' );
		$this->assertSame( 'recommended', self::status( 'ai' ) );
		$this->assertFalse( \Confab\Status::read()['aiAllowed'] );
	}

	public function test_says_when_the_relay_does_not_answer(): void {
		$this->connect();
		$found = Site_Health::check( 'relay' );
		$this->assertSame( 'critical', $found['status'] );
		$this->assertStringContainsString( 'cannot be reached', $found['advice'] );
		$this->relay->on( 'GET', '/v1/site', 200, $this->site() );
		$this->assertSame( 'good', self::status( 'relay' ) );
	}

	/** @dataProvider clocks */
	public function test_compares_the_clocks( int $ahead, string $status ): void {
		$this->connect();
		$this->relay->on( 'GET', '/v1/site', 200, $this->site(), array( 'date' => gmdate( 'D, d M Y H:i:s', time() + $ahead ) . ' GMT' ) );
		$this->assertSame( $status, self::status( 'clock' ) );
	}

	public function clocks(): array {
		return array( array( 0, 'good' ), array( -60, 'good' ), array( 200, 'recommended' ), array( -200, 'recommended' ), array( 3600, 'critical' ), array( -3600, 'critical' ) );
	}

	public function test_says_when_the_relay_does_not_reach_the_site(): void {
		$this->connect();
		foreach ( array( 'verified' => 'good', 'pending' => 'good', 'unreachable' => 'recommended', 'failed' => 'recommended' ) as $verification => $status ) {
			$this->relay->on( 'GET', '/v1/site', 200, $this->site( array( 'verification' => $verification ) ) );
			$this->assertSame( $status, self::status( 'verification' ) );
		}
	}

	/** @dataProvider pages */
	public function test_finds_an_old_copy_of_the_chat_in_a_page_cache( string $page, string $status ): void {
		$this->connect();
		$this->relay->on( 'GET', '/', 200, $page );
		$this->assertSame( $status, self::status( 'cache' ) );
	}

	public function pages(): array {
		$page = static fn( array $with ) => '<html><script type="application/json" id="confab-settings">' . json_encode( $with + array( 'siteKey' => 'k_shop', 'relay' => 'https://relay.example', 'version' => CONFAB_VERSION ) ) . '</script>';
		return array(
			'as it is set' => array( $page( array() ), 'good' ),
			'another key'  => array( $page( array( 'siteKey' => 'k_old' ) ), 'recommended' ),
			'another relay' => array( $page( array( 'relay' => 'https://old.example' ) ), 'recommended' ),
			'old version'  => array( $page( array( 'version' => '9.9.9' ) ), 'recommended' ),
			'broken'       => array( '<script id=confab-settings>{</script>', 'recommended' ),
			'no chat'      => array( '<html>', 'good' ),
		);
	}

	public function test_finds_a_chat_that_is_still_served_though_it_is_switched_off(): void {
		$this->connect();
		$this->relay->on( 'GET', '/', 200, $this->pages()['as it is set'][0] );
		Preferences::save( array( 'widget' => false ) );
		$this->assertSame( 'recommended', self::status( 'cache' ) );
	}

	public function test_says_when_background_work_does_not_happen(): void {
		$this->assertSame( 'good', self::status( 'cron' ) );
		wp_schedule_single_event( time() - 2 * HOUR_IN_SECONDS, 'confab_refresh_settings' );
		$this->assertSame( 'critical', self::status( 'cron' ) );
	}

	public function test_says_that_somebody_waits_for_an_erasure_and_not_who(): void {
		$this->connect();
		Privacy::erase( 'ann@example.com' );
		$found = Site_Health::check( 'erasures' );
		$this->assertSame( 'critical', $found['status'] );
		$this->assertStringNotContainsString( 'ann@', wp_json_encode( $found ) );
	}

	public function test_has_information_without_secrets(): void {
		$this->connect();
		$this->act_as( 'administrator' );
		$info = apply_filters( 'debug_information', array() );
		$this->assertSame( 'connected', $info['confab']['fields']['state']['value'] );
		$this->assertTrue( $info['confab']['fields']['secret']['private'] );
		$this->assertDoesNotMatchRegularExpression( '/WXYZ|' . substr( $this->secret, 0, 10 ) . '/', wp_json_encode( $info ) );
		$this->assertStringNotContainsString( 'k_shop', \WP_Debug_Data::format( $info, 'debug' ) );
		$this->act_as( 'editor' );
		$this->assertArrayNotHasKey( 'confab', apply_filters( 'debug_information', array() ) );
	}

	public function test_complains_of_content_that_waits_for_a_day_and_not_of_a_site_just_connected(): void {
		$this->clock->set( time() );
		$this->connect();
		do_action( 'confab_connected' );
		$this->post();
		$this->assertGreaterThan( 0, Sync::status()['pending'] );
		$this->assertSame( 'good', Site_Health::check( 'sync' )['status'] );
		$this->clock->forward( DAY_IN_SECONDS + 1 );
		$this->assertSame( 'critical', Site_Health::check( 'sync' )['status'] );
	}
}
