import { type ConnectRequest, connectRequest } from '@confab/contract';
import { validate } from '../../http/validate.ts';
import { AppError } from '../../lib/app-error.ts';
import type { Keyring } from '../../lib/keyring.ts';

/** What a plugin asks for on its owner's behalf. */
export type Asked = {
  platform: ConnectRequest['platform'];
  /** As `homeUrlOf` writes it. */
  homeUrl: string;
  redirectUri: string;
  state: string;
  codeChallenge: string;
};

/** How long the owner may look at the page before they decide. */
const TICKET_MS = 10 * 60 * 1_000;
/** A ciphertext of anything else must not pass for a ticket. */
const CONTEXT = 'connect-ticket';

type Ticket = { asked: Asked; sessionId: string; until: number };

/** The parameters of the connect page. Throws 400 with the name of the one that is wrong. */
export function askedOf(parameters: unknown): Asked {
  const { platform, site_url, redirect_uri, state, code_challenge } = validate(connectRequest, parameters);
  return { platform, homeUrl: homeUrlOf(site_url), redirectUri: redirect_uri, state, codeChallenge: code_challenge };
}

/** The path of the page that asks for the same again: one of this relay, whatever was asked for. */
export function pathOf({ platform, homeUrl, redirectUri, state, codeChallenge }: Asked): string {
  const parameters = new URLSearchParams({
    platform,
    site_url: homeUrl,
    redirect_uri: redirectUri,
    state,
    code_challenge: codeChallenge,
    code_challenge_method: 'S256',
  });
  return `/connect?${parameters}`;
}

/** The address of a site in one spelling, without the slash at its end. */
export function homeUrlOf(siteUrl: string): string {
  const { origin, pathname } = new URL(siteUrl);
  return `${origin}${pathname.replace(/\/+$/, '')}`;
}

/**
 * Proves to the decision which page it was taken on, and in which session: only this relay can write it, and it ends by
 * itself.
 */
export function ticketFor(asked: Asked, sessionId: string, keyring: Pick<Keyring, 'encrypt'>, now: Date): string {
  const ticket: Ticket = { asked, sessionId, until: now.getTime() + TICKET_MS };
  const { keyId, ciphertext } = keyring.encrypt(JSON.stringify(ticket), CONTEXT);
  return `${keyId}.${Buffer.from(ciphertext).toString('base64url')}`;
}

/** What a ticket was made for. Throws 400 for one that is too old, of another session, or not ours. */
export function askedByTicket(ticket: string, sessionId: string, keyring: Pick<Keyring, 'decrypt'>, now: Date): Asked {
  const opened = read(ticket, keyring);
  if (!opened || opened.until <= now.getTime()) {
    throw new AppError('validation_failed', 'This page was open for too long. Press Connect on your site again.');
  }
  if (opened.sessionId !== sessionId) {
    throw new AppError(
      'validation_failed',
      'Somebody has signed in anew since this page was opened. Press Connect on your site again.',
    );
  }
  return opened.asked;
}

function read(ticket: string, keyring: Pick<Keyring, 'decrypt'>): Ticket | undefined {
  const [keyId = '', sealed = ''] = ticket.split('.');
  try {
    return JSON.parse(
      keyring.decrypt({ keyId, ciphertext: new Uint8Array(Buffer.from(sealed, 'base64url')) }, CONTEXT),
    );
  } catch {
    return undefined;
  }
}
