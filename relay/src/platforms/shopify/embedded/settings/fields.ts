import type { Settings } from '@confab/contract';
import type { SettingsField, SettingsFieldKind } from '@confab/contract/settings-fields';
import { type Html, html } from '../html.ts';
import { countries, languages, type Options, timezones } from './choices.ts';
import { CHECKED, optionsOf } from './parts.ts';
import { prechatFields } from './prechat.ts';
import * as rows from './rows.ts';

/** What a field is drawn by: its description, what it holds, and the settings that it is one of. */
export type Drawn = { field: SettingsField; value: unknown; settings: Settings };

type Key = Settings['answers']['openai']['apiKey'];

/** One setting as its kind wants it; `readForm` understands what comes back. */
export function fieldOf(field: SettingsField, settings: Settings): Html {
  const drawn = kinds[field.kind]({ field, value: valueAt(settings, field.path), settings });
  if (!field.onlyWith) return drawn;
  const { path, value } = field.onlyWith;
  return html`<div data-only-with="${path}.${value}">${drawn}</div>`;
}

const valueAt = (document: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((part, key) => (part as Record<string, unknown> | null)?.[key], document);

const asText = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';

const text = ({ field: { path, label, help, maxLength = 200 }, value }: Drawn): Html =>
  html`<s-text-field name="${path}" label="${label}" details="${help}" value="${asText(value)}" maxLength="${maxLength}" autocomplete="off"></s-text-field>`;

const textarea = ({ field: { path, label, help, maxLength = 4_000 }, value }: Drawn): Html =>
  html`<s-text-area name="${path}" label="${label}" details="${help}" value="${asText(value)}" maxLength="${maxLength}" rows="5" autocomplete="off"></s-text-area>`;

const number = ({ field: { path, label, help, min = 0, max = 10_000_000, step = 1, unit }, value }: Drawn): Html =>
  html`<s-number-field name="${path}" label="${label}" details="${help}" value="${asText(value)}" min="${min}" max="${max}" step="${step}" suffix="${unit}" inputMode="${step < 1 ? 'decimal' : 'numeric'}"></s-number-field>`;

const colour = ({ field: { path, label, help }, value }: Drawn): Html =>
  html`<s-color-field name="${path}" label="${label}" details="${help}" value="${asText(value)}"></s-color-field>`;

const url = ({ field: { path, label, help }, value }: Drawn): Html =>
  html`<s-url-field name="${path}" label="${label}" details="${help}" value="${asText(value)}" maxLength="2048" autocomplete="off"></s-url-field>`;

const toggle = ({ field: { path, label, help }, value }: Drawn): Html =>
  html`<s-checkbox name="${path}" label="${label}" details="${help}" ${value === true && CHECKED}></s-checkbox>`;

/** A value that is none of the options is offered as well: the site may have been set up elsewhere. */
function choice({ field: { path, label, help, nullable }, value }: Drawn, options: Options): Html {
  const current = asText(value);
  const isKnown = current === '' || options.some(option => option.value === current);
  const all = [
    ...(nullable ? [{ value: '', label: 'Not set' }] : []),
    ...(isKnown ? [] : [{ value: current, label: current }]),
    ...options,
  ];
  return html`<s-select name="${path}" label="${label}" details="${help}" value="${current}">${optionsOf(all, current)}</s-select>`;
}

/** A key is written and never read: of one that is there, its end is shown. */
function secret({ field: { path, label, help }, value }: Drawn): Html {
  const { set, last4 } = value as Key;
  const details = set ? `A key that ends in ${last4} is set. Write another one to replace it.` : help;
  return html`<s-stack gap="small-200">
<s-password-field name="${path}" label="${label}" details="${details}" maxLength="500" autocomplete="off"></s-password-field>
${set && html`<s-checkbox name="remove:${path}" label="Remove this key"></s-checkbox>`}
</s-stack>`;
}

const kinds: Record<SettingsFieldKind, (drawn: Drawn) => Html> = {
  text,
  textarea,
  number,
  colour,
  url,
  toggle,
  secret,
  select: drawn => choice(drawn, drawn.field.options ?? []),
  locale: drawn => choice(drawn, languages),
  timezone: drawn => choice(drawn, timezones),
  country: drawn => choice(drawn, countries),
  order: rows.order,
  many: rows.many,
  origins: rows.origins,
  emails: rows.emails,
  mapping: rows.mapping,
  textsByLocale: rows.textsByLocale,
  noticesByLocale: rows.noticesByLocale,
  prechatFields,
  weeklyHours: rows.weeklyHours,
  holidays: rows.holidays,
  exceptions: rows.exceptions,
};
