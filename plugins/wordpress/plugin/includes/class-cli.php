<?php
/**
 * The command line.
 *
 * @package Confab
 */

namespace Confab;

use WP_CLI;

defined( 'ABSPATH' ) || exit;

/**
 * Connects this site to a Confab relay, syncs it, and says how things stand.
 *
 * ## EXAMPLES
 *
 *     # What is the state of this site?
 *     $ wp confab status
 *
 *     # Connect without a browser
 *     $ wp confab connect --relay=https://relay.example.com --site-key=k_abc --site-secret=- < secret.txt
 */
final class Cli {
	const STEP_S     = 10;
	const IDLE_STEPS = 3;

	/** Adds the command, where WP-CLI runs. */
	public static function register(): void {
		if ( defined( 'WP_CLI' ) && WP_CLI ) {
			WP_CLI::add_command( 'confab', self::class );
		}
	}

	/**
	 * Connects this site to a relay.
	 *
	 * With a site secret made at the relay it connects at once. Without one it prints the address that the person
	 * named by --user must open in the browser where they are logged in, within ten minutes.
	 *
	 * ## OPTIONS
	 *
	 * [--relay=<url>]
	 * : Address of the relay. Not needed where CONFAB_RELAY_URL is set.
	 *
	 * [--site-key=<key>]
	 * : The site key that the secret must belong to.
	 *
	 * [--site-secret=<secret>]
	 * : The site secret; "-" reads it from standard input, which keeps it out of the shell's history.
	 *
	 * [--format=<format>]
	 * : How the outcome is printed.
	 * ---
	 * default: table
	 * options:
	 *   - table
	 *   - json
	 * ---
	 *
	 * ## EXAMPLES
	 *
	 *     # Without a browser
	 *     $ wp confab connect --relay=https://relay.example.com --site-secret=- < secret.txt
	 *     Success: This site is connected.
	 *
	 *     # Print the address to open
	 *     $ wp confab connect --relay=https://relay.example.com --user=admin
	 *
	 * @param array $args       Positional arguments.
	 * @param array $assoc_args Named arguments.
	 */
	public function connect( $args, $assoc_args ): void {
		$relay  = self::text( $assoc_args, 'relay' );
		$secret = self::text( $assoc_args, 'site-secret' );
		if ( '' === $secret && '' !== self::text( $assoc_args, 'site-key' ) ) {
			self::fail( 'secret_missing', __( 'A site key alone opens nothing. Give --site-secret too.', 'confab' ), $assoc_args );
		}
		if ( '' === $secret ) {
			if ( ! Capabilities::current_user_may() ) {
				self::fail( 'user_missing', __( 'Name the administrator who will open the address, as in --user=admin; or give --site-secret.', 'confab' ), $assoc_args );
			}
			$url = Connect::begin( $relay );
			self::fail_on( $url, $assoc_args );
			if ( self::is_json( $assoc_args ) ) {
				self::print_json( array( 'ok' => true, 'redirectUrl' => $url ) );
			} else {
				WP_CLI::log( __( 'Open this address within ten minutes, in a browser where that administrator is logged in:', 'confab' ) );
				WP_CLI::log( $url );
			}
			return;
		}
		if ( '-' === $secret ) {
			$secret = trim( (string) stream_get_contents( STDIN, 1000 ) );
		}
		self::fail_on( Connect::with_secret( $relay, self::text( $assoc_args, 'site-key' ), $secret ), $assoc_args );
		self::succeed( __( 'This site is connected.', 'confab' ), $assoc_args );
	}

	/**
	 * Says how things stand. Ends with 1 where the site is not connected or the relay does not answer.
	 *
	 * ## OPTIONS
	 *
	 * [--format=<format>]
	 * : How it is printed.
	 * ---
	 * default: table
	 * options:
	 *   - table
	 *   - json
	 * ---
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp confab status --format=json
	 *
	 * @param array $args       Positional arguments.
	 * @param array $assoc_args Named arguments.
	 */
	public function status( $args, $assoc_args ): void {
		$status = Status::read();
		if ( self::is_json( $assoc_args ) ) {
			self::print_json( $status );
		} else {
			$secret = $status['secret'];
			$rows   = array(
				'state'        => $status['state'],
				'relay'        => $status['relayUrl'],
				'reachable'    => $status['relay']['reachable'] ? 'yes' : trim( 'no ' . $status['relay']['message'] ),
				'site key'     => $status['siteKey'],
				'site secret'  => $secret['set'] ? '…' . $secret['last4'] . ' (' . $secret['from'] . ')' : 'none',
				'address'      => $status['homeUrl'],
				'bound to'     => $status['boundTo'],
				'verification' => (string) $status['verification'],
				'AI allowed'   => $status['aiAllowed'] ? 'yes' : 'no',
				'sync'         => sprintf( '%s, %d of %d, %d failed', $status['sync']['state'], $status['sync']['done'], $status['sync']['total'], $status['sync']['failed'] ),
				'last sync'    => (string) $status['sync']['lastSyncedAt'],
				'version'      => $status['version'],
			);
			self::print_table( $rows );
		}
		if ( 'connected' !== $status['state'] || ! $status['relay']['reachable'] ) {
			WP_CLI::halt( 1 );
		}
	}

	/**
	 * Sends what waits to the relay, or everything anew.
	 *
	 * ## OPTIONS
	 *
	 * [--all]
	 * : Goes through all content, also what was sent before.
	 *
	 * [--format=<format>]
	 * : How the outcome is printed.
	 * ---
	 * default: table
	 * options:
	 *   - table
	 *   - json
	 * ---
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp confab sync --all
	 *
	 * @param array $args       Positional arguments.
	 * @param array $assoc_args Named arguments.
	 */
	public function sync( $args, $assoc_args ): void {
		if ( ! Connection::is_connected() ) {
			self::fail( 'not_connected', __( 'This site is not connected, so nothing can be sent: see wp confab status.', 'confab' ), $assoc_args );
		}
		if ( ! empty( $assoc_args['all'] ) ) {
			Sync::start();
		}
		$status = Sync::status();
		$bar    = self::is_json( $assoc_args )
			? null
			: WP_CLI\Utils\make_progress_bar( __( 'Syncing', 'confab' ), max( 1, (int) $status['total'] ) );
		$shown  = 0;
		$idle   = 0;
		do {
			$before = array( $status['done'], $status['failed'], $status['pending'] );
			$status = Sync::step( self::STEP_S );
			$idle   = array( $status['done'], $status['failed'], $status['pending'] ) === $before ? $idle + 1 : 0;
			$done   = min( (int) $status['total'], (int) $status['done'] + (int) $status['failed'] );
			if ( $bar && $done > $shown ) {
				$bar->tick( $done - $shown );
				$shown = $done;
			}
		} while ( 'running' === $status['state'] && $idle < self::IDLE_STEPS );
		if ( $bar ) {
			$bar->finish();
		}
		if ( self::is_json( $assoc_args ) ) {
			self::print_json( $status );
		} else {
			foreach ( $status['errors'] as $error ) {
				WP_CLI::warning( $error['id'] . ' ' . $error['title'] . ': ' . $error['message'] );
			}
		}
		if ( 'idle' !== $status['state'] || $status['failed'] > 0 ) {
			if ( self::is_json( $assoc_args ) ) {
				WP_CLI::halt( 1 );
			}
			/* translators: %d: number of pages and products. */
			WP_CLI::error( trim( sprintf( __( '%d could not be sent.', 'confab' ), $status['failed'] + $status['pending'] ) . ' ' . $status['message'] ) );
		}
		if ( ! self::is_json( $assoc_args ) ) {
			/* translators: %d: number of pages and products. */
			WP_CLI::success( sprintf( __( '%d sent or unchanged.', 'confab' ), $status['done'] ) );
		}
	}

	/**
	 * Ends the connection, here and at the relay.
	 *
	 * ## OPTIONS
	 *
	 * [--erase]
	 * : The relay erases everything it holds of this site.
	 *
	 * [--yes]
	 * : Does not ask.
	 *
	 * [--format=<format>]
	 * : How the outcome is printed.
	 * ---
	 * default: table
	 * options:
	 *   - table
	 *   - json
	 * ---
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp confab disconnect --erase --yes
	 *
	 * @param array $args       Positional arguments.
	 * @param array $assoc_args Named arguments.
	 */
	public function disconnect( $args, $assoc_args ): void {
		$erase = ! empty( $assoc_args['erase'] );
		WP_CLI::confirm(
			$erase
				? __( 'Disconnect this site and erase everything the relay holds of it, conversations and leads too?', 'confab' )
				: __( 'Disconnect this site?', 'confab' ),
			$assoc_args
		);
		$result = Connect::end( $erase );
		if ( $result['ok'] ) {
			self::succeed( $result['message'], $assoc_args );
		} else {
			self::fail( 'disconnect', $result['message'], $assoc_args );
		}
	}

	/**
	 * Runs all of Confab's Site Health checks. Ends with 1 where one is critical.
	 *
	 * ## OPTIONS
	 *
	 * [--format=<format>]
	 * : How they are printed.
	 * ---
	 * default: table
	 * options:
	 *   - table
	 *   - json
	 * ---
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp confab doctor
	 *
	 * @param array $args       Positional arguments.
	 * @param array $assoc_args Named arguments.
	 */
	public function doctor( $args, $assoc_args ): void {
		$rows = array();
		foreach ( array_keys( Site_Health::names() ) as $name ) {
			$result = Site_Health::check( $name );
			$rows[] = array(
				'check'   => $name,
				'status'  => $result['status'],
				'finding' => $result['label'],
				'advice'  => $result['advice'],
			);
		}
		WP_CLI\Utils\format_items( self::is_json( $assoc_args ) ? 'json' : 'table', $rows, array( 'check', 'status', 'finding', 'advice' ) );
		if ( in_array( 'critical', array_column( $rows, 'status' ), true ) ) {
			WP_CLI::halt( 1 );
		}
	}

	/**
	 * Ends with the error's message, where it is one.
	 *
	 * @param mixed $result     What was tried.
	 * @param array $assoc_args Named arguments.
	 */
	private static function fail_on( $result, array $assoc_args ): void {
		if ( is_wp_error( $result ) ) {
			self::fail( (string) $result->get_error_code(), $result->get_error_message(), $assoc_args );
		}
	}

	/**
	 * Ends with 1.
	 *
	 * @param string $code       For scripts.
	 * @param string $message    For people.
	 * @param array  $assoc_args Named arguments.
	 */
	private static function fail( string $code, string $message, array $assoc_args ): void {
		if ( self::is_json( $assoc_args ) ) {
			self::print_json(
				array(
					'ok'      => false,
					'code'    => $code,
					'message' => $message,
				)
			);
			WP_CLI::halt( 1 );
		}
		WP_CLI::error( $message );
	}

	/**
	 * Says that it worked.
	 *
	 * @param string $message    For people.
	 * @param array  $assoc_args Named arguments.
	 */
	private static function succeed( string $message, array $assoc_args ): void {
		if ( self::is_json( $assoc_args ) ) {
			self::print_json(
				array(
					'ok'      => true,
					'message' => $message,
				)
			);
		} else {
			WP_CLI::success( $message );
		}
	}

	/**
	 * Prints JSON.
	 *
	 * @param array $value What.
	 */
	private static function print_json( array $value ): void {
		WP_CLI::line( (string) wp_json_encode( $value, JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE ) );
	}

	/**
	 * Prints names and values.
	 *
	 * @param array $rows By name.
	 */
	private static function print_table( array $rows ): void {
		$items = array();
		foreach ( $rows as $name => $value ) {
			$items[] = array(
				'what'  => $name,
				'value' => $value,
			);
		}
		WP_CLI\Utils\format_items( 'table', $items, array( 'what', 'value' ) );
	}

	/**
	 * Whether scripts read along.
	 *
	 * @param array $assoc_args Named arguments.
	 */
	private static function is_json( array $assoc_args ): bool {
		return isset( $assoc_args['format'] ) && 'json' === $assoc_args['format'];
	}

	/**
	 * A named argument as text.
	 *
	 * @param array  $assoc_args Named arguments.
	 * @param string $name       Which.
	 */
	private static function text( array $assoc_args, string $name ): string {
		return trim( Json::text( $assoc_args, $name ) );
	}
}
