<?php
/**
 * What other software may ask Confab (WordPress 6.9 and later).
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** Three abilities that read and change nothing, for whoever may manage Confab. No visitor's contact detail is in them. */
final class Abilities {
	/** Adds the hooks; an older WordPress never calls them. */
	public static function register(): void {
		add_action( 'wp_abilities_api_categories_init', array( self::class, 'add_category' ) );
		add_action( 'wp_abilities_api_init', array( self::class, 'add' ) );
	}

	/** Adds the category. */
	public static function add_category(): void {
		wp_register_ability_category(
			'confab',
			array(
				'label'       => 'Confab',
				'description' => __( 'The chat assistant of this site, and what it knows.', 'confab' ),
			)
		);
	}

	/** Adds the abilities. */
	public static function add(): void {
		self::ability(
			'confab/get-status',
			__( 'Get the state of Confab', 'confab' ),
			__( 'Says whether the chat assistant is connected, its relay answers, and the site’s content is in sync.', 'confab' ),
			null,
			array(
				'state'        => array(
					'type' => 'string',
					'enum' => array( 'disconnected', 'connected', 'moved', 'revoked' ),
				),
				'reachable'    => array( 'type' => 'boolean' ),
				'message'      => array( 'type' => 'string' ),
				'verification' => array( 'type' => array( 'string', 'null' ) ),
				'aiAllowed'    => array( 'type' => 'boolean' ),
				'sync'         => array(
					'type'       => 'object',
					'properties' => array(
						'state'        => array( 'type' => 'string' ),
						'total'        => array( 'type' => 'integer' ),
						'done'         => array( 'type' => 'integer' ),
						'failed'       => array( 'type' => 'integer' ),
						'pending'      => array( 'type' => 'integer' ),
						'lastSyncedAt' => array( 'type' => array( 'string', 'null' ) ),
					),
				),
			),
			array( self::class, 'status' )
		);
		self::ability(
			'confab/search-knowledge',
			__( 'Search the assistant’s knowledge', 'confab' ),
			__( 'Finds the passages of this site that the assistant would answer a question from.', 'confab' ),
			array(
				'query'  => array(
					'type'        => 'string',
					'minLength'   => 1,
					'maxLength'   => 1000,
					'description' => __( 'A question, in any words.', 'confab' ),
				),
				'limit'  => array(
					'type'    => 'integer',
					'minimum' => 1,
					'maximum' => 20,
					'default' => 5,
				),
				'locale' => array(
					'type'        => 'string',
					'pattern'     => '^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$',
					'description' => __( 'Language of the question, such as "de".', 'confab' ),
				),
			),
			array(
				'answerable' => array( 'type' => 'boolean' ),
				'items'      => array(
					'type'  => 'array',
					'items' => array(
						'type'       => 'object',
						'properties' => array(
							'url'     => array( 'type' => 'string' ),
							'title'   => array( 'type' => 'string' ),
							'excerpt' => array( 'type' => 'string' ),
							'score'   => array( 'type' => 'number' ),
						),
					),
				),
			),
			array( self::class, 'search' ),
			array( 'query' )
		);
		self::ability(
			'confab/list-conversations',
			__( 'List conversations', 'confab' ),
			__( 'Lists stored conversations, newest first: when and on which page, not what was said and not by whom.', 'confab' ),
			array(
				'cursor' => array(
					'type'        => 'string',
					'maxLength'   => 200,
					'description' => __( 'Where the list goes on, as the page before said.', 'confab' ),
				),
				'limit'  => array(
					'type'    => 'integer',
					'minimum' => 1,
					'maximum' => 100,
					'default' => 20,
				),
			),
			array(
				'items'      => array(
					'type'  => 'array',
					'items' => array(
						'type'       => 'object',
						'properties' => array(
							'id'            => array( 'type' => 'string' ),
							'createdAt'     => array( 'type' => 'string' ),
							'lastMessageAt' => array( 'type' => array( 'string', 'null' ) ),
							'messages'      => array( 'type' => 'integer' ),
							'locale'        => array( 'type' => array( 'string', 'null' ) ),
							'pageUrl'       => array( 'type' => array( 'string', 'null' ) ),
							'restricted'    => array( 'type' => 'boolean' ),
						),
					),
				),
				'nextCursor' => array( 'type' => array( 'string', 'null' ) ),
			),
			array( self::class, 'conversations' )
		);
	}

	/** How things stand. */
	public static function status(): array {
		$status = Status::read();
		return array(
			'state'        => $status['state'],
			'reachable'    => $status['relay']['reachable'],
			'message'      => $status['relay']['message'],
			'verification' => $status['verification'],
			'aiAllowed'    => $status['aiAllowed'],
			'sync'         => array_intersect_key(
				$status['sync'],
				array_flip( array( 'state', 'total', 'done', 'failed', 'pending', 'lastSyncedAt' ) )
			),
		);
	}

	/**
	 * Searches as the assistant does.
	 *
	 * @param mixed $input {query, limit, locale}.
	 * @return array|\WP_Error
	 */
	public static function search( $input ) {
		$input = is_array( $input ) ? $input : array();
		$query = array(
			'q'     => $input['query'],
			'limit' => isset( $input['limit'] ) ? (int) $input['limit'] : 5,
		);
		if ( isset( $input['locale'] ) ) {
			$query['locale'] = $input['locale'];
		}
		$answer = Relay::call( 'GET', '/v1/site/search?' . http_build_query( $query ) );
		if ( ! $answer->is_ok() ) {
			return $answer->to_error();
		}
		return array(
			'answerable' => ! empty( $answer->body['answerable'] ),
			'items'      => self::only( $answer->body, array( 'url', 'title', 'excerpt', 'score' ) ),
		);
	}

	/**
	 * One page of conversations.
	 *
	 * @param mixed $input {cursor, limit}.
	 * @return array|\WP_Error
	 */
	public static function conversations( $input = array() ) {
		$input = is_array( $input ) ? $input : array();
		$query = array( 'limit' => isset( $input['limit'] ) ? (int) $input['limit'] : 20 );
		if ( ! empty( $input['cursor'] ) ) {
			$query['cursor'] = $input['cursor'];
		}
		$answer = Relay::call( 'GET', '/v1/site/conversations?' . http_build_query( $query ) );
		if ( ! $answer->is_ok() ) {
			return $answer->to_error();
		}
		$next = isset( $answer->body['nextCursor'] ) && is_string( $answer->body['nextCursor'] ) ? $answer->body['nextCursor'] : null;
		return array(
			'items'      => self::only( $answer->body, array( 'id', 'createdAt', 'lastMessageAt', 'messages', 'locale', 'pageUrl', 'restricted' ) ),
			'nextCursor' => $next,
		);
	}

	/**
	 * Registers one that reads and changes nothing.
	 *
	 * @param string     $name        With namespace.
	 * @param string     $label       For people.
	 * @param string     $description For people and programs.
	 * @param array|null $input       Properties of the input; null where there is none.
	 * @param array      $output      Properties of the output.
	 * @param callable   $callback    What it does.
	 * @param string[]   $required    Properties that the input must have.
	 */
	private static function ability(
		string $name,
		string $label,
		string $description,
		?array $input,
		array $output,
		callable $callback,
		array $required = array()
	): void {
		$args = array(
			'label'               => $label,
			'description'         => $description,
			'category'            => 'confab',
			'output_schema'       => array(
				'type'       => 'object',
				'properties' => $output,
			),
			'execute_callback'    => $callback,
			'permission_callback' => array( Capabilities::class, 'current_user_may' ),
			'meta'                => array(
				'annotations'  => array(
					'readonly'    => true,
					'destructive' => false,
					'idempotent'  => true,
				),
				// 7.1 seeds it from `public`; 6.9 knows only this.
				'show_in_rest' => true,
				'public'       => true,
			),
		);
		if ( null !== $input ) {
			$args['input_schema'] = array(
				'type'                 => 'object',
				'properties'           => $input,
				'required'             => $required,
				'additionalProperties' => false,
			);
			if ( ! $required ) {
				unset( $args['input_schema']['required'] );
				$args['input_schema']['default'] = array();
			}
		}
		wp_register_ability( $name, $args );
	}

	/**
	 * The items of an answer, with these members alone.
	 *
	 * @param array    $body    Of the relay.
	 * @param string[] $members Which.
	 */
	private static function only( array $body, array $members ): array {
		$items = isset( $body['items'] ) && is_array( $body['items'] ) ? array_filter( $body['items'], 'is_array' ) : array();
		return array_map(
			static function ( array $item ) use ( $members ): array {
				return array_intersect_key( $item, array_flip( $members ) );
			},
			array_values( $items )
		);
	}
}
