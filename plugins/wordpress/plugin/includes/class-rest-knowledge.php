<?php
/**
 * REST routes by which an owner adds to what the assistant knows.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** The owner's own answers, and the questions that had none: kept at the relay, which checks what is sent. */
final class Rest_Knowledge {
	/** Adds the routes. */
	public static function routes(): void {
		$id    = '(?P<id>[0-9a-fA-F-]{36})';
		$text  = array(
			'type'     => 'string',
			'required' => true,
			// The relay has limits of its own, and tells in its words what is wrong.
			'sanitize_callback' => null,
		);
		$entry = array(
			'question'  => $text,
			'answer'    => $text,
			'links'     => array(
				'type'              => 'array',
				'default'           => array(),
				'maxItems'          => 5,
				'items'             => array(
					'type'       => 'object',
					'properties' => array(
						'title' => array( 'type' => 'string' ),
						'url'   => array( 'type' => 'string' ),
					),
				),
				'sanitize_callback' => null,
			),
			'locale'    => array(
				'type'      => array( 'string', 'null' ),
				'maxLength' => 35,
			),
			'messageId' => array(
				'type'    => 'string',
				'pattern' => '^[0-9a-fA-F-]{36}$',
			),
		);
		Rest::route( '/entries', 'POST', array( self::class, 'add' ), $entry );
		Rest::route( "/entries/$id", 'PUT', array( self::class, 'change' ), $entry );
		Rest::route( "/entries/$id", 'DELETE', array( self::class, 'remove' ) );
		Rest::route( "/unanswered/$id", 'POST', array( self::class, 'dismiss' ) );
	}

	/**
	 * Keeps an answer of the owner's.
	 *
	 * @param \WP_REST_Request $request {question, answer, links, locale, messageId}.
	 * @return \WP_REST_Response|\WP_Error
	 */
	public static function add( \WP_REST_Request $request ) {
		return Rest::pass_on( Relay::call( 'POST', '/v1/site/entries', self::entry( $request ) ) );
	}

	/**
	 * Replaces an answer of the owner's.
	 *
	 * @param \WP_REST_Request $request {id, question, answer, links, locale}.
	 * @return \WP_REST_Response|\WP_Error
	 */
	public static function change( \WP_REST_Request $request ) {
		return Rest::pass_on( Relay::call( 'PUT', '/v1/site/entries/' . self::id( $request ), self::entry( $request ) ) );
	}

	/**
	 * Takes an answer of the owner's out of the knowledge.
	 *
	 * @param \WP_REST_Request $request {id}.
	 * @return \WP_REST_Response|\WP_Error
	 */
	public static function remove( \WP_REST_Request $request ) {
		return Rest::pass_on( Relay::call( 'DELETE', '/v1/site/entries/' . self::id( $request ) ) );
	}

	/**
	 * Takes a question from the list of those without an answer.
	 *
	 * @param \WP_REST_Request $request {id}.
	 * @return \WP_REST_Response|\WP_Error
	 */
	public static function dismiss( \WP_REST_Request $request ) {
		return Rest::pass_on( Relay::call( 'POST', '/v1/site/unanswered/' . self::id( $request ) ) );
	}

	/**
	 * What the relay takes for an entry.
	 *
	 * @param \WP_REST_Request $request {question, answer, links, locale, messageId}.
	 */
	private static function entry( \WP_REST_Request $request ): array {
		$entry = array(
			'question' => (string) $request['question'],
			'answer'   => (string) $request['answer'],
			'links'    => array_values( (array) $request['links'] ),
		);
		if ( isset( $request['locale'] ) ) {
			$entry['locale'] = (string) $request['locale'];
		}
		if ( isset( $request['messageId'] ) ) {
			$entry['messageId'] = strtolower( (string) $request['messageId'] );
		}
		return $entry;
	}

	/**
	 * The id in the address.
	 *
	 * @param \WP_REST_Request $request {id}.
	 */
	private static function id( \WP_REST_Request $request ): string {
		return strtolower( (string) $request['id'] );
	}
}
