<?php

namespace Confab\Tests;

use Confab\Canonical_Json;
use Confab\Connection;
use Confab\Queue;
use Confab\Schedule;
use Confab\Sync;

/** A site that is connected to a relay which keeps what it is given, as the real one does. */
abstract class Sync_Case extends Test_Case {
	/** @var array<string, \stdClass> What the relay holds, by external id. */
	protected array $held = array();

	/** @var array<string, string> External ids that the relay refuses, with the code. */
	protected array $refuses = array();

	protected function setUp(): void {
		parent::setUp();
		foreach ( get_posts( array( 'post_type' => 'any', 'post_status' => 'any', 'numberposts' => -1, 'fields' => 'ids' ) ) as $id ) {
			wp_delete_post( $id, true );
		}
		$this->connect();
		$this->relay_is_up();
		Sync::forget_all_local();
		$this->relay->requests = array();
	}

	protected function connect(): void {
		Connection::keep(
			'https://relay.example',
			array( 'siteId' => '0198a000-0000-7000-8000-000000000001', 'siteKey' => 'site', 'siteSecret' => str_repeat( 's', 40 ) )
		);
	}

	protected function relay_is_up(): void {
		$this->relay->on( 'POST', '/v1/site/documents', fn( array $request ) => $this->take( $request ) );
		$this->relay->on( 'GET', '/v1/site/documents', fn( array $request ) => $this->list( $request ) );
	}

	/** What WordPress does when a request ends. */
	protected function end_request(): void {
		remove_action( 'shutdown', 'wp_ob_end_flush_all', 1 ); // The buffers are PHPUnit's.
		do_action( 'shutdown' );
	}

	/** Saves are debounced, so nothing happens before cron comes round. */
	protected function cron(): array {
		Queue::forget_now();
		return Sync::step( 600 );
	}

	/** @return string[] */
	protected function held_titles(): array {
		$titles = array_map( static fn( $document ) => $document->title, $this->held );
		sort( $titles );
		return $titles;
	}

	/** The calls that carried documents or deletions. */
	protected function pushes(): array {
		return $this->relay->requests_to( 'POST', '/v1/site/documents' );
	}

	protected function id_of( int $post ): string {
		return 'post:' . $post;
	}

	protected function next_run(): ?int {
		$next = wp_next_scheduled( Schedule::RUN );
		return false === $next ? null : $next;
	}

	/** What the relay makes of a push; the strictness is that of the contract. */
	private function take( array $request ): array {
		$body     = json_decode( $request['args']['body'] );
		$rejected = array();
		foreach ( $body->upsert as $document ) {
			$this->assert_contract( $document );
			if ( isset( $this->refuses[ $document->externalId ] ) ) {
				$rejected[] = array( 'externalId' => $document->externalId, 'code' => $this->refuses[ $document->externalId ] );
			} else {
				$this->held[ $document->externalId ] = $document;
			}
		}
		foreach ( $body->delete as $id ) {
			unset( $this->held[ $id ] );
		}
		return array( 202, array( 'accepted' => 1, 'unchanged' => 0, 'rejected' => $rejected ) );
	}

	private function list( array $request ): array {
		$from  = (int) ( $request['query']['cursor'] ?? 0 );
		$limit = (int) $request['query']['limit'];
		$items = array();
		foreach ( array_slice( $this->held, $from, $limit, true ) as $id => $document ) {
			$items[] = array( 'externalId' => $id, 'hash' => hash( 'sha256', Canonical_Json::encode( array( 3, $document ) ) ) );
		}
		$next = $from + $limit < count( $this->held ) ? (string) ( $from + $limit ) : null;
		return array( 200, array( 'indexVersion' => 3, 'items' => $items, 'nextCursor' => $next ) );
	}

	private function assert_contract( \stdClass $document ): void {
		$known = array( 'externalId', 'type', 'url', 'title', 'html', 'locale', 'attributes', 'updatedAt' );
		$this->assertSame( array(), array_diff( array_keys( (array) $document ), $known ) );
		$this->assertContains( $document->type, array( 'page', 'post', 'product', 'faq', 'policy' ) );
		$this->assertMatchesRegularExpression( '#^https?://#', $document->url );
		$this->assertLessThanOrEqual( 500, self::units( $document->title ) );
		$this->assertLessThanOrEqual( 2 * 1024 * 1024, self::units( $document->html ) );
		$this->assertMatchesRegularExpression( '/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/', $document->locale );
		$this->assertMatchesRegularExpression( '/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/', $document->updatedAt );
		$this->assertStringNotContainsString( "\0", $document->html . $document->title );
		if ( isset( $document->attributes ) ) {
			$this->assertInstanceOf( \stdClass::class, $document->attributes );
			foreach ( (array) $document->attributes as $value ) {
				$this->assertIsString( $value );
				$this->assertLessThanOrEqual( 2000, self::units( $value ) );
			}
		}
	}

	protected static function units( string $text ): int {
		return strlen( mb_convert_encoding( $text, 'UTF-16LE', 'UTF-8' ) ) / 2;
	}
}
