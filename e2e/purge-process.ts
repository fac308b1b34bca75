import { once } from 'node:events';
import { readConfig } from '@confab/relay/config.ts';
import { openDatabase } from '@confab/relay/db/database.ts';
import { createRetention, purgeStore } from '@confab/relay/features/retention/index.ts';
import { createLog } from '@confab/relay/lib/log.ts';
import { createServices } from '@confab/relay/services.ts';

// A nightly purge of one site in small batches, in a process of its own that a test can kill. Says "ready", waits for a
// word, says "batch" after each batch, and "completed" or "nothing due" at its end.
const [siteId = '', at = ''] = process.argv.slice(2);
const config = readConfig(process.env);
const database = await openDatabase(config);
const now = () => new Date();
const log = createLog('silent');
const services = await createServices({ config, database, log, now });
const retention = createRetention({
  db: database.db,
  store: purgeStore(database.db),
  owners: services.owners.map(owner => ({
    ...owner,
    purgeBefore: (tx, site, cutoff) => owner.purgeBefore(tx, site, cutoff, 50),
  })),
  legalHolds: services.legalHolds,
  forgetDeleted: database.forgetDeleted,
  emit: services.outbox.emit,
  log,
  now,
});
process.stdout.write('ready\n');
await once(process.stdin, 'data');
const onProgress = () => void process.stdout.write('batch\n');
const certificate = await retention.purgeSite(siteId, { trigger: 'nightly', now: new Date(at), onProgress });
process.stdout.write(certificate ? 'completed\n' : 'nothing due\n');
await database.close();
process.exit(0);
