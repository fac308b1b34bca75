import type { Keyring } from '../../../lib/keyring.ts';

/** The storefront asks for a new one for as long as it is open. */
const GOOD_FOR_MS = 5 * 60 * 1_000;

export type CustomerTokens = ReturnType<typeof createCustomerTokens>;

/**
 * Short-lived proof, for the browser to carry, that a shop's customer is signed in. Encrypted and authenticated, so that
 * it tells nobody who that is, and bound to the site.
 */
export const createCustomerTokens = ({
  keyring,
  now,
}: {
  keyring: Pick<Keyring, 'encrypt' | 'decrypt'>;
  now: () => Date;
}) => ({
  tokenFor(siteId: string, customerId: string): { customerToken: string; expiresAt: Date } {
    const expiresAt = new Date(now().getTime() + GOOD_FOR_MS);
    const said = JSON.stringify({ customerId, until: expiresAt.getTime() });
    const { keyId, ciphertext } = keyring.encrypt(said, contextOf(siteId));
    return { customerToken: `${keyId}.${Buffer.from(ciphertext).toString('base64url')}`, expiresAt };
  },

  /** Nothing where the token is false, too old, or of another site. */
  customerOf(siteId: string, customerToken: string): string | undefined {
    const [keyId = '', sealed = ''] = customerToken.split('.');
    try {
      const ciphertext = new Uint8Array(Buffer.from(sealed, 'base64url'));
      const said = JSON.parse(keyring.decrypt({ keyId, ciphertext }, contextOf(siteId)));
      return said.until > now().getTime() ? said.customerId : undefined;
    } catch {
      return undefined;
    }
  },
});

const contextOf = (siteId: string): string => `${siteId}:customer-token`;
