<?php
// Runs the PHP on standard input with WordPress loaded.
require __DIR__ . '/load.php';

( static function () {
	eval( stream_get_contents( STDIN ) );
} )();
