<?php

namespace Confab\Tests;

use Confab\Connection;
use Confab\Privacy;
use Confab\Settings_Cache;

require_once __DIR__ . '/Connected_Site.php';

final class PrivacyTest extends Test_Case {
	use Connected_Site;

	private function export( string $email = 'ann@example.com' ) {
		return call_user_func( apply_filters( 'wp_privacy_personal_data_exporters', array() )['confab']['callback'], $email, 1 );
	}

	private function erase( string $email = 'ann@example.com' ): array {
		return call_user_func( apply_filters( 'wp_privacy_personal_data_erasers', array() )['confab']['callback'], $email, 1 );
	}

	private static function erased( int $conversations, int $held = 0, string $status = 'completed' ): array {
		return array( 'dataRequestId' => 'd', 'type' => 'erasure', 'status' => $status, 'result' => array( 'counts' => array( 'conversations' => $conversations, 'leads' => 0 ), 'retained' => array( 'conversations' => $held ) ) );
	}

	public function test_exports_everything_for_people_to_read(): void {
		$this->connect();
		$this->relay->on(
			'POST',
			'/v1/site/data-requests',
			200,
			array(
				'status' => 'completed',
				'result' => array(
					'format' => 'confab-personal-data/1',
					'data'   => array(
						'conversations' => array(
							array(
								'id'        => 'c1',
								'createdAt' => '2026-11-01T10:00:00Z',
								'pageUrl'   => 'https://shop.example/a',
								'messages'  => array( array( 'role' => 'visitor', 'text' => "<script>alert(1)</script>\nHello", 'createdAt' => '2026-11-01T10:00:01Z' ) ),
								'consents'  => array( array( 'receipt' => array( 'decision' => 'granted', 'purposes' => array( 'storage' ), 'recordedAt' => '2026-11-01T10:00:00Z' ) ) ),
							),
						),
						'leads'         => array(
							array(
								'id'         => 'l1',
								'kind'       => 'callback',
								'email'      => 'ann@example.com',
								'timezone'   => 'Europe/Dublin',
								'fields'     => array( 'size <b>' => 'XL' ),
								'consents'   => array( array( 'receipt' => array( 'decision' => 'granted', 'purposes' => array( 'marketing' ), 'recordedAt' => '2026-11-01T10:00:02Z' ) ) ),
								'deliveries' => array( array( 'target' => 'zoho', 'deliveredAt' => '2026-11-01T10:00:03Z' ), array( 'target' => 'webhook:1', 'deliveredAt' => null ) ),
							),
						),
						'emails'        => array( array( 'id' => 'e1', 'kind' => 'transcript', 'createdAt' => '2026-11-01T10:00:04Z', 'sentAt' => '2026-11-01T10:00:05Z' ) ),
						'pageViews'     => array( array( 'id' => 'p1', 'url' => 'https://shop.example/b', 'createdAt' => 'x' ), 'nonsense' ),
					),
				),
			)
		);
		$answer = $this->export();
		$this->assertTrue( $answer['done'] );
		$this->assertSame( array( 'confab-conversations', 'confab-leads', 'confab-pageviews', 'confab-emails' ), array_column( $answer['data'], 'group_id' ) );
		$text = wp_json_encode( $answer, JSON_UNESCAPED_SLASHES );
		$this->assertStringNotContainsString( '<script', $text );
		$this->assertStringNotContainsString( '<b>', $text );
		foreach ( array( 'Hello', 'granted: storage', 'XL', 'https://shop.example/b', 'callback', 'Europe/Dublin', 'granted: marketing', 'Zoho CRM, 2026-11-01T10:00:03Z', 'webhook:1', 'transcript', '2026-11-01T10:00:05Z' ) as $part ) {
			$this->assertStringContainsString( $part, $text );
		}
		$this->assertSame( array( 'type' => 'access', 'subject' => array( 'email' => 'ann@example.com' ) ), $this->relay->requests[0]['body'] );
		require_once ABSPATH . 'wp-admin/includes/privacy-tools.php';
		$groups = array( 'items' => array() );
		foreach ( $answer['data'] as $item ) {
			$groups['items'][ $item['item_id'] ] = $item['data'];
		}
		$this->assertStringContainsString( 'Hello', wp_privacy_generate_personal_data_export_group_html( array( 'group_label' => 'Chats' ) + $groups, 'confab', 1 ) );
	}

	public function test_fails_an_export_rather_than_leave_the_chats_out(): void {
		$this->connect();
		$this->assertInstanceOf( \WP_Error::class, $this->export() );
		$this->relay->on( 'POST', '/v1/site/data-requests', 200, array( 'result' => 'x' ) );
		$this->assertInstanceOf( \WP_Error::class, $this->export() );
	}

	public function test_asks_nobody_while_the_site_was_never_connected(): void {
		$this->assertSame( array( 'data' => array(), 'done' => true ), $this->export() );
		$this->assertSame( array( 'items_removed' => false, 'items_retained' => false, 'messages' => array(), 'done' => true ), $this->erase() );
		$this->assertSame( array(), $this->relay->requests );
	}

	public function test_erases_and_says_whether_there_was_anything(): void {
		$this->connect();
		$this->relay->on( 'POST', '/v1/site/data-requests', 200, self::erased( 2 ) );
		$this->assertSame( array( 'items_removed' => true, 'items_retained' => false, 'messages' => array(), 'done' => true ), $this->erase() );
		$this->relay->on( 'POST', '/v1/site/data-requests', 200, self::erased( 0 ) );
		$this->assertFalse( $this->erase()['items_removed'] );
		$this->assertFalse( get_option( Privacy::PENDING ) );
	}

	public function test_says_what_a_legal_hold_keeps(): void {
		$this->connect();
		$this->relay->on( 'POST', '/v1/site/data-requests', 200, self::erased( 1, 3 ) );
		$answer = $this->erase();
		$this->assertTrue( $answer['items_removed'] );
		$this->assertTrue( $answer['items_retained'] );
		$this->assertStringContainsString( 'legal hold', $answer['messages'][0] );
		$this->assertSame( 0, Privacy::waiting() );
	}

	/** @dataProvider bad_days */
	public function test_never_calls_data_erased_that_it_could_not_reach( $status, $body ): void {
		$this->connect();
		$this->relay->on( 'POST', '/v1/site/data-requests', $status, $body );
		$answer = $this->erase();
		$this->assertFalse( $answer['items_removed'] );
		$this->assertTrue( $answer['items_retained'] );
		$this->assertTrue( $answer['done'] );
		$this->assertNotSame( array(), $answer['messages'] );
		$this->assertSame( 1, Privacy::waiting() );
		$this->assertNotFalse( wp_next_scheduled( Privacy::HOOK ) );
	}

	public function bad_days(): array {
		return array(
			array( new \WP_Error( 'http_request_failed', 'cURL error 7' ), array() ),
			array( 401, array( 'code' => 'unauthorized' ) ),
			array( 429, array( 'code' => 'rate_limited' ) ),
			array( 500, array( 'code' => 'internal' ) ),
			array( 503, '<html>' ),
			array( 200, 'garbage' ),
		);
	}

	public function test_finishes_the_erasure_when_the_relay_returns_and_forgets_who_asked(): void {
		$this->connect();
		$this->erase();
		$this->erase( 'ANN@example.com' );
		$this->erase( 'bob@example.com' );
		$this->assertSame( 2, Privacy::waiting() );
		$this->assertArrayNotHasKey( Privacy::PENDING, wp_load_alloptions( true ) );
		do_action( Privacy::HOOK );
		$this->assertSame( 2, Privacy::waiting() );

		$this->relay->on( 'POST', '/v1/site/data-requests', 200, self::erased( 1 ) );
		do_action( Privacy::HOOK );
		$emails = array_map( static fn( $one ) => $one['body']['subject']['email'], array_slice( $this->relay->requests, -2 ) );
		$this->assertSame( array( 'ann@example.com', 'bob@example.com' ), $emails );
		$this->assertFalse( get_option( Privacy::PENDING ) );
		$this->assertFalse( wp_next_scheduled( Privacy::HOOK ) );
	}

	public function test_loses_no_erasure_that_is_asked_for_while_another_one_is_tried(): void {
		$this->connect();
		$this->erase();
		$meanwhile = function () {
			global $wpdb;
			$both = array_map( static fn( $email ) => array( 'email' => $email, 'since' => 1, 'tries' => 0 ), array( 'ann@example.com', 'bob@example.com' ) );
			$wpdb->update( $wpdb->options, array( 'option_value' => serialize( $both ) ), array( 'option_name' => Privacy::PENDING ) );
			return array( 200, self::erased( 1 ), array() );
		};
		$this->relay->on( 'POST', '/v1/site/data-requests', $meanwhile );
		do_action( Privacy::HOOK );
		$this->assertSame( array( 'bob@example.com' ), array_column( get_option( Privacy::PENDING ), 'email' ) );
	}

	public function test_waits_longer_after_each_try(): void {
		$this->clock->set( time() );
		$this->connect();
		$this->erase();
		$delays = array();
		for ( $try = 0; $try < 9; $try++ ) {
			$delays[] = wp_next_scheduled( Privacy::HOOK ) - \Confab\time();
			do_action( Privacy::HOOK );
		}
		$this->assertSame( array( 300, 600, 1200, 2400, 4800, 9600, 19200, 21600, 21600 ), $delays );
	}

	public function test_does_not_remember_a_request_that_can_never_succeed(): void {
		$this->connect();
		$this->relay->on( 'POST', '/v1/site/data-requests', 400, array( 'code' => 'validation_failed', 'detail' => 'x' ) );
		$this->assertTrue( $this->erase()['items_retained'] );
		$this->assertSame( 0, Privacy::waiting() );
	}

	public function test_does_not_promise_a_copy_an_erasure_and_leaves_those_of_the_original_to_it(): void {
		$this->connect();
		$this->erase();
		add_filter( 'option_home', static fn() => 'https://staging.shop.example' );
		$answer = $this->erase( 'bob@example.com' );
		$this->assertTrue( $answer['items_retained'] );
		$this->assertStringContainsString( 'moved or is a copy', $answer['messages'][0] );
		$this->assertSame( 1, Privacy::waiting() );
		$this->act_as( 'administrator' );
		$this->rest( 'POST', '/confab/v1/moved', array( 'answer' => 'copy' ) );
		$this->assertSame( 0, Privacy::waiting() );
	}

	public function test_keeps_an_erasure_that_a_later_refusal_meets(): void {
		$this->connect();
		$this->erase();
		$this->relay->on( 'POST', '/v1/site/data-requests', 409, array( 'code' => 'subject_ambiguous' ) );
		do_action( Privacy::HOOK );
		$this->assertSame( 1, Privacy::waiting() );
	}

	public function test_forgets_who_waits_when_the_relay_has_erased_everything(): void {
		$this->connect();
		$this->erase();
		$this->relay->on( 'DELETE', '/v1/site/connection', 204 );
		\Confab\Connect::end( true );
		$this->assertSame( 0, Privacy::waiting() );
	}

	public function test_writes_the_policy_from_what_is_really_set(): void {
		$this->assertStringContainsString( 'may be passed on', Privacy::policy() );
		$this->connect();
		Settings_Cache::remember( $this->settings() );
		$policy = Privacy::policy();
		foreach ( array( 'relay.example', 'OpenAI', 'after 365 days', 'after 200 days', 'after 90 days', 'after 1095 days', 'cf_conversation' ) as $part ) {
			$this->assertStringContainsString( $part, $policy );
		}
		$this->assertStringNotContainsString( 'Anthropic', $policy );
		Settings_Cache::remember( $this->settings( array( 'answers' => array( 'providers' => array() ) ) ) );
		$this->assertStringContainsString( 'to no provider of language models', Privacy::policy() );
	}

	public function test_says_in_the_policy_who_else_may_read_a_question(): void {
		$this->connect();
		Settings_Cache::remember( $this->settings( array( 'answers' => array( 'providers' => array( 'bedrock' ) ) ) ) );
		$this->assertStringContainsString( 'may be passed on', Privacy::policy(), 'The relay may have a key of its own.' );
		$by_meaning = array(
			'providers'  => array(),
			'embeddings' => 'openai',
		);
		Settings_Cache::remember( $this->settings( array( 'answers' => $by_meaning ) ) );
		$this->assertStringContainsString( 'your question is passed on to OpenAI', Privacy::policy() );
		$this->assertStringNotContainsString( 'to no provider', Privacy::policy() );
	}

	public function test_says_in_the_policy_which_crm_gets_contact_details(): void {
		$this->connect();
		Settings_Cache::remember( $this->settings() );
		$this->assertStringNotContainsString( 'keep our contacts', Privacy::policy() );
		Settings_Cache::remember( $this->settings( array( 'crm' => array( 'connectors' => array( 'hubspot', 'zoho' ), 'transcript' => false ) ) ) );
		$this->assertStringContainsString( 'passed on to HubSpot and Zoho CRM, where we keep our contacts', Privacy::policy() );
		$this->assertStringNotContainsString( 'what was said in it', Privacy::policy() );
		Settings_Cache::remember( $this->settings( array( 'crm' => array( 'connectors' => array( 'hubspot' ), 'transcript' => true ) ) ) );
		$this->assertStringContainsString( 'what was said in it if it is stored, are passed on to HubSpot', Privacy::policy() );
	}

	public function test_offers_the_policy_to_core_without_a_complaint(): void {
		$this->act_as( 'administrator' );
		$this->open_admin();
		require_once ABSPATH . 'wp-admin/includes/class-wp-privacy-policy-content.php';
		$texts = \WP_Privacy_Policy_Content::get_suggested_policy_text();
		$this->assertContains( 'Confab', array_column( $texts, 'plugin_name' ) );
	}
}
