import { setTimeout as pause } from 'node:timers/promises';
import type { WebhookFields } from '@shopify/shopify-api';
import type { Jobs } from '../../../jobs/jobs.ts';
import { AppError } from '../../../lib/app-error.ts';
import type { Keyring } from '../../../lib/keyring.ts';
import { SHOPIFY_WEBHOOKS } from '../jobs.ts';
import { shopDomainOf } from '../shop-domain.ts';
import type { Shops } from '../shops.ts';
import { isCompliance, type Kept, keptOf, topicOf } from './payload.ts';
import { sealed } from './sealed.ts';
import { isEventId, type NewWebhook, type WebhookKey, type WebhookStore } from './store.ts';

/** Rows of one statement. */
const GROUP_MAX = 500;
/** Between two webhooks of a storm is less. */
const COMING_MS = 50;
/** A storm that goes on for longer is worked off while it does. */
const YIELD_MS = 10_000;

type Deps = {
  store: Pick<WebhookStore, 'add'>;
  shops: Pick<Shops, 'byDomain'>;
  keyring: Pick<Keyring, 'encrypt'>;
  jobs: Pick<Jobs, 'enqueue'>;
  now: () => Date;
};

type Arrived = WebhookKey & { kept: Kept; triggeredAt: Date | null; receivedAt: Date };

export function createReceive({ store, shops, keyring, jobs, now }: Deps) {
  let group: { arrived: Arrived[]; kept: Promise<void> } | undefined;
  let last: Promise<void> = Promise.resolve();

  return {
    /**
     * Takes a webhook whose signature is right. What it resolves for is kept and will be worked off; a topic that we do not
     * take, or of a shop that we do not know, asks for nothing. Throws 400 where something of it is missing or wrong.
     */
    async receive(fields: WebhookFields, body: string): Promise<void> {
      const topic = topicOf(fields.topic);
      if (!topic) return;
      const domain = shopDomainOf(fields.domain);
      const eventId = ('eventId' in fields && fields.eventId) || fields.webhookId;
      if (!domain) throw wrong('X-Shopify-Shop-Domain is no permanent name of a shop');
      if (!isEventId(eventId)) throw wrong('X-Shopify-Event-Id is no id');
      const kept = keptOf(topic, domain, body);
      await keep({ domain, topic, eventId, kept, triggeredAt: timeOf(fields.triggeredAt), receivedAt: now() });
    },

    /**
     * Waits until this process has nothing to keep, or has had for too long. Shopify waits five seconds for an answer and
     * nobody for the work behind it, and on the embedded database the two share one connection.
     */
    async untilQuiet(): Promise<void> {
      const patience = performance.now() + YIELD_MS;
      for (let seen: unknown; seen !== last && performance.now() < patience; ) {
        seen = last;
        await last;
        // Those whose bodies have just come in are no group yet.
        await pause(COMING_MS);
      }
    },
  };

  /** Those that come while others are being written share the next statement: a thousand at once take a few. */
  function keep(webhook: Arrived): Promise<void> {
    if (!group || group.arrived.length >= GROUP_MAX) {
      const arrived: Arrived[] = [];
      const mine = {
        arrived,
        kept: last.then(() => {
          if (group === mine) group = undefined;
          return write(arrived);
        }),
      };
      last = mine.kept.catch(() => {});
      group = mine;
    }
    group.arrived.push(webhook);
    return group.kept;
  }

  async function write(arrived: Arrived[]): Promise<void> {
    const domains = [...new Set(arrived.map(({ domain }) => domain))];
    const known = await Promise.all(domains.map(domain => shops.byDomain(domain)));
    const isKnown = new Set(known.flatMap(shop => shop?.domain ?? []));
    await store.add(arrived.flatMap(webhook => rowOf(webhook, isKnown.has(webhook.domain))));
    // Not within the same transaction: a job that runs now would not see the rows, and none would be made after it.
    await Promise.all([...isKnown].map(domain => jobs.enqueue(SHOPIFY_WEBHOOKS, { domain }, { key: domain })));
  }

  function rowOf({ kept, ...webhook }: Arrived, isKnown: boolean): NewWebhook[] {
    if (!isKnown) {
      if (!isCompliance(webhook.topic)) return [];
      // Nothing is held of this shop, which is the answer.
      return [{ ...webhook, sealed: undefined, outcome: { state: 'done', result: 'unknown_shop' } }];
    }
    return [{ ...webhook, sealed: sealed(keyring, webhook, kept) }];
  }
}

/** Nothing where it is no time that the database takes; only the order of events depends on it. */
function timeOf(text: string | undefined): Date | null {
  const time = /^\d{4}-\d\d-\d\dT/.test(text ?? '') ? new Date(text as string) : null;
  return time && !Number.isNaN(time.getTime()) ? time : null;
}

const wrong = (message: string) =>
  new AppError('validation_failed', `${message}.`, { errors: [{ path: 'headers', message }] });
