import { Session } from '@shopify/shopify-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FakeShop } from '../../../../e2e/fakes/shopify/index.ts';
import { databaseEnvironment, databases, startTestRelay } from '../../../../e2e/relay.ts';
import { type ShopifyRelay, startShopifyRelay } from '../../../../e2e/shopify.ts';
import type { Shopify } from './index.ts';
import { INSTALLED_SHOP } from './operations/install.ts';
import { type SessionStorage, sessionIdOf, sessionStorage } from './session-storage.ts';

const ENDPOINT = '/admin/oauth/access_token';
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const asks = (shopify: Shopify, { domain }: FakeShop) => shopify.admin.request(domain, INSTALLED_SHOP);

async function install(shopify: Shopify, shop: FakeShop) {
  shop.isInstalled = true;
  return shopify.install({ domain: shop.domain, idToken: shop.idToken() });
}

describe.each(databases)('the tokens of a shop on %s', database => {
  let bed: ShopifyRelay;
  let shopify: Shopify;
  let sessions: SessionStorage;
  beforeAll(async () => {
    bed = await startShopifyRelay({ database });
    shopify = bed.relay.services.shopify as Shopify;
    sessions = sessionStorage({ db: bed.relay.db, keyring: bed.relay.services.keyring });
  });
  afterAll(() => bed.stop());

  async function newShop(): Promise<FakeShop> {
    const shop = bed.shopify.shop();
    await install(shopify, shop);
    await bed.jobsDone();
    return shop;
  }
  const tokenCalls = (shop: FakeShop) =>
    bed.shopify.requests.filter(({ domain, path }) => domain === shop.domain && path === ENDPOINT);
  const sessionOf = async ({ domain }: FakeShop) => (await sessions.loadSession(sessionIdOf(domain))) as Session;
  /** As if the tokens had been given so long ago that they end so soon. */
  const endIn = async (shop: FakeShop, ms: number) => {
    const session = await sessionOf(shop);
    session.expires = new Date(Date.now() + ms);
    await sessions.storeSession(session);
  };

  it('end: an hour the one, ninety days the other', async () => {
    const { expires, refreshTokenExpires } = await sessionOf(await newShop());
    const fromNow = (date?: Date) => Math.round(((date?.getTime() ?? 0) - Date.now()) / HOUR_MS);
    expect([fromNow(expires), fromNow(refreshTokenExpires)]).toEqual([1, 90 * 24]);
  });

  it('are renewed once, however many need them', async () => {
    const shop = await newShop();
    const before = await sessionOf(shop);
    await endIn(shop, 0);
    await Promise.all(Array.from({ length: 6 }, () => asks(shopify, shop)));
    expect(tokenCalls(shop)).toHaveLength(2);
    const after = await sessionOf(shop);
    expect(after.accessToken).not.toBe(before.accessToken);
    expect(after.refreshToken).not.toBe(before.refreshToken);
  });

  it('are renewed while five minutes are left, and not before', async () => {
    const shop = await newShop();
    await endIn(shop, 6 * MINUTE_MS);
    await asks(shopify, shop);
    expect(tokenCalls(shop)).toHaveLength(1);
    await endIn(shop, 4 * MINUTE_MS);
    await asks(shopify, shop);
    expect(tokenCalls(shop)).toHaveLength(2);
  });

  it('serve to their end where Shopify cannot renew them now', async () => {
    const shop = await newShop();
    await endIn(shop, 2 * MINUTE_MS);
    shop.faults.fail(1, 503, {}, 'token');
    expect(await asks(shopify, shop)).toMatchObject({ shop: { id: shop.catalogue.shop.id } });
    await endIn(shop, 0);
    shop.faults.fail(1, 503, {}, 'token');
    await expect(asks(shopify, shop)).rejects.toMatchObject({ kind: 'unreachable' });
    expect((await sessionOf(shop)).accessToken).toBeDefined();
  });

  it('that Shopify refuses before their time are renewed, once', async () => {
    const shop = await newShop();
    shop.faults.expireTokens();
    await Promise.all([asks(shopify, shop), asks(shopify, shop)]);
    expect(tokenCalls(shop)).toHaveLength(2);
    shop.faults.fail(2, 401);
    await expect(asks(shopify, shop)).rejects.toMatchObject({ kind: 'needs_merchant' });
    expect(tokenCalls(shop)).toHaveLength(3);
  });

  it('that were revoked are gone, and nobody asks for them again until a merchant opens the app', async () => {
    const shop = await newShop();
    const { siteId } = (await shopify.shops.byDomain(shop.domain)) ?? {};
    shop.faults.revokeTokens();
    await expect(asks(shopify, shop)).rejects.toMatchObject({ kind: 'needs_merchant' });
    const asked = tokenCalls(shop).length;
    await expect(asks(shopify, shop)).rejects.toMatchObject({ kind: 'needs_merchant' });
    expect(tokenCalls(shop)).toHaveLength(asked);
    expect(await shopify.shops.byDomain(shop.domain)).toMatchObject({ hasTokens: false, uninstalledAt: null });
    const { site } = await install(shopify, shop);
    expect(site.id).toBe(siteId);
    expect(await asks(shopify, shop)).toMatchObject({ shop: { id: shop.catalogue.shop.id } });
  });

  it('that nobody used for ninety days are void without asking', async () => {
    const shop = await newShop();
    const session = await sessionOf(shop);
    await sessions.storeSession(Object.assign(session, { expires: new Date(0), refreshTokenExpires: new Date() }));
    await expect(asks(shopify, shop)).rejects.toMatchObject({ kind: 'needs_merchant' });
    expect(tokenCalls(shop)).toHaveLength(1);
  });

  it('are of one shop: two side by side never see each other’s', async () => {
    const [one, other] = [await newShop(), await newShop()];
    one.catalogue.shop.name = 'One';
    other.catalogue.shop.name = 'Other';
    await endIn(one, 0);
    other.faults.expireTokens();
    const named = await Promise.all([one, other, one, other].map(shop => asks(shopify, shop)));
    expect(named.map(each => (each as { shop: { name: string } }).shop.name)).toEqual(['One', 'Other', 'One', 'Other']);
    const { accessToken } = await sessionOf(one);
    expect(other.tokens()).not.toContain(accessToken);
  });

  it('do not stop the database while Shopify makes new ones', async () => {
    const shop = await newShop();
    const held = Promise.withResolvers<void>();
    await endIn(shop, 0);
    shop.faults.hold(1, held.promise, 'token');
    const asking = asks(shopify, shop);
    await expect.poll(() => tokenCalls(shop).length).toBe(2);
    expect(await bed.relay.db.site.count()).toBeGreaterThan(0);
    held.resolve();
    await asking;
  });

  /** What Shopify asks of each session storage, as far as it is ours: of staff members nothing is kept. */
  it('leave the relay its database where many shops wait for new ones', async () => {
    const shops = Array.from({ length: 22 }, () => bed.shopify.shop({ products: 1 }));
    for (const shop of shops) await install(shopify, shop);
    await bed.jobsDone();
    const held = Promise.withResolvers<void>();
    for (const shop of shops) {
      await endIn(shop, 0);
      shop.faults.hold(1, held.promise, 'token');
    }
    const before = bed.shopify.requests.length;
    const calls = () => bed.shopify.requests.slice(before).filter(({ path }) => path === ENDPOINT);
    const answers = Promise.all(shops.map(shop => asks(shopify, shop)));
    await expect.poll(() => calls().length).toBeGreaterThanOrEqual(5);
    for (let n = 0; n < 30; n += 1) await bed.relay.db.site.count();
    expect(calls().filter(({ status }) => status !== 0)).toEqual([]);
    held.resolve();
    await answers;
  });

  it('are not kept where the app was removed while Shopify made new ones', async () => {
    const shop = await newShop();
    await endIn(shop, 0);
    const held = Promise.withResolvers<void>();
    shop.faults.hold(1, held.promise, 'token');
    const asked = asks(shopify, shop).catch(error => error);
    await expect.poll(() => tokenCalls(shop).length).toBe(2);
    const removed = shopify.uninstall(shop.domain);
    // On PostgreSQL it waits for the renewal.
    if (database === 'embedded') await removed;
    held.resolve();
    await Promise.all([asked, removed]);
    expect(await sessionOf(shop)).toBeUndefined();
  });

  describe('as a session storage', () => {
    const of = (shop: FakeShop, more: object = {}) =>
      new Session({
        id: sessionIdOf(shop.domain),
        shop: shop.domain,
        state: '',
        isOnline: false,
        scope: 'read_products',
        accessToken: 'shpat_one',
        ...more,
      });

    it('keep and delete the session of a shop', async () => {
      const shop = await newShop();
      const session = of(shop);
      expect(await sessions.storeSession(session)).toBe(true);
      expect((await sessionOf(shop)).equals(session)).toBe(true);
      expect(await sessions.deleteSession(session.id)).toBe(true);
      expect(await sessions.loadSession(session.id)).toBeUndefined();
    });

    it('take fields that they do not know, and leave them away', async () => {
      const shop = await newShop();
      expect(await sessions.storeSession(of(shop, { nonsense: 'x' }))).toBe(true);
      expect((await sessionOf(shop)).toObject()).toEqual(of(shop).toObject());
    });

    it('keep no session of a staff member, and nothing of who that is', async () => {
      const shop = await newShop();
      const before = await sessionOf(shop);
      const associated_user = { id: 1, first_name: 'Zanzibelle', email: 'zanzibelle@example.com' };
      const staff = of(shop, { id: `${shop.domain}_1`, isOnline: true, onlineAccessInfo: { associated_user } });
      expect(await sessions.storeSession(staff)).toBe(false);
      expect(await sessions.storeSession(of(shop, { isOnline: true, onlineAccessInfo: { associated_user } }))).toBe(
        false,
      );
      expect(await sessions.loadSession(staff.id)).toBeUndefined();
      expect((await sessionOf(shop)).equals(before)).toBe(true);
    });

    it('know nothing of an id that is nobody’s', async () => {
      for (const id of ['', 'offline_', 'offline_nobody.myshopify.com', 'offline_shop.example', 'nonsense']) {
        expect(await sessions.loadSession(id)).toBeUndefined();
        expect(await sessions.deleteSession(id)).toBe(true);
      }
      const stranger = bed.shopify.shop();
      expect(await sessions.storeSession(of(stranger))).toBe(false);
    });

    it('find the session of a shop by its domain, and of no other', async () => {
      const [shop, other] = [await newShop(), await newShop()];
      await sessions.storeSession(of(shop));
      const found = await sessions.findSessionsByShop(shop.domain);
      expect(found.map(({ accessToken }) => accessToken)).toEqual(['shpat_one']);
      await sessions.deleteSession(sessionIdOf(shop.domain));
      expect(await sessions.findSessionsByShop(shop.domain)).toEqual([]);
      expect(await sessions.findSessionsByShop(other.domain)).toHaveLength(1);
    });

    it('delete those of a list, and leave the others', async () => {
      const shops = [await newShop(), await newShop(), await newShop()] as const;
      const ids = shops.map(({ domain }) => sessionIdOf(domain));
      expect(await sessions.deleteSessions(ids.slice(0, 2))).toBe(true);
      const left = await Promise.all(ids.map(id => sessions.loadSession(id)));
      expect(left.map(session => session?.shop)).toEqual([undefined, undefined, shops[2].domain]);
    });

    it('keep more scopes than 255 characters, and the shop has each of them', async () => {
      const shop = await newShop();
      const scopes = Array.from({ length: 40 }, (_, at) => `write_something_${at}`);
      await sessions.storeSession(of(shop, { scope: scopes.join(',') }));
      expect((await sessionOf(shop)).scope).toBe(scopes.join(','));
      expect(await shopify.shops.byDomain(shop.domain)).toMatchObject({ scopes });
    });

    it('keep the refresh token and both ends, to the millisecond', async () => {
      const shop = await newShop();
      const [expires, refreshTokenExpires] = [new Date(1_900_000_000_123), new Date(1_900_000_000_456)];
      const session = of(shop, { expires, refreshToken: 'shprt_one', refreshTokenExpires });
      await sessions.storeSession(session);
      expect((await sessionOf(shop)).toObject()).toEqual(session.toObject());
    });
  });

  it('open only under the key and the site that they were sealed for', async () => {
    const [shop, other] = [await newShop(), await newShop()];
    const { keyId, ciphertext } = await bed.relay.db.shopifyShop.findUniqueOrThrow({ where: { domain: shop.domain } });
    await bed.relay.db.shopifyShop.update({ where: { domain: other.domain }, data: { keyId, ciphertext } });
    await expect(sessions.loadSession(sessionIdOf(other.domain))).rejects.toThrow();
  });
});

it('are renewed once by two processes on one database, and made once by them', async () => {
  const env = await databaseEnvironment('postgres');
  const bed = await startShopifyRelay({ env });
  const second = await startTestRelay({ env: { ...bed.shopify.env, ...env } });
  const both = [bed.relay, second].map(({ services }) => services.shopify as Shopify);
  const shop = bed.shopify.shop();
  const tokenCalls = () => bed.shopify.requests.filter(({ path }) => path === ENDPOINT).length;

  const opened = await Promise.all(both.flatMap(each => [install(each, shop), install(each, shop)]));
  expect(new Set(opened.map(({ site }) => site.id)).size).toBe(1);
  expect(tokenCalls()).toBe(1);
  await bed.jobsDone();

  shop.faults.expireTokens();
  const held = Promise.withResolvers<void>();
  shop.faults.hold(1, held.promise, 'token');
  const answers = both.flatMap(each => [asks(each, shop), asks(each, shop)]);
  await expect.poll(tokenCalls).toBe(2);
  held.resolve();
  await Promise.all(answers);
  expect(tokenCalls()).toBe(2);
  await Promise.all([bed.stop(), second.stop()]);
});
