<?php
/**
 * The site's connection to a relay.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/**
 * Knows whether and how this site is connected. A connection is bound to the address the site had when it was made:
 * a copy of the database must never write into the original's account.
 */
final class Connection {
	const OPTION = 'confab_connection';

	/** Adds the hooks. */
	public static function register(): void {
		add_action( 'init', array( self::class, 'bind_preset' ) );
		add_action( 'confab_adopt', array( self::class, 'adopt_preset' ) );
	}

	/**
	 * 'disconnected', 'connected', 'moved' (the site's address is another one than it was) or 'revoked' (the relay
	 * refuses the secret).
	 */
	public static function state(): string {
		if ( '' === self::relay_url() || '' === self::site_key() || '' === self::site_secret() ) {
			return 'disconnected';
		}
		if ( '' !== self::bound_to() && ! self::is_same_home( self::bound_to(), self::home() ) ) {
			return 'moved';
		}
		if ( self::fingerprint( self::site_secret() ) === self::stored_text( 'refused' ) ) {
			return 'revoked';
		}
		return 'connected';
	}

	/** Whether calls go out. */
	public static function is_connected(): bool {
		return 'connected' === self::state();
	}

	/** Address of the relay, without a slash at the end; '' where none is known. */
	public static function relay_url(): string {
		$preset = self::preset( 'CONFAB_RELAY_URL' );
		if ( '' === $preset['value'] ) {
			return self::stored_text( 'relay_url' );
		}
		$address = Relay::address( $preset['value'] );
		return is_wp_error( $address ) ? '' : $address;
	}

	/** The public identifier that stands in pages. */
	public static function site_key(): string {
		$preset = self::preset( 'CONFAB_SITE_KEY' );
		return '' === $preset['value'] ? self::stored_text( 'site_key' ) : $preset['value'];
	}

	/** The relay's id of the site; '' until it is known. */
	public static function site_id(): string {
		return self::stored_text( 'site_id' );
	}

	/** The credential. Never print it. */
	public static function site_secret(): string {
		$preset = self::preset( 'CONFAB_SITE_SECRET' );
		return '' === $preset['value'] ? self::stored_text( 'site_secret' ) : $preset['value'];
	}

	/** Where the secret comes from, and its end, for people to recognise it: {set, last4, from}. */
	public static function masked_secret(): array {
		$preset = self::preset( 'CONFAB_SITE_SECRET' );
		$secret = self::site_secret();
		return array(
			'set'   => '' !== $secret,
			'last4' => strlen( $secret ) >= 16 ? substr( $secret, -4 ) : null,
			'from'  => $preset['from'],
		);
	}

	/** Whether key and secret are set outside of the database, where no screen can change them. */
	public static function is_preset(): bool {
		return 'option' !== self::preset( 'CONFAB_SITE_SECRET' )['from'];
	}

	/** Where the relay's address comes from: 'constant', 'environment' or 'option'. */
	public static function relay_url_from(): string {
		return self::preset( 'CONFAB_RELAY_URL' )['from'];
	}

	/** The relay's public keys as `whpk_…`, the signing one first. */
	public static function public_keys(): array {
		$stored = self::stored();
		$keys   = isset( $stored['public_keys'] ) && is_array( $stored['public_keys'] ) ? $stored['public_keys'] : array();
		return array_values( array_filter( $keys, 'is_string' ) );
	}

	/** The address that the connection is bound to; '' while it is bound to none. */
	public static function bound_to(): string {
		return self::stored_text( 'home_url' );
	}

	/** When the site was connected, in Unix seconds. */
	public static function connected_at(): int {
		$stored = self::stored();
		return isset( $stored['connected_at'] ) && is_int( $stored['connected_at'] ) ? $stored['connected_at'] : 0;
	}

	/**
	 * The site's own address. Read without the filters of `home_url()`, by which plugins for several languages add
	 * the language of the moment.
	 */
	public static function home(): string {
		$home   = untrailingslashit( (string) get_option( 'home' ) );
		$scheme = is_ssl() ? 'https' : (string) wp_parse_url( $home, PHP_URL_SCHEME );
		return set_url_scheme( $home, $scheme );
	}

	/**
	 * Whether two addresses are the same site: http or https and a slash at the end make no difference.
	 *
	 * @param string $one     An address.
	 * @param string $another An address.
	 */
	public static function is_same_home( string $one, string $another ): bool {
		$plain = static function ( string $url ): string {
			$url  = (string) preg_replace( '#^https?://#i', '', untrailingslashit( trim( $url ) ) );
			$host = strcspn( $url, '/' );
			return strtolower( substr( $url, 0, $host ) ) . substr( $url, $host );
		};
		return $plain( $one ) === $plain( $another );
	}

	/**
	 * Whether calls to hosts of one's own network are allowed. On a network of sites only its own administrators may
	 * send the server there.
	 */
	public static function may_call_inside(): bool {
		return 'option' !== self::relay_url_from() || ! empty( self::stored()['trusted'] ) || self::may_choose_inside();
	}

	/** Whether the person at work may choose a relay in the server's own network. */
	public static function may_choose_inside(): bool {
		return ! is_multisite() || ( defined( 'WP_CLI' ) && WP_CLI ) || current_user_can( 'manage_network_options' );
	}

	/**
	 * Keeps a new connection, bound to the site's address of now.
	 *
	 * @param string $relay_url Address of the relay.
	 * @param array  $site      As the relay answers: siteId, siteKey, siteSecret, relayPublicKeys.
	 */
	public static function keep( string $relay_url, array $site ): void {
		self::store(
			array(
				'relay_url'    => $relay_url,
				'site_id'      => (string) $site['siteId'],
				'site_key'     => (string) $site['siteKey'],
				'site_secret'  => self::is_preset() ? '' : (string) $site['siteSecret'],
				'public_keys'  => isset( $site['relayPublicKeys'] ) ? self::usable_keys( $site['relayPublicKeys'] ) : array(),
				'home_url'     => self::home(),
				'connected_at' => time(),
				'refused'      => '',
				'trusted'      => self::may_choose_inside(),
			)
		);
	}

	/**
	 * Takes over what the relay says of the site: its id, and the keys it signs with, which change now and then.
	 *
	 * @param array $site Answer of `GET /v1/site`.
	 */
	public static function learn( array $site ): void {
		$changes = array();
		if ( isset( $site['siteId'] ) && is_string( $site['siteId'] ) ) {
			$changes['site_id'] = $site['siteId'];
		}
		if ( isset( $site['relayPublicKeys'] ) && is_array( $site['relayPublicKeys'] ) ) {
			$changes['public_keys'] = self::usable_keys( $site['relayPublicKeys'] );
		}
		if ( $changes && array_intersect_key( self::stored(), $changes ) !== $changes ) {
			self::amend( $changes );
		}
	}

	/** Forgets the connection here; at the relay it goes on. */
	public static function forget(): void {
		delete_option( self::OPTION );
		Settings_Cache::forget();
		wp_clear_scheduled_hook( 'confab_adopt' );
		/** The site is no longer connected: whatever waited to be sent is obsolete. */
		do_action( 'confab_disconnected' );
	}

	/**
	 * The site moved here, says its owner. The relay learns a new address only where the owner connects once more, so
	 * the secret goes and all else stays. Keys that are set outside of the database are bound to the new address.
	 */
	public static function follow_move(): void {
		$stored = self::stored();
		if ( self::is_preset() ) {
			self::store( array_merge( $stored, array( 'home_url' => self::home() ) ) );
			wp_schedule_single_event( time(), 'confab_adopt' );
			return;
		}
		unset( $stored['site_secret'], $stored['home_url'] );
		self::store( $stored );
	}

	/** The relay refused the secret: nothing is sent with it any more. */
	public static function note_refusal(): void {
		self::amend( array( 'refused' => self::fingerprint( self::site_secret() ) ) );
	}

	/** The relay takes the secret again. */
	public static function note_acceptance(): void {
		self::amend( array( 'refused' => '' ) );
	}

	/** Binds a connection that constants or the environment set, where it is first seen. */
	public static function bind_preset(): void {
		if ( ! self::is_preset() || '' !== self::bound_to() || 'connected' !== self::state() ) {
			return;
		}
		if ( ! is_admin() && ! wp_doing_cron() && ! ( defined( 'WP_CLI' ) && WP_CLI ) ) {
			return;
		}
		$bound = array(
			'home_url'     => self::home(),
			'connected_at' => time(),
		);
		self::store( array_merge( self::stored(), $bound ) );
		if ( ! wp_next_scheduled( 'confab_adopt' ) ) {
			wp_schedule_single_event( time(), 'confab_adopt' );
		}
	}

	/** Sets up a site whose connection came by constants or the environment. */
	public static function adopt_preset(): void {
		if ( ! self::is_preset() ) {
			return;
		}
		$answer = Relay::call( 'GET', '/v1/site' );
		if ( $answer->is_ok() ) {
			self::learn( $answer->body );
			Connect::set_up();
		} elseif ( $answer->is_worth_retrying() && self::is_connected() ) {
			wp_schedule_single_event( time() + max( 5 * MINUTE_IN_SECONDS, $answer->retry_after ), 'confab_adopt' );
		}
	}

	/**
	 * A value of the environment or a constant, and where it is from. On a network the keys are those of the main
	 * site; another site's carry its number, as in CONFAB_SITE_KEY_2.
	 *
	 * @param string $name Such as CONFAB_SITE_KEY.
	 */
	private static function preset( string $name ): array {
		$names = array();
		if ( is_multisite() ) {
			$names[] = $name . '_' . get_current_blog_id();
		}
		if ( 'CONFAB_RELAY_URL' === $name || ! is_multisite() || is_main_site() ) {
			$names[] = $name;
		}
		foreach ( $names as $candidate ) {
			$value = getenv( $candidate );
			if ( is_string( $value ) && '' !== trim( $value ) ) {
				return array(
					'value' => trim( $value ),
					'from'  => 'environment',
				);
			}
			$value = defined( $candidate ) ? constant( $candidate ) : '';
			if ( is_string( $value ) && '' !== trim( $value ) ) {
				return array(
					'value' => trim( $value ),
					'from'  => 'constant',
				);
			}
		}
		return array(
			'value' => '',
			'from'  => 'option',
		);
	}

	/**
	 * Keys that are Ed25519 public keys.
	 *
	 * @param mixed $keys What the relay sent.
	 */
	private static function usable_keys( $keys ): array {
		$usable = array();
		foreach ( is_array( $keys ) ? $keys : array() as $key ) {
			if ( is_string( $key ) && '' !== Signature::public_key( $key ) ) {
				$usable[] = $key;
			}
		}
		return array_slice( $usable, 0, 5 );
	}

	/** What the database holds. */
	private static function stored(): array {
		$stored = get_option( self::OPTION );
		return is_array( $stored ) ? $stored : array();
	}

	/**
	 * One text of it, '' where there is none.
	 *
	 * @param string $name Which.
	 */
	private static function stored_text( string $name ): string {
		$stored = self::stored();
		return isset( $stored[ $name ] ) && is_string( $stored[ $name ] ) ? $stored[ $name ] : '';
	}

	/**
	 * Changes some of it, unless another request has made a new connection since this one looked: a sync that runs for
	 * long must not bring the old one back.
	 *
	 * @param array $changes Some of it.
	 */
	private static function amend( array $changes ): void {
		$seen = self::stored_text( 'site_secret' );
		wp_cache_delete( self::OPTION, 'options' );
		if ( self::stored_text( 'site_secret' ) === $seen ) {
			self::store( array_merge( self::stored(), $changes ) );
		}
	}

	/**
	 * Writes it, never among the options that every page loads.
	 *
	 * @param array $connection All of it.
	 */
	private static function store( array $connection ): void {
		update_option( self::OPTION, $connection, false );
	}

	/**
	 * Tells one secret from another without holding it.
	 *
	 * @param string $secret A secret.
	 */
	private static function fingerprint( string $secret ): string {
		return substr( hash( 'sha256', 'confab refused ' . $secret ), 0, 16 );
	}
}
