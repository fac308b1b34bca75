import { germanNotice, germanTexts } from './texts.de.ts';
import { spanishNotice, spanishTexts } from './texts.es.ts';
import { frenchNotice, frenchTexts } from './texts.fr.ts';
import { defaultNotice, defaultTexts, type NoticeWording, type TextName } from './texts.ts';

/**
 * What the widget says by itself, by language, and the consent notice of a site that has not written its own. The relay
 * sends them; the widget carries English only.
 */
export const builtInLanguages: Readonly<Record<string, { texts: Record<TextName, string>; notice: NoticeWording }>> = {
  en: { texts: defaultTexts, notice: defaultNotice },
  de: { texts: germanTexts, notice: germanNotice },
  fr: { texts: frenchTexts, notice: frenchNotice },
  es: { texts: spanishTexts, notice: spanishNotice },
};
