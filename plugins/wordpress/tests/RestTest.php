<?php

namespace Confab\Tests;

use Confab\Preferences;
use Confab\Settings_Cache;

require_once __DIR__ . '/Connected_Site.php';

final class RestTest extends Test_Case {
	use Connected_Site;

	/** @return list<array{string, string}> */
	private static function own_routes(): array {
		$routes = array();
		foreach ( rest_get_server()->get_routes( 'confab/v1' ) as $path => $handlers ) {
			foreach ( $handlers as $handler ) {
				foreach ( array_keys( $handler['methods'] ) as $method ) {
					if ( '/confab/v1' !== $path ) {
						$routes[] = array( $method, $path );
					}
				}
			}
		}
		return $routes;
	}

	private static function example( string $path ): string {
		$path = preg_replace( '/\(\?P<(target|name)>[^)]*\)/', 'hubspot', $path );
		return preg_replace( '/\(\?P<id>[^)]*\)/', '6f1c7a52-0d7c-4a3e-9d0a-7d5a1f0c1b11', preg_replace( '/\(\?P<\w+>(\w+)\|[^)]*\)/', '$1', $path ) );
	}

	private static function body_for( string $path ): array {
		return array( 'erase' => false, 'answer' => 'copy', 'action' => 'start', 'relayUrl' => 'https://relay.example', 'settings' => array( 'a' => 1 ), 'etag' => '"1"', 'widget' => true, 'question' => 'Why?' );
	}

	public function test_is_closed_to_everybody_but_those_who_manage_confab(): void {
		$this->connect();
		$routes = self::own_routes();
		$this->assertGreaterThan( 14, count( $routes ) );
		foreach ( $routes as list( $method, $path ) ) {
			$is_relays = in_array( $path, array( '/confab/v1/verify', '/confab/v1/events' ), true );
			wp_set_current_user( 0 );
			$this->assertSame( 401, $this->rest( $method, self::example( $path ), self::body_for( $path ) )->get_status(), "$method $path anonymous" );
			foreach ( array( 'subscriber', 'editor' ) as $role ) {
				$this->act_as( $role );
				$this->assertSame( $is_relays ? 401 : 403, $this->rest( $method, self::example( $path ), self::body_for( $path ) )->get_status(), "$method $path $role" );
			}
		}
		$this->assertSame( array(), $this->relay->requests );
	}

	public function test_lets_the_site_choose_who_may_manage_it(): void {
		$this->act_as( 'editor' );
		add_filter( 'confab_capability', static fn() => 'edit_others_posts' );
		$this->assertSame( 200, $this->rest( 'GET', '/confab/v1/preferences' )->get_status() );
	}

	public function test_never_shows_the_secret(): void {
		$this->connect();
		$this->act_as( 'administrator' );
		$this->relay->on( 'GET', '/v1/site', 200, $this->site() );
		$this->relay->on( 'GET', '/v1/site/settings', 200, $this->settings(), array( 'etag' => '"1"' ) );
		foreach ( self::own_routes() as list( $method, $path ) ) {
			if ( 'GET' === $method ) {
				$this->assertStringNotContainsString( substr( $this->secret, 0, 12 ), wp_json_encode( $this->rest( $method, self::example( $path ) )->get_data() ), $path );
			}
		}
	}

	public function test_says_how_things_stand(): void {
		$this->connect();
		$this->act_as( 'administrator' );
		$this->relay->on( 'GET', '/v1/site', 200, $this->site( array( 'verification' => 'unreachable' ) ) );
		$status = $this->rest( 'GET', '/confab/v1/status' )->get_data();
		$this->assertSame( 'connected', $status['state'] );
		$this->assertSame( 'unreachable', $status['verification'] );
		$this->assertSame( 9, $status['usage']['answers'] );
		$this->assertSame( array( 'set' => true, 'last4' => 'WXYZ', 'from' => 'option' ), $status['secret'] );
		$this->assertTrue( $status['relay']['reachable'] );
		$this->assertTrue( $status['aiAllowed'] );
		$this->assertArrayHasKey( 'state', $status['sync'] );
	}

	public function test_says_what_is_wrong_with_the_relay_without_failing_itself(): void {
		$this->connect();
		$this->act_as( 'administrator' );
		$answer = $this->rest( 'GET', '/confab/v1/status' );
		$this->assertSame( 200, $answer->get_status() );
		$this->assertFalse( $answer->get_data()['relay']['reachable'] );
		$this->assertSame( 'relay_unreachable', $answer->get_data()['relay']['code'] );
		$this->relay->on( 'GET', '/v1/site', 401, array( 'code' => 'unauthorized' ) );
		$this->assertSame( 'revoked', $this->rest( 'GET', '/confab/v1/status' )->get_data()['state'] );
	}

	public function test_passes_settings_on_and_back_as_they_are(): void {
		$this->connect();
		$this->act_as( 'administrator' );
		$this->relay->on( 'GET', '/v1/site/settings', 200, $this->settings(), array( 'etag' => '"5"' ) );
		$read = $this->rest( 'GET', '/confab/v1/settings' )->get_data();
		$this->assertSame( '"5"', $read['etag'] );
		$this->assertStringContainsString( '"texts":{}', wp_json_encode( $read['settings'] ) );

		$this->relay->on( 'PUT', '/v1/site/settings', 200, $this->settings(), array( 'etag' => '"6"' ) );
		$saved = $this->rest( 'PUT', '/confab/v1/settings', array( 'settings' => $read['settings'], 'etag' => '"5"' ) );
		$this->assertSame( 200, $saved->get_status() );
		$this->assertSame( '"6"', $saved->get_data()['etag'] );
		$put = $this->relay->requests_to( 'PUT', '/v1/site/settings' )[0];
		$this->assertSame( '"5"', $put['headers']['if-match'] );
		$this->assertEquals( json_decode( wp_json_encode( $read['settings'] ) ), json_decode( $put['args']['body'] ) );
	}

	public function test_brings_both_versions_of_a_conflict(): void {
		$this->connect();
		$this->act_as( 'administrator' );
		$theirs = $this->settings( array( 'name' => 'Theirs' ) );
		$this->relay->on( 'PUT', '/v1/site/settings', 412, array( 'code' => 'precondition_failed', 'current' => $theirs ), array( 'etag' => '"9"' ) );
		$answer = $this->rest( 'PUT', '/confab/v1/settings', array( 'settings' => array( 'name' => 'Ours' ), 'etag' => '"5"' ) );
		$this->assertSame( 409, $answer->get_status() );
		$data = $answer->get_data();
		$this->assertSame( 'confab_conflict', $data['code'] );
		$this->assertSame( '"9"', $data['data']['etag'] );
		$this->assertSame( 'Theirs', $data['data']['current']->name );
	}

	public function test_says_which_setting_is_wrong(): void {
		$this->connect();
		$this->act_as( 'administrator' );
		$errors = array( array( 'path' => 'appearance.accent', 'message' => 'is not a <b>colour</b>' ), 'nonsense', array( 'path' => array() ) );
		$this->relay->on( 'PUT', '/v1/site/settings', 400, array( 'code' => 'validation_failed', 'detail' => 'Bad.', 'errors' => $errors ) );
		$answer = $this->rest( 'PUT', '/confab/v1/settings', array( 'settings' => array( 'name' => 'x' ), 'etag' => '"5"' ) );
		$this->assertSame( 400, $answer->get_status() );
		$this->assertSame( array( array( 'path' => 'appearance.accent', 'message' => 'is not a colour' ) ), $answer->get_data()['data']['errors'] );
	}

	/** @dataProvider bad_settings */
	public function test_does_not_send_what_are_no_settings( $body, int $status ): void {
		$this->connect();
		$this->act_as( 'administrator' );
		$request = new \WP_REST_Request( 'PUT', '/confab/v1/settings' );
		$request->set_header( 'Content-Type', 'application/json' );
		$request->set_body( $body );
		$this->assertSame( $status, rest_do_request( $request )->get_status() );
		$this->assertSame( array(), $this->relay->requests );
	}

	public function bad_settings(): array {
		return array(
			array( '{"settings":[],"etag":"\"1\""}', 400 ),
			array( '{"settings":"x","etag":"\"1\""}', 400 ),
			array( '{"settings":{"a":1}}', 400 ),
			array( '{"settings":{"a":1},"etag":"\"1\"\r\nX-Evil: 1"}', 400 ),
			array( '{"settings":{"a":1},"etag":["x"]}', 400 ),
			array( '{not json', 400 ),
			array( '{"settings":{"a":"' . str_repeat( 'x', 600000 ) . '"},"etag":"\"1\""}', 413 ),
		);
	}

	public function test_lists_what_the_relay_holds_page_by_page(): void {
		$this->connect();
		$this->act_as( 'administrator' );
		$this->relay->on( 'GET', '/v1/site/*', 200, '{"items":[{"id":"a","fields":{}}],"nextCursor":"n"}' );
		foreach ( array( 'conversations', 'leads', 'data-requests', 'purges', 'documents', 'entries', 'unanswered' ) as $list ) {
			$answer = $this->rest( 'GET', "/confab/v1/lists/$list?cursor=a%26b&limit=7" );
			$this->assertSame( '{"items":[{"id":"a","fields":{}}],"nextCursor":"n"}', wp_json_encode( $answer->get_data() ) );
			$request = end( $this->relay->requests );
			$this->assertSame( "/v1/site/$list", $request['path'] );
			$this->assertSame( array( 'limit' => '7', 'cursor' => 'a&b' ), $request['query'] );
		}
		$fields = new \WP_REST_Request( 'GET', '/confab/v1/lists/leads' );
		$fields->set_query_params( array( '_fields' => 'nextCursor' ) );
		$answer = rest_filter_response_fields( $answer, rest_get_server(), $fields );
		$this->assertSame( array( 'nextCursor' => 'n' ), $answer->get_data() );
		$this->rest( 'GET', '/confab/v1/lists/consents?cursor=40' );
		$this->assertSame( array( 'limit' => '50', 'after' => '40' ), end( $this->relay->requests )['query'] );
		$this->assertSame( 404, $this->rest( 'GET', '/confab/v1/lists/settings' )->get_status() );
		$this->assertSame( 400, $this->rest( 'GET', '/confab/v1/lists/leads?limit=9999' )->get_status() );
		$this->assertSame( 400, $this->rest( 'GET', '/confab/v1/lists/leads?cursor[]=x' )->get_status() );
	}

	public function test_shows_one_conversation_and_no_other_path(): void {
		$this->connect();
		$this->act_as( 'administrator' );
		$this->relay->on( 'GET', '/v1/site/conversations/*', 200, '{"id":"x","messages":[]}' );
		$this->assertSame( 200, $this->rest( 'GET', '/confab/v1/conversations/6F1C7A52-0d7c-4a3e-9d0a-7d5a1f0c1b11' )->get_status() );
		$this->assertSame( 404, $this->rest( 'GET', '/confab/v1/conversations/../settings' )->get_status() );
		$this->assertCount( 1, $this->relay->requests );
	}

	public function test_has_a_lead_handed_over_again_and_a_crm_tried(): void {
		$this->connect();
		$this->act_as( 'administrator' );
		$id = '6f1c7a52-0d7c-4a3e-9d0a-7d5a1f0c1b11';
		$this->relay->on( 'POST', "/v1/site/leads/$id/deliveries/hubspot", 202, array( 'count' => 1 ) );
		$this->relay->on( 'POST', '/v1/site/crm/zoho/test', 200, array( 'ok' => false, 'words' => 'INVALID_TOKEN' ) );
		$again = $this->rest( 'POST', "/confab/v1/leads/$id/deliveries/hubspot" );
		$this->assertSame( array( 200, array( 'count' => 1 ) ), array( $again->get_status(), $again->get_data() ) );
		$test = $this->rest( 'POST', '/confab/v1/crm/zoho/test' );
		$this->assertSame( array( 'ok' => false, 'words' => 'INVALID_TOKEN' ), $test->get_data() );
		$this->assertSame( 404, $this->rest( 'POST', '/confab/v1/crm/..%2Fsettings/test' )->get_status() );
		$this->assertSame( 404, $this->rest( 'POST', "/confab/v1/leads/$id/deliveries/hubspot/x" )->get_status() );
		$this->assertCount( 2, $this->relay->requests );
	}

	public function test_takes_the_owners_own_answers_to_the_relay_as_they_were_written(): void {
		$this->connect();
		$this->act_as( 'administrator' );
		$id = '6f1c7a52-0d7c-4a3e-9d0a-7d5a1f0c1b11';
		$this->relay->on( 'POST', '/v1/site/entries', 201, '{"entryId":"x"}' );
		$this->relay->on( 'PUT', "/v1/site/entries/$id", 200, '{"entryId":"x"}' );
		$this->relay->on( 'DELETE', "/v1/site/entries/$id", 204, '' );
		$this->relay->on( 'POST', "/v1/site/unanswered/$id", 204, '' );

		$words = array(
			'question' => 'Is 5 < 7 & "so"?',
			'answer'   => "Yes.\n<b>Always</b>",
		);
		$links = array(
			array( 'title' => '', 'url' => 'https://shop.example/why' ),
			array( 'title' => 'More <i>', 'url' => 'https://shop.example/more?a=1&b=2' ),
		);
		$this->assertSame( 200, $this->rest( 'POST', '/confab/v1/entries', $words + array( 'links' => $links, 'locale' => 'de', 'messageId' => $id ) )->get_status() );
		$this->assertSame( $words + array( 'links' => $links, 'locale' => 'de', 'messageId' => $id ), $this->relay->requests[0]['body'] );
		$this->assertSame( 200, $this->rest( 'PUT', "/confab/v1/entries/$id", $words )->get_status() );
		$this->assertSame( $words + array( 'links' => array() ), $this->relay->requests[1]['body'] );
		$this->assertSame( 200, $this->rest( 'DELETE', "/confab/v1/entries/$id" )->get_status() );
		$this->assertSame( 200, $this->rest( 'POST', "/confab/v1/unanswered/$id" )->get_status() );

		$this->assertSame( 400, $this->rest( 'POST', '/confab/v1/entries', array( 'question' => 'Why?' ) )->get_status() );
		$this->assertSame( 400, $this->rest( 'POST', '/confab/v1/entries', $words + array( 'messageId' => '../x' ) )->get_status() );
		$this->assertCount( 4, $this->relay->requests );
	}

	public function test_says_what_the_relay_finds_wrong_with_an_answer(): void {
		$this->connect();
		$this->act_as( 'administrator' );
		$this->relay->on( 'POST', '/v1/site/entries', 400, '{"code":"validation_failed","title":"x","detail":"links.0.url is no address.","errors":[{"path":"links.0.url","message":"is no address"}]}' );
		$answer = $this->rest( 'POST', '/confab/v1/entries', array( 'question' => 'Why?', 'answer' => 'So.', 'links' => array( array( 'title' => '', 'url' => 'x' ) ) ) );
		$this->assertSame( 400, $answer->get_status() );
		$this->assertSame( 'links.0.url', $answer->get_data()['data']['errors'][0]['path'] );
	}

	public function test_previews_shorter_windows(): void {
		$this->connect();
		$this->act_as( 'administrator' );
		$this->relay->on( 'GET', '/v1/site/retention', 200, '{"windows":{},"expired":{}}' );
		$this->rest( 'GET', '/confab/v1/retention?conversationDays=30' );
		$this->assertSame( array( 'conversationDays' => '30' ), $this->relay->requests[0]['query'] );
		$this->assertSame( 400, $this->rest( 'GET', '/confab/v1/retention?conversationDays=0' )->get_status() );
		$this->rest( 'GET', '/confab/v1/retention' );
		$this->assertSame( array(), $this->relay->requests[1]['query'] );
	}

	public function test_keeps_preferences_clean(): void {
		$this->act_as( 'administrator' );
		$this->assertSame( Preferences::defaults(), $this->rest( 'GET', '/confab/v1/preferences' )->get_data() );
		$this->assertSame( 400, $this->rest( 'PUT', '/confab/v1/preferences', array( 'hide_on' => array( 'x' ) ) )->get_status() );
		$this->assertSame( 400, $this->rest( 'PUT', '/confab/v1/preferences', array( 'post_types' => array_fill( 0, 500, 'a' ) ) )->get_status() );
		$saved = $this->rest( 'PUT', '/confab/v1/preferences', array( 'post_types' => array( 'page', '<script>', 'page' ), 'hide_on' => array( 3, 3 ), 'widget' => false, 'evil' => 1 ) );
		$this->assertSame( array( 'post_types' => array( 'page', 'script' ), 'hide_for_roles' => array(), 'hide_on' => array( 3 ), 'hide_post_types' => array(), 'widget' => false ), $saved->get_data() );
		$this->rest( 'PUT', '/confab/v1/preferences', array( 'post_types' => array() ) );
		$this->assertSame( array(), Preferences::get()['post_types'] );
		$this->assertFalse( Preferences::get()['widget'] );
		update_option( 'confab_preferences', array( 'post_types' => 'x', 'hide_on' => array( array(), '7', -2 ), 'widget' => null ) );
		$this->assertSame( array( 7, 2 ), Preferences::get()['hide_on'] );
	}

	public function test_asks_the_relay_to_check_again(): void {
		$this->connect();
		$this->act_as( 'administrator' );
		$this->relay->on( 'POST', '/v1/site/verification', 202, array( 'verification' => 'pending' ) );
		$this->relay->on( 'GET', '/v1/site', 200, $this->site( array( 'verification' => 'pending' ) ) );
		$this->assertSame( 'pending', $this->rest( 'POST', '/confab/v1/verification' )->get_data()['verification'] );
	}

	public function test_gives_public_pages_what_is_public_and_nothing_more(): void {
		$this->connect();
		$this->act_as( 'administrator' );
		$settings = $this->settings( array( 'texts' => array( 'de' => array( 'launcher' => 'Chat öffnen', 'send' => 'Senden' ) ) ) );
		$settings['answers']['instructions'] = 'Our margin is 40 %.';
		$this->relay->on( 'GET', '/v1/site/settings', 200, $settings, array( 'etag' => '"5"' ) );
		$this->rest( 'GET', '/confab/v1/settings' );
		$kept = Settings_Cache::get();
		$this->assertSame( '#1f6f54', $kept['appearance']['accent'] );
		$this->assertSame( array( 'de' => array( 'launcher' => 'Chat öffnen' ) ), $kept['texts'] );
		$this->assertStringNotContainsString( 'margin', wp_json_encode( $kept ) );
		$this->assertStringNotContainsString( 'abcd', wp_json_encode( $kept ) );
		Settings_Cache::remember( array( 'texts' => 'x', 'appearance' => array( 'accent' => array() ), 'answers' => array( 'providers' => array( array() ) ) ) );
		$this->assertSame( array(), Settings_Cache::get()['texts'] );
	}
}
