import { createHash } from 'node:crypto';
import { escaped, htmlPage } from '../../lib/html.ts';
import type { KeptMail } from '../../providers/email/files.ts';

// Pages without a script. Those of links in mails change nothing by being opened: mail scanners follow every link.

const STYLE = `
:root { color-scheme: light dark; --paper: #f4f3ef; --card: #fff; --ink: #1d2523; --soft: #55605c; --line: #d5d8d2;
  --accent: #1f6f54; --on-accent: #fff; --tint: #eef5f1; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #151a18; --card: #1e2522; --ink: #e9ece9; --soft: #a9b4af; --line: #38423d; --accent: #7fd0ae;
    --on-accent: #0d1f18; --tint: #24322c; }
}
* { box-sizing: border-box; }
body { margin: 0; padding: 2rem 1rem; background: var(--paper); color: var(--ink); font: 1rem / 1.5 system-ui, sans-serif;
  overflow-wrap: anywhere; }
main { max-width: 38rem; margin: 0 auto; padding: 2rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 12px; }
main.wide { max-width: 60rem; }
h1 { margin: 0 0 0.75rem; font-size: 1.5rem; line-height: 1.25; text-wrap: balance; }
h2 { margin: 1.5rem 0 0.5rem; font-size: 1rem; }
p { margin: 0 0 0.75rem; }
.soft { color: var(--soft); font-size: 0.9375rem; }
button { min-height: 2.75rem; padding: 0.5rem 1.5rem; border: 0; border-radius: 8px; background: var(--accent);
  color: var(--on-accent); font: inherit; font-weight: 600; cursor: pointer; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
ul.mails { margin: 0; padding: 0; list-style: none; border-top: 1px solid var(--line); }
ul.mails a { display: block; padding: 0.75rem 0.5rem; border-bottom: 1px solid var(--line); color: inherit;
  text-decoration: none; }
ul.mails a:hover { background: var(--tint); }
ul.mails b { display: block; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1rem; margin: 0 0 1rem; font-size: 0.9375rem; }
dt { color: var(--soft); }
dd { margin: 0; }
iframe { width: 100%; height: 40rem; border: 1px solid var(--line); border-radius: 8px; background: var(--paper); }
pre { margin: 0; padding: 1rem; border: 1px solid var(--line); border-radius: 8px; white-space: pre-wrap; font-size: 0.875rem; }
@media (max-width: 30rem) { body { padding: 0; } main { border: 0; border-radius: 0; padding: 1.5rem 1rem; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 0.5rem; } }
`;
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** The policy of these pages: a form to ourselves, and mails in frames of ours. */
export const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${STYLE_HASH}'`,
  "form-action 'self'",
  "frame-src 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The policy of a mail in its frame: nothing is loaded and nothing runs; a link opens beside it. */
export const MAIL_POLICY = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  "base-uri 'none'",
  "frame-ancestors 'self'",
  'sandbox allow-popups allow-popups-to-escape-sandbox',
].join('; ');

/** Asks before a link of a mail does what it is for; without a button, says what came of it. */
export const linkPage = ({ lang, title, text, button }: LinkPage): string =>
  page(
    lang,
    title,
    `<main>
<h1>${escaped(title)}</h1>
<p>${escaped(text)}</p>
${button ? `<form method="post"><button>${escaped(button)}</button></form>` : ''}
</main>`,
  );

type LinkPage = { lang: string; title: string; text: string; button?: string };

/** The mails of a relay in development, newest first. */
export const mailsPage = (mails: KeptMail[]): string =>
  page(
    'en',
    'E-mails',
    `<main class="wide">
<h1>E-mails</h1>
<p class="soft">This relay sends none, as it has no RESEND_API_KEY: these are files in the folder “mail” of its data folder. They
go after 7 days, and with what they tell of.</p>
${
  mails.length === 0
    ? '<p>None yet. Ask for a chat by e-mail in the widget, or add an address for notifications to a site.</p>'
    : `<ul class="mails">${mails.map(item).join('')}</ul>`
}
</main>`,
  );

const item = ({ id, at, to, subject }: KeptMail): string => `<li><a href="/dev/mail/${id}"><b>${escaped(subject)}</b>
<span class="soft">to ${escaped(to)}, ${at.toISOString().slice(0, 16).replace('T', ' ')} UTC</span></a></li>`;

/** One of them: as a mail program shows it, and its text. */
export const mailPage = ({ id, at, from, to, subject, headers, text }: KeptMail): string =>
  page(
    'en',
    subject,
    `<main class="wide">
<p><a href="/dev/mail">All e-mails</a></p>
<h1>${escaped(subject)}</h1>
<dl>
<dt>From</dt><dd>${escaped(from)}</dd>
<dt>To</dt><dd>${escaped(to)}</dd>
<dt>Written</dt><dd>${at.toISOString()}</dd>
${headers
  .filter(({ name }) => /^(list-|auto-)/i.test(name))
  .map(({ name, value }) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`)
  .join('\n')}
</dl>
<h2>HTML</h2>
<iframe src="/dev/mail/${id}/html" title="The mail as HTML" sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>
<h2>Text</h2>
<pre tabindex="0">${escaped(text)}</pre>
</main>`,
  );

const page = (lang: string, title: string, body: string): string => htmlPage({ lang, title, style: STYLE, body });
