import { z } from 'zod';
import { pageQuery } from './page.ts';
import { locale, text, timestamp, userEmail, uuid } from './primitives.ts';
import { accountOfUser } from './teams.ts';

/** Fewer are guessed, whatever they are made of (NIST SP 800-63B); more than the second is no password. */
export const PASSWORD_MIN = 10;
export const PASSWORD_MAX = 200;

const name = text(120, 1).refine(value => value.trim() !== '', 'is empty');
/** What somebody types as the one they have. */
const password = text(PASSWORD_MAX, 1);
const newPassword = text(PASSWORD_MAX, PASSWORD_MIN);
/** What a link in a mail carries. */
const token = z.string().regex(/^[\w-]{20,200}$/, 'is not what the link carries');

export const signUpRequest = z.strictObject({
  name,
  email: userEmail,
  password: newPassword,
  locale: locale.optional().describe('of the mails; without it, what the browser asks for'),
  invitation: token.optional().describe('what the link of an invitation carries'),
});
export const signInRequest = z.strictObject({ email: userEmail, password });
export const secondFactorRequest = z.strictObject({ code: text(40, 1), kind: z.enum(['totp', 'recovery']) });
export const tokenRequest = z.strictObject({ token });
export const resetRequest = z.strictObject({ email: userEmail });
export const resetConfirmation = z.strictObject({ token, password: newPassword });
/** What a browser's `navigator.credentials` gave, as JSON. */
const credentialResponse = z
  .strictObject({
    id: text(2_000, 1),
    rawId: text(2_000, 1),
    type: z.literal('public-key'),
    authenticatorAttachment: text(40).nullish(),
    clientExtensionResults: z.looseObject({}).optional(),
    response: z.looseObject({ clientDataJSON: text(4_000, 1) }),
  })
  .describe('PublicKeyCredential.toJSON()');
export const passkeySignIn = z.strictObject({ response: credentialResponse });
export const passkeyRequest = z.strictObject({ name, response: credentialResponse });
export const passkeyOptions = z.looseObject({ challenge: z.string() }).describe('for navigator.credentials');

export const signInResponse = z.object({
  state: z.enum(['signed_in', 'second_factor']).describe('second_factor: a code is still asked for'),
});
export type SignInResponse = z.infer<typeof signInResponse>;

export const meSchema = z.object({
  user: z.object({
    id: uuid,
    name: z.string(),
    email: z.string(),
    locale: z.string(),
    twoFactor: z.boolean().describe('whether a code is asked for after the password'),
  }),
  accounts: z.array(accountOfUser),
});
export type Me = z.infer<typeof meSchema>;

export const profileRequest = z.strictObject({ name, locale });
export const emailRequest = z.strictObject({ email: userEmail, password });
export const passwordRequest = z.strictObject({ current: password, password: newPassword });
/** Who asks for something of weight says once more that it is them. */
export const passwordConfirmation = z.strictObject({ password });
export const codeRequest = z.strictObject({ code: text(40, 1) });

export const sessionList = z.object({
  items: z.array(
    z.object({
      sessionId: uuid,
      current: z.boolean().describe('the one that asks'),
      ipAddress: z.string().nullable(),
      userAgent: z.string().nullable(),
      createdAt: timestamp,
      lastSeenAt: timestamp.describe('to five minutes'),
    }),
  ),
});
export type SessionList = z.infer<typeof sessionList>;

export const signInOutcome = z.enum(['signed_in', 'second_factor', 'refused']);
export const signInMethod = z.enum(['password', 'totp', 'recovery', 'passkey', 'link']);
export type SignInOutcome = z.infer<typeof signInOutcome>;
export type SignInMethod = z.infer<typeof signInMethod>;

export const signInsQuery = pageQuery;
export const signInPage = z.object({
  items: z.array(
    z.object({
      id: uuid,
      at: timestamp,
      outcome: signInOutcome.describe('second_factor: the password was right, and a code was asked for'),
      method: signInMethod,
      ipAddress: z.string().nullable(),
      userAgent: z.string().nullable(),
    }),
  ),
  nextCursor: z.string().nullable(),
});
export type SignInPage = z.infer<typeof signInPage>;

export const totpSetup = z.object({
  uri: z.string().describe('otpauth://…, for the QR code'),
  secret: z.string().describe('the same to type, in Base32'),
});
export const recoveryCodes = z.object({
  recoveryCodes: z.array(z.string()).describe('shown this once; each works once'),
});

export const passkeySchema = z.object({ id: uuid, name: z.string(), createdAt: timestamp });
export const passkeyList = z.object({ items: z.array(passkeySchema) });

export const supportRequest = z.strictObject({
  subject: name,
  message: text(5_000, 1),
  page: text(300).optional().describe('where in the console it was asked'),
});

/** Everything that a relay keeps about one of its users. */
export const userExport = z.object({
  format: z.literal('confab-user'),
  exportedAt: timestamp,
  user: z.looseObject({ id: uuid }),
  sessions: z.array(z.looseObject({ id: uuid })),
  signIns: z.array(z.looseObject({ id: uuid })),
  passkeys: z.array(z.looseObject({ id: uuid })),
  accounts: z.array(accountOfUser),
});
