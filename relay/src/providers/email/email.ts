import type { DeliveryFault } from '@confab/contract';
import { OwnError } from '../../lib/app-error.ts';

/** One e-mail to one person, whole. */
export type Mail = {
  /** Ours: what makes a second try the same mail. */
  id: string;
  from: string;
  to: string;
  subject: string;
  html: string;
  text: string;
  headers: Record<string, string>;
};

/**
 * Who sends e-mails. May be called again with the same mail at any point, also while the first is on its way: it is sent
 * once. Throws `EmailFault` for whatever goes wrong.
 */
export interface Mailer {
  /** Gives what the provider knows the mail as; nothing where it took the mail before and does not say. */
  send(mail: Mail, signal: AbortSignal): Promise<{ providerId: string | null }>;
}

/** What a provider tells of mails that it sent: nothing more shall go to these addresses. */
export type MailEvent = { reason: 'bounced' | 'complained'; addresses: string[] };

/** Why a mail was not sent. `words` are the provider's own, in one line. */
export class EmailFault extends OwnError {
  override readonly name = 'EmailFault';
  readonly fault: EmailFaultKind;
  readonly words: string | undefined;
  readonly retryAfterS: number | undefined;

  constructor(
    fault: EmailFaultKind,
    { words, retryAfterS }: { words?: string | undefined; retryAfterS?: number | undefined } = {},
  ) {
    super(`the e-mail was not sent: ${fault}`);
    this.fault = fault;
    this.words = words;
    this.retryAfterS = retryAfterS;
  }
}

/**
 * - `unauthorized`, `misconfigured`: the operator has something to put right: the key, or the domain of the sender.
 * - `invalid`: this mail is not taken.
 * - `rate_limited`, `unavailable`, `timed_out`, `garbled`: passing; it is tried again.
 */
export type EmailFaultKind = Extract<
  DeliveryFault,
  'unauthorized' | 'misconfigured' | 'invalid' | 'rate_limited' | 'unavailable' | 'timed_out' | 'garbled'
>;
