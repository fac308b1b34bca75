<?php

namespace Confab\Tests;

use Automattic\WooCommerce\Utilities\FeaturesUtil;
use Confab\Products;
use Confab\Queue;

require_once __DIR__ . '/Sync_Case.php';

/** Against the stand-in for WooCommerce 10.5. */
final class ProductsTest extends Sync_Case {
	public static function setUpBeforeClass(): void {
		require_once __DIR__ . '/stand-ins/woocommerce/woocommerce.php';
	}

	protected function setUp(): void {
		parent::setUp();
		\WooCommerce::init();
		update_option( 'woocommerce_currency', 'EUR' );
	}

	private function product( array $props = array(), $product = null ) {
		$product = $product ?? new \WC_Product_Simple();
		foreach ( $props + array( 'name' => 'Lóa cap', 'description' => 'Knitted in Ísafjörður.', 'regular_price' => '20' ) as $prop => $value ) {
			$product->{"set_$prop"}( $value );
		}
		$product->save();
		return $product;
	}

	private function variable(): array {
		$size = new \WC_Product_Attribute();
		$size->set_name( 'pa_size' );
		$size->set_options( array( 'S', 'M' ) );
		$size->set_visible( true );
		$parent     = $this->product( array( 'name' => 'Sweater', 'attributes' => array( $size ), 'regular_price' => '' ), new \WC_Product_Variable() );
		$variations = array();
		foreach ( array( 'S' => '60', 'M' => '75' ) as $value => $price ) {
			$variations[ $value ] = $this->product( array( 'name' => "Sweater - $value", 'parent_id' => $parent->get_id(), 'regular_price' => $price, 'sku' => "SW-$value", 'attributes' => array( 'pa_size' => $value ), 'manage_stock' => true, 'stock_quantity' => 4 ), new \WC_Product_Variation() );
		}
		return array( $parent, $variations );
	}

	private function held_product( $product ): array {
		$this->cron();
		return (array) ( $this->held[ $this->id_of( $product->get_id() ) ] ?? array() );
	}

	public function test_declares_itself_compatible_with_order_tables_and_blocks(): void {
		$plugin = plugin_basename( CONFAB_FILE );
		$this->assertTrue( FeaturesUtil::$declared['custom_order_tables'][ $plugin ] );
		$this->assertTrue( FeaturesUtil::$declared['cart_checkout_blocks'][ $plugin ] );
	}

	public function test_a_product_is_told_with_its_facts(): void {
		$caps    = wp_insert_term( 'Caps & hats', 'product_cat' )['term_id'];
		$product = $this->product( array( 'sku' => 'LOA-1', 'short_description' => 'Warm.', 'category_ids' => array( $caps ), 'manage_stock' => true, 'stock_quantity' => 7 ) );
		$held    = $this->held_product( $product );
		$this->assertSame( 'product', $held['type'] );
		$this->assertStringContainsString( '<p>Warm.</p>', $held['html'] );
		$this->assertStringContainsString( 'Knitted in Ísafjörður.', $held['html'] );
		$this->assertEquals(
			(object) array( 'price' => '€20.00', 'currency' => 'EUR', 'availability' => '7 in stock', 'sku' => 'LOA-1', 'categories' => 'Caps & hats' ),
			$held['attributes']
		);
	}

	public function test_a_product_without_a_word_of_description_is_told(): void {
		$this->assertStringContainsString( 'Lóa cap', $this->held_product( $this->product( array( 'description' => '' ) ) )['html'] );
	}

	public function test_prices_are_those_a_visitor_sees(): void {
		update_option( 'woocommerce_tax_display_shop', 'incl' );
		$held = $this->held_product( $this->product( array( 'regular_price' => '20', 'sale_price' => '15' ) ) );
		$this->assertSame( array( '€18.00', '€24.00' ), array( $held['attributes']->price, $held['attributes']->{'regular price'} ) );
	}

	public function test_a_product_without_a_price_names_none(): void {
		$this->assertArrayNotHasKey( 'price', (array) $this->held_product( $this->product( array( 'regular_price' => '' ) ) )['attributes'] );
	}

	public function test_variations_are_told_with_what_they_cost_and_whether_they_are_there(): void {
		list( $parent, $variations ) = $this->variable();
		wc_update_product_stock( $variations['M']->get_id(), 0 );
		$hidden = $this->product( array( 'name' => 'L', 'parent_id' => $parent->get_id(), 'status' => 'private', 'attributes' => array( 'pa_size' => 'L' ) ), new \WC_Product_Variation() );
		$held   = $this->held_product( $parent );
		$this->assertSame( '€60.00 – €75.00', $held['attributes']->price );
		$this->assertStringContainsString( '<p>Size: S, M</p>', $held['html'] );
		$this->assertStringContainsString( '<tr><td>Size: S</td><td>€60.00</td><td>4 in stock</td><td>SW-S</td></tr>', $held['html'] );
		$this->assertStringContainsString( '<td>Size: M</td><td>€75.00</td><td>Out of stock</td>', $held['html'] );
		$this->assertStringNotContainsString( 'Size: L', $held['html'] );
		$this->assertCount( 1, $this->held, 'A variation is part of its product.' );
	}

	public function test_a_hundred_variations_are_told_at_most(): void {
		list( $parent ) = $this->variable();
		$filter         = static fn( $html ) => substr_count( $html, '<tr>' );
		for ( $i = 0; $i < 103; $i++ ) {
			$this->product( array( 'name' => "V$i", 'parent_id' => $parent->get_id(), 'attributes' => array( 'size' => (string) $i ) ), new \WC_Product_Variation() );
		}
		$this->assertSame( 100, $filter( Products::html( wc_get_product( $parent->get_id() ), get_post( $parent->get_id() ) ) ) );
	}

	public function changes(): array {
		return array(
			'price'             => array( static function ( $id ) {
				$product = wc_get_product( $id );
				$product->set_regular_price( '30' );
				$product->save();
			}, '€30.00' ),
			'stock by an order' => array( static fn( $id ) => wc_update_product_stock( $id, 6, 'decrease' ), '1 in stock' ),
			'sold out'          => array( static fn( $id ) => wc_update_product_stock( $id, 7, 'decrease' ), 'Out of stock' ),
		);
	}

	/** @dataProvider changes */
	public function test_is_told_again_after_a_change_of( callable $change, string $told ): void {
		$product = $this->product( array( 'manage_stock' => true, 'stock_quantity' => 7 ) );
		$this->held_product( $product );
		$this->assertSame( 0, Queue::count() );
		$change( $product->get_id() );
		$this->assertSame( 1, Queue::count() );
		$this->assertContains( $told, (array) $this->held_product( $product )['attributes'] );
	}

	public function test_is_told_again_after_a_change_of_a_variation(): void {
		list( $parent, $variations ) = $this->variable();
		$this->held_product( $parent );
		wc_update_product_stock( $variations['S']->get_id(), 1, 'decrease' );
		$this->assertStringContainsString( '3 in stock', $this->held_product( $parent )['html'] );
		$variations['S']->set_regular_price( '61' );
		$variations['S']->save();
		$this->assertStringContainsString( '€61.00', $this->held_product( $parent )['html'] );
		wc_get_product( $variations['S']->get_id() )->delete( true );
		$this->assertStringNotContainsString( 'Size: S<', $this->held_product( $parent )['html'] );
	}

	public function test_a_sale_that_begins_by_its_date_is_told(): void {
		$product = $this->product( array( 'sale_price' => '12', 'date_on_sale_from' => time() + 3600 ) );
		$this->assertSame( '€20.00', $this->held_product( $product )['attributes']->price );
		update_post_meta( $product->get_id(), '_sale_price_dates_from', time() - 1 );
		wc_scheduled_sales();
		$this->assertSame( '€12.00', $this->held_product( $product )['attributes']->price );
	}

	public function test_a_hidden_product_is_forgotten(): void {
		$product = $this->product();
		$this->assertNotSame( array(), $this->held_product( $product ) );
		$product->set_catalog_visibility( 'hidden' );
		$product->save();
		Queue::forget_now();
		$this->assertSame( array(), $this->held );
	}

	public function test_a_product_found_by_search_only_is_public(): void {
		$this->assertNotSame( array(), $this->held_product( $this->product( array( 'catalog_visibility' => 'search' ) ) ) );
	}

	public function test_a_trashed_product_is_forgotten(): void {
		$product = $this->product();
		$this->held_product( $product );
		$product->delete();
		Queue::forget_now();
		$this->assertSame( array(), $this->held );
	}

	public function test_a_shop_that_is_not_open_yet_tells_no_product_and_a_closed_site_nothing(): void {
		$this->product();
		$this->post( array( 'post_title' => 'A post' ) );
		$this->cron();
		$this->assertSame( array( 'A post', 'Lóa cap' ), $this->held_titles() );
		update_option( 'woocommerce_store_pages_only', 'yes' );
		update_option( 'woocommerce_coming_soon', 'yes' );
		$this->cron();
		$this->assertSame( array( 'A post' ), $this->held_titles() );
		update_option( 'woocommerce_store_pages_only', 'no' );
		$this->cron();
		$this->assertSame( array(), $this->held_titles() );
		update_option( 'woocommerce_coming_soon', 'no' );
		$this->cron();
		$this->assertSame( array( 'A post', 'Lóa cap' ), $this->held_titles() );
	}

	public function test_cart_checkout_and_account_pages_stay(): void {
		foreach ( array( 'cart', 'checkout', 'myaccount' ) as $page ) {
			update_option( "woocommerce_{$page}_page_id", $this->post( array( 'post_type' => 'page', 'post_title' => $page ) ) );
		}
		$terms = $this->post( array( 'post_type' => 'page', 'post_title' => 'Terms' ) );
		update_option( 'woocommerce_terms_page_id', $terms );
		$this->cron();
		$this->assertSame( array( 'Terms' ), $this->held_titles() );
		$this->assertSame( 'policy', $this->held[ $this->id_of( $terms ) ]->type );
	}

	public function test_another_currency_reads_all_products_anew(): void {
		$product = $this->product();
		$this->cron();
		update_option( 'woocommerce_currency', 'ISK' );
		$this->assertSame( 'kr.20.00', $this->held_product( $product )['attributes']->price );
	}

	public function test_hostile_names_are_text(): void {
		$product = $this->product( array( 'sku' => '<script>alert(1)</script>"\'', 'name' => 'A <img src=x onerror=alert(1)> B' ) );
		$held    = wp_json_encode( $this->held_product( $product ) );
		$this->assertStringNotContainsString( 'onerror', $held );
		$this->assertStringNotContainsString( 'alert', $held );
	}

	public function test_runs_by_action_scheduler_where_it_is(): void {
		do_action( 'action_scheduler_init' );
		wp_clear_scheduled_hook( 'confab_sync_run' );
		$product = $this->product();
		$this->assertFalse( wp_next_scheduled( 'confab_sync_run' ) );
		$this->assertEqualsWithDelta( time() + 10, as_next_scheduled_action( 'confab_sync_run', array(), 'confab' ), 2 );
		update_option( STAND_IN_ACTIONS, array_map( static fn( $one ) => array( 'timestamp' => time() ) + $one, get_option( STAND_IN_ACTIONS ) ) );
		do_action( 'action_scheduler_run_queue' );
		$this->assertNotSame( array(), $this->held );
		$this->assertFalse( as_next_scheduled_action( 'confab_sync_run', array(), 'confab' ) );
	}
}
