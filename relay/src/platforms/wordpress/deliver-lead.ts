import type { Leads } from '../../features/leads/index.ts';
import type { Sites } from '../../features/sites/index.ts';
import type { Deliver, Outcome } from '../../jobs/outbox.ts';
import type { CallPlugin, PluginAnswer } from './call-plugin.ts';

type Deps = {
  sites: Pick<Sites, 'byId'>;
  leads: Pick<Leads, 'createdEvent' | 'briefOf'>;
  callPlugin: CallPlugin;
  /** Has it looked at whether the plugin is still the one that was connected. */
  checkConnection: (siteId: string) => Promise<void>;
};

/**
 * Tells the plugin of a new lead. The message's id is the lead's own, so that the plugin knows a second try; and since
 * the plugin tells its listeners once of each lead, what changes later is not told: a listener would make a second
 * person of it. The plugin keeps nothing of a lead, so there is nothing to erase either.
 */
export function createDeliverLead({ sites, leads, callPlugin, checkConnection }: Deps): Deliver {
  return async ({ siteId, subjectId, operation, externalId }, signal) => {
    if (operation === 'erase') return { is: 'gone' };
    if (externalId !== null) return { is: 'had' };
    const event = await leads.createdEvent(siteId, subjectId);
    if (!event) return { is: (await leads.briefOf(siteId, subjectId)) ? 'held' : 'gone' };
    const site = await sites.byId(siteId);
    if (!site?.isConnected || site.platform !== 'wordpress' || site.homeUrl === null) return NOT_CONNECTED;
    if (site.verification === 'failed') return NOT_CONNECTED;
    if (site.verification !== 'verified') return { ...NOT_CONNECTED, is: 'later' };
    const { homeUrl } = site;
    const answer = await callPlugin({ homeUrl, route: 'events', id: subjectId, message: event, signal });
    const outcome = outcomeOf(answer, subjectId);
    // Somebody else answers there now, or the plugin has lost its connection: what is known of it is out of date.
    if ('fault' in outcome && outcome.fault === 'not_connected') await checkConnection(siteId);
    return outcome;
  };
}

const NOT_CONNECTED = { is: 'refused', fault: 'not_connected' } as const;

function outcomeOf(answer: PluginAnswer, leadId: string): Outcome {
  if (!answer) return { is: 'later', fault: 'unreachable' };
  const { status } = answer;
  if (status >= 200 && status < 300) return { is: 'delivered', externalId: leadId };
  if ([401, 403, 404].includes(status)) return { ...NOT_CONNECTED, is: 'later' };
  return { is: 'later', fault: status === 429 ? 'rate_limited' : 'unavailable', words: `HTTP ${status}` };
}
