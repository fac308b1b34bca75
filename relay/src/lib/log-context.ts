import { AsyncLocalStorage } from 'node:async_hooks';
import type { LogFields } from './log-fields.ts';

/** Where something happens: in which request, or in which job of which queue. */
export type LogContext = Pick<LogFields, 'requestId' | 'queue' | 'jobId'>;

const contexts = new AsyncLocalStorage<LogContext>();

/** Has every line of the log, and every report, that comes of this work say where it came from. */
export const withLogContext = <Result>(context: LogContext, work: () => Result): Result => contexts.run(context, work);

/** Where we are; nothing outside of requests and jobs. */
export const logContext = (): LogContext => contexts.getStore() ?? {};
