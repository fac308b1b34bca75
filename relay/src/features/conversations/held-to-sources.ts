import type { LlmPart } from '../../providers/llm/llm.ts';

type Held = {
  /** Whether the answer so far says something that a source holds. */
  rests: (text: string) => Promise<boolean>;
  /** What is told instead of an answer that ends without. */
  otherwise: (text: string) => string;
};

/** Whoever has said so much, in characters, and named no source will name none: nobody waits for the rest of it. */
const HELD_MAX = 600;

/**
 * An answer to a question on which the knowledge holds nothing. It is told from where it names a source that holds
 * something of it; without one it would come from the model's own memory, and is not told.
 */
export async function* heldToSources(parts: AsyncIterable<LlmPart>, { rests, otherwise }: Held) {
  let held = '';
  let isFree = false;
  for await (const part of parts) {
    if (part.type === 'finished') {
      const text = isFree ? '' : otherwise(held);
      if (text) yield { type: 'text' as const, text };
      yield part;
    } else if (isFree) {
      yield part;
    } else {
      held += part.text;
      isFree = await rests(held);
      if (isFree) yield { type: 'text' as const, text: held };
      if (!isFree && held.length > HELD_MAX) {
        const text = otherwise(held);
        if (text) yield { type: 'text' as const, text };
        yield { type: 'finished' as const, reason: 'stop' as const };
        return;
      }
    }
  }
}
