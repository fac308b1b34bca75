import { z } from 'zod';

/** Every refusal and fault that the relay tells, with its HTTP status and its title. */
export const problems = {
  validation_failed: [400, 'The request is not valid'],
  malformed_json: [400, 'The body is not JSON'],
  link_invalid: [400, 'The link is wrong, used or too old'],
  password_refused: [400, 'The password is too easy to guess'],
  connect_code_invalid: [400, 'The code is wrong, used or too old'],
  unauthorized: [401, 'The credential is missing or wrong'],
  sign_in_refused: [401, 'The e-mail address or the password is wrong'],
  second_factor_refused: [401, 'The code is wrong or too old'],
  forbidden: [403, 'Your role does not allow this'],
  cross_site: [403, 'The request came from another site'],
  payment_declined: [402, 'The card could not be charged'],
  confirmation_required: [403, 'Confirm your password first'],
  consent_required: [403, 'Consent is required'],
  proof_required: [403, 'Proof of work is required'],
  plan_limit_reached: [403, 'Your plan does not include more of this'],
  not_offered: [403, 'This is not offered here'],
  origin_not_allowed: [403, 'This origin is not allowed'],
  not_found: [404, 'There is nothing here'],
  site_not_found: [404, 'There is no such site'],
  account_not_found: [404, 'There is no such account'],
  conversation_not_found: [404, 'There is no such conversation'],
  method_not_allowed: [405, 'This method is not allowed here'],
  subject_ambiguous: [409, 'These identifiers belong to different people'],
  nothing_to_send: [409, 'There is nothing to send yet'],
  billing_changed: [409, 'What the account pays for has changed meanwhile'],
  site_taken: [409, 'This site belongs to an account already'],
  last_owner: [409, 'An account needs an owner'],
  taken_over: [409, 'Somebody else has taken over this conversation'],
  not_taken_over: [409, 'Nobody has taken over this conversation'],
  legal_hold: [409, 'A legal hold keeps these data'],
  precondition_failed: [412, 'The document has changed meanwhile'],
  body_too_large: [413, 'The body is too large'],
  unsupported_media_type: [415, 'The content type is not supported'],
  thread_not_sealed: [422, 'The thread is not sealed by this relay'],
  precondition_required: [428, 'If-Match is required'],
  rate_limited: [429, 'Too many requests'],
  internal: [500, 'Something went wrong on our side'],
  unavailable: [503, 'The relay is not available at the moment'],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof problems;

/** RFC 9457 `application/problem+json`, with our stable `code`. */
export const problemSchema = z.object({
  type: z.string().describe('urn:confab:error:{code}'),
  title: z.string(),
  status: z.int(),
  detail: z.string().describe('what is wrong and what to do, for the person who reads it'),
  code: z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]),
  requestId: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  current: z.looseObject({}).optional().describe('with 412: what stands now'),
  challenge: z
    .string()
    .optional()
    .describe(
      'with `proof_required`: `{salt}.{target}.{most}.…`; the proof is this, a dot, and the number below `most` for which SHA-256 of `{salt}.{number}` is `target`',
    ),
});
export type Problem = z.infer<typeof problemSchema>;
