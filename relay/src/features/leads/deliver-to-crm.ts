import { type CrmName, crmName } from '@confab/contract';
import type { Attempt, Outbox, Outcome } from '../../jobs/outbox.ts';
import { redact } from '../../lib/redact.ts';
import { type Crm, CrmFault, type CrmFaultKind, type CrmLead } from '../../providers/crm/crm.ts';
import type { Site, Sites } from '../sites/index.ts';
import { withoutLead } from './crm-words.ts';
import type { Leads } from './leads.ts';

/** The CRMs of the sites. */
export type Crms = {
  /** Nothing where the site has not given its credentials. */
  of(site: Site, name: CrmName): Crm | undefined;
};

type Deps = { sites: Pick<Sites, 'byId'>; leads: Pick<Leads, 'crmLead'>; crms: Crms };

/** Has leads, what changes of them and their erasure handed over to the sites' CRMs. */
export function handleCrmDeliveries(outbox: Pick<Outbox, 'handle'>, { sites, leads, crms }: Deps): void {
  for (const name of crmName.options) {
    outbox.handle(name, async (attempt, signal) => {
      const site = await sites.byId(attempt.siteId);
      if (!site) return { is: 'gone' };
      const crm = crms.of(site, name);
      if (attempt.operation === 'erase') return crm ? erase(crm, attempt, signal) : ERASE_BY_HAND;
      if (!site.settings.crm.connectors.includes(name)) return switchedOff(attempt);
      if (!crm) return NO_CREDENTIALS;
      const lead = await leads.crmLead(attempt.siteId, attempt.subjectId);
      if (lead === undefined) return { is: 'gone' };
      return lead === 'held' ? { is: 'held' } : deliver(crm, lead, attempt, signal);
    });
  }
}

export const NO_CREDENTIALS = {
  is: 'refused',
  fault: 'misconfigured',
  words: 'Not all credentials of this CRM are there: add them in the settings.',
} as const satisfies Outcome;

const ERASE_BY_HAND = {
  ...NO_CREDENTIALS,
  words: 'The lead was erased here, and this CRM may have it still, but its credentials are gone. Erase it there.',
} as const satisfies Outcome;

/** Who has it, or may have it, must hear of an erasure later: only what was never tried goes. */
function switchedOff({ attempts, externalId }: Attempt): Outcome {
  if (externalId !== null) return { is: 'had' };
  return { is: attempts === 0 ? 'gone' : 'held' };
}

async function deliver(crm: Crm, lead: CrmLead, { externalId }: Attempt, signal: AbortSignal): Promise<Outcome> {
  try {
    const { recordId } = await crm.upsertLead(lead, externalId, signal);
    return { is: 'delivered', externalId: recordId };
  } catch (error) {
    return outcomeOf(error, words => withoutLead(words, lead));
  }
}

async function erase(crm: Crm, { subjectId, externalId }: Attempt, signal: AbortSignal): Promise<Outcome> {
  try {
    await crm.eraseLead({ key: subjectId, known: externalId }, signal);
    return { is: 'delivered' };
  } catch (error) {
    // Whose words these are about is forgotten here: only what is said of the access can be about nobody.
    const isOfAccess = error instanceof CrmFault && OF_ACCESS.includes(error.fault);
    return outcomeOf(error, words => (isOfAccess ? redact(words) : undefined));
  }
}

const OF_ACCESS: CrmFaultKind[] = ['unauthorized', 'misconfigured', 'rate_limited'];

function outcomeOf(error: unknown, clean: (words: string) => string | undefined): Outcome {
  if (!(error instanceof CrmFault)) throw error;
  const { fault, retryAfterS } = error;
  const told = { fault, words: error.words && clean(error.words) };
  // Without the credentials or the property nobody has to wait: a change of the settings has it tried again. But the
  // owner may also put it right in the CRM, of which nobody tells us.
  if (fault === 'invalid' || fault === 'misconfigured') return { is: 'refused', ...told };
  return { is: 'later', ...told, retryAfterS };
}
