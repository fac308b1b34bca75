import { describe, expect, it } from 'vitest';
import { partsOf } from './parts.ts';

describe('a long text', () => {
  it('is cut before a heading, else after a line, else inside one, and nothing of it is lost', () => {
    const text = `# 1 / 2\n${'a'.repeat(30)}\n# 2 / 2\n${'b'.repeat(20)}`;
    expect(partsOf(text, 50)).toEqual([`# 1 / 2\n${'a'.repeat(30)}`, `\n# 2 / 2\n${'b'.repeat(20)}`]);
    expect(partsOf('one line\nanother line', 15)).toEqual(['one line', '\nanother line']);
    expect(partsOf('abcdefgh', 3)).toEqual(['abc', 'def', 'gh']);
    expect(partsOf('short', 50)).toEqual(['short']);
    expect(partsOf(' \n ', 50)).toEqual([]);
  });

  it('is never cut inside a character', () => {
    const parts = partsOf('🐦'.repeat(50), 7);
    expect(parts.join('')).toBe('🐦'.repeat(50));
    expect(parts.every(part => part.isWellFormed())).toBe(true);
  });

  it('of headings only comes to an end', () => {
    const text = '\n# '.repeat(100);
    expect(partsOf(text, 10).join('').length).toBeLessThanOrEqual(text.length);
  });
});
