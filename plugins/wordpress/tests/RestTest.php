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
		return preg_replace( array( '/\(\?P<path>.*/', '/\(\?P<\w+>(\w+)\|[^)]*\)/' ), array( '/leads', '$1' ), $path );
	}

	private static function body_for( string $path ): array {
		return array( 'erase' => false, 'answer' => 'copy', 'action' => 'start', 'relayUrl' => 'https://relay.example', 'settings' => array( 'a' => 1 ), 'etag' => '"1"', 'widget' => true );
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
		foreach ( array( 'conversations', 'leads', 'data-requests', 'purges', 'documents', 'entries', 'unanswered', 'consents' ) as $list ) {
			$answer = $this->rest( 'GET', "/confab/v1/relay/$list?cursor=a%26b&limit=7&_locale=user&rest_route=x&evil[]=1" );
			$this->assertSame( '{"items":[{"id":"a","fields":{}}],"nextCursor":"n"}', wp_json_encode( $answer->get_data() ) );
			$request = end( $this->relay->requests );
			$this->assertSame( "/v1/site/$list", $request['path'] );
			$this->assertSame( array( 'cursor' => 'a&b', 'limit' => '7' ), $request['query'] );
		}
		$fields = new \WP_REST_Request( 'GET', '/confab/v1/relay/leads' );
		$fields->set_query_params( array( '_fields' => 'nextCursor' ) );
		$answer = rest_filter_response_fields( $answer, rest_get_server(), $fields );
		$this->assertSame( array( 'nextCursor' => 'n' ), $answer->get_data() );
	}

	public function test_gives_a_list_for_a_spreadsheet_as_it_came(): void {
		$this->connect();
		$this->act_as( 'administrator' );
		$this->relay->on( 'GET', '/v1/site/leads', 200, "name,email\r\n\"Ada \"\"L\"\"\",a@b.example\r\n", array( 'content-type' => 'text/csv; charset=utf-8' ) );
		$answer = $this->rest( 'GET', '/confab/v1/relay/leads?format=csv&kind=lead' );
		$this->assertSame( array( 'format' => 'csv', 'kind' => 'lead' ), $this->relay->requests[0]['query'] );
		$this->assertSame( 'text/csv', $this->relay->requests[0]['headers']['accept'] );
		$this->assertSame( 'attachment; filename="leads.csv"', $answer->get_headers()['Content-Disposition'] );
		$printed = $this->printed(
			function () use ( $answer ) {
				$this->assertTrue( apply_filters( 'rest_pre_serve_request', false, $answer, new \WP_REST_Request(), rest_get_server() ) );
			}
		);
		$this->assertSame( "name,email\r\n\"Ada \"\"L\"\"\",a@b.example\r\n", $printed );
		$this->relay->on( 'GET', '/v1/site/leads', 400, array( 'code' => 'validation_failed' ) );
		$this->assertSame( 400, $this->rest( 'GET', '/confab/v1/relay/leads?format=csv' )->get_status() );
	}

	public function test_asks_the_relay_for_nothing_that_is_not_listed(): void {
		$this->connect();
		$this->act_as( 'administrator' );
		$id = '6f1c7a52-0d7c-4a3e-9d0a-7d5a1f0c1b11';
		foreach (
			array(
				'GET'    => array( '/settings', '/../settings', "/conversations/$id/../..", '/conversations/x', '/leads/', '//leads', '/leads?x/settings' ),
				'POST'   => array( '/documents', '/uploads', '/verification', '/crm/..%2Fsettings/test', "/leads/$id/deliveries/hubspot/x", '/leads' ),
				'PUT'    => array( '/settings', "/sources/$id" ),
				'DELETE' => array( '/connection', '', '/entries' ),
			) as $method => $paths
		) {
			foreach ( $paths as $path ) {
				$request = new \WP_REST_Request( $method, "/confab/v1/relay$path" );
				$this->assertSame( 404, rest_do_request( $request )->get_status(), "$method $path" );
			}
		}
		$this->assertSame( array(), $this->relay->requests );
	}

	/** @dataProvider calls_of_the_screens */
	public function test_passes_a_call_on_as_it_was_made( string $method, string $path, ?array $body ): void {
		$this->connect();
		$this->act_as( 'administrator' );
		$this->relay->on( $method, "/v1/site$path", 200, array( 'count' => 1 ) );
		$answer = $this->rest( $method, "/confab/v1/relay$path", $body );
		$this->assertSame( array( 200, array( 'count' => 1 ) ), array( $answer->get_status(), $answer->get_data() ) );
		$this->assertCount( 1, $this->relay->requests );
		$this->assertSame( $body, $this->relay->requests[0]['body'] );
	}

	public function calls_of_the_screens(): array {
		$id    = '6f1c7a52-0d7c-4a3e-9d0a-7d5a1f0c1b11';
		$words = array(
			'question' => 'Is 5 < 7 & "so"?',
			'answer'   => "Yes.\n<b>Always</b>",
			'links'    => array( array( 'title' => 'More <i>', 'url' => 'https://shop.example/more?a=1&b=2' ) ),
		);
		return array(
			array( 'GET', '', null ),
			array( 'GET', "/conversations/$id", null ),
			array( 'DELETE', "/conversations/$id", null ),
			array( 'POST', '/entries', $words ),
			array( 'PUT', "/entries/$id", $words ),
			array( 'DELETE', "/entries/$id", null ),
			array( 'POST', "/unanswered/$id", null ),
			array( 'POST', "/leads/$id/deliveries/hubspot", null ),
			array( 'POST', '/crm/zoho/test', null ),
			array( 'GET', '/retention', null ),
			array( 'POST', '/webhooks', array( 'url' => 'https://shop.example/hook', 'events' => array( 'lead.created' ) ) ),
			array( 'POST', "/webhooks/$id/deliveries/msg_2aBc-9_x/replay", null ),
			array( 'POST', '/data-requests', array( 'type' => 'access', 'subject' => array( 'email' => 'ada@shop.example' ) ) ),
			array( 'DELETE', "/legal-holds/$id", array( 'author' => 'Ada' ) ),
			array( 'POST', "/sources/$id/crawl", null ),
		);
	}

	public function test_keeps_the_difference_between_an_empty_object_and_an_empty_list(): void {
		$this->connect();
		$this->act_as( 'administrator' );
		$this->relay->on( 'POST', '/v1/site/data-requests', 200, '{"result":{"counts":{}}}' );
		$request = new \WP_REST_Request( 'POST', '/confab/v1/relay/data-requests' );
		$request->set_header( 'Content-Type', 'application/json' );
		$request->set_body( '{"subject":{},"list":[]}' );
		$answer = rest_do_request( $request );
		$this->assertSame( '{"subject":{},"list":[]}', $this->relay->requests[0]['args']['body'] );
		$this->assertSame( '{"result":{"counts":{}}}', wp_json_encode( $answer->get_data() ) );
	}

	/** @dataProvider bad_bodies */
	public function test_does_not_pass_on_what_is_no_object( string $body, int $status ): void {
		$this->connect();
		$this->act_as( 'administrator' );
		$request = new \WP_REST_Request( 'POST', '/confab/v1/relay/entries' );
		$request->set_header( 'Content-Type', 'application/json' );
		$request->set_body( $body );
		$this->assertSame( $status, rest_do_request( $request )->get_status() );
		$this->assertSame( array(), $this->relay->requests );
	}

	public function bad_bodies(): array {
		return array(
			array( '[]', 400 ),
			array( '"x"', 400 ),
			array( '{not json', 400 ),
			array( '{"a":"' . str_repeat( 'x', 600000 ) . '"}', 413 ),
		);
	}

	public function test_says_what_the_relay_finds_wrong_with_an_answer(): void {
		$this->connect();
		$this->act_as( 'administrator' );
		$this->relay->on( 'POST', '/v1/site/entries', 400, '{"code":"validation_failed","title":"x","detail":"links.0.url is no address.","errors":[{"path":"links.0.url","message":"is no address"}]}' );
		$answer = $this->rest( 'POST', '/confab/v1/relay/entries', array( 'question' => 'Why?', 'answer' => 'So.', 'links' => array( array( 'title' => '', 'url' => 'x' ) ) ) );
		$this->assertSame( 400, $answer->get_status() );
		$this->assertSame( 'links.0.url', $answer->get_data()['data']['errors'][0]['path'] );
	}

	public function test_previews_shorter_windows(): void {
		$this->connect();
		$this->act_as( 'administrator' );
		$this->relay->on( 'GET', '/v1/site/retention', 200, '{"windows":{},"expired":{}}' );
		$this->rest( 'GET', '/confab/v1/relay/retention?conversationDays=30' );
		$this->assertSame( array( 'conversationDays' => '30' ), $this->relay->requests[0]['query'] );
		$this->rest( 'GET', '/confab/v1/relay/retention' );
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
