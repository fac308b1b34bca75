import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { type Db, Prisma } from '@confab/relay/db/database.ts';
import { conversationStore } from '@confab/relay/features/conversations/index.ts';

/** Of so many turns one begins a conversation; the others continue the last one of its site. */
const TURNS_EACH = 4;
const HISTORY = 80;

/** A turn spends its token in the same statement; here every token is good. */
const spending = Prisma.sql`SELECT 1 AS "sequence", NULL::bytea AS "subjectKey"`;

/**
 * What turns ask of the database, by the relay's own statements, at a fixed rate over all sites until the signal
 * aborts. Gives the milliseconds of each; one that has to wait for a connection waits in its time.
 */
export async function turnsUntil(signal: AbortSignal, db: Db, siteIds: string[], perSecond: number): Promise<number[]> {
  const store = conversationStore(db);
  const took: number[] = [];
  const handles = new Map<string, string>();
  const running = new Set<Promise<void>>();
  const begun = performance.now();

  async function turn(number: number): Promise<void> {
    const siteId = siteIds[number % 2 === 0 ? 0 : 1 + ((number >> 1) % (siteIds.length - 1))] ?? '';
    const known = number % TURNS_EACH === 0 ? undefined : handles.get(siteId);
    const handleHash = known ?? randomUUID();
    const [turnId, clientTurnId, visitorMessageId, assistantMessageId] = [1, 2, 3, 4].map(() => randomUUID()) as [
      string,
      string,
      string,
      string,
    ];
    const text = 'Is the jumper warm enough for the ferry?';
    const asked = { turnId, clientTurnId, visitorMessageId, assistantMessageId, text, createdAt: new Date() };
    const page = { pageUrl: '', pageTitle: null, referrer: null };
    const conversation = { id: randomUUID(), handleHash, locale: 'en', ...page, prechat: null, externalId: null };
    const start = performance.now();
    const opened = known
      ? await store.continue(siteId, known, asked, undefined)
      : await store.begin(siteId, conversation, spending, asked, { also: undefined, beginning: undefined });
    if (!opened) throw new Error('a conversation of the benchmark is gone');
    await store.messages(siteId, opened.conversationId, HISTORY);
    await store.finish(siteId, opened.conversationId, assistantMessageId, ANSWER, undefined);
    took.push(performance.now() - start);
    handles.set(siteId, handleHash);
  }

  for (let number = 0; !signal.aborted; number += 1) {
    const promise = turn(number);
    running.add(promise);
    void promise.then(() => running.delete(promise));
    const due = begun + ((number + 1) * 1_000) / perSecond;
    await wait(Math.max(0, due - performance.now()));
  }
  await Promise.all(running);
  return took;
}

const ANSWER = {
  text: 'Yes: it is made for the ferry, and for the pier behind it. '.repeat(6),
  citations: [],
  products: [],
  status: 'completed' as const,
  provider: 'openai',
  model: 'gpt-4.1-mini',
  finishReason: 'stop' as const,
  outcome: 'answered' as const,
  passages: [],
  costMicros: 0,
};
