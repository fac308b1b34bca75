import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import {
  bindMigrationAwareSqlAdapterFactory,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';

const prismaFolder = path.join(import.meta.dirname, '../../prisma');
export const migrationsFolder = path.join(prismaFolder, 'migrations');
const schemaFile = path.join(prismaFolder, 'schema.prisma');

/** Prisma's own schema engine as WebAssembly: `prisma migrate deploy` without the binary that it would download. */
export async function openSchemaEngine(adapter: SqlMigrationAwareDriverAdapterFactory) {
  loading ??= loadWasm();
  await loading;
  const schema = { path: schemaFile, content: await readFile(schemaFile, 'utf8') };
  const engine = await bindings.SchemaEngine.new(
    { datamodels: [[schema.path, schema.content]] },
    () => {},
    bindMigrationAwareSqlAdapterFactory(adapter),
  );
  return { engine, migrationsList: await readMigrations(), schema: { files: [schema] } };
}

/** No table is left out of the engine's sight. */
export const everyTable = { externalTables: [], externalEnums: [] };

/** Node has it, but only the DOM's types declare it. */
declare const WebAssembly: {
  instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>;
};

/** Loaded once: a second load would take the engine's memory away from under the first. */
let loading: Promise<void> | undefined;

async function loadWasm(): Promise<void> {
  const file = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const bytes = await readFile(path.join(path.dirname(file), 'schema_engine_bg.wasm'));
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': bindings });
  bindings.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
}

async function readMigrations() {
  const entries = await readdir(migrationsFolder, { withFileTypes: true });
  const names = entries.filter(entry => entry.isDirectory()).map(entry => entry.name);
  const lock = { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' };
  const migrationDirectories = names.sort().map(async name => ({
    path: name,
    migrationFile: {
      path: 'migration.sql',
      content: {
        tag: 'ok' as const,
        value: await readFile(path.join(migrationsFolder, name, 'migration.sql'), 'utf8'),
      },
    },
  }));
  return {
    baseDir: migrationsFolder,
    lockfile: lock,
    shadowDbInitScript: '',
    migrationDirectories: await Promise.all(migrationDirectories),
  };
}
