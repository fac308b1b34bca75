<?php
namespace Automattic\WooCommerce\Utilities;

final class FeaturesUtil {
	/** @var array<string, array<string, bool>> Compatibility by feature and plugin; WooCommerce shows it on its screens. */
	public static array $declared = array();

	public static function declare_compatibility( string $feature_id, string $plugin_file, bool $positive_compatibility = true ): bool {
		if ( ! doing_action( 'before_woocommerce_init' ) ) {
			_doing_it_wrong( __METHOD__, 'should be called inside the before_woocommerce_init action.', '7.0' );
			return false;
		}
		self::$declared[ $feature_id ][ plugin_basename( $plugin_file ) ] = $positive_compatibility;
		return true;
	}
}
