<?php
// What the bed has for WP-CLI, which neither Debian nor npm offers: enough of its interface to run the plugin's own
// commands as a person would, with the checks that WP-CLI makes of a command's documented synopsis.

namespace {
	/** The base class of commands; WP-CLI's own is as empty. */
	abstract class WP_CLI_Command {}

	final class WP_CLI {
		/** @var array<string, array{object|callable, string|null}> by the command's words */
		public static array $commands = array();

		/** @param class-string|object|callable $callable */
		public static function add_command( string $name, $callable, array $args = array() ): bool {
			if ( is_string( $callable ) && class_exists( $callable ) ) {
				$callable = new $callable();
			}
			if ( ! is_object( $callable ) || $callable instanceof \Closure || method_exists( $callable, '__invoke' ) ) {
				self::$commands[ $name ] = array( $callable, null );
				return true;
			}
			foreach ( ( new \ReflectionClass( $callable ) )->getMethods( \ReflectionMethod::IS_PUBLIC ) as $method ) {
				if ( ! $method->isStatic() && ! str_starts_with( $method->getName(), '__' ) ) {
					preg_match( '/@subcommand\s+([\w-]+)/', (string) $method->getDocComment(), $named );
					self::$commands[ $name . ' ' . ( $named[1] ?? rtrim( $method->getName(), '_' ) ) ] = array( $callable, $method->getName() );
				}
			}
			return true;
		}

		public static function line( string $message = '' ): void {
			fwrite( STDOUT, $message . "\n" );
		}

		public static function log( string $message ): void {
			fwrite( STDOUT, $message . "\n" );
		}

		public static function success( string $message ): void {
			fwrite( STDOUT, "Success: $message\n" );
		}

		/** @param string|\WP_Error $message */
		public static function warning( $message ): void {
			fwrite( STDERR, 'Warning: ' . self::error_to_string( $message ) . "\n" );
		}

		/**
		 * @param string|\WP_Error $message
		 * @param bool|int         $exit whether to end, or with which code
		 */
		public static function error( $message, $exit = true ): void {
			fwrite( STDERR, 'Error: ' . self::error_to_string( $message ) . "\n" );
			if ( $exit ) {
				exit( true === $exit ? 1 : $exit );
			}
		}

		public static function debug( string $message, string $group = '' ): void {}

		public static function halt( int $code ): void {
			exit( $code );
		}

		public static function colorize( string $text ): string {
			return preg_replace( '/%[a-zA-Z0-9]/', '', $text );
		}

		public static function confirm( string $question, array $assoc_args = array() ): void {
			if ( \WP_CLI\Utils\get_flag_value( $assoc_args, 'yes' ) ) {
				return;
			}
			fwrite( STDOUT, $question . ' [y/n] ' );
			if ( 'y' !== strtolower( trim( (string) fgets( STDIN ) ) ) ) {
				exit( 0 );
			}
		}

		/** @param string|\WP_Error $error */
		public static function error_to_string( $error ): string {
			return $error instanceof \WP_Error ? $error->get_error_message() : (string) $error;
		}

		public static function add_hook( string $when, callable $callback ): void {}
	}
}

namespace WP_CLI {
	final class Formatter {
		private array $args;

		/** @param array|null $fields */
		public function __construct( array &$assoc_args, $fields = null, $prefix = false ) {
			$this->args = array(
				'format' => $assoc_args['format'] ?? 'table',
				'fields' => $assoc_args['fields'] ?? $fields,
			);
		}

		public function display_items( $items, bool $ascii_pre_colorized = false ): void {
			Utils\format_items( $this->args['format'], $items, $this->args['fields'] );
		}

		public function display_item( $item, bool $ascii_pre_colorized = false ): void {
			$item   = (array) $item;
			$fields = is_string( $this->args['fields'] ) ? explode( ',', $this->args['fields'] ) : ( $this->args['fields'] ?? array_keys( $item ) );
			$chosen = array_intersect_key( $item, array_flip( $fields ) );
			if ( 'json' === $this->args['format'] ) {
				fwrite( STDOUT, json_encode( $chosen ) . "\n" );
				return;
			}
			$rows = array();
			foreach ( $chosen as $field => $value ) {
				$rows[] = array( 'Field' => $field, 'Value' => $value );
			}
			Utils\format_items( $this->args['format'], $rows, array( 'Field', 'Value' ) );
		}
	}
}

namespace WP_CLI\Utils {
	/** @param array|string $fields */
	function format_items( string $format, $items, $fields ): void {
		$fields = is_string( $fields ) ? array_map( 'trim', explode( ',', $fields ) ) : $fields;
		$rows   = array();
		foreach ( $items as $item ) {
			$item = (array) $item;
			foreach ( $fields as $field ) {
				if ( ! array_key_exists( $field, $item ) ) {
					\WP_CLI::error( "Invalid field: $field." );
				}
			}
			$rows[] = array_combine( $fields, array_map( static fn( $field ) => $item[ $field ], $fields ) );
		}
		$text = static fn( $value ) => is_scalar( $value ) || null === $value ? (string) $value : json_encode( $value );
		switch ( $format ) {
			case 'json':
				fwrite( STDOUT, json_encode( $rows ) . "\n" );
				break;
			case 'count':
				fwrite( STDOUT, count( $rows ) . "\n" );
				break;
			case 'ids':
				fwrite( STDOUT, implode( ' ', array_map( static fn( $row ) => $text( reset( $row ) ), $rows ) ) );
				break;
			case 'csv':
				fputcsv( STDOUT, $fields );
				foreach ( $rows as $row ) {
					fputcsv( STDOUT, array_map( $text, $row ) );
				}
				break;
			case 'yaml':
				fwrite( STDOUT, "---\n" );
				foreach ( $rows as $row ) {
					fwrite( STDOUT, "-\n" );
					foreach ( $row as $field => $value ) {
						fwrite( STDOUT, "  $field: " . $text( $value ) . "\n" );
					}
				}
				break;
			case 'table':
				// As WP-CLI has it where its output is no terminal.
				fwrite( STDOUT, implode( "\t", $fields ) . "\n" );
				foreach ( $rows as $row ) {
					fwrite( STDOUT, implode( "\t", array_map( $text, $row ) ) . "\n" );
				}
				break;
			default:
				\WP_CLI::error( "Invalid format: $format" );
		}
	}

	/** @return mixed */
	function get_flag_value( array $assoc_args, string $flag, $default = null ) {
		return $assoc_args[ $flag ] ?? $default;
	}

	/** A progress bar shows nothing where its output is no terminal; so does this one. */
	function make_progress_bar( string $message, int $count ) {
		return new class() {
			public function tick( int $increment = 1, $msg = null ): void {}
			public function finish(): void {}
			public function setTotal( int $total ): void {}
			public function reset( int $total = null, $msg = null, $interval = null ): void {}
			public function display( bool $finish = false ): void {}
		};
	}
}

namespace {
	define( 'WP_CLI', true );
	define( 'WP_CLI_VERSION', '2.12.0' );
	foreach ( $argv as $bed_word ) {
		if ( str_starts_with( $bed_word, '--url=' ) ) {
			putenv( 'BED_URL=' . substr( $bed_word, 6 ) );
		}
	}
	require __DIR__ . '/load.php';

	/** What a docblock says: the description, and each parameter with whether it may be left out and what it takes. */
	function bed_synopsis( string $comment ): array {
		$text       = trim( preg_replace( '#^[ \t]*(/\*\*|\*/|\* ?)#m', '', $comment ) );
		$text       = trim( preg_replace( '#\*/$#', '', $text ) );
		$parameters = array();
		$options    = preg_match( '/^## OPTIONS\s*\n(.*?)(?=^## |^@|\z)/ms', $text, $section ) ? $section[1] : '';
		preg_match_all( '/^(\[?)(<[\w-]+>(?:\.\.\.)?|--(?:\[no-\])?[\w-]+(?:\[=<[\w-]+>\]|=<[\w-]+>)?)\]?\s*\n: (.*?)(?=^\[?(?:<|--[a-z\[])|\z)/ms', $options, $found, PREG_SET_ORDER );
		foreach ( $found as list( , $optional, $token, $rest ) ) {
			$positional = '<' === $token[0];
			preg_match( '/^default: (.*)$/m', $rest, $default );
			preg_match( '/^options:\n((?:\s*- .*\n)+)/m', $rest, $values );
			preg_match_all( '/- (\S+)/', $values[1] ?? '', $allowed );
			$parameters[] = array(
				'name'     => trim( preg_replace( '/\[?=.*|^--(\[no-\])?/', '', $token ), '<>.[]' ),
				'token'    => $token,
				'kind'     => $positional ? 'positional' : ( str_contains( $token, '=' ) ? 'assoc' : 'flag' ),
				'optional' => '[' === $optional,
				'default'  => isset( $default[1] ) ? trim( $default[1], " '\"" ) : null,
				'allowed'  => $allowed[1],
			);
		}
		return array( 'text' => trim( preg_replace( '/^@.*$/m', '', $text ) ), 'parameters' => $parameters );
	}

	function bed_usage( string $name, array $parameters ): string {
		$words = array_map( static fn( $one ) => $one['optional'] ? "[{$one['token']}]" : $one['token'], $parameters );
		return trim( "wp $name " . implode( ' ', $words ) );
	}

	function bed_comment( array $command ): string {
		list( $callable, $method ) = $command;
		if ( $callable instanceof \Closure || is_string( $callable ) ) {
			return (string) ( new \ReflectionFunction( $callable ) )->getDocComment();
		}
		if ( is_array( $callable ) ) {
			return (string) ( new \ReflectionMethod( $callable[0], $callable[1] ) )->getDocComment();
		}
		return (string) ( new \ReflectionMethod( $callable, $method ?? '__invoke' ) )->getDocComment();
	}

	( static function ( array $given ) {
		$words = array();
		$assoc = array();
		foreach ( $given as $word ) {
			if ( preg_match( '/^--([\w-]+)=(.*)$/s', $word, $match ) ) {
				$assoc[ $match[1] ] = $match[2];
			} elseif ( preg_match( '/^--no-([\w-]+)$/', $word, $match ) ) {
				$assoc[ $match[1] ] = false;
			} elseif ( preg_match( '/^--([\w-]+)$/', $word, $match ) ) {
				$assoc[ $match[1] ] = true;
			} else {
				$words[] = $word;
			}
		}
		if ( isset( $assoc['user'] ) ) {
			$user = get_user_by( is_numeric( $assoc['user'] ) ? 'id' : 'login', $assoc['user'] );
			if ( ! $user ) {
				WP_CLI::error( "Invalid user ID, email or login: '{$assoc['user']}'" );
			}
			wp_set_current_user( $user->ID );
		}
		foreach ( array( 'user', 'url', 'path', 'quiet', 'debug', 'skip-plugins', 'color' ) as $global ) {
			unset( $assoc[ $global ] );
		}

		$name = '';
		for ( $length = count( $words ); $length > 0; $length-- ) {
			$candidate = implode( ' ', array_slice( $words, 0, $length ) );
			if ( isset( WP_CLI::$commands[ $candidate ] ) ) {
				$name  = $candidate;
				$words = array_slice( $words, $length );
				break;
			}
		}
		if ( '' === $name ) {
			$prefix = $words ? implode( ' ', $words ) . ' ' : '';
			$below  = array_filter( array_keys( WP_CLI::$commands ), static fn( $one ) => str_starts_with( $one, $prefix ) );
			if ( ! $below ) {
				WP_CLI::error( "'" . implode( ' ', $words ) . "' is not a registered wp command. See 'wp help' for available commands." );
			}
			foreach ( $below as $one ) {
				WP_CLI::line( 'usage: ' . bed_usage( $one, bed_synopsis( bed_comment( WP_CLI::$commands[ $one ] ) )['parameters'] ) );
			}
			return;
		}

		list( 'text' => $text, 'parameters' => $parameters ) = bed_synopsis( bed_comment( WP_CLI::$commands[ $name ] ) );
		if ( isset( $assoc['help'] ) ) {
			WP_CLI::line( "NAME\n\n  wp $name\n\nSYNOPSIS\n\n  " . bed_usage( $name, $parameters ) . "\n\nDESCRIPTION\n\n$text" );
			return;
		}
		$positional = array_values( array_filter( $parameters, static fn( $one ) => 'positional' === $one['kind'] ) );
		$required   = array_filter( $positional, static fn( $one ) => ! $one['optional'] );
		$repeats    = array_filter( $positional, static fn( $one ) => str_ends_with( $one['token'], '...' ) );
		if ( count( $words ) < count( $required ) ) {
			WP_CLI::line( 'usage: ' . bed_usage( $name, $parameters ) );
			exit( 1 );
		}
		if ( ! $repeats && count( $words ) > count( $positional ) ) {
			WP_CLI::error( 'Too many positional arguments: ' . implode( ' ', array_slice( $words, count( $positional ) ) ) );
		}
		$faults = array();
		foreach ( $parameters as $one ) {
			if ( 'positional' === $one['kind'] ) {
				continue;
			}
			$value = $assoc[ $one['name'] ] ?? $one['default'];
			if ( null === $value && ! $one['optional'] ) {
				$faults[] = "missing --{$one['name']} parameter";
			} elseif ( true === $value && 'assoc' === $one['kind'] && ! str_contains( $one['token'], '[=' ) ) {
				$faults[] = "--{$one['name']} parameter needs a value";
			} elseif ( is_string( $value ) && $one['allowed'] && ! in_array( $value, $one['allowed'], true ) ) {
				$faults[] = "Invalid value specified for '{$one['name']}'";
			} elseif ( null !== $value ) {
				$assoc[ $one['name'] ] = $value;
			}
		}
		foreach ( array_diff( array_keys( $assoc ), array_column( $parameters, 'name' ) ) as $unknown ) {
			$faults[] = "unknown --$unknown parameter";
		}
		if ( $faults ) {
			WP_CLI::error( "Parameter errors:\n " . implode( "\n ", $faults ) );
		}
		list( $callable, $method ) = WP_CLI::$commands[ $name ];
		call_user_func( null === $method ? $callable : array( $callable, $method ), $words, $assoc );
	} )( array_slice( $argv, 1 ) );
}
