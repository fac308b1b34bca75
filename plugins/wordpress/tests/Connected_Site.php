<?php

namespace Confab\Tests;

use Confab\Connection;

/** A site that is connected to the fake relay, and what a relay that is well answers. */
trait Connected_Site {
	protected string $secret = 'cs_0123456789abcdefghijklmnopqrWXYZ';

	/** Connects the site; nothing is sent. Gives the key pair that the relay signs with. */
	protected function connect( array $with = array() ): string {
		$pair = sodium_crypto_sign_keypair();
		Connection::keep(
			'https://relay.example',
			$with + array(
				'siteId'          => '6f1c7a52-0d7c-4a3e-9d0a-7d5a1f0c1b11',
				'siteKey'         => 'k_shop',
				'siteSecret'      => $this->secret,
				'relayPublicKeys' => array( 'whpk_' . base64_encode( sodium_crypto_sign_publickey( $pair ) ) ),
			)
		);
		return $pair;
	}

	/** What the plugin does on any page of the admin; core looks for updates there, and sends headers. */
	protected function open_admin(): void {
		set_current_screen( 'dashboard' );
		$hook = $GLOBALS['wp_filter']['admin_init'];
		foreach ( $hook->callbacks as $priority => $callbacks ) {
			foreach ( $callbacks as $callback ) {
				$function = $callback['function'];
				if ( ! is_array( $function ) || ! is_string( $function[0] ) || 0 !== strpos( $function[0], 'Confab\\' ) ) {
					remove_action( 'admin_init', $function, $priority );
				}
			}
		}
		do_action( 'admin_init' );
	}

	/** The answer of GET /v1/site. */
	protected function site( array $with = array() ): array {
		return $with + array(
			'siteId'          => '6f1c7a52-0d7c-4a3e-9d0a-7d5a1f0c1b11',
			'siteKey'         => 'k_shop',
			'name'            => 'Shop',
			'verification'    => 'verified',
			'usage'           => array( 'periodStart' => '2026-11-01T00:00:00Z', 'conversations' => 3, 'answers' => 9 ),
			'integrations'    => array( array( 'name' => 'openai', 'state' => 'ready' ) ),
			'relayPublicKeys' => Connection::public_keys(),
		);
	}

	/** Settings as a relay has them for a new site. */
	protected function settings( array $with = array() ): array {
		return $with + array(
			'name'           => '127.0.0.1',
			'locale'         => 'en',
			'allowedOrigins' => array(),
			'appearance'     => array( 'position' => 'bottom-right', 'accent' => '#1f6f54', 'theme' => 'auto' ),
			'texts'          => new \stdClass(),
			'consent'        => array( 'policyUrl' => null, 'notices' => new \stdClass() ),
			'answers'        => array(
				'providers'    => array( 'openai', 'anthropic' ),
				'instructions' => '',
				'openai'       => array( 'apiKey' => array( 'set' => true, 'last4' => 'abcd' ) ),
				'anthropic'    => array( 'apiKey' => array( 'set' => false, 'last4' => null ) ),
			),
			'timezone'       => 'UTC',
			'retention'      => array( 'conversationDays' => 365, 'leadDays' => 200, 'pageViewDays' => 90, 'consentDays' => 1095 ),
			'features'       => array( 'leads' => true, 'callback' => false ),
		);
	}
}
