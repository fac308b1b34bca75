import type { Keyring } from '../../lib/keyring.ts';

/** What one may end by a link in such a mail. */
export const lists = ['leads', 'digest', 'alerts'] as const;
export type List = (typeof lists)[number];

/** What a link in a mail allows its reader: to confirm an address, or to end mails to it. `id` names the address. */
export type Linked = { siteId: string; id: string } & (
  | { for: 'confirm'; until: number }
  | { for: 'unsubscribe'; list: List }
);

/** A link's proof that we gave it. It names no address, and is the same whenever the same mail is made again. */
export function tokenOf(keyring: Pick<Keyring, 'signLink'>, linked: Linked): string {
  const payload = Buffer.from(JSON.stringify(linked));
  return `${payload.toString('base64url')}.${keyring.signLink(payload)}`;
}

/** What the token allows; nothing where it is none of ours, for something else, or too old. */
export function linkedBy<For extends Linked['for']>(
  keyring: Pick<Keyring, 'verifyLink'>,
  token: string,
  use: For,
  now: Date,
): Extract<Linked, { for: For }> | undefined {
  const [payload = '', signature = ''] = token.split('.');
  const bytes = Buffer.from(payload, 'base64url');
  if (!keyring.verifyLink(bytes, signature)) return undefined;
  const linked = JSON.parse(bytes.toString()) as Linked;
  if (linked.for !== use || (linked.for === 'confirm' && linked.until < now.getTime())) return undefined;
  return linked as Extract<Linked, { for: For }>;
}
