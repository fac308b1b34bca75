<?php
/**
 * Rendering that may die.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/**
 * Builds documents from posts whose content is others' code. Before each one it writes down which post is at work, so
 * that the next run knows what a run died of; a post that kills two runs is left out until it changes.
 */
final class Builder {
	const ROW = 'confab_sync_current';

	/** So often may a run die of the same post. */
	const DEATHS_MAX = 2;

	/**
	 * Deaths by post, as the last run left them.
	 *
	 * @var array<int, int>
	 */
	private static $deaths = array();

	/** Begins a run: looks what the last one died of. */
	public static function begin(): void {
		self::$deaths = array();
		$left         = explode( ' ', (string) Rows::get( self::ROW ) );
		$post         = 2 === count( $left ) ? get_post( (int) $left[0] ) : null;
		if ( ! $post ) {
			return;
		}
		self::$deaths[ $post->ID ] = (int) $left[1] + 1;
		if ( self::$deaths[ $post->ID ] >= self::DEATHS_MAX ) {
			Rejected::keep( $post->ID, self::version( $post ), 'render_died' );
			self::$deaths = array();
		}
		Rows::remove( self::ROW );
	}

	/** Nothing is being built: should the run end now, it is no post's fault. */
	public static function rest(): void {
		Rows::remove( self::ROW );
	}

	/**
	 * The document of a public post and what tells this state of it from others: {document, state}. Null where the
	 * same state was refused before, or where building it fails. The document is null where nothing is to be read.
	 *
	 * @param \WP_Post $post A public post.
	 */
	public static function build( \WP_Post $post ): ?array {
		$refused = Rejected::state( $post->ID );
		if ( self::version( $post ) === $refused ) {
			return null;
		}
		$deaths = isset( self::$deaths[ $post->ID ] ) ? self::$deaths[ $post->ID ] : 0;
		Rows::set( self::ROW, $post->ID . ' ' . $deaths );
		try {
			$document = Content::document( $post );
		} catch ( \Throwable $error ) {
			Rejected::keep( $post->ID, self::version( $post ), 'render_failed', get_class( $error ) );
			return null;
		}
		$state = null === $document ? '' : self::hash( $document, 0 );
		if ( '' !== $state && $state === $refused ) {
			return null;
		}
		return array(
			'document' => $document,
			'state'    => $state,
		);
	}

	/**
	 * The hash of a document, as the relay makes it.
	 *
	 * @param array $document      As it is sent.
	 * @param int   $index_version The relay's.
	 */
	public static function hash( array $document, int $index_version ): string {
		return hash( 'sha256', Canonical_Json::encode( array( $index_version, $document ) ) );
	}

	/**
	 * What changes when the post is saved.
	 *
	 * @param \WP_Post $post The post.
	 */
	private static function version( \WP_Post $post ): string {
		return 'saved ' . $post->post_modified_gmt . ' ' . md5( $post->post_content );
	}
}
