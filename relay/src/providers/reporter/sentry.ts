import { randomUUID } from 'node:crypto';
import { type Event, type Exception, makeNodeTransport, NodeClient } from '@sentry/node';
import { type DescribedError, describeError } from '../../lib/describe-error.ts';
import { logContext } from '../../lib/log-context.ts';
import { route, uuid, word } from '../../lib/log-fields.ts';
import type { FaultContext, Reporter } from './reporter.ts';

const EXCEPTIONS_MAX = 10;

type Options = { dsn: string; environment: string; release: string; now: () => Date };

/**
 * Reports to Sentry, or to whoever speaks its protocol. Each event is built here, of the fields below and no others,
 * and given to the SDK as finished: of the SDK nothing but the sending is used, so what its scopes, integrations and
 * breadcrumbs hold cannot join it. See docs/decisions/0009.
 */
export function sentryReporter({ dsn, environment, release, now }: Options): Reporter {
  const client = new NodeClient({
    dsn,
    integrations: [],
    stackParser: () => [],
    transport: makeNodeTransport,
    // Otherwise the SDK rewrites other modules while Node loads them.
    enableRuntimeChannelInjection: false,
  });

  return {
    report(error, context = {}) {
      try {
        client.sendEvent({
          event_id: randomUUID().replaceAll('-', ''),
          timestamp: now().getTime() / 1_000,
          platform: 'node',
          level: 'error',
          environment,
          release,
          exception: { values: exceptionsOf(describeError(error)) },
          tags: tagsOf({ ...logContext(), ...context }),
        });
      } catch {
        // The fault is in the log; a report that fails must not become a second one.
      }
    },

    async close(ms) {
      await client.close(ms);
    },
  };
}

function tagsOf({ route: pattern, requestId, siteId, queue, jobId }: FaultContext): NonNullable<Event['tags']> {
  const tags = {
    route: route(pattern),
    requestId: uuid(requestId),
    siteId: uuid(siteId),
    queue: word(queue),
    jobId: uuid(jobId),
  };
  return Object.fromEntries(Object.entries(tags).filter(([, value]) => value !== undefined));
}

/** The error and its causes; Sentry wants the innermost cause first, and of each the outermost call first. */
function exceptionsOf(described: DescribedError): Exception[] {
  const all: DescribedError[] = [described];
  for (const each of all) all.push(...(each.causes ?? []));
  return all.slice(0, EXCEPTIONS_MAX).map(exceptionOf).reverse();
}

function exceptionOf({ name, message, code, status, sqlState, frames }: DescribedError): Exception {
  return {
    type: name,
    value: message ?? [code, status, sqlState].filter(part => part !== undefined).join(' '),
    stacktrace: {
      frames: frames
        .map(({ call = '<anonymous>', file, line, column }) => ({
          filename: file,
          function: call,
          lineno: line,
          colno: column,
          in_app: !/^node:|(?:^|\/)node_modules\//.test(file),
        }))
        .reverse(),
    },
  };
}
