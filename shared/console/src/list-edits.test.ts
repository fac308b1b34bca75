import { expect, it } from 'vitest';
import { shifted, without } from './list-edits.ts';

it('moves an entry by one place, and not beyond an end', () => {
  expect(shifted(['a', 'b', 'c'], 2, -1)).toEqual(['a', 'c', 'b']);
  expect(shifted(['a', 'b'], 1, 1)).toEqual(['a', 'b']);
  expect(shifted(['a', 'b'], 0, -1)).toEqual(['a', 'b']);
  expect(without(['a', 'b'], 0)).toEqual(['b']);
});
