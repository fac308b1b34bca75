import { defaultTexts } from '@confab/contract/texts';
import { describe, expect, it } from 'vitest';
import { readOptions } from './options.ts';

function read(data: Record<string, string>, pageLocale = 'en') {
  const warnings: string[] = [];
  const loaderUrl = 'https://cdn.example/widget/confab-loader.js?ver=1';
  const around = {
    loaderUrl,
    baseUrl: 'https://shop.example/a/b',
    pageLocale,
    warn: (text: string) => warnings.push(text),
  };
  return { options: readOptions({ siteKey: 'demo', ...data }, around), warnings };
}

describe("the script's attributes", () => {
  it('have defaults for everything but the site key', () => {
    const { options, warnings } = read({}, 'pt-BR');
    expect(options).toMatchObject({
      siteKey: 'demo',
      relay: 'https://cdn.example',
      locale: 'pt-BR',
      label: defaultTexts.launcher,
      appearance: { position: 'bottom-right', accent: '#1f6f54', theme: 'auto' },
    });
    expect(warnings).toEqual([]);
  });

  it.each([
    ['https://relay.example/base/', 'https://relay.example/base'],
    ['/confab', 'https://shop.example/confab'],
  ])('take %j as the relay', (relay, expected) => {
    expect(read({ relay }).options?.relay).toBe(expected);
  });

  it.each([
    ['relay', 'javascript:alert(1)'],
    ['locale', 'english'],
    ['position', 'top'],
    ['accent', 'red'],
    ['theme', 'night'],
  ])('say what is expected of data-%s instead of %j, and fall back', (name, value) => {
    const { options, warnings } = read({ [name]: value });
    expect(options).toEqual(read({}).options);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`data-${name} should be `);
  });

  it('show nothing without a site key, and say so', () => {
    const { options, warnings } = read({ siteKey: ' ' });
    expect(options).toBeUndefined();
    expect(warnings[0]).toContain('data-site-key is missing');
  });
});
