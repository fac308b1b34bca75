import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FakeShop } from '../../../../e2e/fakes/shopify/index.ts';
import { type ShopifyRelay, startShopifyRelay } from '../../../../e2e/shopify.ts';
import { isPassing, ShopifyFault } from './fault.ts';
import type { Shopify } from './index.ts';
import { INSTALLED_SHOP, METAFIELDS_SET } from './operations/install.ts';

const CUSTOMERS = 'query Customers { customers(first: 1) { nodes { id } } shop { name } }';

describe('the Admin API of a shop', () => {
  let bed: ShopifyRelay;
  let shopify: Shopify;
  let shop: FakeShop;
  beforeAll(async () => {
    bed = await startShopifyRelay();
    shopify = bed.relay.services.shopify as Shopify;
  });
  afterAll(() => bed.stop());
  beforeEach(async () => {
    shop = bed.shopify.shop();
    shop.isInstalled = true;
    await shopify.install({ domain: shop.domain, idToken: shop.idToken() });
    await bed.jobsDone();
    bed.shopify.requests.length = 0;
  });

  const ask = (options: Parameters<Shopify['admin']['request']>[2] = {}) =>
    shopify.admin.request<{ shop: { name: string } }>(shop.domain, INSTALLED_SHOP, options);
  const tell = (options: object = {}) =>
    shopify.admin.request(shop.domain, METAFIELDS_SET, { variables: { metafields: [] }, ...options });
  const calls = () => bed.shopify.requests.length;
  const answered = async () => expect((await ask()).shop.name).toBe(shop.catalogue.shop.name);

  it('is asked again when the shop has points again, for as long as the operation costs', async () => {
    shop.faults.throttle(3);
    await answered();
    expect(calls()).toBe(4);
  });

  it('is not asked without end where the points never suffice', async () => {
    shop.faults.throttle(50);
    await expect(ask()).rejects.toMatchObject({ kind: 'throttled' });
    expect(calls()).toBe(6);
  });

  it('is not waited for longer than there is patience', async () => {
    shop.faults.fail(1, 429, { 'Retry-After': '3600' });
    await expect(ask()).rejects.toMatchObject({ kind: 'throttled' });
    shop.faults.fail(1, 503, { 'Retry-After': new Date(Date.now() + 3_600_000).toUTCString() });
    await expect(ask()).rejects.toMatchObject({ kind: 'unreachable' });
    expect(calls()).toBe(2);
  });

  it.each([
    [429, '1'],
    [429, '0.2'],
    [503, '1'],
  ])('that answers %i is asked again after the seconds of Retry-After: %s', async (status, after) => {
    shop.faults.fail(1, status, { 'Retry-After': after });
    const began = performance.now();
    await answered();
    // Not the milliseconds that the SDK takes them for.
    expect(performance.now() - began).toBeGreaterThanOrEqual(Number(after) * 1_000 - 5);
    expect(calls()).toBe(2);
  });

  it.each([500, 502, 503, 504])('that answers %i is asked again where nothing is changed by that', async status => {
    shop.faults.fail(1, status);
    await answered();
    expect(calls()).toBe(2);
  });

  it('is not told a second time what it may have taken already', async () => {
    for (const [at, begin] of [() => shop.faults.fail(1, 502), () => shop.faults.garbage(1)].entries()) {
      begin();
      await expect(tell()).rejects.toMatchObject({ kind: 'unreachable' });
      expect(calls()).toBe(at + 1);
    }
    shop.faults.fail(1, 503);
    await tell();
    shop.faults.throttle(1);
    await tell();
    expect(calls()).toBe(6);
  });

  it('that never answers is left when its caller wants to, or loses patience', async () => {
    const leaving = new AbortController();
    shop.faults.hang(1);
    const left = ask({ signal: leaving.signal });
    await expect.poll(calls).toBe(1);
    leaving.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    shop.faults.throttle(10);
    await expect(ask({ patienceMs: 1 })).rejects.toMatchObject({ kind: 'throttled' });
    await expect(ask({ signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow('gone');
  });

  it('that answers in part is a fault, unless the caller takes what there is', async () => {
    shop.faults.partial(1);
    await expect(ask()).rejects.toMatchObject({ kind: 'refused' });
    shop.faults.partial(1);
    expect(await ask({ partial: true })).toMatchObject({ currentAppInstallation: expect.anything() });
    expect(calls()).toBe(2);
  });

  it('that was not granted what the operation needs says so, and is not asked again', async () => {
    const asked = (options = {}) => shopify.admin.request(shop.domain, CUSTOMERS, options);
    await expect(asked()).rejects.toMatchObject({ kind: 'scope_missing' });
    expect(calls()).toBe(1);
  });

  it.each([400, 402, 403, 404, 423])('that answers %i is not asked again', async status => {
    shop.faults.fail(1, status);
    await expect(ask()).rejects.toBeInstanceOf(ShopifyFault);
    expect(calls()).toBe(1);
  });

  it('is refused an operation that is not in its schema, at once', async () => {
    await expect(shopify.admin.request(shop.domain, 'query Wrong { shop { nonsense } }')).rejects.toMatchObject({
      kind: 'refused',
    });
    expect(calls()).toBe(1);
  });

  it('of a shop that is not here is not asked at all', async () => {
    await expect(shopify.admin.request('nobody.myshopify.com', INSTALLED_SHOP)).rejects.toMatchObject({
      kind: 'not_installed',
    });
    expect(calls()).toBe(0);
  });

  it('has faults that pass and faults that stay, and none repeats what Shopify or a caller said', async () => {
    const secret = 'zanzibelle@example.com';
    shop.faults.fail(1, 404);
    const stays = await tell({ variables: { metafields: [], note: secret } }).catch(error => error);
    expect(isPassing(stays)).toBe(false);
    shop.faults.fail(1, 502);
    const passes = await tell().catch(error => error);
    expect(isPassing(passes)).toBe(true);
    for (const { message, cause } of [stays, passes] as Error[]) {
      expect(message).toMatch(/MetafieldsSet/);
      expect(message).not.toContain(secret);
      expect(cause).toBeUndefined();
    }
    expect(isPassing(new Error('x'))).toBe(false);
  });
});
