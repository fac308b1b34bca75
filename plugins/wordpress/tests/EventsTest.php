<?php

namespace Confab\Tests;

use Confab\Connection;
use Confab\Signature;

require_once __DIR__ . '/Connected_Site.php';

final class EventsTest extends Test_Case {
	use Connected_Site;

	private array $leads = array();

	protected function setUp(): void {
		parent::setUp();
		$this->leads = array();
		add_action(
			'confab_lead_created',
			function ( array $lead ) {
				$this->leads[] = $lead;
			}
		);
	}

	private static function signed( string $pair, string $id, int $time, string $body ): string {
		return 'v1a,' . base64_encode( sodium_crypto_sign_detached( "$id.$time.$body", sodium_crypto_sign_secretkey( $pair ) ) );
	}

	/** Calls a route as the relay does; $with replaces single headers. */
	private function told( string $pair, string $route, $body, array $with = array() ): \WP_REST_Response {
		$json    = is_string( $body ) ? $body : wp_json_encode( $body );
		$id      = $with['id'] ?? 'msg_1';
		$time    = $with['time'] ?? time();
		$request = new \WP_REST_Request( 'POST', '/confab/v1/' . $route );
		$request->set_header( 'Content-Type', 'application/json' );
		$request->set_header( 'webhook-id', $id );
		$request->set_header( 'webhook-timestamp', (string) $time );
		$request->set_header( 'webhook-signature', $with['signature'] ?? self::signed( $pair, $id, (int) $time, $json ) );
		$request->set_body( $with['body'] ?? $json );
		return rest_do_request( $request );
	}

	private static function lead( array $with = array() ): array {
		$lead = array(
			'siteId' => '6f1c7a52-0d7c-4a3e-9d0a-7d5a1f0c1b11', 'leadId' => '0b5f0f4e-92a1-4d9f-8c0d-2f4b1f3f7a10', 'kind' => 'lead', 'createdAt' => '2026-11-22T05:00:00Z', 'name' => '<b>Ann</b>',
			'email' => 'ann@example.com', 'phone' => null, 'message' => 'Call me', 'fields' => array( 'size' => 'XL' ), 'pageUrl' => null,
			'callbackAt' => null, 'conversationId' => null,
		);
		return array( 'type' => 'lead.created', 'timestamp' => '2026-11-22T05:00:00Z', 'data' => $with + $lead );
	}

	private function verify( string $challenge = 'abc' ): array {
		return array( 'type' => 'site.verify', 'timestamp' => '2026-11-22T05:00:00Z', 'data' => array( 'siteId' => Connection::site_id(), 'challenge' => $challenge ) );
	}

	public function test_proves_that_it_holds_the_secret(): void {
		$pair   = $this->connect();
		$answer = $this->told( $pair, 'verify', $this->verify() );
		$this->assertSame( 200, $answer->get_status() );
		$this->assertSame( array( 'proof' => hash_hmac( 'sha256', 'abc', hash( 'sha256', $this->secret ) ) ), $answer->get_data() );
	}

	public function test_proves_nothing_about_another_site(): void {
		$pair = $this->connect();
		$body = $this->verify();
		$body['data']['siteId'] = '11111111-0d7c-4a3e-9d0a-7d5a1f0c1b11';
		$this->assertSame( 404, $this->told( $pair, 'verify', $body )->get_status() );
	}

	public function test_takes_no_lead_of_another_site_of_the_same_relay(): void {
		$pair = $this->connect();
		$this->assertSame( 404, $this->told( $pair, 'events', self::lead( array( 'siteId' => '11111111-0d7c-4a3e-9d0a-7d5a1f0c1b11' ) ) )->get_status() );
		$this->assertSame( array(), $this->leads );
	}

	public function test_hands_a_lead_on_whole_and_keeps_nothing_of_it(): void {
		global $wpdb;
		$pair = $this->connect();
		$this->assertSame( 200, $this->told( $pair, 'events', self::lead() )->get_status() );
		$this->assertSame( array( self::lead()['data'] ), $this->leads );
		$found = $wpdb->get_var( "SELECT COUNT(*) FROM {$wpdb->options} WHERE option_value LIKE '%ann@example.com%'" );
		$this->assertSame( '0', (string) $found );
	}

	public function test_hands_a_lead_on_once_however_often_it_is_told(): void {
		$pair = $this->connect();
		$this->told( $pair, 'events', self::lead() );
		$this->assertSame( 200, $this->told( $pair, 'events', self::lead() )->get_status() );
		$this->assertSame( 200, $this->told( $pair, 'events', self::lead(), array( 'id' => 'msg_2' ) )->get_status() );
		$this->assertCount( 1, $this->leads );
		$this->told( $pair, 'events', self::lead( array( 'leadId' => '1b5f0f4e-92a1-4d9f-8c0d-2f4b1f3f7a10' ) ), array( 'id' => 'msg_3' ) );
		$this->assertCount( 2, $this->leads );
	}

	public function test_is_told_again_when_a_listener_fails(): void {
		$pair = $this->connect();
		$fail = static function () {
			throw new \RuntimeException( 'the CRM is down' );
		};
		add_action( 'confab_lead_created', $fail, 5 );
		$this->assertSame( 500, $this->told( $pair, 'events', self::lead() )->get_status() );
		remove_action( 'confab_lead_created', $fail, 5 );
		$this->assertSame( 200, $this->told( $pair, 'events', self::lead() )->get_status() );
		$this->assertCount( 1, $this->leads );
	}

	public function test_does_not_hand_a_lead_on_twice_while_a_listener_is_slow(): void {
		$pair   = $this->connect();
		$inside = null;
		add_action(
			'confab_lead_created',
			function () use ( $pair, &$inside ) {
				$inside = $inside ?? $this->told( $pair, 'events', self::lead() )->get_status();
			},
			20
		);
		$this->told( $pair, 'events', self::lead() );
		$this->assertSame( 503, $inside );
		$this->assertCount( 1, $this->leads );
	}

	/** @dataProvider forgeries */
	public function test_refuses_what_the_relay_did_not_sign_now( array $with, int $status, string $code ): void {
		$pair = $this->connect();
		foreach ( array( 'verify' => $this->verify(), 'events' => self::lead() ) as $route => $body ) {
			$answer = $this->told( $pair, $route, $body, $with );
			$this->assertSame( $status, $answer->get_status() );
			$this->assertSame( $code, $answer->get_data()['code'] );
		}
		$this->assertSame( array(), $this->leads );
	}

	public function forgeries(): array {
		$stranger = sodium_crypto_sign_keypair();
		return array(
			'no signature'        => array( array( 'signature' => '' ), 401, 'confab_signature_missing' ),
			'no id'               => array( array( 'id' => '' ), 401, 'confab_signature_missing' ),
			'id with a dot'       => array( array( 'id' => 'a.1' ), 401, 'confab_signature_missing' ),
			'time is no number'   => array( array( 'time' => '1e9' ), 401, 'confab_signature_missing' ),
			'a stranger’s key'    => array( array( 'signature' => self::signed( $stranger, 'msg_1', time(), '{}' ) ), 401, 'confab_signature_wrong' ),
			'garbage'             => array( array( 'signature' => 'v1a,%%%% v1,abc v1a,' . str_repeat( 'A', 88 ) ), 401, 'confab_signature_wrong' ),
			'another version'     => array( array( 'signature' => 'v1,' . base64_encode( str_repeat( 'x', 32 ) ) ), 401, 'confab_signature_wrong' ),
			'another body'        => array( array( 'body' => '{"type":"lead.created","data":{"leadId":"x"}}' ), 401, 'confab_signature_wrong' ),
			'of yesterday'        => array( array( 'time' => time() - 86400 ), 503, 'confab_clock' ),
			'of tomorrow'         => array( array( 'time' => time() + 86400 ), 503, 'confab_clock' ),
			'too large'           => array( array( 'body' => '"' . str_repeat( 'x', 200000 ) . '"' ), 413, 'confab_body_too_large' ),
		);
	}

	public function test_says_how_far_the_clocks_are_apart(): void {
		$pair   = $this->connect();
		$answer = $this->told( $pair, 'verify', $this->verify(), array( 'time' => time() - 1000 ) );
		$this->assertEqualsWithDelta( -1000, $answer->get_data()['data']['clockAhead'], 2 );
		$this->assertStringContainsString( 'Set both clocks', $answer->get_data()['message'] );
	}

	public function test_accepts_the_old_and_the_new_key_while_they_change(): void {
		$old  = sodium_crypto_sign_keypair();
		$new  = sodium_crypto_sign_keypair();
		$keys = array_map( static fn( $pair ) => 'whpk_' . base64_encode( sodium_crypto_sign_publickey( $pair ) ), array( $new, $old ) );
		$this->connect( array( 'relayPublicKeys' => $keys ) );
		foreach ( array( $old, $new ) as $pair ) {
			$this->assertSame( 200, $this->told( $pair, 'verify', $this->verify() )->get_status() );
		}
		$both = self::signed( sodium_crypto_sign_keypair(), 'i', 5, '{}' ) . ' ' . self::signed( $old, 'i', 5, '{}' );
		$this->assertTrue( Signature::verify( 'i', '5', $both, '{}', $keys, 5 ) );
		$this->assertInstanceOf( \WP_Error::class, Signature::verify( 'i', '5', $both, '{}', array(), 5 ) );
	}

	public function test_agrees_with_the_example_of_rfc_8032(): void {
		// RFC 8032, 7.1, TEST 2, whose message is the one byte 72; ours are longer, so the primitive is compared.
		$key       = hex2bin( '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c' );
		$signature = hex2bin( '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00' );
		$this->assertTrue( sodium_crypto_sign_verify_detached( $signature, 'r', $key ) );
		$this->assertSame( $key, Signature::public_key( 'whpk_' . base64_encode( $key ) ) );
	}

	/** @dataProvider nonsense */
	public function test_refuses_signed_nonsense_without_a_fault( string $body, int $status ): void {
		$pair = $this->connect();
		$this->assertSame( $status, $this->told( $pair, 'events', $body )->get_status() );
		$this->assertSame( array(), $this->leads );
	}

	public function nonsense(): array {
		return array(
			array( '{}', 400 ),
			array( '[]', 400 ),
			array( '{"type":"lead.created"}', 400 ),
			array( '{"type":"lead.created","data":[]}', 400 ),
			array( '{"type":"lead.created","data":{"leadId":7}}', 400 ),
			array( '{"type":["x"],"data":{}}', 400 ),
			array( '{"type":"conversation.ended","data":{"id":"x"}}', 200 ),
		);
	}

	public function test_answers_nobody_while_not_connected(): void {
		$pair = $this->connect();
		add_filter( 'option_home', static fn() => 'https://staging.shop.example' );
		$this->assertSame( 403, $this->told( $pair, 'verify', $this->verify() )->get_status() );
		Connection::forget();
		$this->assertSame( 403, $this->told( $pair, 'events', self::lead() )->get_status() );
		$this->assertSame( array(), $this->leads );
	}
}
