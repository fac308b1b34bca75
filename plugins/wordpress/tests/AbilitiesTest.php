<?php

namespace Confab\Tests;

require_once __DIR__ . '/Connected_Site.php';

/**
 * Abilities came with WordPress 6.9.
 *
 * @group current-only
 */
final class AbilitiesTest extends Test_Case {
	use Connected_Site;

	private function run_ability( string $name, $input = null ) {
		return wp_get_ability( $name )->execute( $input );
	}

	public function test_offers_three_that_read_and_change_nothing(): void {
		$names = array();
		foreach ( wp_get_abilities() as $ability ) {
			if ( 'confab' === $ability->get_category() ) {
				$names[] = $ability->get_name();
				$this->assertTrue( $ability->get_meta()['annotations']['readonly'] );
				$this->assertFalse( $ability->get_meta()['annotations']['destructive'] );
				$this->assertTrue( $ability->get_meta()['show_in_rest'] );
			}
		}
		$this->assertSame( array( 'confab/get-status', 'confab/search-knowledge', 'confab/list-conversations' ), $names );
	}

	public function test_does_nothing_for_those_who_may_not_manage_confab(): void {
		$this->connect();
		foreach ( array( '', 'subscriber', 'editor' ) as $role ) {
			'' === $role ? wp_set_current_user( 0 ) : $this->act_as( $role );
			foreach ( array( 'confab/get-status' => null, 'confab/search-knowledge' => array( 'query' => 'x' ), 'confab/list-conversations' => array() ) as $name => $input ) {
				$this->assertInstanceOf( \WP_Error::class, $this->run_ability( $name, $input ), "$name $role" );
			}
		}
		$this->assertSame( array(), $this->relay->requests );
	}

	public function test_says_how_things_stand(): void {
		$this->connect();
		$this->act_as( 'administrator' );
		$this->relay->on( 'GET', '/v1/site', 200, $this->site() );
		$status = $this->run_ability( 'confab/get-status' );
		$this->assertSame( 'connected', $status['state'] );
		$this->assertSame( 'verified', $status['verification'] );
		$this->assertStringNotContainsString( 'WXYZ', wp_json_encode( $status ) );
	}

	public function test_searches_as_the_assistant_does(): void {
		$this->connect();
		$this->act_as( 'administrator' );
		$this->relay->on( 'GET', '/v1/site/search', 200, array( 'answerable' => true, 'items' => array( array( 'externalId' => 'post-1', 'url' => 'https://shop.example/a', 'title' => 'A', 'excerpt' => 'e', 'score' => 0.5 ) ) ) );
		$found = $this->run_ability( 'confab/search-knowledge', array( 'query' => 'ship to Iceland? &x=1' ) );
		$this->assertSame( array( 'answerable' => true, 'items' => array( array( 'url' => 'https://shop.example/a', 'title' => 'A', 'excerpt' => 'e', 'score' => 0.5 ) ) ), $found );
		$this->assertSame( array( 'q' => 'ship to Iceland? &x=1', 'limit' => '5' ), $this->relay->requests[0]['query'] );
		foreach ( array( null, array(), array( 'query' => '' ), array( 'query' => 'x', 'limit' => 500 ), array( 'query' => 'x', 'evil' => 1 ) ) as $input ) {
			$this->assertInstanceOf( \WP_Error::class, $this->run_ability( 'confab/search-knowledge', $input ) );
		}
	}

	public function test_lists_conversations_without_a_word_of_them(): void {
		$this->connect();
		$this->act_as( 'administrator' );
		$item = array( 'id' => 'c', 'createdAt' => '2026-11-01T10:00:00Z', 'lastMessageAt' => null, 'messages' => 2, 'locale' => 'de', 'pageUrl' => null, 'restricted' => true );
		$this->relay->on( 'GET', '/v1/site/conversations', 200, array( 'items' => array( $item + array( 'email' => 'ann@example.com' ) ), 'nextCursor' => null ) );
		$this->assertSame( array( 'items' => array( $item ), 'nextCursor' => null ), $this->run_ability( 'confab/list-conversations' ) );
	}

	public function test_answers_a_relay_that_is_down_with_a_reason(): void {
		$this->connect();
		$this->act_as( 'administrator' );
		$result = $this->run_ability( 'confab/list-conversations' );
		$this->assertSame( 'confab_relay_unreachable', $result->get_error_code() );
	}

	public function test_runs_over_rest(): void {
		$this->connect();
		$this->relay->on( 'GET', '/v1/site', 200, $this->site() );
		$path = '/wp-abilities/v1/abilities/confab/get-status/run';
		$this->assertSame( 401, $this->rest( 'GET', $path )->get_status() );
		$this->act_as( 'administrator' );
		$this->assertSame( 'connected', $this->rest( 'GET', $path )->get_data()['state'] );
	}
}
