import { pino } from 'pino';
import { logContext } from './log-context.ts';
import { allowedFields, type LogFields } from './log-fields.ts';
import { redact } from './redact.ts';

export type Log = ReturnType<typeof createLog>;

const LEVELS = ['debug', 'info', 'warn', 'error', 'fatal'] as const;
type Level = (typeof LEVELS)[number];
type Write = (fields: LogFields, message: string) => void;

/**
 * JSON lines on standard output. A line holds its level, time and message and the fields of `log-fields.ts`, nothing
 * else, those of the request or job that it comes of by itself: the logging library is behind this door, so that there is
 * no other way to write a line.
 */
export function createLog(level: string, destination: NodeJS.WritableStream = process.stdout): Record<Level, Write> {
  const lines = pino(
    {
      level,
      base: null,
      formatters: { level: label => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    destination,
  );
  const writeAt =
    (at: Level): Write =>
    (fields, message) => {
      if (!lines.isLevelEnabled(at)) return;
      lines[at]({ ...allowedFields(logContext()), ...allowedFields(fields) }, wordsOf(fields, message));
    };
  return Object.fromEntries(LEVELS.map(each => [each, writeAt(each)])) as Record<Level, Write>;
}

/** Our own words, also of a caller that gives no fields; a message that is no text would be somebody's data. */
function wordsOf(fields: unknown, message: unknown): string {
  const words = typeof fields === 'string' ? fields : message;
  return typeof words === 'string' ? redact(words) : '';
}
