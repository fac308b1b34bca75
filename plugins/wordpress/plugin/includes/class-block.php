<?php
/**
 * The block for a chat within a page.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** Registers the chat block. */
final class Block {
	/** Adds the hooks. */
	public static function register(): void {
		add_action( 'init', array( self::class, 'register_block' ) );
	}

	/** Tells WordPress of the block. */
	public static function register_block(): void {
		self::register_from( CONFAB_DIR . '/block/chat' );
	}

	/**
	 * Tells WordPress of a block of ours, and where its translations are.
	 *
	 * @param string $folder That holds its block.json.
	 */
	public static function register_from( string $folder ): void {
		$block = register_block_type( $folder );
		if ( $block ) {
			foreach ( $block->editor_script_handles as $handle ) {
				wp_set_script_translations( $handle, 'confab', CONFAB_DIR . '/languages' );
			}
		}
	}

	/** The block as HTML; '' where there is no chat to show. */
	public static function html(): string {
		$place = Widget::place();
		return '' === $place ? '' : '<div ' . get_block_wrapper_attributes() . '>' . $place . '</div>';
	}
}
