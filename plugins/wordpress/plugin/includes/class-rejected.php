<?php
/**
 * Posts that the relay could not take.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** Remembers, one row each, which posts were refused and in which state, so that they are told and not tried for nothing. */
final class Rejected {
	const PREFIX = 'confab_rejected_';

	/** Most that are listed. */
	const LISTED_MAX = 50;

	/**
	 * Remembers a refusal.
	 *
	 * @param int    $post_id Post.
	 * @param string $state   What was refused: the same again need not be tried.
	 * @param string $code    Why.
	 * @param string $detail  The relay's words, where there are any.
	 */
	public static function keep( int $post_id, string $state, string $code, string $detail = '' ): void {
		Rows::set(
			self::name( $post_id ),
			(string) wp_json_encode(
				array(
					'state'  => $state,
					'code'   => $code,
					'detail' => Html::plain( $detail, 500 ),
				)
			)
		);
	}

	/**
	 * Which state of a post was refused; '' where none was.
	 *
	 * @param int $post_id Post.
	 */
	public static function state( int $post_id ): string {
		$kept = Rows::decode( Rows::get( self::name( $post_id ) ) );
		return isset( $kept['state'] ) ? (string) $kept['state'] : '';
	}

	/**
	 * These posts have changed, or were taken.
	 *
	 * @param int ...$post_ids Posts.
	 */
	public static function clear( int ...$post_ids ): void {
		Rows::remove_these( array_map( array( self::class, 'name' ), $post_ids ) );
	}

	/** Everything is tried again. */
	public static function clear_all(): void {
		Rows::remove_under( self::PREFIX );
	}

	/** How many posts are refused now. */
	public static function count(): int {
		return Rows::count( self::PREFIX );
	}

	/**
	 * The refused posts for people: {id, title, code, message}.
	 */
	public static function listed(): array {
		$listed = array();
		foreach ( Rows::under( self::PREFIX, self::LISTED_MAX ) as $name => $value ) {
			$kept = Rows::decode( $value );
			$id   = Content::post_id( substr( $name, strlen( self::PREFIX ) ) );
			$code = isset( $kept['code'] ) ? (string) $kept['code'] : '';
			$post = get_post( $id );

			$listed[] = array(
				'id'      => $id,
				/* translators: %d: number of a post. */
				'title'   => $post && '' !== $post->post_title ? Html::plain( $post->post_title, Content::TITLE_MAX ) : sprintf( __( 'Post %d', 'confab' ), $id ),
				'code'    => $code,
				'message' => self::message( $code, isset( $kept['detail'] ) ? (string) $kept['detail'] : '' ),
			);
		}
		return $listed;
	}

	/**
	 * What is wrong and what to do.
	 *
	 * @param string $code   Why.
	 * @param string $detail The relay's words.
	 */
	private static function message( string $code, string $detail ): string {
		switch ( $code ) {
			case 'too_large':
				return __( 'This page is too long for the relay. Split it into several pages.', 'confab' );
			case 'too_deep':
				return __( 'The HTML of this page is nested too deeply to be read. Remove superfluous wrappers, often left by a page builder.', 'confab' );
			case 'invalid_url':
				return __( 'The address of this page is no web address. Look for a plugin that changes permalinks.', 'confab' );
			case 'invalid_text':
				return __( 'This page holds characters that cannot be kept. Open it, remove what looks broken, and save it.', 'confab' );
			case 'render_failed':
				/* translators: %s: name of a programming error. */
				return sprintf( __( 'A block, shortcode or plugin stopped with an error (%s) while this page was rendered. Open the page as a visitor, repair it, and save it.', 'confab' ), $detail );
			case 'render_died':
				return __( 'The server gave up twice while this page was rendered: a block, shortcode or plugin on it takes too long or too much memory. Repair it and save the page.', 'confab' );
			default:
				/* translators: %s: what the relay says, in English. */
				return sprintf( __( 'The relay refused this page: %s', 'confab' ), '' === $detail ? $code : $detail );
		}
	}

	/**
	 * Name of a post's row.
	 *
	 * @param int $post_id Post.
	 */
	private static function name( int $post_id ): string {
		return self::PREFIX . Content::external_id( $post_id );
	}
}
