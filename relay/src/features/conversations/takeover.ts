import { type AgentMessageRequest, mayAs, type Role } from '@confab/contract';
import { v7 as uuidv7 } from 'uuid';
import type { Db, Tx } from '../../db/database.ts';
import { inTransaction } from '../../db/transaction.ts';
import { AppError } from '../../lib/app-error.ts';
import type { Live } from '../../live/live.ts';
import type { Site } from '../sites/index.ts';
import type { Usage } from '../usage/index.ts';
import type { StoredMessage } from './store.ts';
import type { Holder, LockedConversation, TakenOver, TakeoverStore } from './takeover-store.ts';

/** Who has taken over and has written nothing for so long has gone: the assistant answers again. */
const SILENCE_MAX_MS = 30 * 60 * 1_000;

/** How many silent takeovers one look ends. */
const AT_ONCE = 100;

/** Who of the team does something. */
export type Agent = { userId: string; name: string };

/** A conversation with who has taken it over, as it stands in the database. */
type Standing = { siteId: string; id: string } & Pick<
  LockedConversation,
  'takenOverBy' | 'takenOverName' | 'takenOverAt'
>;

type Deps = {
  db: Db;
  store: TakeoverStore;
  live: Pick<Live, 'tell'>;
  /** What a user may do at a site now. */
  roleAt: (userId: string, siteId: string) => Promise<{ role: Role } | undefined>;
  requireFeature: Usage['requireFeature'];
  now: () => Date;
};

export type Takeover = ReturnType<typeof createTakeover>;

/**
 * People of the team who answer in the assistant's place. That ends when they give the conversation back, when they have
 * written nothing for half an hour, or when they may not write at the site any more.
 */
export function createTakeover({ db, store, live, roleAt, requireFeature, now }: Deps) {
  const silentBefore = () => new Date(now().getTime() - SILENCE_MAX_MS);

  return {
    /**
     * From its return on the assistant is silent; an answer that is being written ends as it would have. Throws 404, 403
     * for what is restricted, 403 `plan_limit_reached` where the plan does not include it, and 409 `taken_over` where somebody
     * else has it, unless it is taken from them by `force`.
     */
    async take(
      site: Site,
      id: string,
      agent: Agent,
      { force }: { force: boolean },
    ): Promise<Holder & { isNew: boolean }> {
      await settleById(site.id, id);
      return inTransaction(db, async tx => {
        const row = await lock(tx, site.id, id);
        const current = holderIn(row);
        if (current?.userId === agent.userId) return { ...current, isNew: false };
        requireFeature(site, 'takeover');
        if (current && !force) throw takenOver(current);
        const holder = { ...agent, at: now() };
        await store.take(tx, site.id, id, holder);
        await tellChange(tx, site.id, id);
        return { ...holder, isNew: true };
      });
    },

    /** The assistant answers again, as it does where nobody has taken over. Throws 404, and 409 for somebody else's. */
    async giveBack(site: Site, id: string, agent: Agent): Promise<void> {
      await inTransaction(db, async tx => {
        const row = await lock(tx, site.id, id);
        const current = holderIn(row);
        if (!current) return;
        if (current.userId !== agent.userId) throw takenOver(current);
        await releaseIn(tx, { siteId: site.id, id, takenOverBy: current.userId, takenOverAt: current.at });
      });
    },

    /**
     * Keeps what somebody writes who has taken over, once for each `clientMessageId`. Throws 404, 403 for what is
     * restricted, 409 `not_taken_over`, and 409 `taken_over` where somebody else has it.
     */
    async write(
      site: Site,
      id: string,
      agent: Agent,
      { text, clientMessageId }: AgentMessageRequest,
    ): Promise<StoredMessage> {
      await settleById(site.id, id);
      return inTransaction(db, async tx => {
        const row = await lock(tx, site.id, id);
        const known = await store.messageBy(tx, site.id, id, clientMessageId);
        if (known) return known;
        requireHolder(row, agent);
        const message = await store.write(tx, site.id, id, {
          id: uuidv7(),
          turnId: uuidv7(),
          clientTurnId: clientMessageId,
          text,
          authorId: agent.userId,
          authorName: agent.name,
          createdAt: now(),
        });
        await live.tell(`conversation ${id}`, { type: 'message', id: message.id }, tx);
        await live.tell(`site ${site.id}`, { type: 'message', id, by: 'agent' }, tx);
        return message;
      });
    },

    /** Tells the visitor that somebody is writing. Throws as `write` does. */
    async type(site: Site, id: string, agent: Agent): Promise<void> {
      requireHolder(known(await rowOf(site.id, id)), agent);
      await live.tell(`conversation ${id}`, { type: 'typing', by: agent.userId });
      await live.tell(`site ${site.id}`, { type: 'typing', id, by: agent.userId });
    },

    /** Who has taken over a conversation; nobody where that has ended by itself, which it then does here. */
    settled,

    /** The visitor has written to whoever has taken over. */
    waits: store.waits,

    /** What somebody of the team wrote. */
    message: store.message,

    /** Ends every takeover that has gone silent. */
    async releaseSilent(): Promise<void> {
      for (const each of await store.silent(silentBefore(), AT_ONCE)) await release(each);
    },

    /** What these users have taken over. */
    heldBy: (users: { siteId: string; userId: string }[]): Promise<TakenOver[]> =>
      users.length > 0 ? store.heldBy(users) : Promise.resolve([]),

    /** Gives back what a user has taken over at a site where they may not write any more. */
    async settleUser(siteId: string, userId: string): Promise<void> {
      for (const each of await store.heldBy([{ siteId, userId }])) if (await hasEnded(each)) await release(each);
    },
  };

  async function settled(row: Standing): Promise<Holder | null> {
    const holder = holderIn(row);
    if (!holder) return null;
    const { siteId, id } = row;
    const takeover = { siteId, id, takenOverBy: holder.userId, takenOverAt: holder.at };
    if (!(await hasEnded(takeover))) return holder;
    await release(takeover);
    return null;
  }

  async function settleById(siteId: string, id: string): Promise<void> {
    const row = await rowOf(siteId, id);
    if (row) await settled(row);
  }

  async function hasEnded(takeover: TakenOver): Promise<boolean> {
    const found = await roleAt(takeover.takenOverBy, takeover.siteId);
    if (!mayAs(found?.role, 'agent')) return true;
    const before = silentBefore();
    return takeover.takenOverAt < before && !(await store.hasWritten(takeover, before));
  }

  function rowOf(siteId: string, id: string) {
    return db.conversation.findUnique({ where: { siteId_id: { siteId, id } } });
  }

  async function lock(tx: Tx, siteId: string, id: string): Promise<LockedConversation> {
    return known(await store.lock(tx, siteId, id));
  }

  function release(takeover: TakenOver): Promise<void> {
    return inTransaction(db, tx => releaseIn(tx, takeover));
  }

  async function releaseIn(tx: Tx, takeover: TakenOver): Promise<void> {
    if (await store.release(tx, takeover)) await tellChange(tx, takeover.siteId, takeover.id);
  }

  async function tellChange(tx: Tx, siteId: string, id: string): Promise<void> {
    await live.tell(`conversation ${id}`, { type: 'takeover' }, tx);
    await live.tell(`site ${siteId}`, { type: 'conversation', id }, tx);
  }
}

function known<Row extends LockedConversation>(row: Row | null | undefined): Row {
  if (!row) throw new AppError('conversation_not_found', 'This conversation is not stored (any more).');
  if (row.restrictedAt) {
    throw new AppError('not_offered', 'The use of this conversation is restricted, so nobody may take it over.');
  }
  return row;
}

function requireHolder(row: LockedConversation, { userId }: Agent): void {
  const holder = holderIn(row);
  if (!holder) throw new AppError('not_taken_over', 'The assistant answers here. Take the conversation over first.');
  if (holder.userId !== userId) throw takenOver(holder);
}

function holderIn({
  takenOverBy,
  takenOverName,
  takenOverAt,
}: Omit<LockedConversation, 'restrictedAt'>): Holder | null {
  return takenOverBy && takenOverAt ? { userId: takenOverBy, name: takenOverName ?? '', at: takenOverAt } : null;
}

const takenOver = ({ name }: Holder) => new AppError('taken_over', `${name} has taken over this conversation.`);
