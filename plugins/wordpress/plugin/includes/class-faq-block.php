<?php
/**
 * The block for questions and answers.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/**
 * Registers the FAQ block. Its entries are synced within their page: the relay cuts pages at headings, so that each
 * question with its answer is a passage of its own already, with the page's address for a source.
 */
final class Faq_Block {
	const NAME = 'confab/faq';

	/** Adds the hooks. */
	public static function register(): void {
		add_action( 'init', array( self::class, 'register_block' ) );
	}

	/** Tells WordPress of the block. */
	public static function register_block(): void {
		Block::register_from( CONFAB_DIR . '/block/faq' );
	}

	/**
	 * The block as HTML, marked up as a FAQPage for search engines.
	 *
	 * @param array $attributes Of the block, which may hold anything.
	 */
	public static function html( array $attributes ): string {
		$level = isset( $attributes['level'] ) && in_array( $attributes['level'], array( 2, 3, 4 ), true ) ? $attributes['level'] : 3;
		$items = isset( $attributes['items'] ) && is_array( $attributes['items'] ) ? $attributes['items'] : array();
		$html  = '';
		foreach ( $items as $item ) {
			$question = isset( $item['question'] ) && is_string( $item['question'] ) ? trim( wp_strip_all_tags( $item['question'] ) ) : '';
			$answer   = isset( $item['answer'] ) && is_string( $item['answer'] ) ? trim( wp_kses_post( $item['answer'] ) ) : '';
			if ( '' === $question || '' === $answer ) {
				continue;
			}
			$html .= sprintf(
				'<div class="confab-faq-item" itemscope itemprop="mainEntity" itemtype="https://schema.org/Question">'
				. '<h%1$d itemprop="name">%2$s</h%1$d>'
				. '<div itemscope itemprop="acceptedAnswer" itemtype="https://schema.org/Answer"><div itemprop="text">%3$s</div></div></div>',
				$level,
				esc_html( html_entity_decode( $question, ENT_QUOTES, 'UTF-8' ) ),
				wpautop( $answer )
			);
		}
		if ( '' === $html ) {
			return '';
		}
		$wrapper = get_block_wrapper_attributes( array( 'class' => 'confab-faq' ) );
		return '<div ' . $wrapper . ' itemscope itemtype="https://schema.org/FAQPage">' . $html . '</div>';
	}
}
