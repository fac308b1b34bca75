<?php
// Runs PHPUnit inside a site of the bed: a script and not PHPUnit's --bootstrap, since WordPress keeps its globals where
// wp-load.php is required. Started by bed/phpunit.ts, which says which site.

namespace Confab {
	/**
	 * The plugin's time() while a test has set the clock; elsewhere PHP's. PHP takes the function of the namespace first.
	 */
	function time(): int {
		return \Confab\Tests\Clock::now();
	}
}

namespace {
	require __DIR__ . '/Clock.php';
	require __DIR__ . '/../bed/php/load.php';
	require_once ABSPATH . 'wp-admin/includes/admin.php';
	require '/usr/share/php/PHPUnit/Autoload.php';
	require __DIR__ . '/Fake_Relay.php';
	require __DIR__ . '/Test_Case.php';

	// Whatever the plugin does about a fault is the tests' business, so a fault must not end in a page for visitors.
	restore_error_handler();
	PHPUnit\TextUI\Command::main();
}
