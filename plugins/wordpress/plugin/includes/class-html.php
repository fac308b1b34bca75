<?php
/**
 * What of a rendered page is sent.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** Text and its structure, nothing else. */
final class Html {
	/** Elements that are one token for core's parser, and whose content no visitor reads. */
	const UNREAD = array( 'SCRIPT', 'STYLE', 'IFRAME', 'NOEMBED', 'NOFRAMES', 'XMP', 'TITLE', 'TEXTAREA' );

	/**
	 * The markup with its tags bare: no attributes, scripts, styles and comments. So nothing travels that only the page
	 * needs (nonces, addresses in data attributes), and the same page gives the same bytes every night. Broken markup
	 * is read as a browser reads it. What is longer than `max` is cut between words.
	 *
	 * @param string $html Any HTML.
	 * @param int    $max  Most UTF-16 code units.
	 */
	public static function bare( string $html, int $max ): string {
		$page = new \WP_HTML_Tag_Processor( self::scrub( $html ) );
		$bare = '';
		$left = $max;
		while ( $page->next_token() ) {
			$piece = self::piece( $page );
			$units = self::units( $piece );
			if ( $units > $left ) {
				return '#text' === $page->get_token_type() ? $bare . self::cut( $piece, $left ) : $bare;
			}
			$bare .= $piece;
			$left -= $units;
		}
		return trim( $bare );
	}

	/**
	 * Whether there is a word in it.
	 *
	 * @param string $html Bare HTML.
	 */
	public static function has_words( string $html ): bool {
		return 1 === preg_match( '/[^\s\x{A0}]/u', html_entity_decode( (string) preg_replace( '/<[^>]*>/', ' ', $html ), ENT_QUOTES, 'UTF-8' ) );
	}

	/**
	 * Plain text: no tags, no entities, no line breaks, and cut where it is too long.
	 *
	 * @param string $text Text that may hold markup.
	 * @param int    $max  Most UTF-16 code units.
	 */
	public static function plain( string $text, int $max ): string {
		$text = html_entity_decode( wp_strip_all_tags( self::scrub( $text ) ), ENT_QUOTES | ENT_HTML5, 'UTF-8' );
		$text = trim( (string) preg_replace( '/[\s\x{A0}]+/u', ' ', self::scrub( $text ) ) );
		return self::units( $text ) > $max ? self::cut( $text, $max ) : $text;
	}

	/**
	 * Valid UTF-8 without NUL characters.
	 *
	 * @param string $text Any bytes.
	 */
	public static function scrub( string $text ): string {
		$text = str_replace( "\0", '', $text );
		if ( 1 === preg_match( '//u', $text ) ) {
			return $text;
		}
		if ( function_exists( 'mb_scrub' ) ) {
			return mb_scrub( $text, 'UTF-8' );
		}
		return wp_check_invalid_utf8( $text, true );
	}

	/**
	 * Length in UTF-16 code units.
	 *
	 * @param string $text Valid UTF-8.
	 */
	public static function units( string $text ): int {
		$units = 0;
		foreach ( count_chars( $text, 1 ) as $byte => $times ) {
			if ( $byte < 0x80 || $byte >= 0xC0 ) {
				$units += $byte >= 0xF0 ? 2 * $times : $times;
			}
		}
		return $units;
	}

	/**
	 * One token of the page, as it is sent.
	 *
	 * @param \WP_HTML_Tag_Processor $page Standing at the token.
	 */
	private static function piece( \WP_HTML_Tag_Processor $page ): string {
		if ( '#text' === $page->get_token_type() ) {
			return htmlspecialchars( $page->get_modifiable_text(), ENT_NOQUOTES | ENT_SUBSTITUTE, 'UTF-8' );
		}
		$tag = '#tag' === $page->get_token_type() ? (string) $page->get_tag() : '';
		if ( ! preg_match( '/^[A-Z][A-Z0-9-]{0,20}$/', $tag ) || in_array( $tag, self::UNREAD, true ) ) {
			return '';
		}
		return ( $page->is_tag_closer() ? '</' : '<' ) . strtolower( $tag ) . '>';
	}

	/**
	 * The beginning of a text, up to a space where there is one near the end, and never half an entity.
	 *
	 * @param string $text  Valid UTF-8.
	 * @param int    $units Most UTF-16 code units.
	 */
	private static function cut( string $text, int $units ): string {
		// The longest beginning that fits ends before a character: the first byte of the next one would be too much.
		$from = 0;
		$to   = strlen( $text );
		while ( $from < $to ) {
			$middle = intdiv( $from + $to + 1, 2 );
			if ( self::units( substr( $text, 0, $middle ) ) > $units ) {
				$to = $middle - 1;
			} else {
				$from = $middle;
			}
		}
		$text  = substr( $text, 0, $from );
		$space = strrpos( $text, ' ' );
		$text  = false !== $space && $from - $space < 200 ? substr( $text, 0, $space ) : $text;
		return rtrim( (string) preg_replace( '/&[a-z]{0,4}$/', '', $text ) );
	}
}
