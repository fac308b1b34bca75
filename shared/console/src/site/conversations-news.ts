import type { OwnedMessage } from '../../../contract/src/conversation.ts';

/** What was read before and what is read now: the messages that are whole now and were not, in order. */
export function newsOf(before: readonly OwnedMessage[], after: readonly OwnedMessage[]): OwnedMessage[] {
  const whole = new Set(before.filter(isWhole).map(({ id }) => id));
  return after.filter(message => isWhole(message) && !whole.has(message.id));
}

/** The messages with one more that was just sent, unless it has been read meanwhile. */
export const withSent = (messages: readonly OwnedMessage[], sent: OwnedMessage): OwnedMessage[] =>
  messages.some(({ id }) => id === sent.id) ? [...messages] : [...messages, sent];

/** What an agent sends; under the same id it is the same message, however often it is sent. */
export type Outgoing = { text: string; clientMessageId: string };

/**
 * What is sent for these words: where the last attempt to send the very same ones has failed, it may have arrived all the
 * same, and goes under the id that it had.
 */
export function outgoing(text: string, failed: Outgoing | undefined, newId: () => string): Outgoing {
  return failed?.text === text ? failed : { text, clientMessageId: newId() };
}

const isWhole = ({ status }: OwnedMessage) => status !== 'streaming';

/** How many characters are left, as the relay counts them: an emoji is one. */
export const charactersLeft = (text: string, most: number): number => most - [...text].length;
