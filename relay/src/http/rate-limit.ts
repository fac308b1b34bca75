import { AppError } from '../lib/app-error.ts';
import type { Tally } from '../providers/counts/tally.ts';

type Limit = { points: number; seconds: number; guards?: true };

/**
 * How many calls one key may make: `points` within `seconds`. `guards`: against guessing and unwanted mail, so that every
 * process counts each call at once; all others know of who calls much.
 */
const rates = {
  /** Questions from one address. */
  turnsPerIp: { points: 30, seconds: 60 },
  /** Questions in one conversation. */
  turnsPerConversation: { points: 12, seconds: 60 },
  /** How often the browsers of one conversation say that somebody types. */
  typingPerConversation: { points: 60, seconds: 60 },
  /** What one user writes to visitors. */
  agentMessagesPerUser: { points: 60, seconds: 60 },
  /** Contact details from one address. */
  leadsPerIp: { points: 30, seconds: 600 },
  /** Chats by e-mail that one address asks for, at all sites. */
  transcriptsPerIp: { points: 10, seconds: 3_600, guards: true },
  /** Every other call of a widget, from one address. */
  widgetPerIp: { points: 120, seconds: 60 },
  /** Test leads to the CRMs of one site. */
  crmTestsPerSite: { points: 10, seconds: 600, guards: true },
  /** Calls of one plugin. */
  sitePerSecret: { points: 600, seconds: 60 },
  /** What the staff of one shop do in the Shopify admin. */
  shopAdminPerShop: { points: 600, seconds: 60 },
  /** Wrong secrets from one address. */
  wrongSecretsPerIp: { points: 20, seconds: 60, guards: true },
  /** What one user does in the console. */
  consolePerUser: { points: 1_200, seconds: 60 },
  /** Calls of the console from one address with no session, or one that has ended. */
  strangersPerIp: { points: 60, seconds: 60 },
  /** Tries to sign in from one address, and at one e-mail address, the right ones too: a limit on wrong ones alone stops no guesser. */
  signInsPerIp: { points: 30, seconds: 600, guards: true },
  signInsPerEmail: { points: 10, seconds: 600, guards: true },
  /** Mails that one address has us send to people: sign-ups, resets, invitations. */
  accountMailsPerIp: { points: 20, seconds: 3_600, guards: true },
  accountMailsPerEmail: { points: 5, seconds: 3_600, guards: true },
} satisfies Record<string, Limit>;

export type Rate = keyof typeof rates;
export type RateLimit = ReturnType<typeof createRateLimit>;

/** Throws 429 with the seconds to wait where all processes together had too many calls. Switched off, it admits everything. */
export function createRateLimit({ enabled, tally }: { enabled: boolean; tally: Tally }) {
  return async (rate: Rate, key: string): Promise<void> => {
    if (!enabled) return;
    const { points: most, seconds, guards }: Limit = rates[rate];
    const windowMs = seconds * 1_000;
    const of = `${rate} ${key}`;
    const { points, msLeft } = await (guards ? tally.addForAll(of, 1, windowMs) : tally.add(of, 1, { most, windowMs }));
    if (points <= most) return;
    const retryAfterS = Math.max(1, Math.ceil(msLeft / 1_000));
    throw new AppError('rate_limited', `Please wait ${retryAfterS} s and try again.`, { retryAfterS });
  };
}
