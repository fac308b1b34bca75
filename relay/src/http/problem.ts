import { type Problem, problems } from '@confab/contract';
import type { Middleware } from 'koa';
import { isDatabaseAway } from '../db/away.ts';
import { AppError } from '../lib/app-error.ts';
import type { Log } from '../lib/log.ts';
import type { Reporter } from '../providers/reporter/reporter.ts';
import { routeOf } from './request-id.ts';
import type { RequestMetrics } from './request-metrics.ts';
import type { RequestState } from './request-state.ts';

type Deps = { log: Log; reporter: Reporter; requestMetrics: RequestMetrics };

/**
 * The one place where an error becomes a reply. Only faults of ours are logged and reported; the caller sees none of
 * their words.
 */
export function answerWithProblems({ log, reporter, requestMetrics }: Deps): Middleware<RequestState> {
  return async (ctx, next) => {
    try {
      await next();
      if (ctx.respond === false || ctx.body != null) return;
      if (ctx.status === 404) throw new AppError('not_found', 'No page or call has this address.');
      if (ctx.status === 405 || ctx.status === 501) {
        throw new AppError('method_not_allowed', 'This address does not take that method.');
      }
    } catch (error) {
      const known = error instanceof AppError ? error : asAppError(error);
      requestMetrics.refused(known.code, known.code === 'unavailable' && known.cause === undefined);
      if (known.status >= 500) {
        const { requestId } = ctx.state;
        const fault = known.cause ?? known;
        log.error({ err: fault, requestId }, 'request failed');
        // "unavailable" without a cause is what we chose, as during a restart.
        if (fault !== known || known.code === 'internal') reporter.report(fault, { route: routeOf(ctx), requestId });
      }
      // Koa would have dropped what was set for the good answer; a problem keeps what CORS and Allow need.
      if (known.retryAfterS !== undefined) ctx.set('Retry-After', String(known.retryAfterS));
      if (known.code === 'unauthorized') ctx.set('WWW-Authenticate', 'Bearer');
      ctx.remove('ETag');
      if (known.entityTag) ctx.set('ETag', known.entityTag);
      ctx.set('Cache-Control', 'no-store');
      ctx.status = known.status;
      ctx.body = JSON.stringify(problemOf(known, ctx.state.requestId));
      ctx.type = 'application/problem+json';
    }
  };
}

/** RFC 9457. */
function problemOf(error: AppError, requestId: string): Problem {
  const [status, title] = problems[error.code];
  return {
    type: `urn:confab:error:${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    requestId,
    ...(error.errors && { errors: error.errors }),
    ...(error.current && { current: error.current }),
    ...(error.challenge && { challenge: error.challenge }),
  };
}

function asAppError(error: unknown): AppError {
  // A path that cannot be decoded is the only thing that the router refuses by itself.
  if (error instanceof URIError || (error as { status?: number } | undefined)?.status === 400) {
    return new AppError('not_found', 'The address cannot be read.');
  }
  if (isDatabaseAway(error)) {
    return new AppError('unavailable', 'The database cannot be reached. Please try again.', {
      retryAfterS: 5,
      cause: error,
    });
  }
  return new AppError('internal', 'Please try again; if it stays, tell the operator the request id.', { cause: error });
}
