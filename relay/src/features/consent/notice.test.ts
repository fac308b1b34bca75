import { defaultNotice } from '@confab/contract';
import { describe, expect, it } from 'vitest';
import type { Site } from '../sites/index.ts';
import { noticeFor, noticesOf } from './notice.ts';

const notice = (title: string) => ({ ...defaultNotice, title });
const site = (notices: Record<string, typeof defaultNotice>, policyUrl: string | null = null, locale = 'en') =>
  ({ settings: { locale, consent: { notices, policyUrl } } }) as unknown as Site;

describe('the notice', () => {
  const many = site({ en: notice('English'), de: notice('Deutsch'), 'pt-BR': notice('Português') });

  it.each([
    ['de', 'Deutsch'],
    ['DE', 'Deutsch'],
    ['de-AT', 'Deutsch'],
    ['pt-br', 'Português'],
    ['pt', 'English'],
    ['fr', 'English'],
  ])('for %s is %s', (locale, title) => {
    expect(noticeFor(many, locale).wording.title).toBe(title);
  });

  it('is in the site’s language where the visitor’s is missing, and the first one where that is missing too', () => {
    const notices = { de: notice('Deutsch'), it: notice('Italiano') };
    expect(noticeFor(site(notices, null, 'it'), 'fr').wording.title).toBe('Italiano');
    expect(noticeFor(site(notices, null, 'ja'), 'fr').wording.title).toBe('Deutsch');
  });

  it.each([
    ['en-GB', 'en', 'May we store this chat?'],
    ['de-AT', 'de', 'Dürfen wir diesen Chat speichern?'],
    ['fr', 'fr', 'Pouvons-nous enregistrer ce chat ?'],
    ['es-MX', 'es', '¿Podemos guardar este chat?'],
    ['it', 'en', 'May we store this chat?'],
  ])('is the built-in one where the owner wrote none: %s', (wanted, locale, title) => {
    expect(noticeFor(site({}), wanted)).toMatchObject({ locale, wording: { title, policyUrl: null } });
    expect(noticesOf(site({}))[0]).toMatchObject({ locale: 'en', wording: { ...defaultNotice, policyUrl: null } });
  });

  it('is nobody else’s where the owner wrote any', () => {
    expect(noticeFor(site({ en: notice('English') }), 'de').wording.title).toBe('English');
  });

  it('has a version that names every word of it, its language and its policy', () => {
    const versions = [
      site({ en: notice('May we?') }),
      site({ en: notice('May we ?') }),
      site({ de: notice('May we?') }),
      site({ en: notice('May we?') }, 'https://shop.example/privacy'),
    ].map(each => noticesOf(each)[0]?.version);
    expect(new Set(versions).size).toBe(4);
    expect(noticesOf(site({ en: notice('May we?') }))[0]?.version).toBe(versions[0]);
  });
});
