import type { DeliveryFault } from '@confab/contract';
import { OwnError } from '../../lib/app-error.ts';

/** A lead as a CRM is told of it. */
export type CrmLead = {
  /** Our id of the lead: what makes a second try the same record. */
  key: string;
  kind: 'lead' | 'callback';
  createdAt: Date;
  name: string | null;
  email: string | null;
  /** E.164 */
  phone: string | null;
  message: string | null;
  callbackAt: Date | null;
  /** IANA name of the zone that `callbackAt` was meant in. */
  timezone: string | null;
  pageUrl: string | null;
  /** Agreed to marketing e-mails, by a box of its own. */
  marketing: boolean;
  /** What else the form asked, by the name of the field. */
  fields: Record<string, string>;
  /** What was said, where the site says so. */
  transcript: string | null;
};

/** Which fields go into which property of the CRM: the owner's choice, by the name of the field. */
export type Mapping = Record<string, string>;

/**
 * A site's CRM. Every call may be made again at any point, also while the CRM still works on the one before, and makes no
 * second record. Throws `CrmFault` for whatever goes wrong.
 */
export interface Crm {
  /**
   * Makes the record of this lead, or brings it to this state; gives the CRM's id of it. `known` is that id since an
   * earlier call. Somebody who is in the CRM already keeps what stands there and gets what was missing.
   */
  upsertLead(lead: CrmLead, known: string | null, signal: AbortSignal): Promise<{ recordId: string }>;
  /**
   * Erases what `upsertLead` made for this lead. A record that was there before us stays the owner's: our marks and the
   * lead's words go from it. Where there is nothing (any more) that is fine.
   */
  eraseLead(lead: { key: string; known: string | null }, signal: AbortSignal): Promise<void>;
  /** Calls the CRM in the cheapest way that needs the credentials; for telling an owner whether they work. */
  check(signal: AbortSignal): Promise<void>;
}

/** Why a CRM did not do it. `words` are the CRM's own, in one line. */
export class CrmFault extends OwnError {
  override readonly name = 'CrmFault';
  readonly fault: CrmFaultKind;
  readonly words: string | undefined;
  readonly retryAfterS: number | undefined;

  constructor(fault: CrmFaultKind, { words, retryAfterS }: { words?: string; retryAfterS?: number | undefined } = {}) {
    super(`the CRM did not take it: ${fault}`);
    this.fault = fault;
    this.words = words;
    this.retryAfterS = retryAfterS;
  }
}

/**
 * - `unauthorized`: the credentials are wrong, expired for good or revoked: the owner has to connect anew.
 * - `misconfigured`: something has to be set up in the CRM, such as a property or a permission; the words say what.
 * - `invalid`: the CRM does not take this lead; the words say why.
 * - `rate_limited`, `unavailable`, `timed_out`, `garbled`: passing; it is tried again.
 */
export type CrmFaultKind = Extract<
  DeliveryFault,
  'unauthorized' | 'misconfigured' | 'invalid' | 'rate_limited' | 'unavailable' | 'timed_out' | 'garbled'
>;
