import type { Breaker } from '../../lib/breaker.ts';
import { type Llm, type LlmPart, type LlmRequest, ProviderError } from './llm.ts';

/** An answer that has begun. Read `parts` or abort the request's signal: until then the vendor's connection is held. */
export type Answer = { provider: string; model: string; parts: AsyncIterable<LlmPart> };

/** Calls `fire` once after `ms`, unless stopped; what it returns stops it. */
export type StartTimer = (ms: number, fire: () => void) => () => void;

export type FirstThatAnswers = {
  /** In the order of trying. `key` is what the breaker knows the provider by. The last one is always tried. */
  llms: readonly { key: string; llm: Llm }[];
  breaker: Breaker;
  /** A provider that fails before its first text is told here, and the next one is asked. For the log. */
  onFault: (fault: ProviderError) => void;
  /**
   * How long to wait for the first text. A model that calls tools is at work: the time of the tools, which have limits
   * of their own, does not count, and behind them the vendor is given as long again.
   */
  firstTokenMs?: number;
  /** How long a begun answer may stay silent before it counts as failed: this long at least, twice as long at most. */
  idleMs?: number;
  startTimer?: StartTimer;
};

/**
 * Resolves when the first text has arrived, so that everything before it can still be an ordinary HTTP error, and to
 * `undefined` when the visitor left before. Throws the last `ProviderError` when nobody answers, or the first `unpayable`. A failure after the
 * first text is thrown by `parts`: what the visitor has seen cannot be unsaid, so nobody else is asked.
 */
export function firstThatAnswers({
  llms,
  breaker,
  onFault,
  firstTokenMs = 8_000,
  idleMs = 30_000,
  startTimer = startSystemTimer,
}: FirstThatAnswers): (request: LlmRequest) => Promise<Answer | undefined> {
  return async request => {
    let fault = new ProviderError('none', 'unreachable');
    for (const [place, { key, llm }] of llms.entries()) {
      if (request.signal.aborted) return undefined;
      if (!breaker.allows(key) && place < llms.length - 1) continue;
      const call = openCall(llm, request, { firstTokenMs, idleMs, startTimer });
      try {
        const first = await call.next();
        if (first?.type === 'text') {
          call.answering();
          const { provider, model } = llm;
          return { provider, model, parts: partsOf(call, first, outcome => tell(breaker, key, outcome)) };
        }
        fault = new ProviderError(llm.provider, first?.reason === 'filtered' ? 'filtered' : 'empty');
      } catch (error) {
        fault = error as ProviderError;
      }
      call.close();
      tell(breaker, key, request.signal.aborted ? 'left' : fault);
      if (request.signal.aborted) return undefined;
      onFault(fault);
      // It is we who are in trouble, and the next one could not be paid for either.
      if (fault.fault === 'unpayable') throw fault;
    }
    throw fault;
  };
}

type Outcome = 'finished' | 'left' | ProviderError;

function tell(breaker: Breaker, key: string, outcome: Outcome): void {
  if (outcome === 'finished') breaker.succeeded(key);
  else if (outcome === 'left' || isOfTheRequest(outcome)) breaker.leftOpen(key);
  else breaker.failed(key, outcome.retryAfterMs);
}

/** Faults that a visitor can cause by what they write, or by how much, or we, must not keep the provider from others. */
export const isOfTheRequest = ({ fault, status }: ProviderError): boolean =>
  fault === 'filtered' ||
  fault === 'over_budget' ||
  fault === 'unpayable' ||
  (fault === 'refused' && (status === 400 || status === 413 || status === 422));

type Call = ReturnType<typeof openCall>;

/** One call of one provider under its time limits. Its signal is its own: giving up here must not stop the turn. */
function openCall(
  llm: Llm,
  request: LlmRequest,
  { firstTokenMs, idleMs, startTimer }: Required<Pick<FirstThatAnswers, 'firstTokenMs' | 'idleMs' | 'startTimer'>>,
) {
  const controller = new AbortController();
  const abort = () => controller.abort();
  request.signal.addEventListener('abort', abort, { once: true });

  let timedOut = false;
  let waiting = false;
  let waits = 0;
  const giveUp = () => {
    timedOut = true;
    abort();
  };
  let answers = false;
  let stopTimer = startTimer(firstTokenMs, giveUp);
  // No timer per token: silence is one and the same wait at two ticks. While the visitor reads slowly, nobody waits.
  const watch = () => {
    const seen = waits;
    stopTimer = startTimer(idleMs, () => (waiting && waits === seen ? giveUp() : watch()));
  };

  const parts = llm.stream({ ...request, signal: controller.signal })[Symbol.asyncIterator]();
  return {
    /** The next part; `undefined` at the end, and when the visitor left. */
    async next(): Promise<LlmPart | undefined> {
      waits += 1;
      waiting = true;
      try {
        for (;;) {
          const result = await parts.next();
          if (timedOut) throw new ProviderError(llm.provider, 'timed_out');
          if (result.done) return undefined;
          if (result.value.type !== 'tools') return result.value;
          // The silence of a whole tool and of the vendor behind it is well within the idle limit.
          if (answers) continue;
          stopTimer();
          if (result.value.state === 'ended') stopTimer = startTimer(firstTokenMs, giveUp);
        }
      } catch (error) {
        if (error instanceof ProviderError) throw error;
        throw new ProviderError(llm.provider, 'malformed', { cause: error });
      } finally {
        waiting = false;
      }
    },
    /** The first text is there: from now on only silence is a fault. */
    answering(): void {
      answers = true;
      stopTimer();
      watch();
    },
    close(): void {
      stopTimer();
      request.signal.removeEventListener('abort', abort);
      abort();
      // Not awaited: it waits behind a read that the abort is ending. It cannot fail but by a fault already told.
      parts.return?.().catch(() => {});
    },
    left: () => request.signal.aborted,
    provider: llm.provider,
  };
}

/** Written by hand, since a generator that is closed before its first `next` would not run its `finally`. */
function partsOf(call: Call, first: LlmPart, settle: (outcome: Outcome) => void): AsyncIterable<LlmPart> {
  const done: IteratorResult<LlmPart, undefined> = { done: true, value: undefined };
  let held: LlmPart | undefined = first;
  let open = true;
  const end = (outcome: Outcome) => {
    if (open) {
      open = false;
      call.close();
      settle(outcome);
    }
    return done;
  };

  const iterator: AsyncIterator<LlmPart, undefined> = {
    async next() {
      if (!open) return done;
      try {
        const part = held ?? (await call.next());
        held = undefined;
        if (!open) return done;
        if (!part && !call.left()) throw new ProviderError(call.provider, 'malformed');
        if (!part) return end('left');
        if (part.type === 'finished') end('finished');
        return { done: false, value: part };
      } catch (error) {
        if (!open || call.left()) return end('left');
        end(error as ProviderError);
        throw error;
      }
    },
    return: async () => end('left'),
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

export const startSystemTimer: StartTimer = (ms, fire) => {
  let immediate: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    // Where we ourselves are late, the vendor's words may be waiting in the socket: it is read before this fires.
    immediate = setImmediate(fire);
  }, ms);
  return () => {
    clearTimeout(timer);
    clearImmediate(immediate);
  };
};
