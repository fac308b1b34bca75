import { type CrmName, type CrmTestResponse, crmName, type SiteResponse } from '@confab/contract';
import type { Outbox } from '../../jobs/outbox.ts';
import { redact } from '../../lib/redact.ts';
import { sha256 } from '../../lib/sha256.ts';
import { type Crm, CrmFault, type CrmLead } from '../../providers/crm/crm.ts';
import type { Site } from '../sites/index.ts';
import { type Crms, NO_CREDENTIALS } from './deliver-to-crm.ts';

const MADE_MS = 20_000;
const ERASED_MS = 15_000;

export type CrmTests = ReturnType<typeof createCrmTests>;

type Deps = { crms: Crms; outbox: Pick<Outbox, 'failing'>; now: () => Date };

/** How the CRMs of a site do, for its owner to see. */
export function createCrmTests({ crms, outbox, now }: Deps) {
  return {
    /** Has the CRM take a lead of nobody, by the saved settings, and erase it again; tells what the CRM said. */
    async test(site: Site, name: CrmName): Promise<CrmTestResponse> {
      const crm = crms.of(site, name);
      if (!crm) return { ok: false, fault: NO_CREDENTIALS.fault, words: NO_CREDENTIALS.words };
      const lead = testLead(site, name, now());
      const made = await answerOf(crm.upsertLead(lead, null, AbortSignal.timeout(MADE_MS)));
      if (made instanceof CrmFault) {
        // Where its end is unknown it may be there.
        if (!ENDED.has(made.fault)) await eraseAgain(crm, lead.key, null);
        return refusal(made);
      }
      const left = await eraseAgain(crm, lead.key, made.recordId);
      if (!left) return { ok: true, recordId: made.recordId };
      return { ...refusal(left, 'The lead was made, but not erased again: erase it there.'), recordId: made.recordId };
    },

    /** Of each CRM that the site has chosen, whether leads arrive there. */
    async integrationsOf(site: Site): Promise<SiteResponse['integrations']> {
      const chosen = crmName.options.filter(name => site.settings.crm.connectors.includes(name));
      if (chosen.length === 0) return [];
      const failing = await outbox.failing(site.id, chosen);
      return chosen.map(name => {
        if (!crms.of(site, name)) return { name, state: 'not_configured' };
        return { name, state: failing.includes(name) ? 'failing' : 'ready' };
      });
    },
  };
}

/** After one of these nothing was made. */
const ENDED = new Set(['invalid', 'misconfigured', 'unauthorized']);

const eraseAgain = async (crm: Crm, key: string, known: string | null): Promise<CrmFault | undefined> => {
  const erased = await answerOf(crm.eraseLead({ key, known }, AbortSignal.timeout(ERASED_MS)));
  return erased instanceof CrmFault ? erased : undefined;
};

const answerOf = <Answer>(call: Promise<Answer>): Promise<Answer | CrmFault> =>
  call.catch(error => {
    if (error instanceof CrmFault) return error;
    throw error;
  });

function refusal({ fault, words = '' }: CrmFault, before = ''): CrmTestResponse {
  const said = [before, redact(words)].filter(part => part !== '').join(' ');
  return { ok: false, fault, ...(said && { words: said }) };
}

function testLead({ id, settings }: Site, name: CrmName, createdAt: Date): CrmLead {
  const mapped = settings.prechat.fields.filter(field => Object.hasOwn(settings.crm[name].mapping, field.name));
  return {
    // Always the same one: what a test left behind, the next one erases.
    key: sha256(`test lead ${id}`).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5'),
    kind: 'lead',
    createdAt,
    name: 'Confab test',
    email: 'confab-test@example.com',
    phone: null,
    message: 'A test of the connection. It is erased again at once.',
    callbackAt: null,
    timezone: null,
    pageUrl: null,
    marketing: false,
    fields: Object.fromEntries(mapped.map(field => [field.name, field.options?.[0]?.value ?? 'Test'])),
    transcript: null,
  };
}
