import type { LeadCreated } from '@confab/contract';
import type { CallPlugin } from './call-plugin.ts';

/** What became of one try: taken, worth another one, or answered by somebody who is not our plugin (any more). */
export type Delivery = 'taken' | 'later' | 'not_ours';

/** Brings a lead to the plugin; the message's id is the lead's own, so that the plugin knows a second try. */
export async function deliverLead(
  callPlugin: CallPlugin,
  homeUrl: string,
  event: LeadCreated,
  signal: AbortSignal,
): Promise<Delivery> {
  const answer = await callPlugin({ homeUrl, route: 'events', id: event.data.leadId, message: event, signal });
  if (!answer) return 'later';
  if (answer.status >= 200 && answer.status < 300) return 'taken';
  return [401, 403, 404].includes(answer.status) ? 'not_ours' : 'later';
}
