import { Gauge, Registry } from 'prom-client';

/** One number that is read when somebody asks. It has no labels: a site or a person is nobody's metric. */
export type Gauges = Record<string, { help: string; read(): Promise<number> }>;

export type Metrics = ReturnType<typeof createMetrics>;

/**
 * The gauges that features hand in, as Prometheus reads them. No metrics of the process: prom-client cannot stop the
 * observers that it starts for them.
 */
export function createMetrics(gauges: Gauges) {
  const registry = new Registry();
  for (const [name, { help, read }] of Object.entries(gauges)) {
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        this.set(await read());
      },
    });
  }
  let reading: Promise<string> | undefined;
  return {
    contentType: registry.contentType,
    /** Reads all of them; calls that come meanwhile share the answer, so that many callers cost one. */
    async text(): Promise<string> {
      reading ??= registry.metrics().finally(() => {
        reading = undefined;
      });
      return reading;
    },
  };
}
