import { OwnError } from '../../lib/app-error.ts';

export type FaultKind =
  /** The app is not on this shop (any more). */
  | 'not_installed'
  /** Its tokens are void. They come back when a merchant opens the app, and not before. */
  | 'needs_merchant'
  /** The shop has not granted what the operation needs. */
  | 'scope_missing'
  /** Too much was asked in too short a time, also after waiting. */
  | 'throttled'
  /** No answer, or that of a Shopify in trouble. */
  | 'unreachable'
  /** The operation itself is wrong, or was answered in part only. */
  | 'refused';

/** Shopify did not do what it was asked for. The message is of our own words, and may be logged. */
export class ShopifyFault extends OwnError {
  override readonly name = 'ShopifyFault';
  readonly kind: FaultKind;

  constructor(kind: FaultKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Whether the same call may well succeed later, without anybody doing anything. */
export const isPassing = (error: unknown): error is ShopifyFault =>
  error instanceof ShopifyFault && (error.kind === 'throttled' || error.kind === 'unreachable');
