import { PrismaPg } from '@prisma/adapter-pg';
import { Prisma, PrismaClient } from './generated/client.ts';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import { openEmbedded } from './embedded.ts';
import { everyTable, openSchemaEngine } from './schema-engine.ts';

export { Prisma };
export type Db = PrismaClient;
export type Database = Awaited<ReturnType<typeof openDatabase>>;

/** The relay's database, migrated: PostgreSQL where there is an address, else the embedded one in the data folder. */
export async function openDatabase(config: { databaseUrl: string | undefined; dataDir: string }) {
  const embedded = config.databaseUrl ? undefined : await openEmbedded(config.dataDir);
  const adapter = embedded ? new PrismaPGlite(embedded.pglite) : new PrismaPg({ connectionString: config.databaseUrl });
  const migrations = await migrate(adapter);
  const db = new PrismaClient({ adapter });
  return {
    db,
    kind: embedded ? ('embedded' as const) : ('postgresql' as const),
    /** The names of the migrations that this start applied. */
    migrations,
    async close() {
      await db.$disconnect();
      await embedded?.close();
    },
  };
}

async function migrate(adapter: PrismaPg | PrismaPGlite): Promise<string[]> {
  const { engine, migrationsList } = await openSchemaEngine(adapter);
  const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList, filters: everyTable });
  return appliedMigrationNames;
}
