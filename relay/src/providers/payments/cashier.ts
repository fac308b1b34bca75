import { OwnError } from '../../lib/app-error.ts';

/** What a plan costs for a period, before tax. */
export type Price = {
  id: string;
  /** By which we know it; one that was replaced by another has none any more. */
  lookupKey: string | null;
  /** What is sold: each plan is one product, whatever it costs. */
  productId: string;
  interval: 'month' | 'year' | null;
  amount: number;
  currency: string;
  /** Whether it is said how tax relates to it, which is how the seller has tax counted. */
  isTaxed: boolean;
};

export type SubscriptionStatus =
  | 'trialing'
  | 'active'
  | 'past_due'
  | 'unpaid'
  | 'incomplete'
  | 'incomplete_expired'
  | 'paused'
  | 'canceled';

export type Card = { brand: string; last4: string };

export type SoldSubscription = {
  id: string;
  status: SubscriptionStatus;
  /** What of it is the plan, and at which price. */
  itemId: string;
  price: Price;
  createdAt: Date;
  periodStart: Date;
  periodEnd: Date;
  trialEndsAt: Date | null;
  /** When it ends, or has ended. */
  endsAt: Date | null;
  /** What pays for it, where that is a card. */
  card: Card | null;
};

export type Invoice = {
  id: string;
  number: string | null;
  status: string;
  total: number;
  currency: string;
  issuedAt: Date;
};

/** What changes at once and what comes later, of a change of plan at a moment; with tax. */
export type ChangeCost = { dueNow: number; nextInvoice: number; nextInvoiceAt: Date; currency: string };

/** Something happened to a customer; what that was the sender's payload says, which is not kept. */
export type CashierEvent = { id: string; type: string; customerId: string | null; createdAt: Date };

export type NewCheckout = {
  customerId: string;
  accountId: string;
  price: Price;
  trialDays: number | null;
  successUrl: string;
  cancelUrl: string;
};

type Change = { subscription: SoldSubscription; price: Price; at: Date };

/** Who takes the money of accounts for us. Everything throws `CashierFault`. */
export interface Cashier {
  /** What is sold at this moment under these keys, as far as there is such a thing. */
  prices(lookupKeys: string[]): Promise<Price[]>;
  /**
   * The customer of the account, however often it is asked for; another one where `formerId` is gone. Nothing is told of
   * who they are: they say so where they pay.
   */
  createCustomer(accountId: string, formerId: string | null): Promise<string>;
  /** All that the customer ever subscribed to, the newest first; nothing where the customer is gone. */
  subscriptionsOf(customerId: string): Promise<SoldSubscription[] | undefined>;
  /** What the customer was billed, drafts left out. */
  invoicesOf(customerId: string): Promise<Invoice[]>;
  /** Where the customer pays. However often it is asked for, one is open at a time: for the latest choice. */
  checkout(what: NewCheckout): Promise<string>;
  /** Where the customer changes the card and reads invoices. */
  portal(customerId: string, returnUrl: string): Promise<string>;
  costOf(customerId: string, change: Change): Promise<ChangeCost>;
  /** Changes it as it was counted for this moment, once; what that costs is charged now. */
  change(change: Change): Promise<void>;
  /** Has it end with its period, or go on. */
  setEnd(subscriptionId: string, ends: boolean): Promise<void>;
  /** Ends what the customer pays for at once, and forgets who they are. */
  removeCustomer(customerId: string): Promise<void>;
  /** What a call of its webhook says; nothing where it is not signed, or was minutes ago. */
  readEvent(body: Buffer, signature: string, now: Date): CashierEvent | undefined;
}

/**
 * `unavailable`: it may be well if it is asked again. `declined`: the card was. `changed`: what it was asked to do does not
 * fit what stands there any more. `refused`: whoever runs the relay has to do something.
 */
export type CashierFaultKind = 'unavailable' | 'declined' | 'changed' | 'refused';

export class CashierFault extends OwnError {
  override readonly name = 'CashierFault';
  readonly kind: CashierFaultKind;
  readonly retryAfterS: number | undefined;

  constructor(kind: CashierFaultKind, message: string, { retryAfterS }: { retryAfterS?: number | undefined } = {}) {
    super(message);
    this.kind = kind;
    this.retryAfterS = retryAfterS;
  }
}
