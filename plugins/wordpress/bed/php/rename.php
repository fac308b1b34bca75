<?php
// Gives a copy of the template its own address, name and language. Without WordPress, which would go by the old ones.
( static function () {
	list( $from, $to, $name, $locale ) = json_decode( stream_get_contents( STDIN ), true );
	$database = new PDO( 'sqlite:' . getenv( 'BED_ROOT' ) . '/../data/wordpress.sqlite' );
	$database->setAttribute( PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION );
	$set = $database->prepare( 'UPDATE wp_options SET option_value = ? WHERE option_name = ?' );
	foreach ( array( 'home' => $to, 'siteurl' => $to, 'blogname' => $name, 'WPLANG' => $locale ) as $option => $value ) {
		$set->execute( array( $value, $option ) );
	}
	$database->prepare( 'UPDATE wp_posts SET guid = replace(guid, ?, ?), post_content = replace(post_content, ?, ?)' )->execute( array( $from, $to, $from, $to ) );
} )();
