import type { LeadItem } from '@confab/contract';
import { scopesBanner } from './home.ts';
import { type Html, html } from './html.ts';
import { ROOT } from './page.ts';
import { emptyState, facts, pager, webLink, written } from './parts.ts';
import type { Words } from './words.ts';

const PATH = `${ROOT}/leads`;

export type Leads = {
  items: LeadItem[];
  nextCursor: string | null;
  cursor: string | undefined;
  /** The number of the Shopify customer that a lead became, by the lead's id. */
  customers: ReadonlyMap<string, string>;
  /** Whether the widget offers to leave contact details at all. */
  isOffered: boolean;
  canAddCustomers: boolean;
};

/** What visitors left to be reached, and whether it stands in the shop's customer list. */
export function leadsPage(leads: Leads, words: Words): Html {
  const { items, nextCursor, cursor, isOffered, canAddCustomers } = leads;
  return html`<s-page heading="Leads">
${!canAddCustomers && (isOffered || items.length > 0) && scopesBanner('leads')}
${items.length === 0 && cursor === undefined ? none(isOffered) : items.map(item => card(item, leads, words))}
${pager({
  newest: cursor === undefined ? null : PATH,
  older: nextCursor && `${PATH}?cursor=${encodeURIComponent(nextCursor)}`,
})}
</s-page>`;
}

function none(isOffered: boolean): Html {
  if (isOffered) {
    const text =
      'When a visitor leaves an address or a number in the chat, it stands here and becomes a customer in Shopify.';
    return emptyState('No leads yet', text);
  }
  return emptyState(
    'No leads yet',
    'The chat does not offer to leave contact details. Switch that on in the settings, and they stand here.',
    html`<s-button slot="primary-action" href="${ROOT}/settings#features">Open the settings</s-button>`,
  );
}

function card(lead: LeadItem, { customers, canAddCustomers }: Leads, words: Words): Html {
  const { id, kind, createdAt, conversationId, restricted, name, email, phone, message, fields, callbackAt } = lead;
  const customer = customers.get(id);
  const isCallback = kind === 'callback';
  return html`<s-section heading="${restricted ? 'Restricted' : (name ?? email ?? phone ?? 'Somebody')}">
<s-stack gap="base">
<s-stack direction="inline" gap="small">
<s-text color="subdued">${words.moment(createdAt)}</s-text>
${isCallback && html`<s-badge tone="info">Asks to be called${callbackAt !== null && ` at ${words.moment(callbackAt)}`}</s-badge>`}
${!restricted && deliveryBadge(lead, customer !== undefined, canAddCustomers)}
</s-stack>
${restricted && html`<s-paragraph>This person asked that their details are kept and not used. Nobody reads them until they lift that.</s-paragraph>`}
${
  !restricted &&
  facts([
    ['E-mail', email && html`<s-link href="mailto:${encodeURIComponent(email).replace('%40', '@')}">${email}</s-link>`],
    ['Phone', phone],
    ...Object.entries(fields),
    ['Marketing e-mails', lead.marketing ? 'Agreed' : 'Not agreed'],
    ['Page', lead.pageUrl ? webLink(lead.pageUrl) : null],
  ])
}
${message !== null && html`<s-box padding="base" background="subdued" borderRadius="base">${written(message)}</s-box>`}
${!restricted && faultWords(lead.delivery.fault, canAddCustomers)}
<s-stack direction="inline" gap="small">
${customer !== undefined && html`<s-button href="shopify://admin/customers/${customer}" target="_top">Open the customer</s-button>`}
${conversationId !== null && html`<s-button href="${ROOT}/conversations/${conversationId}" variant="tertiary">Read the conversation</s-button>`}
</s-stack>
</s-stack>
</s-section>`;
}

function deliveryBadge({ delivery }: LeadItem, isCustomer: boolean, canAddCustomers: boolean): Html {
  if (delivery.deliveredAt !== null) {
    return html`<s-badge tone="success">${isCustomer ? 'In your customers' : 'Handed to Shopify'}</s-badge>`;
  }
  if (delivery.fault !== null || !canAddCustomers) return html`<s-badge tone="warning">Not in your customers</s-badge>`;
  return html`<s-badge tone="info">On its way to your customers</s-badge>`;
}

/** Why a lead did not become a customer, and what helps. */
const FAULTS: Readonly<Record<string, string>> = {
  scope_missing: 'Confab may not add customers yet. Once you allow it above, this lead is added.',
  needs_merchant: 'Shopify asked for a fresh permission, which opening this page has given. The lead is tried again.',
  not_installed: 'Confab was not installed at that time. The lead is tried again.',
  throttled: 'Shopify was busy. The lead is tried again.',
  unreachable: 'Shopify did not answer. The lead is tried again.',
  invalid_email:
    'Shopify does not take this e-mail address. Ask for another one by phone, or add the customer by hand.',
  invalid_phone:
    'Shopify does not take this phone number. Add the customer by hand, with the number as Shopify wants it.',
  refused: 'Shopify did not take these details. Add the customer by hand if you need to.',
};

function faultWords(fault: string | null, canAddCustomers: boolean): Html | false {
  if (fault === null) return false;
  const known =
    fault === 'scope_missing' && canAddCustomers ? 'The lead is tried again, now that you allow it.' : FAULTS[fault];
  return html`<s-paragraph tone="caution">${known ?? 'Shopify did not take this lead. Add the customer by hand if you need to.'}</s-paragraph>`;
}
