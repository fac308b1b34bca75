import cluster, { type Worker } from 'node:cluster';
import type { Log } from './lib/log.ts';
import { isWord, type Word } from './lib/siblings.ts';

/** A process that ends so soon after its start, so often in a row, will not get better. */
const SOON_MS = 10_000;
const TRIES = 5;
/** One that has ended is replaced after so long for each time in a row. */
const AGAIN_MS = 200;
const AGAIN_MAX_MS = 5_000;
/** Those that do not end by themselves are ended after this: nobody waits for a stop longer than 15 s. */
const STOP_MS = 14_500;
/** The others have so long to say how they are. */
const ANSWERS_MS = 5_500;

/**
 * Runs the relay in so many processes that listen together, and resolves with the exit code when all have ended. The
 * first one starts alone: it migrates, and what keeps it from starting is told once. One that ends is replaced.
 */
export async function superviseProcesses({ processes, log }: { processes: number; log: Log }): Promise<number> {
  const ended = Promise.withResolvers<number>();
  const startedAt = new Map<Worker, number>();
  const asked = new Map<number, { values: object[][]; missing: Set<Worker>; tell(): void }>();
  let questions = 0;
  let isReady = false;
  let stopping: number | undefined;
  let failures = 0;

  const workers = () => Object.values(cluster.workers ?? {}).filter(worker => worker !== undefined);
  const say = (worker: Worker, word: Word) => worker.isConnected() && worker.send(word, () => {});

  function start(): void {
    const worker = cluster.fork();
    startedAt.set(worker, performance.now());
  }

  function stop(code: number): void {
    if (stopping !== undefined) return;
    stopping = code;
    for (const worker of workers()) worker.process.kill('SIGTERM');
    setTimeout(() => {
      for (const worker of workers()) worker.process.kill('SIGKILL');
    }, STOP_MS).unref();
    if (workers().length === 0) ended.resolve(code);
  }

  cluster.on('message', (from, message) => {
    if (!isWord(message)) return;
    if (message.confab === 'ready' && !isReady) {
      isReady = true;
      process.stdout.write(message.banner);
      for (let more = 1; more < processes && stopping === undefined; more += 1) start();
    }
    if (message.confab === 'ask') ask(from, message.id);
    if (message.confab === 'answer') {
      const question = asked.get(message.id);
      question?.values.push(message.value);
      question?.missing.delete(from);
      if (question?.missing.size === 0) question.tell();
    }
  });

  cluster.on('exit', (worker, code, signal) => {
    const lived = performance.now() - (startedAt.get(worker) ?? 0);
    startedAt.delete(worker);
    for (const question of asked.values()) {
      if (question.missing.delete(worker) && question.missing.size === 0) question.tell();
    }
    if (stopping !== undefined) {
      if (workers().length === 0) ended.resolve(stopping);
      return;
    }
    // It has said why.
    if (!isReady) return stop(1);
    failures = lived < SOON_MS ? failures + 1 : 0;
    // Whoever serves goes on serving, whatever keeps others from starting.
    const serves = [...startedAt.values()].some(at => performance.now() - at >= SOON_MS);
    if (failures >= TRIES && !serves) {
      log.fatal({ count: failures }, 'the relay’s processes end as soon as they start; stopping');
      return stop(1);
    }
    log.error(
      { signal: signal ?? undefined, status: code ?? undefined },
      'a process of the relay ended; it is replaced',
    );
    setTimeout(() => stopping === undefined && start(), Math.min(AGAIN_MS * failures, AGAIN_MAX_MS));
  });

  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => stop(0));
  start();
  return ended.promise;

  /** Asks all of them, and tells who wanted to know; `id` is what that one calls its question. */
  function ask(from: Worker, id: number): void {
    questions += 1;
    const own = questions;
    const values: object[][] = [];
    const missing = new Set(workers());
    const tell = () => {
      clearTimeout(timer);
      asked.delete(own);
      say(from, { confab: 'answers', id, values });
    };
    const timer = setTimeout(tell, ANSWERS_MS);
    asked.set(own, { values, missing, tell });
    for (const worker of missing) say(worker, { confab: 'asked', id: own });
  }
}
