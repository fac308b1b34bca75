<?php

namespace Confab\Tests;

use Confab\Content;
use Confab\Faq_Block;

require_once __DIR__ . '/Sync_Case.php';

final class FaqBlockTest extends Sync_Case {
	private const ITEMS = array(
		array( 'question' => 'When do parcels arrive?', 'answer' => 'After <strong>nine</strong> days.' ),
		array( 'question' => 'May I wash it?', 'answer' => 'By hand.' ),
	);

	private function block( array $attributes ): string {
		return serialize_block( array( 'blockName' => 'confab/faq', 'attrs' => $attributes, 'innerBlocks' => array(), 'innerHTML' => '', 'innerContent' => array() ) );
	}

	public function test_is_a_faq_page_for_search_engines(): void {
		$page = new \DOMDocument();
		$page->loadHTML( '<?xml encoding="utf-8"?>' . do_blocks( $this->block( array( 'items' => self::ITEMS, 'level' => 2 ) ) ) );
		$find = static fn( $path ) => array_map( static fn( $node ) => trim( $node->textContent ), iterator_to_array( ( new \DOMXPath( $page ) )->query( $path ) ) );
		$this->assertCount( 1, $find( '//*[@itemtype="https://schema.org/FAQPage"]' ) );
		$question = '//*[@itemprop="mainEntity"][@itemtype="https://schema.org/Question"]';
		$this->assertSame( array( 'When do parcels arrive?', 'May I wash it?' ), $find( "$question/h2[@itemprop='name']" ) );
		$this->assertSame( array( 'After nine days.', 'By hand.' ), $find( "$question/*[@itemprop='acceptedAnswer'][@itemtype='https://schema.org/Answer']/*[@itemprop='text']" ) );
	}

	public function test_each_question_is_a_heading_above_its_answer_in_the_document(): void {
		$id   = $this->post( array( 'post_type' => 'page', 'post_content' => $this->block( array( 'items' => self::ITEMS ) ) ) );
		$html = Content::document( get_post( $id ) )['html'];
		$this->assertStringContainsString( '<h3>When do parcels arrive?</h3><div><div><p>After <strong>nine</strong> days.</p>', $html );
		$this->assertStringContainsString( '<h3>May I wash it?</h3>', $html );
	}

	public function test_hostile_content_is_harmless(): void {
		$html = do_blocks( $this->block( array( 'items' => array( array( 'question' => '<img src=x onerror=alert(1)>Q &amp; "A"', 'answer' => '<script>alert(1)</script><a href="javascript:alert(1)" onclick="x">a</a>' ) ), 'level' => '1><script>' ) ) );
		$this->assertStringContainsString( '<h3 itemprop="name">Q &amp; &quot;A&quot;</h3>', $html );
		foreach ( array( '<script', 'onerror', 'onclick', 'javascript:', '<img' ) as $bad ) {
			$this->assertStringNotContainsString( $bad, $html );
		}
	}

	public function odd_items(): array {
		return array( array( null ), array( 'x' ), array( array() ), array( array( 'x', null, 7 ) ), array( array( array( 'question' => 'Only a question' ) ) ), array( array( array( 'question' => array(), 'answer' => 'a' ) ) ) );
	}

	/** @dataProvider odd_items */
	public function test_of_nothing_is_nothing( $items ): void {
		$this->assertSame( '', Faq_Block::html( array( 'items' => $items ) ) );
	}

	public function test_is_known_to_the_editor(): void {
		$block = \WP_Block_Type_Registry::get_instance()->get_registered( 'confab/faq' );
		$this->assertSame( 3, $block->api_version );
		$this->assertNotSame( array(), $block->editor_script_handles );
		$this->assertContains( 'wp-block-editor', wp_scripts()->registered[ $block->editor_script_handles[0] ]->deps );
	}
}
