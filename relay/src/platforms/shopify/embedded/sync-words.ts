/** Why the shop's content could not be read, and what helps, for the merchant. */
const FAULTS: Readonly<Record<string, string>> = {
  not_installed: 'Confab was not installed in this shop at that time.',
  needs_merchant: 'Shopify asked for a fresh permission. Opening this page has just given it: try again.',
  scope_missing:
    'Confab lacks a permission to read the shop. Open the app’s permissions in the Shopify admin and allow it.',
  throttled: 'Shopify was busy with other apps of this shop. Trying again in some minutes helps.',
  unreachable: 'Shopify did not answer. Trying again in some minutes helps.',
  refused: 'Shopify refused to hand out the content. If trying again does not help, write to the support of Confab.',
};

/** A fault of a sync as it is kept: one of our kinds, or a sentence of ours already. */
export const faultInWords = (fault: string | null): string =>
  (fault !== null && Object.hasOwn(FAULTS, fault) ? FAULTS[fault] : fault) ?? 'It stopped before its end.';
