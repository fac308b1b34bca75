<?php
/**
 * The one way out of the site: calls to the relay.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** Calls the relay. Whatever the relay does, or does not do, comes back as an answer that can be shown. */
final class Relay {
	const TIMEOUT_S = 10;
	const MAX_BYTES = 8388608;

	/**
	 * Calls the connected relay with the site's secret. Never throws. Nothing is sent while the site is not connected,
	 * has moved, or its secret is refused.
	 *
	 * @param string     $method  HTTP method.
	 * @param string     $path    Path with query, such as '/v1/site/documents?limit=5'.
	 * @param array|null $body    What is sent as JSON.
	 * @param array      $options 'timeout' (s), 'if_match', 'headers', 'accept' (by default JSON); 'recheck' true asks also while the secret is refused.
	 */
	public static function call( string $method, string $path, ?array $body = null, array $options = array() ): Relay_Answer {
		$state = Connection::state();
		if ( 'connected' !== $state && ! ( 'revoked' === $state && ! empty( $options['recheck'] ) ) ) {
			return self::not_sent( $state );
		}
		$answer = self::send( $method, Connection::relay_url(), Connection::site_secret(), $path, $body, $options );
		if ( 'unauthorized' === $answer->code ) {
			Connection::note_refusal();
			$answer = self::refused( $answer );
		} elseif ( $answer->is_ok() && 'revoked' === $state ) {
			Connection::note_acceptance();
		}
		return $answer;
	}

	/**
	 * Calls a relay, with a secret or without one, whether it is the connected one or not.
	 *
	 * @param string     $method    HTTP method.
	 * @param string     $relay_url Address of the relay.
	 * @param string     $secret    Site secret; '' for a call that needs none.
	 * @param string     $path      Path with query.
	 * @param array|null $body      What is sent as JSON.
	 * @param array      $options   As for `call`; 'inside' says whether it may stand in one's own network.
	 */
	public static function send(
		string $method,
		string $relay_url,
		string $secret,
		string $path,
		?array $body = null,
		array $options = array()
	): Relay_Answer {
		$url     = $relay_url . $path;
		$accept  = isset( $options['accept'] ) ? $options['accept'] : 'application/json';
		$headers = array( 'Accept' => $accept );
		$encoded = null;
		if ( null !== $body ) {
			$encoded = wp_json_encode( $body, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE );
			if ( false === $encoded ) {
				return self::failed( 'not_encodable', __( 'This content holds characters that cannot be sent. Nothing was sent.', 'confab' ), 400 );
			}
			$headers['Content-Type'] = 'application/json';
		}
		if ( '' !== $secret ) {
			$headers['Authorization'] = 'Bearer ' . $secret;
		}
		if ( ! empty( $options['if_match'] ) ) {
			$headers['If-Match'] = $options['if_match'];
		}
		if ( ! empty( $options['headers'] ) ) {
			$headers = array_merge( $headers, $options['headers'] );
		}

		$asked_at  = time();
		$is_inside = isset( $options['inside'] ) ? $options['inside'] : Connection::may_call_inside();
		$response  = self::request(
			$url,
			$is_inside,
			array(
				'method'              => strtoupper( $method ),
				'headers'             => $headers,
				'body'                => $encoded,
				'timeout'             => isset( $options['timeout'] ) ? $options['timeout'] : self::TIMEOUT_S,
				'redirection'         => 0,
				'sslverify'           => true,
				// Core's own would carry the address of the site to whoever answers.
				'user-agent'          => 'Confab/' . CONFAB_VERSION,
				'limit_response_size' => self::MAX_BYTES,
			)
		);
		if ( is_wp_error( $response ) ) {
			return self::no_answer( $response, $relay_url );
		}
		return self::read( $response, $asked_at, $accept );
	}

	/**
	 * A relay's address as we keep it, or why it cannot be one.
	 *
	 * @param string $given What the owner typed or set.
	 * @return string|\WP_Error
	 */
	public static function address( string $given ) {
		$url   = untrailingslashit( trim( $given ) );
		$parts = wp_parse_url( $url );
		$clean = is_array( $parts ) && isset( $parts['scheme'], $parts['host'] )
			&& ! isset( $parts['user'] ) && ! isset( $parts['pass'] ) && ! isset( $parts['query'] ) && ! isset( $parts['fragment'] )
			&& preg_match( '#^https?://[a-z0-9._-]+(:\d{1,5})?(/[\w./-]*)?$#i', $url );
		if ( ! $clean ) {
			return new \WP_Error(
				'confab_relay_address',
				__( 'This is not the address of a relay. Enter it as in https://relay.example.com, without anything behind it.', 'confab' ),
				array( 'status' => 400 )
			);
		}
		if ( 'https' !== strtolower( $parts['scheme'] ) && ! self::is_local( $url ) ) {
			return new \WP_Error(
				'confab_relay_not_encrypted',
				__( 'The relay must be reached by https: content of your site and people’s data travel to it. Only a relay on this machine or in your own network may use http.', 'confab' ),
				array( 'status' => 400 )
			);
		}
		return $url;
	}

	/**
	 * Whether an address names this machine or the network it stands in.
	 *
	 * @param string $url Address of a relay.
	 */
	public static function is_local( string $url ): bool {
		$host = strtolower( (string) wp_parse_url( $url, PHP_URL_HOST ) );
		if ( filter_var( $host, FILTER_VALIDATE_IP, FILTER_FLAG_IPV4 ) ) {
			return ! filter_var( $host, FILTER_VALIDATE_IP, FILTER_FLAG_NO_PRIV_RANGE | FILTER_FLAG_NO_RES_RANGE );
		}
		return false === strpos( $host, '.' ) || 1 === preg_match( '/\.(localhost|local|test|internal)$/', $host );
	}

	/**
	 * The request itself. Core refuses hosts of one's own network and unusual ports; exactly this address is let
	 * through, and only for as long as the call takes.
	 *
	 * @param string $url       Address.
	 * @param bool   $is_inside Whether it may stand in one's own network.
	 * @param array  $args      Arguments of core's HTTP client.
	 * @return array|\WP_Error
	 */
	private static function request( string $url, bool $is_inside, array $args ) {
		$port       = (int) wp_parse_url( $url, PHP_URL_PORT );
		$allow_host = static function ( $is_external, $host, $asked ) use ( $url, $is_inside ) {
			return $asked === $url && $is_inside ? true : $is_external;
		};
		$allow_port = static function ( $ports, $host = '', $asked = '' ) use ( $url, $port ) {
			return $asked === $url && $port > 0 ? array_merge( (array) $ports, array( $port ) ) : $ports;
		};
		add_filter( 'http_request_host_is_external', $allow_host, 10, 3 );
		add_filter( 'http_allowed_safe_ports', $allow_port, 10, 3 );
		try {
			return wp_safe_remote_request( $url, $args );
		} catch ( \Throwable $error ) {
			// Another plugin's filter may throw out of core's HTTP client.
			return new \WP_Error( 'http_failure', $error->getMessage() );
		} finally {
			remove_filter( 'http_request_host_is_external', $allow_host, 10 );
			remove_filter( 'http_allowed_safe_ports', $allow_port, 10 );
		}
	}

	/**
	 * Reads what came.
	 *
	 * @param array  $response Of core's HTTP client.
	 * @param int    $asked_at When we asked.
	 * @param string $accept   The media type that was asked for; what went wrong is told in JSON all the same.
	 */
	private static function read( array $response, int $asked_at, string $accept ): Relay_Answer {
		$answer         = new Relay_Answer();
		$answer->status = (int) wp_remote_retrieve_response_code( $response );
		$answer->raw    = (string) wp_remote_retrieve_body( $response );
		$answer->etag   = self::header( $response, 'etag' );

		$decoded      = '' === $answer->raw ? array() : json_decode( $answer->raw, true );
		$answer->body = is_array( $decoded ) ? $decoded : array();
		if ( '' !== self::header( $response, 'date' ) ) {
			$relay_time          = strtotime( self::header( $response, 'date' ) );
			$answer->clock_ahead = false === $relay_time ? null : $relay_time - $asked_at;
		}
		$answer->retry_after = self::seconds( self::header( $response, 'retry-after' ) );

		$is_json = is_array( $decoded ) && ( '' !== $answer->raw || 204 === $answer->status );
		if ( $answer->status >= 200 && $answer->status < 300 && $is_json ) {
			return $answer;
		}
		$is_text = 'application/json' !== $accept && 0 === strpos( self::header( $response, 'content-type' ), $accept );
		if ( 200 === $answer->status && $is_text && strlen( $answer->raw ) < self::MAX_BYTES ) {
			return $answer;
		}
		if ( ! $is_json && strlen( $answer->raw ) >= self::MAX_BYTES ) {
			$answer->raw  = '';
			$answer->code = 'relay_too_large';
		} elseif ( $answer->status >= 500 || 429 === $answer->status ) {
			// A proxy in front of the relay says these in HTML of its own.
			$answer->code = sanitize_key( Json::text( $answer->body, 'code' ) );
		} elseif ( ! $is_json || '' === Json::text( $answer->body, 'code' ) ) {
			$answer->code = 401 === $answer->status && $is_json ? 'unauthorized' : 'relay_garbled';
		} else {
			$answer->code = sanitize_key( Json::text( $answer->body, 'code' ) );
		}
		if ( '' === $answer->code ) {
			$answer->code = 429 === $answer->status ? 'rate_limited' : ( 503 === $answer->status ? 'unavailable' : 'internal' );
		}
		$answer->message = self::explain( $answer );
		return $answer;
	}

	/**
	 * What is wrong and what to do, for whoever manages the site.
	 *
	 * @param Relay_Answer $answer An answer that is not good.
	 */
	private static function explain( Relay_Answer $answer ): string {
		$detail = Json::text( $answer->body, 'detail' );
		$detail = mb_substr( sanitize_text_field( $detail ), 0, 300 );
		switch ( $answer->code ) {
			case 'relay_garbled':
				return sprintf(
					/* translators: %d: HTTP status code. */
					__( 'What answered (status %d) is not a Confab relay: perhaps a proxy, a log-in page or a wrong address. Check the address of the relay.', 'confab' ),
					$answer->status
				);
			case 'relay_too_large':
				return __( 'The relay’s answer is too large to be read here. Ask for less at once, or use the relay itself.', 'confab' );
			case 'connect_code_invalid':
				return __( 'The relay no longer knows this approval: it was used already or has expired. Press Connect again.', 'confab' );
			case 'validation_failed':
				/* translators: %s: what the relay says, in English. */
				return sprintf( __( 'The relay refused what was sent: %s', 'confab' ), '' === $detail ? $answer->code : $detail );
			case 'precondition_failed':
				return __( 'Somebody else saved these settings meanwhile. Compare both versions and save again.', 'confab' );
			case 'legal_hold':
				return __( 'A legal hold keeps these data. They are erased when it ends.', 'confab' );
			case 'subject_ambiguous':
				return __( 'These details belong to different people. Ask with one of them only.', 'confab' );
		}
		switch ( $answer->status ) {
			case 401:
				return __( 'The relay refuses this site’s secret. Connect the site again.', 'confab' );
			case 402:
				return __( 'The relay asks for payment, or your plan is used up. See to the plan at the relay; nothing is lost meanwhile.', 'confab' );
			case 404:
				return __( 'The relay does not know this. It may be gone, or the relay may be older than the plugin: update the relay.', 'confab' );
			case 413:
				return __( 'This is more than the relay takes at once. Make it shorter.', 'confab' );
			case 429:
				return sprintf(
					/* translators: %d: number of seconds. */
					__( 'The relay asks for a pause. It goes on by itself in %d seconds.', 'confab' ),
					max( 1, $answer->retry_after )
				);
		}
		if ( $answer->status >= 500 ) {
			return sprintf(
				/* translators: %d: HTTP status code. */
				__( 'The relay has a fault of its own (status %d). Try again in some minutes; if it stays, tell the relay’s operator. Nothing is lost meanwhile.', 'confab' ),
				$answer->status
			);
		}
		return sprintf(
			/* translators: 1: HTTP status code, 2: what the relay says, in English. */
			__( 'The relay refused this (status %1$d): %2$s', 'confab' ),
			$answer->status,
			'' === $detail ? $answer->code : $detail
		);
	}

	/**
	 * Why no answer came.
	 *
	 * @param \WP_Error $error     Of core's HTTP client.
	 * @param string    $relay_url Address of the relay.
	 */
	private static function no_answer( \WP_Error $error, string $relay_url ): Relay_Answer {
		$reason = $error->get_error_message();
		$host   = (string) wp_parse_url( $relay_url, PHP_URL_HOST );
		if ( 'http_request_not_executed' === $error->get_error_code() ) {
			/* translators: %s: host name. */
			$message = __( 'This site forbids requests to other hosts (WP_HTTP_BLOCK_EXTERNAL). Add %s to WP_ACCESSIBLE_HOSTS in wp-config.php.', 'confab' );
			return self::failed( 'relay_blocked', sprintf( $message, $host ) );
		}
		if ( preg_match( '/cURL error 28\b|timed? ?out/i', $reason ) ) {
			/* translators: %s: host name. */
			$message = __( 'The relay at %s did not answer in time. It may be busy: try again in some minutes. Nothing is lost meanwhile.', 'confab' );
			return self::failed( 'relay_slow', sprintf( $message, $host ) );
		}
		if ( preg_match( '/cURL error (35|51|53|54|58|59|60|66|77|80|83|90|91)\b|certificate|SSL/i', $reason ) ) {
			/* translators: %s: host name. */
			$message = __( 'The certificate of %s cannot be trusted, so nothing was sent. Its operator must renew or repair it.', 'confab' );
			return self::failed( 'relay_certificate', sprintf( $message, $host ) );
		}
		/* translators: %s: host name. */
		$message = __( 'The relay at %s cannot be reached. Check its address, and whether it runs and this server may reach it. Nothing is lost meanwhile.', 'confab' );
		return self::failed( 'relay_unreachable', sprintf( $message, $host ) );
	}

	/**
	 * Why nothing was asked.
	 *
	 * @param string $state Of the connection.
	 */
	private static function not_sent( string $state ): Relay_Answer {
		if ( 'moved' === $state ) {
			$message = __( 'The address of this site has changed since it was connected, so nothing is sent. Say on the Confab screen whether the site moved or is a copy.', 'confab' );
			return self::failed( 'site_moved', $message );
		}
		if ( 'revoked' === $state ) {
			return self::refused( new Relay_Answer() );
		}
		return self::failed( 'not_connected', __( 'This site is not connected to a relay. Connect it on the Confab screen.', 'confab' ) );
	}

	/**
	 * The answer to a secret that the relay refuses.
	 *
	 * @param Relay_Answer $answer What came, if anything.
	 */
	private static function refused( Relay_Answer $answer ): Relay_Answer {
		$answer->code    = 'revoked';
		$answer->message = __( 'The relay no longer accepts this site’s secret: the connection was ended there. Connect the site again; until then nothing is sent.', 'confab' );
		return $answer;
	}

	/**
	 * An answer that never came.
	 *
	 * @param string $code    Which kind.
	 * @param string $message For the person.
	 * @param int    $status  Status to tell.
	 */
	private static function failed( string $code, string $message, int $status = 0 ): Relay_Answer {
		$answer          = new Relay_Answer();
		$answer->status  = $status;
		$answer->code    = $code;
		$answer->message = $message;
		return $answer;
	}

	/**
	 * One header, the first where a proxy doubled it.
	 *
	 * @param array  $response Of core's HTTP client.
	 * @param string $name     In lower case.
	 */
	private static function header( array $response, string $name ): string {
		$value = wp_remote_retrieve_header( $response, $name );
		return (string) ( is_array( $value ) ? reset( $value ) : $value );
	}

	/**
	 * Reads Retry-After: seconds or a date, never more than a day.
	 *
	 * @param string $value The header.
	 */
	private static function seconds( string $value ): int {
		if ( '' === $value ) {
			return 0;
		}
		$seconds = ctype_digit( $value ) ? (int) $value : (int) strtotime( $value ) - time();
		return max( 0, min( DAY_IN_SECONDS, $seconds ) );
	}
}
