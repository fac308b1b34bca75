import { symmetricDecrypt, symmetricEncrypt } from 'better-auth/crypto';
import type { SealedPlace, SealedRow } from '../db/sealed-rows.ts';
import { type Keyring, retiredContext } from '../lib/keyring.ts';

type Row = SealedRow;
type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Every place of the database where something lies encrypted; a test compares them with the schema. `contextOf` is what the
 * row was encrypted for, as its feature has it: with another one nothing decrypts, so a place that is wrong here is found
 * by the first row.
 */
export const sealedPlaces: Place[] = [
  place('ProviderKey', ['siteId', 'provider'], row => `${row.siteId}:${row.provider}`),
  place('WebhookSecret', ['siteId', 'endpointId', 'id'], row => `${row.siteId}:webhook:${row.endpointId}`),
  place('DataRequest', ['siteId', 'id'], row => `${row.siteId}:data-request:${row.id}`),
  place('ShopifyShop', ['siteId'], row => `${row.siteId}:shopify`),
  place('ShopifyWebhook', ['domain', 'topic', 'eventId'], row => `${row.domain}:${row.topic}:${row.eventId}`),
  place('Email', ['siteId', 'id'], row => `${row.siteId}:email:${row.id}`),
  place('AccountMail', ['id'], row => `account-mail:${row.id}`),
  place('RetiredKey', ['id'], row => retiredContext(row.id as string)),
  secondFactor('secret'),
  secondFactor('backupCodes'),
  proofs(),
];

export type Place = SealedPlace & {
  /** What the column holds when it is encrypted by the newest key. Throws where its key is gone. */
  reseal(row: Row, keyring: Keyring): Promise<Record<string, unknown>>;
};

/** A table that has its key's name in "keyId" and what is encrypted in "ciphertext". */
function place(table: string, id: string[], contextOf: (row: Row) => string): Place {
  return {
    table,
    id,
    columns: ['keyId', 'ciphertext'],
    keyId: '"keyId"',
    async reseal(row, keyring) {
      const sealed = { keyId: row.keyId as string, ciphertext: row.ciphertext as Bytes };
      return keyring.encrypt(keyring.decrypt(sealed, contextOf(row)), contextOf(row));
    },
  };
}

/** better-auth writes `$ba$`, the version of its secret, `$`, and the rest; the version is our key's name as a number. */
function secondFactor(column: 'secret' | 'backupCodes'): Place {
  return {
    table: 'TwoFactor',
    id: ['id'],
    columns: [column],
    keyId: `lpad(to_hex(split_part("${column}", '$', 3)::bigint), 8, '0')`,
    async reseal(row, { signInSecrets }) {
      const [newest] = signInSecrets;
      const keys = new Map(signInSecrets.map(({ version, value }) => [version, value]));
      const key = { keys, currentVersion: newest?.version ?? 0 };
      const plain = await symmetricDecrypt({ key, data: row[column] as string });
      return { [column]: await symmetricEncrypt({ key, data: plain }) };
    },
  };
}

/** What the links in mails of the last day must prove: our rows of a table that better-auth has others in. */
function proofs(): Place {
  return {
    table: 'Verification',
    id: ['id'],
    columns: ['identifier', 'value'],
    keyId: `CASE WHEN "identifier" ~ '^(sign_up|email) ' THEN split_part("value", ':', 1) END`,
    async reseal(row, keyring) {
      const context = `proof:${(row.identifier as string).split(' ')[0]}`;
      const [keyId = '', text = ''] = (row.value as string).split(':');
      const plain = keyring.decrypt({ keyId, ciphertext: new Uint8Array(Buffer.from(text, 'base64')) }, context);
      const sealed = keyring.encrypt(plain, context);
      return { value: `${sealed.keyId}:${Buffer.from(sealed.ciphertext).toString('base64')}` };
    },
  };
}
