import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics } from './metrics.ts';

const version = (value: string): string | undefined => (/^v?[\w.+-]{1,40}$/.test(value) ? value : undefined);
/** Kinds of handles are named by Node, as `TCPSocketWrap`. */
const kind = (value: string): string | undefined => (/^[A-Za-z]{2,40}$/.test(value) ? value : undefined);

const MEMORY = ['rss', 'heapUsed', 'external'] as const;
const LAGS = ['p50', 'p99', 'max'] as const;
/** How often the event loop is looked at; Node counts that pause into what it measures. */
const LOOK_MS = 20;

/**
 * How this process is: what it runs, holds and waits for. We read these ourselves, as prom-client cannot stop the
 * observers that it starts for its own.
 */
export function measureProcess(metrics: Metrics, release: string): void {
  const delays = monitorEventLoopDelay({ resolution: LOOK_MS });
  delays.enable();
  metrics.onClose(() => delays.disable());
  const begun = Date.now() / 1_000 - process.uptime();

  metrics.gauges({
    confab_build_info: {
      help: 'What runs here: always 1, the versions are its labels.',
      labels: { version, node: version },
      read: () => [{ labels: { version: release, node: process.version }, value: 1 }],
    },
    confab_started_seconds: {
      help: 'When the process began, in seconds since 1970; of several, when the last one did.',
      read: () => begun,
    },
    confab_memory_bytes: {
      help: 'Memory that the process holds: all of it (rss), of JavaScript (heapUsed), and beside that (external).',
      labels: { kind: MEMORY },
      together: 'sum',
      read() {
        const usage = process.memoryUsage();
        return MEMORY.map(name => ({ labels: { kind: name }, value: usage[name] }));
      },
    },
    confab_handles: {
      help: 'What keeps the process busy or waiting, by Node’s name for it: sockets, timers, children.',
      labels: { kind },
      together: 'sum',
      read() {
        const counts = Map.groupBy(process.getActiveResourcesInfo(), name => name);
        return [...counts].map(([name, all]) => ({ labels: { kind: name }, value: all.length }));
      },
    },
    confab_event_loop_lag_seconds: {
      help: 'By how much the event loop was late since the metrics were last read.',
      labels: { at: LAGS },
      read() {
        const { max } = delays;
        const late = { p50: delays.percentile(50), p99: delays.percentile(99), max };
        delays.reset();
        return LAGS.map(at => ({ labels: { at }, value: Math.max(0, late[at] / 1e9 - LOOK_MS / 1e3) }));
      },
    },
  });
}
