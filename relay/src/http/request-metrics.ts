import { problems } from '@confab/contract';
import type { Context } from 'koa';
import { route } from '../lib/log-fields.ts';
import type { Metrics } from '../lib/metrics.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
/** 0 where the client left before there was an answer. */
const CLASSES = ['2xx', '3xx', '4xx', '5xx', 'left'] as const;
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export type RequestMetrics = ReturnType<typeof requestMetrics>;

/** What is measured of every request: by the pattern of its route, never by its address. */
export function requestMetrics(metrics: Metrics) {
  const requests = metrics.counter(
    'confab_http_requests_total',
    'Requests, by route, method and class of the answer.',
    {
      route,
      method: METHODS,
      status: CLASSES,
    },
  );
  const seconds = metrics.histogram(
    'confab_http_request_seconds',
    'From the arrival of a request to the end of its answer; streams are not in it.',
    { route, method: METHODS },
    SECONDS,
  );
  const streams = metrics.level('confab_streams_open', 'Streams of events that are being sent, by route.', { route });
  const codes = Object.keys(problems);
  const refusals = metrics.counter('confab_problems_total', 'Answers that are problems, by their code.', {
    code: codes,
  });
  const turnedAway = metrics.counter(
    'confab_turned_away_total',
    'Requests that were answered by 503 because the process is full or stopping.',
    {},
  );

  return {
    /** A request is over, however it ended. */
    ended(ctx: Context, pattern: string, ms: number): void {
      const { method, res } = ctx;
      const hasAnswer = res.headersSent;
      requests.add({ route: pattern, method, status: hasAnswer ? `${Math.floor(res.statusCode / 100)}xx` : 'left' });
      const isStream = String(res.getHeader('Content-Type') ?? '').startsWith('text/event-stream');
      if (hasAnswer && !isStream) seconds.observe({ route: pattern, method }, ms / 1_000);
    },

    /** A stream begins; what comes back ends it. */
    streamBegins(pattern: string): () => void {
      streams.add({ route: pattern }, 1);
      return () => streams.add({ route: pattern }, -1);
    },

    /** A request is answered by a problem; `isChosen` where it is a 503 that no fault has caused. */
    refused(code: string, isChosen: boolean): void {
      refusals.add({ code });
      if (isChosen) turnedAway.add({});
    },
  };
}
