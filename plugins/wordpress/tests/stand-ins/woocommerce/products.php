<?php

/** A product over its post and meta, as WooCommerce's own data store keeps it. */
abstract class WC_Product {
	protected int $id = 0;
	protected string $post_type = 'product';

	protected array $data = array(
		'name'               => '',
		'status'             => 'publish',
		'description'        => '',
		'short_description'  => '',
		'parent_id'          => 0,
		'catalog_visibility' => 'visible',
		'sku'                => '',
		'price'              => '',
		'regular_price'      => '',
		'sale_price'         => '',
		'date_on_sale_from'  => '',
		'date_on_sale_to'    => '',
		'manage_stock'       => false,
		'stock_quantity'     => null,
		'stock_status'       => 'instock',
		'attributes'         => array(),
		'category_ids'       => array(),
	);

	/** @var array<string, true> */
	private array $changed = array();

	private const META = array(
		'sku'               => '_sku',
		'price'             => '_price',
		'regular_price'     => '_regular_price',
		'sale_price'        => '_sale_price',
		'date_on_sale_from' => '_sale_price_dates_from',
		'date_on_sale_to'   => '_sale_price_dates_to',
		'manage_stock'      => '_manage_stock',
		'stock_quantity'    => '_stock',
		'stock_status'      => '_stock_status',
		'attributes'        => '_product_attributes',
	);

	private const OF_POST = array( 'name' => 'post_title', 'status' => 'post_status', 'description' => 'post_content', 'short_description' => 'post_excerpt', 'parent_id' => 'post_parent' );

	public function __construct( int $id = 0 ) {
		$post = $id ? get_post( $id ) : null;
		if ( ! $post ) {
			return;
		}
		$this->id = $id;
		foreach ( self::OF_POST as $prop => $field ) {
			$this->data[ $prop ] = $post->$field;
		}
		foreach ( self::META as $prop => $key ) {
			$value = get_post_meta( $id, $key, true );
			if ( 'attributes' === $prop ) {
				$value = is_array( $value ) ? $value : array();
			}
			$this->data[ $prop ] = 'manage_stock' === $prop ? 'yes' === $value : $value;
		}
		$this->data['stock_quantity'] = '' === $this->data['stock_quantity'] ? null : (int) $this->data['stock_quantity'];
		$this->data['stock_status']   = $this->data['stock_status'] ?: 'instock';
		$this->data['category_ids']   = wp_get_object_terms( $id, 'product_cat', array( 'fields' => 'ids' ) );
		$hidden                       = (array) wp_get_object_terms( $id, 'product_visibility', array( 'fields' => 'names' ) );
		$catalog                      = in_array( 'exclude-from-catalog', $hidden, true );
		$search                       = in_array( 'exclude-from-search', $hidden, true );
		$this->data['catalog_visibility'] = $catalog && $search ? 'hidden' : ( $catalog ? 'search' : ( $search ? 'catalog' : 'visible' ) );
	}

	abstract public function get_type(): string;

	public function __call( string $method, array $args ) {
		$prop = substr( $method, 4 );
		if ( ! array_key_exists( $prop, $this->data ) ) {
			throw new BadMethodCallException( "The stand-in has no $method()." );
		}
		if ( 0 === strpos( $method, 'get_' ) ) {
			return $this->data[ $prop ];
		}
		if ( $this->data[ $prop ] !== $args[0] ) {
			$this->data[ $prop ]    = $args[0];
			$this->changed[ $prop ] = true;
		}
	}

	public function get_id(): int {
		return $this->id;
	}

	public function is_type( $type ): bool {
		return in_array( $this->get_type(), (array) $type, true );
	}

	public function get_children(): array {
		return array();
	}

	public function managing_stock(): bool {
		return (bool) $this->data['manage_stock'];
	}

	public function get_stock_managed_by_id(): int {
		return $this->id;
	}

	public function is_in_stock(): bool {
		return 'outofstock' !== $this->data['stock_status'];
	}

	public function is_on_sale( $context = 'view' ): bool {
		return '' !== (string) $this->data['sale_price'] && (float) $this->data['regular_price'] > (float) $this->data['sale_price']
			&& ! ( $this->data['date_on_sale_from'] > time() ) && ! ( $this->data['date_on_sale_to'] && $this->data['date_on_sale_to'] < time() );
	}

	/** As the product's page words it, with the shop's default of telling the number in stock. */
	public function get_availability(): array {
		if ( ! $this->is_in_stock() ) {
			$text = 'Out of stock';
		} elseif ( 'onbackorder' === $this->data['stock_status'] ) {
			$text = 'Available on backorder';
		} else {
			$text = $this->managing_stock() ? $this->data['stock_quantity'] . ' in stock' : '';
		}
		return array( 'availability' => $text, 'class' => $this->is_in_stock() ? 'in-stock' : 'out-of-stock' );
	}

	public function save(): int {
		global $wpdb;
		$is_new = 0 === $this->id;
		$event  = 'product_variation' === $this->post_type ? 'product_variation' : 'product';
		$this->validate();
		$fields = array( 'post_type' => $this->post_type );
		foreach ( self::OF_POST as $prop => $field ) {
			$fields[ $field ] = $this->data[ $prop ];
		}
		if ( $is_new ) {
			$this->id = wp_insert_post( wp_slash( $fields ) );
		} elseif ( array_intersect_key( self::OF_POST, $this->changed ) ) {
			wp_update_post( wp_slash( array( 'ID' => $this->id ) + $fields ) );
		} else {
			// WooCommerce goes past WordPress here: no save_post, no wp_after_insert_post.
			$wpdb->update( $wpdb->posts, array( 'post_modified' => current_time( 'mysql' ), 'post_modified_gmt' => current_time( 'mysql', 1 ) ), array( 'ID' => $this->id ) );
			clean_post_cache( $this->id );
		}
		foreach ( self::META as $prop => $key ) {
			$value = $this->data[ $prop ];
			update_post_meta( $this->id, $key, 'manage_stock' === $prop ? ( $value ? 'yes' : 'no' ) : wp_slash( $value ?? '' ) );
		}
		wp_set_object_terms( $this->id, $this->data['category_ids'], 'product_cat' );
		if ( 'product' === $event ) {
			wp_set_object_terms( $this->id, $this->get_type(), 'product_type' );
		}
		$hidden = array( 'hidden' => array( 'exclude-from-catalog', 'exclude-from-search' ), 'search' => array( 'exclude-from-catalog' ), 'catalog' => array( 'exclude-from-search' ) );
		wp_set_object_terms( $this->id, $hidden[ $this->data['catalog_visibility'] ] ?? array(), 'product_visibility' );

		$changed       = $this->changed;
		$this->changed = array();
		$of_stock      = 'product_variation' === $event ? 'woocommerce_variation_set_stock' : 'woocommerce_product_set_stock';
		if ( ! $is_new && isset( $changed['stock_quantity'] ) && $this->managing_stock() ) {
			do_action( $of_stock, $this );
		}
		if ( ! $is_new && isset( $changed['stock_status'] ) ) {
			do_action( $of_stock . '_status', $this->id, $this->data['stock_status'], $this );
		}
		do_action( ( $is_new ? 'woocommerce_new_' : 'woocommerce_update_' ) . $event, $this->id, $this );
		return $this->id;
	}

	public function delete( bool $force_delete = false ): bool {
		$event = 'product_variation' === $this->post_type ? 'product_variation' : 'product';
		if ( $force_delete ) {
			do_action( 'woocommerce_before_delete_' . $event, $this->id );
			wp_delete_post( $this->id );
			do_action( 'woocommerce_delete_' . $event, $this->id );
		} else {
			wp_trash_post( $this->id );
			do_action( 'woocommerce_trash_' . $event, $this->id );
		}
		return true;
	}

	/** The price that counts is the sale's while it lasts; and nothing is left means out of stock. */
	private function validate(): void {
		if ( '' !== (string) $this->data['regular_price'] ) {
			$this->data['price'] = $this->is_on_sale() ? $this->data['sale_price'] : $this->data['regular_price'];
		}
		if ( $this->managing_stock() ) {
			$this->set_stock_status( $this->data['stock_quantity'] > 0 ? 'instock' : 'outofstock' );
		}
	}
}

class WC_Product_Simple extends WC_Product {
	public function get_type(): string {
		return 'simple';
	}
}

class WC_Product_Variable extends WC_Product {
	public function get_type(): string {
		return 'variable';
	}

	public function get_children( $visible_only = '' ): array {
		return get_posts( array( 'post_type' => 'product_variation', 'post_parent' => $this->id, 'post_status' => array( 'publish', 'private' ), 'orderby' => array( 'menu_order' => 'ASC', 'ID' => 'ASC' ), 'fields' => 'ids', 'numberposts' => -1 ) );
	}

	public function get_variation_price( $min_or_max = 'min', $for_display = false ) {
		$prices = array();
		foreach ( $this->get_children() as $id ) {
			$variation = wc_get_product( $id );
			if ( $variation->variation_is_visible() ) {
				$prices[] = $for_display ? wc_get_price_to_display( $variation ) : $variation->get_price();
			}
		}
		return $prices ? ( 'min' === $min_or_max ? min( $prices ) : max( $prices ) ) : '';
	}
}

class WC_Product_Variation extends WC_Product_Simple {
	protected string $post_type = 'product_variation';

	public function get_type(): string {
		return 'variation';
	}

	public function variation_is_visible(): bool {
		return 'publish' === $this->get_status() && '' !== (string) $this->get_price();
	}
}

/** A property of a product: of a taxonomy (options are term ids), or the product's own (options are texts). */
class WC_Product_Attribute {
	protected array $data = array( 'id' => 0, 'name' => '', 'options' => array(), 'visible' => false, 'variation' => false );

	public function __call( string $method, array $args ) {
		$prop = substr( $method, 4 );
		if ( 0 === strpos( $method, 'get_' ) ) {
			return $this->data[ $prop ];
		}
		$this->data[ $prop ] = $args[0];
	}

	public function is_taxonomy(): bool {
		return 0 < $this->data['id'];
	}
}
