import { type Hours, type TextName, weekday } from '@confab/contract';
import { languageOf } from '../../lib/language-tag.ts';
import { addDays, localTimeOf } from '../../lib/local-time.ts';
import { openingStateAt, type Site } from '../sites/index.ts';
import type { Speech } from './product-words.ts';

/** How far ahead holidays and exceptions are told, in days. */
const SPECIAL_AHEAD = 30;

const closedWords: Readonly<Record<string, string>> = {
  en: 'closed',
  de: 'geschlossen',
  fr: 'fermé',
  es: 'cerrado',
};

const asking =
  /(?<!\p{L})(opening (hours|times)|business hours|(are|is|do|when|what time)\b.{0,30}\b(open|opens|close|closes|closed)|öffnungszeit(en)?|geöffnet|wann .{0,30}(auf|offen|zu|öffnet)|horaires?|heures? d.ouverture|ouvert(e|es|s)?|ouvrez|horarios?|abiert[oa]s?|abren|cierran)(?!\p{L})/iu;

/** Whether a question is about opening hours, in the languages of our own texts. */
export const asksForHours = (question: string): boolean => asking.test(question);

/**
 * A site's opening hours in the words of a visitor's language: `Monday–Friday 9:00 AM – 5:00 PM`, the holidays and
 * exceptions of the next weeks, and while it is closed, when it opens next.
 */
export function hoursIn({ hours, timezone }: Pick<Site['settings'], 'hours' | 'timezone'>, speech: Speech, now: Date) {
  if (hours === null) return '';
  const closed = closedWords[languageOf(speech.locale)] ?? (closedWords.en as string);
  const ofDay = (name: string) => hours.weekly.filter(({ day }) => day === name);
  const days = weekday.options.map(day => timesIn(ofDay(day), speech.locale));
  const groups = days.flatMap((spans, at) => {
    if (spans === '' || (at > 0 && days[at - 1] === spans)) return [];
    const next = days.findIndex((each, place) => place > at && each !== spans);
    const last = (next < 0 ? days.length : next) - 1;
    const names = at === last ? [at] : [at, last];
    return `${names.map(day => dayName(day, speech.locale)).join('–')} ${spans}`;
  });
  const regular = groups.length > 0 ? groups.join('; ') : closed;
  const special = specialDays(hours, timezone, now).map(({ date, name, spans }) => {
    const day = new Date(date).toLocaleDateString(speech.locale, { day: 'numeric', month: 'long', timeZone: 'UTC' });
    return `${name ? `${day} (${name})` : day} ${timesIn(spans, speech.locale) || closed}`;
  });
  return [[regular, ...special].join('; '), ...stateOf({ hours, timezone }, speech, now)].join('. ');
}

function timesIn(spans: readonly { opens: string; closes: string }[], locale: string): string {
  return spans
    .toSorted((a, b) => a.opens.localeCompare(b.opens))
    .map(({ opens, closes }) => `${timeIn(opens, locale)} – ${timeIn(closes, locale)}`)
    .join(', ');
}

/** The days of the next weeks that are not as their week says, soonest first. */
function specialDays({ holidays, exceptions }: Hours, timezone: string, now: Date): Hours['exceptions'] {
  const { date: today } = localTimeOf(now, timezone);
  const last = addDays(today, SPECIAL_AHEAD);
  const closed = holidays
    .filter(({ date }) => exceptions.every(exception => exception.date !== date))
    .map(holiday => ({ ...holiday, spans: [] }));
  return [...closed, ...exceptions]
    .filter(({ date }) => date >= today && date <= last)
    .toSorted((a, b) => a.date.localeCompare(b.date));
}

function stateOf(settings: Pick<Site['settings'], 'hours' | 'timezone'>, speech: Speech, now: Date): string[] {
  const { open, nextOpenAt } = openingStateAt(settings, now);
  if (open) return [];
  const { locale, texts } = speech;
  const timeZone = settings.timezone;
  const name: TextName = nextOpenAt ? 'closedNow' : 'closedNoTime';
  const time = nextOpenAt?.toLocaleString(locale, {
    // With its date, since the next Monday may be one of weeks ahead.
    ...{ weekday: 'long', day: 'numeric', month: 'long' },
    ...{ hour: 'numeric', minute: '2-digit', timeZone },
  });
  return [texts[name].replace('{time}', time ?? '')];
}

/** Days counted from Monday; the first of January 2024 was one. */
const dayName = (day: number, locale: string) =>
  new Date(Date.UTC(2024, 0, 1 + day)).toLocaleDateString(locale, { weekday: 'long', timeZone: 'UTC' });

const timeIn = (time: string, locale: string) =>
  new Date(`2024-01-01T${time}:00Z`).toLocaleTimeString(locale, { timeStyle: 'short', timeZone: 'UTC' });
