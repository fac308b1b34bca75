import type { AgentMessageRequest, Message, Takeover, Visitors } from '@confab/contract';
import type { Outbox } from '../../jobs/outbox.ts';
import type { Live } from '../../live/live.ts';
import type { Conversations } from '../conversations/index.ts';
import type { Site } from '../sites/index.ts';
import { STALE_MS } from './presence.ts';
import type { LiveStore } from './store.ts';
import { createThrottle } from './throttle.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Whoever did nothing for so long is not active. */
const ACTIVE_MINUTES = 5;
const ACTIVE_MAX = 200;
const PAGES_MAX = 20;

/** Browsers say more often that somebody types than anybody needs to know. */
const TYPING_EVERY_MS = 2_000;
const VIEWS_EVERY_MS = 5_000;

type Who = { userId: string; name: string };

export type Happenings = ReturnType<typeof createHappenings>;

type Deps = {
  store: LiveStore;
  live: Pick<Live, 'tell'>;
  conversations: Pick<Conversations, 'find' | 'takeover' | 'write'>;
  /** How often the chat was opened and a question asked, by everybody, in the last minutes. */
  recent: (siteId: string, minutes: number) => Promise<{ opened: number; turns: number }>;
  count: (siteId: string, name: 'takeovers') => void;
  outbox: Pick<Outbox, 'on'>;
  now: () => Date;
};

/** What the people of a site and its visitors do together, as it happens. */
export function createHappenings({ store, live, conversations, recent, count, outbox, now }: Deps) {
  const { takeover } = conversations;
  const typingIsNews = createThrottle(TYPING_EVERY_MS, now);
  const viewIsNews = createThrottle(VIEWS_EVERY_MS, now);

  outbox.on('lead.created', ({ siteId, subjectId }) => live.tell(`site ${siteId}`, { type: 'lead', id: subjectId }));

  return {
    /** Throws what `takeover.take` does. */
    async takeOver(site: Site, id: string, { userId, name }: Who, how: { force: boolean }): Promise<Takeover> {
      const taken = await takeover.take(site, id, { userId, name }, how);
      if (taken.isNew) count(site.id, 'takeovers');
      return { takenOverBy: { userId: taken.userId, name: taken.name }, takenOverAt: taken.at.toISOString() };
    },

    giveBack: (site: Site, id: string, { userId, name }: Who): Promise<void> =>
      takeover.giveBack(site, id, { userId, name }),

    write: (site: Site, id: string, { userId, name }: Who, message: AgentMessageRequest): Promise<Message> =>
      conversations.write(site, id, { userId, name }, message),

    /** Somebody of the team is writing. */
    async agentTypes(site: Site, id: string, { userId, name }: Who): Promise<void> {
      if (typingIsNews(`${userId} ${id}`)) await takeover.type(site, id, { userId, name });
    },

    /** The visitor is writing; nobody hears of it while the conversation is restricted. */
    async visitorTypes(site: Site, handle: string): Promise<void> {
      const { id, restrictedAt } = await conversations.find(site, handle);
      if (restrictedAt || !typingIsNews(id)) return;
      await live.tell(`site ${site.id}`, { type: 'typing', id, by: 'visitor' });
    },

    /** Somebody sees another page. */
    async pageSeen(site: Site): Promise<void> {
      if (viewIsNews(site.id)) await live.tell(`site ${site.id}`, { type: 'visitors' });
    },

    /** Who is there now, and what is looked at. */
    async visitors(site: Site, { days }: { days: number }): Promise<Visitors> {
      const at = now().getTime();
      const fresh = new Date(at - STALE_MS);
      const [active, counts, pages] = await Promise.all([
        store.active(site.id, new Date(at - ACTIVE_MINUTES * MINUTE_MS), fresh, ACTIVE_MAX),
        recent(site.id, ACTIVE_MINUTES),
        store.pages(site.id, new Date(at - days * DAY_MS), PAGES_MAX),
      ]);
      return {
        active: active.map(({ since, lastSeenAt, takenOverBy, takenOverName, ...row }) => ({
          ...row,
          since: since.toISOString(),
          lastSeenAt: lastSeenAt.toISOString(),
          takenOverBy: takenOverBy === null ? null : { userId: takenOverBy, name: takenOverName ?? '' },
        })),
        counts: { opened5m: counts.opened, turns5m: counts.turns },
        pages,
      };
    },
  };
}
