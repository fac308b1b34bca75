import packageJson from '../../../package.json' with { type: 'json' };
import type { Reporter } from './reporter.ts';
import { silentReporter } from './silent.ts';

type Config = { sentry: { dsn: string; environment: string } | undefined };

/** Who hears of the faults of this process. The vendor's SDK is loaded only where there is somebody to report to. */
export async function createReporter({ sentry }: Config, now: () => Date): Promise<Reporter> {
  if (!sentry) return silentReporter;
  const { sentryReporter } = await import('./sentry.ts');
  return sentryReporter({ ...sentry, release: `confab@${packageJson.version}`, now });
}
