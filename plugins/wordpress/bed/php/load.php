<?php
// Loads WordPress for a script of the bed. To be required at the top level: WordPress keeps its globals where wp-load.php
// is required, and overwrites a script's own variables of common names there.

$bed_url                    = parse_url( getenv( 'BED_URL' ) );
$_SERVER['HTTP_HOST']       = $bed_url['host'] . ( isset( $bed_url['port'] ) ? ':' . $bed_url['port'] : '' );
$_SERVER['SERVER_NAME']     = $bed_url['host'];
$_SERVER['SERVER_PORT']     = (string) ( $bed_url['port'] ?? 80 );
$_SERVER['REQUEST_URI']     = ( $bed_url['path'] ?? '' ) ?: '/';
$_SERVER['REQUEST_METHOD']  = 'GET';
$_SERVER['REMOTE_ADDR']     = '127.0.0.1';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
$_SERVER['PHP_SELF']        = '/index.php';

require getenv( 'BED_ROOT' ) . '/wp-load.php';
