<?php
// Installs WordPress: the template that sites are copied from.
define( 'WP_INSTALLING', true );
require __DIR__ . '/load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';

( static function () {
	$result = wp_install( 'Template', 'admin', 'admin@shop.example', true, '', 'password' );
	$GLOBALS['wp_rewrite']->set_permalink_structure( '/%postname%/' );
	$GLOBALS['wp_rewrite']->flush_rules( false );
	add_option( 'WPLANG', '' );
	update_option( 'show_avatars', 0 );
	update_user_meta(
		$result['user_id'],
		'wp_persisted_preferences',
		array(
			'core'           => array( 'welcomeGuide' => false ),
			'core/edit-post' => array( 'welcomeGuide' => false ),
			'_modified'      => gmdate( 'c' ),
		)
	);
	update_user_meta( $result['user_id'], 'show_welcome_panel', 0 );
} )();
