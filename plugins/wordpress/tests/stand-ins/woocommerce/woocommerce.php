<?php
/**
 * Plugin Name: WooCommerce (stand-in)
 * Description: The part of WooCommerce 10.5 that Confab uses, written from its documentation and source: products, their hooks, feature declarations, Action Scheduler's functions. For tests only.
 * Version:     10.5.0
 */

defined( 'ABSPATH' ) || exit;

define( 'WC_VERSION', '10.5.0' );

require __DIR__ . '/features-util.php';
require __DIR__ . '/products.php';
require __DIR__ . '/functions.php';
require __DIR__ . '/action-scheduler.php';

final class WooCommerce {
	/** As WooCommerce does on `init`, at 0 and 5. */
	public static function init(): void {
		do_action( 'before_woocommerce_init' );
		register_post_type(
			'product',
			array(
				'label'       => 'Products',
				'public'      => true,
				'has_archive' => 'shop',
				'rewrite'     => array( 'slug' => 'product' ),
				'supports'    => array( 'title', 'editor', 'excerpt', 'thumbnail', 'comments' ),
				'show_in_rest' => true,
			)
		);
		register_post_type( 'product_variation', array( 'label' => 'Variations', 'public' => false, 'hierarchical' => false ) );
		register_taxonomy( 'product_cat', 'product', array( 'label' => 'Product categories', 'hierarchical' => true ) );
		register_taxonomy( 'product_type', 'product', array( 'public' => false ) );
		register_taxonomy( 'product_visibility', array( 'product', 'product_variation' ), array( 'public' => false ) );
		do_action( 'woocommerce_init' );
	}
}

add_action( 'init', array( 'WooCommerce', 'init' ), 0 );
add_action( 'init', static fn() => do_action( 'action_scheduler_init' ), 1 );
add_filter( 'woocommerce_short_description', 'do_shortcode', 11 );
add_filter( 'woocommerce_short_description', 'wpautop' );
