import { describe, expect, it } from 'vitest';
import type { LlmPart } from '../../providers/llm/llm.ts';
import { isSmallTalk } from '../../providers/llm/own-words.ts';
import { heldToSources } from './held-to-sources.ts';
import { outcomeOf } from './outcome.ts';

const citation = { index: 1, title: 'Shipping', url: '' };

describe('the outcome of an answer', () => {
  it.each([
    ['Nine days [1].', false, 1, 'answered'],
    ['Nine days [1]. Anything else?', false, 1, 'answered'],
    ['This is what I have:\n- Shipping [1]\n\nWhat do you mean?', true, 1, 'asked_back'],
    ['Nine days [1].', true, 1, 'answered'],
    ['Which country? **', false, 0, 'asked_back'],
    ['どの国ですか？', false, 0, 'asked_back'],
    ['I do not know.', false, 0, 'unanswered'],
    ['', false, 0, 'unanswered'],
  ])('is told from it: %s', (text, askBack, citations, outcome) => {
    expect(outcomeOf({ question: 'How long?', askBack }, text, citations ? [citation] : [])).toBe(outcome);
  });

  it('is none of small talk', () => {
    expect(outcomeOf({ question: 'Hello!', askBack: false }, 'Hi, how can I help?', [])).toBeNull();
    expect(outcomeOf({ question: 'thanks', askBack: false }, 'You are welcome.', [])).toBeNull();
    expect(outcomeOf({ question: 'help', askBack: false }, 'See [1].', [citation])).toBe('answered');
  });
});

describe('small talk', () => {
  it.each([
    'hi',
    'Hello there!',
    'Guten Tag',
    'Vielen Dank!',
    'Merci beaucoup',
    '¡Hola! ¿Qué tal?',
    'ok thanks',
    'Great, thanks for your help!',
    'No, thank you',
    'Alles klar, das hilft mir, danke',
    '👍',
    '?',
    'a',
  ])('is: %s', text => expect(isSmallTalk(text)).toBe(true));

  it.each(['ok and how much?', 'Hello, do you ship to Iceland?', 'help me return it', '钱', 'hip flask', 'wool', '42'])(
    'is not: %s',
    text => expect(isSmallTalk(text)).toBe(false),
  );
});

describe('an answer held to its sources', () => {
  async function* parted(texts: string[]): AsyncGenerator<LlmPart> {
    for (const text of texts) yield { type: 'text', text };
    yield { type: 'finished', reason: 'stop' };
  }
  async function told(...texts: string[]) {
    const said: string[] = [];
    const how = { rests: async (text: string) => text.includes('[1]'), otherwise: (text: string) => `not: ${text}` };
    for await (const part of heldToSources(parted(texts), how)) said.push(part.type === 'text' ? part.text : '.');
    return said;
  }

  it('is told from its first source on', async () => {
    expect(await told('Nine ', 'days [', '1]', ', or ', 'ten.')).toEqual(['Nine days [1]', ', or ', 'ten.', '.']);
  });

  it('is not told where it names none', async () => {
    expect(await told('Nine ', 'days.')).toEqual(['not: Nine days.', '.']);
  });
});
