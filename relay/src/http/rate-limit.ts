import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';
import { AppError } from '../lib/app-error.ts';

/** How many calls one key may make: `points` within `seconds`. */
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
  transcriptsPerIp: { points: 10, seconds: 3_600 },
  /** Every other call of a widget, from one address. */
  widgetPerIp: { points: 120, seconds: 60 },
  /** Test leads to the CRMs of one site. */
  crmTestsPerSite: { points: 10, seconds: 600 },
  /** Calls of one plugin. */
  sitePerSecret: { points: 600, seconds: 60 },
  /** What the staff of one shop do in the Shopify admin. */
  shopAdminPerShop: { points: 600, seconds: 60 },
  /** Wrong secrets from one address. */
  wrongSecretsPerIp: { points: 20, seconds: 60 },
  /** What one user does in the console. */
  consolePerUser: { points: 1_200, seconds: 60 },
  /** Calls of the console from one address with no session, or one that has ended. */
  strangersPerIp: { points: 60, seconds: 60 },
  /** Tries to sign in from one address, and at one e-mail address, the right ones too: a limit on wrong ones alone stops no guesser. */
  signInsPerIp: { points: 30, seconds: 600 },
  signInsPerEmail: { points: 10, seconds: 600 },
  /** Mails that one address has us send to people: sign-ups, resets, invitations. */
  accountMailsPerIp: { points: 20, seconds: 3_600 },
  accountMailsPerEmail: { points: 5, seconds: 3_600 },
} as const;

export type Rate = keyof typeof rates;
export type RateLimit = ReturnType<typeof createRateLimit>;

/** Counts calls in memory. Throws 429 with the seconds to wait. Switched off, it admits everything. */
export function createRateLimit({ enabled }: { enabled: boolean }) {
  const limiters = new Map(
    Object.entries(rates).map(([name, rate]) => [
      name as Rate,
      new RateLimiterMemory({ keyPrefix: name, points: rate.points, duration: rate.seconds }),
    ]),
  );
  return async (rate: Rate, key: string): Promise<void> => {
    if (!enabled) return;
    await limiters
      .get(rate)
      ?.consume(key)
      .catch((refusal: RateLimiterRes) => {
        const retryAfterS = Math.max(1, Math.ceil(refusal.msBeforeNext / 1_000));
        throw new AppError('rate_limited', `Please wait ${retryAfterS} s and try again.`, { retryAfterS });
      });
  };
}
