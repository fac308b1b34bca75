import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Database, openDatabase } from '@confab/relay/db/database.ts';
import { createKnowledge, knowledgeStore, type Search } from '@confab/relay/features/knowledge/index.ts';
import { createSites, siteStore } from '@confab/relay/features/sites/index.ts';
import { createKeyring } from '@confab/relay/lib/keyring.ts';
import { startPostgres } from '../e2e/postgres.ts';
import { DEPTH } from './eval-peers.ts';
import type { EvalDocument, EvalQuestion } from './eval-sets.ts';

/** The relay's own search over sets, each a site of its own. */
export type EvalRelay = Awaited<ReturnType<typeof openEvalRelay>>;

/** A new database with the relay's own code over it: the embedded one, or a PostgreSQL server started for it. */
export async function openEvalRelay({ postgres }: { postgres: boolean }) {
  const server = postgres ? await startPostgres() : undefined;
  const dataDir = mkdtempSync(path.join(tmpdir(), 'confab-eval-'));
  const database: Database = await openDatabase({ databaseUrl: await server?.createDatabase(), dataDir });
  const { db } = database;
  const now = () => new Date();
  const sites = createSites({ store: siteStore(db), keyring: createKeyring([new Uint8Array(32)]), now });
  const knowledge = createKnowledge({ store: knowledgeStore(db), now });

  return {
    database,

    /** Takes the documents in as a plugin would; what comes back asks them, by default one passage of each document. */
    async siteOf(
      name: string,
      documents: EvalDocument[],
      { perDocument = 1 }: { perDocument?: number } = {},
    ): Promise<(question: EvalQuestion) => Promise<Search>> {
      const key = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
      const site = await sites.ensure({ key, name, secret: `secret-of-${key}`, allowedOrigins: [] });
      const { rejected } = await knowledge.sync(site, {
        upsert: documents.map(({ id, title, text, locale }) => ({
          externalId: id,
          type: 'page',
          url: `https://shop.example/${encodeURIComponent(id)}`,
          title,
          text,
          ...(locale && { locale }),
          updatedAt: '2026-01-01T00:00:00Z',
        })),
        delete: [],
      });
      if (rejected.length > 0) throw new Error(`documents of ${name} were rejected: ${JSON.stringify(rejected)}`);
      return ({ text, locale }) =>
        knowledge.search(site, text, { limit: DEPTH, perDocument, ...(locale && { locale }) });
    },

    async close(): Promise<void> {
      await database.close();
      await server?.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
