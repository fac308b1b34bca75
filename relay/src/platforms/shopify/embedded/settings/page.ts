import type { Settings } from '@confab/contract';
import { type SettingsSection, settingsSections } from '@confab/contract/settings-fields';
import { type Html, html } from '../html.ts';
import { ROOT } from '../page.ts';
import { fieldOf } from './fields.ts';
import { type Confirmation, confirmationList, testLeads } from './try-out.ts';

export const PATH = `${ROOT}/settings`;

type Shown = { settings: Settings; version: number; notices: Html[]; confirmations: readonly Confirmation[] };

/** The settings as a form, drawn from the descriptions that every other form of them is drawn from as well. */
export function settingsPage({ settings, version, notices, confirmations }: Shown): Html {
  const more: Record<string, Html> = { crm: testLeads(settings), notifications: confirmationList(confirmations) };
  return html`<s-page heading="Settings">
${notices}
<s-section accessibilityLabel="Sections of this page">
<s-stack direction="inline" gap="base">${settingsSections.map(({ id, title }) => html`<s-link href="#${id}">${title}</s-link>\n`)}</s-stack>
</s-section>
<form data-action="${PATH}" data-guard>
<input type="hidden" name="version" value="${version}">
<s-stack gap="base">
${CONFLICT}
${settingsSections.map(section => sectionOf(section, settings, more[section.id]))}
</s-stack>
</form>
</s-page>`;
}

/** What somebody else has saved stands at each field then, and what was typed stays in it. */
const CONFLICT = html`<s-banner tone="warning" heading="Somebody else has saved these settings meanwhile" data-conflict hidden>
<s-paragraph>Nothing that you typed is lost: it is still here, and not saved yet. Where they changed something, it is said at the field.</s-paragraph>
<s-button slot="secondary-actions" data-settle="mine">Save my changes over theirs</s-button>
<s-button slot="secondary-actions" data-settle="theirs">Drop my changes, show theirs</s-button>
</s-banner>`;

const sectionOf = ({ id, title, description, fields }: SettingsSection, settings: Settings, more?: Html): Html =>
  html`<div id="${id}"><s-section heading="${title}">
<s-stack gap="large">
${description !== undefined && html`<s-paragraph color="subdued">${description}</s-paragraph>`}
${fields.map(field => html`${fieldOf(field, settings)}\n`)}
${more}
</s-stack>
</s-section></div>`;
