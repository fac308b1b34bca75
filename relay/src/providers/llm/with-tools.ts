import { canonicalJson } from '../../lib/canonical-json.ts';
import { type StartTimer, startSystemTimer } from './first-that-answers.ts';
import { type Llm, type LlmStep, type Model, ProviderError, type Tool, type ToolCall, type ToolRound } from './llm.ts';

/** The rounds in which a model may call tools; behind them it is asked once more, with none to call. */
const ROUNDS = 3;
/** The calls of one round that are run. */
const CALLS = 4;
/** How long one call may take, and all of an answer together. */
const TOOL_MS = 3_000;
const TOOLS_MS = 10_000;
/** How much of a result goes to the model, in characters. */
const RESULT_TEXT_MAX = 12_000;

export type WithTools = {
  /** Told of a tool that failed; the model is told only that it did. For the log. */
  onToolFault?: (error: unknown) => void;
  startTimer?: StartTimer;
  /** In ms, from anywhere. */
  clock?: () => number;
};

/**
 * The model, which may call the tools of the request in a few rounds before it has answered. What it says before a call
 * is part of the answer. Whatever goes wrong with a call is told to the model, which answers as well as it can without.
 * A model that refuses to be given tools is asked without any.
 */
export function withTools(
  model: Model,
  { onToolFault = () => {}, startTimer = startSystemTimer, clock = () => performance.now() }: WithTools = {},
): Llm {
  return {
    provider: model.provider,
    model: model.model,
    async *stream(request): AsyncGenerator<LlmStep> {
      const { signal } = request;
      let { tools = [] } = request;
      const run = runner(tools, { onToolFault, startTimer, clock });
      const rounds: ToolRound[] = [];
      let hasSpoken = false;
      for (;;) {
        const mayCall = tools.length > 0 && rounds.length < ROUNDS && run.msLeft() > 0;
        const calls: ToolCall[] = [];
        let text = '';
        let goesOn = false;
        let isHeard = false;
        try {
          for await (const part of model.stream({ ...request, tools: mayCall ? tools : [], rounds })) {
            isHeard = true;
            if (part.type === 'call') calls.push(part.call);
            else if (part.type === 'finished') {
              goesOn = part.reason === 'tools' && mayCall;
              if (!goesOn) yield { type: 'finished', reason: part.reason === 'tools' ? 'stop' : part.reason };
            } else {
              // What was said before a call is a paragraph of its own.
              if (hasSpoken && text === '') yield { type: 'text', text: '\n\n' };
              text += part.text;
              yield part;
            }
          }
        } catch (error) {
          // What was said already is an answer, if a short one, where there is no money for more of it.
          if (hasSpoken && error instanceof ProviderError && error.fault === 'over_budget') {
            return yield { type: 'finished', reason: 'length' };
          }
          if (!mayCall || isHeard || rounds.length > 0 || !mayBeOfTools(error)) throw error;
          tools = [];
          continue;
        }
        if (!goesOn) return;
        hasSpoken ||= text !== '';
        yield { type: 'tools', state: 'begun' };
        const results = await run.all(calls, signal);
        if (signal.aborted) return;
        rounds.push({ text, calls: results });
        yield { type: 'tools', state: 'ended' };
      }
    },
  };
}

/** Servers that imitate a vendor, and some models, refuse every request that has tools. A refused call costs nothing. */
const mayBeOfTools = (error: unknown): boolean =>
  error instanceof ProviderError && error.fault === 'refused' && [400, 404, 422].includes(error.status ?? 0);

/** Runs the calls of one answer, one after the other: what one finds is numbered before the next one looks. */
function runner(tools: readonly Tool[], { onToolFault, startTimer, clock }: Required<WithTools>) {
  const known = new Map(tools.map(tool => [tool.name, tool]));
  const made = new Set<string>();
  let msLeft = TOOLS_MS;

  async function run({ name, input }: ToolCall, signal: AbortSignal): Promise<string> {
    const tool = known.get(name);
    if (!tool) return `There is no tool of this name. There are: ${[...known.keys()].join(', ')}.`;
    const call = canonicalJson([name, input]);
    if (made.has(call)) return 'This was called before, with the same input; what it gave stands above.';
    made.add(call);
    if (msLeft <= 0) return 'Not run: there is no time left. Answer with what you have.';

    const begun = clock();
    const controller = new AbortController();
    const ended = Promise.withResolvers<string>();
    const stop = (result: string) => {
      ended.resolve(result);
      controller.abort();
    };
    const leave = () => stop('');
    signal.addEventListener('abort', leave, { once: true });
    const stopTimer = startTimer(Math.min(TOOL_MS, msLeft), () => stop('It took too long. Answer with what you have.'));
    Promise.try(() => tool.run(input, controller.signal)).then(ended.resolve, error => {
      if (controller.signal.aborted) return;
      onToolFault(error);
      ended.resolve('It failed. Answer with what you have.');
    });
    const result = await ended.promise;
    stopTimer();
    signal.removeEventListener('abort', leave);
    msLeft -= clock() - begun;
    return result.length > RESULT_TEXT_MAX ? `${result.slice(0, RESULT_TEXT_MAX)} … (the rest is left out)` : result;
  }

  return {
    msLeft: () => msLeft,
    async all(calls: readonly ToolCall[], signal: AbortSignal): Promise<ToolRound['calls']> {
      const results: ToolRound['calls'] = [];
      for (const call of calls.slice(0, CALLS)) {
        if (signal.aborted) break;
        results.push({ ...call, result: await run(call, signal) });
      }
      const last = results.at(-1);
      if (last && calls.length > CALLS) last.result += `\n\nOnly the first ${CALLS} calls were run.`;
      return results;
    },
  };
}
