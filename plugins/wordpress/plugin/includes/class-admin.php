<?php
/**
 * The plugin's one page in the admin.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** The menu entry, the page that the admin screens are drawn on, and the way back from the relay. */
final class Admin {
	const PAGE = 'confab';

	/** Adds the hooks. */
	public static function register(): void {
		add_action( 'admin_menu', array( self::class, 'add_page' ) );
		add_action( 'admin_enqueue_scripts', array( self::class, 'enqueue' ) );
		add_filter( 'plugin_action_links_' . plugin_basename( CONFAB_FILE ), array( self::class, 'add_link' ) );
	}

	/** Adds the one menu entry. */
	public static function add_page(): void {
		$hook = add_menu_page(
			'Confab',
			'Confab',
			Capabilities::MANAGE,
			self::PAGE,
			array( self::class, 'render' ),
			'dashicons-format-chat'
		);
		add_action( 'load-' . $hook, array( self::class, 'on_load' ) );
	}

	/**
	 * Where the relay sends the browser back to: ends connecting, and goes on to an address without the code, so that
	 * neither history nor a reload holds it.
	 */
	public static function on_load(): void {
		// phpcs:disable WordPress.Security.NonceVerification.Recommended -- `state`, bound to the user, is the nonce.
		if ( ! isset( $_GET['confab_connect'] ) ) {
			return;
		}
		$given = array();
		foreach ( array( 'state', 'code', 'error' ) as $name ) {
			if ( isset( $_GET[ $name ] ) && is_string( $_GET[ $name ] ) ) {
				$given[ $name ] = sanitize_text_field( wp_unslash( $_GET[ $name ] ) );
			}
		}
		// phpcs:enable
		$result = Connect::complete( $given );
		self::keep_notice(
			is_wp_error( $result ) ? 'error' : 'success',
			is_wp_error( $result )
				? $result->get_error_message()
				: __( 'This site is connected. Your pages are on their way to the relay; the assistant answers from them as they arrive.', 'confab' )
		);
		if ( wp_safe_redirect( self::url() ) ) {
			exit;
		}
	}

	/** Address of the page. */
	public static function url(): string {
		return admin_url( 'admin.php?page=' . self::PAGE );
	}

	/** Prints the page; the screens draw themselves into it. */
	public static function render(): void {
		echo '<div class="wrap"><h1>Confab</h1>';
		self::print_notice();
		if ( wp_parse_url( Connection::home(), PHP_URL_HOST ) !== wp_parse_url( self::url(), PHP_URL_HOST ) ) {
			// The screens would ask the other host, which does not know who is logged in here.
			wp_admin_notice( esc_html( Connect::obstacle() ), array( 'type' => 'error' ) );
			echo '</div>';
			return;
		}
		echo '<div id="confab-admin" data-rest="' . esc_url( untrailingslashit( rest_url( Rest::SPACE ) ) ) . '"></div>';
		wp_admin_notice(
			__( 'These screens need JavaScript. Turn it on in your browser, or use the command line: wp confab status', 'confab' ),
			array(
				'type'               => 'warning',
				'additional_classes' => array( 'hide-if-js' ),
			)
		);
		echo '</div>';
	}

	/**
	 * Loads the screens, on their own page only.
	 *
	 * @param string $hook Which page it is.
	 */
	public static function enqueue( $hook ): void {
		$manifest = CONFAB_DIR . '/admin/admin.asset.php';
		if ( 'toplevel_page_' . self::PAGE !== $hook || ! is_readable( $manifest ) ) {
			return;
		}
		$asset = require $manifest;
		wp_enqueue_script(
			'confab-admin',
			plugins_url( 'admin/admin.js', CONFAB_FILE ),
			$asset['dependencies'],
			$asset['version'],
			array( 'in_footer' => true )
		);
		wp_set_script_translations( 'confab-admin', 'confab', CONFAB_DIR . '/languages' );
		if ( is_readable( CONFAB_DIR . '/admin/admin.css' ) ) {
			wp_enqueue_style( 'confab-admin', plugins_url( 'admin/admin.css', CONFAB_FILE ), array( 'wp-components' ), $asset['version'] );
			wp_style_add_data( 'confab-admin', 'rtl', 'replace' );
		}
	}

	/**
	 * Adds a link to the plugin's row in the list of plugins.
	 *
	 * @param string[] $links The links there are.
	 * @return string[]
	 */
	public static function add_link( $links ) {
		if ( ! Capabilities::current_user_may() ) {
			return $links;
		}
		$text = 'disconnected' === Connection::state() ? __( 'Connect', 'confab' ) : __( 'Settings', 'confab' );
		return array_merge( array( 'confab' => '<a href="' . esc_url( self::url() ) . '">' . esc_html( $text ) . '</a>' ), (array) $links );
	}

	/**
	 * Keeps a notice until the current user sees the page.
	 *
	 * @param string $type    'error' or 'success'.
	 * @param string $message Plain text.
	 */
	public static function keep_notice( string $type, string $message ): void {
		set_transient(
			'confab_notice_' . get_current_user_id(),
			array(
				'type'    => $type,
				'message' => $message,
			),
			5 * MINUTE_IN_SECONDS
		);
	}

	/** Prints it, once. */
	private static function print_notice(): void {
		$name   = 'confab_notice_' . get_current_user_id();
		$notice = get_transient( $name );
		if ( ! is_array( $notice ) || ! isset( $notice['type'], $notice['message'] ) ) {
			return;
		}
		delete_transient( $name );
		wp_admin_notice(
			esc_html( $notice['message'] ),
			array(
				'type'        => 'error' === $notice['type'] ? 'error' : 'success',
				'dismissible' => true,
			)
		);
	}
}
