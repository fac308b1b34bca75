<?php
/**
 * The one REST route that passes calls on to the relay.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/**
 * What the screens of the console ask of the relay about this site: the secret stays on the server, and what is not listed
 * here is not asked for. The relay checks what is sent, and says in its own words what is wrong with it.
 */
final class Rest_Relay {
	const BODY_MAX = 524288;

	/** A CRM may take its time, twice: the test lead is made and erased. A long list takes some, too. */
	const TIMEOUT_S = 60;

	const ID = '[0-9a-fA-F-]{36}';

	/** Adds the route. */
	public static function routes(): void {
		foreach ( array( 'GET', 'POST', 'PUT', 'DELETE' ) as $method ) {
			Rest::route( '/relay(?P<path>(?:/[A-Za-z0-9_:-]+)*)', $method, array( self::class, 'call' ) );
		}
		add_filter( 'rest_pre_serve_request', array( self::class, 'serve_csv' ), 10, 2 );
	}

	/**
	 * Passes one call on.
	 *
	 * @param \WP_REST_Request $request Whose path, query and body go to the relay.
	 * @return \WP_REST_Response|\WP_Error
	 */
	public static function call( \WP_REST_Request $request ) {
		$path = (string) $request['path'];
		if ( ! self::is_listed( $request->get_method(), $path ) ) {
			return new \WP_Error( 'rest_no_route', __( 'WordPress does not ask the relay for this.', 'confab' ), array( 'status' => 404 ) );
		}
		$raw = (string) $request->get_body();
		if ( strlen( $raw ) > self::BODY_MAX ) {
			return new \WP_Error( 'confab_body_too_large', __( 'This is more than can be sent at once. Make it shorter.', 'confab' ), array( 'status' => 413 ) );
		}
		// Read anew: what core has decoded no longer knows `{}` from `[]`.
		$body = json_decode( $raw );
		if ( '' !== $raw && ! $body instanceof \stdClass ) {
			return new \WP_Error( 'confab_malformed_json', __( 'What is sent must be a JSON object.', 'confab' ), array( 'status' => 400 ) );
		}
		$query  = self::query( $request );
		$is_csv = isset( $query['format'] ) && 'csv' === $query['format'];
		$answer = Relay::call(
			$request->get_method(),
			'/v1/site' . $path . ( $query ? '?' . http_build_query( $query ) : '' ),
			'' === $raw ? null : get_object_vars( $body ),
			array(
				'timeout' => self::TIMEOUT_S,
				'accept'  => $is_csv ? 'text/csv' : 'application/json',
			)
		);
		if ( ! $is_csv || ! $answer->is_ok() ) {
			return Rest::pass_on( $answer );
		}
		$response = new \WP_REST_Response( $answer->raw );
		$response->header( 'Content-Type', 'text/csv; charset=utf-8' );
		$response->header( 'Content-Disposition', 'attachment; filename="' . basename( $path ) . '.csv"' );
		return $response;
	}

	/**
	 * Prints a list as it came from the relay, where core would make a JSON string of it.
	 *
	 * @param bool              $served   Whether somebody has answered already.
	 * @param \WP_HTTP_Response $response What is to be sent.
	 */
	public static function serve_csv( $served, $response ): bool {
		$headers = $response->get_headers();
		if ( $served || ! is_string( $response->get_data() ) || ! isset( $headers['Content-Type'] ) || 0 !== strpos( $headers['Content-Type'], 'text/csv' ) ) {
			return (bool) $served;
		}
		// phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- a file to be saved, and no page.
		echo $response->get_data();
		return true;
	}

	/**
	 * Whether it is one of the calls that are passed on.
	 *
	 * @param string $method HTTP method.
	 * @param string $path   Below /v1/site, with a slash before it, or ''.
	 */
	private static function is_listed( string $method, string $path ): bool {
		$id      = self::ID;
		$lists   = 'conversations|leads|consents|data-requests|purges|documents|entries|unanswered|deliveries|sources|uploads|webhooks|legal-holds';
		$reports = 'retention|search|documents/status|privacy-register|stats|attention|visitors';
		$calls   = array(
			'GET'    => "/($lists|$reports)|/(conversations|sources|webhooks)/$id|/conversations/$id/export|/webhooks/$id/deliveries|",
			'POST'   => "/(entries|sources|webhooks|data-requests|legal-holds|deliveries/retry)|/unanswered/$id|/leads/$id/deliveries/[a-z][A-Za-z0-9:-]{0,99}"
				. "|/crm/[a-z]{1,40}/test|/sources/$id/crawl|/webhooks/$id/(secret|test)|/webhooks/$id/deliveries/msg_[\\w-]{1,100}/replay",
			'PUT'    => "/(entries|webhooks)/$id",
			'DELETE' => "/(conversations|entries|sources|uploads|webhooks|legal-holds)/$id",
		);
		return isset( $calls[ $method ] ) && 1 === preg_match( '#^(' . $calls[ $method ] . ')$#D', $path );
	}

	/**
	 * What of the query is the relay's: core has parameters of its own, which begin with a line below or have one inside.
	 *
	 * @param \WP_REST_Request $request With its query.
	 */
	private static function query( \WP_REST_Request $request ): array {
		return array_filter(
			$request->get_query_params(),
			static function ( $value, $name ): bool {
				return is_string( $value ) && 1 === preg_match( '/^[a-zA-Z]{1,40}$/D', (string) $name );
			},
			ARRAY_FILTER_USE_BOTH
		);
	}
}
