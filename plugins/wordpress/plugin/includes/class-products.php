<?php
/**
 * Products of WooCommerce.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** What a visitor of the shop sees of a product. Written against WooCommerce 10.5; without it nothing here does anything. */
final class Products {
	/** Most variations of one product that are told. */
	const VARIATIONS_MAX = 100;

	/** Adds the hooks. */
	public static function register(): void {
		add_action( 'before_woocommerce_init', array( self::class, 'declare_compatibility' ) );
		// Of these WooCommerce gives the id …
		$events = array(
			'new_product',
			'update_product',
			'new_product_variation',
			'update_product_variation',
			'product_set_stock_status',
			'variation_set_stock_status',
			'updated_product_stock',
			'updated_product_price',
		);
		foreach ( $events as $event ) {
			add_action( 'woocommerce_' . $event, array( self::class, 'on_change' ) );
		}
		// … of these the product.
		add_action( 'woocommerce_product_set_stock', array( self::class, 'on_change' ) );
		add_action( 'woocommerce_variation_set_stock', array( self::class, 'on_change' ) );
		add_action( 'wc_after_products_starting_sales', array( self::class, 'on_sales' ) );
		add_action( 'wc_after_products_ending_sales', array( self::class, 'on_sales' ) );
		add_action( 'deleted_post', array( self::class, 'on_deleted' ), 10, 2 );
		add_action( 'trashed_post', array( self::class, 'on_change' ) );
		foreach ( array( 'update_option_woocommerce_', 'add_option_woocommerce_' ) as $event ) {
			foreach ( array( 'currency', 'currency_pos', 'price_num_decimals', 'tax_display_shop', 'prices_include_tax', 'calc_taxes' ) as $setting ) {
				add_action( $event . $setting, array( self::class, 'on_prices' ) );
			}
			foreach ( array( 'coming_soon', 'store_pages_only' ) as $setting ) {
				add_action( $event . $setting, array( self::class, 'on_visibility' ) );
			}
		}
	}

	/** Tells WooCommerce that orders in their own tables and the cart and checkout blocks are fine with us. */
	public static function declare_compatibility(): void {
		if ( class_exists( '\Automattic\WooCommerce\Utilities\FeaturesUtil' ) ) {
			foreach ( array( 'custom_order_tables', 'cart_checkout_blocks' ) as $feature ) {
				\Automattic\WooCommerce\Utilities\FeaturesUtil::declare_compatibility( $feature, CONFAB_FILE, true );
			}
		}
	}

	/**
	 * A product, its price or its stock changed.
	 *
	 * @param mixed $changed A product or a variation, or its id.
	 */
	public static function on_change( $changed ): void {
		$id   = is_object( $changed ) && is_callable( array( $changed, 'get_id' ) ) ? $changed->get_id() : $changed;
		$post = is_numeric( $id ) ? get_post( (int) $id ) : null;
		if ( $post && 'product_variation' === $post->post_type ) {
			$post = $post->post_parent ? get_post( $post->post_parent ) : null;
		}
		if ( $post && 'product' === $post->post_type ) {
			Sync::look( $post->ID );
		}
	}

	/**
	 * Sales began or ended by their date.
	 *
	 * @param mixed $ids Products.
	 */
	public static function on_sales( $ids ): void {
		array_map( array( self::class, 'on_change' ), (array) $ids );
	}

	/**
	 * A variation is gone, so its product is another one.
	 *
	 * @param int      $id   Post.
	 * @param \WP_Post $post What it was.
	 */
	public static function on_deleted( $id, $post ): void {
		if ( $post instanceof \WP_Post && 'product_variation' === $post->post_type ) {
			self::on_change( $post->post_parent );
		}
	}

	/** All prices read otherwise. */
	public static function on_prices(): void {
		Sync::resync( array( 'product' ) );
	}

	/** The shop, or the site, opened or closed to visitors. */
	public static function on_visibility(): void {
		Sync::resync( Preferences::get()['post_types'] );
	}

	/**
	 * Whether the shop lets a visitor read this post. Pages of the shop that are about one visitor's own things (cart,
	 * checkout, account) hold nothing to know.
	 *
	 * @param \WP_Post $post A published post.
	 */
	public static function may_be_read( \WP_Post $post ): bool {
		if ( ! function_exists( 'wc_get_product' ) ) {
			return true;
		}
		if ( 'yes' === get_option( 'woocommerce_coming_soon' )
			&& ( 'product' === $post->post_type || 'yes' !== get_option( 'woocommerce_store_pages_only' ) ) ) {
			return false;
		}
		if ( 'page' === $post->post_type ) {
			return ! in_array( $post->ID, array_map( 'wc_get_page_id', array( 'cart', 'checkout', 'myaccount' ) ), true );
		}
		$product = self::product( $post );
		return ! $product || 'hidden' !== $product->get_catalog_visibility();
	}

	/**
	 * WooCommerce's product of a post; null where it is none.
	 *
	 * @param \WP_Post $post Any post.
	 * @return \WC_Product|null
	 */
	public static function product( \WP_Post $post ) {
		if ( 'product' !== $post->post_type || ! function_exists( 'wc_get_product' ) ) {
			return null;
		}
		$product = wc_get_product( $post->ID );
		return $product instanceof \WC_Product ? $product : null;
	}

	/**
	 * What the product's page says, with a row for each variation. Reviews are people's words and stay where they are.
	 *
	 * @param \WC_Product $product The product.
	 * @param \WP_Post    $post    Its post.
	 */
	public static function html( $product, \WP_Post $post ): string {
		$html = '<p>' . esc_html( get_the_title( $post ) ) . '</p>';
		// WooCommerce's filter of the short description, with its shortcodes.
		$html .= (string) apply_filters( 'woocommerce_short_description', $product->get_short_description() ); // phpcs:ignore WordPress.NamingConventions.PrefixAllGlobals
		$html .= Content::rendered( (string) $product->get_description() );
		foreach ( self::properties( $product ) as $name => $value ) {
			$html .= '<p>' . esc_html( $name . ': ' . $value ) . '</p>';
		}
		$rows = '';
		foreach ( self::variations( $product ) as $variation ) {
			$named = wc_get_formatted_variation( $variation, true, true, false );
			$cells = array_filter( array( $named, self::price( $variation ), self::availability( $variation ), $variation->get_sku() ) );
			$rows .= '<tr><td>' . implode( '</td><td>', array_map( 'esc_html', array_map( 'wp_strip_all_tags', $cells ) ) ) . '</td></tr>';
		}
		return '' === $rows ? $html : $html . '<table>' . $rows . '</table>';
	}

	/**
	 * The facts of a product: price as a visitor sees it, stock, number, categories.
	 *
	 * @param \WC_Product $product The product.
	 * @return array<string, string>
	 */
	public static function attributes( $product ): array {
		$facts = array(
			'price'        => self::price( $product ),
			'currency'     => get_woocommerce_currency(),
			'availability' => self::availability( $product ),
			'sku'          => $product->get_sku(),
			'categories'   => implode( ', ', self::terms( $product->get_category_ids(), 'product_cat' ) ),
		);
		if ( $product->is_on_sale() && ! $product->is_type( 'variable' ) ) {
			$facts['sale price']    = self::shown( wc_get_price_to_display( $product ) );
			$facts['regular price'] = self::shown( wc_get_price_to_display( $product, array( 'price' => $product->get_regular_price() ) ) );
		}
		return array_filter( $facts, 'strlen' );
	}

	/**
	 * The price a visitor is asked for, with its currency; '' where the shop names none.
	 *
	 * @param \WC_Product $product A product or variation.
	 */
	private static function price( $product ): string {
		if ( $product->is_type( 'variable' ) ) {
			$lowest  = $product->get_variation_price( 'min', true );
			$highest = $product->get_variation_price( 'max', true );
			if ( '' === (string) $lowest || '' === (string) $highest ) {
				return '';
			}
			return $lowest === $highest ? self::shown( $lowest ) : self::shown( $lowest ) . ' – ' . self::shown( $highest );
		}
		return '' === (string) $product->get_price() ? '' : self::shown( wc_get_price_to_display( $product ) );
	}

	/**
	 * An amount as the shop writes it.
	 *
	 * @param mixed $amount A number.
	 */
	private static function shown( $amount ): string {
		return Html::plain( (string) wc_price( (float) $amount ), 100 );
	}

	/**
	 * Whether one can have it, in the shop's words.
	 *
	 * @param \WC_Product $product A product or variation.
	 */
	private static function availability( $product ): string {
		$told = $product->get_availability();
		$text = is_array( $told ) && isset( $told['availability'] ) ? Html::plain( (string) $told['availability'], 200 ) : '';
		if ( '' !== $text ) {
			return $text;
		}
		return $product->is_in_stock() ? __( 'In stock', 'confab' ) : __( 'Out of stock', 'confab' );
	}

	/**
	 * The properties that the product's page shows.
	 *
	 * @param \WC_Product $product The product.
	 * @return array<string, string>
	 */
	private static function properties( $product ): array {
		$properties = array();
		foreach ( $product->get_attributes() as $attribute ) {
			if ( ! is_object( $attribute ) || ! $attribute->get_visible() ) {
				continue;
			}
			$values = $attribute->is_taxonomy() ? self::terms( $attribute->get_options(), $attribute->get_name() ) : $attribute->get_options();

			$properties[ wc_attribute_label( $attribute->get_name(), $product ) ] = implode( ', ', $values );
		}
		return $properties;
	}

	/**
	 * The variations that a visitor can choose.
	 *
	 * @param \WC_Product $product The product.
	 * @return \WC_Product_Variation[]
	 */
	private static function variations( $product ): array {
		if ( ! $product->is_type( 'variable' ) ) {
			return array();
		}
		$visible = array();
		foreach ( $product->get_children() as $id ) {
			$variation = wc_get_product( $id );
			if ( $variation instanceof \WC_Product_Variation && $variation->variation_is_visible() ) {
				$visible[] = $variation;
			}
			if ( count( $visible ) >= self::VARIATIONS_MAX ) {
				break;
			}
		}
		return $visible;
	}

	/**
	 * Names of terms.
	 *
	 * @param array  $ids      Terms.
	 * @param string $taxonomy Their taxonomy.
	 * @return string[]
	 */
	private static function terms( array $ids, string $taxonomy ): array {
		$names = array();
		foreach ( $ids as $id ) {
			$term = get_term( (int) $id, $taxonomy );
			if ( $term instanceof \WP_Term ) {
				$names[] = $term->name;
			}
		}
		return $names;
	}
}
