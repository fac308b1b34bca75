import type { LlmRequest, ToolCall } from './llm.ts';

/** What a vendor adds to every message, and to every tool, of its own. */
const PER_PART = 12;

/**
 * The most tokens that a text may be, without the vendor's tokenizer: about twice what it is for a European language,
 * three times for Chinese or Japanese. Signs, digits and emoji, which tokenizers take one by one or in pieces, count in
 * full, so that nobody gets past a limit by writing nothing else.
 */
export function tokensOf(text: string): number {
  let tokens = 0;
  for (const sign of text) {
    const code = sign.codePointAt(0) ?? 0;
    const isLetter = (code | 32) >= 97 && (code | 32) <= 122;
    if (code < 0x80) tokens += isLetter ? 0.5 : sign === ' ' ? 0.1 : 1;
    else tokens += code < 0x800 ? 1 : code < 0x10000 ? 2 : 4;
  }
  return Math.ceil(tokens);
}

/** The most tokens that a request may be. */
export function tokensOfRequest({ instructions, messages, tools = [], rounds = [] }: LlmRequest): number {
  const parts = [
    instructions,
    ...messages.map(({ text }) => text),
    ...tools.map(({ name, description, parameters }) => `${name}${description}${JSON.stringify(parameters)}`),
    ...rounds.flatMap(({ text, calls }) => [text, ...calls.flatMap(call => [wordsOf(call), call.result])]),
  ];
  return parts.reduce((sum, part) => sum + tokensOf(part) + PER_PART, 0);
}

/** The most tokens that a model wrote where it called a tool. */
export const tokensOfCall = (call: ToolCall): number => tokensOf(wordsOf(call)) + PER_PART;

const wordsOf = ({ name, input }: ToolCall): string => `${name}${JSON.stringify(input) ?? ''}`;
