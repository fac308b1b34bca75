<?php
/**
 * Batches of documents on their way to the relay.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** Looks at posts as they are now and tells the relay. */
final class Push {
	/** The contract's DOCUMENTS_MAX. */
	const DOCUMENTS_MAX = 100;

	/** Bytes of JSON in one call; the relay takes twice as much. */
	const BYTES_MAX = 8388608;

	/** Seconds to wait for a full batch to be indexed. */
	const TIMEOUT_S = 30;

	/**
	 * Tells the relay of these posts, as many as fit into one call and the time. Returns {handled: the posts that are
	 * done with, failure: the relay's answer where it could not take them now}.
	 *
	 * @param int[] $ids       Posts.
	 * @param int[] $to_forget Those among them that must be forgotten even if we do not know that the relay has them.
	 * @param float $until     Time of the clock after which no further post is begun.
	 */
	public static function posts( array $ids, array $to_forget, float $until ): array {
		$handled   = array();
		$documents = array();
		$states    = array();
		$deletes   = array();
		$bytes     = 0;
		_prime_post_caches( $ids, false );
		foreach ( $ids as $id ) {
			if ( $handled && ( microtime( true ) >= $until || ! Lock::keep() ) ) {
				break;
			}
			$post  = get_post( $id );
			$built = array( 'document' => null );
			if ( $post && Content::is_public( $post ) ) {
				$built = Builder::build( $post );
			}
			if ( null !== $built && null === $built['document'] ) {
				if ( in_array( $id, $to_forget, true ) || get_post_meta( $id, Content::SYNCED, true ) ) {
					$deletes[] = Content::external_id( $id );
				}
				Rejected::clear( $id );
			} elseif ( null !== $built ) {
				$size = strlen( (string) wp_json_encode( $built['document'], JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE ) );
				if ( $documents && $bytes + $size > self::BYTES_MAX ) {
					break;
				}
				$bytes        += $size;
				$documents[]   = $built['document'];
				$states[ $id ] = $built['state'];
			}
			$handled[] = $id;
		}
		Builder::rest();
		$failure = $documents || $deletes ? self::send( $documents, $deletes, $states ) : null;
		return array(
			'handled' => $failure ? array() : $handled,
			'failure' => $failure,
		);
	}

	/**
	 * Sends documents, in halves where the relay cannot take the whole, and writes down what became of each. Returns
	 * the relay's answer where it cannot take them now.
	 *
	 * @param array              $documents Documents.
	 * @param string[]           $deletes   External ids.
	 * @param array<int, string> $states    State of each document, by post.
	 */
	private static function send( array $documents, array $deletes, array $states ): ?Relay_Answer {
		$body   = array(
			'upsert' => $documents,
			'delete' => $deletes,
		);
		$answer = Relay::call( 'POST', '/v1/site/documents', $body, array( 'timeout' => self::TIMEOUT_S ) );
		if ( $answer->is_ok() ) {
			$emptied = self::note( $documents, $deletes, $states, $answer );
			return $emptied ? self::send( array(), $emptied, array() ) : null;
		}
		if ( ! in_array( $answer->status, array( 400, 413, 422 ), true ) ) {
			return $answer;
		}
		$count = count( $documents );
		if ( $count > 1 || ( $count > 0 && $deletes ) ) {
			$first   = $deletes ? array() : array_splice( $documents, 0, intdiv( $count, 2 ) );
			$failure = self::send( $first, $deletes, $states );
			return $failure ? $failure : self::send( $documents, array(), $states );
		}
		if ( 0 === $count ) {
			return $answer;
		}
		$id = Content::post_id( $documents[0]['externalId'] );
		Rejected::keep( $id, isset( $states[ $id ] ) ? $states[ $id ] : '', 413 === $answer->status ? 'too_large' : $answer->code, self::details( $answer ) );
		return null;
	}

	/**
	 * Writes down what the relay took and what it refused. Returns the external ids of those that have nothing to read
	 * any more: the relay keeps the earlier version of what it refuses.
	 *
	 * @param array              $documents Documents.
	 * @param string[]           $deletes   External ids.
	 * @param array<int, string> $states    State of each document, by post.
	 * @param Relay_Answer       $answer    What the relay said.
	 */
	private static function note( array $documents, array $deletes, array $states, Relay_Answer $answer ): array {
		$emptied = array();
		$taken   = array();
		$given   = isset( $answer->body['rejected'] ) && is_array( $answer->body['rejected'] ) ? $answer->body['rejected'] : array();
		$refused = array_column( array_filter( $given, 'is_array' ), 'code', 'externalId' );
		foreach ( $documents as $document ) {
			$id = Content::post_id( $document['externalId'] );
			if ( ! isset( $refused[ $document['externalId'] ] ) ) {
				$taken[] = $id;
				update_post_meta( $id, Content::SYNCED, time() );
			} elseif ( 'empty' !== $refused[ $document['externalId'] ] ) {
				Rejected::keep( $id, isset( $states[ $id ] ) ? $states[ $id ] : '', (string) $refused[ $document['externalId'] ] );
			} elseif ( get_post_meta( $id, Content::SYNCED, true ) ) {
				$emptied[] = $document['externalId'];
			}
		}
		Rejected::clear( ...$taken );
		foreach ( $deletes as $external_id ) {
			delete_post_meta( Content::post_id( $external_id ), Content::SYNCED );
		}
		Rows::set( Sync::LAST, (string) time() );
		return $emptied;
	}

	/**
	 * The relay's words about one refused document.
	 *
	 * @param Relay_Answer $answer Its answer.
	 */
	private static function details( Relay_Answer $answer ): string {
		$words = array();
		foreach ( $answer->errors() as $error ) {
			$words[] = $error['path'] . ' ' . $error['message'];
		}
		return $words ? implode( '; ', $words ) : $answer->message;
	}
}
