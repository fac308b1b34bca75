import type { Config } from '../config.ts';
import { openDatabase } from '../db/database.ts';
import { createLog } from '../lib/log.ts';
import type { Reporter } from '../providers/reporter/reporter.ts';
import { createServices, type Services } from '../services.ts';

/** The features on the database itself; no relay is started. Faults are logged on standard error. */
export async function openServices(
  config: Config,
  reporter?: Reporter,
): Promise<{ services: Services; close: () => Promise<void> }> {
  const database = await openDatabase(config);
  try {
    const log = createLog('error', process.stderr);
    const services = await createServices({
      config: { ...config, demo: undefined },
      database,
      log,
      now: () => new Date(),
      reporter,
    });
    return {
      services,
      async close() {
        await services.jobs.stop();
        services.metrics.close();
        await database.close();
      },
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}
