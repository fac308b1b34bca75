<?php
/**
 * Plugin Name:       Confab
 * Description:       An AI assistant that answers visitors from your own pages and products, keeps nothing without consent, and takes privacy law seriously.
 * Version:           0.0.0
 * Requires at least: 6.8
 * Requires PHP:      7.4
 * Author:            The Confab contributors
 * License:           GPL-2.0-or-later
 * License URI:       https://www.gnu.org/licenses/old-licenses/gpl-2.0.html
 * Text Domain:       confab
 * Domain Path:       /languages
 *
 * @package Confab
 */

defined( 'ABSPATH' ) || exit;

define( 'CONFAB_FILE', __FILE__ );
define( 'CONFAB_DIR', __DIR__ );
define( 'CONFAB_VERSION', '0.0.0' );

require_once __DIR__ . '/includes/autoload.php';

Confab\Plugin::start();
