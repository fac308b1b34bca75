<?php
/**
 * REST route of what this site has to choose from.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** Types of content, roles and pages by their names, for the preferences on the admin screens. */
final class Rest_Choices {
	const PAGES_MAX = 500;

	/** Adds the route. */
	public static function routes(): void {
		Rest::route( '/choices', 'GET', array( self::class, 'choices' ) );
	}

	/** All there is to choose from. */
	public static function choices(): \WP_REST_Response {
		$types = array();
		foreach ( get_post_types( array(), 'objects' ) as $type ) {
			if ( 'attachment' !== $type->name && is_post_type_viewable( $type ) ) {
				$types[] = self::choice( $type->name, $type->labels->name );
			}
		}
		$roles = array();
		foreach ( wp_roles()->get_names() as $name => $label ) {
			$roles[] = self::choice( $name, translate_user_role( $label ) );
		}
		$pages = array_map(
			static function ( \WP_Post $page ): array {
				return self::choice( (string) $page->ID, $page->post_title );
			},
			get_posts(
				array(
					'post_type'   => 'page',
					'post_status' => 'publish',
					'numberposts' => self::PAGES_MAX,
					'orderby'     => 'title',
					'order'       => 'ASC',
				)
			)
		);
		return new \WP_REST_Response(
			array(
				'postTypes' => $types,
				'roles'     => $roles,
				'pages'     => $pages,
			)
		);
	}

	/**
	 * One choice.
	 *
	 * @param string $value What is stored.
	 * @param string $label What is read.
	 */
	private static function choice( string $value, string $label ): array {
		return array(
			'value' => $value,
			'label' => $label,
		);
	}
}
