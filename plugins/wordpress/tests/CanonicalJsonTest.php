<?php

namespace Confab\Tests;

use Confab\Canonical_Json;
use PHPUnit\Framework\TestCase;

/** The same vectors as relay/src/lib/canonical-json.test.ts, which are those of RFC 8785. */
final class CanonicalJsonTest extends TestCase {
	public function test_is_one_text_for_the_same_value_whatever_the_order_of_its_members(): void {
		$this->assertSame( '{"a":"x","b":[{"c":2,"d":1}]}', Canonical_Json::encode( array( 'b' => array( array( 'd' => 1, 'c' => 2 ) ), 'a' => 'x' ) ) );
		$this->assertSame( Canonical_Json::encode( array( 'b' => 1, 'a' => 2 ) ), Canonical_Json::encode( (object) array( 'a' => 2, 'b' => 1 ) ) );
	}

	public function test_sorts_by_utf_16_code_units_as_the_example_of_the_rfc(): void {
		$value = array(
			"\u{20ac}"  => 'Euro Sign',
			"\r"        => 'Carriage Return',
			"\u{fb33}"  => 'Hebrew Letter Dalet With Dagesh',
			'1'         => 'One',
			"\u{1f600}" => 'Emoji: Grinning Face',
			"\u{80}"    => 'Control',
			"\u{f6}"    => 'Latin Small Letter O With Diaeresis',
		);
		$this->assertSame(
			array( 'Carriage Return', 'One', 'Control', 'Latin Small Letter O With Diaeresis', 'Euro Sign', 'Emoji: Grinning Face', 'Hebrew Letter Dalet With Dagesh' ),
			array_values( json_decode( Canonical_Json::encode( $value ), true ) )
		);
	}

	public function test_escapes_as_the_rfc_does(): void {
		$this->assertSame( "\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"", Canonical_Json::encode( "\u{20ac}$\u{f}\nA'B\"\\\\\"/" ) );
	}

	public function values(): array {
		return array(
			array( null, 'null' ),
			array( true, 'true' ),
			array( array(), '[]' ),
			array( new \stdClass(), '{}' ),
			array( array( 'a', 'b' ), '["a","b"]' ),
			array( (object) array( '0' => 'a' ), '{"0":"a"}' ),
			array( 7, '7' ),
			array( "</script>\u{2028}\u{7f}<&>", "\"</script>\u{2028}\u{7f}<&>\"" ),
			array( "\x08\x0c\t", '"\b\f\t"' ),
		);
	}

	/** @dataProvider values */
	public function test_writes( $value, string $text ): void {
		$this->assertSame( $text, Canonical_Json::encode( $value ) );
	}

	public function test_refuses_what_the_two_sides_would_write_differently(): void {
		$this->expectException( \InvalidArgumentException::class );
		Canonical_Json::encode( array( 1.5 ) );
	}

	/** The value is that of the relay's own code: sha256(canonicalJson([1, document])). */
	public function test_hashes_a_document_as_the_relay_does(): void {
		$document = array(
			'externalId' => 'post:7',
			'type'       => 'product',
			'url'        => 'https://shop.example/mützen/?a=1&b=2',
			'title'      => 'Mütze "Lóa" 🧶',
			'html'       => "<p>Wool\n&amp; warm\u{2028}</p>",
			'locale'     => 'is-IS',
			'attributes' => (object) array( 'price' => '19.90', 'categories' => 'Caps, Wool' ),
			'updatedAt'  => '2026-11-22T05:00:00Z',
		);
		$this->assertSame( 'ed4523a0e27a11f58cdb65c16bc0b578125da951d4ad082ad042c4d66a28195b', \Confab\Builder::hash( $document, 1 ) );
	}
}
