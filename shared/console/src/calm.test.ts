import { describe, expect, it } from 'vitest';
import { calmly } from './calm.ts';

const idOf = ({ id }: { id: string }) => id;

describe('a list that changes under the pointer', () => {
  it('keeps every row in its place, with what it says now, and counts what would come', () => {
    const shown = [
      { id: 'a', messages: 1 },
      { id: 'b', messages: 2 },
      { id: 'c', messages: 3 },
    ];
    const fresh = [
      { id: 'new', messages: 1 },
      { id: 'c', messages: 4 },
      { id: 'a', messages: 1 },
    ];
    expect(calmly(shown, fresh, idOf)).toEqual({
      items: [
        { id: 'a', messages: 1 },
        { id: 'b', messages: 2 },
        { id: 'c', messages: 4 },
      ],
      waiting: 1,
    });
  });

  it('has nothing waiting where only the order changed', () => {
    expect(calmly([{ id: 'a' }, { id: 'b' }], [{ id: 'b' }, { id: 'a' }], idOf).waiting).toBe(0);
  });
});
