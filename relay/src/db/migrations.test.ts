import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const folder = path.join(import.meta.dirname, '../../prisma/migrations');
const names = readdirSync(folder, { withFileTypes: true }).flatMap(entry => (entry.isDirectory() ? entry.name : []));
/** Those before it were made when nothing ran yet that could have minded. */
const FIRST = '20261122223908_plans';
const sqlOf = (name: string) => readFileSync(path.join(folder, name, 'migration.sql'), 'utf8');

/** The statements of a migration, without comments, and whether the line before one says why it is safe. */
function statementsOf(sql: string): { text: string; isSafe: boolean }[] {
  return sql.split(';').flatMap(piece => {
    const lines = piece.split('\n').map(line => line.trim());
    const text = lines
      .filter(line => !line.startsWith('--'))
      .join(' ')
      .replace(/\s+/g, ' ')
      .trim();
    return text ? [{ text, isSafe: lines.some(line => /^-- safe: .{20,}/.test(line)) }] : [];
  });
}

const tablesMadeBy = (sql: string) =>
  new Set([...sql.matchAll(/CREATE (?:UNLOGGED )?TABLE (?:IF NOT EXISTS )?("\w+")/gi)].map(([, name]) => name));

/** What docs/migrations.md refuses; empty where there is nothing to refuse. */
function refused(sql: string): string[] {
  const made = tablesMadeBy(sql);
  const statements = statementsOf(sql);
  const isOld = (text: string) => {
    const [, table] = /(?:ALTER TABLE|\bON)(?: ONLY)? ("\w+")/i.exec(text) ?? [];
    return table !== undefined && !made.has(table);
  };
  const rules: [string, (text: string) => boolean][] = [
    ['takes away or renames', text => /\b(DROP (TABLE|COLUMN|SCHEMA|TYPE|VIEW)|RENAME)\b/i.test(text)],
    ['changes a type', text => /ALTER COLUMN "\w+" (SET DATA )?TYPE\b/i.test(text)],
    ['forbids what was allowed', text => /\bSET NOT NULL\b/i.test(text) || (isOld(text) && /UNIQUE INDEX/i.test(text))],
    [
      'adds a column that old code does not fill',
      text =>
        isOld(text) &&
        text.split(/,\s*(?=ADD)/i).some(part => /ADD COLUMN .*NOT NULL/i.test(part) && !/\bDEFAULT\b/i.test(part)),
    ],
    ['has a default that is not constant', text => isOld(text) && /ADD COLUMN .*DEFAULT [^,]*\(\s*\)/i.test(text)],
    [
      'builds an index while nobody can write',
      text => /^CREATE (UNIQUE )?INDEX(?! CONCURRENTLY)/i.test(text) && isOld(text),
    ],
    [
      'reads a whole table under a lock',
      text => isOld(text) && /^ALTER TABLE .*ADD CONSTRAINT/i.test(text) && !/NOT VALID$/i.test(text),
    ],
    ['hides what it does', text => /\bDO \$|CREATE (OR REPLACE )?(TRIGGER|FUNCTION|RULE)\b/i.test(text)],
  ];
  const found = statements.flatMap(({ text, isSafe }) =>
    isSafe ? [] : rules.filter(([, breaks]) => breaks(text)).map(([name]) => `${name}: ${text}`),
  );
  const isConcurrent = statements.some(({ text }) => /INDEX CONCURRENTLY/i.test(text));
  if (isConcurrent && statements.length > 1) found.push('CONCURRENTLY stands alone in its migration');
  const touches = statements.some(
    ({ text }) => /^(ALTER|UPDATE|DELETE)/i.test(text) && (isOld(text) || /^(UPDATE|DELETE)/i.test(text)),
  );
  if (touches && !/^SET lock_timeout = /.test(statements[0]?.text ?? '')) found.push('waits for locks without an end');
  return found;
}

describe('migrations', () => {
  it.each(names.filter(name => name >= FIRST))('%s can be applied while the previous release runs', name => {
    expect(refused(sqlOf(name))).toEqual([]);
  });

  const wait = "SET lock_timeout = '5s';\n";
  it.each([
    ['DROP TABLE "Site";'],
    ['ALTER TABLE "Site" DROP COLUMN "key";'],
    ['ALTER TABLE "Site" RENAME COLUMN "key" TO "name";'],
    ['ALTER TABLE "Site" ALTER COLUMN "key" SET DATA TYPE UUID;'],
    ['ALTER TABLE "Site" ALTER COLUMN "key" SET NOT NULL;'],
    ['ALTER TABLE "Site" ADD COLUMN "a" TEXT NOT NULL;'],
    ['ALTER TABLE "Site" ADD COLUMN "b" TEXT DEFAULT \'\', ADD COLUMN "a" TEXT NOT NULL;'],
    ['ALTER TABLE "Site" ADD COLUMN "a" UUID DEFAULT gen_random_uuid();'],
    ['CREATE INDEX "i" ON "Site"("key");'],
    ['CREATE UNIQUE INDEX CONCURRENTLY "i" ON "Site"("key");'],
    ['ALTER TABLE "Site" ADD CONSTRAINT "c" CHECK ("key" <> \'\');'],
    ['DO $$ BEGIN END $$;'],
    ['-- safe: yes\nDROP TABLE "Site";'],
  ])('would be refused: %s', sql => {
    expect(refused(wait + sql)).not.toEqual([]);
  });

  it.each([
    ['ALTER TABLE "Site" ADD COLUMN "a" TEXT, ADD COLUMN "b" INTEGER NOT NULL DEFAULT 0;'],
    ['CREATE TABLE "New" ("id" UUID NOT NULL);\nCREATE UNIQUE INDEX "i" ON "New"("id");'],
    ['ALTER TABLE "Site" ADD CONSTRAINT "c" CHECK ("key" <> \'\') NOT VALID;'],
    ['-- safe: no release since 0.1.0 (4812975) reads or writes this column.\nALTER TABLE "Site" DROP COLUMN "old";'],
  ])('may be: %s', sql => {
    expect(refused(wait + sql)).toEqual([]);
  });

  it('would be refused where it waits for a lock without an end', () => {
    expect(refused('ALTER TABLE "Site" ADD COLUMN "a" TEXT;')).toEqual(['waits for locks without an end']);
  });
});
