import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { DeliveryAttempt, DeliveryFault } from '@confab/contract';
import type { Db, Tx } from '../db/database.ts';
import type { Breaker } from '../lib/breaker.ts';
import type { Log } from '../lib/log.ts';
import { withLogContext } from '../lib/log-context.ts';
import { type ClaimedDelivery, type DeliveryState, outboxStore } from './outbox-store.ts';

/** What is to be handed over to whom: a lead to `hubspot`, a message to `webhook:{endpoint id}`, an e-mail to `email`. */
export type Delivery = { siteId: string; target: string; subjectId: string };

/** One try. `externalId` is what the receiver knows the subject as since an earlier one. */
export type Attempt = Delivery & {
  operation: 'deliver' | 'erase';
  /** How often it was tried before. */
  attempts: number;
  externalId: string | null;
  /** The newest state of the subject that was asked to be handed over when this try began. */
  revision: number;
};

/**
 * What came of a try:
 * - `delivered`: the receiver has it, or has erased it. The row stays, to be seen; after an erasure it goes.
 * - `had`: the receiver has had it before, and takes no newer state of it: nothing was sent.
 * - `done`: the receiver has it, and nobody needs to see that; the row goes.
 * - `gone`: there is nothing to hand over (any more); the row goes.
 * - `held`: it must not be handed over for now; `again` ends that.
 * - `later`: worth another try, after `retryAfterS` at the earliest; counts against the receiver's breaker.
 * - `refused`: not worth another try before somebody has changed something.
 * `words` are the receiver's own, without a person's data and without secrets.
 */
export type Outcome =
  | { is: 'delivered'; externalId?: string | undefined }
  | { is: 'had' }
  | { is: 'done' }
  | { is: 'gone' }
  | { is: 'held' }
  | { is: 'later'; fault: DeliveryFault; words?: string | undefined; retryAfterS?: number | undefined }
  | { is: 'refused'; fault: DeliveryFault; words?: string | undefined };

/** Makes one try; may be called again at any point, also while the receiver still works on the one before. */
export type Deliver = (attempt: Attempt, signal: AbortSignal) => Promise<Outcome>;

/** What happened, as those inside are told of it; `subjectId` is the lead, the conversation, the request and so on. */
export type OwnEvent = { siteId: string; type: string; subjectId: string };
/** Hears of an event, at least once. */
export type Hear = (event: OwnEvent, signal: AbortSignal) => Promise<void>;

export type Outbox = ReturnType<typeof createOutbox>;

type Deps = {
  db: Db;
  log: Log;
  /** Hears every fault of our own. */
  report: (error: unknown, where: { queue: string; jobId: string }) => void;
  /** Hears what came of every try. */
  onTried?: (target: string, outcome: Outcome['is']) => void;
  breaker: Breaker;
  now: () => Date;
  /** From 0 to 1. */
  random: () => number;
};

const SECOND_MS = 1_000;
const HOUR_MS = 60 * 60 * SECOND_MS;
const DAY_MS = 24 * HOUR_MS;

/** The pauses double from here to the longest, each somewhere between half and one and a half of that. */
const FIRST_PAUSE_MS = 10 * SECOND_MS;
const LONGEST_PAUSE_MS = HOUR_MS;
/** Who waits for a breaker waits as after so many tries: breakers close within minutes. */
const PAUSED_LIKE = 3;
/** A receiver that asks for more is asked again sooner. */
const RETRY_AFTER_MAX_S = 6 * 60 * 60;
/** After this nobody tries any more, unless somebody asks for it. */
const GIVE_UP_MS = 3 * DAY_MS;

/** One try; a receiver that is slower has failed. */
const TRY_MS = 25 * SECOND_MS;
/** A process that holds a delivery for longer has died: longer than a try, and a little for what it does before and after. */
const CLAIM_MS = 40 * SECOND_MS;
/** So many at once in one process, and so many of them at one receiver of a site. */
const AT_ONCE = 12;
const AT_ONE_RECEIVER = 2;
/** How long a delivery may wait for another process than the one that made it. */
const POLL_MS = 2 * SECOND_MS;
const LOG_MAX = 20;
const WORDS_MAX = 300;

/** The events are deliveries themselves, to those inside. */
const EVENT = 'event:';

/**
 * What goes out, in a table: written in the transaction that makes it necessary, and then tried until the receiver has
 * it, for three days, at most once at a time, by whichever process comes first. So nothing is lost when a process dies,
 * and what was under way is tried again: receivers are told an id by which they know the second try.
 */
export function createOutbox({ db, log, report, onTried = () => {}, breaker, now, random }: Deps) {
  const store = outboxStore(db);
  const receivers = new Map<string, Deliver>();
  const hearers = new Map<string, Hear[]>();
  const stopping = new AbortController();
  const running = new Map<Promise<void>, string>();
  let rest = new AbortController();
  let loop: Promise<void> | undefined;

  return {
    /** Says who hands over to a target; `webhook:` stands for all that begin so. Before `start`. */
    handle(target: string, deliver: Deliver): void {
      receivers.set(target, deliver);
    },

    /** Says who hears of an event, such as `lead.created`. Before `start`. */
    on(type: string, hear: Hear): void {
      hearers.set(type, [...(hearers.get(type) ?? []), hear]);
    },

    /** Has it handed over once `tx` commits; what is known already is handed over again, as it stands then. */
    async add(tx: Tx, deliveries: Delivery[]): Promise<void> {
      for (const delivery of deliveries) await store.add(tx, delivery, now());
    },

    /** Has everybody inside told of it once `tx` commits. */
    emit: (tx: Tx, { siteId, type, subjectId }: OwnEvent): Promise<void> =>
      store.add(tx, { siteId, target: EVENT + type, subjectId }, now()),

    /** Part of the statement that makes `"conversation"`: has everybody inside told of this event about it. */
    emission: (siteId: string, type: string) => store.emission(siteId, EVENT + type, now()),

    /** The subject has changed: every receiver that was to have it gets it as it stands once `tx` commits. */
    changed: (tx: Tx, siteId: string, subjectIds: string[]): Promise<void> =>
      store.changed(tx, siteId, subjectIds, now()),

    /** The subject is gone: who may have it is told to erase it, and nobody else is told anything. */
    erased: (tx: Tx, siteId: string, subjectIds: string[]): Promise<void> =>
      store.erased(tx, siteId, subjectIds, now()),

    /** The subject is gone for its age: nobody is told, and receivers keep what they have by rules of their own. */
    forget: (tx: Tx, siteId: string, subjectIds: string[]): Promise<void> => store.forget(tx, siteId, subjectIds),

    /**
     * Tries again at once, and for another three days, what has not arrived: all of a site, or that of one target or
     * subject, or what is in these states. Gives how many. With a transaction, once that commits.
     */
    async again(
      siteId: string,
      which: { target?: string; subjectId?: string; states?: DeliveryState[] } = {},
      tx: Tx = db,
    ): Promise<number> {
      const count = await store.again(tx, siteId, which, now());
      wake();
      return count;
    },

    /** How it stands with these subjects, by subject, oldest receiver first. */
    of: store.of,

    /** What is in one of these states, longest waiting first. */
    list: store.list,

    /** Those that wait since before `since`, or have failed, of which nobody was told; from now on somebody was. */
    takeOverdue: store.takeOverdue,

    /** Which targets of a site fail: something failed for good or waits for a day, or they are not called for now. */
    async failing(siteId: string, targets: string[]): Promise<string[]> {
      const troubled = await store.troubled(siteId, new Date(now().getTime() - DAY_MS));
      return targets.filter(target => troubled.includes(target) || breaker.isPaused(`${siteId} ${target}`));
    },

    /** How many are in each state, and since when the oldest waits. */
    counts: store.counts,

    /** Has this process look at once; for after a transaction that added something. */
    wake,

    /** Begins to hand over. */
    start(): void {
      loop ??= run();
    },

    /** Takes no new one, tells the running ones to stop, and waits for them. */
    async stop(): Promise<void> {
      stopping.abort();
      wake();
      await loop;
      await Promise.all(running.keys());
    },
  };

  function wake(): void {
    rest.abort();
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      rest = new AbortController();
      const taken = await take().catch((error: unknown) => {
        if (!stopping.signal.aborted) log.error({ err: error }, 'the outbox could not be read');
        return 0;
      });
      if (taken === 0) await pause(POLL_MS, undefined, { signal: rest.signal }).catch(() => {});
    }
  }

  /** Takes what is due and there is room for. */
  async function take(): Promise<number> {
    const room = AT_ONCE - running.size;
    if (room <= 0) {
      await Promise.race(running.keys());
      return 1;
    }
    const counts = new Map<string, number>();
    for (const key of running.values()) counts.set(key, (counts.get(key) ?? 0) + 1);
    const busy = [...counts].filter(([, count]) => count >= AT_ONE_RECEIVER).map(([key]) => key);
    const at = now();
    const claim = { id: randomUUID(), until: new Date(at.getTime() + CLAIM_MS) };
    const claimed = await store.claim(claim, at, { limit: room, perReceiver: AT_ONE_RECEIVER, busy });
    for (const delivery of claimed) {
      const where = { queue: delivery.target.replace(/:.*/, ''), jobId: delivery.subjectId };
      const work: Promise<void> = withLogContext(where, () => handOver(delivery)).finally(() => {
        running.delete(work);
        wake();
      });
      running.set(work, keyOf(delivery));
    }
    return claimed.length;
  }

  /** Never rejects: what it cannot write down is tried again when the claim has ended. */
  async function handOver(delivery: ClaimedDelivery): Promise<void> {
    const key = keyOf(delivery);
    try {
      if (!breaker.allows(key)) return await store.postpone(delivery, after(pauseOf(PAUSED_LIKE)));
      const outcome = await attempt(delivery);
      onTried(delivery.target, outcome.is);
      if (stopping.signal.aborted && outcome.is === 'later') {
        // It was us who broke off: the next process begins at once. The receiver may have it by now, so it was tried.
        breaker.leftOpen(key);
        const tried = { state: 'waiting', attempts: delivery.attempts + 1, log: delivery.log, nextAt: now() } as const;
        return await store.finish(delivery, tried, now());
      }
      tellBreaker(key, outcome);
      await finish(delivery, outcome);
    } catch (error) {
      log.error({ err: error, siteId: delivery.siteId }, 'the end of a delivery could not be kept');
    }
  }

  async function attempt(delivery: ClaimedDelivery): Promise<Outcome> {
    const { siteId, target, subjectId } = delivery;
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(TRY_MS)]);
    try {
      if (target.startsWith(EVENT)) return await tellInside(delivery, signal);
      const deliver = receivers.get(target) ?? receivers.get(target.replace(/:.*/, ':'));
      return deliver ? await deliver(delivery, signal) : { is: 'gone' };
    } catch (error) {
      if (signal.aborted) return { is: 'later', fault: 'timed_out' };
      log.error({ err: error, siteId, queue: target.replace(/:.*/, ''), jobId: subjectId }, 'a delivery failed');
      report(error, { queue: target.replace(/:.*/, ''), jobId: subjectId });
      return { is: 'later', fault: 'internal' };
    }
  }

  async function tellInside({ siteId, target, subjectId }: Delivery, signal: AbortSignal): Promise<Outcome> {
    const type = target.slice(EVENT.length);
    for (const hear of hearers.get(type) ?? []) await hear({ siteId, type, subjectId }, signal);
    return { is: 'done' };
  }

  function tellBreaker(key: string, outcome: Outcome): void {
    if (outcome.is === 'later') breaker.failed(key, (outcome.retryAfterS ?? 0) * SECOND_MS);
    else if (['delivered', 'done', 'refused'].includes(outcome.is)) breaker.succeeded(key);
    else breaker.leftOpen(key);
  }

  async function finish(delivery: ClaimedDelivery, outcome: Outcome): Promise<void> {
    const at = now();
    const isOfNoUse = outcome.is === 'delivered' && delivery.operation === 'erase';
    if (outcome.is === 'done' || outcome.is === 'gone' || isOfNoUse) return store.remove(delivery);
    if (outcome.is === 'had') {
      return store.finish(delivery, { state: 'delivered', log: delivery.log, nextAt: null }, at);
    }
    const log = outcome.is === 'held' ? delivery.log : [...delivery.log, entryOf(outcome, at)].slice(-LOG_MAX);
    const attempts = delivery.attempts + 1;
    if (outcome.is === 'delivered') {
      const externalId = outcome.externalId ?? delivery.externalId;
      return store.finish(
        delivery,
        { state: 'delivered', attempts, log, externalId, deliveredAt: at, nextAt: null },
        at,
      );
    }
    if (outcome.is === 'held') return store.finish(delivery, { state: 'held', log, nextAt: null }, at);
    const isOver = outcome.is === 'refused' || at.getTime() - delivery.since.getTime() > GIVE_UP_MS;
    const asked = outcome.is === 'later' ? Math.min(outcome.retryAfterS ?? 0, RETRY_AFTER_MAX_S) * SECOND_MS : 0;
    const nextAt = isOver ? null : after(Math.max(pauseOf(attempts), asked));
    return store.finish(delivery, { state: isOver ? 'failed' : 'waiting', attempts, log, nextAt }, at);
  }

  function after(ms: number): Date {
    return new Date(now().getTime() + ms);
  }

  function pauseOf(attempt: number): number {
    return Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS) * (0.5 + random());
  }
}

const keyOf = ({ siteId, target }: Delivery): string => `${siteId} ${target}`;

function entryOf(outcome: Exclude<Outcome, { is: 'had' | 'done' | 'gone' | 'held' }>, at: Date): DeliveryAttempt {
  if (outcome.is === 'delivered') return { at: at.toISOString(), outcome: 'delivered' };
  const words = outcome.words?.slice(0, WORDS_MAX).toWellFormed().replaceAll('\u0000', '');
  return { at: at.toISOString(), outcome: outcome.is, fault: outcome.fault, ...(words && { words }) };
}
