<?php
/**
 * The shortcode for a chat within a page.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** Registers [confab_chat]. */
final class Shortcode {
	/** Adds the shortcode. */
	public static function register(): void {
		add_shortcode( 'confab_chat', array( Widget::class, 'place' ) );
	}
}
