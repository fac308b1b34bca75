import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  sign as ed25519Sign,
  hkdfSync,
  randomBytes,
} from 'node:crypto';
import { isSame } from './is-same.ts';

/** What stands before the seed in the PKCS #8 form of an Ed25519 private key (RFC 8410), which Node reads. */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** What a secret key is used for; each use gets a key of its own, so that no use can stand in for another. */
type Purpose =
  | 'encryption'
  | 'thread-seal'
  | 'demo-secret'
  | 'log-signature'
  | 'webhook-signature'
  | 'challenge'
  | 'mail-link'
  | 'mail-address'
  | 'sign-in'
  | 'shared-count';

/** Text that only the keyring can read; `keyId` says which key wrote it. */
export type Sealed = { keyId: string; ciphertext: Uint8Array<ArrayBuffer> };

/** A public key by which anybody can check what the relay signed. `id` is its RFC 7638 thumbprint. */
export type LogKey = { id: string; jwk: { kty: 'OKP'; crv: 'Ed25519'; x: string } };

/**
 * What is kept of a key that was taken away, since nothing can be made anew of it: by which its checkpoints are checked, and,
 * encrypted, by which its hashes of e-mail addresses are found. What it has encrypted or sealed stays shut.
 */
export type RetiredKey = Sealed & { id: string; logKey: LogKey };

export type Keyring = ReturnType<typeof createKeyring>;

/** What a retired key is encrypted for. */
export const retiredContext = (id: string): string => `retired-key:${id}`;

/**
 * The relay's secret keys. The first one encrypts and signs; the others are older ones that still decrypt and verify,
 * so that keys can rotate. Keys are 32 bytes each. Of `retired` ones, those count that are readable.
 */
export function createKeyring(secretKeys: readonly Uint8Array[], retired: readonly RetiredKey[] = []) {
  const keys = secretKeys.map(secret => ({
    id: createHash('sha256').update(secret).digest('hex').slice(0, 8),
    derive: (purpose: Purpose) => Buffer.from(hkdfSync('sha256', secret, 'confab', purpose, 32)),
  }));
  if (keys.length === 0) throw new Error('a keyring needs at least one key');
  const [current] = keys as [(typeof keys)[number]];
  const encryption = new Map(keys.map(key => [key.id, key.derive('encryption')]));
  const signing = keys.map(key => key.derive('thread-seal'));
  const challenging = keys.map(key => key.derive('challenge'));
  const linking = keys.map(key => key.derive('mail-link'));
  const gone = retired.filter(({ id, keyId }) => !encryption.has(id) && encryption.has(keyId));
  const counting = current.derive('shared-count');
  const logPairs = keys.map(key => ed25519Pair(key.derive('log-signature')));
  const [logSigner] = logPairs as [Ed25519Pair];
  const webhookPairs = keys.map(key => ed25519Pair(key.derive('webhook-signature')));
  const hashing = [
    ...keys.map(key => key.derive('mail-address')),
    ...gone.map(key => Buffer.from(decrypt(key, retiredContext(key.id)), 'base64')),
  ];

  return {
    /** The keys by their names, the one that writes first. */
    keyIds: keys.map(({ id }) => id),

    encrypt,

    decrypt,

    /** What is to be kept of this key once it is taken away. */
    retire(id: string): RetiredKey {
      const at = keys.findIndex(key => key.id === id);
      const [key, pair] = [keys[at], logPairs[at]];
      if (!key || !pair) throw new Error(`no secret key with the id ${id}`);
      const sealed = encrypt(key.derive('mail-address').toString('base64'), retiredContext(id));
      return { id, logKey: { id: pair.id, jwk: pair.jwk }, ...sealed };
    },

    /** A signature that only this relay can make; base64url. */
    sign: (payload: Uint8Array): string => mac(signing[0] as Buffer, payload).toString('base64url'),

    verify(payload: Uint8Array, signature: string): boolean {
      const given = Buffer.from(signature, 'base64url');
      return signing.some(key => isSame(given, mac(key, payload)));
    },

    /** The same, by keys of their own, for the challenges that visitors' browsers are given. */
    signChallenge: (payload: Uint8Array): string => mac(challenging[0] as Buffer, payload).toString('base64url'),

    verifyChallenge(payload: Uint8Array, signature: string): boolean {
      const given = Buffer.from(signature, 'base64url');
      return challenging.some(key => isSame(given, mac(key, payload)));
    },

    /** The same, by keys of their own, for the links in e-mails. */
    signLink: (payload: Uint8Array): string => mac(linking[0] as Buffer, payload).toString('base64url'),

    verifyLink(payload: Uint8Array, signature: string): boolean {
      const given = Buffer.from(signature, 'base64url');
      return linking.some(key => isSame(given, mac(key, payload)));
    },

    /** What stands for an e-mail address where it must not stand itself: one hash by each key, the newest first. */
    hashesOf: (address: string): string[] => hashing.map(key => mac(key, Buffer.from(address)).toString('base64url')),

    /** What stands for an address or the like in counts that all processes share. */
    countKeyOf: (of: string): string => mac(counting, Buffer.from(of)).toString('base64url'),

    /** What users' sessions are signed by, and their second factors encrypted, the newest first; `version` says which is which. */
    signInSecrets: keys.map(key => ({
      version: Number.parseInt(key.id, 16),
      value: key.derive('sign-in').toString('base64url'),
    })),

    /** An Ed25519 signature by the first of `logKeys`, for what is checked outside of the relay; base64url. */
    signLog: (payload: Uint8Array): string => ed25519Sign(null, payload, logSigner.privateKey).toString('base64url'),

    /** The public halves of every key that there ever was, as far as we know, the one that signs first. */
    logKeys: [...logPairs.map(({ id, jwk }): LogKey => ({ id, jwk })), ...gone.map(({ logKey }) => logKey)],

    /**
     * Ed25519 signatures of what is sent to plugins, one by each key, the newest first: whoever knows one of them can
     * check it while keys rotate. Base64.
     */
    signWebhook: (payload: Uint8Array): string[] =>
      webhookPairs.map(({ privateKey }) => ed25519Sign(null, payload, privateKey).toString('base64')),

    /** Their public halves as Standard Webhooks writes them, in the same order. */
    webhookKeys: webhookPairs.map(({ jwk }) => `whpk_${Buffer.from(jwk.x, 'base64url').toString('base64')}`),

    /** The secret of the demo site: the same at every start, and nowhere stored. */
    demoSecret: (): string => current.derive('demo-secret').toString('base64url'),
  };

  /** Encrypts by AES-256-GCM. `context` (such as the site and the field) must be given again to decrypt. */
  function encrypt(plaintext: string, context: string): Sealed {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', keyOf(current.id), nonce).setAAD(Buffer.from(context));
    const body = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
    return { keyId: current.id, ciphertext: new Uint8Array(Buffer.concat([nonce, cipher.getAuthTag(), body])) };
  }

  /** Throws when the key is gone, the context is another, or a bit was changed. */
  function decrypt(sealed: Sealed, context: string): string {
    const bytes = Buffer.from(sealed.ciphertext);
    const decipher = createDecipheriv('aes-256-gcm', keyOf(sealed.keyId), bytes.subarray(0, 12), {
      authTagLength: 16,
    })
      .setAAD(Buffer.from(context))
      .setAuthTag(bytes.subarray(12, 28));
    return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
  }

  function keyOf(id: string): Buffer {
    const key = encryption.get(id);
    if (!key) throw new Error(`no secret key with the id ${id}; add the old key to CONFAB_SECRET_KEY`);
    return key;
  }
}

type Ed25519Pair = ReturnType<typeof ed25519Pair>;

/** The Ed25519 key pair of a seed. */
function ed25519Pair(seed: Buffer) {
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' });
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  const jwk = { kty: 'OKP', crv: 'Ed25519', x } as const;
  return { privateKey, jwk, id: thumbprintOf(jwk) };
}

/** The RFC 7638 thumbprint of an Ed25519 public key. */
export function thumbprintOf({ crv, kty, x }: LogKey['jwk']): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url');
}

function mac(key: Buffer, payload: Uint8Array): Buffer {
  return createHmac('sha256', key).update(payload).digest();
}
