import net from 'node:net';

/** Longer texts are cut before, so that a huge one costs no time, and after, so that it fills no log. */
const READ_MAX = 10_000;
const WRITTEN_MAX = 1_000;

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** In this order: what holds others comes first, and what looks like many things comes last. */
const rules: [what: RegExp, put: string | ((match: string) => string)][] = [
  // Addresses: user and password, and everything behind the path.
  [/([a-z][a-z\d+.-]{0,30}:\/\/)[^\s/?#"'<>]+@/gi, '$1[credentials]@'],
  [/(\/[^\s?#"'<>]*)[?#][^\s"'<>]+/g, '$1?[query]'],
  // Headers and fields that hold secrets, by their names.
  [/\b(bearer)\s+(?=\S*\d|\S{16})[\w.~+/=-]+/gi, '$1 [secret]'],
  [/\b(basic)\s+(?=\S*[\d=])[\w+/=-]{8,}/gi, '$1 [secret]'],
  [/\b((?:set-)?cookie|(?:proxy-)?authorization)(\s*[:=]\s*)[^\s"'][^\n"']*/gi, '$1$2[secret]'],
  [
    /\b(pass(?:word|wd|phrase)?|pwd|(?:client_?)?secret|\w{0,20}token|api[-_]?key|set-cookie|cookie|authorization|cf_\w{1,30})(["']?\s*[:=]\s*)(?:"[^"]*"|'[^']*'|[^\s,;&"'}]+)/gi,
    '$1$2[secret]',
  ],
  // Keys of vendors, by how they begin.
  [/\b(?:sk|pk|rk)[-_][\w-]{10,}/g, '[secret]'],
  [/\b(?:whsec_[\w+/=-]{8,}|re_\w{16,}|shp[a-z]{2}_\w{10,}|pat-[a-z]{2}\d?-[\w-]{20,})/g, '[secret]'],
  [/\b(?:(?:AKIA|ASIA)[A-Z\d]{12,}|gh[a-z]_\w{20,}|xox[a-z]-[\w-]{10,}|AIza[\w-]{30,})/g, '[secret]'],
  [/\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?/g, '[secret]'],
  [/(?<![\w-])[\w-]{32,}(?![\w-])/g, match => (isRandom(match) ? '[secret]' : match)],
  [
    /(?:"[^"\n@]{1,64}"|[\p{L}\p{N}.!#$%&'*+/=?^_`{|}~-]{1,64})(?:@|%40|\(at\)|\[at\])(?:(?:[\p{L}\p{N}-]{1,63}\.){1,8}(?:\p{L}{2,63}|xn--[\w-]{1,59})|\[[\da-f.:]+\])/giu,
    '[email]',
  ],
  // Numbers: those with a checksum first.
  [/\b[A-Z]{2}\d{2}(?:[ -]?[A-Z\d]{4}){2,7}(?:[ -]?[A-Z\d]{1,3})?\b/gi, match => cutTo(match, isIban, '[iban]')],
  [/(?<![\w.+])\d(?:[ -]?\d){12,18}(?!\d)/g, match => cutTo(match, isCard, '[card]')],
  [/\b\d{3}-\d{2}-\d{4}\b/g, '[ssn]'],
  [/(?<![\w:])[\da-f:]*:[\da-f:]*(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-f]|::)(?![\w:])/gi, match => ipOr(match, 6)],
  [/(?<![\w.-])\d{1,3}(?:\.\d{1,3}){3}(?![\w-]|\.\d)/g, match => ipOr(match, 4)],
  // Phones: +49…, 0049…, (030)…, 030 …, 415-555-2671 and groups with spaces; each may end in an extension.
  [/(?<![\w.])(?:\+|00)[1-9](?:[ ()./-]{0,2}\d){6,14}(?!\d)(?:\s?x\d{1,6})?/g, '[phone]'],
  [/(?<!\w)\(\d{2,5}\)[ .-]?\d(?:[ .-]?\d){4,10}(?!\d)(?:\s?x\d{1,6})?/g, '[phone]'],
  [/(?<![\w.-])0\d{1,4}[ ./-]?\d(?:[ ./-]?\d){5,10}(?![\d-])/g, match => (digitsOf(match) >= 9 ? '[phone]' : match)],
  [/(?<![\w.-])\d{2,4}(?: \d{2,4}){2,4}(?! ?\d)/g, match => (digitsOf(match) >= 9 ? '[phone]' : match)],
  [/(?<![\w.-])\d{3}([ .-])\d{3}\1\d{4}(?![\d-])(?:\s?x\d{1,6})?/g, '[phone]'],
];

/**
 * The text without e-mail addresses, phones, cards, IBANs, social security numbers, IP addresses, secrets, and what
 * addresses carry behind their path. The second line of defence: it knows no names, so words that are not ours must not
 * come this far. A UUID stays, since a request id cannot be told from a conversation's handle.
 */
export function redact(text: string): string {
  // A full-width digit is a digit, and a soft hyphen hides nothing.
  const plain = shortened(text)
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '');
  let clean = plain;
  for (const [what, put] of rules) {
    clean = typeof put === 'string' ? clean.replace(what, put) : clean.replace(what, put);
  }
  return clean.slice(0, WRITTEN_MAX);
}

/** A cut text loses its last words: half an address looks like none. */
function shortened(text: string): string {
  return text.length <= READ_MAX ? text : text.slice(0, READ_MAX).split(/\s/).slice(0, -6).join(' ');
}

/** Hashes, and keys in base64url. */
const isRandom = (word: string) =>
  !UUID.test(word) && (/^[\da-f]+$/i.test(word) || (/\d/.test(word) && /[a-z]/.test(word) && /[A-Z]/.test(word)));

const digitsOf = (text: string) => text.replace(/\D/g, '').length;

const ipOr = (text: string, version: 4 | 6) => (net.isIP(text) === version && /[\da-f]/i.test(text) ? '[ip]' : text);

/** Words that follow a number may look like a part of it, so it is tried without its last ones too. */
function cutTo(match: string, isOne: (compact: string) => boolean, put: string): string {
  for (let end = match.length; end > 0; end = match.slice(0, end).search(/[ -][^ -]*$/)) {
    if (isOne(match.slice(0, end).replace(/[ -]/g, ''))) return put + match.slice(end);
  }
  return match;
}

/** ISO 13616: the remainder by 97 is 1. */
function isIban(compact: string): boolean {
  if (compact.length < 15 || compact.length > 34) return false;
  const digits = (compact.slice(4) + compact.slice(0, 4)).replace(/[a-z]/gi, letter => `${parseInt(letter, 36)}`);
  return BigInt(digits) % 97n === 1n;
}

/** ISO 7812 (Luhn). */
function isCard(digits: string): boolean {
  if (digits.length < 13 || digits.length > 19) return false;
  let sum = 0;
  for (const [index, digit] of [...digits].reverse().entries()) {
    const value = Number(digit) * (index % 2 === 1 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 === 0;
}
