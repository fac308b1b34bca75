import { createServer, type RequestListener, type Server } from 'node:http';

/** How long somebody may take to ask; an answer may take as long as it likes. */
const LIMITS = {
  /** For the head of a request, of 16 KB at the most. */
  headersMs: 15_000,
  /** For all of it: the largest file that may be uploaded, over a line of 2 Mbit/s. */
  requestMs: 120_000,
  /** How often it is looked who takes too long. */
  everyMs: 5_000,
};

/**
 * The relay's server of HTTP/1.1. Whoever sends a request drop by drop, so that it never ends, is hung up on: with 408
 * where they listen. A connection is held for as long as an answer streams, and no longer.
 */
export function createHttpServer(listener: RequestListener, limits: typeof LIMITS = LIMITS): Server {
  return createServer(
    {
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: limits.everyMs,
      maxHeaderSize: 16 * 1024,
      // One head may not mean two things to us and to a proxy before us (RFC 9112, section 11.2).
      insecureHTTPParser: false,
      requireHostHeader: true,
    },
    listener,
  );
}
