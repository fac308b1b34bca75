import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FakeShop } from '../../../../../../e2e/fakes/shopify/index.ts';
import { databases } from '../../../../../../e2e/relay.ts';
import { type ShopifyRelay, startShopifyRelay } from '../../../../../../e2e/shopify.ts';
import { problemsOf } from '../../../../../../e2e/shopify-markup.ts';
import { changeSettings, HOSTILE, siteOf } from '../../../../../../e2e/shopify-plant.ts';

describe.each(databases)('the settings in the Shopify admin, on %s,', database => {
  let bed: ShopifyRelay;
  let shop: FakeShop;
  beforeAll(async () => {
    bed = await startShopifyRelay({ database });
  });
  beforeEach(async () => {
    shop = bed.shopify.shop();
    await shop.open(bed.relay.url);
  });
  afterAll(() => bed.stop());

  const site = async () => (await siteOf(bed.relay, shop.domain)).site;

  async function ask(body?: unknown, token = shop.idToken()) {
    const response = await fetch(`${bed.relay.url}/shopify/app/settings`, {
      headers: { Authorization: `Bearer ${token}`, ...(body !== undefined && { 'Content-Type': 'application/json' }) },
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, text, json: () => JSON.parse(text) };
  }
  const save = async (form: object, base: object, version?: number) =>
    ask({ ...form, base, version: String(version ?? (await site()).settingsVersion) });

  it('are drawn in tags and attributes that Polaris has, whatever is in them', async () => {
    expect(problemsOf((await ask()).text)).toEqual([]);
    const { settings } = await site();
    await changeSettings(bed.relay, shop.domain, {
      name: HOSTILE,
      texts: { de: { send: HOSTILE }, fr: {} },
      consent: {
        ...settings.consent,
        notices: { en: { title: HOSTILE, body: HOSTILE, acceptLabel: 'a', declineLabel: 'b' } },
      },
      hours: {
        weekly: [{ day: 'monday', opens: '09:00', closes: '17:00' }],
        holidays: [{ date: '2026-12-25', name: HOSTILE }],
      },
      prechat: {
        enabled: true,
        fields: [
          {
            name: 'a',
            type: 'choice',
            label: { en: HOSTILE },
            required: true,
            purpose: { en: HOSTILE },
            options: [{ value: HOSTILE, label: { en: HOSTILE } }],
          },
        ],
      },
    });
    const { text } = await ask();
    expect(problemsOf(text)).toEqual([]);
    expect(text).not.toContain('<script>alert');
  });

  it('are saved for this shop alone, and hold from the next page view on', async () => {
    const other = bed.shopify.shop();
    await other.open(bed.relay.url);
    const answer = await save({ 'appearance.position': 'bottom-left' }, { 'appearance.position': 'bottom-right' });
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.json()).toEqual({ message: 'Settings saved', version: expect.any(String), reload: true });
    expect((await site()).settings.appearance.position).toBe('bottom-left');
    expect((await siteOf(bed.relay, other.domain)).site.settings.appearance.position).toBe('bottom-right');
    const { site: mine } = await siteOf(bed.relay, shop.domain);
    const config = await fetch(`${bed.relay.url}/v1/widget/${mine.key}/config`, {
      headers: { Origin: `https://${shop.domain}` },
    });
    expect(await config.json()).toMatchObject({ appearance: { position: 'bottom-left' } });
  });

  it('are not saved over what somebody else has saved, until that is wanted', async () => {
    const shown = { name: (await site()).settings.name, timezone: (await site()).settings.timezone };
    const { settingsVersion } = await site();
    await changeSettings(bed.relay, shop.domain, { name: 'Theirs' });
    const answer = await save({ ...shown, timezone: 'Europe/Dublin' }, shown, settingsVersion);
    expect(answer.status).toBe(412);
    const { current, errors } = answer.json();
    expect(errors).toContainEqual({ path: 'name', message: 'Somebody else has saved: Theirs' });
    expect((await site()).settings.timezone).toBe(shown.timezone);
    expect((await save({ ...shown, timezone: 'Europe/Dublin' }, shown, current.version)).status).toBe(200);
    expect((await site()).settings).toMatchObject({ name: 'Theirs', timezone: 'Europe/Dublin' });
  });

  it('refuse what is wrong in a sentence for each field, and what is no form at all', async () => {
    const answer = await save({ name: '', 'retention.consentDays': '1' }, { name: 'x', 'retention.consentDays': '2' });
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({
      detail: 'Nothing was saved yet: 2 settings need your attention.',
      errors: [
        { path: 'name', message: '“Name of the website” is empty.' },
        {
          path: 'retention.consentDays',
          message: expect.stringMatching(/^“Consent log” is shorter than for conversations/),
        },
      ],
    });
    for (const body of [
      [],
      {},
      { version: '1' },
      { version: 'x', base: {} },
      { version: '1', base: {}, name: { a: 1 } },
    ]) {
      expect((await ask(body)).status).toBe(400);
    }
    expect((await ask({}, 'no.such.token')).status).toBe(401);
  });

  it('keep a key out of the page and the log', async () => {
    const path = 'answers.openai.apiKey';
    expect((await save({ [path]: 'sk-of-the-merchant-9876' }, { [path]: '' })).status).toBe(200);
    const { text } = await ask();
    expect(text).toContain('A key that ends in 9876 is set');
    expect(text).not.toContain('sk-of-the-merchant');
    expect(bed.relay.logLines.filter(line => line.includes('sk-of-the-merchant'))).toEqual([]);
    expect(await bed.relay.tablesWith('sk-of-the-merchant')).toEqual([]);
  });
});
