/** How a merchant reads times and numbers: in the shop's time zone, as is usual in the merchant's own language. */
export type Words = {
  /** `22 Nov 2026` */
  day: (time: Date | string) => string;
  /** `22 Nov 2026, 10:14` */
  moment: (time: Date | string) => string;
  /** `22 Nov 2026, 11:14 (Europe/Paris)`; nothing where that is the shop's own time zone. */
  momentIn: (timezone: string | null, time: Date | string) => string | undefined;
  number: (value: number) => string;
  /** `$1.20`; of less than half a cent, that it is less than one. */
  dollars: (value: number) => string;
  /** `1 lead`, `1,204 leads`; the plural is the word with an s, unless it is given. */
  count: (value: number, one: string, many?: string) => string;
};

/** A locale that is none, and a time zone that is none, are as English and UTC are. */
export function wordsFor({ locale, timezone }: { locale: string | undefined; timezone: string }): Words {
  const known = localeOf(locale);
  const day = new Intl.DateTimeFormat(known, { dateStyle: 'medium', timeZone: timezone });
  const momentOf = (timeZone: string) =>
    new Intl.DateTimeFormat(known, { dateStyle: 'medium', timeStyle: 'short', timeZone });
  const moment = momentOf(timezone);
  const number = new Intl.NumberFormat(known);
  const money = new Intl.NumberFormat(known, { style: 'currency', currency: 'USD' });
  return {
    day: time => day.format(new Date(time)),
    moment: time => moment.format(new Date(time)),
    momentIn: (there, time) =>
      there === null || there === timezone ? undefined : `${momentOf(there).format(new Date(time))} (${there})`,
    number: value => number.format(value),
    dollars: value => (value > 0 && value < 0.005 ? `under ${money.format(0.01)}` : money.format(value)),
    count: (value, one, many = `${one}s`) => `${number.format(value)} ${value === 1 ? one : many}`,
  };
}

function localeOf(locale: string | undefined): string {
  try {
    return Intl.getCanonicalLocales(locale)[0] ?? 'en';
  } catch {
    return 'en';
  }
}

/** The names of the classes and kinds of data, as a merchant calls them. */
const KINDS: Readonly<Record<string, [one: string, many: string]>> = {
  conversations: ['conversation', 'conversations'],
  messages: ['message', 'messages'],
  leads: ['lead', 'leads'],
  pageViews: ['page view', 'page views'],
  consents: ['consent record', 'consent records'],
  consentRecords: ['consent record', 'consent records'],
  consentTokens: ['unused consent', 'unused consents'],
  dataRequests: ['data request', 'data requests'],
  emails: ['e-mail', 'e-mails'],
  emailAddresses: ['e-mail address', 'e-mail addresses'],
};

/** `12 messages and 1 conversation`; of counts that are all zero, nothing. */
export function countsInWords(counts: Readonly<Record<string, number>>, words: Words): string {
  const parts = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => {
      const plain = kind.replace(/([A-Z])/g, letter => ` ${letter.toLowerCase()}`);
      return words.count(count, ...(KINDS[kind] ?? ([plain, plain] as const)));
    });
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}
