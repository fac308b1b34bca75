<?php
/**
 * What an anonymous visitor may read, as documents.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** Makes a post into the document that the relay keeps, or says that it is nobody's business. */
final class Content {
	/** The owner's choice to leave one post out. */
	const EXCLUDE = '_confab_exclude';

	/** When the relay was last given this post; there as long as the relay holds it. */
	const SYNCED = '_confab_synced';

	/** The contract's DOCUMENT_TEXT_MAX, in UTF-16 code units. */
	const TEXT_MAX = 2097152;

	/** The contract's kinds of document. */
	const KINDS = array( 'page', 'post', 'product', 'faq', 'policy' );

	/** The contract's longest title. */
	const TITLE_MAX = 500;

	/** The contract's longest attribute. */
	const ATTRIBUTE_MAX = 2000;

	/**
	 * The types that the owner chose, as far as visitors can see them.
	 *
	 * @return string[]
	 */
	public static function types(): array {
		$types = array_diff( Preferences::get()['post_types'], array( 'attachment' ) );
		return array_values( array_filter( $types, 'is_post_type_viewable' ) );
	}

	/**
	 * Whether an anonymous visitor may read this post, and its owner leaves it to the assistant. The setting
	 * "discourage search engines" is no reason to leave out a page: it is about search engines, and the owner has
	 * asked for an assistant that knows the site. A page set to noindex on its own is left out.
	 *
	 * @param \WP_Post $post Any post.
	 */
	public static function is_public( \WP_Post $post ): bool {
		return self::is_published( $post )
			&& ! get_post_meta( $post->ID, self::EXCLUDE, true )
			&& ! self::is_noindex( $post->ID )
			&& ! self::is_redirect( $post->ID )
			&& ! self::is_posts_page( $post->ID )
			&& Products::may_be_read( $post )
			/**
			 * Withholds a post that is public otherwise; it cannot make a private one public.
			 *
			 * @param bool     $is_public Whether the assistant may know this post.
			 * @param \WP_Post $post      The post.
			 */
			&& (bool) apply_filters( 'confab_is_public', true, $post );
	}

	/**
	 * Whether a post is published to everyone, and of a type that is synced.
	 *
	 * @param \WP_Post $post Any post.
	 */
	public static function is_published( \WP_Post $post ): bool {
		return 'publish' === $post->post_status && '' === $post->post_password
			&& in_array( $post->post_type, self::types(), true );
	}

	/** Meta keys by which a post is left out; a change of one is a change of what is public. */
	public static function deciding_meta(): array {
		return array(
			self::EXCLUDE,
			'_yoast_wpseo_meta-robots-noindex',
			'_yoast_wpseo_redirect',
			'rank_math_robots',
			'_aioseop_noindex',
			'_seopress_robots_index',
			'_genesis_noindex',
			'_links_to',
		);
	}

	/**
	 * The relay's name of a post.
	 *
	 * @param int $post_id Post.
	 */
	public static function external_id( int $post_id ): string {
		return 'post:' . $post_id;
	}

	/**
	 * The post that the relay means; 0 where the name is none of ours.
	 *
	 * @param string $external_id The relay's name.
	 */
	public static function post_id( string $external_id ): int {
		return preg_match( '/^post:([1-9][0-9]{0,18})$/', $external_id, $match ) ? (int) $match[1] : 0;
	}

	/**
	 * The document of a public post, as an anonymous visitor reads it; null where there is nothing to read in it, or
	 * the visitor is not let in. What others' shortcodes, blocks and filters throw comes through.
	 *
	 * @param \WP_Post $post A public post.
	 * @throws \Throwable Whatever others throw.
	 */
	public static function document( \WP_Post $post ): ?array {
		return Visitor::read(
			$post,
			static function () use ( $post ): ?array {
				$product  = Products::product( $post );
				$document = array(
					'externalId' => self::external_id( $post->ID ),
					'type'       => self::type( $post ),
					'url'        => (string) get_permalink( $post ),
					'title'      => (string) get_the_title( $post ),
					'html'       => $product ? Products::html( $product, $post ) : self::rendered( $post->post_content ),
					'locale'     => self::locale( $post ),
				);
				if ( $product ) {
					$document['attributes'] = Products::attributes( $product );
				}
				/**
				 * Changes what the relay is given of a post; anything but an array leaves the post out.
				 *
				 * @param array    $document As in POST /v1/site/documents; name and time of the post are ours to say.
				 * @param \WP_Post $post     The post.
				 */
				$document = apply_filters( 'confab_document', $document, $post );
				return is_array( $document ) ? self::clean( $document, $post ) : null;
			}
		);
	}

	/**
	 * Content through the filters that show it on its page.
	 *
	 * @param string $content As it is stored.
	 */
	public static function rendered( string $content ): string {
		// Core's own filter, so that shortcodes and blocks of others do what they do on the page.
		return (string) apply_filters( 'the_content', $content ); // phpcs:ignore WordPress.NamingConventions.PrefixAllGlobals
	}

	/**
	 * A document that the relay's contract admits, whatever a filter made of it; null where nothing is to be read.
	 *
	 * @param array    $given A document.
	 * @param \WP_Post $post  Its post.
	 */
	private static function clean( array $given, \WP_Post $post ): ?array {
		$text  = static function ( string $name ) use ( $given ): string {
			return isset( $given[ $name ] ) && is_scalar( $given[ $name ] ) ? (string) $given[ $name ] : '';
		};
		$html  = Html::bare( '' !== $text( 'html' ) ? $text( 'html' ) : esc_html( $text( 'text' ) ), self::TEXT_MAX );
		$clean = array(
			'externalId' => self::external_id( $post->ID ),
			'type'       => in_array( $text( 'type' ), self::KINDS, true ) ? $text( 'type' ) : 'page',
			'url'        => Html::scrub( $text( 'url' ) ),
			'title'      => Html::plain( $text( 'title' ), self::TITLE_MAX ),
			'html'       => $html,
			'updatedAt'  => self::time( $post ),
		);
		if ( preg_match( '/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/', $text( 'locale' ) ) ) {
			$clean['locale'] = $text( 'locale' );
		}
		$attributes = array();
		$facts      = isset( $given['attributes'] ) && is_array( $given['attributes'] ) ? $given['attributes'] : array();
		foreach ( array_slice( $facts, 0, 100, true ) as $name => $value ) {
			// Numbers as text: then PHP and the relay write, and hash, the same.
			$value = Html::plain( implode( ', ', array_filter( (array) $value, 'is_scalar' ) ), self::ATTRIBUTE_MAX );
			$name  = Html::plain( (string) $name, 100 );
			if ( '' !== $name && '' !== $value ) {
				$attributes[ $name ] = $value;
			}
		}
		if ( $attributes ) {
			$clean['attributes'] = (object) $attributes;
		}
		return Html::has_words( $html ) ? $clean : null;
	}

	/**
	 * The relay's kind of document.
	 *
	 * @param \WP_Post $post The post.
	 */
	private static function type( \WP_Post $post ): string {
		if ( 'product' === $post->post_type ) {
			return 'product';
		}
		$policies = array( (int) get_option( 'wp_page_for_privacy_policy' ), (int) get_option( 'woocommerce_terms_page_id' ) );
		if ( in_array( $post->ID, $policies, true ) ) {
			return 'policy';
		}
		if ( has_block( Faq_Block::NAME, $post ) ) {
			return 'faq';
		}
		return 'post' === $post->post_type ? 'post' : 'page';
	}

	/**
	 * The language of a post, as BCP 47: where WPML or Polylang know it, that; else the site's.
	 *
	 * @param \WP_Post $post The post.
	 */
	private static function locale( \WP_Post $post ): string {
		$locale = '';
		if ( function_exists( 'pll_get_post_language' ) ) {
			$locale = pll_get_post_language( $post->ID, 'locale' );
		} elseif ( has_filter( 'wpml_post_language_details' ) ) {
			$details = apply_filters( 'wpml_post_language_details', null, $post->ID ); // phpcs:ignore WordPress.NamingConventions.PrefixAllGlobals -- WPML's.
			$locale  = is_array( $details ) && isset( $details['locale'] ) ? $details['locale'] : '';
		}
		$locale = is_string( $locale ) && '' !== $locale ? $locale : get_locale();
		// de_DE_formal is German as in Germany; how polite it is has no place in the tag.
		return preg_match( '/^([a-z]{2,3})(?:[_-]([A-Za-z]{4}))?(?:[_-]([A-Z]{2}))?/', $locale, $part )
			? implode( '-', array_filter( array_slice( $part, 1 ) ) )
			: 'en';
	}

	/**
	 * When the post last changed.
	 *
	 * @param \WP_Post $post The post.
	 */
	private static function time( \WP_Post $post ): string {
		foreach ( array( $post->post_modified_gmt, $post->post_date_gmt ) as $time ) {
			if ( preg_match( '/^(?!0000)(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)$/', (string) $time, $part ) ) {
				return $part[1] . 'T' . $part[2] . 'Z';
			}
		}
		return '1970-01-01T00:00:00Z';
	}

	/**
	 * Whether the owner keeps search engines from this one post, in the words of the usual plugins.
	 *
	 * @param int $post_id Post.
	 */
	private static function is_noindex( int $post_id ): bool {
		if ( '1' === get_post_meta( $post_id, '_yoast_wpseo_meta-robots-noindex', true )
			|| in_array( 'noindex', (array) get_post_meta( $post_id, 'rank_math_robots', true ), true )
			|| 'yes' === get_post_meta( $post_id, '_seopress_robots_index', true )
			|| '1' === (string) get_post_meta( $post_id, '_genesis_noindex', true )
			|| 'on' === get_post_meta( $post_id, '_aioseop_noindex', true ) ) {
			return true;
		}
		// All in One SEO 4 keeps it in a table of its own.
		if ( is_callable( array( 'AIOSEO\Plugin\Common\Models\Post', 'getPost' ) ) ) {
			$seo = \AIOSEO\Plugin\Common\Models\Post::getPost( $post_id );
			return is_object( $seo ) && empty( $seo->robots_default ) && ! empty( $seo->robots_noindex );
		}
		return false;
	}

	/**
	 * Whether a visitor of this post is sent elsewhere, in the words of the usual plugins.
	 *
	 * @param int $post_id Post.
	 */
	private static function is_redirect( int $post_id ): bool {
		return (bool) get_post_meta( $post_id, '_links_to', true ) || (bool) get_post_meta( $post_id, '_yoast_wpseo_redirect', true );
	}

	/**
	 * Whether a visitor of this page is shown the list of posts instead of what stands in it.
	 *
	 * @param int $post_id Post.
	 */
	private static function is_posts_page( int $post_id ): bool {
		return 'page' === get_option( 'show_on_front' ) && (int) get_option( 'page_for_posts' ) === $post_id;
	}
}
