<?php
/**
 * Ending connections at the relay, also when it does not answer.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** Remembers what is still to be revoked, and tries for seven days. */
final class Revocation {
	const OPTION  = 'confab_revoke_later';
	const HOOK    = 'confab_revoke_later';
	const DAYS    = 7;
	const TIMEOUT = 10;

	/** Adds the hooks. */
	public static function register(): void {
		add_action( self::HOOK, array( self::class, 'run' ) );
		add_action( 'admin_init', array( self::class, 'schedule' ) );
	}

	/** Plans the next try where none is planned: deactivation takes all plans away. */
	public static function schedule(): void {
		if ( self::is_waiting() && ! wp_next_scheduled( self::HOOK ) ) {
			self::keep( self::waiting() );
		}
	}

	/**
	 * Remembers a secret that is to be revoked.
	 *
	 * @param string $relay_url Address of the relay.
	 * @param string $secret    The secret.
	 * @param bool   $erase     Whether the relay erases the site's data too.
	 */
	public static function remember( string $relay_url, string $secret, bool $erase ): void {
		$waiting   = self::waiting();
		$waiting[] = array(
			'relay_url' => $relay_url,
			'secret'    => $secret,
			'erase'     => $erase,
			'inside'    => Connection::may_call_inside(),
			'since'     => time(),
			'tries'     => 0,
		);
		self::keep( $waiting );
	}

	/** Whether something waits. */
	public static function is_waiting(): bool {
		return array() !== self::waiting();
	}

	/**
	 * Tries everything that waits, and plans the next try.
	 *
	 * @param int $timeout Seconds for each.
	 */
	public static function run( $timeout = self::TIMEOUT ): void {
		$seconds = $timeout > 0 ? (int) $timeout : self::TIMEOUT;
		foreach ( self::waiting() as $item ) {
			$outcome = self::run_for( $item['relay_url'], $item['secret'], $seconds );
			if ( 'legal_hold' === $outcome['code'] ) {
				// Nobody is here any more to choose: what is held stays at the relay, and the secret ends.
				self::remember( $item['relay_url'], $item['secret'], false );
				self::run_for( $item['relay_url'], $item['secret'], $seconds );
			}
		}
	}

	/**
	 * Tries one.
	 *
	 * @param string $relay_url Address of the relay.
	 * @param string $secret    The secret.
	 * @param int    $timeout   Seconds.
	 * @return array {ok, code: of the relay, message}
	 */
	public static function run_for( string $relay_url, string $secret, int $timeout = self::TIMEOUT ): array {
		foreach ( self::waiting() as $item ) {
			if ( $item['relay_url'] !== $relay_url || $item['secret'] !== $secret ) {
				continue;
			}
			$answer = Relay::send(
				'DELETE',
				$relay_url,
				$secret,
				'/v1/site/connection',
				array( 'erase' => $item['erase'] ),
				array(
					'timeout' => $timeout,
					'inside'  => ! empty( $item['inside'] ),
				)
			);
			$is_over = time() - $item['since'] > self::DAYS * DAY_IN_SECONDS;
			$is_done = $answer->is_ok() || 'unauthorized' === $answer->code || ! $answer->is_worth_retrying() || $is_over;
			self::settle( $item, $is_done );
			$is_elsewhere = ! in_array( Connection::site_secret(), array( '', $secret ), true );
			if ( $answer->is_ok() && $item['erase'] && ! $is_elsewhere ) {
				Privacy::forget_all();
			}
			return array( 'code' => $answer->code ) + self::outcome( $answer, $item['erase'] );
		}
		return array(
			'ok'      => true,
			'code'    => '',
			'message' => '',
		);
	}

	/**
	 * Notes how a try ended. Read anew: another request may have added something while this one waited for the relay.
	 *
	 * @param array $tried   What was tried.
	 * @param bool  $is_done Whether nothing is left to do.
	 */
	private static function settle( array $tried, bool $is_done ): void {
		wp_cache_delete( self::OPTION, 'options' );
		$left = array();
		foreach ( self::waiting() as $item ) {
			$is_tried = $item['relay_url'] === $tried['relay_url'] && $item['secret'] === $tried['secret'];
			if ( $is_tried && $is_done ) {
				continue;
			}
			$item['tries'] += $is_tried ? 1 : 0;
			$left[]         = $item;
		}
		self::keep( $left );
	}

	/**
	 * What came of it, in words.
	 *
	 * @param Relay_Answer $answer Of the relay.
	 * @param bool         $erase  Whether erasure was asked for.
	 * @return array {ok, message}
	 */
	private static function outcome( Relay_Answer $answer, bool $erase ): array {
		$ok = true;
		if ( $answer->is_ok() ) {
			$message = $erase
				? __( 'The site is disconnected, and the relay erases what it holds of it.', 'confab' )
				: __( 'The site is disconnected. The relay keeps its data by the retention periods that you set.', 'confab' );
		} elseif ( 'unauthorized' === $answer->code ) {
			$ok      = ! $erase;
			$message = $erase
				? __( 'The site is disconnected. The relay had already ended the connection, so it could not be told to erase the data: ask its operator to.', 'confab' )
				: __( 'The site is disconnected. The relay had already ended the connection.', 'confab' );
		} elseif ( $answer->is_worth_retrying() ) {
			$ok = false;
			/* translators: %s: what is wrong. */
			$message = sprintf( __( 'The site is disconnected here. The relay could not be told yet; this site goes on trying for seven days. %s', 'confab' ), $answer->message );
		} else {
			$ok = false;
			/* translators: %s: what is wrong. */
			$message = sprintf( __( 'The site is disconnected here, but the relay refused to end the connection: end it there. %s', 'confab' ), $answer->message );
		}
		return array(
			'ok'      => $ok,
			'message' => $message,
		);
	}

	/** What waits. */
	private static function waiting(): array {
		$waiting = get_option( self::OPTION );
		return array_values(
			array_filter(
				is_array( $waiting ) ? $waiting : array(),
				static function ( $item ): bool {
					return is_array( $item ) && isset( $item['relay_url'], $item['secret'], $item['erase'], $item['since'], $item['tries'] );
				}
			)
		);
	}

	/**
	 * Keeps what waits and plans the next try, twice as late as the one before, at most half a day.
	 *
	 * @param array $waiting What waits.
	 */
	private static function keep( array $waiting ): void {
		wp_clear_scheduled_hook( self::HOOK );
		if ( ! $waiting ) {
			delete_option( self::OPTION );
			return;
		}
		update_option( self::OPTION, $waiting, false );
		$tries = min( array_column( $waiting, 'tries' ) );
		$delay = min( 12 * HOUR_IN_SECONDS, 5 * MINUTE_IN_SECONDS * ( 2 ** min( 10, $tries ) ) );
		wp_schedule_single_event( time() + $delay, self::HOOK );
	}
}
