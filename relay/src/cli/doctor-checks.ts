import { constants } from 'node:fs';
import { access, readdir, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { modelProvider } from '@confab/contract';
import { type Config, ConfigError } from '../config.ts';
import type { Database } from '../db/database.ts';
import { inspectDatabase } from '../db/inspect.ts';
import { countSealed, queryIn } from '../db/sealed-rows.ts';
import type { Services } from '../services.ts';
import { sealedPlaces } from './sealed.ts';

/** What was found of one thing: `note` is worth knowing, `problem` needs somebody; `todo` is what to do about it. */
export type Finding = { check: string; state: 'ok' | 'note' | 'problem'; says: string; todo?: string };

const NODE_MIN = 24;
const POSTGRES_MIN = 14;
/** Further apart, and the nightly purge refuses to run. */
const AHEAD_MAX_MS = 5_000;
const MB = 1_000_000;
const [FREE_MIN, FREE_LOW] = [500 * MB, 2_000 * MB];
const MINUTE_S = 60;
const repository = path.join(import.meta.dirname, '../../..');

const ok = (check: string, says: string): Finding => ({ check, state: 'ok', says });
const note = (check: string, says: string, todo?: string): Finding => ({
  check,
  state: 'note',
  says,
  ...(todo && { todo }),
});
const problem = (check: string, says: string, todo: string): Finding => ({ check, state: 'problem', says, todo });

/** What may be said of an error whose message is not ours: passwords and rows stand in messages. */
export const codeOf = (error: unknown): string => {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  const word = [code, (error as { cause?: { code?: unknown } } | undefined)?.cause?.code, name].find(
    each => typeof each === 'string' && /^\w{1,40}$/.test(each),
  );
  return String(word ?? 'unknown');
};

export function checkNode(version: string): Finding {
  const major = Number(/^v?(\d+)/.exec(version)?.[1]);
  return major >= NODE_MIN
    ? ok('Node', version)
    : problem(
        'Node',
        `${version} is too old.`,
        `Start Confab by "npm start", which brings Node ${NODE_MIN}, or install it.`,
      );
}

/** The configuration cannot be read. */
export function configFault(error: unknown): Finding[] {
  if (error instanceof ConfigError) {
    const [title = '', ...lines] = error.message.split('\n').map(line => line.trim());
    return (lines.length > 0 ? lines : [title]).map(line =>
      problem('configuration', line, 'Correct it in the environment or in .env; .env.example explains each variable.'),
    );
  }
  return [
    problem(
      'configuration',
      `The secret key of the data folder cannot be read or made (${codeOf(error)}).`,
      'Let CONFAB_DATA_DIR be a folder that the relay may write, or set CONFAB_SECRET_KEY.',
    ),
  ];
}

export function checkConfig(config: Config): Finding[] {
  const providers = modelProvider.options.filter(name => config[name].apiKey);
  return [
    ok('configuration', config.production ? 'complete, for production' : 'complete, for development'),
    providers.length > 0
      ? ok('providers', `keys for ${providers.join(', ')}`)
      : note(
          'providers',
          'No key: answers quote the site’s pages.',
          'Set OPENAI_API_KEY, or let each site bring its own key.',
        ),
    config.email.resend
      ? ok('e-mail', 'Resend')
      : note(
          'e-mail',
          'No RESEND_API_KEY: e-mails are files in the data folder.',
          'Set RESEND_API_KEY and CONFAB_EMAIL_FROM.',
        ),
    config.sentry
      ? ok('fault reports', new URL(config.sentry.dsn).host)
      : note('fault reports', 'No SENTRY_DSN: faults are in the log only.', 'Set SENTRY_DSN, or watch the log.'),
    config.metricsToken === undefined
      ? note(
          'metrics',
          'No CONFAB_METRICS_TOKEN: in production /metrics answers this machine and its own network only.',
          'Set it where Prometheus asks from elsewhere.',
        )
      : ok('metrics', '/metrics is read with a token'),
    ok('payments', config.stripe ? 'Stripe: plans are sold' : 'none: self-hosted, no plans'),
  ];
}

/** What runs in development and would not do in production. */
export function checkProduction(config: Config): Finding[] {
  const { production, publicUrl, trustProxy, databaseUrl, rateLimit } = config;
  if (!production) {
    const missing = ['NODE_ENV=production', 'CONFAB_SECRET_KEY', ...(publicUrl ? [] : ['CONFAB_PUBLIC_URL'])];
    if (!config.email.resend) missing.push('RESEND_API_KEY and CONFAB_EMAIL_FROM');
    return [note('production', 'This is a development configuration.', `Production also needs ${missing.join(', ')}.`)];
  }
  const findings: Finding[] = [];
  if (!publicUrl) {
    findings.push(
      problem(
        'public address',
        'No CONFAB_PUBLIC_URL: nobody knows where links lead.',
        'Set it to where browsers reach the relay.',
      ),
    );
  } else if (!publicUrl.startsWith('https:')) {
    findings.push(
      problem(
        'public address',
        'CONFAB_PUBLIC_URL is not https: what visitors write can be read on its way.',
        'Put a proxy with TLS before the relay.',
      ),
    );
  } else if (trustProxy === 0) {
    findings.push(
      problem(
        'public address',
        'CONFAB_TRUST_PROXY is 0, but TLS ends before the relay: all visitors have the address of the proxy, and share its limits.',
        'Set it to the number of proxies that every request passes, as 1.',
      ),
    );
  } else {
    findings.push(ok('public address', new URL(publicUrl).host));
  }
  if (!databaseUrl) {
    findings.push(
      note(
        'database',
        'The embedded database serves one process.',
        'Set DATABASE_URL for more than one small shop, and see docs/scaling.md.',
      ),
    );
  }
  if (!config.supportEmail) {
    findings.push(note('support', 'No CONFAB_SUPPORT_EMAIL: users’ requests for help reach nobody.', 'Set it.'));
  }
  if (!rateLimit) findings.push(problem('limits', 'Calls are not limited.', 'Take CONFAB_RATE_LIMIT=off out.'));
  return findings;
}

/** The data folder, the room in it, and the builds that the relay serves. */
export async function checkFiles(dataDir: string | undefined): Promise<Finding[]> {
  return [...(dataDir === undefined ? [] : await checkFolder(dataDir)), ...(await checkBuilds())];
}

async function checkFolder(dataDir: string): Promise<Finding[]> {
  const found = await stat(dataDir).catch(() => undefined);
  if (!found) return [note('data folder', `${dataDir} is not there yet; the first start makes it.`)];
  const findings: Finding[] = [];
  const isWritable = await access(dataDir, constants.W_OK | constants.X_OK).then(
    () => found.isDirectory(),
    () => false,
  );
  if (!isWritable) {
    findings.push(problem('data folder', `${dataDir} cannot be written.`, 'Give it to the user that runs the relay.'));
  } else if ((found.mode & 0o077) !== 0) {
    findings.push(
      problem('data folder', `${dataDir} is open to other users of this machine.`, `Close it: chmod 700 ${dataDir}`),
    );
  } else {
    findings.push(ok('data folder', dataDir));
  }
  const { bavail, bsize } = await statfs(dataDir);
  const free = bavail * bsize;
  const says = `${Math.round(free / MB)} MB are free`;
  if (free < FREE_MIN) findings.push(problem('disk', `Only ${says}.`, 'Make room: a full disk stops the relay.'));
  else findings.push(free < FREE_LOW ? note('disk', `Only ${says}.`) : ok('disk', says));
  return findings;
}

async function checkBuilds(): Promise<Finding[]> {
  const builds = { widget: 'widget-core/dist', console: 'shared/console/dist' };
  return Promise.all(
    Object.entries(builds).map(async ([name, folder]) => {
      const files = await readdir(path.join(repository, folder)).catch(() => []);
      return files.length > 0
        ? ok(name, 'built')
        : problem(name, `It is not built: ${folder} is empty.`, 'Run "npm run build", or start by "npm start".');
    }),
  );
}

/** `isCurrent` where the features can look at it as it is. */
export async function checkDatabase(
  config: Config,
  running: Database | undefined,
): Promise<{ findings: Finding[]; isCurrent: boolean }> {
  const where = config.databaseUrl ? new URL(config.databaseUrl).host : config.dataDir;
  let found: Awaited<ReturnType<typeof inspectDatabase>>;
  try {
    found = await inspectDatabase(config, running);
  } catch (error) {
    const todo = config.databaseUrl
      ? 'See that it runs and that DATABASE_URL is right: host, port, user, password, name.'
      : 'See that no other process has it open; where it is broken, restore a backup.';
    return {
      findings: [problem('database', `The one at ${where} cannot be opened (${codeOf(error)}).`, todo)],
      isCurrent: false,
    };
  }
  if (!found) return { findings: [note('database', 'There is none yet; the first start makes it.')], isCurrent: false };

  const { version, pending, failed, unknown, aheadMs, connections, hasVectors } = found;
  const isOld = config.databaseUrl !== undefined && Number.parseInt(version, 10) < POSTGRES_MIN;
  const through = running ? ', asked through the relay that runs' : '';
  const findings = [
    isOld
      ? problem('database', `PostgreSQL ${version} is too old.`, `Upgrade it to ${POSTGRES_MIN} or later.`)
      : ok('database', `${config.databaseUrl ? 'PostgreSQL' : 'embedded PostgreSQL'} ${version} at ${where}${through}`),
  ];
  if (failed.length > 0) {
    findings.push(
      problem(
        'migrations',
        `Not finished: ${failed.join(', ')}.`,
        'See the log of the start that made it; then start the relay again.',
      ),
    );
  } else if (unknown.length > 0) {
    findings.push(
      note(
        'migrations',
        `The database is of a later release: ${unknown.join(', ')}.`,
        'Where this is no rolling deployment, deploy that release.',
      ),
    );
  } else if (pending.length > 0) {
    findings.push(
      note('migrations', `Not applied yet: ${pending.join(', ')}.`, 'The next start of a relay applies them.'),
    );
  } else {
    findings.push(ok('migrations', 'all applied'));
  }
  findings.push(
    hasVectors
      ? ok('pgvector', '0.7 or later')
      : note(
          'pgvector',
          'There is none: passages are found by their words only.',
          'Install pgvector 0.7 or later on the server.',
        ),
  );
  const aheadS = Math.round(aheadMs / 1_000);
  findings.push(
    Math.abs(aheadMs) > AHEAD_MAX_MS
      ? problem(
          'clock',
          `The database’s clock is ${Math.abs(aheadS)} s ${aheadS > 0 ? 'ahead' : 'behind'}.`,
          'Have both machines keep time by NTP.',
        )
      : ok('clock', 'the database’s agrees'),
  );
  if (connections) {
    const { used, most, ofOneProcess } = connections;
    const says = `${used} of ${most} in use; a relay process takes up to ${ofOneProcess}`;
    findings.push(
      most < (config.processes + 1) * ofOneProcess
        ? problem(
            'connections',
            `${says}.`,
            'Raise max_connections of PostgreSQL: this relay must fit, and one process more during a deployment.',
          )
        : used > 0.8 * most
          ? note('connections', `${says}.`, 'Raise max_connections, or run fewer processes.')
          : ok('connections', `${says}, so ${Math.floor(most / ofOneProcess)} of them fit`),
    );
  }
  return { findings, isCurrent: failed.length === 0 && pending.length === 0 };
}

/** What of each gauge is a problem; from there an alert of Prometheus would tell as well. */
const LIMITS = [
  {
    metric: 'confab_jobs_oldest_waiting_seconds',
    check: 'jobs',
    most: 30 * MINUTE_S,
    says: (worst: number, of: string) => `A job of ${of} has been due for ${minutes(worst)}.`,
    runbook: 'jobs-waiting',
  },
  {
    metric: 'confab_deliveries_oldest_waiting_seconds',
    check: 'deliveries',
    most: 6 * 60 * MINUTE_S,
    says: (worst: number) => `Something has waited for ${minutes(worst)} to be handed over.`,
    runbook: 'deliveries-waiting',
  },
  {
    metric: 'confab_deliveries_failed',
    check: 'given up',
    most: 0,
    says: (worst: number) => `${worst} deliveries were given up.`,
    runbook: 'deliveries-waiting',
  },
  {
    metric: 'confab_purge_lag_seconds',
    check: 'purges',
    most: 2 * 60 * MINUTE_S,
    says: (worst: number) => `The nightly purge of a site has been due for ${minutes(worst)}.`,
    runbook: 'purge-lag',
  },
  {
    metric: 'confab_data_requests_overdue',
    check: 'data requests',
    most: 0,
    says: (worst: number) => `${worst} requests of persons are past the month that the law gives.`,
    runbook: 'data-requests-overdue',
  },
  {
    metric: 'confab_webhooks_oldest_unprocessed_seconds',
    check: 'webhooks',
    most: 30 * MINUTE_S,
    says: (worst: number, of: string) => `What ${of} told us has waited for ${minutes(worst)}.`,
    runbook: 'webhooks-unprocessed',
  },
];

const minutes = (seconds: number): string =>
  seconds < 120 * MINUTE_S ? `${Math.round(seconds / MINUTE_S)} min` : `${Math.round(seconds / MINUTE_S / 60)} h`;

type Metric = { name: string; values: { value: number; labels: Record<string, string> }[] };

/** The keys that rows need, and whether work is done in time: as the relay's own metrics tell it. */
export async function checkWork(open: () => Promise<Services>): Promise<Finding[]> {
  let services: Services;
  try {
    services = await open();
  } catch (error) {
    return [problem('work', `Nobody can look at the work that waits (${codeOf(error)}).`, 'See the log of the relay.')];
  }
  const metrics = (await services.metrics.json()) as Metric[];
  const findings = LIMITS.map(({ metric, check, most, says, runbook }) => {
    const values = metrics.find(({ name }) => name === metric)?.values ?? [];
    // The queue is made by the first relay that starts.
    if (values.length === 0) return note(check, 'not known: no relay has started on this database yet');
    const worst = values.reduce((one, other) => (other.value > one.value ? other : one));
    const of = Object.values(worst.labels)[0] ?? '';
    if (worst.value <= most) return ok(check, 'done in time');
    return problem(check, says(Math.round(worst.value), of), `See docs/runbooks/${runbook}.md.`);
  });
  return [await checkKeys(services), ...findings];
}

async function checkKeys({ keyring, database }: Services): Promise<Finding> {
  const known = keyring.keyIds;
  const rows = new Map<string, number>();
  for (const place of sealedPlaces) {
    for (const [key, count] of await countSealed(queryIn(database.db), place))
      rows.set(key, (rows.get(key) ?? 0) + count);
  }
  const missing = [...rows].filter(([key]) => !known.includes(key));
  if (missing.length > 0) {
    const says = missing.map(([key, count]) => `${count} rows need the key ${key}`).join(', ');
    return problem('secret keys', `${says}, which is not in CONFAB_SECRET_KEY.`, 'Put it back behind a comma.');
  }
  const older = known.slice(1).filter(key => rows.has(key));
  if (older.length > 0) {
    const says = `Older keys still encrypt rows: ${older.map(key => `${key} ${rows.get(key)}`).join(', ')}.`;
    return note('secret keys', says, 'Run "npm run confab -- keys rotate" before you take one out.');
  }
  return ok(
    'secret keys',
    `${known.length === 1 ? 'one key' : `${known.length} keys`}, and the newest encrypts everything`,
  );
}
