import { rm } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databaseEnvironment, databases, makeDataDir } from '../../../../../e2e/relay.ts';
import { type Database, openDatabase } from '../../../db/database.ts';
import { createKeyring } from '../../../lib/keyring.ts';
import { createLog } from '../../../lib/log.ts';
import { ShopifyFault } from '../fault.ts';
import { shopStore } from '../shops.ts';
import type { Topic } from './payload.ts';
import { BATCH, createProcess, LEASE_MS, type WebhookWork } from './process.ts';
import { contextOf } from './sealed.ts';
import { webhookStore } from './store.ts';

const DOMAIN = 'storm.myshopify.com';
const SITE = '019aa000-0000-7000-8000-000000000001';
const START = new Date('2026-11-22T09:00:00Z');
const MINUTE_MS = 60_000;

/** On a database without a relay: what is done with the webhooks is the test's, and so is the clock. */
describe.each(databases)('working off the webhooks of a shop on %s', kind => {
  let dataDir: string;
  let database: Database;
  let at: Date;
  let calls: string[];
  let jobs: string[];
  let reported: unknown[];
  let logged: string[];
  const keyring = createKeyring([new Uint8Array(32).fill(7)]);

  beforeAll(async () => {
    dataDir = await makeDataDir({ empty: kind === 'postgres' });
    database = await openDatabase({ dataDir, databaseUrl: (await databaseEnvironment(kind)).DATABASE_URL });
  });
  afterAll(async () => {
    await database.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  beforeEach(async () => {
    at = START;
    [calls, jobs, reported, logged] = [[], [], [], []];
    await database.db.shopifyWebhook.deleteMany();
    await database.db.site.deleteMany();
    await database.db.site.create({ data: { id: SITE, key: 'storm', settings: {}, createdAt: START } });
    const shop = { siteId: SITE, domain: DOMAIN, shopId: 'gid://shopify/Shop/1', scopes: [] };
    await database.db.shopifyShop.create({ data: { ...shop, installedAt: START } });
  });

  const later = (ms: number) => {
    at = new Date(at.getTime() + ms);
  };

  const logStream = new Writable({
    write(chunk, _encoding, done) {
      logged.push(String(chunk));
      done();
    },
  });

  function processOf(work: Partial<WebhookWork> = {}) {
    const note =
      (name: string) =>
      async (_domain: string, ...more: unknown[]): Promise<void> => {
        calls.push([name, ...more.map(each => JSON.stringify(each))].join(' '));
      };
    return createProcess({
      store: webhookStore(database.db),
      shops: shopStore(database),
      sites: { byId: async () => undefined },
      compliance: {
        dataRequest: async () => 'legal_hold',
        redactCustomer: async () => 'legal_hold',
        redactShop: async () => 'legal_hold',
      },
      work: {
        applyChanges: async (_domain, { products, collections }) => {
          calls.push(...products, ...collections);
        },
        uninstall: note('uninstall'),
        shopChanged: note('shopChanged'),
        scopesChanged: note('scopesChanged'),
        bulkFinished: note('bulkFinished'),
        planChanged: note('planChanged'),
        ...work,
      },
      keyring,
      jobs: { enqueue: async (queue, { domain }) => void jobs.push(`${queue} ${domain}`) },
      untilQuiet: async () => {},
      forgetDeleted: async () => {},
      log: createLog('info', logStream),
      report: error => void reported.push(error),
      now: () => at,
    });
  }

  const running = new AbortController().signal;
  const workOff = (work: Partial<WebhookWork> = {}, signal = running) => processOf(work).workOff(DOMAIN, signal);

  async function tell(topic: Topic, kept: object, { eventId = `event-${Math.random()}`, triggeredAt = at } = {}) {
    const key = { domain: DOMAIN, topic, eventId };
    const sealed = keyring.encrypt(JSON.stringify(kept), contextOf(key));
    await webhookStore(database.db).add([{ ...key, sealed, triggeredAt, receivedAt: at }]);
    return eventId;
  }
  const product = (n: number) => ({ gid: `gid://shopify/Product/${n}` });
  const changed = (n: number, eventId = `product-${n}`) => tell('products/update', product(n), { eventId });
  const row = (eventId: string) => database.db.shopifyWebhook.findFirst({ where: { eventId } });
  const open = () => database.db.shopifyWebhook.count({ where: { processedAt: null } });

  it('reads each thing once, however many webhooks say that it changed', async () => {
    for (let n = 0; n < 3 * BATCH; n += 1) await changed(n % 5, `event-${n}`);
    await workOff();
    expect(new Set(calls)).toEqual(new Set([0, 1, 2, 3, 4].map(n => product(n).gid)));
    expect(calls.length).toBeLessThanOrEqual(3 * 5);
    expect(await open()).toBe(0);
    expect(await database.db.shopifyWebhook.count({ where: { ciphertext: { not: null } } })).toBe(0);
  });

  it('lets other shops have their turn after a while, and goes on after them', async () => {
    for (let n = 0; n < 11 * BATCH; n += 1) await changed(n);
    await workOff();
    expect(await open()).toBe(BATCH);
    expect(jobs).toEqual([`shopify.webhooks ${DOMAIN}`]);
    await workOff();
    expect(await open()).toBe(0);
  });

  it('marks nothing as done before it is', async () => {
    await changed(1);
    let whileAtWork: unknown;
    await workOff({
      applyChanges: async () => {
        whileAtWork = (await row('product-1'))?.processedAt;
      },
    });
    expect(whileAtWork).toBeNull();
    expect(await row('product-1')).toMatchObject({ processedAt: at, outcome: { state: 'done' } });
  });

  it('takes up what a process that died had begun, once it is sure that it has', async () => {
    await changed(1);
    // As the process leaves it that dies in the middle of its work.
    await webhookStore(database.db).claim(DOMAIN, at, new Date(at.getTime() + LEASE_MS), BATCH);
    await workOff();
    expect(calls).toEqual([]);
    later(LEASE_MS);
    await processOf().sweep();
    expect(jobs).toEqual([`shopify.webhooks ${DOMAIN}`]);
    await workOff();
    expect([calls, await open()]).toEqual([[product(1).gid], 0]);
  });

  it('does each thing once where two processes work for one shop', async () => {
    const times = new Map<string, number>();
    for (let n = 0; n < 4 * BATCH; n += 1) await changed(n);
    const count: WebhookWork['applyChanges'] = async (_domain, { products }) => {
      for (const gid of products) times.set(gid, (times.get(gid) ?? 0) + 1);
    };
    await Promise.all([workOff({ applyChanges: count }), workOff({ applyChanges: count })]);
    expect(times.size).toBe(4 * BATCH);
    expect(new Set(times.values())).toEqual(new Set([1]));
  });

  it('gives back at once what it had taken, when it is told to stop', async () => {
    for (let n = 0; n < 3; n += 1) await changed(n);
    const stop = new AbortController();
    const stopped = workOff(
      {
        applyChanges: async () => {
          stop.abort(new Error('the relay stops'));
          throw new Error('cut');
        },
      },
      stop.signal,
    );
    await expect(stopped).rejects.toThrow('the relay stops');
    expect(await row('product-0')).toMatchObject({ attempts: 0, outcome: null });
    await workOff();
    expect(await open()).toBe(0);
  });

  describe('where something cannot be done', () => {
    const poison = product(3).gid;
    const failing: Partial<WebhookWork> = {
      applyChanges: async (_domain, { products }) => {
        if (products.includes(poison)) throw new Error('jane@a.example has no price');
        calls.push(...products);
      },
    };

    it('does everything beside it, and tries that alone again: later, ever later, and not for ever', async () => {
      for (let n = 0; n < 8; n += 1) await changed(n);
      await workOff(failing);
      expect(calls.length).toBe(7);
      expect(await row('product-3')).toMatchObject({
        processedAt: null,
        attempts: 1,
        outcome: { state: 'waiting', fault: 'internal' },
      });
      // Not due yet, and in nobody's way.
      await changed(8);
      await workOff(failing);
      expect([await open(), (await row('product-3'))?.attempts]).toEqual([1, 1]);
      for (let hours = 0; hours < 100; hours += 1) {
        later(60 * MINUTE_MS);
        await workOff(failing);
      }
      expect(await row('product-3')).toMatchObject({
        processedAt: null,
        attempts: 8,
        outcome: { state: 'failed', fault: 'internal' },
      });
      expect(await webhookStore(database.db).failing(DOMAIN, new Date(0))).toEqual([
        { topic: 'products/update', isLost: true, count: 1 },
      ]);
      await processOf().sweep();
      expect(jobs).toEqual([]);
      // Each time was reported, and nothing was logged of what the error says.
      expect(reported).toHaveLength(8);
      expect(logged.filter(line => line.includes('could not be worked off'))).toHaveLength(1);
      expect(logged.join()).not.toContain('jane');
    });

    it('asks once only where Shopify is in trouble, alarms nobody, and does all of it when that is over', async () => {
      for (let n = 0; n < 8; n += 1) await changed(n);
      let asked = 0;
      await workOff({
        applyChanges: async () => {
          asked += 1;
          throw new ShopifyFault('unreachable', 'Shopify did not answer.');
        },
      });
      expect([asked, reported, await open()]).toEqual([1, [], 8]);
      expect(await row('product-0')).toMatchObject({ outcome: { state: 'waiting', fault: 'unreachable' } });
      later(2 * MINUTE_MS);
      await workOff();
      expect(await open()).toBe(0);
    });

    it('does not let one that cannot be decrypted stop the others', async () => {
      const eventId = await changed(1);
      await database.db.shopifyWebhook.updateMany({ where: { eventId }, data: { keyId: 'deadbeef' } });
      await changed(2);
      await workOff();
      expect(calls).toEqual([product(2).gid]);
      expect(await row(eventId)).toMatchObject({ outcome: { state: 'waiting' } });
    });

    it('does what else the shop told, where one topic fails', async () => {
      await tell('shop/update', {}, { eventId: 'shop' });
      await tell('bulk_operations/finish', { gid: 'gid://shopify/BulkOperation/1' }, { eventId: 'bulk' });
      await changed(1);
      await workOff({
        shopChanged: async () => {
          throw new ShopifyFault('needs_merchant', 'Open the app.');
        },
      });
      expect(calls).toEqual(['bulkFinished "gid://shopify/BulkOperation/1"', product(1).gid]);
      expect(await row('shop')).toMatchObject({ outcome: { state: 'waiting', fault: 'needs_merchant' } });
    });

    it('tries a compliance topic for as long as the law gives, and waits a day for the end of a legal hold', async () => {
      await tell('shop/redact', {}, { eventId: 'redact' });
      for (let days = 0; days < 60; days += 1) {
        await workOff();
        expect(await row('redact')).toMatchObject({ outcome: { state: 'waiting', fault: 'legal_hold' } });
        later(24 * 60 * MINUTE_MS);
      }
      expect([(await row('redact'))?.attempts, reported]).toEqual([60, []]);
    });
  });

  describe('in whatever order they come', () => {
    const before = new Date(START.getTime() - MINUTE_MS);
    const after = (minutes: number) => new Date(START.getTime() + minutes * MINUTE_MS);

    it('an uninstallation of before the installation that stands is of no meaning any more', async () => {
      await tell('app/uninstalled', {}, { eventId: 'old', triggeredAt: before });
      await workOff();
      expect(await row('old')).toMatchObject({ outcome: { state: 'done', result: 'out_of_date' } });
      await tell('app/uninstalled', {}, { eventId: 'new', triggeredAt: after(1) });
      await workOff();
      expect(calls).toEqual([`uninstall ${JSON.stringify(after(1))}`]);
    });

    it('the scopes are those that were told last, not those that came last', async () => {
      await tell('app/scopes_update', { scopes: ['a', 'b'] }, { eventId: '2', triggeredAt: after(2) });
      await workOff();
      await tell('app/scopes_update', { scopes: ['a'] }, { eventId: '1', triggeredAt: after(1) });
      await tell('app/scopes_update', { scopes: ['z'] }, { eventId: '0', triggeredAt: before });
      await workOff();
      expect(calls).toEqual(['scopesChanged ["a","b"]']);
      expect(await row('1')).toMatchObject({ outcome: { state: 'done', result: 'out_of_date' } });
    });

    it('what a shop says that has not got the app is laid aside, and so is that of one that is gone', async () => {
      await database.db.shopifyShop.updateMany({ data: { uninstalledAt: START } });
      const topics: Topic[] = ['products/update', 'shop/update', 'app/scopes_update', 'app_subscriptions/update'];
      for (const topic of topics) await tell(topic, { ...product(1), scopes: [] }, { eventId: `gone ${topic}` });
      await workOff();
      expect(await row('gone products/update')).toMatchObject({ outcome: { result: 'not_installed' } });
      expect(await row('gone shop/update')).toMatchObject({ outcome: { result: 'not_installed' } });
      await database.db.site.deleteMany();
      for (const topic of topics) await tell(topic, { ...product(1), scopes: [] }, { eventId: `lost ${topic}` });
      await workOff();
      expect(await row('lost products/update')).toMatchObject({
        outcome: { result: 'unknown_shop' },
        ciphertext: null,
      });
      expect([calls, await open()]).toEqual([[], 0]);
    });
  });
});
