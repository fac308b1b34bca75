import { pino } from 'pino';
import { AppError } from './app-error.ts';

export type Log = ReturnType<typeof createLog>;

/**
 * JSON lines on standard output. An error is logged as its name, code and stack frames: messages of libraries may
 * repeat what a visitor wrote, so only the messages of our own errors pass.
 */
export function createLog(level: string, destination: NodeJS.WritableStream = process.stdout) {
  return pino(
    {
      level,
      base: null,
      formatters: { level: label => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: describe },
    },
    destination,
  );
}

function describe(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error };
  const { code, status } = error as { code?: unknown; status?: unknown };
  const sqlState = /Code: `(\w{5})`/.exec(error.message)?.[1];
  const ours = error instanceof AppError || error.name === 'ProviderError' || error.name === 'ConfigError';
  return {
    name: error.name,
    ...(ours && { message: error.message }),
    // A word of ours, Node's or Prisma's; a vendor's server could put anything there.
    ...(typeof code === 'string' && (ours || /^[A-Z][A-Z0-9_]{1,40}$/.test(code)) && { code }),
    ...(typeof status === 'number' && { status }),
    ...(sqlState && { sqlState }),
    // A message of several lines could pass for frames.
    frames: error.stack
      ?.replace(error.message, '')
      .split('\n')
      .filter(line => /^\s+at /.test(line))
      .slice(0, 12)
      .map(line => line.trim()),
    ...(error.cause instanceof Error && { cause: describe(error.cause) }),
  };
}
