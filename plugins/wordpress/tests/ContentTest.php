<?php

namespace Confab\Tests;

use Confab\Content;
use Confab\Preferences;

require_once __DIR__ . '/Sync_Case.php';

/** What an anonymous visitor may read, and how it reaches the relay. */
final class ContentTest extends Sync_Case {
	public function private_posts(): array {
		return array(
			'a draft'                   => array( array( 'post_status' => 'draft' ) ),
			'a private one'             => array( array( 'post_status' => 'private' ) ),
			'one with a password'       => array( array( 'post_password' => 'secret' ) ),
			'one in the trash'          => array( array( 'post_status' => 'trash' ) ),
			'one that is pending'       => array( array( 'post_status' => 'pending' ) ),
			'one for next week'         => array( array( 'post_status' => 'future', 'post_date' => gmdate( 'Y-m-d H:i:s', time() + WEEK_IN_SECONDS ) ) ),
			'one of a type not chosen'  => array( array( 'post_type' => 'wp_block' ) ),
			'an attachment'             => array( array( 'post_type' => 'attachment', 'post_status' => 'publish' ) ),
			'one that the owner left out' => array( array( 'meta_input' => array( '_confab_exclude' => '1' ) ) ),
			'noindex by Yoast'          => array( array( 'meta_input' => array( '_yoast_wpseo_meta-robots-noindex' => '1' ) ) ),
			'noindex by Rank Math'      => array( array( 'meta_input' => array( 'rank_math_robots' => array( 'noindex', 'nofollow' ) ) ) ),
			'noindex by SEOPress'       => array( array( 'meta_input' => array( '_seopress_robots_index' => 'yes' ) ) ),
			'noindex by SEO Framework'  => array( array( 'meta_input' => array( '_genesis_noindex' => '1' ) ) ),
			'noindex by All in One SEO' => array( array( 'meta_input' => array( '_aioseop_noindex' => 'on' ) ) ),
			'a redirect'                => array( array( 'meta_input' => array( '_links_to' => 'https://elsewhere.example/' ) ) ),
		);
	}

	/** @dataProvider private_posts */
	public function test_never_leaves_the_site( array $fields ): void {
		$id = $this->post( array( 'post_content' => 'Between us.' ) + $fields );
		$this->assertFalse( Content::is_public( get_post( $id ) ) );
		\Confab\Sync::start();
		$this->cron();
		$this->assertSame( array(), $this->held );
		foreach ( $this->relay->requests as $request ) {
			$this->assertStringNotContainsString( 'Between us', (string) wp_json_encode( $request['body'] ) );
		}
	}

	public function test_index_as_set_by_rank_math_is_public(): void {
		$this->assertTrue( Content::is_public( get_post( $this->post( array( 'meta_input' => array( 'rank_math_robots' => array( 'index' ), '_yoast_wpseo_meta-robots-noindex' => '2' ) ) ) ) ) );
	}

	public function test_a_site_that_discourages_search_engines_may_still_have_an_assistant(): void {
		update_option( 'blog_public', '0' );
		$this->assertTrue( Content::is_public( get_post( $this->post() ) ) );
	}

	public function test_a_filter_can_withhold_a_page_and_not_give_away_a_private_one(): void {
		$open    = get_post( $this->post() );
		$private = get_post( $this->post( array( 'post_status' => 'private' ) ) );
		add_filter( 'confab_is_public', '__return_true', 99 );
		$this->assertFalse( Content::is_public( $private ) );
		add_filter( 'confab_is_public', '__return_false', 100 );
		$this->assertFalse( Content::is_public( $open ) );
	}

	public function test_is_told_as_the_contract_wants_it(): void {
		$id = $this->post( array( 'post_title' => 'Sizes &amp; <em>fit</em>', 'post_type' => 'page', 'post_content' => "Measured flat.\n\n<h2>Chest</h2>96 cm" ) );
		$this->cron();
		$document = (array) $this->held[ $this->id_of( $id ) ];
		$this->assertSame( 'page', $document['type'] );
		$this->assertSame( 'Sizes & fit', $document['title'] );
		$this->assertSame( get_permalink( $id ), $document['url'] );
		$this->assertSame( 'en-US', $document['locale'] );
		$this->assertSame( gmdate( 'Y-m-d\TH:i:s\Z', strtotime( get_post( $id )->post_modified_gmt . ' UTC' ) ), $document['updatedAt'] );
		$this->assertStringContainsString( '<p>Measured flat.</p>', $document['html'] );
		$this->assertStringContainsString( '<h2>Chest</h2>', $document['html'] );
	}

	public function locales(): array {
		return array(
			array( 'de_DE_formal', 'de-DE' ),
			array( 'pt_PT_ao90', 'pt-PT' ),
			array( 'ckb', 'ckb' ),
			array( 'zh_CN', 'zh-CN' ),
			array( 'uz_Cyrl_UZ', 'uz-Cyrl-UZ' ),
			array( '<script>', 'en' ),
		);
	}

	/** @dataProvider locales */
	public function test_names_the_language( string $locale, string $tag ): void {
		add_filter( 'locale', static fn() => $locale );
		$this->assertSame( $tag, Content::document( get_post( $this->post() ) )['locale'] );
	}

	public function test_asks_wpml_for_the_language_of_a_post(): void {
		add_filter( 'wpml_post_language_details', static fn( $unused, $id ) => array( 'locale' => 'fr_FR' ), 10, 2 );
		$this->assertSame( 'fr-FR', Content::document( get_post( $this->post() ) )['locale'] );
	}

	public function test_the_privacy_policy_is_a_policy_and_a_page_with_questions_a_faq(): void {
		$policy = $this->post( array( 'post_type' => 'page' ) );
		$faq    = $this->post( array( 'post_type' => 'page', 'post_content' => '<!-- wp:confab/faq {"items":[{"question":"When?","answer":"Soon."}]} /-->' ) );
		update_option( 'wp_page_for_privacy_policy', $policy );
		$this->assertSame( 'policy', Content::document( get_post( $policy ) )['type'] );
		$this->assertSame( 'faq', Content::document( get_post( $faq ) )['type'] );
	}

	public function test_is_rendered_for_an_anonymous_visitor_and_the_request_is_as_before(): void {
		$user = $this->act_as( 'administrator' );
		$seen = $this->post( array( 'post_content' => '[who] [who]' ) );
		$GLOBALS['post'] = get_post( $this->post() );
		$before = $GLOBALS['post'];
		$query  = $GLOBALS['wp_query'];
		add_shortcode(
			'who',
			static function () use ( $seen ) {
				echo 'printed, not returned';
				ob_start(); // Forgotten.
				$GLOBALS['wp_query'] = new \WP_Query( array( 'post_type' => 'page' ) );
				$told                = is_user_logged_in() ? 'a user' : 'a visitor of ' . get_the_ID();
				$GLOBALS['post']     = null;
				return $told;
			}
		);
		$depth = ob_get_level();
		$limit = ini_get( 'max_execution_time' );
		$html  = Content::document( get_post( $seen ) )['html'];
		$this->assertSame( $depth, ob_get_level() );
		$this->assertSame( $limit, ini_get( 'max_execution_time' ) );
		$this->assertStringContainsString( "a visitor of $seen", $html );
		$this->assertStringNotContainsString( 'a user', $html );
		$this->assertStringNotContainsString( 'printed', $html );
		$this->assertSame( $user, get_current_user_id() );
		$this->assertSame( $before, $GLOBALS['post'] );
		$this->assertSame( $query, $GLOBALS['wp_query'] );
		$this->assertFalse( \Confab\Visitor::is_reading() );
		$this->assertNotFalse( has_filter( 'the_content', array( $GLOBALS['wp_embed'], 'autoembed' ) ) );
	}

	public function test_a_shortcode_that_throws_stops_nothing_but_its_page(): void {
		add_shortcode( 'broken', static fn() => throw new \Error( 'Call to a member function on null, password hunter2' ) );
		$bad = $this->post( array( 'post_title' => '<b>Broken</b>', 'post_content' => 'x [broken]' ) );
		$this->post( array( 'post_title' => 'Fine' ) );
		$status = $this->cron();
		$this->assertSame( array( 'Fine' ), $this->held_titles() );
		$this->assertSame( array( 'idle', 1, 0 ), array( $status['state'], $status['failed'], $status['pending'] ) );
		$this->assertSame( array( $bad, 'Broken', 'render_failed' ), array_slice( array_values( $status['errors'][0] ), 0, 3 ) );
		$this->assertStringNotContainsString( 'hunter2', wp_json_encode( $status ) );
	}

	public function test_a_page_of_shortcodes_only_is_what_they_say(): void {
		add_shortcode( 'hours', static fn() => '<p>Open nine to five.</p>' );
		add_shortcode( 'nothing', static fn() => '<img src="x">' );
		$this->post( array( 'post_title' => 'Hours', 'post_content' => '[hours]' ) );
		$this->post( array( 'post_title' => 'Gallery', 'post_content' => '[nothing]' ) );
		$status = $this->cron();
		$this->assertSame( array( 'Hours' ), $this->held_titles() );
		$this->assertSame( 0, $status['failed'] );
	}

	public function test_a_page_that_was_emptied_is_forgotten(): void {
		$id = $this->post();
		$this->cron();
		$this->assertCount( 1, $this->held );
		wp_update_post( array( 'ID' => $id, 'post_content' => '' ) );
		$this->cron();
		$this->assertSame( array(), $this->held );
	}

	public function test_a_page_that_only_the_relay_finds_empty_is_forgotten_and_no_failure(): void {
		$id = $this->post();
		$this->cron();
		wp_update_post( array( 'ID' => $id, 'post_content' => '<form>Search</form>' ) );
		$this->refuses[ $this->id_of( $id ) ] = 'empty';
		$status = $this->cron();
		$this->assertSame( array(), $this->held );
		$this->assertSame( array( 'idle', 0, 0 ), array( $status['state'], $status['failed'], $status['pending'] ) );
	}

	public function test_embeds_are_not_fetched(): void {
		$id = $this->post( array( 'post_content' => "Watch this:\n\nhttps://www.youtube.com/watch?v=dQw4w9WgXcQ\n\n[embed]https://vimeo.com/1[/embed]" ) );
		Content::document( get_post( $id ) );
		$this->assertSame( array(), $this->relay->requests );
		$this->assertSame( array(), array_filter( array_keys( get_post_meta( $id ) ), static fn( $key ) => 0 === strpos( $key, '_oembed' ) ) );
	}

	public function test_two_megabytes_five_scripts_broken_markup_and_bad_bytes_arrive_whole_or_cut(): void {
		global $wpdb;
		$huge  = $this->post( array( 'post_title' => 'Huge', 'post_content' => 'x' ) );
		$odd   = $this->post( array( 'post_title' => 'Odd', 'post_content' => 'x' ) );
		$words = 'Ull ウール صوف צמר шерсть';
		// Not by wp_insert_post(), whose filters would repair it.
		$wpdb->update( $wpdb->posts, array( 'post_content' => "<div><p>First word</p>\n" . str_repeat( "$words\n", 90000 ) ), array( 'ID' => $huge ) );
		$wpdb->update( $wpdb->posts, array( 'post_content' => "<div><b>$words</i></p><table><a href='" . "</div>\n\nEnd" ), array( 'ID' => $odd ) );
		clean_post_cache( $huge );
		clean_post_cache( $odd );
		$status = $this->cron();
		$this->assertSame( 0, $status['failed'] );
		$html = $this->held[ $this->id_of( $huge ) ]->html;
		$this->assertGreaterThan( 2000000, self::units( $html ) );
		$this->assertStringContainsString( '<p>First word</p>', $html );
		$this->assertStringContainsString( $words, $this->held[ $this->id_of( $odd ) ]->html );
	}

	public function test_hostile_titles_are_text(): void {
		$this->post( array( 'post_title' => "<script>alert(1)</script> A\u{202E}B \"q\" \\ " . str_repeat( 'long ', 300 ) ) );
		$this->cron();
		$title = reset( $this->held )->title;
		$this->assertStringNotContainsString( '<script', $title );
		$this->assertLessThanOrEqual( 500, self::units( $title ) );
	}

	public function test_a_developer_may_change_a_document_but_not_break_the_contract(): void {
		add_filter(
			'confab_document',
			static fn( $document, $post ) => 'Gone' === $post->post_title ? null : array(
				'externalId' => 'somebody else’s',
				'type'       => 'recipe',
				'title'      => str_repeat( 'x', 900 ),
				'html'       => '<p onclick="x">Changed</p>',
				'updatedAt'  => 'yesterday',
				'attributes' => array( 'price' => 19.5, 'colours' => array( 'red', 'blue' ), 'nested' => array( array( 'x' ) ), '' => 'x', 'no' => null ),
				'more'       => true,
			) + $document,
			10,
			2
		);
		$id = $this->post();
		$this->post( array( 'post_title' => 'Gone' ) );
		$this->cron();
		$this->assertSame( array( $this->id_of( $id ) ), array_keys( $this->held ) );
		$held = reset( $this->held );
		$this->assertSame( '<p>Changed</p>', $held->html );
		$this->assertEquals( (object) array( 'price' => '19.5', 'colours' => 'red, blue' ), $held->attributes );
	}

	public function test_only_chosen_types_are_read(): void {
		Preferences::save( array( 'post_types' => array( 'page', 'attachment', 'no_such_type', 'wp_template' ) ) );
		$this->assertSame( array( 'page' ), Content::types() );
	}

	public function test_is_rendered_as_its_own_page_without_the_cookies_and_parameters_of_the_request(): void {
		$id = $this->post( array( 'post_type' => 'page', 'post_content' => '[seen]' ) );
		$this->act_as( 'administrator' );
		$_COOKIE  = array( 'member' => 'gold' );
		$_GET     = array( 'preview' => 'true' );
		$_POST    = array( 'unlock' => 'now' );
		$_REQUEST = $_GET + $_POST;
		add_shortcode(
			'seen',
			static fn() => wp_json_encode( array( $_COOKIE, $_GET, $_POST, $_REQUEST, is_page( $id ), in_the_loop(), is_main_query(), get_queried_object_id() ) )
		);
		$html = Content::document( get_post( $id ) )['html'];
		$this->assertStringContainsString( "[[],[],[],[],true,true,true,$id]", html_entity_decode( $html ) );
		$this->assertSame( array( 'gold', 'true', 'now' ), array( $_COOKIE['member'], $_GET['preview'], $_POST['unlock'] ) );
	}

	public function closed_doors(): array {
		return array(
			'sends the visitor to the log-in page' => array( static fn() => wp_safe_redirect( wp_login_url() ) && exit ),
			'ends with a message'                  => array( static fn() => wp_die( 'Members only.' ) ),
		);
	}

	/** @dataProvider closed_doors */
	public function test_a_page_that_lets_no_visitor_in_is_forgotten_and_no_failure( callable $close ): void {
		$id = $this->post( array( 'post_content' => 'Between us. [door]' ) );
		add_shortcode( 'door', '__return_empty_string' );
		$this->cron();
		$this->assertCount( 1, $this->held );
		add_shortcode( 'door', $close );
		wp_update_post( array( 'ID' => $id, 'post_title' => 'Members' ) );
		$status = $this->cron();
		$this->assertSame( array(), $this->held );
		$this->assertSame( array( 'idle', 0, 0 ), array( $status['state'], $status['failed'], $status['pending'] ) );
	}

	public function test_a_page_that_throws_leaves_the_filters_of_the_next_one_whole(): void {
		add_shortcode( 'broken', static fn() => throw new \Error( 'Broken' ) );
		$broken = get_post( $this->post( array( 'post_content' => '<!-- wp:paragraph --><p>x</p><!-- /wp:paragraph -->[broken]' ) ) );
		$next   = get_post( $this->post( array( 'post_content' => "One.\n\nTwo." ) ) );
		$before = Content::document( $next )['html'];
		try {
			Content::document( $broken );
			$this->fail( 'nothing was thrown' );
		} catch ( \Error $error ) {
			$this->assertSame( 'Broken', $error->getMessage() );
		}
		$this->assertFalse( doing_filter( 'the_content' ) );
		$this->assertSame( $before, Content::document( $next )['html'] );
	}

	public function test_a_page_whose_place_shows_the_list_of_posts_is_left_out(): void {
		$id = $this->post( array( 'post_type' => 'page' ) );
		update_option( 'page_for_posts', $id );
		$this->assertTrue( Content::is_public( get_post( $id ) ) );
		update_option( 'show_on_front', 'page' );
		$this->assertFalse( Content::is_public( get_post( $id ) ) );
	}
}
