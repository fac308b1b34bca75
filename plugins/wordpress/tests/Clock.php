<?php

namespace Confab\Tests;

/** The time as the plugin sees it: what `time()` says in the namespace Confab. */
final class Clock {
	private static ?int $set = null;

	public static function now(): int {
		return self::$set ?? \time();
	}

	/** Stops the clock at this Unix time. */
	public function set( int $time ): void {
		self::$set = $time;
	}

	/** Stops the clock so many seconds later. */
	public function forward( int $seconds ): void {
		self::$set = self::now() + $seconds;
	}

	/** Lets the clock run again. */
	public function run(): void {
		self::$set = null;
	}
}
