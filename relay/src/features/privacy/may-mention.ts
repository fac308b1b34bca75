import { Prisma } from '../../db/database.ts';
import type { Identifiers } from './personal-data.ts';

/**
 * Part of a statement: whether a text may name the address or the number, so that what cannot never leaves the database.
 * In ASCII it must hold both sides of the "@" as they are, or the last digits. Other characters have many spellings: a
 * text with them is looked at where it has anything like an "@", or digits that are not ASCII.
 */
export function mayMention(text: Prisma.Sql, { email, phone }: Pick<Identifiers, 'email' | 'phone'>): Prisma.Sql {
  const conditions: Prisma.Sql[] = [];
  if (email !== undefined) {
    const [local, domain] = email.split('@');
    conditions.push(Prisma.sql`(strpos(lower(${text}), ${local}) > 0 AND strpos(lower(${text}), ${domain}) > 0)
      OR (${text} ~ '[^ -~[:space:]]' AND ${text} ~* '[@＠﹫]|%40|[([{]at[])}]')`);
  }
  if (phone !== undefined) {
    const lastDigits = [...phone.slice(-6)].join('[^0-9]{0,4}');
    conditions.push(Prisma.sql`${text} ~ ${lastDigits} OR ${text} ~ '[０-９٠-٩۰-۹]'`);
  }
  return conditions.length > 0 ? Prisma.sql`(${Prisma.join(conditions, ' OR ')})` : Prisma.sql`FALSE`;
}
