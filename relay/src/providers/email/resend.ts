import { EmailFault, type EmailFaultKind, type Mail, type MailEvent, type Mailer } from './email.ts';

/** One call; a provider that is slower has failed. */
const CALL_MS = 15_000;
const WORDS_MAX = 300;

type Options = { apiKey: string; baseUrl: string; timeoutMs?: number };

/** E-mails by Resend, each under an idempotency key: Resend keeps those for a day, and sends the same mail once. */
export function resendMailer({ apiKey, baseUrl, timeoutMs = CALL_MS }: Options): Mailer {
  let opening: Promise<import('resend').Resend> | undefined;
  // A large package, which most starts of the relay have no use for.
  const open = async () => {
    const { Resend } = await import('resend');
    const client = new Resend(apiKey, { baseUrl: baseUrl.replace(/\/$/, '') });
    // It would print what Resend says, addresses included, where RESEND_DEBUG is set.
    return Object.assign(client, { debug: false });
  };

  return {
    async send({ id, from, to, subject, html, text, headers }: Mail, signal) {
      opening ??= open();
      const client = await opening;
      const ends = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      // The SDK hands what it does not know on to fetch.
      const how = { idempotencyKey: id, signal: ends };
      const reply = await client.emails.send({ from, to, subject, html, text, headers }, how);
      if (reply.error) {
        // Under this id it took a mail before; what changed meanwhile in this one is not worth a second.
        if (reply.error.name === 'invalid_idempotent_request') return { providerId: null };
        if (ends.aborted) throw new EmailFault('timed_out');
        throw faultOf(reply.error, reply.headers ?? {});
      }
      // A proxy before Resend may answer 200 with anything.
      const said = reply.data as ({ id?: unknown } & ResendError) | null;
      if (typeof said?.id !== 'string' || said.id === '') throw new EmailFault('garbled', wordsOf(said));
      const { id: providerId } = said;
      return { providerId };
    },
  };
}

type ResendError = { name?: unknown; message?: unknown; statusCode?: unknown };

function faultOf(error: ResendError, headers: Record<string, string>): EmailFault {
  const retryAfterS = Number(headers['retry-after'] ?? headers['ratelimit-reset']);
  return new EmailFault(kindOf(error), {
    ...wordsOf(error),
    ...(retryAfterS >= 0 && { retryAfterS }),
  });
}

function kindOf({ name, statusCode }: ResendError): EmailFaultKind {
  const status = Number(statusCode ?? 0);
  if (status === 401 || /_api_key$/.test(String(name))) return 'unauthorized';
  if (status === 403 || status === 404 || status === 405 || name === 'invalid_from_address') return 'misconfigured';
  if (status === 429) return 'rate_limited';
  // Another try of the same mail is on its way there.
  if (name === 'concurrent_idempotent_requests') return 'unavailable';
  return status >= 400 && status < 500 ? 'invalid' : 'unavailable';
}

function wordsOf(error: ResendError | null): { words?: string } {
  if (typeof error?.message !== 'string') return {};
  return { words: error.message.replace(/\s+/g, ' ').trim().slice(0, WORDS_MAX) };
}

/** The names that Standard Webhooks has for what Resend calls by the name of its predecessor. */
const HEADERS = ['id', 'timestamp', 'signature'] as const;

/**
 * What Resend's webhook says of addresses that nothing shall go to any more; nothing where it tells of something else.
 * `undefined` where it is not signed by this secret, or more than five minutes old.
 */
export async function readResendEvent(
  body: Buffer,
  headers: Record<string, string | string[] | undefined>,
  secret: string,
): Promise<MailEvent[] | undefined> {
  const { Webhook } = await import('standardwebhooks');
  const named = Object.fromEntries(HEADERS.map(name => [`webhook-${name}`, String(headers[`svix-${name}`] ?? '')]));
  let event: unknown;
  try {
    event = new Webhook(secret).verify(body, named);
  } catch {
    return undefined;
  }
  const { type, data } = (event ?? {}) as { type?: unknown; data?: { to?: unknown; bounce?: { type?: unknown } } };
  const to = Array.isArray(data?.to) ? data.to.filter(address => typeof address === 'string') : [];
  if (type === 'email.complained') return [{ reason: 'complained', addresses: to }];
  // A full mailbox, or a server that is away, comes back.
  const isHard = type === 'email.bounced' && data?.bounce?.type === 'Permanent';
  return isHard ? [{ reason: 'bounced', addresses: to }] : [];
}
