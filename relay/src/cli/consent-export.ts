import { parseArgs } from 'node:util';
import { consentsQuery } from '@confab/contract';
import { linesOf } from '../features/consent/index.ts';
import type { Site } from '../features/sites/index.ts';
import { AppError } from '../lib/app-error.ts';
import type { Services } from '../services.ts';
import { type Command, UsageError } from './command.ts';

/** Records that are read at once. */
const PAGE = 1_000;

export const consentExport: Command = {
  needs: 'relay',
  usage: 'consent export [--site KEY] [--after N]',
  help: `Writes the consent log of a site as JSON Lines, to be checked by "consent verify". --site may be left out where
there is one site. With --after only what comes behind record N; where the beginning was pruned, the log begins with the
signed checkpoint that was left.`,
  examples: ['consent export --site demo --output consents.jsonl'],
  async run(args, io, open, signal) {
    const { values } = parseArgs({ args, options: { site: { type: 'string' }, after: { type: 'string' } } });
    const query = consentsQuery.safeParse({ after: values.after });
    if (!query.success) throw new UsageError('--after takes the number of a record, such as 100.');
    const services = await open();
    const site = await siteOf(services, values.site);
    let { after } = query.data;
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      const page = await services.consent.log(site, after, PAGE);
      if (!isFirst && page.first.sequence !== after) {
        io.err('The log was pruned while it was exported. Run it again.\n');
        return 1;
      }
      await io.out(linesOf(page));
      if (!page.hasMore) return 0;
      after = page.last.sequence;
    }
    return 1;
  },
};

async function siteOf({ sites, retention }: Services, wanted: string | undefined): Promise<Site> {
  const keys = wanted === undefined ? await retention.siteKeys() : [wanted];
  const [key] = keys;
  if (key === undefined || keys.length > 1)
    throw new UsageError(`There are ${keys.length} sites. Name one: --site KEY`);
  return sites.byKey(key).catch(error => {
    throw error instanceof AppError ? new UsageError(`There is no site "${key}".`) : error;
  });
}
