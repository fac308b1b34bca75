<?php
/**
 * What came of a call to the relay.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** An answer of the relay, or the reason why there is none, in words for the person who manages the site. */
final class Relay_Answer {
	/**
	 * HTTP status; 0 where no answer came.
	 *
	 * @var int
	 */
	public $status = 0;

	/**
	 * The answer's JSON.
	 *
	 * @var array
	 */
	public $body = array();

	/**
	 * '' when all is well; else the relay's problem code, or one of ours such as 'relay_unreachable'.
	 *
	 * @var string
	 */
	public $code = '';

	/**
	 * What is wrong and what to do, translated; '' when all is well.
	 *
	 * @var string
	 */
	public $message = '';

	/**
	 * Seconds to wait before the next try; 0 where the relay did not say.
	 *
	 * @var int
	 */
	public $retry_after = 0;

	/**
	 * The answer's entity tag.
	 *
	 * @var string
	 */
	public $etag = '';

	/**
	 * By how many seconds the relay's clock is ahead of ours; null where it did not say its time.
	 *
	 * @var int|null
	 */
	public $clock_ahead = null;

	/**
	 * The answer as it was sent.
	 *
	 * @var string
	 */
	public $raw = '';

	/** Whether the relay did what was asked. */
	public function is_ok(): bool {
		return '' === $this->code;
	}

	/**
	 * Whether the same call, unchanged, may succeed later. What was to be sent must then be kept: that is so also
	 * while the site is not connected, or the relay refuses its secret.
	 */
	public function is_worth_retrying(): bool {
		if ( $this->is_ok() ) {
			return false;
		}
		$is_our_fault = $this->status >= 400 && $this->status < 500
			&& ! in_array( $this->status, array( 401, 402, 403, 408, 425, 429 ), true );
		return ! $is_our_fault || 'relay_garbled' === $this->code;
	}

	/**
	 * The answer's JSON with its objects as objects: what goes back to the relay or on to the browser must keep the
	 * difference between `{}` and `[]`, which `body` loses.
	 *
	 * @return \stdClass
	 */
	public function document() {
		$document = json_decode( $this->raw );
		return $document instanceof \stdClass ? $document : new \stdClass();
	}

	/** What the relay says is wrong with single fields, as {path, message}. */
	public function errors(): array {
		$errors = array();
		$given  = isset( $this->body['errors'] ) && is_array( $this->body['errors'] ) ? $this->body['errors'] : array();
		foreach ( array_slice( $given, 0, 100 ) as $error ) {
			if ( isset( $error['path'], $error['message'] ) && is_string( $error['path'] ) && is_string( $error['message'] ) ) {
				$errors[] = array(
					'path'    => sanitize_text_field( $error['path'] ),
					'message' => sanitize_text_field( $error['message'] ),
				);
			}
		}
		return $errors;
	}

	/**
	 * The same as WordPress' own kind of error, for REST, CLI and forms.
	 *
	 * @param int $status HTTP status for the browser; by default one that fits.
	 */
	public function to_error( int $status = 0 ): \WP_Error {
		if ( 0 === $status ) {
			// A 401 or 403 of the relay must not look to core's scripts as if the person were logged out.
			$passes = $this->status >= 400 && $this->status < 500 && ! in_array( $this->status, array( 401, 403 ), true );
			$status = $passes ? $this->status : 502;
			if ( in_array( $this->code, array( 'not_connected', 'site_moved', 'revoked' ), true ) ) {
				$status = 409;
			}
		}
		$data = array(
			'status' => $status,
			'errors' => $this->errors(),
		);
		if ( $this->retry_after > 0 ) {
			$data['retryAfter'] = $this->retry_after;
		}
		return new \WP_Error( 'confab_' . $this->code, $this->message, $data );
	}
}
