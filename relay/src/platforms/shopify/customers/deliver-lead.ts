import type { DeliveryFault } from '@confab/contract';
import type { LeadDetails, Leads } from '../../../features/leads/index.ts';
import type { Deliver, Outcome } from '../../../jobs/outbox.ts';
import type { Log } from '../../../lib/log.ts';
import type { Admin } from '../admin.ts';
import { type FaultKind, isPassing, ShopifyFault } from '../fault.ts';
import { CREATE_CUSTOMER, FIND_CUSTOMER, SUBSCRIBE_CUSTOMER, TAG_CUSTOMER } from '../operations/customers.ts';
import { grants } from '../scopes.ts';
import type { Shops } from '../shops.ts';

type Deps = {
  shops: Pick<Shops, 'bySite'>;
  leads: Pick<Leads, 'details' | 'setExternalId'>;
  admin: Pick<Admin, 'request'>;
  log: Pick<Log, 'warn'>;
};

type Customer = {
  id: string;
  defaultEmailAddress: { emailAddress: string; marketingState: string; marketingUpdatedAt: string | null } | null;
};

/** The customer whom the lead became, or why there is none. */
type Made = { customerId: string } | { fault: keyof typeof REFUSALS };

/** It is tried again by itself: better soon than holding up other leads, or running into its own end. */
const PATIENCE_MS = 5_000;

/** As much as Shopify takes, in characters. */
const NOTE_MAX = 5_000;

/** What Shopify does not take, in words for the merchant. */
const REFUSALS = {
  email: 'Shopify does not take this e-mail address.',
  phone: 'Shopify does not take this phone number.',
  details: 'Shopify did not take these details.',
};

const FAULTS: Readonly<Record<FaultKind, DeliveryFault>> = {
  not_installed: 'not_connected',
  needs_merchant: 'unauthorized',
  scope_missing: 'misconfigured',
  throttled: 'rate_limited',
  unreachable: 'unreachable',
  refused: 'invalid',
};

/**
 * Makes a customer of the shop of a lead. One who is there already is found by the address, or else by the number, and
 * gets tags and nothing else: what stands in the shop is the merchant's. Marketing is agreed to only by the box of its
 * own, as of the moment when it was ticked, and never for somebody who has said no since. It may be gone through again at
 * any point, also for a lead that has changed: then the customer of the first time is found, and nobody is made anew whom
 * the merchant has removed since. Erasing is Shopify's: its customers are the merchant's, who erases them there.
 */
export function createDeliverLead({ shops, leads, admin, log }: Deps): Deliver {
  return async ({ siteId, subjectId, operation, externalId }, signal): Promise<Outcome> => {
    if (operation === 'erase') return { is: 'gone' };
    const lead = await leads.details(siteId, subjectId);
    if (!lead) return { is: 'gone' };
    if (lead === 'held') return { is: 'held' };
    const shop = await shops.bySite(siteId);
    if (!shop || shop.uninstalledAt !== null) return { is: 'refused', fault: 'not_connected' };
    // Asked for when the owner wants leads; once they are granted, all leads come by here again.
    if (!grants(shop.scopes, 'write_customers')) return NOT_ALLOWED;
    const options = { signal, patienceMs: PATIENCE_MS };
    const request: Request = (operation, variables) => admin.request(shop.domain, operation, { ...options, variables });
    try {
      const made = await deliver(request, lead, externalId);
      if (made === undefined) return { is: 'had' };
      if ('fault' in made) return { is: 'refused', fault: 'invalid', words: REFUSALS[made.fault] };
      const number = made.customerId.split('/').pop() ?? '';
      await leads.setExternalId(siteId, subjectId, number);
      return { is: 'delivered', externalId: number };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ShopifyFault)) throw error;
      const { kind } = error;
      if (kind === 'scope_missing') return NOT_ALLOWED;
      const fault = FAULTS[kind];
      // A merchant who opens the app renews what is void.
      if (isPassing(error) || kind === 'needs_merchant') return { is: 'later', fault };
      if (kind !== 'not_installed') log.warn({ siteId, err: error }, 'a lead was not delivered');
      return { is: 'refused', fault, ...(kind === 'refused' && { words: REFUSALS.details }) };
    }
  };
}

const NOT_ALLOWED: Outcome = {
  is: 'refused',
  fault: 'misconfigured',
  words: 'The app may not add customers yet. Allow it on the page of the app.',
};

type Request = <Data>(operation: string, variables: Record<string, unknown>) => Promise<Data>;

/** Nothing where the customer of an earlier time is gone. */
async function deliver(request: Request, lead: LeadDetails, number: string | null): Promise<Made | undefined> {
  if (number !== null) {
    const same = await findBy(request, { id: `gid://shopify/Customer/${number}` });
    return same && extend(request, lead, same);
  }
  const known = await find(request, lead);
  if (known) return extend(request, lead, known);
  const made = await create(request, inputOf(lead));
  if ('id' in made) return { customerId: made.id };
  // Somebody else may have made the same customer meanwhile.
  const other = await find(request, lead);
  if (other) return extend(request, lead, other);
  if (made.wrong.includes('email')) return { fault: 'email' };
  if (!made.wrong.includes('phone')) return { fault: 'details' };
  if (lead.emailKey === null) return { fault: 'phone' };
  // A number that Shopify does not take is no reason to lose the person: the note has it.
  const { phone: _, ...rest } = inputOf(lead, `Phone: ${lead.phoneKey}`);
  const withoutPhone = await create(request, rest);
  return 'id' in withoutPhone ? { customerId: withoutPhone.id } : { fault: 'phone' };
}

async function find(request: Request, { emailKey, phoneKey }: LeadDetails): Promise<Customer | undefined> {
  const byEmail = emailKey === null ? undefined : await findBy(request, { emailAddress: emailKey });
  return byEmail ?? (phoneKey === null ? undefined : await findBy(request, { phoneNumber: phoneKey }));
}

async function findBy(request: Request, identifier: Record<string, string>): Promise<Customer | undefined> {
  type Found = { customerByIdentifier: Customer | null };
  const { customerByIdentifier } = await request<Found>(FIND_CUSTOMER, { identifier });
  return customerByIdentifier ?? undefined;
}

async function create(request: Request, input: object): Promise<{ id: string } | { wrong: string[] }> {
  type Created = { customerCreate: { customer: { id: string } | null; userErrors: { field: string[] | null }[] } };
  const { customer, userErrors } = (await request<Created>(CREATE_CUSTOMER, { input })).customerCreate;
  return customer ?? { wrong: userErrors.flatMap(({ field }) => field ?? []) };
}

async function extend(request: Request, lead: LeadDetails, { id, ...customer }: Customer): Promise<Made> {
  const { tagsAdd } = await request<{ tagsAdd: Errors }>(TAG_CUSTOMER, { id, tags: tagsOf(lead) });
  if (tagsAdd.userErrors.length > 0) return { fault: 'details' };
  if (lead.marketingAt && maySubscribe(lead.emailKey, lead.marketingAt, customer.defaultEmailAddress)) {
    type Subscribed = { customerEmailMarketingConsentUpdate: Errors };
    const input = { customerId: id, emailMarketingConsent: consentOf(lead.marketingAt) };
    const answer = await request<Subscribed>(SUBSCRIBE_CUSTOMER, { input });
    if (answer.customerEmailMarketingConsentUpdate.userErrors.length > 0) return { fault: 'details' };
  }
  return { customerId: id };
}

type Errors = { userErrors: unknown[] };

/** The box was ticked for this address, and nothing that was said of it later stands against it. */
function maySubscribe(emailKey: string | null, tickedAt: Date, address: Customer['defaultEmailAddress']): boolean {
  if (address === null || address.emailAddress.toLowerCase() !== emailKey) return false;
  if (address.marketingState === 'NOT_SUBSCRIBED') return true;
  const saidAt = address.marketingUpdatedAt;
  return address.marketingState === 'UNSUBSCRIBED' && saidAt !== null && Date.parse(saidAt) < tickedAt.getTime();
}

const consentOf = (tickedAt: Date) => ({
  marketingState: 'SUBSCRIBED',
  marketingOptInLevel: 'SINGLE_OPT_IN',
  consentUpdatedAt: tickedAt.toISOString(),
});

const tagsOf = ({ kind }: LeadDetails): string[] =>
  kind === 'callback' ? ['confab-lead', 'confab-callback'] : ['confab-lead'];

/** The customer as Shopify wants it; without consent there is no word about it. */
function inputOf(lead: LeadDetails, more?: string) {
  const { emailKey, phoneKey, name, message, callbackAt, marketingAt } = lead;
  const [firstName, ...others] = (name ?? '').trim().split(/\s+/);
  const lines = [
    ...(callbackAt === null ? [] : [`Wishes to be called at ${callbackAt.toISOString()}`]),
    ...(more === undefined ? [] : [more]),
    ...(message === null ? [] : [message]),
  ];
  return {
    ...(emailKey !== null && { email: emailKey }),
    ...(phoneKey !== null && { phone: phoneKey }),
    ...(firstName && { firstName }),
    ...(others.length > 0 && { lastName: others.join(' ') }),
    tags: tagsOf(lead),
    ...(lines.length > 0 && { note: [...lines.join('\n')].slice(0, NOTE_MAX).join('') }),
    ...(marketingAt && emailKey !== null && { emailMarketingConsent: consentOf(marketingAt) }),
  };
}
