import { describe, expect, it } from 'vitest';
import { keptOf, topicOf } from './payload.ts';

const SHOP = 'a.myshopify.com';

describe('what is kept of a webhook', () => {
  it('is the id of a product, also one that JavaScript would round to another', () => {
    const body = '{"id":788032119674292922,"title":"A jumper"}';
    expect(keptOf('products/delete', SHOP, body)).toEqual({ gid: 'gid://shopify/Product/788032119674292922' });
    expect(JSON.stringify(JSON.parse(body))).not.toContain('788032119674292922');
  });

  it('is the customer, of a payload with everything else', () => {
    const customer = { id: 191167, email: 'john@doe.example', phone: '555-625-1199', first_name: 'John' };
    const payload = { shop_id: 954889, shop_domain: SHOP, customer, orders_to_redact: [299938, 280263] };
    expect(keptOf('customers/redact', SHOP, JSON.stringify(payload))).toEqual({
      customer: { id: '191167', email: 'john@doe.example', phone: '555-625-1199' },
    });
  });

  it.each([
    ['no customer', undefined, {}],
    ['a customer of null', null, {}],
    ['a customer that is none', 'john', {}],
    ['nulls', { id: 1, email: null, phone: null }, { id: '1' }],
    ['an e-mail address of 10,000 characters', { id: 1, email: 'x'.repeat(10_000) }, { id: '1' }],
    ['a phone that is a number', { id: 1, phone: 4711 }, { id: '1' }],
    ['an id that is none', { id: 'x', email: 'a@b.example' }, { email: 'a@b.example' }],
  ])('is as much as there is, with %s', (_, customer, kept) => {
    expect(keptOf('customers/redact', SHOP, JSON.stringify({ shop_domain: SHOP, customer }))).toEqual({
      customer: kept,
    });
  });

  it('is nothing of topics that only say that something is so', () => {
    for (const topic of ['app/uninstalled', 'shop/update', 'app_subscriptions/update', 'shop/redact'] as const) {
      expect(keptOf(topic, SHOP, '{"email":"owner@shop.example"}')).toEqual({});
    }
  });

  it('is of each topic known by what the SDK makes of its name, and by no other', () => {
    expect(topicOf('APP_SUBSCRIPTIONS_UPDATE')).toBe('app_subscriptions/update');
    expect(topicOf('CUSTOMERS_DATA_REQUEST')).toBe('customers/data_request');
    expect(topicOf('BULK_OPERATIONS_FINISH')).toBe('bulk_operations/finish');
    for (const other of ['PAGE', 'THEMES_PUBLISH', '', 'toString']) expect(topicOf(other)).toBeUndefined();
  });
});
