import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { type Payments, PaymentsFault } from './payments.ts';

type Config = {
  organizationId: string;
  /** Of the organization's Partner API client. */
  token: string;
  /** The app's number, not its client id. */
  appId: string;
  /** As it stands in the app's addresses in the Shopify admin. */
  appHandle: string;
};

const VERSION = '2026-07';
const TIMEOUT_MS = 5_000;
const TRIES = 3;
/** Who is told to wait longer does not wait here. */
const WAIT_MAX_MS = 10_000;

/** What a shop pays for, in the Partner API. */
export const ACTIVE_SUBSCRIPTION = /* GraphQL */ `
  query ActiveSubscription($appId: ID!, $shopId: ID!) {
    activeSubscription(appId: $appId, shopId: $shopId) {
      billingPeriod
      cancelAtEndOfCycle
      trialEndsAt
      currentBillingCycle {
        endTime
      }
      items {
        handle
      }
      pendingUpdate {
        items {
          handle
        }
      }
    }
  }
`;

const items = z.array(z.object({ handle: z.string().nullable() }));
const moment = z.string().transform((text, context) => {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) context.addIssue('is not a time');
  return date;
});
const answer = z.object({
  data: z.object({
    activeSubscription: z
      .object({
        billingPeriod: z.string(),
        cancelAtEndOfCycle: z.boolean(),
        trialEndsAt: moment.nullable(),
        currentBillingCycle: z.object({ endTime: moment }).nullable(),
        items,
        pendingUpdate: z.object({ items }).nullable(),
      })
      .nullable(),
  }),
});

/** Shopify App Pricing: Shopify shows the plans and takes the money, and the Partner API says who has which. */
export function shopifyPricing({ organizationId, token, appId, appHandle }: Config): Payments {
  const url = `https://partners.shopify.com/${organizationId}/api/${VERSION}/graphql.json`;

  /** One try. `waitMs` is there where another one may do. */
  async function ask(shopId: string, signal: AbortSignal): Promise<{ json: unknown } | Again> {
    const variables = { appId: `gid://shopify/App/${appId}`, shopId };
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-Shopify-Access-Token': token },
        body: JSON.stringify({ query: ACTIVE_SUBSCRIPTION, variables }),
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      text = await response.text();
    } catch (cause) {
      return { fault: unreachable('could not be reached in time', cause) };
    }
    const { status } = response;
    if (status === 429)
      return { fault: unreachable('takes no more questions for now'), waitMs: retryAfterOf(response) };
    if (status >= 500) return { fault: unreachable(`answered with ${status}`), waitMs: retryAfterOf(response) };
    if (status === 401 || status === 403)
      throw refused('refused SHOPIFY_PARTNER_TOKEN; it needs the right to manage apps');
    if (status === 404) throw refused('knows no organization SHOPIFY_PARTNER_ORGANIZATION_ID');
    if (status !== 200) throw refused(`answered with ${status}`);
    try {
      return { json: JSON.parse(text) };
    } catch (cause) {
      return { fault: unreachable('gave an answer that is not JSON', cause) };
    }
  }

  return {
    async subscription(shopId, signal) {
      for (let left = TRIES - 1; ; left -= 1) {
        const asked = await ask(shopId, signal);
        if ('json' in asked) return subscriptionOf(asked.json);
        const waitMs = asked.waitMs ?? 500 * 2 ** (TRIES - 1 - left);
        if (left === 0 || waitMs > WAIT_MAX_MS || signal.aborted) throw asked.fault;
        await pause(waitMs, undefined, { signal }).catch(() => {
          throw asked.fault;
        });
      }
    },

    plansUrl(shopDomain) {
      const store = shopDomain.replace(/\.myshopify\.com$/, '');
      return `https://admin.shopify.com/store/${store}/charges/${appHandle}/pricing_plans`;
    },
  };
}

type Again = { fault: PaymentsFault; waitMs?: number | undefined };

function subscriptionOf(json: unknown) {
  if (json && typeof json === 'object' && 'errors' in json) {
    throw refused('refused the question what a shop pays for; check SHOPIFY_APP_ID and the rights of the token');
  }
  const parsed = answer.safeParse(json);
  if (!parsed.success) throw refused('gave an answer that this relay does not understand');
  const found = parsed.data.data.activeSubscription;
  if (!found) return undefined;
  return {
    items: handlesOf(found.items),
    period: found.billingPeriod === 'ANNUAL' ? ('year' as const) : ('month' as const),
    trialEndsAt: found.trialEndsAt,
    periodEndsAt: found.currentBillingCycle?.endTime ?? null,
    endsWithPeriod: found.cancelAtEndOfCycle,
    nextItems: found.pendingUpdate && handlesOf(found.pendingUpdate.items),
  };
}

const handlesOf = (all: z.infer<typeof items>) => all.flatMap(({ handle }) => (handle === null ? [] : [handle]));

function retryAfterOf(response: Response): number | undefined {
  const seconds = Number(response.headers.get('Retry-After') ?? Number.NaN);
  return seconds >= 0 ? seconds * 1_000 : undefined;
}

const unreachable = (what: string, cause?: unknown) =>
  new PaymentsFault(`Shopify’s Partner API ${what}.`, { passing: true, cause });
const refused = (what: string) => new PaymentsFault(`Shopify’s Partner API ${what}.`, { passing: false });
