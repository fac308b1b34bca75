import type { VisitorEvent } from '@confab/contract';
import { createInbox } from '../../live/inbox.ts';
import type { Live, LiveEvent } from '../../live/live.ts';
import type { Conversations, Holder } from '../conversations/index.ts';
import type { Site } from '../sites/index.ts';
import { type Presence, STALE_MS } from './presence.ts';

type Deps = {
  live: Pick<Live, 'on'>;
  presence: Pick<Presence, 'visit'>;
  conversations: Pick<Conversations, 'look' | 'takeover'>;
  now: () => Date;
};

/** What happens in a conversation, for its visitor, until `signal` or until the conversation is gone. */
export async function* visitorStream(
  { live, presence, conversations, now }: Deps,
  { site, handle, conversationId }: { site: Site; handle: string; conversationId: string },
  signal: AbortSignal,
): AsyncGenerator<VisitorEvent> {
  const inbox = createInbox<LiveEvent>({ type: 'missed' });
  const stops = [
    live.on(`conversation ${conversationId}`, inbox.put),
    presence.visit({ siteId: site.id, conversationId }, inbox.put),
  ];
  /** Who has taken over as the visitor was told it last; nothing before the first time. */
  let told: Holder | null | undefined;
  let isPresent = true;
  let heardAt = now();

  try {
    inbox.put({ type: 'takeover' });
    for await (const heard of inbox.taken(signal)) {
      if (heard.type === 'ended') {
        yield { event: 'ended', data: {} };
        return;
      }
      if (heard.type === 'takeover' || heard.type === 'missed') {
        const standing = await conversations.look(site, handle);
        if (!standing) {
          yield { event: 'ended', data: {} };
          return;
        }
        const holder = await conversations.takeover.settled(standing);
        if (told === undefined || told?.at.getTime() !== holder?.at.getTime()) {
          yield { event: 'takeover', data: { by: holder?.name ?? null } };
          isPresent = true;
          heardAt = now();
        }
        told = holder;
        if (heard.type === 'missed') yield { event: 'missed', data: {} };
        continue;
      }
      if (heard.type === 'message' && heard.id) {
        const message = await conversations.takeover.message(site.id, conversationId, heard.id);
        if (!message) continue;
        const { id, text, authorName, createdAt } = message;
        const shown = { id, role: 'agent' as const, text, author: authorName ?? '', citations: [] as [] };
        yield { event: 'message', data: { ...shown, createdAt: createdAt.toISOString() } };
      }
      if (!told) continue;
      if (heard.type === 'beat') {
        if (isPresent && now().getTime() - heardAt.getTime() > STALE_MS) {
          isPresent = false;
          yield { event: 'presence', data: { present: false } };
        }
        continue;
      }
      if (heard.type !== 'message' && heard.by !== told.userId) continue;
      heardAt = now();
      if (!isPresent) {
        isPresent = true;
        yield { event: 'presence', data: { present: true } };
      }
      if (heard.type === 'typing') yield { event: 'typing', data: { by: told.name } };
    }
  } finally {
    for (const stop of stops) stop();
  }
}
