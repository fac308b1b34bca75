import { randomBytes } from 'node:crypto';
import net from 'node:net';
import {
  type SiteResponse,
  WEBHOOK_ENDPOINTS_MAX,
  type WebhookCreated,
  type WebhookDeliveryPage,
  type WebhookEndpoint,
  type WebhookEvent,
  type WebhookPage,
  type WebhookRequest,
  type WebhookSecret,
} from '@confab/contract';
import { v7 as uuidv7 } from 'uuid';
import type { Db } from '../../db/database.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { Outbox, OwnEvent } from '../../jobs/outbox.ts';
import { AppError } from '../../lib/app-error.ts';
import { pageOf, placeOf } from '../../lib/cursor.ts';
import { isPublic } from '../../lib/guarded-fetch.ts';
import type { Keyring } from '../../lib/keyring.ts';
import type { Site, Sites } from '../sites/index.ts';
import type { Usage } from '../usage/index.ts';
import { bodyOf, redactedBody, type Sources } from './body.ts';
import { createDeliver, messageIdOf } from './deliver.ts';
import type { Standing, StoredEndpoint, ToldRow, WebhookStore } from './store.ts';
import { targetOf } from './target.ts';
import { createTell } from './tell.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
/** For so long a secret that was rotated out signs beside the new one. */
const OLD_SECRET_MS = DAY_MS;
const SECRET_BYTES = 32;
/** What was told is known for so long, by its ids. */
const KEPT_MS = 30 * DAY_MS;
const FORGOTTEN_AT_ONCE = 1_000;

type Page = { cursor?: string | undefined; limit: number };

export type Webhooks = ReturnType<typeof createWebhooks>;

type Deps = {
  db: Db;
  store: WebhookStore;
  outbox: Pick<Outbox, 'add' | 'again' | 'wake'>;
  keyring: Pick<Keyring, 'encrypt' | 'decrypt'>;
  sources: Sources;
  siteById: Sites['byId'];
  requireFeature: Usage['requireFeature'];
  /** Keeps to the public internet where `publicOnly` is true. */
  fetch: typeof fetch;
  publicOnly: boolean;
  now: () => Date;
};

/** The addresses that a site's owner has told of what happens. */
export function createWebhooks(deps: Deps) {
  const { db, store, outbox, keyring, sources, requireFeature, publicOnly, now } = deps;
  const tell = createTell(deps);

  return {
    /**
     * Adds an endpoint and gives its secret, this once. Throws 400 for an address that may not be called, and 403
     * `plan_limit_reached` where the plan includes none.
     */
    async add(site: Site, request: WebhookRequest): Promise<WebhookCreated> {
      requireFeature(site, 'webhooks');
      const createdAt = now();
      const endpoint = { id: uuidv7(), ...written(request, null), endedUntil: endedFrom(request), createdAt };
      const made = newSecret(site.id, endpoint.id);
      await inTransaction(db, async tx => {
        if ((await store.count(tx, site.id)) >= WEBHOOK_ENDPOINTS_MAX) {
          throw refusal('url', `A site has ${WEBHOOK_ENDPOINTS_MAX} endpoints at most. Remove one first.`);
        }
        await store.add(tx, site.id, endpoint, made.row);
      });
      return { ...readable(endpoint), secret: made.secret };
    },

    /** Newest first. Throws 400 for a wrong cursor. */
    async list(site: Site, { cursor, limit }: Page): Promise<WebhookPage> {
      const rows = await store.list(site.id, placeOf(cursor), limit + 1);
      const { page, nextCursor } = pageOf(rows, limit, ({ createdAt }) => createdAt);
      return { items: await described(site.id, page), nextCursor };
    },

    get,

    /**
     * Replaces what the owner says of it. One that is enabled again is told what waited meanwhile, and one that has moved
     * what it did not take. Throws 404 `not_found`, and 400 for an address that may not be called.
     */
    async change(site: Site, id: string, request: WebhookRequest): Promise<WebhookEndpoint> {
      await inTransaction(db, async tx => {
        const current = await store.lock(tx, site.id, id);
        if (!current) throw notFound();
        const from = endedFrom(request);
        const endedUntil = from && (current.endedUntil ?? from);
        const changed = { ...written(request, current.disabledReason), endedUntil };
        await store.change(tx, site.id, id, changed);
        const target = targetOf(id);
        if (changed.url !== current.url) await outbox.again(site.id, { target }, tx);
        const isEnabledAgain = current.disabledReason !== null && changed.disabledReason === null;
        if (isEnabledAgain) await outbox.again(site.id, { target, states: ['held'] }, tx);
      });
      outbox.wake();
      return get(site, id);
    },

    /** With all that was still to be sent there. Throws 404 `not_found`. */
    async remove(site: Site, id: string): Promise<void> {
      await inTransaction(db, async tx => {
        if (!(await store.remove(tx, site.id, id, targetOf(id)))) throw notFound();
      });
    },

    /** Gives a new secret, this once. The old one signs too for a day. Throws 404 `not_found`. */
    async rotate(site: Site, id: string): Promise<WebhookSecret> {
      const oldUntil = new Date(now().getTime() + OLD_SECRET_MS);
      const made = newSecret(site.id, id);
      await inTransaction(db, async tx => {
        if (!(await store.lock(tx, site.id, id))) throw notFound();
        await store.rotate(tx, site.id, id, made.row, oldUntil);
      });
      return { secret: made.secret, oldSecretValidUntil: oldUntil.toISOString() };
    },

    /** Has a message sent that says nothing, also where the endpoint is disabled. Throws 404 `not_found`. */
    async test(site: Site, endpointId: string): Promise<{ messageId: string }> {
      const id = uuidv7();
      const message = {
        id,
        type: 'webhook.test' as const,
        subjectId: endpointId,
        lastMessageAt: null,
        createdAt: now(),
      };
      await inTransaction(db, async tx => {
        if (!(await store.lock(tx, site.id, endpointId))) throw notFound();
        await store.addMessage(tx, site.id, message);
        await outbox.add(tx, [{ siteId: site.id, target: targetOf(endpointId), subjectId: id }]);
      });
      outbox.wake();
      return { messageId: messageIdOf(id) };
    },

    /** What the endpoint was told, or is still to be, newest first. Throws 404, and 400 for a wrong cursor. */
    async deliveries(site: Site, id: string, { cursor, limit }: Page): Promise<WebhookDeliveryPage> {
      await find(site.id, id);
      const rows = await store.told(site.id, targetOf(id), placeOf(cursor), limit + 1);
      const { page, nextCursor } = pageOf(rows, limit, ({ createdAt }) => createdAt);
      const items = [];
      for (const row of page) items.push(await told(site, row));
      return { items, nextCursor };
    },

    /** Has a message sent once more, under the same id. Throws 404 `not_found`. */
    async replay(site: Site, id: string, messageId: string): Promise<{ messageId: string }> {
      await find(site.id, id);
      const states = ['waiting', 'delivered', 'failed', 'held'] as const;
      const count = await outbox.again(site.id, { target: targetOf(id), subjectId: messageId, states: [...states] });
      if (count === 0) throw new AppError('not_found', NO_MESSAGE);
      return { messageId: messageIdOf(messageId) };
    },

    /** Has the endpoints told of what happened, once, however often it is heard. */
    async hear(event: OwnEvent & { type: WebhookEvent }): Promise<void> {
      await tell.event(event);
      // It may have been a person who allows the use of their data again.
      if (event.type === 'data_request.completed') await release(event.siteId);
    },

    /** Brings one message to one endpoint. */
    deliver: createDeliver({
      ...deps,
      secretsOf,
      async body(siteId, message) {
        const site = await deps.siteById(siteId);
        return site && bodyOf(sources, site, message);
      },
    }),

    /** Has the endpoints told of the conversations that have ended, and forgets what is over. As often as one likes. */
    async sweep(signal: AbortSignal): Promise<void> {
      const faults: unknown[] = [];
      for (const siteId of await store.sitesWith('conversation.ended')) {
        signal.throwIfAborted();
        await tell.endings(siteId, signal).catch(error => faults.push(error));
      }
      await store.forgetExpiredSecrets(now());
      const cutoff = new Date(now().getTime() - KEPT_MS);
      while ((await store.forgetBefore(cutoff, FORGOTTEN_AT_ONCE)) === FORGOTTEN_AT_ONCE) signal.throwIfAborted();
      if (faults.length > 0)
        throw new AggregateError(faults, `${faults.length} sites’ conversations could not be told of`);
    },

    /** Whether what a site has told arrives. */
    async integrationOf(site: Site): Promise<SiteResponse['integrations'][number]> {
      const enabled = (await described(site.id, await store.list(site.id, undefined, WEBHOOK_ENDPOINTS_MAX))).filter(
        ({ disabled }) => !disabled,
      );
      const isFailing = enabled.some(({ state }) => state === 'failing');
      return {
        name: 'webhooks',
        state: enabled.length === 0 ? 'not_configured' : isFailing ? 'failing' : 'ready',
      };
    },
  };

  /** What was held is tried again: some of it may be sent now. */
  async function release(siteId: string): Promise<void> {
    for (const id of await store.idsOf(siteId)) await outbox.again(siteId, { target: targetOf(id), states: ['held'] });
  }

  /** What the endpoint's messages are signed by now, the newest first. */
  async function secretsOf(siteId: string, endpointId: string): Promise<string[]> {
    const rows = await store.secrets(db, siteId, [endpointId], now());
    return rows.map(row => keyring.decrypt(row, contextOf(siteId, endpointId)));
  }

  async function get(site: Site, id: string): Promise<WebhookEndpoint> {
    const [endpoint] = await described(site.id, [await find(site.id, id)]);
    return endpoint as WebhookEndpoint;
  }

  async function find(siteId: string, id: string): Promise<StoredEndpoint> {
    const endpoint = await store.byId(siteId, id);
    if (!endpoint) throw notFound();
    return endpoint;
  }

  async function described(siteId: string, endpoints: StoredEndpoint[]): Promise<WebhookEndpoint[]> {
    const ids = endpoints.map(({ id }) => id);
    const standings = new Map((await store.standing(siteId, ids.map(targetOf))).map(each => [each.target, each]));
    const secrets = await store.secrets(db, siteId, ids, now());
    return endpoints.map(endpoint => {
      const old = secrets.find(({ endpointId, expiresAt }) => endpointId === endpoint.id && expiresAt !== null);
      return readable(endpoint, standings.get(targetOf(endpoint.id)), old?.expiresAt);
    });
  }

  async function told(site: Site, row: ToldRow): Promise<WebhookDeliveryPage['items'][number]> {
    const body = await bodyOf(sources, site, row);
    return {
      messageId: messageIdOf(row.id),
      type: row.type,
      createdAt: row.createdAt.toISOString(),
      state: row.state,
      attempts: row.attempts,
      log: row.log,
      nextAt: row.nextAt?.toISOString() ?? null,
      deliveredAt: row.deliveredAt?.toISOString() ?? null,
      body: body === undefined || body === 'held' ? null : redactedBody(body),
    };
  }

  function written({ url, events, description, disabled }: WebhookRequest, reason: string | null) {
    const { href } = checkedUrl(url);
    return {
      url: href,
      events,
      description: description.trim(),
      disabledReason: disabled ? (reason ?? 'owner') : null,
    };
  }

  function checkedUrl(given: string): URL {
    const url = new URL(given);
    if (!publicOnly) return url;
    if (url.protocol !== 'https:') throw refusal('url', 'is not an https address');
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (net.isIP(host) && !isPublic(host)) throw refusal('url', 'is not an address of the public internet');
    return url;
  }

  /** From when on conversations that end are told of. */
  function endedFrom({ events, disabled }: WebhookRequest): Date | null {
    return events.includes('conversation.ended') && !disabled ? now() : null;
  }

  function newSecret(siteId: string, endpointId: string) {
    const secret = `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
    const sealed = keyring.encrypt(secret, contextOf(siteId, endpointId));
    return { secret, row: { id: uuidv7(), ...sealed, expiresAt: null } };
  }
}

function readable(endpoint: StoredEndpoint, standing?: Standing, oldUntil?: Date | null): WebhookEndpoint {
  const { id, url, events, description, disabledReason, createdAt } = endpoint;
  const { waiting = 0, failed = 0, deliveredAt = null, faultAt = null } = standing ?? {};
  const isFailing = faultAt !== null && (deliveredAt === null || deliveredAt < faultAt);
  return {
    webhookId: id,
    url,
    events,
    description,
    disabled: disabledReason !== null,
    disabledReason: disabledReason as WebhookEndpoint['disabledReason'],
    createdAt: createdAt.toISOString(),
    state: disabledReason !== null ? 'disabled' : isFailing ? 'failing' : 'ready',
    lastDeliveredAt: deliveredAt?.toISOString() ?? null,
    waiting,
    failed,
    oldSecretValidUntil: oldUntil?.toISOString() ?? null,
  };
}

/** Said where there is no such endpoint, and where there is no such message of it. */
export const NO_ENDPOINT = 'There is no such webhook endpoint.';
export const NO_MESSAGE = 'This endpoint has no such message (any more).';

const notFound = () => new AppError('not_found', NO_ENDPOINT);

const contextOf = (siteId: string, endpointId: string) => `${siteId}:webhook:${endpointId}`;

const refusal = (path: string, message: string) =>
  new AppError('validation_failed', /^[A-Z]/.test(message) ? message : `"${path}" ${message}.`, {
    errors: [{ path, message }],
  });
