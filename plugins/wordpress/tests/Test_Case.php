<?php

namespace Confab\Tests;

use PHPUnit\Framework\TestCase;

/**
 * A test inside WordPress with the plugin active and not connected. Each one has the site to itself: what it writes to
 * the database, hooks, globals and the clock is undone, and nothing that it does reaches another host.
 */
abstract class Test_Case extends TestCase {
	protected Fake_Relay $relay;
	protected Clock $clock;

	/** @var array<string, mixed> */
	private array $kept = array();

	private const GLOBALS_KEPT = array( 'wp_actions', 'wp_filters', 'wp_current_filter', 'wp_meta_keys', 'wp_registered_settings', 'wp_post_types', 'wp_taxonomies', 'shortcode_tags', 'post', 'wp_query', 'wp_the_query', 'wp_scripts', 'wp_styles', 'current_screen', 'wp_rest_server', 'pagenow', 'wp_settings_errors' );

	protected function setUp(): void {
		global $wpdb;
		parent::setUp();
		$this->kept = array(
			'hooks'   => array_map( static fn( $hook ) => clone $hook, $GLOBALS['wp_filter'] ),
			'globals' => array_intersect_key( $GLOBALS, array_flip( self::GLOBALS_KEPT ) ),
			'input'   => array( $_GET, $_POST, $_REQUEST, $_COOKIE, $_SERVER ),
			'env'     => getenv(),
		);
		$wpdb->query( 'START TRANSACTION' );
		wp_cache_flush();
		wp_set_current_user( 0 );
		$this->relay = new Fake_Relay();
		$this->clock = new Clock();
		add_filter( 'pre_http_request', array( $this->relay, 'answer' ), 10, 3 );
	}

	protected function tearDown(): void {
		global $wpdb;
		$wpdb->query( 'ROLLBACK' );
		wp_cache_flush();
		$this->clock->run();
		$GLOBALS['wp_filter'] = $this->kept['hooks'];
		foreach ( self::GLOBALS_KEPT as $name ) {
			if ( array_key_exists( $name, $this->kept['globals'] ) ) {
				$GLOBALS[ $name ] = $this->kept['globals'][ $name ];
			} else {
				unset( $GLOBALS[ $name ] );
			}
		}
		list( $_GET, $_POST, $_REQUEST, $_COOKIE, $_SERVER ) = $this->kept['input'];
		foreach ( array_diff_key( getenv(), $this->kept['env'] ) as $name => $value ) {
			putenv( $name );
		}
		wp_set_current_user( 0 );
		parent::tearDown();
	}

	/** Logs in a new user of this role, and gives its id. */
	protected function act_as( string $role ): int {
		static $count = 0;
		++$count;
		$id = wp_insert_user(
			array(
				'user_login' => "$role-$count",
				'user_email' => "$role-$count@shop.example",
				'user_pass'  => 'password',
				'role'       => $role,
			)
		);
		wp_set_current_user( $id );
		return $id;
	}

	/** A published post, unless told otherwise; gives its id. Slashes are added, as wp_insert_post() wants it. */
	protected function post( array $fields = array() ): int {
		return wp_insert_post(
			wp_slash(
				$fields + array(
					'post_title'   => 'Shipping',
					'post_content' => 'Parcels to Iceland take nine days.',
					'post_status'  => 'publish',
					'post_type'    => 'post',
				)
			),
			true
		);
	}

	/** Calls a REST route in-process, as whoever is logged in. The path may have a query; the body goes as JSON. */
	protected function rest( string $method, string $path, ?array $body = null ): \WP_REST_Response {
		$parts   = wp_parse_url( $path );
		$request = new \WP_REST_Request( $method, $parts['path'] );
		parse_str( $parts['query'] ?? '', $query );
		$request->set_query_params( $query );
		if ( null !== $body ) {
			$request->set_header( 'Content-Type', 'application/json' );
			$request->set_body( wp_json_encode( $body ) );
		}
		return rest_do_request( $request );
	}

	/** What a function prints. */
	protected function printed( callable $function ): string {
		ob_start();
		try {
			$function();
		} finally {
			$text = ob_get_clean();
		}
		return $text;
	}
}
