import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.ts';

// Expected values are those of RFC 8785, sections 3.2.2 and 3.2.3, as far as we hash such values.
describe('canonical JSON', () => {
  it('is one text for the same value, whatever the order of its members', () => {
    expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: 'x' })).toBe('{"a":"x","b":[{"c":2,"d":1}]}');
    expect(canonicalJson({ b: 1, a: 2 })).toBe(canonicalJson({ a: 2, b: 1 }));
  });

  it('sorts by UTF-16 code units, as the RFC’s example', () => {
    const value = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    expect([...canonicalJson(value).matchAll(/:"([^"]+)"/g)].map(match => match[1])).toEqual([
      'Carriage Return',
      'One',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ]);
  });

  it('escapes as the RFC does', () => {
    expect(canonicalJson('\u20ac$\u000f\nA\'B"\\\\"/')).toBe('"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"');
  });

  it.each([
    [null, 'null'],
    [true, 'true'],
    [[], '[]'],
    [{}, '{}'],
    [{ a: undefined }, '{}'],
    [-0, '0'],
    [1e21, '1e+21'],
    [4.5, '4.5'],
    ['</script>\u2028', '"</script>\u2028"'],
  ])('writes %o as %s', (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });
});
