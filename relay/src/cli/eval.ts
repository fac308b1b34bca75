import { parseArgs } from 'node:util';
import { modelProvider } from '@confab/contract';
import type { Trial } from '../features/evaluation/index.ts';
import { AppError } from '../lib/app-error.ts';
import { type Command, UsageError } from './command.ts';

/** Tries a site's own test set. */
export const evaluate: Command = {
  usage: 'eval --site KEY [--answers] [--provider NAME] [--model NAME] [--instructions TEXT]',
  help: `Tries the test set of a site: whether each question finds its document, and is known to be answerable or not. Run it before
a change of knowledge, prompt or model goes live. Nothing is stored. The exit code is 1 where a case fails.

  --site KEY           whose test set
  --answers            has each question answered as well, and checks what the answer rests on and says; costs money
                       where a provider answers
  --provider NAME      with --answers: ${modelProvider.options.join(', ')} or extractive, in place of the site's choice
  --model NAME         with --provider: this model of it
  --instructions TEXT  with --answers: these instructions in place of the owner's`,
  examples: [
    'eval --site demo',
    'eval --site demo --answers --provider extractive',
    'eval --site demo --answers --provider openai --model gpt-4.1',
  ],
  needs: 'relay',

  async run(args, io, open, signal) {
    const text = { type: 'string' } as const;
    const { values } = parseArgs({
      args,
      options: { site: text, answers: { type: 'boolean' }, provider: text, model: text, instructions: text },
    });
    const key = values.site;
    if (key === undefined) throw new UsageError('Say whose test set: --site KEY.');
    const changesOf = changesBy(values);
    const services = await open();
    const site = await services.sites.byKey(key).catch(error => {
      throw error instanceof AppError ? new UsageError(`There is no site "${key}".`) : error;
    });
    const total = await services.evaluation.count(site);
    if (total === 0) {
      await io.out(`The test set of ${key} is empty. Correct an answer, or add a case by POST /v1/site/eval-cases.\n`);
      return 0;
    }
    const trial: Trial = { withAnswers: values.answers === true, answers: changesOf(site.settings.answers) };
    let done = 0;
    let failed = 0;
    for await (const { question, passed, problems, rank } of services.evaluation.replay(site, trial, signal)) {
      done += 1;
      if (!passed) failed += 1;
      const place = rank === null ? '' : `, place ${rank}`;
      await io.out(
        `${passed ? 'ok    ' : 'FAILED'} ${question}${place}${problems.map(each => `\n         ${each}`).join('')}\n`,
      );
      if (done % 20 === 0) io.err(`${done} of ${total}\n`);
    }
    await io.out(`${done - failed} of ${done} cases passed.\n`);
    if (signal.aborted) io.err(`Stopped after ${done} of ${total} cases.\n`);
    return failed > 0 || signal.aborted ? 1 : 0;
  },
};

type Given = { answers?: boolean; provider?: string; model?: string; instructions?: string };
type Answers = NonNullable<Trial['answers']>;

/** What the arguments change of the site's settings. Throws `UsageError` for those that make no sense. */
function changesBy({ answers, provider, model, instructions }: Given) {
  if (!answers && (provider ?? model ?? instructions) !== undefined) {
    throw new UsageError('--provider, --model and --instructions change answers: add --answers.');
  }
  if (model !== undefined && provider === undefined) throw new UsageError('Say whose model it is: --provider NAME.');
  const known = modelProvider.safeParse(provider);
  if (provider !== undefined && provider !== 'extractive' && !known.success) {
    throw new UsageError(`There is no provider "${provider}": ${modelProvider.options.join(', ')} or extractive.`);
  }
  if (provider === 'extractive' && model !== undefined) throw new UsageError('The extractive provider has no models.');
  return (current: Required<Answers>): Answers => ({
    ...(instructions !== undefined && { instructions }),
    ...(provider === 'extractive' && { providers: [] }),
    ...(known.success && { providers: [known.data] }),
    ...(known.success && model !== undefined && { [known.data]: { ...current[known.data], model } }),
  });
}
