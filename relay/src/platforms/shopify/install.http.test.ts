import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signUp } from '../../../../e2e/console.ts';
import type { FakeShop } from '../../../../e2e/fakes/shopify/index.ts';
import { databases } from '../../../../e2e/relay.ts';
import { type ShopifyRelay, startShopifyRelay } from '../../../../e2e/shopify.ts';
import type { Shopify } from './index.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

describe.each(databases)('a shop on %s', database => {
  let bed: ShopifyRelay;
  let shopify: Shopify;
  beforeAll(async () => {
    bed = await startShopifyRelay({ database });
    shopify = bed.relay.services.shopify as Shopify;
  });
  afterAll(() => bed.stop());

  /** A shop whose merchant has agreed to the app, and has not opened it yet. */
  function newShop(): FakeShop {
    const shop = bed.shopify.shop();
    shop.isInstalled = true;
    return shop;
  }
  const open = (shop: FakeShop) => shopify.install({ domain: shop.domain, idToken: shop.idToken() });
  const callsTo = ({ domain }: FakeShop, named: string) =>
    bed.shopify.requests.filter(each => each.domain === domain && (each.operationName ?? each.path).endsWith(named));
  const rowsOf = async ({ domain }: FakeShop) =>
    (await bed.relay.rows('ShopifyShop')).filter(row => row.domain === domain);
  const jobs = (queue: string, siteId: string): Promise<object[]> =>
    bed.relay.db.$queryRaw`SELECT id FROM pgboss.job WHERE name = ${queue} AND data ->> 'siteId' = ${siteId}`;
  const widgetOf = async (key: string, origin: string) =>
    (await fetch(`${bed.relay.url}/v1/widget/${key}/config`, { headers: { Origin: origin } })).status;
  /** What the owner does in the settings. */
  async function change(key: string, changed: object): Promise<void> {
    const site = await bed.relay.services.sites.byKey(key);
    const settings = bed.relay.services.sites.settingsOf(site);
    await bed.relay.services.sites.updateSettings(site, site.settingsVersion, { ...settings, ...changed });
  }

  it('becomes a site when it is opened for the first time: named, placed and timed as the shop is', async () => {
    const shop = newShop();
    Object.assign(shop.catalogue.shop, {
      name: 'Wool & Co',
      primaryDomain: 'wool.example',
      ianaTimezone: 'Europe/Dublin',
      locale: 'fr',
      countryCode: 'IE',
    });
    const { site, shop: kept } = await open(shop);
    const origins = [`https://${shop.domain}`, 'https://wool.example'];
    expect(site).toMatchObject({
      platform: 'shopify',
      homeUrl: 'https://wool.example',
      isConnected: true,
      verification: null,
      settings: { name: 'Wool & Co', allowedOrigins: origins, timezone: 'Europe/Dublin', country: 'IE', locale: 'fr' },
    });
    expect(kept).toMatchObject({ domain: shop.domain, shopId: shop.catalogue.shop.id, hasTokens: true });
    expect(kept.scopes.toSorted()).toEqual(shop.scopes.toSorted());
    for (const origin of origins) expect(await widgetOf(site.key, origin)).toBe(200);
    expect(await widgetOf(site.key, 'https://elsewhere.example')).toBe(403);
    // Nobody has the secret of this site, so it is given another one to look.
    await bed.relay.services.sites.ensure({ key: site.key, name: '', secret: 'to-look', allowedOrigins: [] });
    const asked = await fetch(`${bed.relay.url}/v1/site`, { headers: { Authorization: 'Bearer to-look' } });
    expect(await asked.json()).toMatchObject({
      name: 'Wool & Co',
      platform: 'shopify',
      homeUrl: 'https://wool.example',
      verification: null,
    });
  });

  it('tells its storefront which site it is and where the relay is, and has its knowledge and its plan fetched', async () => {
    const shop = newShop();
    const { site } = await open(shop);
    expect(shop.catalogue.metafields).toEqual({
      'confab.site_key': { type: 'single_line_text_field', value: site.key },
      'confab.relay_origin': { type: 'single_line_text_field', value: bed.relay.url },
      'confab.appearance': { type: 'json', value: JSON.stringify(site.settings.appearance) },
      'confab.enabled': { type: 'boolean', value: 'true' },
    });
    expect(await jobs('shopify.sync', site.id)).toHaveLength(1);
    expect(await jobs('shopify.plan', site.id)).toHaveLength(1);
  });

  it('takes of the shop only what a setting may be', async () => {
    const shop = newShop();
    const name = `${'a long name '.repeat(20)}`;
    Object.assign(shop.catalogue.shop, { name, ianaTimezone: 'Mars/Olympus', locale: 'not a language' });
    const { site } = await open(shop);
    expect(site.settings).toMatchObject({ name: name.slice(0, 120), timezone: 'UTC', locale: 'en' });
  });

  it('is installed once, by one exchange, however many open it at the same time', async () => {
    const shop = newShop();
    const opened = await Promise.all(Array.from({ length: 5 }, () => open(shop)));
    expect(new Set(opened.map(({ site }) => site.id)).size).toBe(1);
    expect(callsTo(shop, 'access_token')).toHaveLength(1);
    expect(callsTo(shop, 'MetafieldsSet')).toHaveLength(1);
    expect(await rowsOf(shop)).toHaveLength(1);
    expect(await jobs('shopify.sync', opened[0]?.site.id ?? '')).toHaveLength(1);
  });

  it('asks Shopify for nothing when it is opened again', async () => {
    const shop = newShop();
    const first = await open(shop);
    await bed.jobsDone();
    const before = bed.shopify.requests.length;
    const again = await open(shop);
    expect(again.site.id).toBe(first.site.id);
    expect(bed.shopify.requests.length).toBe(before);
  });

  it('has no secret that anybody knows, no token in the clear, and none in the log', async () => {
    const shop = newShop();
    const { site } = await open(shop);
    const [secretHash] = (await bed.relay.rows('Site')).filter(({ id }) => id === site.id).map(row => row.secretHash);
    expect(secretHash).toMatch(/^[0-9a-f]{64}$/);
    const tokens = shop.tokens();
    expect(tokens).toHaveLength(2);
    for (const token of tokens) {
      expect(await bed.relay.tablesWith(token)).toEqual([]);
      expect(bed.relay.logLines.filter(line => line.includes(token))).toEqual([]);
    }
  });

  it('goes on where it stopped when Shopify is back', async () => {
    const shop = newShop();
    shop.faults.fail(1, 400);
    await expect(open(shop)).rejects.toMatchObject({ kind: 'refused' });
    const [half] = await rowsOf(shop);
    expect(half.shopId).toBeNull();
    const { site } = await open(shop);
    expect(site.id).toBe(half.siteId);
    expect(callsTo(shop, 'access_token')).toHaveLength(1);
    expect(await rowsOf(shop)).toHaveLength(1);
  });

  it('that is half installed, or was removed, is no site that a plugin could take over', async () => {
    const half = newShop();
    half.faults.fail(1, 400);
    await open(half).catch(() => {});
    const { site } = await open(newShop());
    const asked = {
      platform: 'wordpress',
      homeUrl: site.homeUrl ?? '',
      redirectUri: `${site.homeUrl}/back`,
      state: 's',
      codeChallenge: 'c'.repeat(43),
    } as const;
    const { user, accounts } = await (await signUp(bed.relay)).me();
    const [{ siteId }] = await rowsOf(half);
    const data = { accountId: accounts[0]?.accountId as string };
    await bed.relay.db.site.updateMany({ where: { id: { in: [site.id, siteId] } }, data });
    const { owned } = await bed.relay.services.connect.choicesFor(asked, user.id);
    expect(owned).toMatchObject([{ ...data, sites: [] }]);
  });

  describe('whose app is removed', () => {
    it('is served no more, has no token left, and keeps what it holds', async () => {
      const shop = newShop();
      const { site } = await open(shop);
      await bed.relay.services.knowledge.sync(site, { upsert: [], delete: [] });
      await shopify.uninstall(shop.domain);
      expect(await widgetOf(site.key, `https://${shop.domain}`)).toBe(404);
      expect(await rowsOf(shop)).toMatchObject([{ siteId: site.id, ciphertext: null, keyId: null, scopes: [] }]);
      expect(await bed.relay.services.sites.byId(site.id)).toMatchObject({ isConnected: false, id: site.id });
      await expect(shopify.admin.request(shop.domain, '{ shop { id } }')).rejects.toMatchObject({
        kind: 'not_installed',
      });
    });

    it('comes back whole when it is installed again, with what its owner has set', async () => {
      const shop = newShop();
      shop.catalogue.shop.ianaTimezone = 'Europe/Dublin';
      const { site } = await open(shop);
      const own = { name: 'As the owner likes it', timezone: 'UTC', country: 'DE', locale: 'de' };
      await change(site.key, { ...own, allowedOrigins: [...site.settings.allowedOrigins, 'https://own.example'] });
      await shopify.uninstall(shop.domain);
      shop.catalogue.metafields = {};
      const again = await open(shop);
      expect(again.site).toMatchObject({ id: site.id, key: site.key, isConnected: true, settings: own });
      expect(again.site.settings.allowedOrigins).toContain('https://own.example');
      expect(again.shop).toMatchObject({ uninstalledAt: null, hasTokens: true });
      expect(shop.catalogue.metafields['confab.site_key']?.value).toBe(site.key);
      expect(await widgetOf(site.key, `https://${shop.domain}`)).toBe(200);
    });

    it('is not removed again by the news of a removal before, which came late', async () => {
      const shop = newShop();
      const { site } = await open(shop);
      const removedAt = bed.relay.clock.now();
      await shopify.uninstall(shop.domain, removedAt);
      bed.relay.clock.setAhead(DAY_MS);
      await open(shop);
      bed.relay.clock.setAhead(0);
      await shopify.uninstall(shop.domain, removedAt);
      expect(await widgetOf(site.key, `https://${shop.domain}`)).toBe(200);
    });

    it('is not removed by the news of a removal that came after somebody had opened it again', async () => {
      const shop = newShop();
      const { site } = await open(shop);
      await bed.jobsDone();
      const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
      const where = { domain: shop.domain };
      await bed.relay.db.shopifyShop.updateMany({ where, data: { installedAt: minutesAgo(60) } });
      // Removed ten minutes ago and installed again, which we have not heard of: the tokens are dead.
      shop.faults.revokeTokens();
      await open(shop);
      await shopify.uninstall(shop.domain, minutesAgo(10));
      expect(await widgetOf(site.key, `https://${shop.domain}`)).toBe(200);
      await expect(shopify.admin.request(shop.domain, '{ shop { id } }')).rejects.toMatchObject({
        kind: 'needs_merchant',
      });
      expect((await open(shop)).shop).toMatchObject({ hasTokens: true, uninstalledAt: null });
      await shopify.uninstall(shop.domain, minutesAgo(-10));
      expect(await widgetOf(site.key, `https://${shop.domain}`)).toBe(404);
    });

    it('is removed whole or not at all, wherever the relay dies', async () => {
      const shop = newShop();
      const { site } = await open(shop);
      await bed.relay.db.$executeRawUnsafe(`CREATE FUNCTION dies() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'dies'; END $$`);
      await bed.relay.db.$executeRawUnsafe(
        'CREATE TRIGGER dies BEFORE UPDATE ON "Site" FOR EACH ROW EXECUTE FUNCTION dies()',
      );
      await expect(shopify.uninstall(shop.domain)).rejects.toThrow();
      await bed.relay.db.$executeRawUnsafe('DROP FUNCTION dies CASCADE');
      expect(await shopify.shops.byDomain(shop.domain)).toMatchObject({ uninstalledAt: null, hasTokens: true });
      // What told of it is tried again.
      await shopify.uninstall(shop.domain);
      expect(await widgetOf(site.key, `https://${shop.domain}`)).toBe(404);
    });

    it('begins anew where its data were erased meanwhile', async () => {
      const shop = newShop();
      const { site } = await open(shop);
      await shopify.uninstall(shop.domain);
      await bed.relay.db.$transaction(tx => bed.relay.services.sites.erase(tx, site.id));
      const again = await open(shop);
      expect(again.site.id).not.toBe(site.id);
      expect(again.site.settings.name).toBe(shop.catalogue.shop.name);
    });
  });

  describe('that changes', () => {
    it('is admitted where it is now, and no more where it was; the rest is its owner’s', async () => {
      const shop = newShop();
      shop.catalogue.shop.primaryDomain = 'before.example';
      const { site } = await open(shop);
      await change(site.key, { allowedOrigins: [...site.settings.allowedOrigins, 'https://own.example'] });
      Object.assign(shop.catalogue.shop, {
        primaryDomain: 'after.example',
        name: 'Renamed',
        ianaTimezone: 'Asia/Tokyo',
      });
      await shopify.shopChanged(shop.domain);
      const moved = await bed.relay.services.sites.byKey(site.key);
      expect(moved.homeUrl).toBe('https://after.example');
      expect(moved.settings).toMatchObject({ name: site.settings.name, timezone: site.settings.timezone });
      expect(moved.settings.allowedOrigins.toSorted()).toEqual(
        ['https://after.example', `https://${shop.domain}`, 'https://own.example'].toSorted(),
      );
      const { settingsVersion } = moved;
      await shopify.shopChanged(shop.domain);
      expect(await bed.relay.services.sites.byId(site.id)).toMatchObject({ settingsVersion });
    });

    it('is told by night where the relay is, also where Shopify has said nothing', async () => {
      const shop = newShop();
      const { site } = await open(shop);
      await bed.jobsDone();
      shop.catalogue.metafields = {};
      shop.catalogue.shop.primaryDomain = 'by-night.example';
      await bed.relay.services.jobs.enqueue('shopify.shops', {});
      await expect.poll(() => Object.keys(shop.catalogue.metafields), { timeout: 20_000 }).toHaveLength(4);
      expect((await bed.relay.services.sites.byId(site.id))?.homeUrl).toBe('https://by-night.example');
    });

    it('has the scopes that Shopify names last', async () => {
      const shop = newShop();
      await open(shop);
      await shopify.scopesChanged(shop.domain, ['read_products']);
      expect(await shopify.shops.byDomain(shop.domain)).toMatchObject({ scopes: ['read_products'] });
    });

    it('but is not here, changes nothing', async () => {
      const stranger = newShop();
      await shopify.shopChanged(stranger.domain);
      await shopify.scopesChanged(stranger.domain, ['read_orders']);
      await shopify.uninstall(stranger.domain);
      expect(await rowsOf(stranger)).toEqual([]);
    });
  });

  describe('is not opened', () => {
    const other = 'other.myshopify.com';
    const now = () => Math.floor(Date.now() / 1_000);
    it.each<[string, (shop: FakeShop) => string]>([
      ['without a token', () => ''],
      ['by what is no token', () => 'a.b.c'],
      ['by a token under another secret', shop => shop.idToken({}, 'another-secret')],
      ['by a token of yesterday', shop => shop.idToken({ exp: now() - 60 })],
      ['by a token of tomorrow', shop => shop.idToken({ nbf: now() + 60 })],
      ['by a token without an end', shop => shop.idToken({ exp: undefined })],
      ['by a token for another app', shop => shop.idToken({ aud: 'another-app' })],
      ['by a token that another shop issued', shop => shop.idToken({ iss: `https://${other}/admin` })],
      ['by a token for another shop', shop => shop.idToken({ dest: `https://${other}` })],
      [
        'by another shop’s own token',
        shop => shop.idToken({ iss: `https://${other}/admin`, dest: `https://${other}` }),
      ],
      [
        'by a token for a host that is no shop',
        shop => shop.idToken({ iss: 'https://shop.example/admin', dest: 'https://shop.example' }),
      ],
      ['by a token of nobody', shop => shop.idToken({ sub: undefined })],
    ])('%s', async (_, tokenOf) => {
      const shop = newShop();
      const idToken = tokenOf(shop);
      const refusal = await shopify.install({ domain: shop.domain, idToken }).catch(error => error);
      expect(refusal).toMatchObject({ code: 'unauthorized', status: 401 });
      expect(refusal.cause).toBeUndefined();
      if (idToken) expect(refusal.message).not.toContain(idToken);
      expect(callsTo(shop, 'access_token')).toEqual([]);
      expect(await rowsOf(shop)).toEqual([]);
    });

    it('with a token that Shopify finds too old, and then nothing is connected', async () => {
      const shop = newShop();
      shop.isInstalled = false;
      await expect(open(shop)).rejects.toMatchObject({ code: 'unauthorized' });
      expect(await rowsOf(shop)).toMatchObject([{ shopId: null, ciphertext: null }]);
    });
  });
});
