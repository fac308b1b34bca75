<?php

function WC(): WooCommerce {
	static $woocommerce;
	return $woocommerce = $woocommerce ?? new WooCommerce();
}

/** @return WC_Product|false */
function wc_get_product( $the_product = false ) {
	$id   = $the_product instanceof WC_Product ? $the_product->get_id() : (int) ( $the_product->ID ?? $the_product );
	$post = $id ? get_post( $id ) : null;
	if ( ! $post || ! in_array( $post->post_type, array( 'product', 'product_variation' ), true ) ) {
		return false;
	}
	if ( 'product_variation' === $post->post_type ) {
		return new WC_Product_Variation( $id );
	}
	$types = wp_get_object_terms( $id, 'product_type', array( 'fields' => 'names' ) );
	return in_array( 'variable', (array) $types, true ) ? new WC_Product_Variable( $id ) : new WC_Product_Simple( $id );
}

function get_woocommerce_currency(): string {
	return apply_filters( 'woocommerce_currency', get_option( 'woocommerce_currency', 'USD' ) );
}

function wc_price( $price, $args = array() ): string {
	$symbols = array( 'EUR' => '&euro;', 'USD' => '&#36;', 'ISK' => 'kr.' );
	$symbol  = '<span class="woocommerce-Price-currencySymbol">' . ( $symbols[ get_woocommerce_currency() ] ?? get_woocommerce_currency() ) . '</span>';
	return '<span class="woocommerce-Price-amount amount"><bdi>' . $symbol . number_format( (float) $price, 2 ) . '</bdi></span>';
}

/** What the shop's visitors are shown: with taxes where the shop shows them so. The stand-in's tax is 20 percent. */
function wc_get_price_to_display( $product, $args = array() ) {
	$price = $args['price'] ?? $product->get_price();
	if ( '' === (string) $price ) {
		return '';
	}
	return 'incl' === get_option( 'woocommerce_tax_display_shop' ) ? round( (float) $price * 1.2, 2 ) : (float) $price;
}

function wc_attribute_label( $name, $product = '' ): string {
	return ucfirst( str_replace( array( 'pa_', '-' ), array( '', ' ' ), $name ) );
}

function wc_get_formatted_variation( $variation, $flat = false, $include_names = true, $skip_attributes_in_name = false ): string {
	$parts = array();
	foreach ( $variation->get_attributes() as $name => $value ) {
		$parts[] = wc_attribute_label( $name ) . ': ' . ( '' === $value ? 'any' : $value );
	}
	return implode( ', ', $parts );
}

function wc_get_page_id( $page ): int {
	$id = (int) get_option( 'woocommerce_' . $page . '_page_id' );
	return $id ? $id : -1;
}

/** @return int|false */
function wc_update_product_stock( $product, $stock_quantity = null, $operation = 'set', $updating = false ) {
	$product = $product instanceof WC_Product ? $product : wc_get_product( $product );
	if ( ! $product || is_null( $stock_quantity ) || ! $product->managing_stock() ) {
		return $product ? $product->get_stock_quantity() : false;
	}
	$is_variation = $product->is_type( 'variation' );
	do_action( $is_variation ? 'woocommerce_variation_before_set_stock' : 'woocommerce_product_before_set_stock', $product );
	$now = (int) $product->get_stock_quantity();
	$new = 'set' === $operation ? $stock_quantity : ( 'increase' === $operation ? $now + $stock_quantity : $now - $stock_quantity );
	update_post_meta( $product->get_id(), '_stock', $new );
	do_action( 'woocommerce_updated_product_stock', $product->get_id() );
	$product = wc_get_product( $product->get_id() );
	if ( ! $updating ) {
		$product->save();
	}
	do_action( $is_variation ? 'woocommerce_variation_set_stock' : 'woocommerce_product_set_stock', $product );
	return $product->get_stock_quantity();
}

/** The daily event that begins and ends sales by their dates. */
function wc_scheduled_sales(): void {
	$due = get_posts( array( 'post_type' => array( 'product', 'product_variation' ), 'fields' => 'ids', 'numberposts' => -1, 'meta_query' => array( array( 'key' => '_sale_price_dates_from', 'value' => array( 1, time() ), 'compare' => 'BETWEEN', 'type' => 'NUMERIC' ) ) ) );
	if ( $due ) {
		do_action( 'wc_before_products_starting_sales', $due );
		foreach ( $due as $id ) {
			$product = wc_get_product( $id );
			$product->set_price( $product->get_sale_price() );
			$product->set_date_on_sale_from( '' );
			$product->save();
		}
		do_action( 'wc_after_products_starting_sales', $due );
	}
}
