<?php

namespace Confab\Tests;

use Confab\Connection;
use Confab\Relay;

require_once __DIR__ . '/Connected_Site.php';

final class RelayTest extends Test_Case {
	use Connected_Site;

	public function test_says_nothing_before_the_site_is_connected(): void {
		$answer = Relay::call( 'GET', '/v1/site' );
		$this->assertSame( 'not_connected', $answer->code );
		$this->assertSame( array(), $this->relay->requests );
	}

	public function test_sends_the_secret_to_the_relay_alone_and_not_the_address_of_the_site(): void {
		$this->connect();
		$this->relay->on( 'POST', '/v1/site/documents', 202, array( 'accepted' => 1 ) );
		$answer = Relay::call( 'POST', '/v1/site/documents', array( 'upsert' => array( array( 'title' => 'Grüße/日本' ) ) ) );
		$this->assertTrue( $answer->is_ok() );
		$request = $this->relay->requests[0];
		$this->assertSame( 'https://relay.example/v1/site/documents', $request['url'] );
		$this->assertSame( 'Bearer ' . $this->secret, $request['headers']['authorization'] );
		$this->assertSame( 'Confab/' . CONFAB_VERSION, $request['args']['user-agent'] );
		$this->assertTrue( $request['args']['sslverify'] );
		$this->assertTrue( $request['args']['reject_unsafe_urls'] );
		$this->assertSame( 0, $request['args']['redirection'] );
		$this->assertSame( Relay::MAX_BYTES, $request['args']['limit_response_size'] );
		$this->assertStringContainsString( 'Grüße/日本', $request['args']['body'] );
	}

	/** @dataProvider bad_days */
	public function test_explains_every_bad_day( $answer, string $code, bool $is_worth_retrying, string $words ): void {
		$this->connect();
		$this->relay->on( 'GET', '/v1/site', is_array( $answer ) ? static fn() => $answer : $answer );
		$got = Relay::call( 'GET', '/v1/site' );
		$this->assertSame( $code, $got->code );
		$this->assertSame( $is_worth_retrying, $got->is_worth_retrying(), 'worth retrying' );
		$this->assertMatchesRegularExpression( $words, $got->message );
		$error = $got->to_error();
		$this->assertSame( 'confab_' . $code, $error->get_error_code() );
		$this->assertNotContains( $error->get_error_data()['status'], array( 401, 403 ) );
	}

	public function bad_days(): array {
		$problem = static fn( int $status, string $code, array $headers = array() ) => array( $status, array( 'code' => $code, 'detail' => 'In <b>English</b>.' ), $headers );
		return array(
			'down'              => array( new \WP_Error( 'http_request_failed', 'cURL error 7: Failed to connect' ), 'relay_unreachable', true, '/relay\.example cannot be reached/' ),
			'slow'              => array( new \WP_Error( 'http_request_failed', 'cURL error 28: Operation timed out after 10001 milliseconds' ), 'relay_slow', true, '/did not answer in time/' ),
			'bad certificate'   => array( new \WP_Error( 'http_request_failed', 'cURL error 60: SSL certificate problem' ), 'relay_certificate', true, '/certificate of relay\.example/' ),
			'blocked by site'   => array( new \WP_Error( 'http_request_not_executed', 'User has blocked requests through HTTP.' ), 'relay_blocked', true, '/WP_ACCESSIBLE_HOSTS/' ),
			'refused'           => array( $problem( 401, 'unauthorized' ), 'revoked', true, '/Connect the site again/' ),
			'to be paid'        => array( $problem( 402, 'plan_limit_reached' ), 'plan_limit_reached', true, '/plan at the relay/' ),
			'conflict'          => array( $problem( 409, 'subject_ambiguous' ), 'subject_ambiguous', false, '/different people/' ),
			'changed meanwhile' => array( $problem( 412, 'precondition_failed' ), 'precondition_failed', false, '/Somebody else saved/' ),
			'too much'          => array( $problem( 413, 'body_too_large' ), 'body_too_large', false, '/shorter/' ),
			'too often'         => array( $problem( 429, 'rate_limited', array( 'retry-after' => '17' ) ), 'rate_limited', true, '/17 seconds/' ),
			'too often, a proxy' => array( array( 429, '<html>slow down</html>' ), 'rate_limited', true, '/pause/' ),
			'broken'            => array( $problem( 500, 'internal' ), 'internal', true, '/fault of its own \(status 500\)/' ),
			'bad gateway'       => array( array( 502, '<html>Bad gateway</html>' ), 'internal', true, '/status 502/' ),
			'not valid'         => array( $problem( 400, 'validation_failed' ), 'validation_failed', false, '/In English\./' ),
			'a log-in page'     => array( array( 200, '<!doctype html><title>Log in</title>' ), 'relay_garbled', true, '/not a Confab relay/' ),
			'a redirect'        => array( array( 302, '', array( 'location' => 'https://elsewhere.example/' ) ), 'relay_garbled', true, '/status 302/' ),
			'HTML not found'    => array( array( 404, '<h1>Not found</h1>' ), 'relay_garbled', true, '/Check the address/' ),
			'a password asked'  => array( array( 401, '<h1>Authorization required</h1>' ), 'relay_garbled', true, '/log-in page/' ),
			'garbage'           => array( array( 200, "\xff\x00{{{" ), 'relay_garbled', true, '/not a Confab relay/' ),
			'no object'         => array( array( 200, '"yes"' ), 'relay_garbled', true, '/not a Confab relay/' ),
			'nothing at all'    => array( array( 200, '' ), 'relay_garbled', true, '/not a Confab relay/' ),
			'huge'              => array( array( 200, '{"a":"' . str_repeat( 'x', Relay::MAX_BYTES ) ), 'relay_too_large', true, '/too large/' ),
			'hostile code'      => array( array( 400, array( 'code' => '<script>', 'detail' => '<script>alert(1)</script>' ) ), 'script', false, '/^[^<]*$/' ),
			'code is no text'   => array( array( 400, array( 'code' => array(), 'detail' => array() ) ), 'relay_garbled', true, '/not a Confab relay/' ),
		);
	}

	public function test_stops_sending_once_the_secret_is_refused_and_goes_on_when_it_is_taken_again(): void {
		$this->connect();
		$this->relay->on( 'GET', '/v1/site', 401, array( 'code' => 'unauthorized' ) );
		Relay::call( 'GET', '/v1/site' );
		$this->assertSame( 'revoked', Connection::state() );
		$this->assertSame( 'revoked', Relay::call( 'GET', '/v1/site/settings' )->code );
		$this->assertCount( 1, $this->relay->requests );

		$this->relay->on( 'GET', '/v1/site', 200, $this->site() );
		$this->assertTrue( Relay::call( 'GET', '/v1/site', null, array( 'recheck' => true ) )->is_ok() );
		$this->assertSame( 'connected', Connection::state() );
	}

	public function test_reads_how_long_to_wait_also_from_a_date(): void {
		$this->connect();
		$this->relay->on( 'GET', '/v1/site', 503, array( 'code' => 'unavailable' ), array( 'retry-after' => gmdate( 'D, d M Y H:i:s', time() + 90 ) . ' GMT' ) );
		$this->assertEqualsWithDelta( 90, Relay::call( 'GET', '/v1/site' )->retry_after, 3 );
	}

	public function test_never_waits_longer_than_a_day(): void {
		$this->connect();
		$this->relay->on( 'GET', '/v1/site', 429, array( 'code' => 'rate_limited' ), array( 'retry-after' => '99999999999' ) );
		$this->assertSame( DAY_IN_SECONDS, Relay::call( 'GET', '/v1/site' )->retry_after );
	}

	public function test_keeps_empty_objects_as_objects(): void {
		$this->connect();
		$this->relay->on( 'GET', '/v1/site/settings', 200, '{"texts":{},"list":[]}', array( 'etag' => '"7"' ) );
		$answer = Relay::call( 'GET', '/v1/site/settings' );
		$this->assertSame( '{"texts":{},"list":[]}', wp_json_encode( $answer->document() ) );
		$this->assertSame( '"7"', $answer->etag );
	}

	public function test_does_not_fall_over_content_that_cannot_be_encoded(): void {
		$this->connect();
		$cycle       = new \stdClass();
		$cycle->self = $cycle;
		$answer      = Relay::call( 'POST', '/v1/site/documents', array( 'upsert' => array( $cycle ) ) );
		$this->assertSame( 'not_encodable', $answer->code );
		$this->assertFalse( $answer->is_worth_retrying() );
		$this->assertSame( array(), $this->relay->requests );
	}

	public function test_survives_a_plugin_that_throws_out_of_the_http_client(): void {
		$this->connect();
		$before = array( count( $GLOBALS['wp_filter']['http_request_host_is_external']->callbacks[10] ), has_filter( 'http_allowed_safe_ports' ) );
		add_filter(
			'http_request_args',
			static function () {
				throw new \RuntimeException( 'a plugin' );
			}
		);
		$this->assertSame( 'relay_unreachable', Relay::call( 'GET', '/v1/site' )->code );
		$this->assertSame( $before, array( count( $GLOBALS['wp_filter']['http_request_host_is_external']->callbacks[10] ), has_filter( 'http_allowed_safe_ports' ) ) );
	}

	/** @dataProvider addresses */
	public function test_takes_only_addresses_of_relays( string $given, ?string $kept ): void {
		$address = Relay::address( $given );
		$this->assertSame( $kept, is_wp_error( $address ) ? null : $address );
	}

	public function addresses(): array {
		return array(
			array( ' https://relay.example.com/ ', 'https://relay.example.com' ),
			array( 'https://relay.example.com:8443/confab/', 'https://relay.example.com:8443/confab' ),
			array( 'http://127.0.0.1:3000', 'http://127.0.0.1:3000' ),
			array( 'http://localhost:3000', 'http://localhost:3000' ),
			array( 'http://relay:3000', 'http://relay:3000' ),
			array( 'http://192.168.1.20', 'http://192.168.1.20' ),
			array( 'http://relay.example.com', null ),
			array( 'http://8.8.8.8', null ),
			array( 'ftp://relay.example.com', null ),
			array( 'javascript:alert(1)', null ),
			array( 'https://user:pass@relay.example.com', null ),
			array( 'https://relay.example.com/?x=1', null ),
			array( 'https://relay.example.com/#x', null ),
			array( "https://relay.example.com/\r\nX: 1", null ),
			array( '"><script>', null ),
			array( '', null ),
			array( 'relay.example.com', null ),
		);
	}

	public function test_lets_core_through_to_its_own_relay_and_to_nothing_else(): void {
		Connection::keep( 'http://127.0.0.1:39999', array( 'siteId' => 'a', 'siteKey' => 'k', 'siteSecret' => $this->secret ) );
		$seen = array();
		$this->relay->on(
			'GET',
			'/v1/site',
			static function () use ( &$seen ) {
				$seen['ours']   = wp_http_validate_url( 'http://127.0.0.1:39999/v1/site' );
				$seen['others'] = wp_http_validate_url( 'http://10.0.0.1/v1/site' );
				$seen['paths']  = wp_http_validate_url( 'http://127.0.0.1:39999/v1/else' );
				return array( 200, array() );
			}
		);
		Relay::call( 'GET', '/v1/site' );
		$this->assertSame( array( 'ours' => 'http://127.0.0.1:39999/v1/site', 'others' => false, 'paths' => false ), $seen );
		$this->assertFalse( wp_http_validate_url( 'http://127.0.0.1:39999/v1/site' ), 'afterwards' );
	}
}
