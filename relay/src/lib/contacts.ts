import { domainToASCII } from 'node:url';
import { type CountryCode, parsePhoneNumberFromString } from 'libphonenumber-js/min';

/** The normal forms that a person is known by. */
export type ContactKeys = { email?: string | undefined; phone?: string | undefined };

/**
 * The normal form of an e-mail address: lower case, Unicode NFKC, its domain in ASCII. Only the syntax is judged.
 * `undefined` where the text is no address of a mailbox on the internet.
 */
export function emailKey(text: string): string | undefined {
  if (text.length > 4 * ADDRESS_MAX) return undefined;
  const [local = '', domain = '', ...more] = folded(text.trim()).split('@');
  return more.length === 0 ? joined(localKey(local), domainKey(domain)) : undefined;
}

/**
 * The E.164 form of a telephone number; `country` is where one without a country code is dialled. Only its length is
 * judged: the plans of the numbers change faster than any list of them, and a person must not be refused for a new one.
 */
export function phoneKey(text: string, country: string | null): string | undefined {
  const typed = asciiDigits(text.normalize('NFKC').trim().replace(/^tel:/i, ''));
  // From most of the world "00" leads abroad, so it does where the country does not say otherwise.
  return e164(typed, country) ?? (typed.startsWith('00') ? e164(`+${typed.slice(2)}`, null) : undefined);
}

/** Whether the text names this address or this number, in any notation. */
export function mentionsIn(text: string, keys: ContactKeys): boolean {
  for (const _ of mentions(text, keys)) return true;
  return false;
}

/** Puts the replacement wherever the text names this address or this number, and says how often it did. */
export function replaceMentions(text: string, keys: ContactKeys, replacement: string): { text: string; count: number } {
  const found = [...mentions(text, keys)].sort((a, b) => a.start - b.start);
  let replaced = '';
  let at = 0;
  let count = 0;
  for (const { start, end } of found) {
    if (start < at) continue;
    replaced += text.slice(at, start) + replacement;
    at = end;
    count += 1;
  }
  return { text: replaced + text.slice(at), count };
}

/** The normal forms of all e-mail addresses in a text, and of all telephone numbers that name their country. */
export function contactsIn(text: string): { emails: string[]; phones: string[] } {
  const emails = new Set<string>();
  for (const [first] of addresses(text)) {
    if (first) emails.add(first.key);
  }
  const phones = new Map<string, string | undefined>();
  for (const [written] of text.matchAll(INTERNATIONAL)) {
    const digits = digitsOf(written);
    if (!phones.has(digits)) phones.set(digits, internationalKey(written));
  }
  return { emails: [...emails], phones: [...new Set([...phones.values()].filter(key => key !== undefined))] };
}

const ADDRESS_MAX = 254;
/** No dot at either end or beside another; nothing invisible, and nothing that would need quotes. */
const LOCAL = /^(?!.*\.\.)(?!\.)[^\p{Z}\p{Cc}\p{Cf}\p{Cs}@<>()[\]\\,;:"]+(?<!\.)$/u;
const DOMAIN = /^[\p{L}\p{M}\p{N}.。-]{1,253}$/u;
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

const folded = (text: string) => text.normalize('NFKC').toLowerCase();

function localKey(local: string): string | undefined {
  const key = folded(local);
  return key.length <= 64 && LOCAL.test(key) ? key : undefined;
}

function domainKey(domain: string): string | undefined {
  const key = folded(domain);
  if (!DOMAIN.test(key)) return undefined;
  const ascii = domainToASCII(key);
  const labels = ascii.split('.');
  // Some letters make no name, and a number for the last label would make it an IP address.
  const isName = labels.length > 1 && labels.every(label => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) ?? '');
  return isName ? ascii : undefined;
}

function joined(local: string | undefined, domain: string | undefined): string | undefined {
  if (local === undefined || domain === undefined || local.length + domain.length >= ADDRESS_MAX) return undefined;
  return `${local}@${domain}`;
}

/** The digits of any script as those of ours: each script has its ten in a row, and zero first. */
function asciiDigits(text: string): string {
  return text.replace(/\p{Nd}/gu, digit => {
    const code = digit.codePointAt(0) as number;
    let value = 0;
    while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(code - value - 1))) value += 1;
    return String(value);
  });
}

function e164(text: string, country: string | null): string | undefined {
  const defaultCountry = country === null ? {} : { defaultCountry: country as CountryCode };
  const number = parsePhoneNumberFromString(text, { ...defaultCountry, extract: false });
  return number?.isPossible() ? number.number : undefined;
}

type Span = { start: number; end: number };

function* mentions(text: string, { email, phone }: ContactKeys): Generator<Span> {
  if (email !== undefined) {
    for (const readings of addresses(text)) {
      const found = readings.find(({ key }) => key === email);
      if (found) yield found;
    }
  }
  if (phone !== undefined) {
    for (const { index, 0: written } of text.matchAll(notationsOf(phone))) {
      // The bracket of "(415) 555-2671" goes with its other half.
      const opens = text[index - 1] === '(' && /^[^(]*\)/.test(written);
      yield { start: opens ? index - 1 : index, end: index + written.length };
    }
  }
}

/** An "@" as people write it, also to hide an address from machines. */
const AT = /[@＠﹫]|%40|\s?[([{]at[)\]}]\s?/gi;
const ENDS_LOCAL = /[\s\p{Cc}\p{Cf}@＠﹫<>()[\]\\,;:"，；：。、（）「」]/u;
const DOT = /[.。．｡]/;
// Begins where such a run begins and nowhere within it: else a long run that goes on would be read once from each place.
const TRAILING_DOTS = /(?<![.。．｡-])[.。．｡-]+$/;
const DOMAIN_RUN = /[\p{L}\p{M}\p{N}.。．｡-]{1,255}/uy;
/** Signs that an address may have, and that also stand around one: quotes, emphasis, the dash of a list. */
const AROUND = /^['*_~.+!#$%^`-]+/;
/** Other scripts are written without spaces: an address may begin or end where the script changes. */
const OTHER_SCRIPT = '[^\\p{Script=Latin}\\p{Script=Common}\\p{Script=Inherited}]';
const CHANGE_OF_SCRIPT = new RegExp(`[a-z0-9](?=${OTHER_SCRIPT})`, 'iu');
/** What may stand before an address without a space, as in a link; hardly anybody has such a sign in their address. */
const BEFORE = new RegExp(`^.*(?:${OTHER_SCRIPT}|[=/?&|{}%])`, 'su');

type Address = Span & { key: string };

/** For each "@" what may be the address around it, the likeliest reading first. */
function* addresses(text: string): Generator<Address[]> {
  let from = 0;
  for (const { index, 0: sign } of text.matchAll(AT)) {
    yield addressesAround(text, from, index, sign.length);
    from = index + sign.length;
  }
}

/** Looks back to the sign before at most, and no further than an address can be long: so all signs take linear time. */
function addressesAround(text: string, from: number, at: number, signLength: number): Address[] {
  DOMAIN_RUN.lastIndex = at + signLength;
  const domain = (DOMAIN_RUN.exec(text)?.[0] ?? '').replace(TRAILING_DOTS, '');
  if (!DOT.test(domain)) return [];
  const change = CHANGE_OF_SCRIPT.exec(domain);
  const domains = change ? [domain.slice(0, change.index + 1), domain] : [domain];

  let begin = at;
  while (begin > from && at - begin < 4 * 64 && !ENDS_LOCAL.test(text[begin - 1] as string)) begin -= 1;
  const run = text.slice(begin, at);
  const locals = [run.replace(BEFORE, ''), run].flatMap(local => [local.replace(AROUND, ''), local]);

  const hosts = domains.map(host => ({ length: host.length, key: domainKey(host) }));
  const names = [...new Set(locals)].map(name => ({ length: name.length, key: localKey(name) }));
  return hosts.flatMap(host =>
    names.flatMap(name => {
      const key = joined(name.key, host.key);
      return key ? { key, start: at - name.length, end: at + signLength + host.length } : [];
    }),
  );
}

/** What stands between the digits of a number: at most a bracket, a space and a dash or so. */
const GAP = '[\\s().\\/（）．／\\p{Pd}\\u2212\\u00ad\\p{Cf}]{0,4}';
const ZEROS = { full: 0xff10, arabic: 0x0660, persian: 0x06f0 };
const digit = (value: string) =>
  `[${value}${Object.values(ZEROS)
    .map(zero => String.fromCharCode(zero + Number(value)))
    .join('')}]`;
const spaced = (digits: string) => [...digits].map(digit).join(GAP);
const ANY_DIGIT = '[0-9０-９٠-٩۰-۹]';

/**
 * An expression for all the ways to write one number: with the code of its country, behind "+" or what leads abroad; as
 * it is dialled in its country; or as bare digits. Each digit is a fixed one and each gap is bounded, so that a search
 * takes linear time.
 */
function notationsOf(phone: string): RegExp {
  const number = parsePhoneNumberFromString(phone);
  if (!number) return /(?!)/g;
  const { countryCallingCode: code, nationalNumber } = number;
  const home = digitsOf(number.formatNational());
  const abroad = `(?:[+＋]${GAP}|(?<!${ANY_DIGIT})(?:${spaced('00')}|${spaced('011')}|${spaced('0011')}|${spaced('010')})${GAP})`;
  const trunk = `(?:${digit('0')}${GAP})?`;
  const whole = `(?:${abroad}|(?<!${ANY_DIGIT}))${spaced(code)}${GAP}${trunk}${spaced(nationalNumber)}`;
  // Without its country a short number is any number, and behind the code of another country it is another one.
  const local = [...new Set([home, nationalNumber])].filter(digits => digits.length >= 7).map(spaced);
  const foreign = `(?<!(?:[+＋]|${spaced('00')})${GAP}${ANY_DIGIT}{1,3}[\\s().\\/\\p{Pd}]{1,4})`;
  const inside = local.length > 0 ? `|(?<!${ANY_DIGIT}|[+＋])${foreign}(?:${local.join('|')})` : '';
  return new RegExp(`(?:${whole}${inside})(?!${ANY_DIGIT})`, 'gu');
}

/** A "+" or "00" and then as many digits as a number can have. */
const INTERNATIONAL = new RegExp(
  `(?:[+＋]|(?<!${ANY_DIGIT})${digit('0')}${digit('0')})(?:${GAP}${ANY_DIGIT}){7,17}(?!${ANY_DIGIT})`,
  'gu',
);

/** Behind a number there may stand another one: groups are taken away until what is left can be one. */
function internationalKey(written: string): string | undefined {
  for (let rest = written; rest; rest = rest.replace(/[^\d０-９٠-٩۰-۹]*[\d０-９٠-٩۰-۹]+$/u, '')) {
    const key = phoneKey(`+${digitsOf(rest).replace(/^00/, '')}`, null);
    if (key) return key;
  }
  return undefined;
}

function digitsOf(text: string): string {
  return [...text]
    .map(char => {
      const code = char.charCodeAt(0);
      const zero = Object.values(ZEROS).find(from => code >= from && code < from + 10);
      return zero === undefined ? char : String(code - zero);
    })
    .join('')
    .replace(/\D/g, '');
}
