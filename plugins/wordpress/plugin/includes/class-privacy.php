<?php
/**
 * WordPress' privacy tools.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** Exporter and eraser over the relay, and the suggested text for the privacy policy. */
final class Privacy {
	const PENDING = 'confab_pending_erasures';
	const HOOK    = 'confab_finish_erasures';
	const TIMEOUT = 20;

	/** Adds the hooks. */
	public static function register(): void {
		add_filter( 'wp_privacy_personal_data_exporters', array( self::class, 'add_exporter' ) );
		add_filter( 'wp_privacy_personal_data_erasers', array( self::class, 'add_eraser' ) );
		add_action( 'admin_init', array( self::class, 'suggest_policy' ) );
		add_action( 'admin_init', array( self::class, 'schedule' ) );
		add_action( 'confab_connected', array( self::class, 'schedule_soon' ) );
		add_action( self::HOOK, array( self::class, 'finish' ) );
	}

	/**
	 * Adds our exporter.
	 *
	 * @param array $exporters Those there are.
	 */
	public static function add_exporter( $exporters ): array {
		$exporters           = (array) $exporters;
		$exporters['confab'] = array(
			'exporter_friendly_name' => __( 'Confab chats and contact details', 'confab' ),
			'callback'               => array( self::class, 'export' ),
		);
		return $exporters;
	}

	/**
	 * Adds our eraser.
	 *
	 * @param array $erasers Those there are.
	 */
	public static function add_eraser( $erasers ): array {
		$erasers           = (array) $erasers;
		$erasers['confab'] = array(
			'eraser_friendly_name' => __( 'Confab chats and contact details', 'confab' ),
			'callback'             => array( self::class, 'erase' ),
		);
		return $erasers;
	}

	/**
	 * Everything the relay holds of a person. Where it cannot say, the export fails: one without the chats would
	 * pass for complete.
	 *
	 * @param string $email Of the person.
	 * @return array|\WP_Error
	 */
	public static function export( $email ) {
		if ( 'disconnected' === Connection::state() ) {
			return array(
				'data' => array(),
				'done' => true,
			);
		}
		$answer = self::request( 'access', (string) $email );
		if ( ! $answer->is_ok() ) {
			return $answer->to_error();
		}
		$result = isset( $answer->body['result'] ) && is_array( $answer->body['result'] ) ? $answer->body['result'] : array();
		if ( ! isset( $result['data'] ) || ! is_array( $result['data'] ) ) {
			return new \WP_Error( 'confab_relay_garbled', __( 'The relay’s answer holds no export. Update the relay, then try again.', 'confab' ) );
		}
		return array(
			'data' => Privacy_Export::items( $result['data'] ),
			'done' => true,
		);
	}

	/**
	 * Erases what the relay holds of a person. Where the relay cannot be asked now, that is said, remembered, and done
	 * as soon as it answers.
	 *
	 * @param string $email Of the person.
	 */
	public static function erase( $email ): array {
		$email = (string) $email;
		if ( 'disconnected' === Connection::state() ) {
			return self::erased( false, false );
		}
		$answer = self::request( 'erasure', $email );
		if ( $answer->is_ok() ) {
			self::forget( $email );
			return self::counted( $answer->body );
		}
		// A site that moved must be connected once more, and a copy has nobody to erase: waiting alone ends neither.
		if ( ! $answer->is_worth_retrying() || 'site_moved' === $answer->code ) {
			/* translators: %s: what is wrong. */
			return self::erased( false, true, sprintf( __( 'Confab: not erased. %s', 'confab' ), $answer->message ) );
		}
		self::remember( $email );
		/* translators: %s: what is wrong. */
		return self::erased( false, true, sprintf( __( 'Confab: not erased yet. It is done by itself as soon as the relay answers; Site Health says while it waits. %s', 'confab' ), $answer->message ) );
	}

	/** Does the erasures that wait, and plans the next try for those that still cannot be done. */
	public static function finish(): void {
		foreach ( self::pending() as $item ) {
			$answer = self::request( 'erasure', $item['email'] );
			if ( $answer->is_ok() ) {
				self::forget( $item['email'] );
				continue;
			}
			// A refusal stays on the list too: nobody is told twice, and an erasure must not be lost in silence.
			self::remember( $item['email'] );
			if ( $answer->is_worth_retrying() ) {
				break;
			}
		}
	}

	/** How many erasures wait. */
	public static function waiting(): int {
		return count( self::pending() );
	}

	/** Forgets every erasure that waits: the relay erases everything, or this site is gone. */
	public static function forget_all(): void {
		self::keep( array() );
	}

	/** Plans the next try where none is planned: deactivation takes all plans away. */
	public static function schedule(): void {
		if ( self::pending() && ! wp_next_scheduled( self::HOOK ) ) {
			self::keep( self::pending() );
		}
	}

	/** Tries at once, now that the site is connected. */
	public static function schedule_soon(): void {
		if ( self::pending() ) {
			wp_clear_scheduled_hook( self::HOOK );
			wp_schedule_single_event( time(), self::HOOK );
		}
	}

	/** Suggests a text for the privacy policy, from what is really set. */
	public static function suggest_policy(): void {
		if ( function_exists( 'wp_add_privacy_policy_content' ) ) {
			wp_add_privacy_policy_content( 'Confab', wp_kses_post( self::policy() ) );
		}
	}

	/** That text, as HTML. */
	public static function policy(): string {
		$settings   = Settings_Cache::get();
		$host       = (string) wp_parse_url( Connection::relay_url(), PHP_URL_HOST );
		$paragraphs = array();

		$paragraphs[] = '<p class="privacy-policy-tutorial">' . esc_html__( 'Confab made this from your settings. Read it against what you really do, and look at it again when you change retention, the model providers, the CRMs or who runs the relay.', 'confab' ) . '</p>';
		$paragraphs[] = '<h2>' . esc_html__( 'Chat assistant', 'confab' ) . '</h2>';
		$paragraphs[] = self::paragraph( __( 'Our site offers a chat in which a computer program answers questions from the content of this site. Nothing is sent before you open the chat and write.', 'confab' ) );
		$paragraphs[] = '' === $host
			? self::paragraph( __( 'What you write, the address of the page you are on, and the contact details that you choose to leave are sent to the service that runs the chat for us.', 'confab' ) )
			/* translators: %s: host name of the relay. */
			: self::paragraph( sprintf( __( 'What you write, the address of the page you are on, and the contact details that you choose to leave are sent to %s, which runs the chat for us.', 'confab' ), $host ) );

		$providers = self::companies( isset( $settings['providers'] ) ? (array) $settings['providers'] : array() );
		if ( $providers ) {
			$paragraphs[] = self::paragraph(
				/* translators: %s: names of companies. */
				sprintf( __( 'To word the answer, your question and the passages of our site that fit it are passed on to %s.', 'confab' ), wp_sprintf( '%l', $providers ) )
			);
		} elseif ( isset( $settings['mayAsk'], $settings['embeddings'] ) && ! $settings['mayAsk'] && ! $settings['embeddings'] ) {
			$paragraphs[] = self::paragraph( __( 'The answers are passages of our own site; your questions are passed on to no provider of language models.', 'confab' ) );
		} elseif ( ! isset( $settings['mayAsk'] ) || $settings['mayAsk'] ) {
			$paragraphs[] = self::paragraph( __( 'To word the answer, your question and the passages of our site that fit it may be passed on to a provider of language models.', 'confab' ) );
		}
		if ( ! empty( $settings['embeddings'] ) ) {
			$paragraphs[] = self::paragraph( __( 'To find the passages of our site that fit, your question is passed on to OpenAI.', 'confab' ) );
		}
		$crms = self::companies( isset( $settings['crms'] ) ? (array) $settings['crms'] : array() );
		if ( $crms ) {
			$paragraphs[] = self::paragraph(
				empty( $settings['transcript'] )
					/* translators: %s: names of companies. */
					? sprintf( __( 'Contact details that you leave in the chat are passed on to %s, where we keep our contacts.', 'confab' ), wp_sprintf( '%l', $crms ) )
					/* translators: %s: names of companies. */
					: sprintf( __( 'Contact details that you leave in the chat, and what was said in it if it is stored, are passed on to %s, where we keep our contacts.', 'confab' ), wp_sprintf( '%l', $crms ) )
			);
		}
		$paragraphs[] = self::paragraph( __( 'The chat is stored only if you agree. Then one cookie, cf_conversation, recognises your conversation, and you can read, export, restrict or erase it in the menu of the chat. If you decline, you are answered all the same, no cookie is set and nothing of the conversation is kept. Your decision itself is recorded, so that we can prove it.', 'confab' ) );

		$days = isset( $settings['retention'] ) ? (array) $settings['retention'] : array();
		if ( isset( $days['conversationDays'], $days['leadDays'], $days['pageViewDays'], $days['consentDays'] ) ) {
			$paragraphs[] = self::paragraph(
				sprintf(
					/* translators: 1 to 4: numbers of days. */
					__( 'Stored conversations are deleted after %1$d days, contact details after %2$d days, visited pages after %3$d days, and the record of your decision after %4$d days. Backups of them are gone at most 35 days later.', 'confab' ),
					$days['conversationDays'],
					$days['leadDays'],
					$days['pageViewDays'],
					$days['consentDays']
				)
			);
		} else {
			$paragraphs[] = self::paragraph( __( 'Stored conversations, contact details, visited pages and the record of your decision are deleted when their retention period ends.', 'confab' ) );
		}
		$paragraphs[] = self::paragraph( __( 'You may ask us for a copy of these data, or to erase them. If the chat service cannot be reached at that moment, this site keeps the e-mail address of your request until the erasure is done, and no longer.', 'confab' ) );
		return implode( "\n", $paragraphs );
	}

	/**
	 * Sends a request of a person to the relay.
	 *
	 * @param string $type  'access' or 'erasure'.
	 * @param string $email Of the person.
	 */
	private static function request( string $type, string $email ): Relay_Answer {
		return Relay::call(
			'POST',
			'/v1/site/data-requests',
			array(
				'type'    => $type,
				'subject' => array( 'email' => $email ),
			),
			array( 'timeout' => self::TIMEOUT )
		);
	}

	/**
	 * What the relay has erased and what it keeps.
	 *
	 * @param array $body Of its answer.
	 */
	private static function counted( array $body ): array {
		$result   = isset( $body['result'] ) && is_array( $body['result'] ) ? $body['result'] : array();
		$removed  = self::sum( $result, 'counts' );
		$retained = self::sum( $result, 'retained' );
		if ( $retained > 0 ) {
			return self::erased( $removed > 0, true, __( 'Confab: a legal hold keeps some of these data. They are restricted, used for nothing else, and erased when the hold ends.', 'confab' ) );
		}
		if ( ! isset( $body['status'] ) || 'completed' !== $body['status'] ) {
			return self::erased( $removed > 0, true, __( 'Confab: the relay has taken the request and is still at it. Look at the list of data requests on the Confab screen.', 'confab' ) );
		}
		return self::erased( $removed > 0, false );
	}

	/**
	 * Adds up counts.
	 *
	 * @param array  $result Of the relay.
	 * @param string $name   Which counts.
	 */
	private static function sum( array $result, string $name ): int {
		return isset( $result[ $name ] ) && is_array( $result[ $name ] ) ? (int) array_sum( array_filter( $result[ $name ], 'is_int' ) ) : 0;
	}

	/**
	 * An answer as core wants it.
	 *
	 * @param bool   $removed  Whether something was removed.
	 * @param bool   $retained Whether something was kept.
	 * @param string $message  For the person who asked.
	 */
	private static function erased( bool $removed, bool $retained, string $message = '' ): array {
		return array(
			'items_removed'  => $removed,
			'items_retained' => $retained,
			'messages'       => '' === $message ? array() : array( $message ),
			'done'           => true,
		);
	}

	/** What waits: {email, since, tries}. */
	private static function pending(): array {
		$pending = get_option( self::PENDING );
		return array_values(
			array_filter(
				is_array( $pending ) ? $pending : array(),
				static function ( $item ): bool {
					return is_array( $item ) && isset( $item['email'], $item['since'], $item['tries'] ) && is_string( $item['email'] );
				}
			)
		);
	}

	/** The same, read anew: another request may have added one while this one waited for the relay. */
	private static function pending_now(): array {
		wp_cache_delete( self::PENDING, 'options' );
		return self::pending();
	}

	/**
	 * Remembers an erasure, or that it was tried once more.
	 *
	 * @param string $email Of the person.
	 */
	private static function remember( string $email ): void {
		$pending = self::pending_now();
		foreach ( $pending as $index => $item ) {
			if ( self::is_same( $item['email'], $email ) ) {
				++$pending[ $index ]['tries'];
				self::keep( $pending );
				return;
			}
		}
		$pending[] = array(
			'email' => $email,
			'since' => time(),
			'tries' => 0,
		);
		self::keep( $pending );
	}

	/**
	 * Forgets one that is done.
	 *
	 * @param string $email Of the person.
	 */
	private static function forget( string $email ): void {
		$left = array();
		foreach ( self::pending_now() as $item ) {
			if ( ! self::is_same( $item['email'], $email ) ) {
				$left[] = $item;
			}
		}
		self::keep( $left );
	}

	/**
	 * Keeps what waits, never among the options that every page loads, and plans the next try: from five minutes to
	 * six hours from now.
	 *
	 * @param array $pending What waits.
	 */
	private static function keep( array $pending ): void {
		wp_clear_scheduled_hook( self::HOOK );
		if ( ! $pending ) {
			delete_option( self::PENDING );
			return;
		}
		update_option( self::PENDING, $pending, false );
		$tries = min( array_column( $pending, 'tries' ) );
		$delay = min( 6 * HOUR_IN_SECONDS, 5 * MINUTE_IN_SECONDS * ( 2 ** min( 10, $tries ) ) );
		wp_schedule_single_event( time() + $delay, self::HOOK );
	}

	/**
	 * Whether two addresses are one.
	 *
	 * @param string $one     An e-mail address.
	 * @param string $another An e-mail address.
	 */
	private static function is_same( string $one, string $another ): bool {
		return strtolower( trim( $one ) ) === strtolower( trim( $another ) );
	}

	/**
	 * A paragraph.
	 *
	 * @param string $text Plain text.
	 */
	private static function paragraph( string $text ): string {
		return '<p>' . esc_html( $text ) . '</p>';
	}

	/**
	 * The companies behind providers and CRMs.
	 *
	 * @param array $codes Names as in the settings.
	 * @return string[]
	 */
	private static function companies( array $codes ): array {
		$names = array();
		foreach ( array_filter( $codes, 'is_string' ) as $code ) {
			$names[] = self::company( $code );
		}
		return $names;
	}

	/**
	 * Whom data go to, by the name that people know; another one as it is called in the settings.
	 *
	 * @param string $code Name as in the settings.
	 */
	public static function company( string $code ): string {
		$known = array(
			'openai'     => 'OpenAI',
			'anthropic'  => 'Anthropic',
			'bedrock'    => 'AWS Bedrock',
			'hubspot'    => 'HubSpot',
			'salesforce' => 'Salesforce',
			'pipedrive'  => 'Pipedrive',
			'klaviyo'    => 'Klaviyo',
			'zoho'       => 'Zoho CRM',
			'wordpress'  => 'WordPress',
		);
		return isset( $known[ $code ] ) ? $known[ $code ] : $code;
	}
}
