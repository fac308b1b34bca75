import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { fromPrisma, type Db as JobsConnection, type JobWithMetadata, PgBoss } from 'pg-boss';
import type { Database, Tx } from '../db/database.ts';
import { OwnError } from '../lib/app-error.ts';
import type { Log } from '../lib/log.ts';
import { withLogContext } from '../lib/log-context.ts';

/** What a job works on: ids only, since jobs are kept for days and read by operators. */
export type Payload = Record<string, string>;
/**
 * Does a job. Stops at a good place when the signal aborts, by throwing: the job is then tried again. `isLast`: nobody
 * will try it again.
 */
export type Handler = (payload: Payload, signal: AbortSignal, attempt: { isLast: boolean }) => Promise<void>;

/** Thrown by a handler that waits for somebody else: the job is tried again, and nobody is alarmed. */
export class NotYet extends OwnError {
  override readonly name = 'NotYet';
}

type Options = {
  /** Whether a key is worked on once at a time. Else a job may be queued while another of its key runs. */
  alone?: boolean;
  /** How many of them this process works on at once; one by one where it does not say. */
  atOnce?: number;
  /** How long one try may take, in seconds. */
  timeoutS?: number;
  /** How often a job is tried again before it counts as failed. */
  retries?: number;
  /** How long a job may wait for its process to look, in seconds. */
  pollS?: number;
};

type How = { key?: string; startAfterS?: number; tx?: Tx };

type Deps = {
  database: Pick<Database, 'embedded'>;
  databaseUrl: string | undefined;
  log: Log;
  /** Hears every failure of a job. */
  report: (error: unknown, where: { queue: string; jobId: string }) => void;
  /** Hears what became of every try. */
  onTried?: (queue: string, outcome: JobOutcome) => void;
};

/** `postponed`: it waits for somebody else; `stopped`: this process ends, and another one goes on. */
export type JobOutcome = 'done' | 'failed' | 'postponed' | 'stopped';

export type Jobs = ReturnType<typeof createJobs>;

const DAY_S = 24 * 60 * 60;
/** A stop waits so long for running jobs to come to a good place. */
const STOP_MS = 10_000;
/** A process that is silent for so long has died: its jobs are given to others. */
const HEARTBEAT_S = 60;

/**
 * Background work in the relay's own database, by pg-boss: it survives a restart, and each job is done by one of all
 * processes. A job is done at least once, so handlers must bear being called again.
 */
export function createJobs({ database, databaseUrl, log, report, onTried = () => {} }: Deps) {
  const queues = new Map<string, { handler: Handler; options: Options }>();
  const schedules = new Map<string, string>();
  const workers = new Map<string, string>();
  const stopping = new AbortController();
  let opening: Promise<PgBoss> | undefined;
  let opened = false;

  return {
    /** Says who does the jobs of a queue; before `start`. */
    handle(queue: string, handler: Handler, options: Options = {}): void {
      queues.set(queue, { handler, options });
    },

    /** Has a job without payload made at these times (cron, UTC), by one of all processes; before `start`. */
    schedule(queue: string, cron: string): void {
      schedules.set(queue, cron);
    },

    /**
     * Makes a job, unless one with its key is waiting already, or running where that is worked on alone. With `tx` it is
     * made when that transaction commits, and `open` or `start` must have been awaited before: the embedded database does
     * one thing at a time.
     */
    async enqueue(queue: string, payload: Payload, how?: How): Promise<void> {
      await this.offer(queue, payload, how);
    },

    /** The same, and tells whether it made one. */
    async offer(queue: string, payload: Payload, { key = randomUUID(), startAfterS, tx }: How = {}): Promise<boolean> {
      if (tx && !opened) throw new Error('the job queue is not open');
      const boss = await open();
      const made = await boss.send(queue, payload, {
        singletonKey: key,
        ...(startAfterS !== undefined && { startAfter: startAfterS }),
        ...(tx && { db: fromPrisma(tx) }),
      });
      if (!tx) await this.wake(queue);
      return made !== null;
    },

    /** Has this process look for a job at once; for after a transaction that made one, where somebody waits for it. */
    async wake(queue: string): Promise<void> {
      const worker = workers.get(queue);
      if (worker) (await open()).notifyWorker(worker);
    },

    /** Connects, so that jobs can be made; nothing is worked on. */
    async open(): Promise<void> {
      await open();
    },

    /** Begins to work. */
    async start(): Promise<void> {
      const boss = await open();
      for (const [queue, { handler, options }] of queues) workers.set(queue, await work(boss, queue, handler, options));
      for (const [queue, cron] of schedules) await boss.schedule(queue, cron);
    },

    /** Takes no new job, tells the running ones to stop, waits for them, and disconnects. */
    async stop(): Promise<void> {
      stopping.abort();
      const boss = await opening?.catch(() => undefined);
      if (!boss) return;
      const idle = Promise.all([...workers.keys()].map(queue => boss.offWork(queue, { wait: true })));
      const patience = new AbortController();
      await Promise.race([idle, pause(STOP_MS, undefined, { signal: patience.signal }).catch(() => {})]);
      patience.abort();
      // What still runs counts as failed now, and another process takes it up.
      await boss.stop({ graceful: false });
    },
  };

  function open(): Promise<PgBoss> {
    opening ??= connect().then(boss => {
      opened = true;
      return boss;
    });
    return opening;
  }

  async function connect(): Promise<PgBoss> {
    const boss = new PgBoss({
      ...(database.embedded
        ? { db: embeddedConnection(database.embedded.pglite), backend: 'pglite' as const }
        : { connectionString: databaseUrl as string, max: 3, application_name: 'confab-jobs' }),
      ...QUIET,
    });
    boss.on('error', fault => log.error({ err: errorOf(fault) }, 'the job queue failed'));
    await boss.start();
    const known = new Set((await boss.getQueues([...queues.keys()])).map(({ name }) => name));
    for (const [queue, { options }] of queues) {
      if (known.has(queue)) await boss.updateQueue(queue, settingsOf(options));
      else await boss.createQueue(queue, { ...settingsOf(options), policy: options.alone ? 'exclusive' : 'short' });
      // Reads what it will want to know of the queue while nobody holds a transaction.
      await boss.findJobs(queue, { id: randomUUID() });
    }
    return boss;
  }

  function work(boss: PgBoss, queue: string, handler: Handler, { pollS = 5, atOnce = 1 }: Options) {
    const how = { pollingIntervalSeconds: pollS, localConcurrency: atOnce, includeMetadata: true as const };
    return boss.work(queue, how, async ([job]: JobWithMetadata<Payload>[]) => {
      if (job) await withLogContext({ queue, jobId: job.id }, () => tried(job));
    });

    async function tried(job: JobWithMetadata<Payload>): Promise<void> {
      const signal = AbortSignal.any([job.signal, stopping.signal]);
      try {
        await handler(job.data ?? {}, signal, { isLast: job.retryCount >= job.retryLimit });
        onTried(queue, 'done');
      } catch (error) {
        if (error instanceof NotYet) {
          onTried(queue, 'postponed');
          log.info({ queue, jobId: job.id }, 'a job waits for somebody else');
        } else if (stopping.signal.aborted) {
          onTried(queue, 'stopped');
        } else {
          onTried(queue, 'failed');
          log.error({ err: error, queue, jobId: job.id }, 'a job failed');
          report(error, { queue, jobId: job.id });
        }
        // pg-boss keeps the message, and a library's may repeat what a visitor wrote.
        throw new Error(signal.aborted ? 'stopped' : `failed: ${error instanceof Error ? error.name : typeof error}`);
      } finally {
        // Where one job was there may be more: look at once, and not after the pause of an idle worker.
        boss.notifyWorker(workers.get(queue) ?? '');
      }
    }
  }
}

/**
 * An idle relay does little: what we have no use for (flows, index builds, policies that want fresh figures of a
 * queue) is looked after as seldom as pg-boss allows.
 */
const QUIET = {
  cronWorkerIntervalSeconds: 20,
  queueCacheIntervalSeconds: DAY_S,
  flowIntervalSeconds: DAY_S,
  bamIntervalSeconds: DAY_S,
  maintenanceIntervalSeconds: 60 * 60,
  reindex: false,
  monitorVacuum: false,
};

const settingsOf = ({ timeoutS = 15 * 60, retries = 8 }: Options) => ({
  retryLimit: retries,
  retryDelay: 10,
  retryBackoff: true,
  retryDelayMax: 60 * 60,
  expireInSeconds: timeoutS,
  heartbeatSeconds: HEARTBEAT_S,
  deleteAfterSeconds: 3 * DAY_S,
  retentionSeconds: 14 * DAY_S,
});

type Pglite = NonNullable<Database['embedded']>['pglite'];

/**
 * The embedded database has one connection. A block of pg-boss becomes a transaction of PGlite's own, which nobody
 * else's statement can come into, also not between its failure and its rollback.
 */
const embeddedConnection = (pglite: Pglite): JobsConnection => ({
  async executeSql(text, values) {
    if (values?.length) return pglite.query(text, values);
    const block = /^\s*BEGIN;(.*)COMMIT;\s*$/s.exec(text)?.[1];
    const results = await (block ? pglite.transaction(tx => tx.exec(block)) : pglite.exec(text));
    return { rows: results.flatMap(({ rows }) => rows) };
  },
});

/** pg-boss gives some of its errors as plain objects. */
const errorOf = (fault: Error): Error =>
  fault instanceof Error ? fault : Object.assign(new Error(), fault as object, { name: 'JobQueueError' });
