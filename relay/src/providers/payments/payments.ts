import { OwnError } from '../../lib/app-error.ts';

/** What a shop pays for at its platform. */
export type Subscription = {
  /** What it consists of, by the handles that the platform knows them by: a plan, and what is sold by use. */
  items: string[];
  period: 'month' | 'year';
  /** When the trial ends that it still is in. */
  trialEndsAt: Date | null;
  /** When the period ends that was paid for; none during a trial. */
  periodEndsAt: Date | null;
  /** Whether it ends then. */
  endsWithPeriod: boolean;
  /** What it will consist of from then on, where the merchant has chosen another plan. */
  nextItems: string[] | null;
};

/** What merchants have bought of us. Each platform that sells for us has an adapter. */
export interface Payments {
  /** What the shop pays for at this moment; nothing where it pays nothing. Throws `PaymentsFault`. */
  subscription(shopId: string, signal: AbortSignal): Promise<Subscription | undefined>;
  /** Where a merchant chooses a plan, and approves what it costs. */
  plansUrl(shopDomain: string): string;
}

/** The platform did not say what a shop pays for. `passing`: it may if it is asked again, and nobody has to do anything. */
export class PaymentsFault extends OwnError {
  override readonly name = 'PaymentsFault';
  readonly passing: boolean;

  constructor(message: string, { passing, cause }: { passing: boolean; cause?: unknown }) {
    super(message, { cause });
    this.passing = passing;
  }
}
