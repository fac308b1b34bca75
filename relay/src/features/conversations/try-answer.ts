import { randomUUID } from 'node:crypto';
import { sha256 } from '../../lib/sha256.ts';
import type { Site } from '../sites/index.ts';
import { answerTurn, type TurnDeps } from './answer-turn.ts';
import type { FinishedAnswer, Transcript } from './transcript.ts';

export type TriedAnswer = Pick<FinishedAnswer, 'text' | 'citations' | 'passages' | 'outcome' | 'provider' | 'model'>;

/**
 * Answers a question as a visitor's would be, with other settings where some are given. Keeps nothing and counts for no
 * visitor; the site's limits of spending hold. Throws 503 where nobody answers.
 */
export async function tryAnswer(
  deps: TurnDeps,
  site: Site,
  { text, locale }: { text: string; locale: string | undefined },
  { settings }: { settings?: Site['settings'] },
  signal: AbortSignal,
): Promise<TriedAnswer | undefined> {
  let finished: FinishedAnswer | undefined;
  const transcript: Transcript = {
    read: async () => [],
    async finish(answer) {
      finished = answer;
      return undefined;
    },
  };
  const turn = {
    id: randomUUID(),
    site: settings ? { ...site, settings, settingsVersion: versionOf(settings) } : site,
    text,
    locale,
    transcript,
    customerId: undefined,
    budget: deps.usage.budgetOf(site, { conversationId: null, network: null }),
    use: deps.usage.trialOf(site),
  };
  for await (const _ of await answerTurn(deps, turn, signal)) {
    // Read to its end, which says how it went.
  }
  return finished?.status === 'completed' ? finished : undefined;
}

/** Of settings that are not the site's: below those, so that nothing made for the one serves the other. */
const versionOf = (settings: Site['settings']): number =>
  -1 - Number.parseInt(sha256(JSON.stringify(settings)).slice(0, 12), 16);
