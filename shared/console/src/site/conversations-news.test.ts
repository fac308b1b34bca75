import { describe, expect, it } from 'vitest';
import type { OwnedMessage } from '../../../contract/src/conversation.ts';
import { charactersLeft, newsOf, outgoing, withSent } from './conversations-news.ts';

const message = (id: string, more: Partial<OwnedMessage> = {}): OwnedMessage => ({
  id,
  role: 'visitor',
  text: `text of ${id}`,
  citations: [],
  status: 'completed',
  createdAt: '2026-01-01T00:00:00Z',
  ...more,
});

describe('a conversation that is read again', () => {
  it('has as news what was not there, and the answer that was still being written', () => {
    const before = [message('1'), message('2', { status: 'streaming' })];
    const after = [message('1'), message('2', { text: 'whole' }), message('3'), message('4', { status: 'streaming' })];
    expect(newsOf(before, after).map(({ id }) => id)).toEqual(['2', '3']);
    expect(newsOf(after, after)).toEqual([]);
  });

  it('has no news where old messages are no longer among the last ones', () => {
    expect(newsOf([message('1'), message('2')], [message('2')])).toEqual([]);
  });

  it('shows what was sent once, whether it was read first or not', () => {
    const sent = message('2', { role: 'agent' });
    expect(withSent([message('1')], sent).map(({ id }) => id)).toEqual(['1', '2']);
    expect(withSent([message('1'), sent], sent).map(({ id }) => id)).toEqual(['1', '2']);
  });
});

describe('a message to a visitor', () => {
  let count = 0;
  const newId = () => `id ${++count}`;

  it('keeps its id when it is sent again after a failure, and other words have another', () => {
    const first = outgoing('Hello', undefined, newId);
    expect(outgoing('Hello', first, newId)).toBe(first);
    expect(outgoing('Hello!', first, newId).clientMessageId).not.toBe(first.clientMessageId);
  });

  it('is as long as the relay counts it', () => {
    expect(charactersLeft('a🙂', 4_000)).toBe(3_998);
    expect(charactersLeft('x'.repeat(4_001), 4_000)).toBe(-1);
  });
});
