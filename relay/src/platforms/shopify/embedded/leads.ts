import type { DeliveryItem, LeadItem } from '@confab/contract';
import { FAULT_WORDS, TARGET_NAMES } from '@confab/contract/delivery-words';
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

/** What visitors left to be reached, and whether it stands in the shop's customer list and in each CRM. */
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
</s-stack>
${restricted && html`<s-paragraph>This person asked that their details are kept and not used. Nobody reads them until they lift that.</s-paragraph>`}
${
  !restricted &&
  facts([
    ['E-mail', email && html`<s-link href="mailto:${encodeURIComponent(email).replace('%40', '@')}">${email}</s-link>`],
    ['Phone', phone],
    ['Wished time where the visitor is', callbackAt && words.momentIn(lead.timezone, callbackAt)],
    ...Object.entries(fields),
    ['Marketing e-mails', lead.marketing ? 'Agreed' : 'Not agreed'],
    ['Page', lead.pageUrl ? webLink(lead.pageUrl) : null],
  ])
}
${message !== null && html`<s-box padding="base" background="subdued" borderRadius="base">${written(message)}</s-box>`}
${!restricted && lead.deliveries.map(each => deliveryRow(id, each, { isCustomer: customer !== undefined, canAddCustomers }, words))}
<s-stack direction="inline" gap="small">
${customer !== undefined && html`<s-button href="shopify://admin/customers/${customer}" target="_top">Open the customer</s-button>`}
${conversationId !== null && html`<s-button href="${ROOT}/conversations/${conversationId}" variant="tertiary">Read the conversation</s-button>`}
</s-stack>
</s-stack>
</s-section>`;
}

type Shop = { isCustomer: boolean; canAddCustomers: boolean };

/** How a lead stands with one receiver, and a way to try again what has not arrived. */
function deliveryRow(leadId: string, delivery: DeliveryItem, shop: Shop, words: Words): Html {
  const { target, state, nextAt } = delivery;
  const name = TARGET_NAMES[target] ?? target;
  const [tone, said] = target === 'shopify' ? shopState(delivery, shop) : stateOf(delivery);
  const fault = faultOf(delivery);
  return html`<s-stack gap="small-200">
<s-stack direction="inline" gap="small" alignItems="center">
<s-text type="strong">${name}</s-text>
<s-badge tone="${tone}">${said}</s-badge>
${fault && html`<s-button data-post="${PATH}/${leadId}/deliveries/${target}" variant="tertiary" accessibilityLabel="Try again: ${name}">Try again</s-button>`}
</s-stack>
${fault && html`<s-paragraph tone="caution" dir="auto">${wordsOf(target, fault, shop)}</s-paragraph>`}
${fault && state === 'waiting' && nextAt !== null && html`<s-text color="subdued">Next try: ${words.moment(nextAt)}</s-text>`}
</s-stack>`;
}

type Fault = DeliveryItem['log'][number];

/** What last stood in the way of what has not arrived. */
function faultOf({ state, log }: DeliveryItem): Fault | undefined {
  const last = log.at(-1);
  const isOpen = state === 'waiting' || state === 'failed';
  return isOpen && last?.outcome !== 'delivered' ? last : undefined;
}

type Said = readonly [tone: 'success' | 'warning' | 'info', words: string];

function shopState({ state, deliveredAt }: DeliveryItem, { isCustomer, canAddCustomers }: Shop): Said {
  if (state === 'delivered' || deliveredAt !== null) {
    return ['success', isCustomer ? 'In your customers' : 'Handed to Shopify'];
  }
  if (state === 'failed' || !canAddCustomers) return ['warning', 'Not in your customers'];
  return ['info', 'On its way to your customers'];
}

function stateOf(delivery: DeliveryItem): Said {
  const { operation, state } = delivery;
  if (state === 'held') return ['info', 'Waits: switched off in the settings']; // nothing is shown of a restricted lead
  if (operation === 'erase') {
    if (state === 'delivered') return ['success', 'Erased there'];
    return state === 'failed' ? ['warning', 'Could not be erased there'] : ['info', 'Not erased there yet'];
  }
  if (state === 'delivered') return ['success', 'Arrived'];
  if (state === 'failed') return ['warning', 'Did not arrive'];
  return faultOf(delivery) ? ['warning', 'Has not arrived yet'] : ['info', 'On its way'];
}

/** Of the shop's customers the words are our own. */
function wordsOf(target: string, fault: Fault, { canAddCustomers }: Shop): string {
  if (target !== 'shopify') return faultInWords(fault);
  if (fault.fault === 'misconfigured' && canAddCustomers) return 'The lead is tried again, now that you allow it.';
  return fault.words ?? faultInWords(fault);
}

/** What stood in the way, and what the receiver itself said of it. */
export function faultInWords({ fault = 'internal', words }: Pick<Fault, 'fault' | 'words'>): string {
  const ours = FAULT_WORDS[fault] ?? fault;
  return words === undefined ? ours : `${ours} “${words}”`;
}
