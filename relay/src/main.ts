import cluster from 'node:cluster';
import { superviseProcesses } from './cluster.ts';
import { ConfigError, readConfig } from './config.ts';
import { createLog } from './lib/log.ts';
import { redact } from './lib/redact.ts';
import type { Word } from './lib/siblings.ts';
import { createReporter } from './providers/reporter/registry.ts';
import type { Reporter } from './providers/reporter/reporter.ts';
import { type Relay, startRelay } from './relay.ts';
import { endOnStrayFaults, REPORT_MS } from './strays.ts';

let reporter: Reporter | undefined;
try {
  const config = readConfig(process.env);
  const log = createLog(config.logLevel);
  const now = () => new Date();
  reporter = await createReporter(config, now);
  endOnStrayFaults({ log, reporter });
  if (config.processes > 1 && cluster.isPrimary) {
    const code = await superviseProcesses({ processes: config.processes, log });
    await reporter.close(REPORT_MS);
    process.exit(code);
  }
  const starting = startRelay({ config, log, now, reporter, isFirst: (cluster.worker?.id ?? 1) === 1 });
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, async () => {
      if (stopping) return;
      stopping = true;
      log.info({ signal }, 'stopping');
      await starting.then(relay => relay.stop());
      process.exit(0);
    });
  }
  const text = banner(await starting);
  // Of several processes the first one that is ready says so, once.
  if (cluster.isWorker) process.send?.({ confab: 'ready', banner: text } satisfies Word);
  else process.stdout.write(text);
} catch (error) {
  // A relay that does not come up is a fault, unless its configuration says why.
  if (!(error instanceof ConfigError)) reporter?.report(error);
  process.stderr.write(`${error instanceof ConfigError ? error.message : explain(error as NodeJS.ErrnoException)}\n`);
  await reporter?.close(REPORT_MS);
  process.exit(1);
}

function banner({ url, database, demoSecret }: Relay): string {
  const lines = [
    `Confab is ready at ${url} (${database.kind === 'embedded' ? 'embedded database' : 'PostgreSQL'})`,
    ...(demoSecret ? [`  Open the demo shop:      ${url}/demo/`, `  Secret of the demo site: ${demoSecret}`] : []),
    `  Your console:            ${url}/console/`,
    `  The API, described:      ${url}/openapi.json`,
  ];
  return `\n${lines.join('\n')}\n\n`;
}

function explain({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'EADDRINUSE') return 'Confab cannot start: the port is taken. Stop the other program, or set PORT.';
  if (code === 'ENOENT' && message.includes('widget-core')) {
    return 'Confab cannot start: the widget is not built. Start it by "npm start", which builds it.';
  }
  return `Confab cannot start: ${redact(message)}`;
}
