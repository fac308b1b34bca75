import { parseArgs } from 'node:util';
import type { CountsByClass } from '../features/retention/index.ts';
import type { Site } from '../features/sites/index.ts';
import { AppError } from '../lib/app-error.ts';
import type { Services } from '../services.ts';
import { type Command, type CommandIo, UsageError } from './command.ts';

/** How many rows go between two lines of progress. */
const PROGRESS_ROWS = 10_000;

/** Purges now what the nightly purge would have to wait for. */
export const purge: Command = {
  usage: 'purge [--site KEY] [--dry-run] [--now DATE]',
  help: `Deletes what is past its time: of every site, or of one. Each purge leaves a certificate, as the nightly one does.

  --site KEY   this site only
  --dry-run    only says what would be deleted
  --now DATE   as if it were this time, such as 2026-12-24 or 2026-12-24T03:00:00Z; may be in the future`,
  examples: ['purge --dry-run', 'purge --site demo', 'purge --site demo --dry-run --now 2027-06-01'],
  needs: 'relay',

  async run(args, io, open, signal) {
    const { values } = parseArgs({
      args,
      options: { site: { type: 'string' }, 'dry-run': { type: 'boolean' }, now: { type: 'string' } },
    });
    const now = values.now === undefined ? undefined : momentOf(values.now);
    const services = await open();
    if (now) io.err(`As if it were ${now.toISOString()}${now > new Date() ? ', which is in the future' : ''}.\n`);
    const sites = values.site === undefined ? await services.retention.siteKeys() : [values.site];
    const rows: string[][] = [];
    const failed: string[] = [];
    for (const [index, key] of sites.entries()) {
      if (signal.aborted) break;
      try {
        const site = await siteOf(services, key);
        io.err(`Site ${index + 1} of ${sites.length}: ${key}\n`);
        const found = await (values['dry-run']
          ? services.retention.preview(site, {}, now).then(({ expired, held }) => ({ counts: expired, held }))
          : purgeOf(services, site, now, io, signal));
        rows.push(...rowsOf(key, found));
      } catch (error) {
        if (error instanceof UsageError) throw error;
        if (signal.aborted) break;
        services.log.error({ err: error }, 'a purge failed');
        io.err(`${key}: failed (${(error as Error).name}); the next purge goes on where this one stopped.\n`);
        failed.push(key);
      }
    }
    await io.out(table([['site', 'data', 'kind', values['dry-run'] ? 'would go' : 'gone'], ...rows]));
    if (signal.aborted)
      io.err('Stopped. What went until then has its certificate; the rest stays for the next purge.\n');
    else if (failed.length > 0) io.err(`${failed.length} of ${sites.length} sites failed: ${failed.join(', ')}\n`);
    return signal.aborted || failed.length > 0 ? 1 : 0;
  },
};

async function siteOf(services: Services, key: string): Promise<Site> {
  return services.sites.byKey(key).catch(error => {
    throw error instanceof AppError ? new UsageError(`There is no site "${key}".`) : error;
  });
}

async function purgeOf(services: Services, site: Site, now: Date | undefined, io: CommandIo, signal: AbortSignal) {
  let told = 0;
  const onProgress = (rows: number) => {
    if (rows - told < PROGRESS_ROWS) return;
    told = rows;
    io.err(`  ${rows} rows so far\n`);
  };
  const certificate = await services.retention.purgeSite(site.id, { trigger: 'manual', now, signal, onProgress });
  if (!certificate) throw new Error('the site is gone');
  return certificate;
}

function momentOf(given: string): Date {
  const moment = new Date(given);
  const isDate = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(given);
  // "2026-02-30" would quietly become the 2nd of March.
  const day = Number(given.slice(8, 10));
  const exists = isDate && new Date(Date.parse(given.slice(0, 10))).getUTCDate() === day;
  if (!exists || Number.isNaN(moment.getTime())) {
    throw new UsageError(`--now "${given}" is not a date such as 2026-12-24 or 2026-12-24T03:00:00Z.`);
  }
  return moment;
}

function rowsOf(key: string, { counts, held }: { counts: CountsByClass; held: boolean }): string[][] {
  if (held) return [[key, 'everything', 'held', '0']];
  return Object.entries(counts).flatMap(([name, kinds]) =>
    Object.entries(kinds).map(([kind, count]) => [key, name, kind, String(count)]),
  );
}

/** Columns as wide as their widest cell; the last one holds numbers. */
function table(rows: string[][]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0))) ?? [];
  const line = (row: string[]) =>
    row.map((cell, column) =>
      column === row.length - 1 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
    );
  return `${rows.map(row => line(row).join('  ')).join('\n')}\n`;
}
