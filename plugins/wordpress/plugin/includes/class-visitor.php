<?php
/**
 * Reading a page as an anonymous visitor.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** Lets others' shortcodes, blocks and filters do what they do for a visitor who is not logged in, in whatever request. */
final class Visitor {
	/** Seconds that one page may take, where PHP can be told. */
	const PAGE_S = 60;

	/** What rendering may change, and what tells a visitor from whoever made this request. */
	const KEPT = array( 'post', 'id', 'authordata', 'currentday', 'currentmonth', 'page', 'pages', 'multipage', 'more', 'numpages', 'wp_query', 'wp_the_query', 'product', '_GET', '_POST', '_REQUEST', '_COOKIE' );

	/** By these filters wp_die() is given what ends the request. */
	const DIE_HANDLERS = array( 'wp_die_handler', 'wp_die_ajax_handler', 'wp_die_json_handler' );

	/**
	 * How deep we are in reading.
	 *
	 * @var int
	 */
	private static $reading = 0;

	/** Whether a page is being read just now. */
	public static function is_reading(): bool {
		return self::$reading > 0;
	}

	/**
	 * Does something as an anonymous visitor on the post's page, and leaves the request as it was: user, cookies,
	 * parameters, language, site of the network, globals of the loop, output. Gives null where the page does not let
	 * the visitor in, but sends him elsewhere or ends with a message; what else is thrown comes through.
	 *
	 * @param \WP_Post $post The post.
	 * @param callable $work What to do.
	 * @return mixed What the work returns.
	 * @throws \Throwable Whatever others throw.
	 */
	public static function read( \WP_Post $post, callable $work ) {
		global $wp_embed, $wp_filter, $wp_current_filter;
		$kept     = array_intersect_key( $GLOBALS, array_flip( self::KEPT ) );
		$user     = get_current_user_id();
		$blog     = get_current_blog_id();
		$depth    = ob_get_level();
		$seconds  = (int) ini_get( 'max_execution_time' );
		$switched = determine_locale() !== get_locale() && switch_to_locale( get_locale() );
		// What is thrown out of a filter leaves it in the middle of its work.
		$content = clone $wp_filter['the_content'];
		$filters = $wp_current_filter;
		// Embeds are other sites' content, and would be fetched from them one by one.
		$embeds = array();
		foreach ( array( 'autoembed', 'run_shortcode' ) as $method ) {
			if ( $wp_embed && remove_filter( 'the_content', array( $wp_embed, $method ), 8 ) ) {
				$embeds[] = $method;
			}
		}
		$turned_away = new \RuntimeException( 'This page does not let a visitor in.' );
		$turn_away   = static function () use ( $turned_away ) {
			throw $turned_away;
		};
		$die_handler = static function () use ( $turn_away ) {
			return $turn_away;
		};

		++self::$reading;
		ob_start();
		try {
			if ( 0 !== $user ) {
				wp_set_current_user( 0 );
			}
			if ( function_exists( 'set_time_limit' ) ) {
				set_time_limit( self::PAGE_S ); // Somebody's endless loop must not hold the sync for ever.
			}
			add_filter( 'wp_redirect', $turn_away );
			foreach ( self::DIE_HANDLERS as $name ) {
				add_filter( $name, $die_handler, PHP_INT_MAX );
			}
			$_GET     = array();
			$_POST    = array();
			$_REQUEST = array();
			$_COOKIE  = array();
			// phpcs:disable WordPress.WP.GlobalVariablesOverride -- restored below.
			$GLOBALS['wp_query']     = self::query_of( $post );
			$GLOBALS['wp_the_query'] = $GLOBALS['wp_query'];
			$GLOBALS['post']         = $post;
			// phpcs:enable
			setup_postdata( $post );
			return $work();
		} catch ( \Throwable $thrown ) {
			// phpcs:disable WordPress.WP.GlobalVariablesOverride -- as they were.
			$wp_filter['the_content'] = $content;
			$wp_current_filter        = $filters;
			// phpcs:enable
			if ( $thrown === $turned_away ) {
				return null;
			}
			throw $thrown;
		} finally {
			--self::$reading;
			while ( get_current_blog_id() !== $blog && restore_current_blog() ) {
				continue;
			}
			while ( ob_get_level() > $depth && ob_end_clean() ) {
				continue;
			}
			if ( get_current_user_id() !== $user ) {
				wp_set_current_user( $user );
			}
			remove_filter( 'wp_redirect', $turn_away );
			foreach ( self::DIE_HANDLERS as $name ) {
				remove_filter( $name, $die_handler, PHP_INT_MAX );
			}
			foreach ( $embeds as $method ) {
				add_filter( 'the_content', array( $wp_embed, $method ), 8 );
			}
			foreach ( self::KEPT as $name ) {
				if ( array_key_exists( $name, $kept ) ) {
					$GLOBALS[ $name ] = $kept[ $name ];
				} else {
					unset( $GLOBALS[ $name ] );
				}
			}
			if ( $switched ) {
				restore_previous_locale();
			}
			if ( function_exists( 'set_time_limit' ) ) {
				set_time_limit( $seconds );
			}
		}
	}

	/**
	 * The main query of the post's page, within its loop. Plugins that keep content from visitors often look for that.
	 *
	 * @param \WP_Post $post The post.
	 */
	private static function query_of( \WP_Post $post ): \WP_Query {
		$query = new \WP_Query();
		$query->init();
		$query->query             = array();
		$query->query_vars        = $query->fill_query_vars( array() );
		$query->is_singular       = true;
		$query->is_page           = 'page' === $post->post_type;
		$query->is_single         = ! $query->is_page;
		$query->queried_object    = $post;
		$query->queried_object_id = $post->ID;
		$query->posts             = array( $post );
		$query->post              = $post;
		$query->post_count        = 1;
		$query->found_posts       = 1;
		$query->current_post      = 0;
		$query->in_the_loop       = true;
		$query->before_loop       = false;
		return $query;
	}
}
