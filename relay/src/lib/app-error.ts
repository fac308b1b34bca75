import { type ProblemCode, problems } from '@confab/contract';

/** An error whose message is made of our own words alone, so that it may stand in the log and in reports. */
export class OwnError extends Error {}

/** A failure we expected. Its message is shown to whoever called; its cause is only for the log. */
export class AppError extends OwnError {
  readonly code: ProblemCode;
  readonly status: number;
  readonly errors: { path: string; message: string }[] | undefined;
  readonly retryAfterS: number | undefined;
  /** With 412: what stands now, and its `ETag`. */
  readonly current: Record<string, unknown> | undefined;
  readonly entityTag: string | undefined;
  /** With `proof_required`: what is to be solved. */
  readonly challenge: string | undefined;

  constructor(
    code: ProblemCode,
    detail: string,
    more: {
      errors?: { path: string; message: string }[];
      retryAfterS?: number;
      current?: Record<string, unknown>;
      entityTag?: string;
      challenge?: string;
      cause?: unknown;
    } = {},
  ) {
    super(detail, { cause: more.cause });
    this.name = 'AppError';
    this.code = code;
    this.status = problems[code][0];
    this.errors = more.errors;
    this.retryAfterS = more.retryAfterS;
    this.current = more.current;
    this.entityTag = more.entityTag;
    this.challenge = more.challenge;
  }
}
