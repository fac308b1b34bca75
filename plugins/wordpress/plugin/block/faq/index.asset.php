<?php
/**
 * What the FAQ block's script needs.
 *
 * @package Confab
 */

defined( 'ABSPATH' ) || exit;

return array(
	'dependencies' => array( 'wp-block-editor', 'wp-blocks', 'wp-components', 'wp-element', 'wp-i18n' ),
	'version'      => CONFAB_VERSION,
);
