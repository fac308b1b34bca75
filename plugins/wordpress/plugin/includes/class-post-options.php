<?php
/**
 * The owner's choice for one post.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** A box beside the editor, in both editors, by which a post is left out of the assistant's knowledge. */
final class Post_Options {
	const NONCE = 'confab_post_options';

	/** Adds the hooks. */
	public static function register(): void {
		add_action( 'add_meta_boxes', array( self::class, 'add_box' ) );
		add_action( 'save_post', array( self::class, 'save' ) );
	}

	/**
	 * Adds the box to the types that are synced.
	 *
	 * @param string $post_type Type of the post that is edited.
	 */
	public static function add_box( $post_type ): void {
		if ( in_array( $post_type, Content::types(), true ) ) {
			add_meta_box( 'confab', __( 'Confab', 'confab' ), array( self::class, 'print_box' ), $post_type, 'side', 'low' );
		}
	}

	/**
	 * Prints the box.
	 *
	 * @param \WP_Post $post The post.
	 */
	public static function print_box( $post ): void {
		wp_nonce_field( self::NONCE, self::NONCE );
		printf(
			'<p><label><input type="checkbox" name="%1$s" value="1"%2$s> %3$s</label></p>',
			esc_attr( Content::EXCLUDE ),
			checked( (bool) get_post_meta( $post->ID, Content::EXCLUDE, true ), true, false ),
			esc_html__( 'Leave this page out of the assistant’s knowledge', 'confab' )
		);
	}

	/**
	 * Keeps the choice, where the box was on the page that was sent.
	 *
	 * @param int $post_id Post.
	 */
	public static function save( $post_id ): void {
		$nonce = isset( $_POST[ self::NONCE ] ) ? sanitize_text_field( wp_unslash( $_POST[ self::NONCE ] ) ) : '';
		if ( wp_is_post_revision( $post_id ) || ! wp_verify_nonce( $nonce, self::NONCE ) || ! current_user_can( 'edit_post', $post_id ) ) {
			return;
		}
		if ( isset( $_POST[ Content::EXCLUDE ] ) ) {
			update_post_meta( $post_id, Content::EXCLUDE, '1' );
		} else {
			delete_post_meta( $post_id, Content::EXCLUDE );
		}
	}
}
