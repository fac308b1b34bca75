<?php
// Adds to a site what the JSON on standard input asks for: the zip, plugins, a second site of a network.
require __DIR__ . '/load.php';
require_once ABSPATH . 'wp-admin/includes/admin.php';
require_once ABSPATH . 'wp-admin/includes/class-wp-upgrader.php';

function bed_fail( string $what ): void {
	fwrite( STDERR, $what . "\n" );
	exit( 1 );
}

/** @param mixed $result what WordPress answered */
function bed_must( $result, string $what ): void {
	if ( is_wp_error( $result ) ) {
		bed_fail( $what . ': ' . $result->get_error_message() );
	}
}

( static function () {
	$wanted = json_decode( stream_get_contents( STDIN ), true );
	wp_set_current_user( 1 );
	if ( $wanted['zip'] ) {
		$upgrader = new Plugin_Upgrader( new Automatic_Upgrader_Skin() );
		$result   = $upgrader->install( $wanted['zip'] );
		bed_must( $result, 'The zip did not install' );
		if ( true !== $result ) {
			bed_fail( 'The zip did not install: ' . implode( "\n", $upgrader->skin->get_upgrade_messages() ) );
		}
	}
	if ( is_multisite() && ! domain_exists( DOMAIN_CURRENT_SITE, '/two/' ) ) {
		bed_must( wpmu_create_blog( DOMAIN_CURRENT_SITE, '/two/', 'Second site', 1 ), 'The second site could not be made' );
	}
	foreach ( $wanted['plugins'] as $plugin ) {
		wp_cache_delete( 'plugins', 'plugins' );
		bed_must( activate_plugin( $plugin, '', is_multisite() ), "The plugin $plugin could not be activated" );
	}
} )();
