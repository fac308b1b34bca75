<?php
/**
 * Site Health.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** Checks that find out what keeps the assistant from answering, and information for whoever helps. */
final class Site_Health {
	const QUEUE_AGE_S = 86400;
	const CLOCK_S     = 120;

	/** Adds the hooks. */
	public static function register(): void {
		add_filter( 'site_status_tests', array( self::class, 'add' ) );
		add_filter( 'debug_information', array( self::class, 'add_information' ) );
		add_action( 'rest_api_init', array( self::class, 'routes' ) );
	}

	/** Every check and what it is about; those with true leave the site and run by themselves. */
	public static function names(): array {
		return array(
			'connection'   => array( __( 'Confab: connection', 'confab' ), false ),
			'ai'           => array( __( 'Confab: AI allowed', 'confab' ), false ),
			'consent'      => array( __( 'Confab: consent manager', 'confab' ), false ),
			'sync'         => array( __( 'Confab: content in sync', 'confab' ), false ),
			'cron'         => array( __( 'Confab: background work', 'confab' ), false ),
			'erasures'     => array( __( 'Confab: erasures', 'confab' ), false ),
			'relay'        => array( __( 'Confab: relay reachable', 'confab' ), true ),
			'clock'        => array( __( 'Confab: clocks', 'confab' ), true ),
			'verification' => array( __( 'Confab: relay reaches this site', 'confab' ), true ),
			'cache'        => array( __( 'Confab: page cache', 'confab' ), true ),
		);
	}

	/**
	 * Adds the checks for whoever may manage Confab, and for core's weekly run.
	 *
	 * @param array $tests Core's and others'.
	 */
	public static function add( $tests ): array {
		$tests = (array) $tests;
		if ( ! wp_doing_cron() && ! Capabilities::current_user_may() ) {
			return $tests;
		}
		foreach ( self::names() as $name => list( $label, $is_async ) ) {
			$run = static function () use ( $name ): array {
				return self::result( $name );
			};
			if ( $is_async ) {
				$tests['async'][ 'confab_' . $name ] = array(
					'label'             => $label,
					'test'              => rest_url( Rest::SPACE . '/health/' . $name ),
					'has_rest'          => true,
					'async_direct_test' => $run,
				);
			} else {
				$tests['direct'][ 'confab_' . $name ] = array(
					'label' => $label,
					'test'  => $run,
				);
			}
		}
		return $tests;
	}

	/** Adds the route of the checks that leave the site. */
	public static function routes(): void {
		Rest::route(
			'/health/(?P<check>relay|clock|verification|cache)',
			'GET',
			static function ( \WP_REST_Request $request ): \WP_REST_Response {
				return new \WP_REST_Response( self::result( (string) $request['check'] ) );
			}
		);
	}

	/**
	 * Runs one check.
	 *
	 * @param string $name Which.
	 * @return array {status: 'good'|'recommended'|'critical', label, advice}
	 */
	public static function check( string $name ): array {
		switch ( $name ) {
			case 'connection':
				return self::connection();
			case 'ai':
				return Status::is_ai_allowed()
					? self::good( __( 'This site allows AI', 'confab' ) )
					: self::found( 'recommended', __( 'This site has switched AI off, so the chat is hidden', 'confab' ), __( 'Allow AI again (WP_AI_SUPPORT, or the plugin that forbids it), or deactivate Confab.', 'confab' ) );
			case 'consent':
				return self::consent();
			case 'sync':
				return self::sync();
			case 'cron':
				return self::cron();
			case 'erasures':
				return self::erasures();
			case 'relay':
				return self::relay();
			case 'clock':
				return self::clock();
			case 'verification':
				return self::verification();
			default:
				return self::cache();
		}
	}

	/**
	 * Adds our section to the information for whoever helps. Secrets are not in it; what only the owner should pass
	 * on is marked private.
	 *
	 * @param array $info Core's and others'.
	 */
	public static function add_information( $info ): array {
		$info = (array) $info;
		if ( ! Capabilities::current_user_may() ) {
			return $info;
		}
		$secret = Connection::masked_secret();
		$sync   = Sync::status();
		$fields = array(
			'state'        => array( __( 'State', 'confab' ), Connection::state(), false ),
			'version'      => array( __( 'Version', 'confab' ), CONFAB_VERSION, false ),
			'relay'        => array( __( 'Relay', 'confab' ), Connection::relay_url(), false ),
			'relay_from'   => array( __( 'Relay’s address set by', 'confab' ), Connection::relay_url_from(), false ),
			'bound_to'     => array( __( 'Connected as', 'confab' ), Connection::bound_to(), false ),
			'site_key'     => array( __( 'Site key', 'confab' ), Connection::site_key(), true ),
			'secret'       => array( __( 'Site secret', 'confab' ), $secret['set'] ? __( 'set', 'confab' ) : __( 'not set', 'confab' ), true ),
			'secret_from'  => array( __( 'Site secret set by', 'confab' ), $secret['from'], true ),
			'sync'         => array( __( 'Sync', 'confab' ), $sync['state'], false ),
			'pending'      => array( __( 'Waiting to be sent', 'confab' ), (int) $sync['pending'], false ),
			'failed'       => array( __( 'Could not be sent', 'confab' ), (int) $sync['failed'], false ),
			'synced_at'    => array( __( 'Last sync', 'confab' ), (string) $sync['lastSyncedAt'], false ),
			'post_types'   => array( __( 'Synced types', 'confab' ), implode( ', ', Preferences::get()['post_types'] ), false ),
			'widget'       => array( __( 'Chat shown', 'confab' ), Preferences::get()['widget'] ? __( 'yes', 'confab' ) : __( 'no', 'confab' ), false ),
			'ai'           => array( __( 'AI allowed', 'confab' ), Status::is_ai_allowed() ? __( 'yes', 'confab' ) : __( 'no', 'confab' ), false ),
			'erasures'     => array( __( 'Erasures waiting', 'confab' ), Privacy::waiting(), false ),
			'revocations'  => array( __( 'Revocation waiting', 'confab' ), Revocation::is_waiting() ? __( 'yes', 'confab' ) : __( 'no', 'confab' ), false ),
		);
		$shown  = array();
		foreach ( $fields as $name => list( $label, $value, $is_private ) ) {
			$shown[ $name ] = array(
				'label'   => $label,
				'value'   => '' === $value ? '–' : $value,
				'private' => $is_private,
			);
		}
		$info['confab'] = array(
			'label'  => 'Confab',
			'fields' => $shown,
		);
		return $info;
	}

	/** Whether the site is connected. */
	private static function connection(): array {
		switch ( Connection::state() ) {
			case 'connected':
				return self::good( __( 'This site is connected to its relay', 'confab' ) );
			case 'moved':
				return self::found( 'critical', __( 'The address of this site has changed, so the chat is off', 'confab' ), __( 'Say on the Confab screen whether this site moved or is a copy.', 'confab' ) );
			case 'revoked':
				return self::found( 'critical', __( 'The relay no longer accepts this site', 'confab' ), __( 'Connect the site again on the Confab screen.', 'confab' ) );
		}
		return self::found( 'recommended', __( 'Confab is not connected', 'confab' ), __( 'Connect the site on the Confab screen, or deactivate the plugin.', 'confab' ) );
	}

	/** Who asks visitors for consent. */
	private static function consent(): array {
		if ( ! function_exists( 'wp_has_consent' ) ) {
			return self::good( __( 'The chat asks for consent itself: no consent manager with the WP Consent API was found', 'confab' ) );
		}
		if ( ! function_exists( 'wp_get_consent_type' ) || ! wp_get_consent_type() ) {
			return self::found(
				'recommended',
				__( 'The WP Consent API is there, but no consent manager uses it', 'confab' ),
				__( 'The chat asks for consent itself. Set up the consent manager, or remove the WP Consent API plugin.', 'confab' )
			);
		}
		return self::good( __( 'The chat follows the consent manager of this site', 'confab' ) );
	}

	/** Whether the knowledge is up to date. */
	private static function sync(): array {
		if ( ! Connection::is_connected() ) {
			return self::good( __( 'Nothing is synced while the site is not connected', 'confab' ) );
		}
		$sync = Sync::status();
		if ( $sync['failed'] > 0 ) {
			/* translators: %d: number of pages and products. */
			return self::found( 'recommended', sprintf( __( '%d pages or products could not be sent to the relay', 'confab' ), $sync['failed'] ), __( 'The tab Knowledge on the Confab screen says why for each.', 'confab' ) );
		}
		$last = null === $sync['lastSyncedAt'] ? 0 : (int) strtotime( $sync['lastSyncedAt'] );
		if ( $sync['pending'] > 0 && time() - max( $last, Connection::connected_at() ) > self::QUEUE_AGE_S ) {
			return self::found( 'critical', __( 'Changes have been waiting for more than a day to be sent', 'confab' ), trim( __( 'Visitors get answers from old content. Check that the relay is reachable and WP-Cron runs, or run: wp confab sync', 'confab' ) . ' ' . $sync['message'] ) );
		}
		return self::good( __( 'The assistant knows the content of this site', 'confab' ) );
	}

	/** Whether background work happens. */
	private static function cron(): array {
		$is_off = defined( 'DISABLE_WP_CRON' ) && DISABLE_WP_CRON;
		$late   = 0;
		foreach ( (array) _get_cron_array() as $time => $events ) {
			foreach ( array_keys( is_array( $events ) ? $events : array() ) as $hook ) {
				if ( 0 === strpos( (string) $hook, 'confab_' ) ) {
					$late = max( $late, time() - (int) $time );
				}
			}
		}
		if ( $late > HOUR_IN_SECONDS ) {
			return self::found(
				'critical',
				__( 'Background work of Confab is more than an hour late', 'confab' ),
				$is_off
					? __( 'WP-Cron is switched off (DISABLE_WP_CRON), and no cron job of the server seems to call wp-cron.php. Set one up.', 'confab' )
					: __( 'WP-Cron does not run: see core’s own check of scheduled events, and whether this site can call itself.', 'confab' )
			);
		}
		return self::good( $is_off ? __( 'Background work is done by a cron job of the server', 'confab' ) : __( 'Background work is done in time', 'confab' ) );
	}

	/** Whether people still wait for their erasure. */
	private static function erasures(): array {
		$waiting = Privacy::waiting();
		if ( 0 === $waiting ) {
			return self::good( __( 'No erasure is waiting', 'confab' ) );
		}
		/* translators: %d: number of requests. */
		$label = sprintf( _n( '%d erasure is waiting for the relay', '%d erasures are waiting for the relay', $waiting, 'confab' ), $waiting );
		return self::found( 'critical', $label, __( 'They are done by themselves as soon as the relay answers. The law gives you a month: if the relay stays away, ask its operator to erase these data.', 'confab' ) );
	}

	/** Whether the relay answers. */
	private static function relay(): array {
		if ( 'disconnected' === Connection::state() || 'moved' === Connection::state() ) {
			return self::good( __( 'No relay is asked while the site is not connected', 'confab' ) );
		}
		$relay = Status::read()['relay'];
		return '' === $relay['code']
			? self::good( __( 'The relay answers', 'confab' ) )
			: self::found( 'critical', __( 'The relay does not answer as it should', 'confab' ), $relay['message'] );
	}

	/** Whether both clocks agree. */
	private static function clock(): array {
		$ahead = 'connected' === Connection::state() ? Status::read()['relay']['clockAhead'] : null;
		if ( null === $ahead ) {
			return self::good( __( 'The relay’s clock could not be compared', 'confab' ) );
		}
		if ( abs( $ahead ) <= self::CLOCK_S ) {
			return self::good( __( 'The clocks of this server and the relay agree', 'confab' ) );
		}
		return self::found(
			abs( $ahead ) > Signature::WINDOW_S ? 'critical' : 'recommended',
			/* translators: %d: number of seconds. */
			sprintf( __( 'The relay’s clock differs from this server’s by %d seconds', 'confab' ), $ahead ),
			__( 'From five minutes on, this site refuses what the relay tells it. Let both servers set their clocks by NTP.', 'confab' )
		);
	}

	/** Whether the relay reaches this site. */
	private static function verification(): array {
		$verification = 'connected' === Connection::state() ? Status::read()['verification'] : null;
		switch ( $verification ) {
			case 'unreachable':
				return self::found( 'recommended', __( 'The relay cannot reach this site', 'confab' ), __( 'The chat works, but new leads are not announced here. A firewall, a password on the whole site or a private network may be in the way; then check again on the Confab screen.', 'confab' ) );
			case 'failed':
				return self::found( 'recommended', __( 'At the address of this site something else answered the relay', 'confab' ), __( 'Another plugin may forbid the REST API, or a proxy answers in its place. Allow /?rest_route=/confab/v1/, then check again on the Confab screen.', 'confab' ) );
			case 'pending':
				return self::good( __( 'The relay has not checked yet whether it reaches this site', 'confab' ) );
			case 'verified':
				return self::good( __( 'The relay reaches this site', 'confab' ) );
		}
		return self::good( __( 'The relay does not say whether it reaches this site', 'confab' ) );
	}

	/** Whether visitors get the chat of now, or that of an old copy of the page. */
	private static function cache(): array {
		if ( ! Connection::is_connected() ) {
			return self::good( __( 'No chat is shown while the site is not connected', 'confab' ) );
		}
		$response = wp_remote_get(
			Connection::home() . '/',
			array(
				'timeout'             => 10,
				'cookies'             => array(),
				'limit_response_size' => 5 * MB_IN_BYTES,
				'sslverify'           => apply_filters( 'https_local_ssl_verify', false ),
			)
		);
		if ( is_wp_error( $response ) || 200 !== wp_remote_retrieve_response_code( $response ) ) {
			return self::good( __( 'The front page could not be looked at', 'confab' ) );
		}
		$is_found = preg_match( '#<script[^>]*\bid=["\']?confab-settings\b[^>]*>(.*?)</script>#s', wp_remote_retrieve_body( $response ), $match );
		if ( ! $is_found ) {
			return self::good( __( 'The chat is not on the front page', 'confab' ) );
		}
		$shown    = json_decode( $match[1], true );
		$is_fresh = is_array( $shown ) && isset( $shown['siteKey'], $shown['relay'], $shown['version'] )
			&& Connection::site_key() === $shown['siteKey'] && Connection::relay_url() === $shown['relay'] && CONFAB_VERSION === $shown['version'];
		return $is_fresh && Preferences::get()['widget'] && Status::is_ai_allowed()
			? self::good( __( 'Visitors get the chat as it is set', 'confab' ) )
			: self::found( 'recommended', __( 'A page cache serves an old copy of the chat', 'confab' ), __( 'Clear the page cache, also that of your host or CDN.', 'confab' ) );
	}

	/**
	 * One check in core's form.
	 *
	 * @param string $name Which.
	 */
	private static function result( string $name ): array {
		$check = self::check( $name );
		$link  = 'good' === $check['status'] ? '' : sprintf( '<p><a href="%s">%s</a></p>', esc_url( Admin::url() ), esc_html__( 'Open Confab', 'confab' ) );
		return array(
			'label'       => $check['label'],
			'status'      => $check['status'],
			'badge'       => array(
				'label' => 'Confab',
				'color' => 'blue',
			),
			'description' => '' === $check['advice'] ? '' : '<p>' . esc_html( $check['advice'] ) . '</p>',
			'actions'     => $link,
			'test'        => 'confab_' . $name,
		);
	}

	/**
	 * Nothing to do.
	 *
	 * @param string $label What was found.
	 */
	private static function good( string $label ): array {
		return self::found( 'good', $label, '' );
	}

	/**
	 * A finding.
	 *
	 * @param string $status 'good', 'recommended' or 'critical'.
	 * @param string $label  What was found.
	 * @param string $advice What to do.
	 */
	private static function found( string $status, string $label, string $advice ): array {
		return array(
			'status' => $status,
			'label'  => $label,
			'advice' => $advice,
		);
	}
}
