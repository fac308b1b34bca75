import { describe, expect, it } from 'vitest';
import { renderBlock, renderStorefrontPage, type StorefrontState, storefrontState } from './storefront.ts';

const origin = 'https://kittiwake.example';
const connected = { site_key: 'cfk_1', relay_origin: 'https://relay.example', enabled: true };

const render = (given: Partial<StorefrontState> = {}) =>
  renderBlock(storefrontState({ metafields: connected, ...given }), origin);

/** What the loader would read. */
async function told(given: Partial<StorefrontState> = {}) {
  const html = await render(given);
  const [, json = ''] = /<script type="application\/json" id="confab-settings">([^<]*)<\/script>/.exec(html) ?? [];
  return JSON.parse(json);
}

describe('the block in a theme', () => {
  it('tells the loader whom to ask, where its files are, and in which language', async () => {
    expect(await told()).toEqual({
      siteKey: 'cfk_1',
      relay: 'https://relay.example',
      base: `${origin}/extensions/confab/assets/confab-panel.js`,
      locale: 'en',
      label: 'Open chat',
      failed: 'The chat could not be loaded. Press the button to try again.',
      preview: '',
      position: null,
      keepPosition: '',
      accent: null,
      theme: null,
      customer: '',
      consent: 'shopify',
    });
  });

  it('speaks the language of the page, and English where it does not know it', async () => {
    expect(await told({ locale: 'fr' })).toMatchObject({ locale: 'fr', label: 'Ouvrir le chat' });
    expect(await told({ locale: 'pt-BR' })).toMatchObject({ locale: 'pt-BR', label: 'Open chat' });
  });

  it('looks as it was set in the app, but stands where the merchant put it in the theme editor', async () => {
    const appearance = { position: 'bottom-left', accent: '#7a1fa2', theme: 'dark' };
    const metafields = { ...connected, appearance };
    expect(await told({ metafields })).toMatchObject({ ...appearance, keepPosition: '' });
    const moved = { ...appearance, position: 'bottom-right', keepPosition: 'yes' };
    expect(await told({ metafields, settings: { position: 'bottom-right' } })).toMatchObject(moved);
  });

  it('says where a signed-in customer is proven, in the language of the page, and nothing about who it is', async () => {
    expect((await told({ customerId: '6734512' })).customer).toBe('/apps/confab/customer');
    expect((await told({ customerId: '6734512', rootUrl: '/fr' })).customer).toBe('/fr/apps/confab/customer');
    expect(await render({ customerId: '6734512' })).not.toContain('6734512');
  });

  it('is nothing without a site key, but for a hint to the merchant', async () => {
    const metafields = { enabled: true };
    expect((await render({ metafields })).trim()).toBe('');
    expect(await render({ metafields, designMode: true })).toMatch(
      /^\s*<p role="status">The chat is not connected yet/,
    );
  });

  it('is a preview in the theme editor, and says so', async () => {
    expect(await told({ designMode: true })).toMatchObject({
      preview: 'yes',
      failed: expect.stringContaining('preview'),
    });
  });

  it('is not there where the embed is off, or the app has switched itself off', async () => {
    const at = { page: 'index' } as const;
    for (const off of [{ isEmbedOn: false }, { metafields: { ...connected, enabled: false } }]) {
      const html = await renderStorefrontPage(storefrontState({ metafields: connected, ...off }), at, origin);
      expect(html).not.toContain('confab');
    }
    const html = await renderStorefrontPage(storefrontState({ metafields: connected }), at, origin);
    expect(html).toContain('confab-loader.js');
  });

  it.each([
    '</script><script>alert(1)</script>',
    '<!--<script>',
    '"},{"',
    '\u2028alert(1)',
    '{{ shop }}',
    "' onload='alert(1)",
  ])('keeps %j inert wherever a value comes from', async hostile => {
    const metafields = {
      ...{ site_key: hostile, relay_origin: hostile, enabled: true },
      appearance: { position: hostile, accent: hostile, theme: hostile },
    };
    const given = { metafields, locale: hostile, rootUrl: hostile, customerId: '1', settings: { position: hostile } };
    const html = await render(given);
    expect(html.match(/<\/?script/g)).toEqual(['<script', '</script']);
    expect(html).not.toContain('<!--');
    expect(await told(given)).toMatchObject({ siteKey: hostile, relay: hostile, locale: hostile, position: hostile });
  });
});
