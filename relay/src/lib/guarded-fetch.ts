import dns from 'node:dns';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { Agent, buildConnector, fetch as undiciFetch } from 'undici';

/** The address is not one of the public internet; the message names the host, nothing else. */
export class PrivateAddressError extends Error {
  override readonly name = 'PrivateAddressError';
}

type Lookup = typeof dns.lookup;

/**
 * `fetch` for addresses that somebody else chose: it connects to the public internet only. The check is made on the
 * address of each connection, redirects included, so that a name cannot answer differently the second time
 * (OWASP, Server-Side Request Forgery Prevention). Rejects with a `TypeError` whose cause is `PrivateAddressError`.
 * A name is asked of `lookup`, and `connect` opens the connection to what passed.
 */
export function createGuardedFetch({
  lookup = dns.lookup,
  connect = guardedLookup => buildConnector({ lookup: guardedLookup }),
}: {
  lookup?: Lookup;
  connect?: (lookup: LookupFunction) => buildConnector.connector;
} = {}): typeof fetch {
  const guardedLookup: LookupFunction = (host, options, callback) => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, [], 0);
      if (addresses.length === 0 || !addresses.every(({ address }) => isPublic(address))) {
        return callback(new PrivateAddressError(host), [], 0);
      }
      if (options.all) return callback(null, addresses);
      const [first] = addresses;
      callback(null, first?.address ?? '', first?.family ?? 0);
    });
  };
  const open = connect(guardedLookup);
  const guard = new Agent({
    connect(options, callback) {
      // A host that is an address already is never looked up.
      const literal = options.hostname.replace(/^\[|\]$/g, '');
      if (ipaddr.isValid(literal) && !isPublic(literal)) {
        callback(new PrivateAddressError(literal), null);
      } else {
        open(options, callback);
      }
    },
  });
  return (input, init) =>
    undiciFetch(input as string, { ...(init as object), dispatcher: guard }) as unknown as Promise<Response>;
}

/** The one that looks names up as the machine does. */
export const guardedFetch = createGuardedFetch();

/** Looks public, and is the host of every machine at Azure, which it tells of itself and its keys. */
const AZURE_HOST = '168.63.129.16';

/** Whether an IP address belongs to the public internet. */
export function isPublic(address: string): boolean {
  const ip = ipaddr.process(address);
  if (ip.range() !== 'unicast' || ip.toString() === AZURE_HOST) return false;
  // ::a.b.c.d, long deprecated, still reaches IPv4 on some systems.
  return !(ip instanceof ipaddr.IPv6 && ip.match(ipaddr.parse('::') as ipaddr.IPv6, 96));
}
