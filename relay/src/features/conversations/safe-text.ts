import { domainToASCII } from 'node:url';
import { LRUCache } from 'lru-cache';
import { contactsIn, emailKey } from '../../lib/contacts.ts';
import type { LlmPart } from '../../providers/llm/llm.ts';

/** What an answer may hold beyond plain words. */
export type Allowed = {
  /** The address as it may be told; nothing for one that may not. */
  addressFor(url: URL): string | undefined;
  /** Whether the e-mail address, in its normal form, or the digits of a telephone number may be told. */
  hasEmail(key: string): boolean;
  hasPhone(digits: string): boolean;
  /** Whether these digits stand together in what the answer rests on, or in what was said. */
  hasNumber(digits: string): boolean;
  /** Whether there is a document of this number. */
  hasDocument(index: number): boolean;
  /** Words of ours that no answer repeats, many in a row. */
  instructions: string;
};

/** So many words of our instructions in a row are no coincidence. */
const RUN = 8;

/** The first words of such a row are told: any sentence may begin like one of ours, and it need not wait. */
const FIRST_TOLD = 2;
const BEFORE_MAX = 100;

/** A word or a bracket that goes on for longer than this is no word. */
const TOKEN_MAX = 2_048;
const LABEL_MAX = 300;
const TAG_MAX = 500;

/**
 * The same answer with nothing in it that leads away or is not for this visitor: addresses, e-mail addresses, telephone
 * numbers and numbers of documents that are not allowed, HTML, invisible signs, and our own instructions. Held back is
 * only what may be the beginning of such a thing, at least the word that is being written.
 */
export async function* withSafeText(parts: AsyncIterable<LlmPart>, allowed: Allowed): AsyncGenerator<LlmPart> {
  const secret = secretOf(allowed.instructions);
  let held = '';
  // What came last, since what stands before a number says what it is, and what words go on from.
  let before = '';
  let lastWord = '';
  const told = (ready: string) => {
    const text = safe(ready, { allowed, secret, before });
    before = (before + ready).slice(-BEFORE_MAX);
    lastWord = wordsIn(before).at(-1)?.word ?? '';
    return text;
  };
  // Most of an answer is plain words, in which there is nothing to look for: this is asked for every one of them.
  const toldPlain = (): string | undefined => {
    if (!PLAIN.test(held) || !ENDS_WORD.test(before)) return undefined;
    const ready = Math.max(held.lastIndexOf(' '), held.lastIndexOf('\n')) + 1;
    let last = lastWord;
    for (const [word] of held.toLowerCase().matchAll(WORD)) {
      if (secret.pairs.has(`${last} ${word}`)) return undefined;
      last = word;
    }
    const text = held.slice(0, ready);
    held = withoutEndlessWord(held.slice(ready));
    before = (before + text).slice(-BEFORE_MAX);
    lastWord = text.toLowerCase().match(WORD)?.at(-1) ?? lastWord;
    return text;
  };
  const rest = function* (): Generator<LlmPart> {
    const text = told(held);
    held = '';
    if (text) yield { type: 'text', text };
  };
  try {
    for await (const part of parts) {
      if (part.type === 'text') {
        held += part.text;
        const plain = toldPlain();
        if (plain !== undefined) {
          if (plain) yield { type: 'text', text: plain };
          continue;
        }
        held = withoutInvisible(held);
        const ready = readyIn(held, before, secret);
        const text = told(held.slice(0, ready));
        held = withoutEndlessWord(held.slice(ready));
        if (text) yield { type: 'text', text };
      } else {
        yield* rest();
        yield part;
      }
    }
  } catch (error) {
    // What came before the fault was written, and nothing comes behind it.
    yield* rest();
    throw error;
  }
}

/** Words of Latin letters with nothing around them of which an address, a number, a link or a tag could be made. */
const PLAIN = /^(?:[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff \n,;!?"'’~-]|\.(?=[ \n]))*$/;

const WORD = /[\p{L}\p{N}]+/gu;
const ENDS_WORD = /^$|\s$/;

/** Signs that are not seen, behind which an address could hide; those that reorder what is seen; and those of nobody. */
const INVISIBLE =
  /(?!\u200c|\u200d|[\t\n\r])[\p{Cc}\p{Cf}\p{Co}\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0]|\u034f|[\ufe00-\ufe0e]|[\u{e0100}-\u{e01ef}]/gu;
/** Those that some scripts and emoji need are none of Latin text. */
const JOINERS = /(?<=[\x20-\x7e])(?:\u200c|\u200d|\ufe0f)(?=[\x20-\x7e])/g;

const withoutInvisible = (text: string): string => text.replace(INVISIBLE, '');

/** Scripts that put no spaces between words: each of their signs ends a word. */
const UNSPACED = String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}`;
/** A letter or a figure of a script that puts spaces between words. */
const SIGN = String.raw`(?![${UNSPACED}])[\p{L}\p{M}\p{N}]`;
const LAST_WORD = new RegExp(String.raw`(?:(?:https?:\/\/|www\.|@)\S*|[^\s${UNSPACED}]+)$`, 'u');

/** What stands between the digits of a telephone number, emphasis included; the lines of a list are no number. */
const GAP = String.raw`[\p{Zs}\t()./\p{Pd}*_~·•]{0,5}`;

/** What may still become something longer than a word. */
const GROWING = [
  new RegExp(
    String.raw`!?\[[^[\]\n]{0,${LABEL_MAX}}(?:\](?:\([^()\n]{0,${TOKEN_MAX}}(?:\([^()\n]{0,${TOKEN_MAX}}\)?)?)?)?$`,
  ),
  new RegExp(`<(?:[a-zA-Z/!?][^<>]{0,${TAG_MAX}})?$`),
  new RegExp(
    String.raw`[+＋(]{0,2}\p{Nd}(?:${GAP}\p{Nd}){0,18}(?:[.,]\p{Nd}{1,4})?(?:[.,]|(?:\s|${GAP}){1,3}(?:\p{Sc}|[A-Za-zł]{1,3})?)?$`,
    'u',
  ),
];

/** How much of the text is sure to be as it is. */
function readyIn(text: string, before: string, secret: Secret): number {
  const word = LAST_WORD.exec(text)?.index ?? text.length;
  // One long word costs no more for being looked at with each of its letters.
  if (word === 0) return 0;
  const starts = GROWING.map(growing => growing.exec(text)?.index ?? text.length);
  let start = Math.min(word, ...starts, startOfRun(before + text, secret) - before.length);
  for (let last = -1; last !== start; ) {
    last = start;
    // A word is judged whole, and so is what has more than one.
    start = LAST_WORD.exec(text.slice(0, start))?.index ?? start;
    for (const whole of WHOLE) {
      for (const { 0: found, index } of text.matchAll(whole)) {
        if (index < start && index + found.length > start) start = index;
      }
    }
  }
  return start;
}

/** What is longer than any word or address is not told, as there is no end to wait for. */
function withoutEndlessWord(held: string): string {
  const [word = ''] = /\S+$/.exec(held) ?? [];
  return word.length > TOKEN_MAX ? held.slice(0, held.length - word.length) : held;
}

type How = { allowed: Allowed; secret: Secret; before: string };

function safe(text: string, { allowed, secret, before }: How): string {
  if (text === '') return '';
  const plain = withoutHtml(withoutRuns(text.replace(JOINERS, ''), before, secret));
  return withoutPhones(withoutAddresses(withoutLinks(plain, allowed), allowed), allowed, before)
    .replace(CITATIONS, (_, numbers: string) => {
      const known = numbers.split(',').map(Number).filter(allowed.hasDocument);
      return known.map(number => `[${number}]`).join('');
    })
    .replace(/[(<]\s*[)>]/g, '');
}

const CITATIONS = /\[\s*(\d{1,9}(?:\s*,\s*\d{1,9})*)\s*\]/g;

const TAG = new RegExp(`<[a-zA-Z/!?][^<>]{0,${TAG_MAX}}>`, 'g');

function withoutHtml(text: string): string {
  return text
    .replace(/<(https?:\/\/[^\s<>]+)>/gi, '$1')
    .replace(TAG, '')
    .replace(/<(?=[a-zA-Z/!?])/g, '‹');
}

const IMAGE_OR_LINK = /(!?)\[([^[\]\n]*)\]\(\s*<?([^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)?)>?(?:\s[^()\n]*)?\)/g;

/** Links to what is allowed stay, of others the words; of images the words. */
function withoutLinks(given: string, allowed: Allowed): string {
  let text = given;
  for (let depth = 0; depth < 5; depth += 1) {
    const next = text.replace(IMAGE_OR_LINK, (_, image: string, label: string, target: string) => {
      const address = image ? undefined : addressOf(target, allowed);
      // Not as a link yet: what is around it may be one as well.
      return address ? `\ue000${label}\ue001${address}\ue002` : label;
    });
    if (next === text) break;
    text = next;
  }
  return text
    .replace(/\ue000([^\ue000-\ue002]*)\ue001([^\ue000-\ue002]*)\ue002/g, '[$1]($2)')
    .replace(/[\ue000-\ue002]/g, '');
}

function addressOf(target: string, allowed: Allowed): string | undefined {
  if (!/^https?:\/\/[^\\]+$/i.test(target) || !URL.canParse(target)) return undefined;
  const url = new URL(target);
  const address = url.username || url.password ? undefined : allowed.addressFor(url);
  // As it was written, which people can read: with its umlauts.
  return address === url.href ? target : address;
}

const SCHEME = String.raw`(?<![a-z0-9])[a-z][a-z0-9+.-]{0,20}:\/\/[^\s<>"\x60]*`;
const WITHOUT_SLASHES = String.raw`(?<![a-z0-9])(?:javascript|vbscript|data|file|blob|sms|whatsapp|skype|callto|intent|view-source):[^\s<>"\x60]+`;
const AT = String.raw`(?:[@＠﹫]|%40|[([{]at[)\]}])`;
const DOT = '[.。．｡]';
const EMAIL = String.raw`(?:mailto:)?(?:(?![${UNSPACED}])[^\s@＠﹫<>()[\]\\,;:"]){1,64}${AT}[\p{L}\p{M}\p{N}.。．｡-]{1,255}`;
const LABEL = `(?:${SIGN})(?:(?:(?:${SIGN})|-){0,61}(?:${SIGN}))?`;
const HOST = String.raw`(?<!${SIGN})(?:${LABEL}${DOT}){1,10}(?:(?:(?![${UNSPACED}])\p{L}){2,24}|xn--[a-z0-9-]{1,59})(?!${SIGN})(?:[:/?#][^\s<>"\x60]*)?`;
const IP = String.raw`(?<![\p{N}.])\d{1,3}(?:\.\d{1,3}){3}(?![\p{N}])(?:[:/][^\s<>"\x60]*)?`;
const ADDRESS = new RegExp(
  [`(?<scheme>${SCHEME}|${WITHOUT_SLASHES})`, `(?<email>${EMAIL})`, HOST, `(?<ip>${IP})`].join('|'),
  'giu',
);

/** Endings of files, none of which is a domain. */
const FILE = /\.(?:js|ts|pdf|jpe?g|png|gif|svg|webp|txt|csv|html?|php|docx?|xlsx?|exe|mp[34])$/i;

/** The punctuation of the sentence behind an address; a bracket that opens in the address is none. */
function endOf(address: string): string {
  let end = address.length;
  while (/[.,;:!?'*)\]}…»”’。，；：！？）」]/.test(address[end - 1] ?? '')) {
    if (address[end - 1] === ')' && address.slice(0, end).split('(').length === address.slice(0, end).split(')').length)
      break;
    end -= 1;
  }
  return address.slice(end);
}

function withoutAddresses(text: string, allowed: Allowed): string {
  return withoutAddress(text, allowed)
    .split(/(\s+)/)
    .map(word => {
      const folded = undisguised(word);
      // Written in other signs for the same: what would not stay does not pass in disguise.
      return folded !== word && withoutAddress(folded, allowed) !== folded ? '' : word;
    })
    .join('');
}

/** An address as whoever reads it makes one of it: from HTML's names of signs, `[.]`, and signs that only look like letters. */
const undisguised = (word: string): string =>
  word
    .replace(/&#(?:x([\da-f]{1,6})|(\d{1,7}));?/gi, (_, hex?: string, decimal?: string) => {
      const code = hex ? Number.parseInt(hex, 16) : Number(decimal);
      return code <= 0x10ffff ? String.fromCodePoint(code) : '';
    })
    .replace(/&(period|colon|sol|commat);/gi, (_, name: string) => named[name.toLowerCase()] ?? '')
    .replace(/[[({](?:\.|dot)[\])}]/gi, '.')
    .normalize('NFKC');

const named: Readonly<Record<string, string>> = { period: '.', colon: ':', sol: '/', commat: '@' };

type Groups = Partial<Record<'scheme' | 'email' | 'ip', string>>;

const withoutAddress = (word: string, allowed: Allowed): string =>
  word.replace(ADDRESS, (found, ...groups) => judged(found, groups.at(-1) as Groups, allowed));

function judged(found: string, { scheme, email, ip }: Groups, allowed: Allowed): string {
  const rest = endOf(found);
  const bare = found.slice(0, found.length - rest.length);
  if (scheme !== undefined) {
    const address = addressOf(bare, allowed);
    return address ? address + rest : rest;
  }
  if (email !== undefined) {
    const [around = ''] = AROUND.exec(bare) ?? [];
    const address = bare.slice(around.length).replace(/^mailto:/i, '');
    // Such a name has a product: "Clean@Home".
    if (!DOTTED.test(address)) return found;
    const key = emailIn(address);
    return around + (key && allowed.hasEmail(key) ? address : '') + rest;
  }
  if (ip !== undefined) return hasNumbers(bare, allowed) && !/[:/]/.test(bare) ? found : rest;
  return hostJudged(bare, allowed) + rest;
}

/** Emphasis, and signs of code, that an address stands in. */
const AROUND = /^['*_~`]+/;
const DOTTED = new RegExp(`${AT}.*${DOT}`, 'iu');

const emailIn = (text: string): string | undefined => emailKey(text) ?? contactsIn(text).emails[0];

function hostJudged(bare: string, allowed: Allowed): string {
  const [, name = '', path] = /^([^:/?#]*)([:/?#].*)?$/su.exec(bare) ?? [];
  if (path === undefined && (FILE.test(name) || /^\p{N}+[.。．｡]/u.test(name))) {
    return FILE.test(name) || !COMMON.test(name) ? bare : '';
  }
  const ascii = domainToASCII(name);
  if (ascii && addressOf(`https://${ascii}${path ?? '/'}`, allowed)) return bare;
  // A sentence, or a name, that begins without a space: "Dr.Martens".
  return path === undefined && JOINED.test(name) && !COMMON.test(name) ? name.replaceAll('.', '. ') : '';
}

const JOINED = /^(?:\p{L}{1,2}\.)*\p{L}+\.\p{Lu}\p{L}*\p{Ll}\p{L}*$/u;
const COMMON =
  /\.(?:com|net|org|info|biz|shop|store|xyz|top|online|site|link|click|app|dev|io|co|me|to|ru|cn|de|uk|eu)$/i;

const PHONE = new RegExp(String.raw`(?<!${SIGN})[+＋(]{0,2}\p{Nd}(?:${GAP}\p{Nd}){6,18}(?!${SIGN})`, 'gu');
const DATE = /^(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\s?\d{1,2}[-./]\s?\d{4})(?!\p{Nd})/u;
const RANGE = /^(?:\d{4}|\d{1,2}\.\d{2})\s?\p{Pd}\s?(?:\d{4}|\d{1,2}\.\d{2})$/u;
/** As an amount is written, whatever stands beside it; and as it may be written beside a currency. */
const THOUSANDS = /^[1-9]\d{0,2}([.\u00a0\u202f])\d{3}(?:\1\d{3})+$/;
const SUM = String.raw`[1-9](?:\d*|\d{0,2}(?:[\p{Zs}.]\d{3})+)`;
const MONEY = new RegExp(String.raw`^${SUM}(?:\s?\p{Pd}\s?${SUM})?$`, 'u');
const MONEY_BEFORE = /(?:\p{Sc}|[A-Z]{3})\s?$/u;
const MONEY_BEHIND = /^(?:[.,]\d{1,4})?\s?(?:\p{Sc}|[A-Z]{3}(?!\p{L})|kr|zł|Kč|Ft|lei|[元円원])/u;

function withoutPhones(text: string, allowed: Allowed, before: string): string {
  return text.replace(PHONE, (found, at: number) => {
    const [date] = DATE.exec(found) ?? [];
    // Behind a date there may be another one, or a number.
    if (date) return date + withoutPhones(found.slice(date.length), allowed, '');
    const isMoney =
      MONEY.test(found) &&
      (MONEY_BEFORE.test(before + text.slice(0, at)) || MONEY_BEHIND.test(text.slice(at + found.length)));
    if (RANGE.test(found) || THOUSANDS.test(found) || isMoney) return found;
    return allowed.hasPhone(digitsIn(found)) || hasNumbers(found, allowed) ? found : '';
  });
}

/** Whether each number of a row is known: sizes, measures, a postcode behind a house number, the code of an article. */
const hasNumbers = (row: string, allowed: Allowed): boolean => numbersIn(row).every(allowed.hasNumber);

/** What has more than one word and is judged whole. */
const WHOLE = [
  IMAGE_OR_LINK,
  TAG,
  CITATIONS,
  ADDRESS,
  new RegExp(String.raw`${PHONE.source}(?:[.,]\d{1,4})?(?:\s?(?:\p{Sc}|[A-Za-zł]{1,3}(?!\p{L})))?`, 'gu'),
];

/** What may be telephone numbers in a text. */
export const phonesIn = (text: string): string[] => text.match(PHONE) ?? [];

/** The digits that stand together in a text, in Latin figures. */
export const numbersIn = (text: string): string[] => (text.match(/\p{Nd}+/gu) ?? []).map(digitsIn);

/** The digits of a text in Latin figures, of whatever script they are. */
export const digitsIn = (text: string): string =>
  [...text.normalize('NFKC')].map(sign => (/\p{Nd}/u.test(sign) ? String(digitValue(sign)) : '')).join('');

/** The digits of each script stand in a row that begins with zero. */
function digitValue(sign: string): number {
  const code = sign.codePointAt(0) as number;
  let value = 0;
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(code - value - 1))) value += 1;
  return value;
}

type Secret = { words: string; most: number; pairs: ReadonlySet<string> };

/** Instructions are those of the relay, a handful of texts: what is known of one is kept. */
const secrets = new LRUCache<string, Secret>({ max: 100 });

function secretOf(instructions: string): Secret {
  const known = secrets.get(instructions);
  if (known) return known;
  const words = wordsIn(instructions).map(({ word }) => word);
  const pairs = new Set(words.slice(1).map((word, at) => `${words[at]} ${word}`));
  const secret = { words: ` ${words.join(' ')} `, most: words.length, pairs };
  secrets.set(instructions, secret);
  return secret;
}

type Word = { word: string; start: number; end: number };

const wordsIn = (text: string): Word[] =>
  [...text.matchAll(WORD)].map(({ 0: word, index }) => ({
    word: word.toLowerCase(),
    start: index,
    end: index + word.length,
  }));

/** Where the words at the end begin to be held that may be a part of our instructions. */
function startOfRun(text: string, { words: secret, most }: Secret): number {
  const words = wordsIn(text).slice(-most);
  let run = '';
  let first = words.length;
  for (; first > 0; first -= 1) {
    const { word } = words[first - 1] as Word;
    const longer = run === '' ? word : `${word} ${run}`;
    if (!secret.includes(` ${longer}`)) break;
    run = longer;
  }
  return words[first + FIRST_TOLD]?.start ?? text.length;
}

/** Without what our instructions say in the same words. */
function withoutRuns(text: string, before: string, { words: secret }: Secret): string {
  const whole = before + text;
  const words = wordsIn(whole);
  let kept = '';
  let from = before.length;
  for (let first = 0; first < words.length; ) {
    let run = '';
    let last = first;
    for (; last < words.length; last += 1) {
      const longer = `${run} ${words[last]?.word}`;
      if (!secret.includes(`${longer} `)) break;
      run = longer;
    }
    if (last - first >= RUN) {
      // Where the row began in what was told already, it goes on being cut.
      const start = Math.max(from, (words[first + FIRST_TOLD] as Word).start);
      const end = Math.max(start, (words[last - 1] as Word).end);
      kept += whole.slice(from, start);
      from = end;
      first = last;
    } else {
      first += 1;
    }
  }
  return kept + whole.slice(from);
}
