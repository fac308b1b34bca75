import { createHash } from 'node:crypto';
import type { PersonalDataDocument } from '@confab/contract';
import { escaped } from '../../lib/html.ts';

/** What a person reads instead of the name of a field. */
const LABELS: Readonly<Record<string, string>> = {
  locale: 'Language',
  pageUrl: 'Page',
  email: 'E-mail',
  callbackAt: 'Wished call',
  prechat: 'Answers before the chat',
  role: 'Written by',
  url: 'Address',
};

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; color: #1c1c1c; background: #fff; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.2rem; border-bottom: 2px solid; padding-bottom: .25rem; margin-top: 2.5rem }
article { border: 1px solid #c4c4c4; border-radius: 6px; padding: .25rem 1rem; margin: 1rem 0 }
table { border-collapse: collapse; width: 100% } table table { margin: .25rem 0 }
th, td { text-align: left; vertical-align: top; padding: .3rem .5rem .3rem 0; border-top: 1px solid #e4e4e4; overflow-wrap: anywhere }
tr:first-child, tr:first-child > th, tr:first-child > td { border-top: 0 !important }
li { margin: .5rem 0 } time { white-space: nowrap }
th { width: 10rem; font-weight: 600 } ol { padding-left: 1.5rem } td > ol { margin: 0 } q { quotes: none; white-space: pre-wrap }
@media (max-width: 40rem) { th, td { display: block; width: auto; border: 0; padding: .1rem 0 } tr { display: block; padding: .4rem 0; border-top: 1px solid #e4e4e4 } }
`;

/** The policy of that page: nothing is loaded, nothing runs, and no other style applies. */
export const READABLE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; frame-ancestors 'none'`;

/** Numbers of ours that tell a person nothing; the JSON document has them. */
const UNTOLD = ['id', 'turnId', 'conversationId'];

/**
 * The personal data of one person as a page to read, to print or to hand over: the same as the JSON document, each list
 * a section, each field a row. It stands by itself: no script, no request.
 */
export function readableDocument({ generatedAt, site, data }: PersonalDataDocument, locale: string): string {
  const when = (time: string) =>
    new Date(time).toLocaleString('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });
  const sections = Object.entries(data).map(([name, items]) => {
    const entries = items.map(item => `<article>${table(item)}</article>`).join('\n');
    return `<section><h2>${escaped(wordsOf(name))}</h2>\n${entries || '<p>Nothing is held.</p>'}</section>`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>Personal data held by ${escaped(site.name)}</title>
<style>${STYLE}</style></head>
<body><main><h1>Personal data held by ${escaped(site.name)}</h1>
<p>As of ${escaped(when(generatedAt))} UTC. Times are in UTC. This is everything that the chat assistant of this site
keeps about the person.</p>
${sections.join('\n')}
</main></body></html>
`;

  function table(item: object): string {
    const rows = Object.entries(item).filter(([name, value]) => !UNTOLD.includes(name) && !isEmpty(value));
    return `<table>${rows.map(([name, value]) => row(name, value)).join('')}</table>`;
  }

  function row(name: string, value: unknown): string {
    return `<tr><th scope="row">${escaped(wordsOf(name))}</th><td>${cell(value)}</td></tr>`;
  }

  function cell(value: unknown): string {
    if (Array.isArray(value)) {
      return `<ol>${value.map(each => `<li>${cell(each)}</li>`).join('')}</ol>`;
    }
    if (typeof value === 'object' && value !== null) return table(value);
    const text = String(value);
    if (isTime(text)) return `<time datetime="${text}">${escaped(when(text))}</time>`;
    return `<q lang="${escaped(locale)}">${escaped(text)}</q>`;
  }
}

/** As the relay writes them; a visitor may have written what only looks like one. */
const isTime = (text: string): boolean => /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text) && !Number.isNaN(Date.parse(text));

const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0);

/** `createdAt` → `Created at`. */
function wordsOf(name: string): string {
  if (Object.hasOwn(LABELS, name)) return LABELS[name] as string;
  const words = name.replace(/([A-Z])/g, letter => ` ${letter.toLowerCase()}`).trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
