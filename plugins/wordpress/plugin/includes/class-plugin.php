<?php
/**
 * The list of what the plugin is made of.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** Starts every module. */
final class Plugin {
	/** Lets each module add its hooks; nothing else happens on load. */
	public static function start(): void {
		register_deactivation_hook( CONFAB_FILE, array( Cleanup::class, 'on_deactivation' ) );

		Capabilities::register();
		Connection::register();
		Settings_Cache::register();
		Revocation::register();
		Rest::register();
		Events::register();
		Admin::register();
		Connectors::register();
		Site_Health::register();
		Privacy::register();
		Abilities::register();
		Cleanup::register();
		Cli::register();
		Sync::register();
		Queue::register();
		Products::register();
		Post_Options::register();
		Faq_Block::register();
		Widget::register();
		Shortcode::register();
		Block::register();
		Consent::register();
	}
}
