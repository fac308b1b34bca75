<?php

namespace Confab\Tests;

use Confab\Block;
use Confab\Connection;
use Confab\Consent;
use Confab\Preferences;
use Confab\Settings_Cache;
use Confab\Widget;

require_once __DIR__ . '/Connected_Site.php';

final class WidgetTest extends Test_Case {
	use Connected_Site;

	protected function setUp(): void {
		parent::setUp();
		$this->connect();
	}

	/** What a page carries of ours, as its footer prints it. */
	private function page( string $url = '/' ): string {
		wp_dequeue_script( Widget::SCRIPT );
		wp_scripts()->done = array();
		$this->go_to( $url );
		return $this->printed(
			static function (): void {
				Widget::enqueue();
				Widget::print_settings();
				wp_scripts()->do_items( array_intersect( wp_scripts()->queue, array( Widget::SCRIPT ) ) );
			}
		);
	}

	private function go_to( string $url ): void {
		$_SERVER['REQUEST_URI'] = $url;
		$_GET                   = array();
		parse_str( (string) wp_parse_url( $url, PHP_URL_QUERY ), $_GET );
		$GLOBALS['wp_the_query'] = new \WP_Query();
		$GLOBALS['wp_query']     = $GLOBALS['wp_the_query'];
		$GLOBALS['wp']->extra_query_vars = array();
		wp( wp_parse_url( $url, PHP_URL_QUERY ) );
	}

	private function printed_settings( string $page ): array {
		$this->assertMatchesRegularExpression( '#<script[^>]* type="application/json"#', $page );
		$this->assertSame( 1, preg_match( '#<script[^>]* id="confab-settings"[^>]*>(.*?)</script>#s', $page, $found ), $page );
		return json_decode( $found[1], true );
	}

	public function test_prints_what_the_loader_needs_before_the_loader_which_is_deferred_and_versioned(): void {
		$page = $this->page();
		$this->assertSame(
			array(
				'siteKey' => Connection::site_key(),
				'relay'   => Connection::relay_url(),
				'locale'  => 'en-US',
				'label'   => 'Open chat',
				'failed'  => 'The chat could not be loaded. Press the button to try again.',
				'base'    => plugins_url( 'widget/', CONFAB_FILE ),
				'version' => CONFAB_VERSION,
			),
			$this->printed_settings( $page )
		);
		$this->assertMatchesRegularExpression( '#id="confab-settings".*<script(?=[^>]* defer)[^>]+confab-loader\.js\?ver=' . CONFAB_VERSION . '#s', $page );
		$this->assertStringNotContainsString( Connection::site_secret(), $page );
		$this->assertSame( array(), $this->relay->requests );
	}

	public function test_is_the_same_for_every_visitor_and_at_every_time(): void {
		$anonymous = $this->page();
		$this->clock->forward( 86400 );
		$this->act_as( 'subscriber' );
		$_COOKIE['cf_conversation'] = '0b0e7a3c-9a55-4a0c-8f3e-0d7c5a1f2b3c';
		$this->assertSame( $anonymous, $this->page() );
	}

	public function test_takes_the_look_and_the_words_that_were_last_read_from_the_relay(): void {
		Settings_Cache::remember(
			array(
				'appearance' => array(
					'position' => 'bottom-left',
					'accent'   => '#102a6b',
					'theme'    => 'dark',
					'secret'   => 'x',
				),
				'texts'      => array(
					'en' => array( 'launcher' => 'Ask us' ),
					'de' => array( 'launcher' => 'Frag uns' ),
				),
			)
		);
		$settings = $this->printed_settings( $this->page() );
		$this->assertSame( array( 'bottom-left', '#102a6b', 'dark', 'Ask us' ), array( $settings['position'], $settings['accent'], $settings['theme'], $settings['label'] ) );
		$this->assertArrayNotHasKey( 'secret', $settings );
		add_filter( 'locale', static fn() => 'de_DE' );
		$settings = $this->printed_settings( $this->page() );
		$this->assertSame( array( 'de-DE', 'Frag uns' ), array( $settings['locale'], $settings['label'] ) );
	}

	public function test_keeps_hostile_words_within_the_json(): void {
		$label = '</script><script>alert(1)</script><!-- \' " & ' . "\u{2028}";
		Settings_Cache::remember( array( 'texts' => array( 'en' => array( 'launcher' => $label ) ) ) );
		$page = $this->page();
		$this->assertSame( $label, $this->printed_settings( $page )['label'] );
		$this->assertStringNotContainsString( 'alert(1)</script>', $page );
		$this->assertStringNotContainsString( '<!--', $page );
	}

	public function hidden(): array {
		$prefer = static fn( array $changes ) => static fn() => Preferences::save( $changes );
		return array(
			'switched off'           => array( $prefer( array( 'widget' => false ) ) ),
			'not connected'          => array( static fn() => Connection::forget() ),
			'moved'                  => array( static fn() => update_option( 'home', 'https://elsewhere.example' ) ),
			'refused by the relay'   => array( static fn() => Connection::note_refusal() ),
			'for a role'             => array( $prefer( array( 'hide_for_roles' => array( 'editor' ) ) ), 'editor' ),
			'on a type of posts'     => array( $prefer( array( 'hide_post_types' => array( 'post' ) ) ) ),
		);
	}

	/** @dataProvider hidden */
	public function test_leaves_no_trace_where_it_is( callable $hide, string $role = '' ): void {
		$url = '/?p=' . $this->post();
		if ( $role ) {
			$this->act_as( $role );
		}
		$this->assertStringContainsString( 'confab-settings', $this->page( $url ) );
		$hide();
		$this->assertSame( '', $this->page( $url ) );
		$this->assertSame( '', do_shortcode( '[confab_chat]' ) );
	}

	public function test_leaves_out_single_pages_also_the_one_for_posts(): void {
		$page  = $this->post( array( 'post_type' => 'page' ) );
		$other = $this->post( array( 'post_type' => 'page' ) );
		Preferences::save( array( 'hide_on' => array( $page ) ) );
		$this->assertSame( '', $this->page( "/?page_id=$page" ) );
		$this->assertStringContainsString( 'confab-settings', $this->page( "/?page_id=$other" ) );
		update_option( 'show_on_front', 'page' );
		update_option( 'page_on_front', $other );
		update_option( 'page_for_posts', $page );
		$this->assertSame( '', $this->page( "/?page_id=$page" ) );
		$this->assertStringContainsString( 'confab-settings', $this->page( '/' ) );
	}

	public function test_is_off_where_the_site_has_switched_ai_off(): void {
		if ( ! function_exists( 'wp_supports_ai' ) ) {
			$this->assertStringContainsString( 'confab-settings', $this->page() );
			return;
		}
		add_filter( 'wp_supports_ai', '__return_false' );
		$this->assertSame( '', $this->page() );
	}

	public function test_has_a_place_by_shortcode_and_block_on_pages_and_nowhere_else(): void {
		$place = '<div class="confab-chat" data-confab-inline></div>';
		$url   = '/?p=' . $this->post();
		$this->go_to( $url );
		$this->assertSame( $place, do_shortcode( '[confab_chat]' ) );
		$this->assertSame( "<div class=\"wp-block-confab-chat\">$place</div>", trim( do_blocks( '<!-- wp:confab/chat /-->' ) ) );
		$this->assertSame( '', $this->relay->requests ? 'asked the relay' : '' );
		$this->go_to( '/?feed=rss2' );
		$this->assertSame( '', do_shortcode( '[confab_chat]' ) . trim( do_blocks( '<!-- wp:confab/chat /-->' ) ) );
		$this->go_to( $url );
		add_filter( 'wp_is_rest_endpoint', '__return_true' );
		$this->assertSame( '', Block::html() . do_shortcode( '[confab_chat]' ) );
	}

	public function test_has_a_block_that_the_editor_knows(): void {
		$block = \WP_Block_Type_Registry::get_instance()->get_registered( 'confab/chat' );
		$this->assertSame( 3, $block->api_version );
		$handle = $block->editor_script_handles[0];
		$this->assertSame( 'confab', wp_scripts()->registered[ $handle ]->textdomain );
	}

	public function test_says_nothing_of_a_consent_manager_where_there_is_none(): void {
		$this->assertFalse( Consent::is_managed() );
		$this->assertArrayNotHasKey( 'consent', $this->printed_settings( $this->page() ) );
		$this->assertFalse( apply_filters( 'wp_consent_api_registered_' . plugin_basename( CONFAB_FILE ), false ) );
	}
}
