<?php
/**
 * Renders the chat block.
 *
 * @package Confab
 */

defined( 'ABSPATH' ) || exit;

// phpcs:ignore WordPress.Security.EscapeOutput.OutputNotEscaped -- made of our own markup and core's attributes.
echo Confab\Block::html();
