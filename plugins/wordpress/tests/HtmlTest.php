<?php

namespace Confab\Tests;

use Confab\Html;
use PHPUnit\Framework\TestCase;

final class HtmlTest extends TestCase {
	public function pages(): array {
		return array(
			'attributes go'                     => array( '<p class="a" onclick="x(1>0)" data-nonce=\'1\'>Nine days</p>', '<p>Nine days</p>' ),
			'scripts and styles go'             => array( 'a<script>var x = "<p>";</script><style>p{}</style><iframe src="x">i</iframe>b', 'ab' ),
			'comments go'                       => array( 'a<!-- wp:paragraph {"x":"-->"} -->b', 'a"} --&gt;b' ),
			'text stays text'                   => array( '1 &lt; 2 &amp;&amp; 3 > 2', '1 &lt; 2 &amp;&amp; 3 &gt; 2' ),
			'an unclosed tag loses nothing'     => array( '<div><p>One<b>two<p>three</i></div', '<div><p>One<b>two<p>three</i>' ),
			'a quote that never ends'           => array( '<p>One</p><a href="x>two', '<p>One</p>' ),
			'a lone angle bracket'              => array( 'a < b', 'a &lt; b' ),
			'a tag with a hostile name'         => array( '<p>a<a"><img/src=x/onerror=y>b', '<p>a<img>b' ),
			'headings and tables stay'          => array( '<h2 id="x">Size</h2><table border=1><tr><td colspan="2">M</td></tr></table>', '<h2>Size</h2><table><tr><td>M</td></tr></table>' ),
			'bytes that are no text'            => array( "caf\xE9 \xF0\x28\x8C\xBC \0nul", 'caf? ?(?? nul' ),
			'escapes cannot bring back a NUL'   => array( 'a&#0;b&#xD800;c', "a\u{FFFD}b\u{FFFD}c" ),
		);
	}

	/** @dataProvider pages */
	public function test_bare( string $html, string $bare ): void {
		$this->assertSame( $bare, Html::bare( $html, 10000 ) );
	}

	public function test_five_scripts_come_through_unharmed(): void {
		$text = 'Ull í peysu · ウールのセーター · سترة من الصوف · סוודר צמר · Свитер из шерсти 🧶';
		$this->assertSame( "<p>$text</p>", Html::bare( "<p lang=\"x\">$text</p>", 10000 ) );
	}

	public function test_counts_as_utf_16_does(): void {
		foreach ( array( 'abc', 'ÄÖ', '日本', '🧶🧶a', '' ) as $text ) {
			$this->assertSame( strlen( mb_convert_encoding( $text, 'UTF-16LE', 'UTF-8' ) ) / 2, Html::units( $text ) );
		}
	}

	public function test_cuts_between_words_and_within_no_character_and_no_entity(): void {
		$this->assertSame( '<p>one two', Html::bare( '<p>one two three</p>', 12 ) );
		$this->assertSame( str_repeat( '🧶', 4 ), Html::bare( str_repeat( '🧶', 9 ), 9 ) );
		for ( $max = 1; $max < 30; $max++ ) {
			$bare = Html::bare( 'aaa&amp;bbb&lt;🧶ccc&gt;ddd', $max );
			$this->assertLessThanOrEqual( $max, Html::units( $bare ) );
			$this->assertSame( 1, preg_match( '//u', $bare ) );
			$this->assertDoesNotMatchRegularExpression( '/&[a-z]*$/', $bare );
		}
	}

	public function test_two_megabytes_of_nearly_anything_are_done_with(): void {
		$words  = str_repeat( 'Wolle ünd 羊毛. ', 250000 );
		$broken = str_repeat( '<div class="x"><p>a<', 120000 );
		foreach ( array( $words, $broken, str_repeat( '&lt;', 600000 ), str_repeat( '羊', 3000000 ) ) as $html ) {
			$this->assertLessThanOrEqual( 2097152, Html::units( Html::bare( $html, 2097152 ) ) );
		}
	}

	public function test_plain_text_has_no_markup_and_one_line(): void {
		$this->assertSame( 'a & b <c> d', Html::plain( "<b>a</b> &amp;\n b &lt;c&gt;&nbsp;<script>x</script> d", 500 ) );
		$this->assertSame( 500, Html::units( Html::plain( str_repeat( 'x', 900 ), 500 ) ) );
	}

	public function test_knows_whether_there_is_a_word(): void {
		$this->assertFalse( Html::has_words( "<p> \n&nbsp;</p><img>" ) );
		$this->assertTrue( Html::has_words( '<p>a</p>' ) );
		$this->assertTrue( Html::has_words( '羊' ) );
	}
}
