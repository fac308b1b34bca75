<?php
/**
 * Prints the FAQ block.
 *
 * @package Confab
 */

defined( 'ABSPATH' ) || exit;

echo Confab\Faq_Block::html( (array) $attributes ); // phpcs:ignore WordPress.Security.EscapeOutput -- escaped where it is made.
