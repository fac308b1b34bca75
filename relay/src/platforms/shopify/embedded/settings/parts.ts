import type { SettingsField } from '@confab/contract/settings-fields';
import { type Html, html } from '../html.ts';
import { languageName, languages, type Options } from './choices.ts';

// How a list is drawn, for client.js to work on: its rows are the direct children of `data-list`. A row is counted, or
// named by `data-row`; the names of the fields in it stand behind that. What is added is a copy of a template.

export const CHECKED = html`checked`;
const SELECTED = html`selected`;

export const optionsOf = (options: Options, current?: string): Html[] =>
  options.map(
    ({ value, label }) => html`<s-option value="${value}" ${value === current && SELECTED}>${label}</s-option>`,
  );

/** What belongs together under one name, with a place for what is wrong and is of no single field. */
export const group = ({ path, label, help }: SettingsField, ...parts: Html[]): Html =>
  html`<div role="group" aria-labelledby="label:${path}">
<s-stack gap="small">
<s-stack gap="none">
<div id="label:${path}"><s-text type="strong">${label}</s-text></div>
${help !== undefined && html`<s-text color="subdued">${help}</s-text>`}
<s-text tone="critical" data-error="${path}"></s-text>
</s-stack>
${parts}
</s-stack>
</div>`;

export const list = (name: string, rows: readonly Html[], max?: number): Html =>
  html`<s-stack gap="small" data-list="${name}" data-max="${max ?? 1_000}">${rows}</s-stack>`;

/** Counted where it has no key. */
export const row = (columns: string, fields: Html, key = ''): Html =>
  html`<div data-row="${key}"><s-grid gridTemplateColumns="${columns}" gap="small" alignItems="end">${fields}</s-grid></div>`;

export const template = (name: string, ...rows: Html[]): Html => html`<template data-rows="${name}">${rows}</template>`;

export const removeButton = (label: string): Html =>
  html`<s-button data-remove icon="delete" variant="tertiary" accessibilityLabel="${label}"></s-button>`;

export const moveButtons = (what: string): Html =>
  html`<s-stack direction="inline" gap="none"><s-button data-move="up" icon="arrow-up" variant="tertiary" accessibilityLabel="Move ${what} up"></s-button><s-button data-move="down" icon="arrow-down" variant="tertiary" accessibilityLabel="Move ${what} down"></s-button></s-stack>`;

export const addButton = (name: string, label: string): Html =>
  html`<s-button data-add="${name}" icon="plus">${label}</s-button>`;

export type Chooser = { name: string; ids: readonly string[]; label: string; isKeyed?: boolean };

/** Selects that say which row is wanted, and the button that adds it. They are no settings, so they have no name. */
export const chooser = ({ name, ids, label, isKeyed }: Chooser, ...selects: Html[]): Html =>
  html`<s-grid gridTemplateColumns="repeat(auto-fit, minmax(11rem, 1fr))" gap="small" alignItems="end">
${selects}
<s-stack direction="inline"><s-button data-add="${name}" data-by="${ids.join(' ')}" ${isKeyed && KEYED} icon="plus">${label}</s-button></s-stack>
</s-grid>`;
const KEYED = html`data-keyed`;

/** One language of all; the site's own is chosen first. */
export function languageSelect(id: string, main: string): Html {
  const isKnown = languages.some(({ value }) => value === main);
  const all = isKnown ? languages : [{ value: main, label: languageName(main) }, ...languages];
  return html`<s-select id="${id}" label="Language" value="${main}">${optionsOf(all, main)}</s-select>`;
}
