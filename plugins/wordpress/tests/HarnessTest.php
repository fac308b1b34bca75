<?php

namespace Confab\Tests;

final class HarnessTest extends Test_Case {
	public function test_undoes_what_a_test_writes(): void {
		$this->assertFalse( get_option( 'confab_harness' ) );
		update_option( 'confab_harness', 'written' );
		$this->act_as( 'editor' );
		$this->assertSame( 'written', get_option( 'confab_harness' ) );
	}

	/** @depends test_undoes_what_a_test_writes */
	public function test_starts_where_the_site_was(): void {
		$this->assertFalse( get_option( 'confab_harness' ) );
		$this->assertCount( 1, get_users() );
		$this->assertSame( 0, get_current_user_id() );
	}

	public function test_answers_for_other_hosts_and_keeps_the_requests(): void {
		$this->relay->on( 'POST', '/v1/*', 402, array( 'code' => 'quota_exceeded' ) );
		$answer = wp_remote_post( 'https://relay.example/v1/site?x=1', array( 'body' => '{"a":1}' ) );
		$this->assertSame( 402, wp_remote_retrieve_response_code( $answer ) );
		$this->assertSame( '{"code":"quota_exceeded"}', wp_remote_retrieve_body( $answer ) );
		$this->assertSame( array( 'a' => 1 ), $this->relay->requests[0]['body'] );
		$this->assertSame( array( 'x' => '1' ), $this->relay->requests_to( 'POST', '/v1/site' )[0]['query'] );
		$this->assertWPError( wp_remote_get( 'https://relay.example/' ) );
	}

	public function test_sets_the_time_of_the_plugin(): void {
		$this->clock->set( 1000 );
		$this->clock->forward( 24 );
		$this->assertSame( 1024, \Confab\time() );
	}

	/** @param mixed $value */
	private function assertWPError( $value ): void {
		$this->assertInstanceOf( \WP_Error::class, $value );
	}
}
