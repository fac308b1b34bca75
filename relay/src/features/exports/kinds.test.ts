import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { accountKinds, notExported, siteKinds } from './kinds.ts';

const schema = readFileSync(path.join(import.meta.dirname, '../../../prisma/schema.prisma'), 'utf8');
const kinds = [...accountKinds, ...siteKinds];
/** The columns of each model, with their types; relations are none. */
const models = new Map(
  [...schema.matchAll(/^model (\w+) \{\n(.*?)^\}/gms)].map(([, name = '', body = '']) => [
    name,
    new Map(
      [...body.matchAll(/^ {2}(\w+) +(String|Int|BigInt|Float|Boolean|DateTime|Json|Bytes|Unsupported)\b/gm)].map(
        ([, column = '', type = '']) => [column, type],
      ),
    ),
  ]),
);

/** Columns that open something, or name somebody where they have no name any more. */
const SECRET = /secret|token|handleHash|recipientHash|keyId|(subject|email|phone)Key/i;

describe('the kinds of an archive', () => {
  it('claim every table of the schema once, as a file or with the reason why there is none', () => {
    const claimed = [...kinds.map(({ table }) => table), ...Object.keys(notExported)];
    // The one table that is no model.
    expect(claimed.sort()).toEqual([...models.keys(), 'Embedding'].sort());
  });

  it('give each file a name of its own', () => {
    for (const list of [accountKinds, siteKinds]) {
      const names = list.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it.each(kinds.map(kind => [kind.table, kind] as const))(
    'know the columns of %s, and leave its secrets out',
    (table, kind) => {
      const columns = models.get(table) as Map<string, string>;
      const named = [kind.of, ...Object.keys(kind.key), ...(kind.without ?? [])];
      expect(named.filter(name => !columns.has(name))).toEqual([]);
      const told = [...columns].filter(([name]) => !kind.without?.includes(name));
      expect(told.filter(([name, type]) => ['Bytes', 'Unsupported'].includes(type) || SECRET.test(name))).toEqual([]);
      // What is restricted is told of by nobody.
      const isAbout = columns.has('restrictedAt') || columns.has('conversationId');
      if (isAbout && table !== 'LegalHold') expect(kind.ifRestricted).toBeDefined();
    },
  );
});
