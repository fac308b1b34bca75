import { replaceMentions } from '../../lib/contacts.ts';
import { redact } from '../../lib/redact.ts';
import type { CrmLead } from '../../providers/crm/crm.ts';

/** What a run of so many characters repeats of a lead's texts is no chance. */
const RUN = 10;
const SHORTEST_VALUE = 3;
/** Given names can be as short. */
const SHORTEST_NAME = 2;
const PUT = '[...]';

/**
 * A CRM's words without what they repeat of the lead: its contacts in any notation, its name and its parts, what was
 * written, and what looks like a person's data anyway. So they may be kept and shown.
 */
export function withoutLead(words: string, lead: CrmLead): string {
  const { name, email, phone, message, transcript, pageUrl, fields } = lead;
  const contacts = { ...(email && { email }), ...(phone && { phone }) };
  let clean = replaceMentions(plain(words), contacts, PUT).text;
  const values = Object.values(fields);
  for (const text of [message, transcript, pageUrl, name, ...values]) if (text) clean = withoutRuns(clean, plain(text));
  const wholes = [name, message, pageUrl, ...values].filter(value => value !== null).map(plain);
  const parts = [name, ...values].flatMap(value => plain(value ?? '').split(/[^\p{L}\p{M}\p{N}]+/u));
  const names = plain(name ?? '').split(' ');
  const all = [
    ...[...wholes, ...parts].filter(value => value.length >= SHORTEST_VALUE),
    ...names.filter(part => part.length >= SHORTEST_NAME),
  ].filter(value => value.length <= clean.length);
  // The longest first: a part of one must not save the rest of it.
  for (const value of [...new Set(all)].sort((a, b) => b.length - a.length)) clean = withoutWord(clean, value);
  return redact(clean);
}

/** As a vendor's message is: escapes of JSON and HTML undone, blanks as one. */
const plain = (text: string): string =>
  text
    .replace(/\\u([0-9a-f]{4})/gi, (_, code) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(/\\[nrt]/g, ' ')
    .replace(/\\(["'/\\])/g, '$1')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .normalize('NFC')
    .replace(/[\s\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim();

/** Lower case that keeps the places. */
function folded(text: string): string {
  const lower = text.toLowerCase();
  return lower.length === text.length ? lower : text;
}

function withoutRuns(words: string, text: string): string {
  const [inWords, inText] = [folded(words), folded(text)];
  let clean = '';
  let at = 0;
  while (at < words.length) {
    let end = at + RUN;
    if (end > words.length || !inText.includes(inWords.slice(at, end))) {
      clean += words[at];
      at += 1;
      continue;
    }
    while (end < words.length && inText.includes(inWords.slice(at, end + 1))) end += 1;
    clean += PUT;
    at = end;
  }
  return clean;
}

/** These are written without blanks: whatever stands beside a name is no part of it. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;

function withoutWord(words: string, value: string): string {
  const literal = value.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  const [begins, ends] = UNSPACED.test(value) ? ['', ''] : ['(?<![\\p{L}\\p{M}\\p{N}])', '(?![\\p{L}\\p{M}\\p{N}])'];
  return words.replace(new RegExp(`${begins}${literal}${ends}`, 'giu'), PUT);
}
