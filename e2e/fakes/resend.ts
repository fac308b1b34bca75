import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Ajv, type ValidateFunction } from 'ajv';
import { Webhook } from 'standardwebhooks';
import { sharedData } from './shared-data.ts';

/** What Resend may do in place of sending. `applied_then_cut`: it sends, and the line is cut before it says so. */
export type ResendFault =
  | 'unauthorized'
  | 'domain_not_verified'
  | 'invalid'
  | 'rate_limited'
  | 'server_error'
  | 'timeout'
  | 'half_written'
  | 'error_in_200'
  | 'html_in_200'
  | 'applied_then_cut';

export type SentMail = {
  from: string;
  to: string;
  subject: string;
  html: string;
  text: string;
  headers: Record<string, string>;
};

export type FakeResend = Awaited<ReturnType<typeof startFakeResend>>;

export const RESEND_KEY = 're_the_key_of_the_relay';
export const RESEND_WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;

/**
 * A stand-in for Resend: takes a mail only if its body is as the published OpenAPI document has it, and knows a second
 * one by its idempotency key. What it sent is in `sent`, once; every request is in `requests`.
 */
export async function startFakeResend() {
  const validate = bodyValidator();
  const faults: ResendFault[] = [];
  const sent: SentMail[] = [];
  const requests: { key: string; body: SentMail }[] = [];
  const byKey = new Map<string, { id: string; body: string }>();

  const server = createServer(async (request, response) => {
    const raw = await bodyOf(request);
    if (request.method !== 'POST' || request.url !== '/emails') return fail(response, 404, 'not_found', 'Not found');
    const key = String(request.headers['idempotency-key'] ?? '');
    const body = JSON.parse(raw);
    requests.push({ key, body });
    const fault = faults.shift();
    if (fault === 'timeout') return;
    if (fault === 'unauthorized' || request.headers.authorization !== `Bearer ${RESEND_KEY}`) {
      return fail(response, 401, 'invalid_api_key', 'API key is invalid');
    }
    if (fault === 'domain_not_verified') {
      return fail(response, 403, 'validation_error', `The ${body.from.split('@')[1]} domain is not verified.`);
    }
    if (fault === 'rate_limited') {
      response.setHeader('Retry-After', '7');
      return fail(response, 429, 'rate_limit_exceeded', 'Too many requests.');
    }
    if (fault === 'server_error') return fail(response, 500, 'internal_server_error', 'Something went wrong.');
    if (fault === 'error_in_200') return fail(response, 200, 'application_error', 'Something went wrong.');
    if (fault === 'html_in_200') {
      response.end('<html>Sign in to the network</html>');
      return;
    }
    const wrong = fault === 'invalid' ? 'Invalid `to` field.' : wrongIn(body, key);
    if (wrong) return fail(response, 422, 'validation_error', wrong);
    const known = byKey.get(key);
    if (known && known.body !== raw) {
      const words = 'This idempotency key has been used with a different request payload.';
      return fail(response, 409, 'invalid_idempotent_request', words);
    }
    const id = known?.id ?? randomUUID();
    if (!known) {
      byKey.set(key, { id, body: raw });
      sent.push(body);
    }
    if (fault === 'applied_then_cut') {
      request.socket.destroy();
      return;
    }
    const answer = JSON.stringify({ id });
    response.setHeader('Content-Type', 'application/json');
    if (fault === 'half_written') {
      response.setHeader('Content-Length', answer.length);
      response.write(answer.slice(0, 9));
      setImmediate(() => request.socket.destroy());
      return;
    }
    response.end(answer);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  /** As Resend judges beyond its schema. */
  function wrongIn(body: SentMail, key: string): string | undefined {
    if (!validate(body)) return `not as published: ${JSON.stringify(validate.errors)}`;
    if (key === '' || key.length > 256) return 'no idempotency key';
    if (!body.html && !body.text) return 'Missing `html` or `text` field.';
    const lines = [body.from, body.to, body.subject, ...Object.entries(body.headers ?? {}).flat()];
    if (lines.some(line => /[\r\n\0]/.test(line))) return 'The `\\n` is not allowed in a header.';
    if (!/^[^\s@<>,]+@[^\s@<>,]+$/.test(body.to)) return 'Invalid `to` field.';
    return undefined;
  }

  return {
    url: `http://127.0.0.1:${port}`,
    sent,
    requests,
    /** The next calls end like this, in this order. */
    failNext: (...next: ResendFault[]) => void faults.push(...next),
    /** What its webhook would send, signed. */
    event(event: object, { at = new Date(), secret = RESEND_WEBHOOK_SECRET } = {}) {
      const body = JSON.stringify(event);
      const id = `msg_${randomUUID()}`;
      const headers = {
        'Content-Type': 'application/json',
        'svix-id': id,
        'svix-timestamp': String(Math.floor(at.getTime() / 1_000)),
        'svix-signature': new Webhook(secret).sign(id, at, body),
      };
      return { body, headers };
    },
    close(): Promise<void> {
      server.closeAllConnections();
      return new Promise(resolve => void server.close(() => resolve()));
    },
  };
}

/** By the document of Resend, where it lies beside the repository; else by the fields that it must have. */
function bodyValidator(): ValidateFunction {
  const ajv = new Ajv({ strict: false, logger: false });
  const spec = sharedData('fetched/protocol/resend_1.5.0.json.gz');
  if (!spec) return ajv.compile({ type: 'object', required: ['from', 'to', 'subject'] });
  ajv.addSchema({ $id: 'resend', components: spec.components });
  // What the document does not know, Resend would leave out without a word.
  const request = spec.components.schemas.SendEmailRequest;
  return ajv.compile({
    allOf: [{ $ref: 'resend#/components/schemas/SendEmailRequest' }],
    properties: Object.fromEntries(Object.keys(request.properties).map(name => [name, true])),
    additionalProperties: false,
  });
}

function fail(response: ServerResponse, statusCode: number, name: string, message: string): void {
  response.statusCode = statusCode;
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify({ statusCode, name, message }));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
}
