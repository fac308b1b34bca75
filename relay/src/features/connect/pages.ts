import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { escaped, htmlPage } from '../../lib/html.ts';
import type { Site } from '../sites/index.ts';
import { type Asked, parametersOf } from './asked.ts';

// Pages without a script: they are shown before anything is trusted, and must work for everybody.

const STYLE = readFileSync(path.join(import.meta.dirname, 'pages.css'), 'utf8');
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** What runs a site, as its owner calls it. */
const NAMES: Record<Asked['platform'], string> = { wordpress: 'WordPress' };

/**
 * The policy of these pages. A form's answer may lead back to the site that asked, and browsers look at such a redirect
 * too (CSP 3, form-action).
 */
export function policyOf(asked: Asked | undefined): string {
  const targets = asked ? `'self' ${new URL(asked.redirectUri).origin}` : "'none'";
  const rules = ["default-src 'none'", `style-src 'sha256-${STYLE_HASH}'`, `form-action ${targets}`];
  return [...rules, "base-uri 'none'", "frame-ancestors 'none'"].join('; ');
}

/** Step 1: who asks, what will be shared, and the operator's key. */
export function askingPage({ asked, relay, refusal, cancel }: Asking): string {
  const site = hostOf(asked);
  const title = `Connect ${site} to this relay?`;
  return page(
    refusal ? `Error: ${title}` : title,
    relay,
    'Step 1 of 2',
    `${refusal ? summary(refusal) : ''}
<h1>${escaped(title)}</h1>
<p>The ${NAMES[asked.platform]} site <strong>${escaped(asked.homeUrl)}</strong> asks to be connected. Go on if it is yours, and
if you pressed Connect there.</p>
<h2 id="shared">What will be shared</h2>
<dl aria-labelledby="shared">
  <dt>Now</dt>
  <dd>The address of the site, and nothing else.</dd>
  <dt>From the site, once it is connected</dt>
  <dd>Its public pages, posts and products, so that answers can quote them; the assistant’s settings; and, when you export or
  erase somebody’s data there, the e-mail address that it is about.</dd>
  <dt>From its visitors, who talk to this relay directly</dt>
  <dd>Their questions. Kept here are the chats of those who agree, and the pages that they saw where they agree to that too;
  contact details when a visitor sends them; and every decision about consent. All of it goes when its time is over: 365
  days, 90 for pages seen and 3 years for the consent log, unless you choose otherwise.</dd>
  <dt>From this relay</dt>
  <dd>Questions, with the passages that fit them, go to the language model that you choose in the settings; without one,
  nowhere. Contact details that visitors leave go to the site.</dd>
</dl>
<form method="post" action="/connect">
${hidden(parametersOf(asked))}
<label class="key" for="operatorKey">Operator’s key</label>
<p class="hint" id="key-hint">It is printed when this relay starts, unless its operator chose one (CONFAB_OPERATOR_KEY).
It proves that this relay is yours.</p>
<input class="key-field" type="password" id="operatorKey" name="operatorKey" required maxlength="512" autocomplete="off"
 spellcheck="false" autocapitalize="none" aria-describedby="key-hint${refusal ? ' key-refusal' : ''}"${refusal ? ' aria-invalid="true"' : ''}>
<div class="actions">
  <button>Continue</button>
  <a class="button quiet" href="${escaped(cancel)}">Cancel, back to the site</a>
</div>
</form>`,
  );
}

type Asking = {
  asked: Asked;
  /** The relay's host, as the owner sees it. */
  relay: string;
  /** Why the key was not taken. */
  refusal?: string;
  /** Where the site learns that the owner said no. */
  cancel: string;
};

/** Step 2: which site it becomes, and the decision. */
export function choosingPage({ asked, relay, ticket, sites, before }: Choosing): string {
  const host = hostOf(asked);
  const title = `Choose a site for ${host}`;
  const isBefore = (site: Site) => site.id === before?.id;
  return page(
    title,
    relay,
    'Step 2 of 2',
    `<h1>${escaped(title)}</h1>
<p>A site on this relay holds the settings, the knowledge and the chats of one website.</p>
<form method="post" action="/connect/decision">
${hidden({ ticket })}
<fieldset>
<legend>${escaped(asked.homeUrl)} becomes</legend>
<div class="sites">
${choice({ value: 'new', name: 'A new site', notes: ['It begins empty.'], isChecked: !before })}
${sites.map(site => choice({ value: site.id, name: site.settings.name, ...stateOf(site, isBefore(site)), isChecked: isBefore(site) })).join('\n')}
</div>
</fieldset>
<div class="actions">
  <button name="decision" value="approve">Approve</button>
  <button class="quiet" name="decision" value="refuse">Refuse</button>
</div>
<p class="hint">Either way you go back to ${escaped(host)}. What you approve can be ended there at any time, by Disconnect.</p>
</form>`,
  );
}

type Choosing = { asked: Asked; relay: string; ticket: string; sites: Site[]; before: Site | undefined };

/** The request cannot be shown, for this reason; there is nowhere safe to send the owner back to. */
export function faultPage({ relay, reason }: { relay: string; reason: string }): string {
  return page(
    'This site cannot be connected like this',
    relay,
    'Connect',
    `<div class="wrong" role="alert"><h1>This site cannot be connected like this</h1><p>${escaped(reason)}</p></div>
<p>Nothing was shared, and nothing was changed. Go back to your site’s admin and press Connect there again. If that ends here
too, update the Confab plugin, or tell its makers the sentence above.</p>`,
  );
}

function page(title: string, relay: string, step: string, content: string): string {
  const body = `<main>
<p class="brand"><span><b>Confab</b> relay at ${escaped(relay)}</span> <span>${step}</span></p>
${content}
</main>`;
  return htmlPage({ lang: 'en', title, style: STYLE, body });
}

/** What went wrong, first on the page and with the focus, and a way to the field. */
const summary = (refusal: string): string => `<div class="wrong" role="alert" tabindex="-1" autofocus>
<p id="key-refusal"><b>${escaped(refusal)}</b></p>
<p><a href="#operatorKey">To the operator’s key</a></p>
</div>
`;

type Choice = { value: string; name: string; notes: string[]; warning?: string | undefined; isChecked: boolean };

function choice({ value, name, notes, warning, isChecked }: Choice): string {
  const lines = [
    ...notes.map(note => `<small>${escaped(note)}</small>`),
    ...(warning ? [`<small class="warning">${escaped(warning)}</small>`] : []),
  ];
  return `<label class="site"><input type="radio" name="site" value="${value}" required${isChecked ? ' checked' : ''}>
<span>${escaped(name)}</span>${lines.join('')}</label>`;
}

/** What the owner should know of a site before choosing it. */
function stateOf(site: Site, isBefore: boolean): { notes: string[]; warning?: string } {
  const since = `Made on ${site.createdAt.toISOString().slice(0, 10)}`;
  if (isBefore) {
    const kept = 'This address was connected to it before: settings, knowledge and chats are still there.';
    return { notes: [`${since}.`, kept] };
  }
  if (!site.isConnected) return { notes: [`${since}, connected to nobody now.`] };
  const elsewhere = site.homeUrl ?? 'another program';
  return {
    notes: [`${since}, connected to ${elsewhere}.`],
    warning: `Choosing it ends that connection: ${elsewhere} is cut off.`,
  };
}

const hidden = (fields: Record<string, string>): string =>
  Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${name}" value="${escaped(value)}">`)
    .join('\n');

const hostOf = ({ homeUrl }: Asked): string => homeUrl.replace(/^https?:\/\//, '');
