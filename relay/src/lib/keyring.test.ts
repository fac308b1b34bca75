import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createKeyring, thumbprintOf } from './keyring.ts';

const key = (byte: number) => new Uint8Array(32).fill(byte);
const bytes = (text: string) => new TextEncoder().encode(text);

describe('a keyring', () => {
  const ring = createKeyring([key(1)]);

  it('decrypts what it has encrypted, and never twice the same', () => {
    const sealed = ring.encrypt('sk-plaintext ✓', 'site:openai');
    expect(ring.decrypt(sealed, 'site:openai')).toBe('sk-plaintext ✓');
    expect(Buffer.from(sealed.ciphertext).toString('latin1')).not.toContain('plaintext');
    expect(ring.encrypt('sk-plaintext ✓', 'site:openai').ciphertext).not.toEqual(sealed.ciphertext);
  });

  it('refuses a ciphertext with any bit changed', () => {
    const sealed = ring.encrypt('sk', 'site:openai');
    for (let at = 0; at < sealed.ciphertext.length; at += 1) {
      const ciphertext = new Uint8Array(sealed.ciphertext);
      ciphertext[at] = (ciphertext[at] ?? 0) ^ 1;
      expect(() => ring.decrypt({ ...sealed, ciphertext }, 'site:openai')).toThrow();
    }
  });

  it('refuses one that was cut, emptied, or moved to another site', () => {
    const sealed = ring.encrypt('sk', 'site:openai');
    for (const length of [0, 11, 12, 20, 28, sealed.ciphertext.length - 1]) {
      expect(() =>
        ring.decrypt({ ...sealed, ciphertext: sealed.ciphertext.slice(0, length) }, 'site:openai'),
      ).toThrow();
    }
    expect(() => ring.decrypt(sealed, 'other:openai')).toThrow();
  });

  it('signs with its key, and knows its own signatures only', () => {
    const signature = ring.sign(bytes('thread'));
    expect(ring.verify(bytes('thread'), signature)).toBe(true);
    expect(ring.verify(bytes('threat'), signature)).toBe(false);
    expect(createKeyring([key(2)]).verify(bytes('thread'), signature)).toBe(false);
    for (const forged of ['', 'x', signature.slice(1), `${signature}AA`, signature.toUpperCase(), '\u0000', '💥']) {
      expect(ring.verify(bytes('thread'), forged)).toBe(false);
    }
  });

  it('rotates: what an older key wrote stays readable, and new writing is the newest key’s', () => {
    const sealed = ring.encrypt('sk', 'c');
    const signature = ring.sign(bytes('thread'));
    const rotated = createKeyring([key(2), key(1)]);
    expect(rotated.decrypt(sealed, 'c')).toBe('sk');
    expect(rotated.verify(bytes('thread'), signature)).toBe(true);
    expect(rotated.encrypt('sk', 'c').keyId).not.toBe(sealed.keyId);
    expect(ring.verify(bytes('thread'), rotated.sign(bytes('thread')))).toBe(false);
  });

  it('knows of a key that was taken away its public half and its hashes of addresses, and nothing else', () => {
    const sealed = ring.encrypt('sk', 'c');
    const [id = ''] = ring.keyIds;
    const both = createKeyring([key(2), key(1)]);
    const left = createKeyring([key(2)], [both.retire(id)]);
    expect(left.logKeys).toEqual(both.logKeys);
    expect(left.hashesOf('ann@shop.example')).toEqual(both.hashesOf('ann@shop.example'));
    expect(() => left.decrypt(sealed, 'c')).toThrow(id);
    expect(left.verify(bytes('thread'), ring.sign(bytes('thread')))).toBe(false);
    expect(JSON.stringify(both.retire(id))).not.toContain(Buffer.alloc(32, 1).toString('base64'));
  });

  it('keeps to what it can read of the retired, and counts none twice', () => {
    const both = createKeyring([key(2), key(1)]);
    const kept = [both.retire(ring.keyIds[0] ?? '')];
    expect(createKeyring([key(3)], kept).logKeys).toHaveLength(1);
    expect(createKeyring([key(2), key(1)], kept).hashesOf('a')).toEqual(both.hashesOf('a'));
  });

  it('says which key is missing when an older one was taken away', () => {
    const sealed = ring.encrypt('sk', 'c');
    expect(() => createKeyring([key(2)]).decrypt(sealed, 'c')).toThrow(sealed.keyId);
    expect(() => createKeyring([])).toThrow();
  });

  it('makes the same demo secret at every start, and another from another key', () => {
    expect(createKeyring([key(1)]).demoSecret()).toBe(ring.demoSecret());
    expect(createKeyring([key(2)]).demoSecret()).not.toBe(ring.demoSecret());
    expect(ring.demoSecret().length).toBeGreaterThan(40);
  });

  it('signs logs so that anybody can check it by the public key, which is not the secret', () => {
    const [own] = ring.logKeys;
    if (!own) throw new Error('no key');
    expect(Object.keys(own.jwk).sort()).toEqual(['crv', 'kty', 'x']);
    const checks = (text: string, of = ring) =>
      verify(
        null,
        bytes(text),
        createPublicKey({ key: own.jwk, format: 'jwk' }),
        Buffer.from(of.signLog(bytes('log')), 'base64url'),
      );
    expect(checks('log')).toBe(true);
    expect(checks('lot')).toBe(false);
    expect(checks('log', createKeyring([key(2)]))).toBe(false);
  });

  it('keeps publishing the keys that it signed logs by before', () => {
    const rotated = createKeyring([key(2), key(1)]);
    expect(rotated.logKeys.map(({ id }) => id)).toEqual([createKeyring([key(2)]).logKeys[0]?.id, ring.logKeys[0]?.id]);
  });

  it('signs webhooks by every key, each checked by the public key in its place', () => {
    const rotated = createKeyring([key(2), key(1)]);
    expect(rotated.webhookKeys).toEqual([createKeyring([key(2)]).webhookKeys[0], ring.webhookKeys[0]]);
    const checked = rotated.webhookKeys.map((publicKey, at) => {
      const x = Buffer.from(publicKey.replace('whpk_', ''), 'base64').toString('base64url');
      const jwk = { kty: 'OKP', crv: 'Ed25519', x };
      const signature = Buffer.from(rotated.signWebhook(bytes('event'))[at] ?? '', 'base64');
      return ['event', 'evil'].map(text =>
        verify(null, bytes(text), createPublicKey({ key: jwk, format: 'jwk' }), signature),
      );
    });
    expect(checked).toEqual([
      [true, false],
      [true, false],
    ]);
    expect(rotated.webhookKeys).not.toContain(
      `whpk_${Buffer.from(rotated.logKeys[0]?.jwk.x ?? '', 'base64url').toString('base64')}`,
    );
  });

  it('names a public key as RFC 8037 does in its example', () => {
    const x = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo';
    expect(thumbprintOf({ kty: 'OKP', crv: 'Ed25519', x })).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
  });
});
