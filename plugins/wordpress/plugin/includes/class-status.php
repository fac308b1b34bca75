<?php
/**
 * How things stand.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** One account of the connection for the admin screen, the command line, Site Health and abilities. */
final class Status {
	const TIMEOUT_S = 5;

	/** Asks the relay, and says everything but secrets. */
	public static function read(): array {
		$state  = Connection::state();
		$answer = in_array( $state, array( 'connected', 'revoked' ), true )
			? Relay::call(
				'GET',
				'/v1/site',
				null,
				array(
					'timeout' => self::TIMEOUT_S,
					'recheck' => true,
				)
			)
			: null;
		$site   = array();
		if ( $answer && $answer->is_ok() ) {
			Connection::learn( $answer->body );
			$site = $answer->body;
		}
		return array(
			'state'         => Connection::state(),
			'relayUrl'      => Connection::relay_url(),
			'relayUrlFrom'  => Connection::relay_url_from(),
			'siteId'        => Connection::site_id(),
			'siteKey'       => Connection::site_key(),
			'homeUrl'       => Connection::home(),
			'boundTo'       => Connection::bound_to(),
			'secret'        => Connection::masked_secret(),
			'relay'         => array(
				// 'revoked' is an answer too: the relay is there.
				'reachable'  => $answer && $answer->status > 0 && 'relay_garbled' !== $answer->code,
				'code'       => $answer ? $answer->code : '',
				'message'    => $answer ? $answer->message : '',
				'clockAhead' => $answer ? $answer->clock_ahead : null,
			),
			'verification'  => isset( $site['verification'] ) && is_string( $site['verification'] ) ? $site['verification'] : null,
			'usage'         => isset( $site['usage'] ) && is_array( $site['usage'] ) ? $site['usage'] : null,
			'integrations'  => isset( $site['integrations'] ) && is_array( $site['integrations'] ) ? $site['integrations'] : null,
			'notifications' => isset( $site['notifications'] ) && is_array( $site['notifications'] ) ? $site['notifications'] : null,
			'version'       => CONFAB_VERSION,
			'aiAllowed'     => self::is_ai_allowed(),
			'sync'          => Sync::status(),
		);
	}

	/** Whether this site allows artificial intelligence at all; before WordPress 7.0 nothing can forbid it. */
	public static function is_ai_allowed(): bool {
		return ! function_exists( 'wp_supports_ai' ) || wp_supports_ai();
	}
}
