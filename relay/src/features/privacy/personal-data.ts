import type { Tx } from '../../db/database.ts';
import type { Site } from '../sites/index.ts';

/** What a data request knows a person by, in normal form; see `identifiers.ts`. */
export type Identifiers = {
  email?: string;
  /** E.164 */
  phone?: string;
  /** The platform's own id of a customer. */
  externalId?: string;
  /** Our id of a conversation, or its handle. */
  conversationId?: string;
};

/** A person, as far as we know them: the identifiers, and every conversation that these led to. */
export type Subject = Identifiers & {
  conversationIds: string[];
  /** Those of the conversations that a legal hold keeps: nothing of them may be erased or changed. */
  heldConversationIds: string[];
};

/** Where the identifiers stand. */
export type Found = {
  conversationIds: string[];
  /** The contact details of each record that was found, in normal form: evidence whether all belong to one person. */
  contacts: { emails: string[]; phones: string[] }[];
};

/** Contact details as they shall be; `null` takes one away. */
export type Changes = { name?: string | null; email?: string | null; phone?: string | null };

/** How many rows of each kind, such as `{ conversations: 1, messages: 12 }`; every kind of the owner is named. */
export type Counts = Record<string, number>;

/** One table in words a data-protection officer reads; `docs/data-map.md` is made of these. */
export type DataMapEntry = { data: string; purpose: string; origin: string; recipients: string; kept: string };

/**
 * What every feature that keeps personal data offers. Access, portability, rectification, restriction, erasure and
 * retention are loops over the list of these. All work happens in the transaction that is given, within one site, and
 * may be done twice without harm.
 */
export interface PersonalData {
  /** The class of data, as exports, receipts and certificates name it. */
  readonly name: string;
  /** Every table of the feature that holds personal data, under its name in `schema.prisma`. */
  readonly tables: Readonly<Record<string, DataMapEntry>>;
  /** Where these identifiers stand. */
  find(tx: Tx, site: Site, identifiers: Identifiers): Promise<Found>;
  /** Everything that is held about the person, as plain JSON. Absent where nothing can be told to be somebody's. */
  export?(tx: Tx, site: Site, subject: Subject): Promise<object[]>;
  /** Deletes what is held about the person, save what a legal hold keeps. */
  erase(tx: Tx, site: Site, subject: Subject): Promise<Counts>;
  /** Puts the new contact details in the place of those that the subject is known by. */
  rectify(tx: Tx, site: Site, subject: Subject, changes: Changes): Promise<Counts>;
  /** Keeps the data and stops every use of it, or allows it again (`at` is `null`). */
  restrict(tx: Tx, site: Site, subject: Subject, at: Date | null): Promise<Counts>;
  /** How long the site keeps this class, in days. */
  windowDays(settings: Site['settings']): number;
  /** How many rows of each kind are older than the cut-off and not held. */
  countBefore(tx: Tx, siteId: string, cutoff: Date): Promise<Counts>;
  /** Deletes up to about `limit` of them, oldest first; all counts zero when none is left. */
  purgeBefore(tx: Tx, siteId: string, cutoff: Date, limit: number): Promise<Counts>;
}
