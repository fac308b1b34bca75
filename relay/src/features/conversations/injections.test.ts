import { describe, expect, it } from 'vitest';
import type { LlmPart } from '../../providers/llm/llm.ts';
import { withMarksFilled } from './fill-marks.ts';
import { injections } from './injections.ts';
import { ourRules } from './prompt.ts';
import { withSafeText } from './safe-text.ts';

const allowed = {
  addressFor: (url: URL) => (url.origin === 'https://shop.example' ? url.origin + url.pathname : undefined),
  hasEmail: () => false,
  hasPhone: () => false,
  hasNumber: () => false,
  hasDocument: (index: number) => index === 1,
  instructions: ourRules,
};

async function* parted(texts: string[]): AsyncGenerator<LlmPart> {
  for (const text of texts) yield { type: 'text', text };
  yield { type: 'finished', reason: 'stop' };
}

async function told(texts: string[]): Promise<string> {
  let text = '';
  for await (const part of withSafeText(
    withMarksFilled(parted(texts), async () => ''),
    allowed,
  )) {
    if (part.type === 'text') text += part.text;
  }
  return text;
}

const said = injections.filter(({ where }) => where !== 'tool');

describe('what a model says that obeys an injection', () => {
  it('is a corpus of more than sixty', () => {
    expect(injections.length).toBeGreaterThan(60);
    expect(new Set(injections.map(({ name }) => name)).size).toBe(injections.length);
  });

  it.each(said)('does not get through: $where, $name', async ({ says, never }) => {
    expect(says).toMatch(never);
    const whole = await told([says]);
    expect(whole).not.toMatch(never);
    expect(await told(says.split(''))).toBe(whole);
  });
});
