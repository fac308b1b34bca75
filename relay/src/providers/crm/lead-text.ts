import { CrmFault, type CrmLead, type Mapping } from './crm.ts';

/** What every adapter does alike: a lead's words in a CRM's form, and the CRM's words in ours. */

/** The first `max` characters, none of them halved. */
export const cut = (text: string, max: number): string => {
  // Most texts are short, and no text has more characters than units.
  if (text.length <= max) return text;
  return [...text].slice(0, max).join('');
};

/** A name as given and family name: the last word is the family's, where there is more than one. */
export function splitName(name: string | null): { first: string | null; last: string | null } {
  const words = (name ?? '').trim().split(/\s+/).filter(Boolean);
  if (words.length < 2) return { first: words[0] ?? null, last: null };
  return { first: words.slice(0, -1).join(' '), last: words.at(-1) ?? null };
}

/** A moment as the visitor meant it, with the same in UTC. */
function wished(at: Date, timezone: string | null): string {
  const utc = `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  if (!timezone) return utc;
  const there = at.toLocaleString('sv-SE', { timeZone: timezone, dateStyle: 'short', timeStyle: 'short' });
  return `${there} ${timezone} (${utc})`;
}

/** The lead's own fields, by the names that a mapping may use; what the form asked besides comes by its own name. */
const own: Record<string, { label: string; of(lead: CrmLead): string | null }> = {
  name: { label: 'Name', of: lead => lead.name },
  email: { label: 'E-mail', of: lead => lead.email },
  phone: { label: 'Phone', of: lead => lead.phone },
  message: { label: 'Message', of: lead => lead.message },
  callbackAt: { label: 'Wished time', of: lead => lead.callbackAt && wished(lead.callbackAt, lead.timezone) },
  pageUrl: { label: 'Page', of: lead => lead.pageUrl },
};

/** What the owner chose properties for: the property's name → the lead's value. */
export function mapped(lead: CrmLead, mapping: Mapping): Record<string, string> {
  const values: [string, string][] = [];
  for (const [field, property] of Object.entries(mapping)) {
    const value = fieldOf(lead, field);
    if (value) values.push([property, value]);
  }
  return Object.fromEntries(values);
}

function fieldOf(lead: CrmLead, field: string): string | null {
  if (Object.hasOwn(own, field)) return own[field]?.of(lead) ?? null;
  return Object.hasOwn(lead.fields, field) ? (lead.fields[field] ?? null) : null;
}

/** What a note begins with, and nothing else does: how an adapter finds the one it wrote for this lead. */
export const noteMark = (key: string): string => `[confab:${key}]`;

/** The note of a lead as plain text: its mark, what has no property of its own, and the transcript where there is one. */
export function noteText(lead: CrmLead, mapping: Mapping): string {
  const lines = [`${noteMark(lead.key)} ${lead.kind === 'callback' ? 'Callback wished' : 'Lead'} from the chat`];
  for (const [field, { label, of }] of Object.entries(own)) {
    const value = of(lead);
    if (value && !Object.hasOwn(mapping, field)) lines.push(`${label}: ${value}`);
  }
  for (const [field, value] of Object.entries(lead.fields)) {
    if (value && !Object.hasOwn(mapping, field)) lines.push(`${field}: ${value}`);
  }
  lines.push(`Marketing e-mails: ${lead.marketing ? 'agreed' : 'not agreed'}`);
  if (lead.transcript) lines.push('', 'Transcript:', lead.transcript);
  return lines.join('\n');
}

/** A CRM's words in one line of at most 300 characters, or none. */
export function wordsOf(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined;
  const line = text.replace(/[\s\p{Cc}\u2028\u2029]+/gu, ' ').trim();
  return line ? cut(line, 300) : undefined;
}

/** `Retry-After` in seconds, be it a number or a date. */
export function retryAfterS(header: unknown, now = Date.now()): number | undefined {
  if (typeof header !== 'string') return undefined;
  // A date begins with the day of the week; what else looks like one to `Date` is none.
  const isDate = /^\s*[a-z]/i.test(header);
  if (!isDate && !/^\s*\d/.test(header)) return undefined;
  const seconds = isDate ? (Date.parse(header) - now) / 1_000 : Number(header);
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : undefined;
}

/**
 * Does the work within this time and until the signal ends it: then it is `timed_out` at once, whether the work hears its
 * signal or not.
 */
export async function within<T>(
  timeoutMs: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), timeoutMs);
  const either = AbortSignal.any([signal, limit.signal]);
  try {
    if (either.aborted) throw new CrmFault('timed_out');
    return await new Promise<T>((resolve, reject) => {
      either.addEventListener('abort', () => reject(new CrmFault('timed_out')), { once: true });
      work(either).then(resolve, reject);
    });
  } finally {
    clearTimeout(timer);
    // Whatever the work still has under way ends with it.
    limit.abort();
  }
}
