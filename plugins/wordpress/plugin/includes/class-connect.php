<?php
/**
 * Connecting a site to a relay, and ending that.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/**
 * The authorization code flow with PKCE: to the relay's page in the owner's browser, back with a code, then an
 * exchange from server to server. Nothing leaves the site before `begin`.
 */
final class Connect {
	const LIFE_S = 600;
	const LOOK_S = 5;

	/** Why no browser can come back from the relay to this site's admin; '' where it can. */
	public static function obstacle(): string {
		$home  = self::origin( Connection::home() );
		$admin = self::origin( self::way_back() );
		if ( $home === $admin ) {
			return '';
		}
		return sprintf(
			/* translators: 1: address of the site, 2: address of the admin. */
			__( 'Visitors see this site at %1$s, but its admin is at %2$s. A relay sends nobody to another host than the site’s. Connect by the command line instead: wp confab connect --site-key=… --site-secret=…', 'confab' ),
			$home,
			$admin
		);
	}

	/** Where the relay sends the owner's browser. */
	private static function way_back(): string {
		return admin_url( 'admin.php?page=confab&confab_connect=1' );
	}

	/**
	 * Begins, and returns the address at the relay to which the owner's browser goes.
	 *
	 * @param string $given The relay's address as the owner typed it; '' for the one that is set.
	 * @return string|\WP_Error
	 */
	public static function begin( string $given ) {
		if ( Connection::is_preset() ) {
			return self::refuse( 'preset', __( 'The secret of this site is set by a constant or the environment (CONFAB_SITE_SECRET). Change it there.', 'confab' ), 409 );
		}
		if ( Connection::is_connected() ) {
			return self::refuse( 'already_connected', __( 'This site is connected already. Disconnect it first.', 'confab' ), 409 );
		}
		$relay_url = self::relay_for( $given );
		if ( is_wp_error( $relay_url ) ) {
			return $relay_url;
		}

		$home         = Connection::home();
		$redirect_uri = self::way_back();
		$obstacle     = self::obstacle();
		if ( '' !== $obstacle ) {
			return self::refuse( 'origins_differ', $obstacle, 409 );
		}
		$relay = Relay::send( 'GET', $relay_url, '', '/healthz', null, array( 'timeout' => self::LOOK_S ) );
		if ( ! isset( $relay->body['status'] ) || 'alive' !== $relay->body['status'] ) {
			return self::refuse(
				'no_relay',
				sprintf(
					/* translators: %s: address of the relay. */
					__( 'No Confab relay answers at %s. Check the address with whoever runs it, and that the relay is running.', 'confab' ),
					$relay_url
				),
				502
			);
		}

		$verifier = self::random();
		$state    = self::random();
		set_transient(
			self::transient(),
			array(
				'state'     => $state,
				'verifier'  => $verifier,
				'relay_url' => $relay_url,
				'home'      => $home,
			),
			self::LIFE_S
		);
		return $relay_url . '/connect?' . http_build_query(
			array(
				'platform'              => 'wordpress',
				'site_url'              => $home,
				'redirect_uri'          => $redirect_uri,
				'state'                 => $state,
				'code_challenge'        => self::base64url( hash( 'sha256', $verifier, true ) ),
				'code_challenge_method' => 'S256',
			),
			'',
			'&',
			PHP_QUERY_RFC3986
		);
	}

	/**
	 * Ends what `begin` began, with what the relay's page gave the browser.
	 *
	 * @param array $answer 'state' and 'code' or 'error'.
	 * @return true|\WP_Error
	 */
	public static function complete( array $answer ) {
		if ( ! Capabilities::current_user_may() ) {
			return self::refuse( 'forbidden', __( 'You may not connect this site. Ask an administrator.', 'confab' ), 403 );
		}
		$begun = get_transient( self::transient() );
		$state = isset( $answer['state'] ) && is_string( $answer['state'] ) ? $answer['state'] : '';
		if ( ! is_array( $begun ) || ! isset( $begun['state'], $begun['verifier'], $begun['relay_url'], $begun['home'] ) ) {
			return self::refuse( 'connect_expired', __( 'Connecting took longer than ten minutes, or was begun by somebody else. Press Connect again.', 'confab' ) );
		}
		if ( ! hash_equals( $begun['state'], $state ) ) {
			return self::refuse( 'connect_state', __( 'This answer does not belong to the Connect that you pressed last, so it was ignored. Press Connect again.', 'confab' ) );
		}
		delete_transient( self::transient() );

		if ( ! empty( $answer['error'] ) ) {
			if ( 'access_denied' === $answer['error'] ) {
				return self::refuse( 'connect_denied', __( 'You refused the connection at the relay. Nothing was connected. Press Connect if you want to try again.', 'confab' ) );
			}
			return self::refuse( 'connect_failed', __( 'The relay could not connect this site. Press Connect again; if it stays, tell the relay’s operator.', 'confab' ) );
		}
		if ( Connection::is_connected() || Connection::is_preset() ) {
			return self::refuse( 'already_connected', __( 'This site is connected already. Disconnect it first.', 'confab' ), 409 );
		}
		$code = isset( $answer['code'] ) && is_string( $answer['code'] ) ? $answer['code'] : '';
		if ( ! preg_match( '/^[\x21-\x7e]{1,500}$/', $code ) ) {
			return self::refuse( 'connect_failed', __( 'The relay could not connect this site. Press Connect again; if it stays, tell the relay’s operator.', 'confab' ) );
		}

		$exchange = Relay::send(
			'POST',
			$begun['relay_url'],
			'',
			'/v1/connect/token',
			array(
				'code'         => $code,
				'codeVerifier' => $begun['verifier'],
				'siteUrl'      => $begun['home'],
			)
		);
		if ( ! $exchange->is_ok() ) {
			return $exchange->to_error();
		}
		$site = $exchange->body;
		foreach ( array( 'siteId', 'siteKey', 'siteSecret' ) as $name ) {
			if ( ! isset( $site[ $name ] ) || ! is_string( $site[ $name ] ) || ! preg_match( '/^[\x21-\x7e]{1,500}$/', $site[ $name ] ) ) {
				return self::refuse( 'relay_garbled', __( 'The relay’s answer is not complete. Update the relay, then press Connect again.', 'confab' ), 502 );
			}
		}
		Connection::keep( $begun['relay_url'], $site );
		self::set_up();
		return true;
	}

	/**
	 * Connects with a site secret made at the relay, without a browser.
	 *
	 * @param string $given    The relay's address; '' for the one that is set.
	 * @param string $site_key The site key that is expected; '' for whichever the secret opens.
	 * @param string $secret   The site secret.
	 * @param bool   $replace  Whether it may take the place of the connection there is.
	 * @return true|\WP_Error
	 */
	public static function with_secret( string $given, string $site_key, string $secret, bool $replace = false ) {
		if ( Connection::is_preset() ) {
			return self::refuse( 'preset', __( 'The secret of this site is set by a constant or the environment (CONFAB_SITE_SECRET). Change it there.', 'confab' ), 409 );
		}
		if ( Connection::is_connected() && ! $replace ) {
			return self::refuse( 'already_connected', __( 'This site is connected already. Disconnect it first.', 'confab' ), 409 );
		}
		$relay_url = self::relay_for( $given );
		if ( is_wp_error( $relay_url ) ) {
			return $relay_url;
		}
		if ( ! preg_match( '/^[\x21-\x7e]{16,500}$/', $secret ) ) {
			return self::refuse( 'secret_shape', __( 'This is not a site secret. Copy it once more from the relay.', 'confab' ) );
		}
		$answer = Relay::send( 'GET', $relay_url, $secret, '/v1/site' );
		if ( 'unauthorized' === $answer->code ) {
			return self::refuse( 'secret_refused', __( 'The relay does not know this site secret. Copy it once more from the relay.', 'confab' ) );
		}
		if ( ! $answer->is_ok() ) {
			return $answer->to_error();
		}
		$site = $answer->body;
		if ( ! isset( $site['siteId'], $site['siteKey'] ) || ! is_string( $site['siteId'] ) || ! is_string( $site['siteKey'] ) ) {
			return self::refuse( 'relay_garbled', __( 'The relay’s answer is not complete. Update the relay, then try again.', 'confab' ), 502 );
		}
		if ( '' !== $site_key && $site['siteKey'] !== $site_key ) {
			return self::refuse( 'site_key_wrong', __( 'This secret belongs to another site key. Copy both from the same site at the relay.', 'confab' ) );
		}
		// The secret of the same site must not be revoked: that would end the new connection with the old one.
		$former = Connection::is_connected() && Connection::site_key() !== $site['siteKey']
			? array( Connection::relay_url(), Connection::site_secret() )
			: null;
		Connection::keep( $relay_url, array( 'siteSecret' => $secret ) + $site );
		if ( $former ) {
			Revocation::remember( $former[0], $former[1], false );
			Revocation::run_for( $former[0], $former[1] );
		}
		self::set_up();
		return true;
	}

	/**
	 * Tells the relay what WordPress knows already, where the owner has not decided otherwise there. That it fails
	 * does not undo the connection: all of it can be set by hand.
	 */
	public static function set_up(): void {
		for ( $try = 0; $try < 2; $try++ ) {
			$current = Relay::call( 'GET', '/v1/site/settings' );
			if ( ! $current->is_ok() ) {
				break;
			}
			Settings_Cache::remember( $current->body );
			$wanted = self::filled( $current->document() );
			if ( wp_json_encode( $wanted ) === wp_json_encode( $current->document() ) ) {
				break;
			}
			$saved = Relay::call( 'PUT', '/v1/site/settings', get_object_vars( $wanted ), array( 'if_match' => $current->etag ) );
			if ( $saved->is_ok() ) {
				Settings_Cache::remember( $saved->body );
			}
			if ( 412 !== $saved->status ) {
				break;
			}
		}
		/** The site is connected: what waited for that may begin. */
		do_action( 'confab_connected' );
	}

	/**
	 * Ends the connection here at once, and at the relay now or, where it does not answer, later.
	 *
	 * @param bool $erase Whether the relay erases everything it holds of this site.
	 * @return array {ok, message}
	 */
	public static function end( bool $erase ): array {
		$relay_url = Connection::relay_url();
		$secret    = Connection::site_secret();
		$state     = Connection::state();
		if ( 'disconnected' === $state ) {
			return array(
				'ok'      => true,
				'message' => __( 'This site is not connected.', 'confab' ),
			);
		}
		if ( 'moved' === $state ) {
			return array(
				'ok'      => false,
				'message' => __( 'First say whether this site moved or is a copy: a copy must not end the connection of the original.', 'confab' ),
			);
		}
		// Before anything is sent: a request that is cut off half-way must not leave a forgotten secret alive.
		Revocation::remember( $relay_url, $secret, $erase );
		$result = Revocation::run_for( $relay_url, $secret );
		if ( 'legal_hold' === $result['code'] ) {
			return array(
				'ok'      => false,
				'message' => __( 'A legal hold keeps data of this site, so nothing was erased, and the site is still connected. End the hold first, or disconnect without erasing.', 'confab' ),
			);
		}
		unset( $result['code'] );
		Connection::forget();
		if ( '' !== Connection::site_secret() ) {
			Connection::note_refusal();
			$result['message'] .= ' ' . __( 'The keys are still set by constants or the environment: remove CONFAB_SITE_KEY and CONFAB_SITE_SECRET there.', 'confab' );
		}
		return $result;
	}

	/**
	 * The settings with what WordPress knows, where the relay still has its defaults.
	 *
	 * @param \stdClass $settings The document.
	 * @return \stdClass
	 */
	private static function filled( \stdClass $settings ) {
		$home = Connection::home();
		$host = (string) wp_parse_url( $home, PHP_URL_HOST );
		$name = trim( wp_specialchars_decode( (string) get_option( 'blogname' ), ENT_QUOTES ) );
		$port = wp_parse_url( $home, PHP_URL_PORT );
		$from = array( '', $host, $home, $host . ':' . $port );
		if ( '' !== $name && isset( $settings->name ) && in_array( $settings->name, $from, true ) ) {
			$settings->name = mb_substr( $name, 0, 120 );
		}
		$locale = str_replace( '_', '-', get_locale() );
		if ( isset( $settings->locale ) && 'en' === $settings->locale && preg_match( '/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/', $locale ) ) {
			// The relay's own word for American English is plain 'en'.
			$settings->locale = 'en-US' === $locale ? 'en' : $locale;
		}
		if ( isset( $settings->timezone ) && 'UTC' === $settings->timezone ) {
			$settings->timezone = self::timezone();
		}
		if ( isset( $settings->allowedOrigins ) && is_array( $settings->allowedOrigins ) ) {
			$origin = self::origin( $home );
			if ( ! in_array( $origin, $settings->allowedOrigins, true ) && count( $settings->allowedOrigins ) < 20 ) {
				$settings->allowedOrigins[] = $origin;
			}
		}
		$policy = (string) get_privacy_policy_url();
		if ( isset( $settings->consent ) && $settings->consent instanceof \stdClass && empty( $settings->consent->policyUrl ) && '' !== $policy ) {
			$settings->consent->policyUrl = $policy;
		}
		return $settings;
	}

	/** The site's time zone as an IANA name; a mere offset gives the nearest zone of whole hours. */
	private static function timezone(): string {
		$name = (string) get_option( 'timezone_string' );
		if ( '' !== $name && in_array( $name, timezone_identifiers_list(), true ) ) {
			return $name;
		}
		$offset = (float) get_option( 'gmt_offset' );
		$hours  = (int) max( -12, min( 14, round( $offset ) ) );
		// POSIX counts the other way round: Etc/GMT-2 is two hours ahead of UTC.
		return 0 === $hours ? 'UTC' : sprintf( 'Etc/GMT%+d', -$hours );
	}

	/**
	 * The relay that is meant.
	 *
	 * @param string $given What the owner typed.
	 * @return string|\WP_Error
	 */
	private static function relay_for( string $given ) {
		$is_fixed  = 'option' !== Connection::relay_url_from();
		$relay_url = Relay::address( $is_fixed || '' === trim( $given ) ? Connection::relay_url() : $given );
		if ( is_wp_error( $relay_url ) ) {
			return $relay_url;
		}
		if ( ! $is_fixed && Relay::is_local( $relay_url ) && ! Connection::may_choose_inside() ) {
			return self::refuse( 'relay_inside', __( 'A relay inside the server’s own network can be chosen by the network’s administrators only.', 'confab' ), 403 );
		}
		return $relay_url;
	}

	/**
	 * Scheme, host and port of an address.
	 *
	 * @param string $url An address.
	 */
	private static function origin( string $url ): string {
		$parts = (array) wp_parse_url( strtolower( $url ) );
		$port  = isset( $parts['port'] ) ? ':' . $parts['port'] : '';
		return ( isset( $parts['scheme'] ) ? $parts['scheme'] : '' ) . '://' . ( isset( $parts['host'] ) ? $parts['host'] : '' ) . $port;
	}

	/** 256 random bits as text. */
	private static function random(): string {
		return self::base64url( random_bytes( 32 ) );
	}

	/**
	 * Base64 for addresses.
	 *
	 * @param string $bytes Bytes.
	 */
	private static function base64url( string $bytes ): string {
		// phpcs:ignore WordPress.PHP.DiscouragedPHPFunctions.obfuscation_base64_encode -- RFC 7636 asks for it.
		return rtrim( strtr( base64_encode( $bytes ), '+/', '-_' ), '=' );
	}

	/** What the current user has begun is kept under this name. */
	private static function transient(): string {
		return 'confab_connect_' . get_current_user_id();
	}

	/**
	 * A refusal.
	 *
	 * @param string $code    Without prefix.
	 * @param string $message What is wrong and what to do.
	 * @param int    $status  HTTP status.
	 */
	private static function refuse( string $code, string $message, int $status = 400 ): \WP_Error {
		return new \WP_Error( 'confab_' . $code, $message, array( 'status' => $status ) );
	}
}
