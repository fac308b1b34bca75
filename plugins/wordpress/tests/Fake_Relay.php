<?php

namespace Confab\Tests;

/**
 * Stands in for every host that the site talks to: keeps the requests, and answers as it was told. A request that it was
 * not told about gets no answer, as from a host that is down.
 */
final class Fake_Relay {
	/** @var list<array{method: string, url: string, path: string, query: array, headers: array, body: mixed, args: array}> */
	public array $requests = array();

	/** @var list<array{string, string, callable}> */
	private array $answers = array();

	/**
	 * Says how a path is answered from now on; the last word holds. The path is compared without its query, and may end
	 * in `*`. The answer's body is an array (sent as JSON) or a string (sent as it is); or instead of the status, a
	 * function which gets the request and returns `array( status, body, headers )` or a WP_Error.
	 *
	 * @param int|callable|\WP_Error $status
	 * @param array|string           $body
	 */
	public function on( string $method, string $path, $status, $body = array(), array $headers = array() ): void {
		$answer          = is_int( $status ) ? static fn() => array( $status, $body, $headers ) : $status;
		$this->answers[] = array( $method, $path, is_callable( $answer ) ? $answer : static fn() => $answer );
	}

	/** From now on nobody answers, whatever was said before. */
	public function is_down(): void {
		$this->answers = array();
	}

	/**
	 * The requests to a path, oldest first.
	 *
	 * @return list<array>
	 */
	public function requests_to( string $method, string $path ): array {
		return array_values( array_filter( $this->requests, static fn( $one ) => self::fits( $method, $path, $one ) ) );
	}

	/**
	 * The filter pre_http_request.
	 *
	 * @return array|\WP_Error
	 */
	public function answer( $unused, array $args, string $url ) {
		$parts   = wp_parse_url( $url );
		$body    = is_string( $args['body'] ?? null ) ? $args['body'] : '';
		$request = array(
			'method'  => strtoupper( $args['method'] ?? 'GET' ),
			'url'     => $url,
			'path'    => $parts['path'] ?? '/',
			'query'   => array(),
			'headers' => array_change_key_case( (array) ( $args['headers'] ?? array() ) ),
			'body'    => json_decode( $body, true ) ?? $args['body'] ?? null,
			'args'    => $args,
		);
		parse_str( $parts['query'] ?? '', $request['query'] );
		$this->requests[] = $request;
		foreach ( array_reverse( $this->answers ) as list( $method, $path, $answer ) ) {
			if ( self::fits( $method, $path, $request ) ) {
				$result = $answer( $request );
				return is_array( $result ) ? self::response( ...$result ) : $result;
			}
		}
		return new \WP_Error( 'http_request_failed', 'cURL error 7: Failed to connect to the fake relay' );
	}

	private static function fits( string $method, string $path, array $request ): bool {
		if ( $method !== $request['method'] ) {
			return false;
		}
		return '*' === substr( $path, -1 )
			? 0 === strpos( $request['path'], substr( $path, 0, -1 ) )
			: $path === $request['path'];
	}

	/** @param array|string $body */
	private static function response( int $status, $body = array(), array $headers = array() ): array {
		$json = is_array( $body ) || is_object( $body );
		return array(
			'headers'  => new \WpOrg\Requests\Utility\CaseInsensitiveDictionary(
				$headers + array( 'content-type' => $json ? 'application/json' : 'text/html' )
			),
			'body'     => 204 === $status ? '' : ( $json ? wp_json_encode( $body ) : $body ),
			'response' => array( 'code' => $status, 'message' => get_status_header_desc( $status ) ),
			'cookies'  => array(),
			'filename' => null,
		);
	}
}
