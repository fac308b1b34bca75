import { defaultTexts } from '@confab/contract/texts';
import { describe, expect, it } from 'vitest';
import { readOptions } from './options.ts';

function read(data: Record<string, unknown>, loaderUrl = 'https://cdn.example/widget/confab-loader.js?ver=1') {
  const warnings: string[] = [];
  const around = { loaderUrl, baseUrl: 'https://shop.example/a/b', warn: (text: string) => warnings.push(text) };
  return { options: readOptions({ siteKey: 'demo', ...data }, around), warnings };
}

describe('what the page says', () => {
  it('has defaults for everything but the site key', () => {
    const { options, warnings } = read({});
    expect(options).toEqual({
      siteKey: 'demo',
      relay: 'https://cdn.example',
      base: 'https://cdn.example/widget/confab-loader.js?ver=1',
      locale: '',
      label: defaultTexts.launcher,
      failed: expect.stringContaining('could not be loaded'),
      consent: '',
      customer: '',
      keepsPosition: false,
      isPreview: false,
      appearance: { position: 'bottom-right', accent: '#1f6f54', theme: 'auto' },
    });
    expect(warnings).toEqual([]);
  });

  it.each([
    ['https://relay.example/base/', 'https://relay.example/base'],
    ['/confab', 'https://shop.example/confab'],
  ])('may name %j as the relay', (relay, expected) => {
    expect(read({ relay }).options?.relay).toBe(expected);
  });

  it('names the folder of the files where the loader has been put into the page', () => {
    const base = 'https://shop.example/wp-content/plugins/confab/widget/';
    expect(read({ base }, 'https://shop.example/a/b').options?.base).toBe(base);
  });

  it('may say who listens to consent, where a customer is proven, and that the owner is looking', () => {
    const said = { consent: 'shopify', customer: '/fr/apps/confab/customer', keepPosition: 'yes', preview: 'yes' };
    const { options, warnings } = read(said);
    const { consent, customer } = said;
    expect(options).toMatchObject({ consent, customer, keepsPosition: true, isPreview: true });
    expect(warnings).toEqual([]);
  });

  it.each([
    ['relay', 'javascript:alert(1)'],
    ['base', 'javascript:alert(1)'],
    ['base', 'https://'],
    ['position', 'top'],
    ['accent', 'red'],
    ['theme', 'night'],
    ['consent', 'drupal'],
    ['customer', 'https://elsewhere.example/apps/confab/customer'],
    ['customer', '//elsewhere.example/apps/confab/customer'],
    ['keepPosition', true],
    ['preview', 'maybe'],
    ['label', 7],
    ['locale', { lang: 'de' }],
    ['accent', { toString: 1 }],
    ['relay', ['https://relay.example']],
  ])('is named in the console and ignored where it makes no sense: %s: %j', (name, value) => {
    const { options, warnings } = read({ [name]: value });
    expect(options).toEqual(read({}).options);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`${name} cannot be ${JSON.stringify(value)}`);
  });

  it.each([' ', '', null, 5, {}])('shows nothing for %j as the site key, and says so', siteKey => {
    const { options, warnings } = read({ siteKey });
    expect(options).toBeUndefined();
    expect(warnings.at(-1)).toContain('there is no site key');
  });
});
