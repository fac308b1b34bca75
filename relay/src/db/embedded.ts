import { createHash } from 'node:crypto';
import { mkdir, realpath, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PGlite } from '@electric-sql/pglite';

/** PostgreSQL in WebAssembly, in this process, its files in `dataDir`. Throws where another process has it open. */
export async function openEmbedded(dataDir: string) {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const release = await claim(dataDir);
  const pglite = await PGlite.create(path.join(dataDir, 'postgres'));
  return {
    pglite,
    async close() {
      await pglite.close();
      release();
    },
  };
}

/**
 * Two processes on one data folder would destroy it, and PGlite does not look. A listening socket is the lock: it ends
 * with the process however that ends, so that a `kill -9` leaves nothing that a next start could trip over.
 */
async function claim(dataDir: string): Promise<() => void> {
  const name = createHash('sha256')
    .update(await realpath(dataDir))
    .digest('hex')
    .slice(0, 24);
  const address = path.join(tmpdir(), `confab-${name}.sock`);
  const server = net.createServer(socket => socket.destroy()).unref();
  if (!(await listens(server, address))) {
    if (await answers(address))
      throw new Error(`Another Confab is running on the data folder ${dataDir}. Stop it first.`);
    await rm(address, { force: true });
    if (!(await listens(server, address))) throw new Error(`The lock ${address} cannot be taken.`);
  }
  return () => server.close();
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
