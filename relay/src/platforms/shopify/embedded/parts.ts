import { type Html, html } from './html.ts';

/** A link to a page of the web, as text where the address is none: what others wrote must not run as a script. */
export function webLink(address: string, text = address): Html {
  if (!/^https?:\/\//i.test(address) || !URL.canParse(address)) return html`<s-text dir="auto">${text}</s-text>`;
  return html`<s-link href="${address}" target="_blank"><s-text dir="auto">${text}</s-text></s-link>`;
}

/** The beginning of a text, and a sign that there is more of it. */
export const shortened = (text: string, max: number, sign = '…'): string =>
  text.length > max ? text.slice(0, max).replace(/[\uD800-\uDBFF]$/, '') + sign : text;

/** What somebody wrote, each line for itself, in the direction of its own script. */
export const written = (text: string): Html =>
  html`${text
    .split(/\r?\n/)
    .filter(line => line.trim() !== '')
    .map(line => html`<s-paragraph dir="auto">${line}</s-paragraph>`)}`;

type Fact = readonly [label: string, value: Html | string | null | undefined];

/** Labelled values below each other; those without a value are left out. */
export const facts = (entries: readonly Fact[]): Html =>
  html`<s-stack gap="small">${entries
    .filter(([, value]) => value !== null && value !== undefined && value !== '')
    .map(
      ([label, value]) => html`<s-stack gap="none">
<s-text color="subdued">${label}</s-text>
${typeof value === 'string' ? html`<s-text dir="auto">${value}</s-text>` : value}
</s-stack>`,
    )}</s-stack>`;

/** The way through a list that begins with the newest; `newest` where this is not the beginning. */
export function pager({ newest, older }: { newest: string | null; older: string | null }): Html {
  if (newest === null && older === null) return html``;
  return html`<s-stack direction="inline" gap="small" justifyContent="end">
${newest !== null && html`<s-button href="${newest}">Back to the newest</s-button>`}
${older !== null && html`<s-button href="${older}">Older</s-button>`}
</s-stack>`;
}

/**
 * A table, with the name by which a screen reader tells it from others: Polaris has none for it. The first column is
 * what a narrow screen shows as the name of a row.
 */
export function table(name: string, columns: readonly string[], rows: readonly (readonly (Html | string)[])[]): Html {
  return html`<div role="group" aria-label="${name}"><s-table>
<s-table-header-row>
${columns.map((name, index) => html`<s-table-header listSlot="${index === 0 ? 'primary' : 'labeled'}">${name}</s-table-header>`)}
</s-table-header-row>
<s-table-body>
${rows.map(cells => html`<s-table-row>${cells.map(cell => html`<s-table-cell>${cell}</s-table-cell>`)}</s-table-row>\n`)}
</s-table-body>
</s-table></div>`;
}

/** What stands in place of a list that is empty, or of what is not told. */
export const emptyState = (heading: string, text: string, action?: Html): Html =>
  html`<s-box background="base" borderRadius="base" padding="large">
<s-empty-state heading="${heading}">
<s-paragraph slot="subheading">${text}</s-paragraph>
${action}
</s-empty-state>
</s-box>`;
