import { once } from 'node:events';
import { readConfig } from '@confab/relay/config.ts';
import { openDatabase } from '@confab/relay/db/database.ts';
import { crawlStore, createAsk, createCrawl } from '@confab/relay/features/crawl/index.ts';
import { createLog } from '@confab/relay/lib/log.ts';
import { createServices } from '@confab/relay/services.ts';

// A crawl without its pauses, at a moment that is given, in a process of its own that a test can kill. Says "ready", waits
// for a word, and says "completed" at its end.
const [siteId = '', sourceId = '', at = ''] = process.argv.slice(2);
const config = readConfig(process.env);
const database = await openDatabase(config);
const now = () => new Date(at);
const log = createLog('silent');
const services = await createServices({ config, database, log, now });
const crawl = createCrawl({
  store: crawlStore(database.db),
  sites: services.sites,
  knowledge: services.knowledge,
  extractor: services.extractor,
  ask: createAsk({ fetch }),
  relayOrigin: () => undefined,
  pause: async () => {},
  log,
  now,
});
process.stdout.write('ready\n');
await once(process.stdin, 'data');
const againS = await crawl.slice(siteId, sourceId, new AbortController().signal);
process.stdout.write(againS === undefined ? 'completed\n' : `again in ${againS}\n`);
await services.extractor.close();
await database.close();
process.exit(0);
