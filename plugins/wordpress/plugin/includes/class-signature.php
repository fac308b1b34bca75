<?php
/**
 * Signatures of the relay.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** Checks that a request was signed by the relay (Standard Webhooks, Ed25519). */
final class Signature {
	const WINDOW_S = 300;

	/**
	 * Whether a request is the relay's, and of now.
	 *
	 * @param string   $id         Header webhook-id.
	 * @param string   $timestamp  Header webhook-timestamp, Unix seconds.
	 * @param string   $signatures Header webhook-signature: 'v1a,…', several while keys change.
	 * @param string   $body       The body as it came.
	 * @param string[] $keys       Public keys `whpk_…`.
	 * @param int|null $now        Unix seconds; by default the time.
	 * @return true|\WP_Error
	 */
	public static function verify( string $id, string $timestamp, string $signatures, string $body, array $keys, ?int $now = null ) {
		$now = null === $now ? time() : $now;
		if ( ! preg_match( '/^[\x21-\x2d\x2f-\x7e]{1,200}$/', $id ) || ! preg_match( '/^\d{1,12}$/', $timestamp ) || '' === $signatures ) {
			return self::refuse( 'confab_signature_missing', __( 'This address answers the relay only: a signature is missing.', 'confab' ) );
		}
		if ( ! self::is_signed( $id . '.' . $timestamp . '.' . $body, $signatures, $keys ) ) {
			return self::refuse( 'confab_signature_wrong', __( 'This is not signed by the relay that this site is connected to.', 'confab' ) );
		}
		$ahead = (int) $timestamp - $now;
		if ( abs( $ahead ) > self::WINDOW_S ) {
			// It is the relay's all the same: 503 has it come again, where 401 would end the connection's checks.
			return self::refuse(
				'confab_clock',
				sprintf(
					/* translators: %d: number of seconds. */
					__( 'The signature is right, but its time differs from this server’s by %d seconds. Set both clocks, by NTP.', 'confab' ),
					$ahead
				),
				array(
					'status'     => 503,
					'clockAhead' => $ahead,
				)
			);
		}
		return true;
	}

	/**
	 * The 32 bytes of a public key `whpk_…`; '' where it is none.
	 *
	 * @param string $key A key.
	 */
	public static function public_key( string $key ): string {
		if ( 0 !== strpos( $key, 'whpk_' ) ) {
			return '';
		}
		// phpcs:ignore WordPress.PHP.DiscouragedPHPFunctions.obfuscation_base64_decode -- keys travel as base64.
		$bytes = base64_decode( substr( $key, 5 ), true );
		return is_string( $bytes ) && 32 === strlen( $bytes ) ? $bytes : '';
	}

	/**
	 * Whether one of the signatures is by one of the keys.
	 *
	 * @param string   $content    What was signed.
	 * @param string   $signatures Separated by spaces.
	 * @param string[] $keys       Public keys.
	 */
	private static function is_signed( string $content, string $signatures, array $keys ): bool {
		foreach ( array_slice( explode( ' ', $signatures ), 0, 10 ) as $signature ) {
			if ( 0 !== strpos( $signature, 'v1a,' ) ) {
				continue;
			}
			// phpcs:ignore WordPress.PHP.DiscouragedPHPFunctions.obfuscation_base64_decode -- signatures travel as base64.
			$bytes = base64_decode( substr( $signature, 4 ), true );
			if ( ! is_string( $bytes ) || 64 !== strlen( $bytes ) ) {
				continue;
			}
			foreach ( $keys as $key ) {
				$public_key = self::public_key( $key );
				try {
					if ( '' !== $public_key && sodium_crypto_sign_verify_detached( $bytes, $content, $public_key ) ) {
						return true;
					}
				} catch ( \Exception $error ) {
					// A point that is not on the curve is no key of the relay.
					continue;
				}
			}
		}
		return false;
	}

	/**
	 * A refusal.
	 *
	 * @param string $code    Which.
	 * @param string $message Why.
	 * @param array  $data    More for the relay's operator.
	 */
	private static function refuse( string $code, string $message, array $data = array() ): \WP_Error {
		return new \WP_Error( $code, $message, $data + array( 'status' => 401 ) );
	}
}
