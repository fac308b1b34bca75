import { ConfigError, readConfig } from './config.ts';
import { createLog } from './lib/log.ts';
import { redact } from './lib/redact.ts';
import type { Reporter } from './providers/reporter/reporter.ts';
import { REPORT_MS, type Relay, startRelay } from './relay.ts';

try {
  const config = readConfig(process.env);
  const log = createLog(config.logLevel);
  let reporter: Reporter | undefined;
  // Node would print the error's message, which may repeat what a visitor wrote.
  process.once('uncaughtException', async error => {
    process.once('uncaughtException', () => process.exit(1));
    log.fatal({ err: error }, 'a fault that nobody caught; stopping');
    reporter?.report(error);
    await reporter?.close(REPORT_MS);
    process.exit(1);
  });
  const starting = startRelay({ config, log, now: () => new Date() });
  void starting.then(
    relay => {
      reporter = relay.services.reporter;
    },
    () => {},
  );
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
  process.stdout.write(banner(await starting));
} catch (error) {
  process.stderr.write(`${error instanceof ConfigError ? error.message : explain(error as NodeJS.ErrnoException)}\n`);
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
