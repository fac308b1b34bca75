import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import { everyTable, migrationsFolder, openSchemaEngine } from './schema-engine.ts';

/**
 * Writes the migration from what the migrations make to what `schema.prisma` says: `npm run migration:new -- add-leads`.
 * Review the SQL before committing it.
 */
const name = process.argv[2];
if (!name || !/^[a-z0-9-]+$/.test(name)) {
  console.error('Usage: npm run migration:new -- NAME      (NAME in small letters, such as add-leads)');
  process.exit(2);
}

const scratch = await PGlite.create();
const { engine, migrationsList, schema } = await openSchemaEngine(new PrismaPGlite(scratch));
const { stdout } = await engine.diff({
  from: { tag: 'migrations', ...migrationsList },
  to: { tag: 'schemaDatamodel', ...schema },
  script: true,
  exitCode: null,
  filters: everyTable,
});
await scratch.close();

if (!stdout || stdout.includes('This is an empty migration')) {
  console.log('The migrations already make what schema.prisma says; nothing to write.');
} else {
  const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  const folder = path.join(migrationsFolder, `${stamp}_${name.replaceAll('-', '_')}`);
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'migration.sql'), stdout);
  console.log(`Wrote ${path.relative(process.cwd(), folder)}/migration.sql`);
}
