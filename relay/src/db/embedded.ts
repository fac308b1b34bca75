import { createHash } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { chmod, mkdir, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';

/** PostgreSQL in WebAssembly, in this process, its files in `dataDir`. Throws where another process has it open. */
export async function openEmbedded(dataDir: string) {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const { release, onCommand } = await claim(dataDir);
  const pglite = await PGlite.create(path.join(dataDir, 'postgres'), { extensions: { vector } });
  let forgetting: Promise<void> = Promise.resolve();
  let isWaiting = false;

  /** Those who ask while one run is under way share the next one. */
  async function forgetDeleted(): Promise<void> {
    if (!isWaiting) {
      isWaiting = true;
      const begin = () => {
        isWaiting = false;
        return rewrite(pglite);
      };
      forgetting = forgetting.then(begin, begin);
    }
    await forgetting;
  }

  return {
    pglite,
    /** What to do with who connects to the lock: operators' commands come that way. */
    onCommand,
    forgetDeleted,
    async close() {
      await forgetting.catch(() => {});
      await pglite.close();
      release();
    },
  };
}

/**
 * The tables that people's data are deleted from, visitors' and users'; a test compares them with the data map. The settings
 * of a site hold the addresses of those who run it.
 */
export const FORGETTING = [
  'Site',
  'Message',
  'Conversation',
  'PageView',
  'Presence',
  'Lead',
  'Delivery',
  'ConsentRecord',
  'ConsentToken',
  'DataRequest',
  'LegalHold',
  'ShopifyWebhook',
  'Email',
  'EmailAddress',
  'EmailSuppression',
  'EmailCount',
  'Account',
  'Subscription',
  'StripeEvent',
  'BillingRecord',
  'User',
  'Session',
  'Credential',
  'Verification',
  'TwoFactor',
  'Passkey',
  'SignIn',
  'AccountMail',
  'Member',
  'Invitation',
  'AuditEntry',
  'AccountExport',
  'AccountExportPiece',
  'ConnectCode',
];

/**
 * PostgreSQL leaves the bytes of a deleted row in its files until something else needs the place. Here the files are the
 * owner's own, so what was deleted shall not be found in them: the tables are written anew, and so is the journal, which
 * takes about a tenth of a second for a small shop.
 */
async function rewrite(pglite: PGlite): Promise<void> {
  for (const table of FORGETTING) {
    // The planner's samples repeat what stands in a table, and stay as they are where it is empty now.
    await pglite.exec(`DELETE FROM pg_statistic WHERE starelid = '"${table}"'::regclass`);
    await pglite.exec(`VACUUM (FULL, ANALYZE) "${table}"`);
  }
  await pglite.exec('VACUUM (FULL) pg_statistic');
  await pglite.exec('SET wal_recycle = off');
  await pglite.query('SELECT pg_switch_wal()');
  await pglite.exec('CHECKPOINT');
}

/**
 * Two processes on one data folder would destroy it, and PGlite does not look. A listening socket is the lock: it ends
 * with the process however that ends, so that a `kill -9` leaves nothing that a next start could trip over.
 */
async function claim(dataDir: string) {
  const address = lockAddress(dataDir);
  let take = (socket: net.Socket): unknown => socket.destroy();
  const server = net.createServer(socket => void take(socket)).unref();
  if (!(await listens(server, address))) {
    if (await answers(address))
      throw new Error(`Another Confab is running on the data folder ${dataDir}. Stop it first.`);
    await rm(address, { force: true });
    if (!(await listens(server, address))) throw new Error(`The lock ${address} cannot be taken.`);
  }
  // Who may connect may command: only whoever runs the relay.
  await chmod(address, 0o600);
  return {
    release: () => void server.close(),
    onCommand(handle: (socket: net.Socket) => unknown): void {
      take = handle;
    },
  };
}

/** The socket that is the lock of an existing data folder. */
export function lockAddress(dataDir: string): string {
  const folder = existsSync(dataDir) ? realpathSync(dataDir) : path.resolve(dataDir);
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 24);
  return path.join(tmpdir(), `confab-${name}.sock`);
}

function listens(server: net.Server, address: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    );
    server.listen(address, () => resolve(true));
  });
}

function answers(address: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect(address);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.unref();
  });
}
