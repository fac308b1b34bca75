<?php
// The configuration of every site of the bed. What differs between them stands in site.json, one folder up.

function bed_settings(): array {
	static $settings;
	return $settings ??= json_decode( file_get_contents( dirname( __DIR__ ) . '/site.json' ), true );
}

function bed_data( string $file ): string {
	return dirname( __DIR__ ) . '/data/' . $file;
}

$table_prefix = 'wp_';

define( 'DB_NAME', 'wordpress' );
define( 'DB_USER', '' );
define( 'DB_PASSWORD', '' );
define( 'DB_HOST', '' );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'DB_COLLATE', '' );
define( 'DB_DIR', dirname( __DIR__ ) . '/data' );
define( 'DB_FILE', 'wordpress.sqlite' );

foreach ( array( 'AUTH_KEY', 'SECURE_AUTH_KEY', 'LOGGED_IN_KEY', 'NONCE_KEY', 'AUTH_SALT', 'SECURE_AUTH_SALT', 'LOGGED_IN_SALT', 'NONCE_SALT' ) as $bed_name ) {
	define( $bed_name, 'bed-' . $bed_name );
}

define( 'WP_DEBUG', true );
define( 'WP_DEBUG_DISPLAY', false );
define( 'WP_DEBUG_LOG', bed_data( 'debug.log' ) );
define( 'WP_ENVIRONMENT_TYPE', 'local' );
define( 'DISABLE_WP_CRON', true );
define( 'AUTOMATIC_UPDATER_DISABLED', true );
define( 'FS_METHOD', 'direct' );
define( 'WP_HTTP_BLOCK_EXTERNAL', true );
define( 'WP_ACCESSIBLE_HOSTS', '127.0.0.1,localhost' );
define( 'CONCATENATE_SCRIPTS', false );

if ( bed_settings()['multisite'] ) {
	define( 'WP_ALLOW_MULTISITE', true );
	define( 'MULTISITE', true );
	define( 'SUBDOMAIN_INSTALL', false );
	define( 'DOMAIN_CURRENT_SITE', '127.0.0.1:' . bed_settings()['port'] );
	define( 'PATH_CURRENT_SITE', '/' );
	define( 'SITE_ID_CURRENT_SITE', 1 );
	define( 'BLOG_ID_CURRENT_SITE', 1 );
}
foreach ( bed_settings()['constants'] as $bed_name => $bed_value ) {
	define( $bed_name, $bed_value );
}

if ( ! defined( 'ABSPATH' ) ) {
	define( 'ABSPATH', __DIR__ . '/' );
}
require_once ABSPATH . 'wp-settings.php';
