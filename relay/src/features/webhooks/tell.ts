import type { WebhookEvent } from '@confab/contract';
import { v5 as uuidv5 } from 'uuid';
import type { Db } from '../../db/database.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { Outbox, OwnEvent } from '../../jobs/outbox.ts';
import type { Ending, WebhookStore } from './store.ts';
import { targetOf } from './target.ts';

const MINUTE_MS = 60 * 1_000;

/** A conversation in which nobody has written for so long has ended. */
export const QUIET_MS = 30 * MINUTE_MS;

/** Conversations that are told of in one transaction. */
export const BATCH = 200;

/** Ours, so that the same event has the same id whoever hears of it. */
const NAMESPACE = '5f2f0f0a-3f58-4c2b-9a3d-7f1d6c0b8e21';

type Deps = {
  db: Db;
  store: WebhookStore;
  outbox: Pick<Outbox, 'add' | 'wake'>;
  now: () => Date;
};

/** Who is to be told of what happened: each once, whoever hears of it and however often. */
export function createTell({ db, store, outbox, now }: Deps) {
  return {
    /** Has every endpoint told that chose the event. */
    async event({ siteId, type, subjectId }: OwnEvent & { type: WebhookEvent }): Promise<void> {
      await inTransaction(db, async tx => {
        const chosen = await store.chosen(tx, siteId, type);
        if (chosen.length === 0) return;
        const id = idFor(siteId, type, subjectId);
        const message = { id, type, subjectId, lastMessageAt: null, createdAt: now() };
        // Who has written it down has told everybody with it.
        if (!(await store.addMessage(tx, siteId, message))) return;
        await outbox.add(
          tx,
          chosen.map(each => ({ siteId, target: targetOf(each.id), subjectId: id })),
        );
      });
      outbox.wake();
    },

    /**
     * Has the endpoints told of the conversations that have ended since they were last told, however long ago that is.
     * Each endpoint keeps how far it was told, and that moves with what it is told of.
     */
    async endings(siteId: string, signal: AbortSignal): Promise<void> {
      const until = new Date(now().getTime() - QUIET_MS);
      for (let isMore = true; isMore; ) {
        signal.throwIfAborted();
        isMore = await inTransaction(db, async tx => {
          const chosen = (await store.chosen(tx, siteId, 'conversation.ended')).flatMap(({ id, endedUntil }) =>
            endedUntil && endedUntil < until ? [{ id, endedUntil }] : [],
          );
          if (chosen.length === 0) return false;
          const after = new Date(Math.min(...chosen.map(({ endedUntil }) => endedUntil.getTime())));
          const endings = await store.endings(tx, siteId, after, until, BATCH);
          for (const ending of endings) {
            const message = messageOf(siteId, ending, now());
            await store.addMessage(tx, siteId, message);
            const untold = chosen.filter(({ endedUntil }) => endedUntil < ending.at);
            await outbox.add(
              tx,
              untold.map(({ id }) => ({ siteId, target: targetOf(id), subjectId: message.id })),
            );
          }
          const isFull = endings.length >= BATCH;
          const ids = chosen.map(({ id }) => id);
          await store.setEndedUntil(tx, siteId, ids, (isFull && endings.at(-1)?.at) || until);
          return isFull;
        });
        outbox.wake();
      }
    },
  };
}

const messageOf = (siteId: string, { conversationId, messageId, at }: Ending, createdAt: Date) => ({
  id: idFor(siteId, 'conversation.ended', `${conversationId} ${messageId}`),
  type: 'conversation.ended' as const,
  subjectId: conversationId,
  lastMessageAt: at,
  createdAt,
});

const idFor = (siteId: string, type: string, what: string): string => uuidv5(`${siteId} ${type} ${what}`, NAMESPACE);
