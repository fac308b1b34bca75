<?php
/**
 * Loads the plugin's classes when they are first named.
 *
 * @package Confab
 */

defined( 'ABSPATH' ) || exit;

// Confab\Relay_Answer lives in includes/class-relay-answer.php.
spl_autoload_register(
	static function ( string $class_name ): void {
		if ( 0 !== strncmp( $class_name, 'Confab\\', 7 ) ) {
			return;
		}
		$name = strtolower( str_replace( '_', '-', substr( $class_name, 7 ) ) );
		$path = __DIR__ . '/class-' . $name . '.php';
		if ( preg_match( '/^[a-z0-9-]+$/', $name ) && is_readable( $path ) ) {
			require_once $path;
		}
	}
);
