<?php
// Makes the site the first of a network. Runs before the constants of a network are set.
require __DIR__ . '/load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
require_once ABSPATH . 'wp-admin/includes/network.php';

( static function () {
	global $wpdb;
	foreach ( $wpdb->tables( 'ms_global' ) as $name => $table ) {
		$wpdb->$name = $table;
	}
	install_network();
	$host   = parse_url( getenv( 'BED_URL' ), PHP_URL_HOST ) . ':' . parse_url( getenv( 'BED_URL' ), PHP_URL_PORT );
	$result = populate_network( 1, $host, 'admin@shop.example', 'Network', '/', false );
	if ( is_wp_error( $result ) && 'no_wildcard_dns' !== $result->get_error_code() ) {
		fwrite( STDERR, $result->get_error_message() . "\n" );
		exit( 1 );
	}
} )();
