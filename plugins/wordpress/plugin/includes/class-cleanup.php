<?php
/**
 * Leaving nothing behind.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** Takes away what the plugin kept. Everything of it is named confab_…, its meta _confab_…. */
final class Cleanup {
	const REVOKE_TIMEOUT_S = 3;
	const REVOKE_BUDGET_S  = 20;
	const SITES_AT_ONCE    = 100;

	/** Adds the hooks. */
	public static function register(): void {
		// Before core drops the site's tables, at 10.
		add_action( 'wp_uninitialize_site', array( self::class, 'on_site_deletion' ), 5 );
	}

	/**
	 * Stops all background work; keeps everything else.
	 *
	 * @param bool $is_network_wide Whether it was deactivated for all sites of a network.
	 */
	public static function on_deactivation( $is_network_wide = false ): void {
		if ( $is_network_wide && is_multisite() ) {
			self::on_every_site( array( self::class, 'unschedule' ) );
		} else {
			self::unschedule();
		}
	}

	/** Ends every connection at its relay, as far as it answers, and removes everything of every site. */
	public static function uninstall(): void {
		$deadline = time() + self::REVOKE_BUDGET_S;
		$one_site = static function () use ( $deadline ): void {
			if ( time() < $deadline ) {
				self::revoke();
			}
			self::remove_of_site();
		};
		if ( is_multisite() ) {
			self::on_every_site( $one_site );
			self::remove_of_network();
		} else {
			$one_site();
		}
		self::remove_of_users();
	}

	/**
	 * Ends the connection of a site that is deleted; where the relay does not answer, the main site goes on trying.
	 *
	 * @param \WP_Site $site The site.
	 */
	public static function on_site_deletion( $site ): void {
		switch_to_blog( (int) $site->blog_id );
		$relay_url = Connection::relay_url();
		$secret    = Connection::site_secret();
		$is_ours   = in_array( Connection::state(), array( 'connected', 'revoked' ), true );
		self::unschedule();
		restore_current_blog();
		if ( '' === $secret || ! $is_ours ) {
			return;
		}
		switch_to_blog( get_main_site_id() );
		Revocation::remember( $relay_url, $secret, true );
		Revocation::run_for( $relay_url, $secret, self::REVOKE_TIMEOUT_S );
		restore_current_blog();
	}

	/** Takes every planned event of ours away. */
	public static function unschedule(): void {
		$hooks = array();
		foreach ( (array) _get_cron_array() as $events ) {
			$hooks = array_merge( $hooks, array_keys( is_array( $events ) ? $events : array() ) );
		}
		foreach ( array_unique( $hooks ) as $hook ) {
			if ( 0 === strpos( (string) $hook, 'confab_' ) ) {
				wp_unschedule_hook( $hook );
			}
		}
		if ( function_exists( 'as_unschedule_all_actions' ) ) {
			as_unschedule_all_actions( '', array(), 'confab' );
		}
	}

	/** Tells the relay, once and shortly, that this site is gone. A copy says nothing: the original goes on. */
	private static function revoke(): void {
		if ( in_array( Connection::state(), array( 'connected', 'revoked' ), true ) ) {
			Revocation::remember( Connection::relay_url(), Connection::site_secret(), false );
		}
		Revocation::run( self::REVOKE_TIMEOUT_S );
	}

	/** Removes what one site holds. */
	private static function remove_of_site(): void {
		global $wpdb;
		self::unschedule();
		foreach ( array( 'confab_', '_transient_confab_', '_transient_timeout_confab_' ) as $prefix ) {
			// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- names are found by prefix, once, on uninstall.
			$names = $wpdb->get_col( $wpdb->prepare( "SELECT option_name FROM {$wpdb->options} WHERE option_name LIKE %s", $wpdb->esc_like( $prefix ) . '%' ) );
			array_map( 'delete_option', $names );
		}
		foreach ( array( 'post', 'term', 'comment' ) as $type ) {
			self::remove_meta( $type );
		}
		foreach ( wp_roles()->role_objects as $role ) {
			if ( $role->has_cap( Capabilities::MANAGE ) ) {
				$role->remove_cap( Capabilities::MANAGE );
			}
		}
	}

	/** Removes what a network holds. */
	private static function remove_of_network(): void {
		global $wpdb;
		foreach ( array( 'confab_', '_site_transient_confab_', '_site_transient_timeout_confab_' ) as $prefix ) {
			// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- names are found by prefix, once, on uninstall.
			$names = $wpdb->get_col( $wpdb->prepare( "SELECT meta_key FROM {$wpdb->sitemeta} WHERE meta_key LIKE %s", $wpdb->esc_like( $prefix ) . '%' ) );
			array_map( 'delete_site_option', $names );
		}
	}

	/** Removes what was kept with users. */
	private static function remove_of_users(): void {
		self::remove_meta( 'user' );
	}

	/**
	 * Removes our meta of one kind of object.
	 *
	 * @param string $type post, term, comment or user.
	 */
	private static function remove_meta( string $type ): void {
		global $wpdb;
		$table = _get_meta_table( $type );
		foreach ( array( 'confab_', '_confab_' ) as $prefix ) {
			// phpcs:ignore WordPress.DB -- the table's name is core's; keys are found by prefix, once, on uninstall.
			$keys = $wpdb->get_col( $wpdb->prepare( "SELECT DISTINCT meta_key FROM {$table} WHERE meta_key LIKE %s", $wpdb->esc_like( $prefix ) . '%' ) );
			foreach ( $keys as $key ) {
				delete_metadata( $type, 0, $key, '', true );
			}
		}
	}

	/**
	 * Does something on every site of the network, some at a time.
	 *
	 * @param callable $action What.
	 */
	private static function on_every_site( callable $action ): void {
		$after = 0;
		do {
			$sites = get_sites(
				array(
					'fields'                 => 'ids',
					'number'                 => self::SITES_AT_ONCE,
					'offset'                 => $after,
					'orderby'                => 'id',
					'update_site_cache'      => false,
					'update_site_meta_cache' => false,
				)
			);
			foreach ( $sites as $site_id ) {
				switch_to_blog( (int) $site_id );
				$action();
				restore_current_blog();
			}
			$after += self::SITES_AT_ONCE;
		} while ( count( $sites ) === self::SITES_AT_ONCE );
	}
}
