import { describe, expect, it } from 'vitest';
import { adminAddress, askedOf, bounceFrom, isOurs, policyOf, tokenOf } from './authenticate.ts';

const origin = 'https://relay.example';
const now = new Date('2026-11-22T10:00:00Z');
const place = { apiKey: 'the-key', origin, now };
const shop = 'kittiwake.myshopify.com';
const inAdmin = { shop, host: 'YWRtaW4', embedded: '1' };

describe('the address of a document', () => {
  it.each([
    undefined,
    '',
    'evil.com',
    'kittiwake.myshopify.com.evil.com',
    'x.myshopify.com/path',
    "x.myshopify.com; script-src 'unsafe-inline'",
    [shop, shop],
  ])('is refused where its shop is %j', given => {
    expect(askedOf('/shopify/app', { ...inAdmin, shop: given as string }, place)).toEqual({ step: 'refuse' });
  });

  it('leads into the admin where it is opened outside of it, to the same page', () => {
    expect(askedOf('/shopify/app', { shop, id_token: 'x' }, place)).toEqual({
      step: 'enter',
      to: 'https://admin.shopify.com/store/kittiwake/apps/the-key',
    });
    expect(askedOf('/shopify/app/leads', { shop, embedded: '0' }, place)).toMatchObject({
      to: 'https://admin.shopify.com/store/kittiwake/apps/the-key/shopify/app/leads',
    });
    // Not to where "host" says: that may be the shop of somebody else.
    const host = Buffer.from('evil.myshopify.com/admin').toString('base64');
    expect(askedOf('/shopify/app', { shop, host }, place)).toMatchObject({ to: adminAddress(shop, 'the-key') });
  });

  it('has its ID token looked at, in whatever spelling the shop stands', () => {
    const asked = askedOf('/shopify/app', { ...inAdmin, shop: 'KITTIWAKE.myshopify.com', id_token: 'a.b.c' }, place);
    expect(asked).toEqual({ step: 'prove', idToken: 'a.b.c', domain: shop });
  });

  it('without an ID token has one fetched, and comes back to the same page without what is secret or spent', () => {
    const query = { ...inAdmin, cursor: 'c', hmac: 'h', session: 's', timestamp: '1', id_token: '', locale: 'de' };
    const asked = askedOf('/shopify/app/leads', query, place);
    expect(asked).toMatchObject({ step: 'bounce', again: false });
    const to = new URL((asked as { to: string }).to, origin);
    expect(to.pathname).toBe('/shopify/app/bounce');
    expect(to.searchParams.get('host')).toBe('YWRtaW4');
    const reload = new URL(to.searchParams.get('shopify-reload') ?? '');
    expect(reload.origin + reload.pathname).toBe('https://relay.example/shopify/app/leads');
    expect(Object.fromEntries(reload.searchParams)).toEqual({
      ...inAdmin,
      cursor: 'c',
      locale: 'de',
      bounced: String(now.getTime()),
    });
  });

  it('does not go round in a circle: who comes back without a good token within a minute has had one fetched', () => {
    const bounced = String(now.getTime() - 5_000);
    expect(bounceFrom('/shopify/app', { ...inAdmin, bounced }, place)).toMatchObject({ again: true });
    for (const other of [String(now.getTime() - 61_000), 'x', '', undefined]) {
      expect(bounceFrom('/shopify/app', { ...inAdmin, bounced: other }, place)).toMatchObject({ again: false });
    }
  });
});

describe('where App Bridge may bring an ID token', () => {
  it('is a page of ours', () => {
    expect(isOurs(`${origin}/shopify/app`, origin)).toBe(true);
    expect(isOurs(`${origin}/shopify/app/leads?shop=${shop}`, origin)).toBe(true);
  });

  it.each([
    undefined,
    'https://evil.example/shopify/app',
    'https://relay.example@evil.example/shopify/app',
    'https://u:p@relay.example/shopify/app',
    '//evil.example/shopify/app',
    `${origin}/shopify/apple`,
    `${origin}/shopify/app/../../demo/`,
    `${origin}/`,
    'javascript:alert(1)//https://relay.example/shopify/app',
  ])('is not %s', address => {
    expect(isOurs(address, origin)).toBe(false);
  });
});

it('takes nothing for an ID token that is none', () => {
  expect(tokenOf('Bearer aaa.bbb.c-_')).toBe('aaa.bbb.c-_');
  for (const given of [
    '',
    'Bearer ',
    'Bearer a.b',
    'Basic a.b.c',
    'Bearer a.b.c d',
    `Bearer ${'a'.repeat(9_000)}.b.c`,
  ]) {
    expect(tokenOf(given)).toBeUndefined();
  }
});

describe('the policy of a page', () => {
  it('lets the admin of its own shop show it, and nobody where there is none', () => {
    expect(policyOf(shop)).toContain(`frame-ancestors https://${shop} https://admin.shopify.com;`);
    expect(policyOf(undefined)).toContain("frame-ancestors 'none';");
  });

  it('lets no script run but those of Shopify and ours, and no form leave', () => {
    expect(policyOf(shop)).toContain("script-src 'self' https://cdn.shopify.com;");
    expect(policyOf(shop)).toContain("form-action 'none'");
  });
});
