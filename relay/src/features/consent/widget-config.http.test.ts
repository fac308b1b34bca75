import { builtInLanguages, type Settings, type SettingsUpdate, widgetConfig } from '@confab/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oneDatabase, question, startTestRelay, type TestRelay } from '../../../../e2e/relay.ts';

const text = (en: string, de: string) => ({ en, de });
const prechat: Settings['prechat'] = {
  enabled: true,
  fields: [
    {
      name: 'email',
      type: 'email',
      label: text('E-mail', 'E-Mail'),
      required: true,
      purpose: text('Reply', 'Antwort'),
    },
    {
      name: 'topic',
      type: 'choice',
      label: { en: 'Topic' },
      required: false,
      purpose: text('Routing', 'Zuordnung'),
      options: [
        { value: 'order', label: text('My order', 'Meine Bestellung') },
        { value: 'other', label: { fr: 'Autre' } },
      ],
    },
  ],
};

describe.each(oneDatabase)('the config on %s', database => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startTestRelay({ database });
  });
  afterAll(() => relay.stop());

  /** The config of a new site with these settings, for a language. */
  async function shown(edit: Partial<Settings>, locale?: string) {
    const { widget, plugin } = await relay.site();
    await plugin.change(settings => ({ ...settings, ...edit }) as SettingsUpdate);
    const { body } = await widget.config(locale ? `?locale=${locale}` : '');
    expect(widgetConfig.strict().parse(body)).toEqual(body);
    return body;
  }

  describe('speaks the visitor’s language', () => {
    it.each([
      ['de-AT', 'de'],
      ['fr', 'fr'],
      ['es-MX', 'es'],
      ['en-GB', 'en'],
      ['it', 'en'],
    ])('%s', async (wanted, language) => {
      const body = await shown({}, wanted);
      const { texts, notice } = builtInLanguages[language] ?? {};
      expect(body).toMatchObject({ locale: language, texts, consent: notice ?? {}, disclosure: texts?.disclosure });
    });

    it('or the site’s own, where it has not the visitor’s', async () => {
      expect((await shown({ locale: 'de' }, 'it')).texts.send).toBe('Senden');
      expect((await shown({ locale: 'fr-CA' })).texts.send).toBe('Envoyer');
    });

    it('with the owner’s own words over the built-in ones, in the owner’s languages only', async () => {
      const own = { texts: { en: { send: 'Off it goes' }, 'de-AT': { send: 'Schicken' } } };
      expect((await shown(own)).texts).toMatchObject({ send: 'Off it goes', stop: 'Stop the answer' });
      expect((await shown(own, 'de-AT')).texts).toMatchObject({ send: 'Schicken', stop: 'Antwort abbrechen' });
      expect((await shown(own, 'de')).texts.send).toBe('Senden');
      expect((await shown(own, 'fr')).texts.send).toBe('Envoyer');
      expect((await shown({ locale: 'en-GB', texts: { 'en-GB': { send: 'Post it' } } })).texts.send).toBe('Post it');
    });
  });

  it('has a notice in German that can be agreed to, from the decision to the receipt', async () => {
    const { widget } = await relay.site();
    const { consent } = (await widget.config('?locale=de-AT')).body;
    expect(consent.title).toBe('Dürfen wir diesen Chat speichern?');
    const { body } = await widget.decide('granted', { noticeVersion: consent.noticeVersion, locale: 'de' });
    expect(body.receipt).toMatchObject({ noticeVersion: consent.noticeVersion, locale: 'de' });
    const { started } = await widget.turn({ ...question('Ist es Wolle?', { consentToken: body.consentToken }) });
    const { data } = (await widget.export(started?.conversationId)).body;
    expect(data.conversations[0].consents[0].notice.title).toBe(consent.title);
  });

  it('tells whether the site is open, and has a new tag when that changes', async () => {
    const { widget, plugin } = await relay.site();
    expect((await widget.config()).body.hours).toEqual({ open: true, nextOpenAt: null, timezone: 'UTC' });
    const weekly = [{ day: 'monday' as const, opens: '09:00', closes: '17:00' }];
    await plugin.change(settings => ({
      ...settings,
      timezone: 'Europe/Dublin',
      hours: { weekly, holidays: [], exceptions: [] },
    }));
    // A Monday in summer, an hour before nine o'clock in Dublin.
    relay.clock.setAhead(Date.parse('2030-06-03T07:00:00Z') - Date.now());
    const closed = await widget.config();
    const nextOpenAt = '2030-06-03T08:00:00.000Z';
    expect(closed.body.hours).toEqual({ open: false, nextOpenAt, timezone: 'Europe/Dublin' });
    relay.clock.setAhead(Date.parse(nextOpenAt) - Date.now() + 1_000);
    const revalidating = { 'If-None-Match': closed.headers.get('ETag') ?? '', 'Cache-Control': 'max-age=0' };
    const open = await widget.config('', revalidating);
    expect(open).toMatchObject({ status: 200, body: { hours: { open: true, nextOpenAt: null } } });
    relay.clock.setAhead(0);
  });

  it('has the questions before the chat in the visitor’s language, or else in one that they have', async () => {
    expect((await shown({ prechat }, 'de')).prechat).toEqual({
      enabled: true,
      fields: [
        { name: 'email', type: 'email', label: 'E-Mail', required: true, purpose: 'Antwort' },
        {
          name: 'topic',
          type: 'choice',
          label: 'Topic',
          required: false,
          purpose: 'Zuordnung',
          options: [
            { value: 'order', label: 'Meine Bestellung' },
            { value: 'other', label: 'Autre' },
          ],
        },
      ],
    });
    expect((await shown({ prechat })).prechat.fields[0]?.label).toBe('E-mail');
    const off = { ...prechat, enabled: false };
    expect((await shown({ prechat: off })).prechat).toEqual({ enabled: false, fields: [] });
  });

  it('offers what the owner switched on', async () => {
    const first = { transcript: true, leads: false, callback: false, marketing: false, orders: false };
    expect((await shown({})).features).toEqual(first);
    const features = { transcript: false, leads: true, callback: true, marketing: true, orders: true };
    expect((await shown({ features })).features).toEqual(features);
  });
});
