import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { createApp } from './app.ts';
import { takeCommand } from './cli/channel.ts';
import { runCommand } from './cli/commands.ts';
import type { Config } from './config.ts';
import { openDatabase } from './db/database.ts';
import { embedAtStart, reindexAtStart } from './features/knowledge/index.ts';
import { sweepAtStart } from './features/retention/index.ts';
import { createHttpServer } from './http/server.ts';
import type { Log } from './lib/log.ts';
import { DEMO_KEY, DEMO_NAME, installDemo } from './platforms/demo/index.ts';
import type { Reporter } from './providers/reporter/reporter.ts';
import { createServices, NO_VECTORS, type Services } from './services.ts';
import { REPORT_MS } from './strays.ts';

/** Running answers get this long to end, and then this long to be kept; the whole stop stays under 15 s. */
const DRAIN = { patienceMs: 11_000, graceMs: 1_500 };

/**
 * Behind a proxy a relay that stops first says so at /readyz, and serves for so long as before: the proxy asks there every
 * second, and sends what comes to others before anything is refused here.
 */
const LEAVING_MS = 3_000;

/** Connections that may wait to be taken: a shop tells of a thousand changed products at once. The system may hold less. */
const BACKLOG = 4_096;

export type Relay = Awaited<ReturnType<typeof startRelay>>;

type Start = {
  config: Config;
  log: Log;
  now: () => Date;
  reporter?: Reporter;
  /** False for a further process of the same command: what is done once at the start is done. */
  isFirst?: boolean;
};

/** Opens the database, builds the services, listens, and installs the demo shop. Resolves when all of it is ready. */
export async function startRelay({ config, log, now, reporter, isFirst = true }: Start) {
  const database = await openDatabase(config);
  if (!database.hasVectors) log.warn({}, NO_VECTORS);
  const services = await createServices({ config, database, log, now, reporter });
  // What a crash kept from being taken out of the files.
  await database.forgetDeleted();
  const server = createHttpServer(createApp(services).callback());
  await services.jobs.start();
  services.outbox.start();
  services.presence.start();
  services.counts.start();
  services.sharedCounts?.start();
  if (config.demo && isFirst) services.starting.add('demo shop');
  server.listen({ port: config.port, host: config.host, backlog: BACKLOG });
  await once(server, 'listening');
  const url = addressOf(server.address() as AddressInfo, config.host);
  services.listensAt(url);
  const demoSecret = config.demo && (config.demo.secret ?? services.keyring.demoSecret());
  database.embedded?.onCommand(socket =>
    takeCommand(socket, (argv, io, signal) => {
      const around = { config: () => config, database, report: services.reporter.report };
      return runCommand(argv, io, async () => services, signal, around);
    }),
  );
  if (demoSecret && isFirst) await openDemoShop(services, url, config.publicUrl ?? url, demoSecret);
  await sweepAtStart(services.jobs);
  await reindexAtStart(services.jobs);
  if (database.hasVectors) await embedAtStart(services.jobs);

  return {
    url,
    demoSecret,
    database,
    services,
    /** Takes no new turn, lets the running answers end, and closes everything; within 15 s. */
    async stop(): Promise<void> {
      const leavingMs = config.trustProxy > 0 ? LEAVING_MS : 0;
      services.leave();
      if (leavingMs > 0) await pause(leavingMs);
      server.close();
      server.closeIdleConnections();
      const drain = services.drain.drain({ ...DRAIN, patienceMs: DRAIN.patienceMs - leavingMs });
      await Promise.all([drain, services.jobs.stop(), services.outbox.stop()]);
      await services.presence.stop();
      await services.counts.stop();
      services.sharedCounts?.stop();
      await services.extractor.close();
      services.siblings.close();
      services.metrics.close();
      server.closeAllConnections();
      await Promise.all([database.close(), services.redis?.close(), services.reporter.close(REPORT_MS)]);
    },
  };
}

async function openDemoShop(services: Services, relayUrl: string, publicUrl: string, secret: string): Promise<void> {
  await services.sites.ensure({ key: DEMO_KEY, name: DEMO_NAME, secret, allowedOrigins: ['self'] });
  const pages = services.demo?.pages ?? new Map();
  await installDemo({ relayUrl, secret, shopUrl: `${publicUrl}/demo/`, pages });
  services.starting.delete('demo shop');
}

/** Where this process itself can reach its server. */
function addressOf({ address, family, port }: AddressInfo, host: string): string {
  const everywhere = address === '0.0.0.0' || address === '::';
  const name = everywhere ? '127.0.0.1' : family === 'IPv6' ? `[${address}]` : host;
  return `http://${name}:${port}`;
}
