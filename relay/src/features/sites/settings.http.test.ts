import { laterSettings, type Settings, settingsSchema } from '@confab/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FakeModelServer } from '../../../../e2e/fakes/model-server.ts';
import { startFakeOpenai } from '../../../../e2e/fakes/openai.ts';
import { call, databases, question, startTestRelay, type TestRelay } from '../../../../e2e/relay.ts';

const KEY = 'sk-plaintext-of-the-owner-1234';

const withKey = (settings: Settings, apiKey: unknown, more: object = {}) => ({
  ...settings,
  answers: { ...settings.answers, openai: { ...settings.answers.openai, apiKey, ...more } },
});

const withHours = (more: object) => (settings: Settings) => ({
  ...settings,
  hours: { weekly: [{ day: 'monday', opens: '09:00', closes: '17:00', ...more }], holidays: [] },
});
const withPrechat =
  (...fields: object[]) =>
  (settings: Settings) => {
    const plain = { name: 'note', type: 'text', label: { en: 'Note' }, required: false, purpose: { en: 'To know' } };
    return { ...settings, prechat: { enabled: true, fields: fields.map(field => ({ ...plain, ...field })) } };
  };
const option = { value: 'order', label: { en: 'My order' } };

describe.each(databases)('the settings on %s', database => {
  let relay: TestRelay;
  /** Where the relay's own key goes. */
  let operators: FakeModelServer;
  beforeAll(async () => {
    operators = await startFakeOpenai();
    const env = { OPENAI_API_KEY: 'sk-of-the-relay', OPENAI_BASE_URL: operators.url };
    relay = await startTestRelay({ database, env });
  });
  afterAll(async () => {
    await relay.stop();
    await operators.close();
  });

  it('are read whole, as the contract says, with their tag', async () => {
    const { plugin } = await relay.site();
    const { status, headers, body } = await plugin.settings();
    expect(status).toBe(200);
    expect(settingsSchema.parse(body)).toEqual(body);
    expect(headers.get('ETag')).toMatch(/^"[^"]+"$/);
    expect(headers.get('Cache-Control')).toBe('no-store');
  });

  it('are saved by who has read them, and read back the same', async () => {
    const { plugin, widget } = await relay.site();
    const { headers, body } = await plugin.settings();
    const changed = { ...body, name: 'Renamed “shop” <b>', appearance: { ...body.appearance, accent: '#ABCDEF' } };
    const saved = await plugin.save(changed, headers.get('ETag') ?? '');
    expect(saved).toMatchObject({ status: 200, body: changed });
    expect(saved.headers.get('ETag')).not.toBe(headers.get('ETag'));
    expect(await plugin.settings()).toMatchObject({ body: changed });
    expect((await widget.config()).body.appearance.accent).toBe('#ABCDEF');
    expect((await plugin.site()).body).toMatchObject({ name: 'Renamed “shop” <b>' });
  });

  it('that were stored or are sent without the later ones have those as they begin', async () => {
    const { id, key, secret, plugin } = await relay.site();
    await relay.db.$executeRaw`
      UPDATE "Site"
      SET "settings" = "settings" - 'hours' - 'prechat' - 'limits' - 'features' - 'crm' - 'notifications'
      WHERE "id" = ${id}::uuid`;
    await relay.services.sites.ensure({ key, name: 'x', secret, allowedOrigins: [] });
    const { headers, body } = await plugin.settings();
    expect(body).toMatchObject(laterSettings);
    const { hours: _h, prechat: _p, limits: _l, features: _f, crm: _c, notifications: _n, ...earlier } = body;
    const saved = await plugin.save(earlier, headers.get('ETag') ?? '');
    expect(saved).toMatchObject({ status: 200, body });
  });

  it('that were stored before a feature came have it switched off, and the others as they were', async () => {
    const { id, key, secret, plugin } = await relay.site();
    await relay.db.$executeRaw`
      UPDATE "Site" SET "settings" = jsonb_set("settings", '{features}', '{"leads": true, "callback": false}')
      WHERE "id" = ${id}::uuid`;
    await relay.services.sites.ensure({ key, name: 'x', secret, allowedOrigins: [] });
    const { headers, body } = await plugin.settings();
    expect(body.features).toEqual({ leads: true, callback: false, marketing: false, orders: false, transcript: true });
    expect(await plugin.save(body, headers.get('ETag') ?? '')).toMatchObject({ status: 200, body });
  });

  it('that were stored before a CRM or a kind of opening hours came are read with what was said before', async () => {
    const { id, key, secret, plugin } = await relay.site();
    const before = { crm: { connectors: ['hubspot'], hubspot: { mapping: { size: 'shoe_size' } } } };
    const hours = { weekly: [{ day: 'monday', opens: '09:00', closes: '17:00' }], holidays: [] };
    await relay.db.$executeRaw`
      UPDATE "Site" SET "settings" = "settings" || ${JSON.stringify({ ...before, hours })}::jsonb
      WHERE "id" = ${id}::uuid`;
    await relay.services.sites.ensure({ key, name: 'x', secret, allowedOrigins: [] });
    const { body } = await plugin.settings();
    expect(settingsSchema.parse(body)).toEqual(body);
    expect(body).toMatchObject({ ...before, hours: { ...hours, exceptions: [] } });
  });

  it('are not overwritten by who has read older ones, who gets the newer ones', async () => {
    const { plugin } = await relay.site();
    const { headers, body } = await plugin.settings();
    const old = headers.get('ETag') ?? '';
    const newer = await plugin.save({ ...body, name: 'First' }, old);
    const late = await plugin.save({ ...body, name: 'Second' }, old);
    expect(late).toMatchObject({ status: 412, body: { code: 'precondition_failed', current: { name: 'First' } } });
    expect(late.headers.get('ETag')).toBe(newer.headers.get('ETag'));
    expect((await plugin.settings()).body.name).toBe('First');
    expect((await plugin.save({ ...body, name: 'Second' }, late.headers.get('ETag') ?? '')).status).toBe(200);
  });

  it('of ten who save at once are saved by one', async () => {
    const { plugin } = await relay.site();
    const { headers, body } = await plugin.settings();
    const saves = Array.from({ length: 10 }, (_, at) =>
      plugin.save({ ...body, name: `Name ${at}` }, headers.get('ETag') ?? ''),
    );
    const answers = await Promise.all(saves);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(412)]);
    const winner = answers.find(({ status }) => status === 200)?.body.name;
    expect((await plugin.settings()).body.name).toBe(winner);
  });

  it.each(['', 'W/"1"', '"0"', '"made-up"', '1'])('are not saved with If-Match: %s', async ifMatch => {
    const { plugin } = await relay.site();
    const { body } = await plugin.settings();
    const answer = await plugin.save({ ...body, name: 'New' }, ifMatch || undefined);
    expect(answer.status).toBe(ifMatch === '' ? 428 : 412);
    expect(answer.body.code).toBe(ifMatch === '' ? 'precondition_required' : 'precondition_failed');
    expect((await plugin.settings()).body.name).toBe('Test shop');
  });

  const bad: [string, (settings: Settings) => unknown][] = [
    ['an unknown field', settings => ({ ...settings, colour: 'red' })],
    ['a field missing', ({ name: _, ...settings }) => settings],
    ['an origin with a path', settings => ({ ...settings, allowedOrigins: ['https://shop.example/'] })],
    ['an origin that is a script', settings => ({ ...settings, allowedOrigins: ['javascript:alert(1)'] })],
    [
      'a policy that is a script',
      settings => ({ ...settings, consent: { ...settings.consent, policyUrl: 'javascript:alert(1)' } }),
    ],
    ['an accent that is CSS', settings => ({ ...settings, appearance: { ...settings.appearance, accent: 'red;}' } })],
    ['a retention of no days', settings => ({ ...settings, retention: { conversationDays: 0 } })],
    [
      'a provider twice',
      settings => ({ ...settings, answers: { ...settings.answers, providers: ['openai', 'openai'] } }),
    ],
    ['an unknown provider', settings => ({ ...settings, answers: { ...settings.answers, providers: ['skynet'] } })],
    ['an address of a file', settings => withKey(settings, null, { baseUrl: 'file:///etc/passwd' })],
    ['an unknown text', settings => ({ ...settings, texts: { en: { nonsense: 'x' } } })],
    ['a time that no clock shows', withHours({ opens: '24:00' })],
    ['a day that no week has', withHours({ day: 'someday' })],
    [
      'a holiday that no calendar has',
      settings => ({ ...settings, hours: { weekly: [], holidays: [{ date: '2026-02-30', name: 'x' }] } }),
    ],
    ['a question of no purpose', withPrechat({ purpose: {} })],
    ['a question of two names', withPrechat({}, {})],
    ['a question of a bad name', withPrechat({ name: '__proto__' })],
    ['a choice of nothing', withPrechat({ type: 'choice' })],
    ['a choice of one thing twice', withPrechat({ type: 'choice', options: [option, option] })],
    ['options of a text', withPrechat({ options: [option] })],
    ['eleven questions', withPrechat(...Array.from({ length: 11 }, (_, at) => ({ name: `field${at}` })))],
    ['a limit below nothing', settings => ({ ...settings, limits: { answersPerMonth: -1 } })],
    ['a NUL in the name', settings => ({ ...settings, name: 'a\u0000' })],
  ];
  it.each(bad)('are refused with %s', async (_, edit) => {
    const { plugin } = await relay.site();
    const { headers, body } = await plugin.settings();
    const answer = await plugin.save(edit(body) as object, headers.get('ETag') ?? '');
    expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    expect((await plugin.settings()).headers.get('ETag')).toBe(headers.get('ETag'));
  });

  const crmSecrets = [
    ['hubspot', 'accessToken'],
    ['salesforce', 'clientSecret'],
    ['salesforce', 'refreshToken'],
    ['pipedrive', 'apiToken'],
    ['klaviyo', 'apiKey'],
    ['zoho', 'clientSecret'],
    ['zoho', 'refreshToken'],
  ] as const;

  it('keep each secret of a CRM where nobody reads it, and the mapping beside it', async () => {
    const { id, plugin } = await relay.site();
    const secretAt = (at: number) => `secret-of-a-crm-number-${at}`;
    const given = await plugin.change(settings => {
      const crm = structuredClone(settings.crm) as unknown as Record<string, Record<string, unknown>>;
      for (const [at, [name, field]] of crmSecrets.entries()) Object.assign(crm[name] ?? {}, { [field]: secretAt(at) });
      return { ...settings, crm: { ...crm, zoho: { ...crm.zoho, mapping: { size: 'Shoe_Size' } } } } as never;
    });
    expect(given.status).toBe(200);
    const again = await plugin.change(settings => ({ ...settings, name: 'Renamed' }));
    for (const [at, [name, field]] of crmSecrets.entries()) {
      expect(again.body.crm[name]).toMatchObject({ [field]: { set: true, last4: secretAt(at).slice(-4) } });
    }
    expect(again.body.crm.zoho.mapping).toEqual({ size: 'Shoe_Size' });
    expect(await relay.tablesWith('secret-of-a-crm')).toEqual([]);
    expect(JSON.stringify([given, again])).not.toContain('secret-of-a-crm');
    expect(relay.logLines.filter(line => line.includes('secret-of-a-crm'))).toEqual([]);
    const { sites } = relay.services;
    const site = await sites.byId(id);
    expect(site && crmSecrets.map(([name, field]) => sites.secretOf(site, `${name}.${field}` as never))).toEqual(
      crmSecrets.map((_, at) => secretAt(at)),
    );
    const { body } = await plugin.change(settings => {
      const { crm } = settings;
      return { ...settings, crm: { ...crm, salesforce: { ...crm.salesforce, refreshToken: null } } } as never;
    });
    expect(body.crm.salesforce).toMatchObject({ clientSecret: { set: true }, refreshToken: { set: false } });
  });

  describe('a provider’s key', () => {
    it('is shown to nobody: no answer, no log line, no table', async () => {
      const { plugin, widget, secret } = await relay.site();
      const answers = [
        await plugin.change(settings => withKey(settings, KEY) as Settings),
        await plugin.settings(),
        await plugin.site(),
        await plugin.save(withKey((await plugin.settings()).body, KEY), '"0"'),
        await plugin.save({ ...withKey((await plugin.settings()).body, KEY), colour: 'red' }, '"0"'),
        await widget.config(),
      ];
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 412, 400, 200]);
      expect(JSON.stringify(answers)).not.toContain(KEY);
      expect(answers[1]?.body).toMatchObject({ answers: { openai: { apiKey: { set: true, last4: '1234' } } } });
      expect(await relay.tablesWith(KEY)).toEqual([]);
      expect(await relay.tablesWith(secret)).toEqual([]);
      expect(relay.logLines.filter(line => line.includes(KEY) || line.includes(secret))).toEqual([]);
    });

    it('stays when the settings are saved as they were read, and is used', async () => {
      const vendor = await startFakeOpenai();
      const { plugin, widget } = await relay.site();
      await plugin.change(settings => withKey(settings, KEY, { baseUrl: vendor.url, model: 'fake' }) as Settings);
      await plugin.change(settings => ({ ...settings, name: 'Renamed' }));
      await widget.turn(question('Hello', { thread: [] }));
      await vendor.close();
      expect(vendor.requests[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
    });

    it('is replaced by a new one and removed by null', async () => {
      const { plugin } = await relay.site();
      const status = async () => (await plugin.settings()).body.answers.openai.apiKey;
      await plugin.change(settings => withKey(settings, KEY) as Settings);
      await plugin.change(settings => withKey(settings, 'sk-another-5678') as Settings);
      expect(await status()).toEqual({ set: true, last4: '5678' });
      await plugin.change(settings => withKey(settings, null) as unknown as Settings);
      expect(await status()).toEqual({ set: false, last4: null });
    });

    it('that no header can hold is not told in the log', async () => {
      const vendor = await startFakeOpenai();
      const { plugin, widget } = await relay.site();
      const { body, headers } = await plugin.settings();
      const strange = withKey(body, `${KEY}\nX-Injected: 1`, { baseUrl: vendor.url });
      const saved = await plugin.save(strange, headers.get('ETag') ?? '');
      if (saved.status === 200) {
        expect((await widget.turn(question('Hello', { thread: [] }))).started?.provider).toBe('extractive');
      }
      await vendor.close();
      expect(vendor.requests).toEqual([]);
      expect(relay.logLines.filter(line => line.includes(KEY))).toEqual([]);
    });

    it('of the relay itself serves a site without one, and goes to no address that a site sets', async () => {
      const vendor = await startFakeOpenai();
      const { plugin, widget } = await relay.site();
      const answeredBy = async () => (await widget.turn(question('Hello', { thread: [] }))).started?.provider;
      expect(await answeredBy()).toBe('openai');
      expect(operators.requests.at(-1)?.headers.authorization).toBe('Bearer sk-of-the-relay');

      await plugin.change(settings => withKey(settings, null, { baseUrl: vendor.url }) as unknown as Settings);
      expect(await answeredBy()).toBe('extractive');
      await vendor.close();
      expect(vendor.requests).toEqual([]);
    });
  });

  it.each([
    ['no secret', undefined],
    ['an empty one', ''],
    ['a wrong one', 'wrong'],
    ['a site key', 'demo'],
    ['one with a blank', 'a b'],
  ])('are closed to who has %s, as is all of the plugin surface', async (_, bearer) => {
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/settings'],
      ['PUT', '/settings'],
      ['POST', '/documents'],
      ['GET', '/documents/status'],
      ['GET', '/search?q=wool'],
    ] as const) {
      const answer = await call(method, `${relay.url}/v1/site${path}`, {
        bearer,
        ...(method !== 'GET' && { body: {} }),
      });
      expect(answer).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
      expect(answer.headers.get('WWW-Authenticate')).toBe('Bearer');
    }
  });

  it('tell each site its own', async () => {
    const [one, other] = [await relay.site(), await relay.site()];
    await one.plugin.change(settings => ({ ...settings, name: 'One' }));
    expect((await other.plugin.settings()).body.name).toBe('Test shop');
    expect((await one.plugin.site()).body.siteId).toBe(one.id);
    expect((await other.plugin.site()).body.siteId).toBe(other.id);
  });

  it('give a site a new secret, and close the old one', async () => {
    const { key, secret, plugin } = await relay.site();
    expect((await plugin.site()).status).toBe(200);
    await relay.services.sites.ensure({ key, name: 'x', secret: 'a-new-secret', allowedOrigins: [] });
    const status = async (bearer: string) => (await call('GET', plugin.base, { bearer })).status;
    expect(await status('a-new-secret')).toBe(200);
    expect(await status(secret)).toBe(401);
  });
});

it('lets no site reach into the operator’s own network, where that is refused', async () => {
  const vendor = await startFakeOpenai();
  const relay = await startTestRelay({ env: { CONFAB_PRIVATE_URLS: 'refuse' } });
  const addresses = [
    vendor.url,
    vendor.url.replace('127.0.0.1', 'localhost'),
    vendor.url.replace('127.0.0.1', '[::ffff:127.0.0.1]'),
  ];
  for (const url of addresses) {
    const { widget } = await relay.site({ openai: { url } });
    expect((await widget.turn(question('Hello', { thread: [] }))).started?.provider).toBe('extractive');
  }
  await relay.stop();
  await vendor.close();
  expect(vendor.requests).toEqual([]);
});
