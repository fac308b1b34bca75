import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Role } from '@confab/contract';
import type { Actor } from '../../http/request-state.ts';
import { escaped, htmlPage } from '../../lib/html.ts';
import type { Site } from '../sites/index.ts';
import type { Asked } from './asked.ts';
import type { Joined, Owned } from './connect.ts';

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

/** Who asks, what will be shared, which site it becomes, and the decision. */
export function choosingPage({ asked, relay, actor, ticket, owned, before }: Choosing): string {
  const host = hostOf(asked);
  const title = `Connect ${host} to this relay?`;
  const accounts = owned.map(account => accountOf(account, before, owned)).join('\n');
  return page(
    title,
    relay,
    `<h1>${escaped(title)}</h1>
${who(actor, ticket)}
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
  nowhere. Contact details that visitors leave go to the site. Whoever administers the site can do there what an owner of the
  account may do with this one site.</dd>
</dl>
<form method="post" action="/connect/decision">
${hidden({ ticket })}
<h2 id="becomes">${escaped(asked.homeUrl)} becomes</h2>
<p class="hint">A site on this relay holds the settings, the knowledge and the chats of one website.</p>
${accounts}
<div class="actions">
  ${owned.some(({ sites, full }) => sites.length > 0 || !full) ? '<button name="decision" value="approve">Approve</button>' : ''}
  <button class="quiet" name="decision" value="refuse">Refuse</button>
</div>
<p class="hint">Either way you go back to ${escaped(host)}. What you approve can be ended there at any time, by Disconnect.</p>
</form>`,
  );
}

type Shown = { asked: Asked; relay: string; actor: Actor; ticket: string };
type Choosing = Shown & { owned: Owned[]; before: Site | undefined };

/** What the user belongs to does not let them connect a site. */
export function refusingPage({ asked, relay, actor, ticket, joined, cancel }: Refusing): string {
  const title = 'You may not connect sites';
  const accounts = joined.map(({ name, role }) => `<li>In <b>${escaped(name)}</b> you are ${ROLES[role]}.</li>`);
  return page(
    title,
    relay,
    `<h1>${title}</h1>
${who(actor, ticket)}
<p>The ${NAMES[asked.platform]} site <strong>${escaped(asked.homeUrl)}</strong> asks to be connected. That takes an owner of
an account.</p>
${accounts.length > 0 ? `<ul>${accounts.join('\n')}</ul>` : '<p>You belong to no account any more.</p>'}
<p>Ask an owner to connect the site or to give you their role, or make an account of your own in the
<a href="/console/account">console</a>. Nothing was shared, and nothing was changed.</p>
<div class="actions"><a class="button" href="${escaped(cancel)}">Cancel, back to the site</a></div>`,
  );
}

type Refusing = Shown & {
  joined: Joined[];
  /** Where the site learns that it was not connected. */
  cancel: string;
};

/** A role, as its holder reads it. */
const ROLES: Record<Role, string> = {
  reader: 'a reader, who sees everything and changes nothing',
  agent: 'an agent, who talks with visitors',
  manager: 'a manager, who changes how sites work, and not which there are',
  owner: 'an owner',
};

/** The account's plan has no further site, for this reason; as it may be since the choice was shown. */
export function fullPage({ asked, relay, reason, cancel }: Full): string {
  const title = 'Your plan has no further site';
  return page(
    title,
    relay,
    `<h1>${title}</h1>
<p>${escaped(reason)}</p>
<p>Or press Connect on ${escaped(hostOf(asked))} again and choose a site that the account has. Nothing was shared, and nothing
was changed.</p>
<div class="actions"><a class="button" href="/console/account/billing">See the plans</a>
<a class="button" href="${escaped(cancel)}">Cancel, back to the site</a></div>`,
  );
}

type Full = Pick<Shown, 'asked' | 'relay'> & {
  reason: string;
  /** Where the site learns that it was not connected. */
  cancel: string;
};

/** The request cannot be shown, for this reason; there is nowhere safe to send the owner back to. */
export function faultPage({ relay, reason }: { relay: string; reason: string }): string {
  return page(
    'This site cannot be connected like this',
    relay,
    `<div class="wrong" role="alert"><h1>This site cannot be connected like this</h1><p>${escaped(reason)}</p></div>
<p>Nothing was shared, and nothing was changed. Go back to your site’s admin and press Connect there again. If that ends here
too, update the Confab plugin, or tell its makers the sentence above.</p>`,
  );
}

function page(title: string, relay: string, content: string): string {
  const body = `<main>
<p class="brand"><span><b>Confab</b> relay at ${escaped(relay)}</span></p>
${content}
</main>`;
  return htmlPage({ lang: 'en', title, style: STYLE, body });
}

/** Who is signed in, and the way to be somebody else. */
const who = (
  { name, email }: Actor,
  ticket: string,
): string => `<form class="who" method="post" action="/connect/sign-out">
${hidden({ ticket })}
<span>Signed in as <b>${escaped(name)}</b> (${escaped(email)})</span> <button class="link">Use another account</button>
</form>`;

/** The sites of one account to choose from; its name where there are several. */
function accountOf({ accountId, name, sites, full }: Owned, before: Site | undefined, all: Owned[]): string {
  const isFirst = all[0]?.accountId === accountId;
  const isBefore = (site: Site) => site.id === before?.id;
  const value = `new:${accountId}`;
  const fresh = choice({ value, name: 'A new site', notes: ['It begins empty.'], isChecked: isFirst && !before });
  return `<fieldset aria-describedby="becomes">
<legend>In the account ${escaped(name)}</legend>
<div class="sites">
${full ? `<p class="hint"><b>No further site fits in here.</b> ${escaped(full)}</p>` : fresh}
${sites.map(site => choice({ value: site.id, name: site.settings.name, ...stateOf(site, isBefore(site)), isChecked: isBefore(site) })).join('\n')}
</div>
</fieldset>`;
}

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
