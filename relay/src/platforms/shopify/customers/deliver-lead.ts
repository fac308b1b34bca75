import type { DeliverLead, Leads, UndeliveredLead } from '../../../features/leads/index.ts';
import { NotYet } from '../../../jobs/jobs.ts';
import type { Log } from '../../../lib/log.ts';
import type { Admin } from '../admin.ts';
import { isPassing, ShopifyFault } from '../fault.ts';
import { CREATE_CUSTOMER, FIND_CUSTOMER, SUBSCRIBE_CUSTOMER, TAG_CUSTOMER } from '../operations/customers.ts';
import { grants } from '../scopes.ts';
import type { Shops } from '../shops.ts';

type Deps = {
  shops: Pick<Shops, 'bySite'>;
  leads: Pick<Leads, 'undelivered' | 'setDelivered' | 'setDeliveryFault'>;
  admin: Pick<Admin, 'request'>;
  log: Pick<Log, 'warn'>;
};

type Customer = {
  id: string;
  defaultEmailAddress: { emailAddress: string; marketingState: string; marketingUpdatedAt: string | null } | null;
};

/** The customer whom the lead became, or in one word why there is none. */
type Outcome = { customerId: string } | { fault: 'invalid_email' | 'invalid_phone' | 'refused' };

/** The job is tried again by itself: better soon than holding up the leads of other shops, or running into its own end. */
const PATIENCE_MS = 5_000;

/** As much as Shopify takes, in characters. */
const NOTE_MAX = 5_000;

/**
 * Makes a customer of the shop of a lead. One who is there already is found by the address, or else by the number, and
 * gets tags and nothing else: what stands in the shop is the merchant's. Marketing is agreed to only by the box of its
 * own, as of the moment when it was ticked, and never for somebody who has said no since. It may be gone through again at
 * any point: then the customer of the first time is found.
 */
export function createDeliverLead({ shops, leads, admin, log }: Deps): DeliverLead {
  return async (site, leadId, signal) => {
    const shop = await shops.bySite(site.id);
    const lead = await leads.undelivered(site.id, leadId);
    if (!shop || shop.uninstalledAt !== null || !lead) return;
    // Asked for when the owner wants leads; once they are granted, all leads come by here again.
    if (!grants(shop.scopes, 'write_customers')) return leads.setDeliveryFault(site.id, leadId, 'scope_missing');
    const options = { signal, patienceMs: PATIENCE_MS };
    const request: Request = (operation, variables) => admin.request(shop.domain, operation, { ...options, variables });
    try {
      const outcome = await deliver(request, lead);
      if ('fault' in outcome) await leads.setDeliveryFault(site.id, leadId, outcome.fault);
      else await leads.setDelivered(site.id, leadId, outcome.customerId.split('/').pop() ?? '');
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ShopifyFault)) throw error;
      const { kind } = error;
      await leads.setDeliveryFault(site.id, leadId, kind);
      // A merchant who opens the app renews what is void.
      if (isPassing(error) || kind === 'needs_merchant') throw new NotYet(error.message);
      if (kind !== 'not_installed') log.warn({ siteId: site.id, err: error }, 'a lead was not delivered');
    }
  };
}

type Request = <Data>(operation: string, variables: Record<string, unknown>) => Promise<Data>;

async function deliver(request: Request, lead: UndeliveredLead): Promise<Outcome> {
  const known = await find(request, lead);
  if (known) return extend(request, lead, known);
  const made = await create(request, inputOf(lead));
  if ('id' in made) return { customerId: made.id };
  // Somebody else may have made the same customer meanwhile.
  const other = await find(request, lead);
  if (other) return extend(request, lead, other);
  if (made.wrong.includes('email')) return { fault: 'invalid_email' };
  if (!made.wrong.includes('phone')) return { fault: 'refused' };
  if (lead.emailKey === null) return { fault: 'invalid_phone' };
  // A number that Shopify does not take is no reason to lose the person: the note has it.
  const { phone: _, ...rest } = inputOf(lead, `Phone: ${lead.phoneKey}`);
  const withoutPhone = await create(request, rest);
  return 'id' in withoutPhone ? { customerId: withoutPhone.id } : { fault: 'invalid_phone' };
}

async function find(request: Request, { emailKey, phoneKey }: UndeliveredLead): Promise<Customer | undefined> {
  const identifiers = [
    ...(emailKey === null ? [] : [{ emailAddress: emailKey }]),
    ...(phoneKey === null ? [] : [{ phoneNumber: phoneKey }]),
  ];
  for (const identifier of identifiers) {
    type Found = { customerByIdentifier: Customer | null };
    const { customerByIdentifier } = await request<Found>(FIND_CUSTOMER, { identifier });
    if (customerByIdentifier) return customerByIdentifier;
  }
  return undefined;
}

async function create(request: Request, input: object): Promise<{ id: string } | { wrong: string[] }> {
  type Created = { customerCreate: { customer: { id: string } | null; userErrors: { field: string[] | null }[] } };
  const { customer, userErrors } = (await request<Created>(CREATE_CUSTOMER, { input })).customerCreate;
  return customer ?? { wrong: userErrors.flatMap(({ field }) => field ?? []) };
}

async function extend(request: Request, lead: UndeliveredLead, { id, ...customer }: Customer): Promise<Outcome> {
  const { tagsAdd } = await request<{ tagsAdd: Errors }>(TAG_CUSTOMER, { id, tags: tagsOf(lead) });
  if (tagsAdd.userErrors.length > 0) return { fault: 'refused' };
  if (lead.marketing && maySubscribe(lead, customer.defaultEmailAddress)) {
    type Subscribed = { customerEmailMarketingConsentUpdate: Errors };
    const input = { customerId: id, emailMarketingConsent: consentOf(lead) };
    const answer = await request<Subscribed>(SUBSCRIBE_CUSTOMER, { input });
    if (answer.customerEmailMarketingConsentUpdate.userErrors.length > 0) return { fault: 'refused' };
  }
  return { customerId: id };
}

type Errors = { userErrors: unknown[] };

/** The box was ticked for this address, and nothing that was said of it later stands against it. */
function maySubscribe({ emailKey, createdAt }: UndeliveredLead, address: Customer['defaultEmailAddress']): boolean {
  if (address === null || address.emailAddress.toLowerCase() !== emailKey) return false;
  if (address.marketingState === 'NOT_SUBSCRIBED') return true;
  const saidAt = address.marketingUpdatedAt;
  return address.marketingState === 'UNSUBSCRIBED' && saidAt !== null && Date.parse(saidAt) < createdAt.getTime();
}

const consentOf = ({ createdAt }: UndeliveredLead) => ({
  marketingState: 'SUBSCRIBED',
  marketingOptInLevel: 'SINGLE_OPT_IN',
  consentUpdatedAt: createdAt.toISOString(),
});

const tagsOf = ({ kind }: UndeliveredLead): string[] =>
  kind === 'callback' ? ['confab-lead', 'confab-callback'] : ['confab-lead'];

/** The customer as Shopify wants it; without consent there is no word about it. */
function inputOf(lead: UndeliveredLead, more?: string) {
  const { emailKey, phoneKey, name, message, callbackAt, marketing } = lead;
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
    ...(marketing && emailKey !== null && { emailMarketingConsent: consentOf(lead) }),
  };
}
