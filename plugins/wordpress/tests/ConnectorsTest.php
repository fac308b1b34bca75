<?php

namespace Confab\Tests;

use Confab\Connection;

require_once __DIR__ . '/Connected_Site.php';

/**
 * The screen of connectors came with WordPress 7.0.
 *
 * @group current-only
 */
final class ConnectorsTest extends Test_Case {
	use Connected_Site;

	protected function setUp(): void {
		parent::setUp();
		$this->act_as( 'administrator' );
		putenv( 'CONFAB_RELAY_URL=https://relay.example' );
		$this->relay->on( 'GET', '/v1/site', fn( $request ) => 'Bearer ' . $this->secret === $request['headers']['authorization'] ? array( 200, $this->site() ) : array( 401, array( 'code' => 'unauthorized' ) ) );
		$this->relay->on( 'GET', '/v1/site/settings', 200, $this->settings(), array( 'etag' => '"1"' ) );
		$this->relay->on( 'DELETE', '/v1/site/connection', 204 );
	}

	/** Saves as core's screen does, and gives the whole answer as text. */
	private function paste( string $key ): string {
		$request = new \WP_REST_Request( 'POST', '/wp/v2/settings' );
		$request->set_body_params( array( 'confab_connector_key' => $key ) );
		$response = rest_do_request( $request );
		$response = apply_filters( 'rest_post_dispatch', $response, rest_get_server(), $request );
		return (string) wp_json_encode( $response->get_data(), JSON_UNESCAPED_UNICODE );
	}

	public function test_stands_among_core_s_connectors(): void {
		$connector = wp_get_connector( 'confab' );
		$this->assertSame( 'api_key', $connector['authentication']['method'] );
		$this->assertSame( 'CONFAB_SITE_SECRET', $connector['authentication']['constant_name'] );
		$this->assertSame( 'chat_assistant', $connector['type'] );
	}

	public function test_connects_with_a_pasted_secret_and_keeps_it_in_one_place_only(): void {
		global $wpdb;
		$answer = $this->paste( $this->secret );
		$this->assertSame( 'connected', Connection::state() );
		$this->assertSame( $this->secret, Connection::site_secret() );
		$this->assertStringContainsString( 'WXYZ', $answer );
		$this->assertStringNotContainsString( substr( $this->secret, 0, 10 ), $answer );
		$this->assertSame( array( 'confab_connection' ), $wpdb->get_col( "SELECT option_name FROM {$wpdb->options} WHERE option_value LIKE '%{$this->secret}%'" ) );
		$this->assertStringNotContainsString( substr( $this->secret, 0, 10 ), get_option( 'confab_connector_key' ) );
	}

	public function test_takes_site_key_and_secret_together(): void {
		$this->paste( 'k_shop:' . $this->secret );
		$this->assertSame( 'connected', Connection::state() );
	}

	public function test_keeps_the_connection_there_is_when_a_wrong_key_is_pasted(): void {
		$this->paste( $this->secret );
		$this->paste( 'another-secret-that-is-wrong' );
		$this->paste( 'k_other:' . $this->secret );
		$this->assertSame( $this->secret, Connection::site_secret() );
		$this->assertSame( array(), $this->relay->requests_to( 'DELETE', '/v1/site/connection' ) );
		$this->assertStringContainsString( 'another site key', get_transient( 'confab_notice_' . get_current_user_id() )['message'] );
	}

	public function test_ignores_its_own_mask_when_it_is_sent_back(): void {
		$this->paste( $this->secret );
		$this->paste( get_option( 'confab_connector_key' ) );
		$this->paste( "\u{2022}\u{2022}\u{2022}\u{2022}WXYZ" );
		$this->assertSame( $this->secret, Connection::site_secret() );
		$this->assertFalse( get_transient( 'confab_notice_' . get_current_user_id() ) );
	}

	public function test_disconnects_when_the_key_is_removed(): void {
		$this->paste( $this->secret );
		$this->paste( '' );
		$this->assertSame( 'disconnected', Connection::state() );
		$this->assertCount( 1, $this->relay->requests_to( 'DELETE', '/v1/site/connection' ) );
	}

	public function test_does_not_obey_those_who_may_not_manage_it(): void {
		$this->paste( $this->secret );
		$this->act_as( 'editor' );
		update_option( 'confab_connector_key', '' );
		$this->assertSame( 'connected', Connection::state() );
	}
}
