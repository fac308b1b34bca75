import { resetLocaleData } from '@wordpress/i18n';

/** The languages of the console, each by its own name. */
export const languages = { en: 'English', de: 'Deutsch', fr: 'Français', es: 'Español' };
export type Language = keyof typeof languages;

type Catalogue = Record<string, string[]>;

/** The texts of a language come when somebody needs them; English needs none. */
const catalogues: Record<Exclude<Language, 'en'>, () => Promise<{ default: Catalogue }>> = {
  de: () => import(/* webpackChunkName: "de" */ '../../languages/de.po'),
  fr: () => import(/* webpackChunkName: "fr" */ '../../languages/fr.po'),
  es: () => import(/* webpackChunkName: "es" */ '../../languages/es.po'),
};

/** The first of the wanted languages that there is. */
export function languageOf(wanted: readonly string[]): Language {
  const known = Object.keys(languages) as Language[];
  for (const tag of wanted) {
    const language = known.find(one => one === tag.toLowerCase().split('-')[0]);
    if (language) return language;
  }
  return 'en';
}

/** Has everything that is drawn from now on speak that language; English where its texts cannot be loaded. */
export async function speak(language: Language): Promise<void> {
  if (language === document.documentElement.lang) return;
  if (language === 'en') resetLocaleData({}, 'confab');
  else {
    try {
      resetLocaleData((await catalogues[language]()).default, 'confab');
    } catch {
      return;
    }
  }
  document.documentElement.lang = language;
}
