import { type DescribedError, describeError } from './describe-error.ts';

type Shape<Value> = (value: unknown) => Value | undefined;

const matching =
  (shape: RegExp): Shape<string> =>
  value =>
    typeof value === 'string' && value.length <= 200 && shape.test(value) ? value : undefined;

export const uuid = matching(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i);
export const word = matching(/^[a-z]+(?:[-_.][a-z]+){0,5}$/);
/** A pattern such as /v1/widget/:siteKey/turns: no address, so neither digits nor escapes. */
export const route = matching(/^(?:none|(?:\/(?:v\d|[A-Za-z:{}*().|_-]{0,40})){1,12})$/);

/** No phone or card is that small. */
const count: Shape<number> = value =>
  Number.isSafeInteger(value) && Math.abs(value as number) <= 1_000_000_000 ? (value as number) : undefined;

const counts: Shape<Record<string, number>> = value => {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const known = entries.every(([kind, many]) => /^[a-z][A-Za-z]{0,30}$/.test(kind) && count(many) !== undefined);
  return known && entries.length > 0 && entries.length <= 30 ? Object.fromEntries(entries) : undefined;
};

/** All that a line of the log may hold beside its message, each with its shape: what a visitor wrote has no field. */
export const logFields = {
  err: (value: unknown) => linesOf(describeError(value)),
  requestId: uuid,
  siteId: uuid,
  accountId: uuid,
  turnId: uuid,
  jobId: uuid,
  purgeRunId: uuid,
  dataRequestId: uuid,
  method: matching(/^[A-Z]{3,10}$/),
  route,
  status: count,
  ms: count,
  /** Of the client: the /24 of an IPv4 address, the /48 of an IPv6 one. */
  network: matching(/^(?:(?:\d{1,3}\.){3}0\/24|(?:(?:[\da-f]{1,4}:){1,3}|:):\/48)$/),
  signal: matching(/^SIG[A-Z0-9]{2,9}$/),
  queue: word,
  count,
  /** How many of each kind, such as `{ messages: 12 }`. */
  counts,
};

/** What a call of the log may be given. */
export type LogFields = { err?: unknown } & {
  [Name in Exclude<keyof typeof logFields, 'err'>]?: ReturnType<(typeof logFields)[Name]>;
};

/**
 * The fields that are known and of their shape; of the others, the names alone, as `dropped`. Whatever is given, and
 * whatever its properties do when they are read: it never throws.
 */
export function allowedFields(given: unknown): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  const dropped = new Set<string>();
  if (typeof given !== 'object' || given === null) return kept;
  try {
    const fields: object = given instanceof Error ? { err: given } : given;
    for (const name of Object.keys(fields)) {
      const value = checked(fields, name);
      if (value.known !== undefined) kept[name] = value.known;
      else if (!value.absent) dropped.add(/^[a-z][A-Za-z]{0,29}$/.test(name) ? name : '?');
    }
  } catch {
    dropped.add('?');
  }
  return dropped.size > 0 ? { ...kept, dropped: [...dropped].slice(0, 10) } : kept;
}

function checked(fields: object, name: string): { absent?: boolean; known?: unknown } {
  try {
    const value = (fields as Record<string, unknown>)[name];
    const shape = Object.hasOwn(logFields, name) ? logFields[name as keyof typeof logFields] : undefined;
    return value === undefined ? { absent: true } : { known: shape?.(value) };
  } catch {
    return {};
  }
}

/** As a reader of the log wants it: each frame a line. */
function linesOf({ frames, causes, ...error }: DescribedError): Record<string, unknown> {
  return {
    ...error,
    frames: frames.map(({ call, file, line, column }) => `${call ?? '<anonymous>'} (${file}:${line}:${column})`),
    ...(causes && { causes: causes.map(linesOf) }),
  };
}
