import type { ChatMessage } from './llm.ts';

/**
 * The thread as every vendor accepts it: begins with the user, roles alternate, no content is empty. Some compatible
 * servers refuse two messages of one role in a row, Anthropic refuses an empty one, and a half of a surrogate pair
 * (a text cut in the middle of an emoji) makes a body that vendors refuse as JSON.
 */
export function vendorMessages(messages: ChatMessage[]) {
  const turns: { role: 'user' | 'assistant'; content: string }[] = [];
  for (const { role: author, text } of messages) {
    const role = author === 'visitor' ? 'user' : 'assistant';
    const last = turns.at(-1);
    if (text.trim() === '' || (!last && role === 'assistant')) continue;
    if (last?.role === role) last.content += `\n\n${text.toWellFormed()}`;
    else turns.push({ role, content: text.toWellFormed() });
  }
  return turns;
}
