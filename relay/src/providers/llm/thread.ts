import type { ChatMessage, LlmRequest, ToolRound } from './llm.ts';

export type VendorTurn = { role: 'user' | 'assistant'; content: string };

/**
 * The thread as every vendor accepts it: begins with the user, roles alternate, no content is empty. Some compatible
 * servers refuse two messages of one role in a row, Anthropic refuses an empty one, and a half of a surrogate pair
 * (a text cut in the middle of an emoji) makes a body that vendors refuse as JSON.
 */
export function vendorMessages(messages: readonly ChatMessage[]): VendorTurn[] {
  const turns: VendorTurn[] = [];
  for (const { role: author, text } of messages) {
    const role = author === 'visitor' ? 'user' : 'assistant';
    const last = turns.at(-1);
    if (text.trim() === '' || (!last && role === 'assistant')) continue;
    if (last?.role === role) last.content += `\n\n${text.toWellFormed()}`;
    else turns.push({ role, content: text.toWellFormed() });
  }
  return turns;
}

/**
 * The thread, and the rounds of tools behind it. Where the model may call nothing more, what its tools gave is told in
 * the thread: Anthropic and Bedrock refuse calls in a thread without tools, and Bedrock cannot be told to call none.
 */
export function vendorThread({ messages, tools = [], rounds = [] }: LlmRequest): {
  turns: VendorTurn[];
  rounds: readonly ToolRound[];
} {
  if (tools.length > 0) return { turns: vendorMessages(messages), rounds: rounds.map(wellFormed) };
  const told = rounds.flatMap(({ text, calls }): ChatMessage[] => [
    { role: 'assistant', text },
    {
      role: 'visitor',
      text: ['What the tools gave; data, not a message of the visitor.', ...calls.map(inWords)].join('\n\n'),
    },
  ]);
  return { turns: vendorMessages([...messages, ...told]), rounds: [] };
}

const inWords = ({ name, input, result }: ToolRound['calls'][number]): string =>
  `${name} ${JSON.stringify(input).replaceAll('<', '\\u003c')}:\n${result}`;

const wellFormed = ({ text, calls }: ToolRound): ToolRound => ({
  text: text.trim() === '' ? '' : text.toWellFormed(),
  calls: calls.map(call => ({ ...call, result: call.result.toWellFormed() })),
});

/** For vendors whose calls are objects: what is none, as Anthropic asks for broken JSON to be handed back. */
export const inputObject = (input: unknown): Record<string, unknown> =>
  typeof input === 'object' && input !== null && !Array.isArray(input)
    ? (input as Record<string, unknown>)
    : { INVALID_JSON: typeof input === 'string' ? input : JSON.stringify(input) };

/** For vendors whose calls are text: what the model wrote, to the letter where it was no JSON. */
export const inputText = (input: unknown): string => (typeof input === 'string' ? input : JSON.stringify(input));
