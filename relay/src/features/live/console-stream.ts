import type { ConsoleEvent } from '@confab/contract';
import { createInbox } from '../../live/inbox.ts';
import type { Live, LiveEvent } from '../../live/live.ts';
import type { Presence } from './presence.ts';

type Deps = { live: Pick<Live, 'on'>; presence: Pick<Presence, 'watch'> };

type Watched = {
  siteId: string;
  userId: string;
  /** Whether who watches is still signed in, with the same role at the site. */
  isStill: () => Promise<boolean>;
};

/** What may mean that somebody may watch no more; and now and then, as sessions end by themselves too. */
const RECHECKED = ['beat', 'missed', 'signed_out', 'access_changed'];

/** What happens at a site, for a user of the console, until `signal` or until they may not see it any more. */
export async function* consoleStream(
  { live, presence }: Deps,
  { siteId, userId, isStill }: Watched,
  signal: AbortSignal,
): AsyncGenerator<ConsoleEvent> {
  const inbox = createInbox<LiveEvent>({ type: 'missed' });
  const stops = [
    live.on(`site ${siteId}`, inbox.put),
    live.on(`user ${userId}`, inbox.put),
    presence.watch({ siteId, userId }, inbox.put),
  ];
  try {
    // What ended since they were admitted, and before we heard of it.
    inbox.put({ type: 'beat' });
    for await (const heard of inbox.taken(signal)) {
      if (RECHECKED.includes(heard.type) && !(await isStill())) {
        yield { event: 'signed_out', data: {} };
        return;
      }
      const event = eventOf(heard);
      if (event) yield event;
    }
  } finally {
    for (const stop of stops) stop();
  }
}

function eventOf({ type, id = '', by }: LiveEvent): ConsoleEvent | undefined {
  switch (type) {
    case 'conversation':
    case 'ended':
      return { event: type, data: { conversationId: id } };
    case 'message':
      return { event: type, data: { conversationId: id, role: by as 'visitor' | 'assistant' | 'agent' } };
    case 'typing':
      return {
        event: type,
        data: by === 'visitor' ? { conversationId: id, role: by } : { conversationId: id, role: 'agent', by: by ?? '' },
      };
    case 'presence':
      return { event: type, data: { conversationId: id, present: by === 'here' } };
    case 'lead':
      return { event: type, data: { leadId: id } };
    case 'visitors':
    case 'missed':
      return { event: type, data: {} };
    default:
      return undefined;
  }
}
