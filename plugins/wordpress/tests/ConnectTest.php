<?php

namespace Confab\Tests;

use Confab\Connect;
use Confab\Connection;
use Confab\Settings_Cache;

require_once __DIR__ . '/Connected_Site.php';

final class ConnectTest extends Test_Case {
	use Connected_Site;

	/** Presses Connect; gives what the relay's page is asked. */
	private function begin( string $relay = 'https://relay.example' ): array {
		$this->relay->on( 'GET', '/healthz', 200, array( 'status' => 'alive' ) );
		$url = Connect::begin( $relay );
		$this->assertIsString( $url, is_wp_error( $url ) ? $url->get_error_message() : '' );
		$this->assertStringStartsWith( 'https://relay.example/connect?', $url );
		parse_str( (string) wp_parse_url( $url, PHP_URL_QUERY ), $asked );
		return $asked;
	}

	private function relay_agrees(): void {
		$this->relay->on( 'POST', '/v1/connect/token', 200, array( 'siteSecret' => $this->secret ) + $this->site() );
		$this->relay->on( 'GET', '/v1/site/settings', 200, $this->settings(), array( 'etag' => '"1"' ) );
		$this->relay->on( 'PUT', '/v1/site/settings', 200, $this->settings(), array( 'etag' => '"2"' ) );
	}

	private function assertRefused( string $code, $result ): void {
		$this->assertInstanceOf( \WP_Error::class, $result );
		$this->assertSame( 'confab_' . $code, $result->get_error_code() );
	}

	public function test_sends_nothing_before_connect_is_pressed(): void {
		$this->act_as( 'administrator' );
		$this->rest( 'GET', '/confab/v1/status' );
		$this->open_admin();
		$this->assertSame( array(), array_filter( $this->relay->requests, static fn( $one ) => false !== strpos( $one['url'], 'relay.example' ) ) );
	}

	public function test_goes_to_the_relay_with_a_challenge_and_nothing_of_a_person(): void {
		$this->act_as( 'administrator' );
		$asked = $this->begin();
		$this->assertSame( array( 'platform', 'site_url', 'redirect_uri', 'state', 'code_challenge', 'code_challenge_method' ), array_keys( $asked ) );
		$this->assertSame( Connection::home(), $asked['site_url'] );
		$this->assertSame( admin_url( 'admin.php?page=confab&confab_connect=1' ), $asked['redirect_uri'] );
		$this->assertMatchesRegularExpression( '/^[\w-]{43}$/', $asked['state'] );
		$this->assertMatchesRegularExpression( '/^[\w-]{43}$/', $asked['code_challenge'] );
		$this->assertSame( 'S256', $asked['code_challenge_method'] );
	}

	public function test_exchanges_the_code_with_the_verifier_of_its_challenge_and_keeps_the_secret_out_of_autoload(): void {
		$this->act_as( 'administrator' );
		$this->relay_agrees();
		$connected = did_action( 'confab_connected' );
		$asked     = $this->begin();
		$this->assertTrue( Connect::complete( array( 'state' => $asked['state'], 'code' => 'the-code' ) ) );

		$sent = $this->relay->requests_to( 'POST', '/v1/connect/token' )[0]['body'];
		$this->assertSame( array( 'code', 'codeVerifier', 'siteUrl' ), array_keys( $sent ) );
		$this->assertSame( $asked['code_challenge'], rtrim( strtr( base64_encode( hash( 'sha256', $sent['codeVerifier'], true ) ), '+/', '-_' ), '=' ) );
		$this->assertSame( $asked['site_url'], $sent['siteUrl'] );

		$this->assertSame( 'connected', Connection::state() );
		$this->assertSame( $this->secret, Connection::site_secret() );
		$this->assertSame( Connection::home(), Connection::bound_to() );
		$this->assertSame( $connected + 1, did_action( 'confab_connected' ) );
		$this->assertArrayNotHasKey( 'confab_connection', wp_load_alloptions( true ) );
	}

	public function test_takes_a_code_once(): void {
		$this->act_as( 'administrator' );
		$this->relay_agrees();
		$asked = $this->begin();
		Connect::complete( array( 'state' => $asked['state'], 'code' => 'the-code' ) );
		Connection::forget();
		$this->assertRefused( 'connect_expired', Connect::complete( array( 'state' => $asked['state'], 'code' => 'the-code' ) ) );
		$this->assertCount( 1, $this->relay->requests_to( 'POST', '/v1/connect/token' ) );
	}

	/** @dataProvider bad_returns */
	public function test_refuses_what_is_not_the_answer_to_its_question( array $given, string $code ): void {
		$this->act_as( 'administrator' );
		$this->relay_agrees();
		$asked = $this->begin();
		foreach ( $given as $name => $value ) {
			$given[ $name ] = '{state}' === $value ? $asked['state'] : $value;
		}
		$this->assertRefused( $code, Connect::complete( $given ) );
		$this->assertSame( array(), $this->relay->requests_to( 'POST', '/v1/connect/token' ) );
		$this->assertSame( 'disconnected', Connection::state() );
	}

	public function bad_returns(): array {
		return array(
			'denied'            => array( array( 'state' => '{state}', 'error' => 'access_denied' ), 'connect_denied' ),
			'another error'     => array( array( 'state' => '{state}', 'error' => '<script>' ), 'connect_failed' ),
			'wrong state'       => array( array( 'state' => 'x', 'code' => 'c' ), 'connect_state' ),
			'no state'          => array( array( 'code' => 'c' ), 'connect_state' ),
			'state is a list'   => array( array( 'state' => array( 'x' ), 'code' => 'c' ), 'connect_state' ),
			'denied, no state'  => array( array( 'error' => 'access_denied' ), 'connect_state' ),
			'no code'           => array( array( 'state' => '{state}' ), 'connect_failed' ),
			'code is a list'    => array( array( 'state' => '{state}', 'code' => array( 'c' ) ), 'connect_failed' ),
			'code with newline' => array( array( 'state' => '{state}', 'code' => "a\nb" ), 'connect_failed' ),
		);
	}

	public function test_belongs_to_the_person_who_pressed_connect(): void {
		$this->act_as( 'administrator' );
		$asked = $this->begin();
		$this->act_as( 'administrator' );
		$this->assertRefused( 'connect_expired', Connect::complete( array( 'state' => $asked['state'], 'code' => 'c' ) ) );
		$this->act_as( 'editor' );
		$this->assertRefused( 'forbidden', Connect::complete( array( 'state' => $asked['state'], 'code' => 'c' ) ) );
	}

	public function test_is_good_for_ten_minutes(): void {
		$id = $this->act_as( 'administrator' );
		$this->begin();
		$this->assertEqualsWithDelta( time() + 600, (int) get_option( '_transient_timeout_confab_connect_' . $id ), 5 );
	}

	/** @dataProvider bad_exchanges */
	public function test_stays_unconnected_when_the_exchange_fails( $status, $body, string $code, string $words ): void {
		$this->act_as( 'administrator' );
		$this->relay->on( 'POST', '/v1/connect/token', $status, $body );
		$asked  = $this->begin();
		$result = Connect::complete( array( 'state' => $asked['state'], 'code' => 'c' ) );
		$this->assertRefused( $code, $result );
		$this->assertMatchesRegularExpression( $words, $result->get_error_message() );
		$this->assertSame( 'disconnected', Connection::state() );
	}

	public function bad_exchanges(): array {
		return array(
			array( 400, array( 'code' => 'connect_code_invalid' ), 'connect_code_invalid', '/Press Connect again/' ),
			array( 200, array( 'siteId' => 'a', 'siteKey' => 'k' ), 'relay_garbled', '/not complete/' ),
			array( 200, array( 'siteId' => 'a', 'siteKey' => 'k', 'siteSecret' => array() ), 'relay_garbled', '/not complete/' ),
			array( 200, '<html>', 'relay_garbled', '/not a Confab relay/' ),
			array( 500, array( 'code' => 'internal' ), 'internal', '/fault of its own/' ),
			array( new \WP_Error( 'http_request_failed', 'cURL error 28: timed out' ), array(), 'relay_slow', '/in time/' ),
		);
	}

	public function test_tells_the_relay_what_wordpress_knows_where_the_owner_said_nothing(): void {
		$this->act_as( 'administrator' );
		update_option( 'blogname', 'Tom &amp; Käthe’s' );
		update_option( 'timezone_string', '' );
		update_option( 'gmt_offset', '5.5' );
		$policy = $this->post( array( 'post_type' => 'page', 'post_title' => 'Privacy' ) );
		update_option( 'wp_page_for_privacy_policy', $policy );
		$this->relay_agrees();
		$asked = $this->begin();
		Connect::complete( array( 'state' => $asked['state'], 'code' => 'c' ) );

		$put  = $this->relay->requests_to( 'PUT', '/v1/site/settings' )[0];
		$sent = $put['body'];
		$this->assertSame( '"1"', $put['headers']['if-match'] );
		$this->assertSame( 'Tom & Käthe’s', $sent['name'] );
		$this->assertSame( 'en', $sent['locale'] );
		$this->assertSame( 'Etc/GMT-6', $sent['timezone'] );
		$this->assertSame( array( untrailingslashit( Connection::home() ) ), $sent['allowedOrigins'] );
		$this->assertSame( get_permalink( $policy ), $sent['consent']['policyUrl'] );
		$this->assertStringContainsString( '"texts":{}', $put['args']['body'] );
		$this->assertStringContainsString( '"notices":{}', $put['args']['body'] );
		$this->assertSame( array( 'openai' ), Settings_Cache::get()['providers'] );
	}

	public function test_leaves_what_the_owner_decided_at_the_relay(): void {
		$this->act_as( 'administrator' );
		update_option( 'timezone_string', 'Europe/Dublin' );
		$this->relay_agrees();
		$theirs = $this->settings(
			array(
				'name'           => 'My shop',
				'locale'         => 'de',
				'timezone'       => 'Asia/Tokyo',
				'allowedOrigins' => array( Connection::home() ),
				'consent'        => array( 'policyUrl' => 'https://shop.example/p', 'notices' => new \stdClass() ),
			)
		);
		$this->relay->on( 'GET', '/v1/site/settings', 200, $theirs, array( 'etag' => '"1"' ) );
		$asked = $this->begin();
		Connect::complete( array( 'state' => $asked['state'], 'code' => 'c' ) );
		$this->assertSame( array(), $this->relay->requests_to( 'PUT', '/v1/site/settings' ) );
	}

	public function test_tries_once_more_when_somebody_else_saves_meanwhile(): void {
		$this->act_as( 'administrator' );
		$this->relay_agrees();
		$this->relay->on( 'PUT', '/v1/site/settings', 412, array( 'code' => 'precondition_failed' ) );
		$asked = $this->begin();
		$this->assertTrue( Connect::complete( array( 'state' => $asked['state'], 'code' => 'c' ) ) );
		$this->assertCount( 2, $this->relay->requests_to( 'PUT', '/v1/site/settings' ) );
		$this->assertSame( 'connected', Connection::state() );
	}

	public function test_is_connected_even_when_the_set_up_fails(): void {
		$this->act_as( 'administrator' );
		$this->relay_agrees();
		$this->relay->on( 'GET', '/v1/site/settings', 500, array( 'code' => 'internal' ) );
		$asked = $this->begin();
		$this->assertTrue( Connect::complete( array( 'state' => $asked['state'], 'code' => 'c' ) ) );
		$this->assertSame( 'connected', Connection::state() );
	}

	/** @dataProvider not_relays */
	public function test_leads_nobody_to_an_address_where_no_relay_answers( $answer ): void {
		$this->act_as( 'administrator' );
		if ( $answer ) {
			$this->relay->on( 'GET', '/healthz', ...$answer );
		}
		$result = Connect::begin( 'https://relay.example' );
		$this->assertRefused( 'no_relay', $result );
		$this->assertStringContainsString( 'https://relay.example', $result->get_error_message() );
	}

	public static function not_relays(): array {
		return array(
			'nobody'        => array( null ),
			'a website'     => array( array( 200, '<!doctype html><title>Hello</title>' ) ),
			'another thing' => array( array( 200, array( 'status' => 'ok' ) ) ),
			'nothing there' => array( array( 404, array( 'code' => 'not_found' ) ) ),
		);
	}

	public function test_explains_an_admin_on_another_host(): void {
		$this->act_as( 'administrator' );
		update_option( 'home', 'https://shop.example' );
		add_filter( 'option_home', static fn() => 'https://shop.example' );
		$result = Connect::begin( 'https://relay.example' );
		$this->assertRefused( 'origins_differ', $result );
		$this->assertStringContainsString( 'wp confab connect', $result->get_error_message() );
	}

	public function test_does_not_connect_twice(): void {
		$this->act_as( 'administrator' );
		$this->connect();
		$this->assertRefused( 'already_connected', Connect::begin( 'https://other.example' ) );
		$this->assertRefused( 'already_connected', Connect::with_secret( 'https://other.example', '', $this->secret ) );
	}

	public function test_connects_without_a_browser_after_asking_the_relay_who_it_is(): void {
		$this->relay->on( 'GET', '/v1/site', 200, $this->site() );
		$this->relay->on( 'GET', '/v1/site/settings', 200, $this->settings(), array( 'etag' => '"1"' ) );
		$this->assertRefused( 'site_key_wrong', Connect::with_secret( 'https://relay.example', 'k_other', $this->secret ) );
		$this->assertSame( 'disconnected', Connection::state() );
		$this->assertTrue( Connect::with_secret( 'https://relay.example', 'k_shop', $this->secret ) );
		$this->assertSame( 'k_shop', Connection::site_key() );
	}

	public function test_does_not_keep_a_secret_that_the_relay_refuses(): void {
		$this->relay->on( 'GET', '/v1/site', 401, array( 'code' => 'unauthorized' ) );
		$this->assertRefused( 'secret_refused', Connect::with_secret( 'https://relay.example', '', $this->secret ) );
		$this->assertRefused( 'secret_shape', Connect::with_secret( 'https://relay.example', '', "short\n" ) );
		$this->assertSame( 'disconnected', Connection::state() );
		$this->assertFalse( get_option( 'confab_connection' ) );
	}
}
