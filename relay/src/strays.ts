import type { Log } from './lib/log.ts';
import type { Reporter } from './providers/reporter/reporter.ts';

/** The last reports get this long to leave. */
export const REPORT_MS = 2_000;

/**
 * For the begin of every process of ours: a fault that nobody caught, also a rejection, is logged and reported, and ends
 * the process, which nobody can vouch for any more. Node would print the error's message, which may repeat what a
 * visitor wrote.
 */
export function endOnStrayFaults({ log, reporter }: { log: Log; reporter: Pick<Reporter, 'report' | 'close'> }): void {
  process.once('uncaughtException', async error => {
    process.once('uncaughtException', () => process.exit(1));
    log.fatal({ err: error }, 'a fault that nobody caught; stopping');
    reporter.report(error);
    await reporter.close(REPORT_MS);
    process.exit(1);
  });
}
