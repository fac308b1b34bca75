import type { CrmName, CrmTestResponse, Settings } from '@confab/contract';
import { TARGET_NAMES } from '@confab/contract/delivery-words';
import { type Html, html } from '../html.ts';
import { faultInWords } from '../leads.ts';
import { ROOT } from '../page.ts';

/** How it stands with an address that notifications go to. */
export type Confirmation = { email: string; state: string };

/** A button for each CRM that is chosen, which tries it with a lead of nobody, as the settings are saved. */
export function testLeads({ crm: { connectors } }: Settings): Html {
  if (connectors.length === 0) return html``;
  return html`<s-stack gap="small">
<s-text type="strong">Try it</s-text>
<s-text color="subdued">A lead named “Confab test” is made in your CRM, and erased again at once. What is tried are the settings that are saved.</s-text>
${connectors.map(testLead)}
</s-stack>`;
}

const testLead = (name: CrmName): Html =>
  html`<div data-answered><s-stack direction="inline" gap="small" alignItems="center">
<s-button data-post="${ROOT}/crm/${name}/test">Send a test lead to ${TARGET_NAMES[name] ?? name}</s-button>
<span role="status" dir="auto"></span>
</s-stack></div>`;

/** What came of a test lead. */
export const testInWords = (said: CrmTestResponse): string => (said.ok ? 'It arrived.' : faultInWords(said));

const STATES: Readonly<Record<string, string>> = {
  pending: 'waits to be confirmed, by the link in the e-mail to it',
  confirmed: 'confirmed',
  unsubscribed: 'confirmed, and wants no more of some of these e-mails',
  suppressed: 'gets nothing any more, because e-mails to it came back',
};

/** Who of those that are written to has confirmed it. */
export function confirmationList(confirmations: readonly Confirmation[]): Html {
  if (confirmations.length === 0) return html``;
  return html`<s-stack gap="small">
<s-text type="strong">Whether the addresses are confirmed</s-text>
<s-unordered-list>${confirmations.map(
    ({ email, state }) =>
      html`<s-list-item><s-text dir="auto">${email}</s-text>: ${STATES[state] ?? state}</s-list-item>`,
  )}</s-unordered-list>
</s-stack>`;
}
