<?php
/**
 * Runs when the owner deletes the plugin.
 *
 * @package Confab
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

if ( ! defined( 'CONFAB_VERSION' ) ) {
	$confab_header = get_file_data( __DIR__ . '/confab.php', array( 'Version' => 'Version' ) );
	define( 'CONFAB_VERSION', $confab_header['Version'] );
}
require_once __DIR__ . '/includes/autoload.php';

Confab\Cleanup::uninstall();
