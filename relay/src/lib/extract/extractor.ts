import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import { ExtractError, type ExtractErrorCode, type Extracted, type ExtractInput, type Extractor } from './extract.ts';
import type { Answer } from './worker.ts';

type Options = {
  /** So many pages are read at once; the others wait. */
  workers?: number;
  /** What one worker may hold, its libraries included. */
  memoryMb?: number;
  /** How long a page may take, and a PDF. */
  pageMs?: number;
  pdfMs?: number;
  /** A worker that has had nothing to do for so long ends. */
  idleMs?: number;
};

/** The largest file of each kind, in bytes. */
const BYTES_MAX: Record<ExtractInput['kind'], number> = {
  html: 8 * 2 ** 20,
  pdf: 20 * 2 ** 20,
  markdown: 20 * 2 ** 20,
  text: 20 * 2 ** 20,
};

/**
 * Reads pages and files of others in processes of their own, of few rights: without the relay's environment, they may
 * read the code that they run, and write and start nothing. One that takes too long or too much is killed, and the next
 * page gets a fresh one. They start when first needed, and do not keep this process alive while they have nothing to do.
 */
export function createExtractor({
  workers = 2,
  memoryMb = 512,
  pageMs = 20_000,
  pdfMs = 60_000,
  idleMs = 10_000,
}: Options = {}): Extractor {
  const all = new Set<Worker>();
  const idle: Worker[] = [];
  const waiting: PromiseWithResolvers<void>[] = [];
  let busy = 0;
  const closing = new AbortController();

  return {
    async extract(input, signal) {
      if (input.bytes.length > BYTES_MAX[input.kind]) throw new ExtractError('too_large');
      const stop = AbortSignal.any([closing.signal, ...(signal ? [signal] : [])]);
      await turn(stop);
      try {
        return await run(input, stop);
      } finally {
        const next = waiting.shift();
        if (next) next.resolve();
        else busy -= 1;
      }
    },

    async close() {
      closing.abort(new Error('the extractor is closed'));
      await Promise.all([...all].map(worker => worker.end()));
    },
  };

  /** Waits for a place among the workers. Throws the signal's reason. */
  async function turn(stop: AbortSignal): Promise<void> {
    stop.throwIfAborted();
    if (busy < workers) {
      busy += 1;
      return;
    }
    const place = Promise.withResolvers<void>();
    waiting.push(place);
    const leave = () => {
      const at = waiting.indexOf(place);
      // Who has been given a place already passes it on in the end.
      if (at < 0) return;
      waiting.splice(at, 1);
      place.reject(stop.reason);
    };
    stop.addEventListener('abort', leave, { once: true });
    await place.promise.finally(() => stop.removeEventListener('abort', leave));
  }

  async function run(input: ExtractInput, stop: AbortSignal): Promise<Extracted> {
    stop.throwIfAborted();
    const worker = idle.pop() ?? start();
    const end = Promise.withResolvers<never>();
    const timer = setTimeout(() => end.reject(new ExtractError('timed_out')), input.kind === 'pdf' ? pdfMs : pageMs);
    const leave = () => end.reject(stop.reason);
    stop.addEventListener('abort', leave, { once: true });
    try {
      const answer = await Promise.race([worker.read(input), end.promise]);
      // What its pages have left behind counts against the next one: the worker goes before that matters.
      if (answer.rss > (memoryMb / 2) * 2 ** 20) await worker.end();
      else rest(worker);
      if ('code' in answer) throw new ExtractError(answer.code);
      return answer.extracted;
    } catch (error) {
      if (!idle.includes(worker)) await worker.end();
      throw error;
    } finally {
      clearTimeout(timer);
      stop.removeEventListener('abort', leave);
    }
  }

  function start(): Worker {
    const worker = startWorker(memoryMb);
    all.add(worker);
    void worker.ended.then(() => {
      all.delete(worker);
      leaveIdle(worker);
    });
    return worker;
  }

  function rest(worker: Worker): void {
    idle.push(worker);
    worker.rest(idleMs, () => leaveIdle(worker));
  }

  function leaveIdle(worker: Worker): void {
    const at = idle.indexOf(worker);
    if (at >= 0) idle.splice(at, 1);
  }
}

type Worker = ReturnType<typeof startWorker>;

const repository = path.join(import.meta.dirname, '../../../..');
/** What a worker's code is made of. */
const READABLE = [
  'relay/src/lib',
  'relay/package.json',
  'relay/node_modules',
  'node_modules',
  'shared/contract',
  'package.json',
];

/** What Node is told of a worker's limits and rights. It has no right to keep from it: the network. */
export const rightsOf = (memoryMb: number): string[] => [
  `--max-old-space-size=${memoryMb}`,
  '--disallow-code-generation-from-strings',
  '--permission',
  '--allow-worker',
  ...READABLE.map(readable => `--allow-fs-read=${path.join(repository, readable)}`),
];

function startWorker(memoryMb: number) {
  const child = fork(path.join(import.meta.dirname, 'worker.ts'), [String(memoryMb)], {
    env: {},
    execArgv: rightsOf(memoryMb),
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const ended = new Promise<ExtractErrorCode>(resolve => {
    child.once('error', () => resolve('broken'));
    // Killed by its watchdog, by its own memory limit, or by a kernel without memory; else its code failed.
    child.once('exit', (_, signal) => resolve(signal ? 'out_of_memory' : 'broken'));
  });
  let idleTimer: NodeJS.Timeout | undefined;
  // Let go of with its page: what waits for the worker's end, such as a race with it, holds the page for as long.
  let reading: PromiseWithResolvers<Answer> | undefined;
  child.on('message', (answer: Answer) => reading?.resolve(answer));
  void ended.then(code => reading?.reject(new ExtractError(code)));
  return {
    ended,

    /** Reads one page; one at a time. Throws `ExtractError` where the worker ends meanwhile. */
    async read(input: ExtractInput): Promise<Answer> {
      clearTimeout(idleTimer);
      hold(child, true);
      reading = Promise.withResolvers<Answer>();
      child.send(input, error => error && child.kill('SIGKILL'));
      return reading.promise.finally(() => {
        reading = undefined;
      });
    },

    /** Has nothing to do, and ends after a while; `onEnd` is told before it does. */
    rest(ms: number, onEnd: () => void): void {
      hold(child, false);
      const end = () => {
        onEnd();
        child.kill('SIGKILL');
      };
      idleTimer = setTimeout(end, ms).unref();
    },

    async end(): Promise<void> {
      clearTimeout(idleTimer);
      child.ref();
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Whether this process waits for the worker. */
function hold(child: ChildProcess, holds: boolean): void {
  const change = holds ? 'ref' : 'unref';
  child[change]();
  child.channel?.[change]();
}
