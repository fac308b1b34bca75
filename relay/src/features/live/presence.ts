import { randomUUID } from 'node:crypto';
import type { Log } from '../../lib/log.ts';
import type { Live, LiveEvent } from '../../live/live.ts';
import type { Takeover } from '../conversations/index.ts';
import type { LiveStore, Of } from './store.ts';

/** How often a process says who is there by it. */
const BEAT_MS = 20_000;
/** Who was not said to be there for so long is not: their process has died. */
export const STALE_MS = 45_000;
/** Who goes from one page to the next is away for a moment only. */
const AWAY_MS = 3_000;

/** Takes what a stream is to tell. */
type Put = (event: LiveEvent) => void;

export type Presence = ReturnType<typeof createPresence>;

type Deps = {
  store: LiveStore;
  live: Pick<Live, 'tell'>;
  takeover: Pick<Takeover, 'heldBy' | 'releaseSilent'>;
  log: Log;
  now: () => Date;
};

/**
 * Who is there: each process says it of its own streams again and again, and what is not said any more is forgotten, so
 * that a process may die at any time. The same beat ends takeovers that have gone silent, and streams of what is gone.
 */
export function createPresence({ store, live, takeover, log, now }: Deps) {
  const holder = randomUUID();
  /** The streams of visitors by conversation, those of users by site and user. */
  const visits = new Map<string, Set<Put>>();
  const watches = new Map<string, Set<Put>>();
  const leaving = new Map<string, NodeJS.Timeout>();
  let beating: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const freshSince = () => new Date(now().getTime() - STALE_MS);

  return {
    /** The visitor of a conversation has a stream, until what this gives is called. */
    visit(of: Of, put: Put): () => void {
      const key = `${of.siteId} ${of.conversationId}`;
      const isBack = leaving.has(key);
      clearTimeout(leaving.get(key));
      leaving.delete(key);
      const remove = add(visits, key, put);
      if (!isBack && visits.get(key)?.size === 1) quietly(arrive(of));
      return () => {
        remove();
        if (visits.has(key)) return;
        const departs = setTimeout(() => {
          leaving.delete(key);
          quietly(depart(of));
        }, AWAY_MS);
        leaving.set(key, departs.unref());
      };
    },

    /** A user watches a site, until what this gives is called. Visitors whom they have taken over hear that they are there. */
    watch: ({ siteId, userId }: { siteId: string; userId: string }, put: Put): (() => void) =>
      add(watches, `${siteId} ${userId}`, put),

    start(): void {
      timer = setInterval(() => quietly(beat()), BEAT_MS).unref();
    },

    /** Nobody is there by this process any more. */
    async stop(): Promise<void> {
      clearInterval(timer);
      for (const each of leaving.values()) clearTimeout(each);
      await beating;
      await store.leave(holder, freshSince()).then(tellGone).catch(fault);
    },

    beat,
  };

  /** One at a time: who comes meanwhile is given the one that runs. */
  function beat(): Promise<void> {
    beating ??= beatOnce().finally(() => {
      beating = undefined;
    });
    return beating;
  }

  async function beatOnce(): Promise<void> {
    const all = [...visits.keys()].map(key => {
      const [siteId, conversationId] = key.split(' ') as [string, string];
      return { siteId, conversationId };
    });
    if (all.length > 0) {
      const open = await store.open(all);
      const keys = new Set(open.map(({ siteId, conversationId }) => `${siteId} ${conversationId}`));
      for (const { siteId, conversationId } of all) {
        const key = `${siteId} ${conversationId}`;
        if (!keys.has(key)) for (const put of visits.get(key) ?? []) put({ type: 'ended' });
      }
      await store.stay(open, holder, now());
    }
    await tellGone(await store.sweep(freshSince()));
    await takeover.releaseSilent();
    const users = [...watches.keys()].map(key => {
      const [siteId, userId] = key.split(' ') as [string, string];
      return { siteId, userId };
    });
    for (const { id, takenOverBy } of await takeover.heldBy(users)) {
      await live.tell(`conversation ${id}`, { type: 'presence', by: takenOverBy });
    }
    for (const puts of [...visits.values(), ...watches.values()]) for (const put of puts) put({ type: 'beat' });
  }

  async function arrive(of: Of): Promise<void> {
    if (await store.arrive(of, holder, now(), freshSince())) await tellPresence(of, 'here');
  }

  async function depart(of: Of): Promise<void> {
    if (visits.has(`${of.siteId} ${of.conversationId}`)) return;
    if (await store.depart(of, holder, freshSince())) await tellPresence(of, 'gone');
  }

  async function tellGone(all: Of[]): Promise<void> {
    for (const of of all) await tellPresence(of, 'gone');
  }

  function tellPresence({ siteId, conversationId }: Of, by: 'here' | 'gone'): Promise<void> {
    return live.tell(`site ${siteId}`, { type: 'presence', id: conversationId, by });
  }

  /** What fails here is said again at the next beat. */
  function quietly(work: Promise<void>): void {
    work.catch(fault);
  }

  function fault(error: unknown): void {
    log.warn({ err: error }, 'who is there could not be said');
  }
}

function add(all: Map<string, Set<Put>>, key: string, put: Put): () => void {
  const those = all.get(key) ?? new Set();
  all.set(key, those.add(put));
  return () => {
    those.delete(put);
    if (those.size === 0 && all.get(key) === those) all.delete(key);
  };
}
