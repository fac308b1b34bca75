<?php

namespace Confab\Tests;

use Confab\Content;
use Confab\Post_Options;

require_once __DIR__ . '/Sync_Case.php';

final class PostOptionsTest extends Sync_Case {
	private function send( int $id, array $fields ): void {
		$_POST = $fields;
		wp_update_post( array( 'ID' => $id, 'post_content' => 'Saved.' ) );
		$_POST = array();
	}

	public function test_the_box_stands_by_synced_types_and_shows_the_choice(): void {
		$id = $this->post( array( 'meta_input' => array( Content::EXCLUDE => '1' ) ) );
		do_action( 'add_meta_boxes', 'post', get_post( $id ) );
		do_action( 'add_meta_boxes', 'attachment', get_post( $id ) );
		$this->assertArrayHasKey( 'confab', $GLOBALS['wp_meta_boxes']['post']['side']['low'] );
		$this->assertFalse( isset( $GLOBALS['wp_meta_boxes']['attachment']['side']['low']['confab'] ) );
		$this->assertMatchesRegularExpression( '/name="_confab_exclude" value="1"\s+checked=/', $this->printed( static fn() => Post_Options::print_box( get_post( $id ) ) ) );
	}

	public function test_leaving_a_page_out_forgets_it_and_taking_it_back_tells_it(): void {
		$id = $this->post();
		$this->cron();
		$this->act_as( 'editor' );
		$nonce = array( Post_Options::NONCE => wp_create_nonce( Post_Options::NONCE ) );
		$this->send( $id, $nonce + array( Content::EXCLUDE => '1' ) );
		$this->end_request();
		$this->assertSame( array(), $this->held );
		$this->send( $id, $nonce );
		$this->assertSame( '', get_post_meta( $id, Content::EXCLUDE, true ) );
		$this->cron();
		$this->assertCount( 1, $this->held );
	}

	public function test_a_save_from_elsewhere_or_by_a_stranger_changes_nothing(): void {
		$id = $this->post( array( 'meta_input' => array( Content::EXCLUDE => '1' ) ) );
		$this->act_as( 'editor' );
		$this->send( $id, array() );
		$this->send( $id, array( Post_Options::NONCE => 'wrong' ) );
		$this->act_as( 'subscriber' );
		$this->send( $id, array( Post_Options::NONCE => wp_create_nonce( Post_Options::NONCE ) ) );
		$this->assertSame( '1', get_post_meta( $id, Content::EXCLUDE, true ) );
	}
}
