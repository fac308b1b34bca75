import { describe, expect, it } from 'vitest';
import { createKeyring } from '../../../lib/keyring.ts';
import { createCustomerTokens } from './customer-token.ts';

const keyring = createKeyring([new Uint8Array(32).fill(1)]);
const NOW = Date.parse('2026-11-01T12:00:00Z');

describe('a customer’s token', () => {
  let ahead = 0;
  const tokens = createCustomerTokens({ keyring, now: () => new Date(NOW + ahead) });

  it('proves to its site who is signed in, for five minutes', () => {
    const { customerToken, expiresAt } = tokens.tokenFor('site-1', '9007199254740993');
    expect(expiresAt).toEqual(new Date('2026-11-01T12:05:00Z'));
    expect(tokens.customerOf('site-1', customerToken)).toBe('9007199254740993');
    ahead = 5 * 60_000 - 1;
    expect(tokens.customerOf('site-1', customerToken)).toBe('9007199254740993');
    ahead = 5 * 60_000;
    expect(tokens.customerOf('site-1', customerToken)).toBeUndefined();
    ahead = 0;
  });

  it('says nothing to another site, or to another relay', () => {
    const { customerToken } = tokens.tokenFor('site-1', '1');
    expect(tokens.customerOf('site-2', customerToken)).toBeUndefined();
    const others = createKeyring([new Uint8Array(32).fill(2)]);
    expect(
      createCustomerTokens({ keyring: others, now: () => new Date(NOW) }).customerOf('site-1', customerToken),
    ).toBe(undefined);
  });

  it('does not tell who it is, and cannot be changed', () => {
    const { customerToken } = tokens.tokenFor('site-1', '1234567890123');
    expect(Buffer.from(customerToken, 'base64url').toString()).not.toContain('1234567890123');
    const [keyId = '', sealed = ''] = customerToken.split('.');
    const bytes = Buffer.from(sealed, 'base64url');
    for (const at of bytes.keys()) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ 1;
      expect(tokens.customerOf('site-1', `${keyId}.${changed.toString('base64url')}`)).toBeUndefined();
    }
  });

  it('is none where it is anything else that this relay has encrypted', () => {
    const { keyId, ciphertext } = keyring.encrypt(
      JSON.stringify({ customerId: '1', until: NOW * 2 }),
      'site-1:shopify',
    );
    const forged = `${keyId}.${Buffer.from(ciphertext).toString('base64url')}`;
    for (const text of ['', '.', 'x', 'a.b.c', `${keyId}.`, forged]) {
      expect(tokens.customerOf('site-1', text)).toBeUndefined();
    }
  });
});
