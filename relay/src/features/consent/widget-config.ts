import { builtInLanguages, defaultTexts, type PrechatField, type WidgetConfig } from '@confab/contract';
import { bestTag, languageOf } from '../../lib/language-tag.ts';
import { openingStateAt, type Site } from '../sites/index.ts';
import { noticeFor } from './notice.ts';

/** What the panel of a site learns when a visitor opens it, in the best language the site has for the visitor. */
export function widgetConfig(site: Site, wantedLocale: string | undefined, now: Date): WidgetConfig {
  const { settings } = site;
  const { notice, wishes, texts } = wordsFor(site, wantedLocale);
  const { open, nextOpenAt } = openingStateAt(settings, now);
  const { enabled, fields } = settings.prechat;
  return {
    version: site.settingsVersion,
    locale: notice.locale,
    texts,
    appearance: settings.appearance,
    consent: { required: true, noticeVersion: notice.version, ...notice.wording },
    prechat: { enabled, fields: enabled ? fields.map(field => prechatFieldIn(wishes, field)) : [] },
    hours: { open, nextOpenAt: nextOpenAt?.toISOString() ?? null, timezone: settings.timezone },
    disclosure: texts.disclosure,
    retentionDays: settings.retention.conversationDays,
    features: settings.features,
  };
}

/** What a visitor with this language reads: the notice, and all else in the language of that. */
export function wordsFor(site: Site, wantedLocale: string | undefined) {
  const { settings } = site;
  const notice = noticeFor(site, wantedLocale ?? settings.locale);
  const wishes = [wantedLocale ?? notice.locale, notice.locale, settings.locale];
  return { notice, wishes, texts: textsOf(site, notice.locale, wishes) };
}

/** The owner's own texts stand over the built-in ones, all in the language of `locale`: nobody reads a mixture. */
export function textsOf({ settings }: Site, locale: string, wishes: string[]) {
  const language = languageOf(locale);
  const own = bestTag(
    Object.keys(settings.texts),
    wishes.filter(wish => languageOf(wish) === language),
  );
  return {
    ...defaultTexts,
    ...builtInLanguages[language]?.texts,
    ...(own !== undefined && settings.texts[own]),
  };
}

function prechatFieldIn(wishes: string[], { name, type, label, required, purpose, options }: PrechatField) {
  return {
    name,
    type,
    label: textIn(wishes, label),
    required,
    purpose: textIn(wishes, purpose),
    ...(options && { options: options.map(option => ({ value: option.value, label: textIn(wishes, option.label) })) }),
  };
}

/** A text is there in one language at least. */
function textIn(wishes: string[], texts: Record<string, string>): string {
  const tags = Object.keys(texts);
  return texts[bestTag(tags, wishes) ?? (tags[0] as string)] as string;
}
