import { describe, expect, it } from 'vitest';
import { isEqual, valueAt, withValueAt } from '../../json.ts';
import { changed, differences, fieldOf, firstChoices, isShown, merged, settingsFields } from './document.ts';

describe('a path', () => {
  it('leads to a value, or to nothing where the way ends early', () => {
    expect(valueAt({ a: { b: 1 } }, 'a.b')).toBe(1);
    expect(valueAt({ a: null }, 'a.b')).toBeUndefined();
    expect(valueAt({ a: [1] }, 'a.length')).toBeUndefined();
  });

  it('changes one value and leaves the document it was given alone', () => {
    const document = { a: { b: 1, c: 2 }, d: 3 };
    expect(withValueAt(document, 'a.b', 9)).toEqual({ a: { b: 9, c: 2 }, d: 3 });
    expect(withValueAt(document, 'x.y', 1)).toEqual({ ...document, x: { y: 1 } });
    expect(withValueAt(document, 'a.b', undefined)).toEqual({ a: { c: 2 }, d: 3 });
    expect(document).toEqual({ a: { b: 1, c: 2 }, d: 3 });
  });

  it('compares without regard to the order of keys, but of entries', () => {
    expect(isEqual({ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 })).toBe(true);
    expect(isEqual([1, 2], [2, 1])).toBe(false);
    expect(isEqual({ a: 1 }, { a: 1, b: 2 })).toBe(false);
  });
});

it('shows what is of one CRM where that is ticked', () => {
  const token = settingsFields.find(({ path }) => path === 'crm.hubspot.accessToken');
  const name = settingsFields.find(({ path }) => path === 'name');
  if (!token || !name) throw new Error('no such field');
  expect(isShown(token, { crm: { connectors: ['zoho', 'hubspot'] } })).toBe(true);
  expect(isShown(token, { crm: { connectors: ['zoho'] } })).toBe(false);
  expect(isShown(token, {})).toBe(false);
  expect(isShown(name, {})).toBe(true);
});

describe('opening hours', () => {
  const weekly = [{ day: 'monday', opens: '09:00', closes: '17:00' }];
  it('are null as a whole without weekly hours, and keep their holidays otherwise', () => {
    expect(changed({ hours: null }, { path: 'hours.weekly' }, weekly)).toEqual({
      hours: { weekly, holidays: [], exceptions: [] },
    });
    const holidays = [{ date: '2026-12-25', name: 'Christmas' }];
    const exceptions = [{ date: '2026-12-24', name: '', spans: [{ opens: '09:00', closes: '13:00' }] }];
    expect(changed({ hours: { weekly: [], holidays, exceptions } }, { path: 'hours.weekly' }, weekly)).toEqual({
      hours: { weekly, holidays, exceptions },
    });
    expect(changed({ hours: { weekly, holidays } }, { path: 'hours.weekly' }, null)).toEqual({ hours: null });
  });
});

describe('two people saving at once', () => {
  const base = { name: 'Shop', texts: { en: { title: 'Chat' } }, hours: null, prechat: { fields: [1, 2] }, x: 1 };
  const mine = { ...base, name: 'Mine', texts: { en: { title: 'Chat', greeting: 'Hi' } }, prechat: { fields: [2] } };
  const theirs = { ...base, name: 'Theirs', texts: { en: { title: 'Talk' } }, x: 2 };
  const found = differences(base, mine, theirs);

  it('see every difference once, with who made it', () => {
    expect(found.map(({ path, changedBy }) => [path, changedBy])).toEqual([
      ['name', 'both'],
      ['texts.en.title', 'them'],
      ['texts.en.greeting', 'me'],
      ['prechat.fields', 'me'],
      ['x', 'them'],
    ]);
  });

  it('keep what only one of them changed, and are asked about the rest', () => {
    expect(firstChoices(found)).toEqual({
      name: undefined,
      'texts.en.title': 'theirs',
      'texts.en.greeting': 'mine',
      'prechat.fields': 'mine',
      x: 'theirs',
    });
  });

  it('lose nothing of what was chosen', () => {
    expect(merged(theirs, found, { ...firstChoices(found), name: 'mine' })).toEqual({
      name: 'Mine',
      texts: { en: { title: 'Talk', greeting: 'Hi' } },
      hours: null,
      prechat: { fields: [2] },
      x: 2,
    });
    expect(merged(theirs, found, {})).toEqual(theirs);
  });

  it('can agree on what is not there any more', () => {
    const without = { ...base, texts: {} };
    const [difference] = differences(base, without, { ...base, name: 'Theirs' }).filter(({ path }) => path !== 'name');
    expect(difference).toMatchObject({ path: 'texts.en', mine: undefined, changedBy: 'me' });
    expect(merged(base, difference ? [difference] : [], { 'texts.en': 'mine' })).toEqual(without);
  });

  it('treat a key of a provider as one value, and what goes into which property', () => {
    const with4 = (last4: string) => ({
      answers: { openai: { apiKey: { set: true, last4 } } },
      crm: { hubspot: { accessToken: { set: true, last4 }, mapping: { 'a.b': last4 } } },
    });
    const paths = differences(with4('1111'), with4('2222'), with4('3333')).map(({ path }) => path);
    expect(paths).toEqual(['answers.openai.apiKey', 'crm.hubspot.accessToken', 'crm.hubspot.mapping']);
  });
});

it('finds the field that a refused path belongs to', () => {
  expect(fieldOf('prechat.fields.0.label.de')).toMatchObject({
    field: { path: 'prechat.fields' },
    inside: ['0', 'label', 'de'],
  });
  expect(fieldOf('hours')).toMatchObject({ field: { path: 'hours.weekly' }, inside: [] });
  expect(fieldOf('nothing.like.it')).toBeUndefined();
});
