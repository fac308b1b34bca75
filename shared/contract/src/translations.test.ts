import { describe, expect, it } from 'vitest';
import { defaultNotice, defaultTexts, type TextName } from './texts.ts';
import { builtInLanguages } from './translations.ts';

const { en: _, ...translations } = builtInLanguages;
const names = Object.keys(defaultTexts) as TextName[];
const placeholders = (text: string) => text.match(/\{\w+\}/g) ?? [];

describe.each(Object.entries(translations))('the texts in %s', (_, { texts, notice }) => {
  it('are those of English, with the same placeholders', () => {
    expect(Object.keys(texts)).toEqual(names);
    for (const name of names) expect(placeholders(texts[name])).toEqual(placeholders(defaultTexts[name]));
    expect(Object.keys(notice)).toEqual(Object.keys(defaultNotice));
  });

  it('fit into the settings, so that an owner can start from them', () => {
    for (const text of Object.values(texts)) expect(text.trim()).toBe(text);
    expect(Math.max(...Object.values(texts).map(text => text.length))).toBeLessThanOrEqual(500);
    expect(Math.max(notice.acceptLabel.length, notice.declineLabel.length)).toBeLessThanOrEqual(60);
  });

  it('say nothing in English', () => {
    // "Team", "Assistant", "Name" and the like are words of these languages as well.
    const same = names.filter(name => texts[name] === defaultTexts[name] && /\s/.test(texts[name]));
    expect(same).toEqual([]);
  });

  it('put no straight apostrophe and no straight quote', () => {
    expect([...Object.values(texts), ...Object.values(notice)].filter(text => /['"]/.test(text))).toEqual([]);
  });
});
