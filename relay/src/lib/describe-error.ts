import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { OwnError } from './app-error.ts';
import { redact } from './redact.ts';

/** One call of a stack; the file from the repository's root. */
export type Frame = { call?: string; file: string; line: number; column: number };

/** What may be told of an error to those who run the relay. */
export type DescribedError = {
  name: string;
  /** Of our own errors only. */
  message?: string;
  code?: string;
  status?: number;
  sqlState?: string;
  /** The innermost call first. */
  frames: Frame[];
  causes?: DescribedError[];
};

const DEPTH_MAX = 3;
const CAUSES_MAX = 3;
const FRAMES_MAX = 12;
/** The name of a class of errors; a library could put anything there. */
const CLASS = /^[A-Z]\w{0,60}(?:Error|Exception)$/;
const ROOT = path.join(import.meta.dirname, '../../..');

/**
 * Describes whatever was thrown by its name, codes and stack: messages of libraries may repeat what a visitor wrote, so
 * only the messages of our own errors pass. Never throws, whatever the error's properties do.
 */
export function describeError(thrown: unknown, depth = 0): DescribedError {
  try {
    return thrown instanceof Error ? describe(thrown, depth) : { name: typeof thrown, frames: [] };
  } catch {
    return { name: 'unreadable', frames: [] };
  }
}

function describe(error: Error, depth: number): DescribedError {
  const { name, message, stack, cause, code, status, errors } = error as Error & Record<string, unknown>;
  const text = String(message);
  const ours = error instanceof OwnError;
  const codeWord = wordOf(code, ours ? /^\w{1,40}$/ : /^[A-Z][A-Z0-9_]{1,40}$/);
  const sqlState = /Code: `([0-9A-Z]{5})`/.exec(text)?.[1];
  const others = [...(cause instanceof Error ? [cause] : []), ...(Array.isArray(errors) ? errors : [])];
  return {
    name: wordOf(name, CLASS) ?? wordOf(error.constructor.name, CLASS) ?? 'Error',
    ...(ours && { message: redact(text) }),
    ...(codeWord && { code: codeWord }),
    ...(typeof status === 'number' && { status }),
    ...(sqlState && { sqlState }),
    frames: framesOf(String(stack), text),
    ...(others.length > 0 &&
      depth < DEPTH_MAX && { causes: others.slice(0, CAUSES_MAX).map(each => describeError(each, depth + 1)) }),
  };
}

const wordOf = (value: unknown, shape: RegExp): string | undefined =>
  typeof value === 'string' && shape.test(value) && redact(value) === value ? value : undefined;

/** A message of several lines could pass for frames: it is cut out, and the rest must name files as a stack does. */
function framesOf(stack: string, message: string): Frame[] {
  const lines = stack.replace(message, () => '').split('\n');
  return lines.flatMap(line => frameOf(line) ?? []).slice(0, FRAMES_MAX);
}

const FRAME =
  /^ {4}at (?:(?:async )?(?:new )?([\w$.<>#]{1,100})(?: \[as [\w$.<>#]+\])? \()?([^()]{1,500}):(\d+):(\d+)\)?$/;

function frameOf(text: string): Frame | undefined {
  const [, call, place = '', line, column] = FRAME.exec(text) ?? [];
  const file = fileOf(place.replace(/^async /, ''));
  if (file === undefined || redact(file) !== file) return undefined;
  return {
    ...(call !== undefined && redact(call) === call && { call }),
    file,
    line: Number(line),
    column: Number(column),
  };
}

/** Our files, those of packages and Node's: where the relay is installed is nobody's business. */
function fileOf(place: string): string | undefined {
  if (/^node:[\w/.-]+$/.test(place)) return place;
  const absolute = place.startsWith('file:') ? fileURLToPath(place) : place;
  const relative = path.relative(ROOT, absolute).split(path.sep).join('/');
  return path.isAbsolute(absolute) && /^[\w@][\w@./+-]*$/.test(relative) ? relative : undefined;
}
