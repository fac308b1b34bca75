import type { Reporter } from './reporter.ts';

/** For a relay without a `SENTRY_DSN`: its faults are in its log, and leave by no other way. */
export const silentReporter: Reporter = { report() {}, async close() {} };
