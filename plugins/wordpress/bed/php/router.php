<?php
// What mod_rewrite does elsewhere: files as they are, scripts by their name, the rest to index.php, and the wp-admin of
// a network's further sites to the one there is.

/** The script to run, or null where the server itself can send the file. */
function bed_route(): ?string {
	$root = $_SERVER['DOCUMENT_ROOT'];
	$path = rawurldecode( parse_url( $_SERVER['REQUEST_URI'], PHP_URL_PATH ) ?: '/' );
	$asked = $path;
	if ( ! file_exists( $root . $path ) && preg_match( '#^/[\w-]+(/(?:wp-(?:content|admin|includes).*|[\w-]+\.php))$#', $path, $match ) ) {
		$path = $match[1];
	}
	if ( is_dir( $root . $path ) && ! str_ends_with( $path, '/' ) ) {
		header( 'Location: ' . $asked . '/', true, 301 );
		exit;
	}
	if ( is_dir( $root . $path ) ) {
		$path .= 'index.php';
	}
	if ( ! is_file( $root . $path ) ) {
		$path = '/index.php';
	}
	if ( ! str_ends_with( $path, '.php' ) ) {
		return $path === $asked ? null : bed_send( $root . $path );
	}
	$_SERVER['SCRIPT_NAME']     = $path;
	$_SERVER['PHP_SELF']        = $path;
	$_SERVER['SCRIPT_FILENAME'] = $root . $path;
	unset( $_SERVER['PATH_INFO'] );
	chdir( dirname( $root . $path ) );
	return $root . $path;
}

/** A file under an address that is not its own. */
function bed_send( string $file ): void {
	$types = array( 'css' => 'text/css', 'js' => 'text/javascript', 'json' => 'application/json', 'svg' => 'image/svg+xml' );
	header( 'Content-Type: ' . ( $types[ pathinfo( $file, PATHINFO_EXTENSION ) ] ?? mime_content_type( $file ) ) );
	readfile( $file );
	exit;
}

$bed_script = bed_route();
if ( null === $bed_script ) {
	return false;
}
require $bed_script;
