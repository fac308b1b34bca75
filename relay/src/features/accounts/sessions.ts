import type { SessionList } from '@confab/contract';
import type { Tx } from '../../db/database.ts';
import type { Actor } from '../../http/request-state.ts';
import { AppError } from '../../lib/app-error.ts';
import type { LiveEvent, Topic } from '../../live/live.ts';
import { type Auth, SESSION_DAYS } from './auth.ts';
import { type Asking, headersOf } from './requests.ts';
import type { AccountStore } from './store.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
/** Who does nothing for so long signs in again. */
export const IDLE_MS = DAY_MS;
/** And so does everybody after this time. */
export const ABSOLUTE_MS = SESSION_DAYS * DAY_MS;
/** How exactly it is kept when somebody was last there. */
const SEEN_MS = 5 * 60_000;

export const NO_SESSION = 'There is no such session.';

export type Tell = (topic: Topic, event: LiveEvent, tx?: Tx) => Promise<void>;
export type Sessions = ReturnType<typeof createSessions>;

type Deps = { auth: () => Auth; store: AccountStore; tell: Tell; now: () => Date };

/** Who is signed in where. The database is asked each time: a session that was ended is out with the next call. */
export function createSessions({ auth, store, tell, now }: Deps) {
  return {
    /** Tells whoever streams to this user that one of their sessions, or each, has ended. */
    ended: (userId: string, sessionId?: string, tx?: Tx): Promise<void> =>
      tell(`user ${userId}`, { type: 'signed_out', ...(sessionId && { id: sessionId }) }, tx),

    /** Nothing where nobody is signed in, or not any more. A look that is `quiet` is not somebody being there. */
    async find(asked: Asking, { quiet = false } = {}): Promise<Actor | undefined> {
      if (!asked.cookie) return undefined;
      const found = await auth().api.getSession({ headers: headersOf(asked), query: { disableRefresh: true } });
      if (!found) return undefined;
      const { session, user } = found;
      const at = now();
      const idle = at.getTime() - session.updatedAt.getTime();
      if (idle > IDLE_MS || at.getTime() - session.createdAt.getTime() > ABSOLUTE_MS) {
        await this.end(user.id, session.id);
        return undefined;
      }
      if (!quiet && idle > SEEN_MS) await store.seen(session.id, at);
      return { userId: user.id, sessionId: session.id, name: user.name, email: user.email };
    },

    async actorOf(asked: Asking, how?: { quiet: boolean }): Promise<Actor> {
      const actor = await this.find(asked, how);
      if (!actor) throw new AppError('unauthorized', 'Sign in: there is no session, or it has ended.');
      return actor;
    },

    async list({ userId, sessionId }: Actor): Promise<SessionList> {
      const since = now().getTime() - IDLE_MS;
      const live = (await store.sessions(userId)).filter(({ updatedAt }) => updatedAt.getTime() > since);
      return {
        items: live.map(({ id, ipAddress, userAgent, createdAt, updatedAt }) => ({
          sessionId: id,
          current: id === sessionId,
          ipAddress,
          userAgent,
          createdAt: createdAt.toISOString(),
          lastSeenAt: updatedAt.toISOString(),
        })),
      };
    },

    /** Whether there was one. */
    async end(userId: string, id: string, tx?: Tx): Promise<boolean> {
      const was = await store.endSession(userId, id, tx);
      if (was) await this.ended(userId, id, tx);
      return was;
    },

    /** Every one, or every one but that. */
    async endAll(userId: string, { not, tx }: { not?: string; tx?: Tx } = {}): Promise<void> {
      for (const { id } of await store.sessions(userId, tx)) if (id !== not) await this.end(userId, id, tx);
    },
  };
}
