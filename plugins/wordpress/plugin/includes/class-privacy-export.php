<?php
/**
 * The relay's export of a person in the shape of core's.
 *
 * @package Confab
 */

namespace Confab;

defined( 'ABSPATH' ) || exit;

/** Turns the relay's document into groups of names and values that people can read. */
final class Privacy_Export {
	/**
	 * The items of core's export.
	 *
	 * @param array $data Of the relay: {pageViews, conversations, leads, emails}.
	 */
	public static function items( array $data ): array {
		$items = array();
		foreach ( self::each( $data, 'conversations' ) as $conversation ) {
			$items[] = self::conversation( $conversation );
		}
		foreach ( self::each( $data, 'leads' ) as $lead ) {
			$items[] = self::lead( $lead );
		}
		foreach ( self::each( $data, 'pageViews' ) as $view ) {
			$items[] = self::item(
				'confab-pageviews',
				__( 'Pages visited during chats', 'confab' ),
				$view,
				array(
					__( 'Page', 'confab' )      => Json::text( $view, 'url' ),
					__( 'Came from', 'confab' ) => Json::text( $view, 'referrer' ),
					__( 'Time', 'confab' )      => Json::text( $view, 'createdAt' ),
				)
			);
		}
		foreach ( self::each( $data, 'emails' ) as $email ) {
			$items[] = self::item(
				'confab-emails',
				__( 'E-mails sent by the chat', 'confab' ),
				$email,
				array(
					__( 'Kind', 'confab' )      => Json::text( $email, 'kind' ),
					__( 'Time', 'confab' )      => Json::text( $email, 'createdAt' ),
					__( 'Sent', 'confab' )      => Json::text( $email, 'sentAt' ),
					__( 'Confirmed', 'confab' ) => Json::text( $email, 'confirmedAt' ),
				)
			);
		}
		return $items;
	}

	/**
	 * A conversation with all that was said.
	 *
	 * @param array $conversation Of the relay.
	 */
	private static function conversation( array $conversation ): array {
		$speakers = array(
			'visitor'   => __( 'Visitor', 'confab' ),
			'assistant' => __( 'Assistant', 'confab' ),
			'agent'     => __( 'Team', 'confab' ),
		);
		$lines    = array();
		foreach ( self::each( $conversation, 'messages' ) as $message ) {
			$role    = Json::text( $message, 'role' );
			$lines[] = sprintf( '%1$s, %2$s: %3$s', isset( $speakers[ $role ] ) ? $speakers[ $role ] : $role, Json::text( $message, 'createdAt' ), Json::text( $message, 'text' ) );
		}
		return self::item(
			'confab-conversations',
			__( 'Chats', 'confab' ),
			$conversation,
			array(
				__( 'Begun', 'confab' )              => Json::text( $conversation, 'createdAt' ),
				__( 'Page', 'confab' )               => Json::text( $conversation, 'pageUrl' ),
				__( 'Came from', 'confab' )          => Json::text( $conversation, 'referrer' ),
				__( 'Language', 'confab' )           => Json::text( $conversation, 'locale' ),
				__( 'Restricted since', 'confab' )   => Json::text( $conversation, 'restrictedAt' ),
				__( 'Decisions on storage', 'confab' ) => self::decisions( $conversation ),
				__( 'Messages', 'confab' )           => implode( "\n", $lines ),
			)
		);
	}

	/**
	 * Contact details that were left.
	 *
	 * @param array $lead Of the relay.
	 */
	private static function lead( array $lead ): array {
		$values = array(
			__( 'Left', 'confab' )             => Json::text( $lead, 'createdAt' ),
			__( 'Kind', 'confab' )             => Json::text( $lead, 'kind' ),
			__( 'Name', 'confab' )             => Json::text( $lead, 'name' ),
			__( 'E-mail', 'confab' )           => Json::text( $lead, 'email' ),
			__( 'Phone', 'confab' )            => Json::text( $lead, 'phone' ),
			__( 'Message', 'confab' )          => Json::text( $lead, 'message' ),
			__( 'Page', 'confab' )             => Json::text( $lead, 'pageUrl' ),
			__( 'Call back at', 'confab' )     => Json::text( $lead, 'callbackAt' ),
			__( 'Time zone', 'confab' )        => Json::text( $lead, 'timezone' ),
			__( 'Agreement to marketing e-mails', 'confab' ) => self::decisions( $lead ),
			__( 'Handed over to', 'confab' )   => self::receivers( $lead ),
			__( 'Restricted since', 'confab' ) => Json::text( $lead, 'restrictedAt' ),
		);
		foreach ( isset( $lead['fields'] ) && is_array( $lead['fields'] ) ? $lead['fields'] : array() as $name => $value ) {
			if ( is_string( $value ) ) {
				$values[ (string) $name ] = $value;
			}
		}
		return self::item( 'confab-leads', __( 'Contact details left in the chat', 'confab' ), $lead, $values );
	}

	/**
	 * What the person decided, a line for each time.
	 *
	 * @param array $source A conversation or a lead of the relay.
	 */
	private static function decisions( array $source ): string {
		$lines = array();
		foreach ( self::each( $source, 'consents' ) as $consent ) {
			$receipt  = isset( $consent['receipt'] ) && is_array( $consent['receipt'] ) ? $consent['receipt'] : array();
			$purposes = isset( $receipt['purposes'] ) && is_array( $receipt['purposes'] ) ? array_filter( $receipt['purposes'], 'is_string' ) : array();
			$lines[]  = sprintf( '%1$s, %2$s: %3$s', Json::text( $receipt, 'recordedAt' ), Json::text( $receipt, 'decision' ), implode( ', ', $purposes ) );
		}
		return implode( "\n", $lines );
	}

	/**
	 * Whom a lead was handed over to, a line for each.
	 *
	 * @param array $lead Of the relay.
	 */
	private static function receivers( array $lead ): string {
		$lines = array();
		foreach ( self::each( $lead, 'deliveries' ) as $delivery ) {
			$at      = Json::text( $delivery, 'deliveredAt' );
			$name    = Privacy::company( Json::text( $delivery, 'target' ) );
			$lines[] = '' === $at ? $name : $name . ', ' . $at;
		}
		return implode( "\n", $lines );
	}

	/**
	 * One item of core's export; what is empty is left out. Values are a visitor's own words, so they are escaped here
	 * already: not everything that reads exports escapes.
	 *
	 * @param string $group  Id of the group.
	 * @param string $label  Of the group.
	 * @param array  $source With the id.
	 * @param array  $values By name.
	 */
	private static function item( string $group, string $label, array $source, array $values ): array {
		$data = array();
		foreach ( $values as $name => $value ) {
			if ( '' !== $value ) {
				$data[] = array(
					'name'  => esc_html( $name ),
					'value' => nl2br( esc_html( $value ) ),
				);
			}
		}
		return array(
			'group_id'    => $group,
			'group_label' => $label,
			'item_id'     => $group . '-' . sanitize_key( Json::text( $source, 'id' ) ),
			'data'        => $data,
		);
	}

	/**
	 * The objects of a list.
	 *
	 * @param array  $source With the list.
	 * @param string $name   Of the list.
	 */
	private static function each( array $source, string $name ): array {
		return isset( $source[ $name ] ) && is_array( $source[ $name ] ) ? array_filter( $source[ $name ], 'is_array' ) : array();
	}
}
