import type { AccountOfUser, Me } from '@confab/contract';
import { type Client, type LiveEvent, mayAs, queryOf } from '../client.ts';
import { ask } from './api.ts';
import { BILLING, siteAddress } from './routes.ts';

const EVENTS = ['conversation', 'message', 'typing', 'presence', 'lead', 'visitors', 'ended', 'missed'];
const TRY_AGAIN_MS = 3_000;

/** The data of one site of the account. */
export function siteClient({
  account,
  siteId,
  user,
  events,
}: {
  account: AccountOfUser;
  siteId: string;
  user: Me['user'];
  events: Client['events'];
}): Client {
  const base = `/v1/sites/${siteId}`;
  return {
    request: (method, path, options) => ask(method, `${base}${path}`, options),
    download: (path, query) => `${base}${path}${queryOf(query)}`,
    ...(events && { events }),
    may: needs => mayAs(account.role, needs),
    href: (screen, query) => `${siteAddress(siteId, screen)}${queryOf(query)}`,
    billing: BILLING,
    me: { userId: user.id, name: user.name },
    widgetUrl: new URL('/widget/', location.origin).href,
  };
}

/** The data of an account, or of whoever is signed in, for lists that are shown as those of a site are. */
export function clientAt(base: string, role: AccountOfUser['role']): Client {
  return {
    request: (method, path, options) => ask(method, `${base}${path}`, options),
    download: (path, query) => `${base}${path}${queryOf(query)}`,
    may: needs => mayAs(role, needs),
    href: screen => `/console/${screen}`,
    billing: BILLING,
    widgetUrl: new URL('/widget/', location.origin).href,
  };
}

/**
 * What happens at a site. However many listen, one stream is open, as a browser holds only a few to one host. `onEnd` is
 * called when the relay has ended it for good: the session, the role or the membership is another.
 */
export function eventsOf(siteId: string, onEnd: () => void): NonNullable<Client['events']> {
  const hearers = new Set<(event: LiveEvent) => void>();
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tell = (event: LiveEvent) => {
    for (const hear of hearers) hear(event);
  };

  function open() {
    const stream = new EventSource(`/v1/sites/${siteId}/events`);
    source = stream;
    stream.onopen = () => tell({ type: 'connected' });
    for (const type of EVENTS) {
      stream.addEventListener(type, event => tell({ ...JSON.parse(event.data || '{}'), type }));
    }
    stream.addEventListener('signed_out', () => {
      close();
      tell({ type: 'signed_out' });
      onEnd();
    });
    stream.onerror = () => {
      tell({ type: 'lost' });
      // The browser tries again by itself unless it was answered by a refusal, which the session may be the reason for.
      if (stream.readyState !== EventSource.CLOSED) return;
      onEnd();
      timer = setTimeout(() => hearers.size > 0 && open(), TRY_AGAIN_MS);
    };
  }

  function close() {
    clearTimeout(timer);
    source?.close();
    source = undefined;
  }

  return hear => {
    hearers.add(hear);
    if (!source) open();
    return () => {
      hearers.delete(hear);
      if (hearers.size === 0) close();
    };
  };
}
