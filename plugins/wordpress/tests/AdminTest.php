<?php

namespace Confab\Tests;

use Confab\Admin;
use Confab\Connect;
use Confab\Connection;

require_once __DIR__ . '/Connected_Site.php';

final class AdminTest extends Test_Case {
	use Connected_Site;

	/** Opens the address that the relay sent the browser to; gives where it goes on to. */
	private function come_back( array $query ): string {
		$_GET = wp_slash( array( 'page' => 'confab', 'confab_connect' => '1' ) + $query );
		$went = '';
		add_filter(
			'wp_redirect',
			static function ( $to ) use ( &$went ) {
				$went = $to;
				return false;
			}
		);
		Admin::on_load();
		return $went;
	}

	public function test_says_so_where_its_screens_cannot_work_since_the_admin_is_on_another_host(): void {
		$this->act_as( 'administrator' );
		add_filter( 'option_home', static fn() => 'https://shop.example' );
		$page = $this->printed( array( Admin::class, 'render' ) );
		$this->assertStringContainsString( 'wp confab connect', $page );
		$this->assertStringNotContainsString( 'confab-admin', $page );
	}

	public function test_goes_on_to_an_address_without_the_code(): void {
		$this->act_as( 'administrator' );
		$this->relay->on( 'GET', '/healthz', 200, array( 'status' => 'alive' ) );
		$this->relay->on( 'POST', '/v1/connect/token', 200, array( 'siteSecret' => $this->secret ) + $this->site() );
		parse_str( (string) wp_parse_url( Connect::begin( 'https://relay.example' ), PHP_URL_QUERY ), $asked );
		$this->assertSame( admin_url( 'admin.php?page=confab' ), $this->come_back( array( 'state' => $asked['state'], 'code' => 'c' ) ) );
		$this->assertSame( 'connected', Connection::state() );
		$page = $this->printed( array( Admin::class, 'render' ) );
		$this->assertStringContainsString( 'notice-success', $page );
		$this->assertStringNotContainsString( 'notice-success', $this->printed( array( Admin::class, 'render' ) ), 'told once' );
	}

	public function test_says_what_to_do_when_it_did_not_work(): void {
		$this->act_as( 'administrator' );
		$this->come_back( array( 'state' => array( 'x' ), 'error' => '<script>alert(1)</script>' ) );
		$page = $this->printed( array( Admin::class, 'render' ) );
		$this->assertStringContainsString( 'notice-error', $page );
		$this->assertStringContainsString( 'Press Connect again', $page );
		$this->assertStringNotContainsString( '<script', $page );
	}

	public function test_escapes_what_a_translation_or_an_option_brings(): void {
		$this->act_as( 'administrator' );
		Admin::keep_notice( 'error"><script>', '<img src=x onerror=alert(1)>' );
		$page = $this->printed( array( Admin::class, 'render' ) );
		$this->assertStringNotContainsString( '<script', $page );
		$this->assertStringNotContainsString( '<img', $page );
		set_transient( 'confab_notice_' . get_current_user_id(), 'nonsense', 60 );
		$this->assertStringContainsString( 'id="confab-admin"', $this->printed( array( Admin::class, 'render' ) ) );
	}

	public function test_works_without_javascript_as_far_as_saying_so(): void {
		$this->act_as( 'administrator' );
		$this->assertMatchesRegularExpression( '/hide-if-js.*wp confab status/s', $this->printed( array( Admin::class, 'render' ) ) );
	}

	public function test_adds_one_menu_entry_and_a_link_for_those_who_may(): void {
		global $menu, $submenu;
		foreach ( array( 'administrator' => 1, 'editor' => 0 ) as $role => $count ) {
			$this->act_as( $role );
			$menu    = array();
			$submenu = array();
			Admin::add_page();
			$seen = array_filter( $menu, static fn( $entry ) => current_user_can( $entry[1] ) );
			$this->assertCount( $count, $seen );
			$this->assertSame( array(), $submenu );
			$this->assertCount( $count, Admin::add_link( array() ) );
		}
	}

	public function test_loads_nothing_on_other_pages(): void {
		$this->act_as( 'administrator' );
		foreach ( array( 'index.php', 'plugins.php', 'toplevel_page_other' ) as $hook ) {
			Admin::enqueue( $hook );
			$this->assertFalse( wp_script_is( 'confab-admin', 'enqueued' ) );
		}
	}
}
