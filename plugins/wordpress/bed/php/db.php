<?php
// The drop-in by which WordPress takes SQLite for its database. The driver lies outside of the site.
define( 'SQLITE_DB_DROPIN_VERSION', '1.8.0' );
define( 'DATABASE_TYPE', 'sqlite' );
define( 'DB_ENGINE', 'sqlite' );
require_once bed_settings()['sqlite'] . '/wp-includes/sqlite/db.php';
