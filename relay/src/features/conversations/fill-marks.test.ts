import { describe, expect, it } from 'vitest';
import type { LlmPart } from '../../providers/llm/llm.ts';
import { type Mark, markOf, withMarksFilled, withoutAmounts, withoutMarks } from './fill-marks.ts';

const known: Record<string, string> = {
  hours: 'Monday to Friday',
  'price 1': '€49.00',
  'price 1.2': '€59.00',
  'availability 2': 'in stock',
};

const fill = async (mark: Mark) => known[markOf(mark).slice(2, -2)] ?? '';

async function* parted(texts: string[]): AsyncGenerator<LlmPart> {
  for (const text of texts) yield { type: 'text', text };
  yield { type: 'finished', reason: 'stop' };
}

async function read(texts: string[]): Promise<string[]> {
  const said: string[] = [];
  for await (const part of withMarksFilled(parted(texts), fill)) said.push(part.type === 'text' ? part.text : '.');
  return said;
}
const whole = async (...texts: string[]) => (await read(texts)).join('').slice(0, -1);

const answer = 'It costs {{price 1}} [1], or {{price 1.2}} in L; it is {{availability 2}}{{price 9}}. {a} {b}';
const filled = 'It costs €49.00 [1], or €59.00 in L; it is in stock. {a} {b}';

describe('marks', () => {
  it.each(Array.from({ length: answer.length + 1 }, (_, at) => at))('are filled in, cut at %i', async at => {
    expect(await whole(answer.slice(0, at), answer.slice(at))).toBe(filled);
  });

  it('are filled in where every character comes by itself', async () => {
    expect(await whole(...answer)).toBe(filled);
  });

  it('are read as they are written, and with more room or braces', async () => {
    for (const mark of [markOf({ fact: 'price', document: 1, variant: undefined }), '{{ Price  1 }}', '{{{price 1}}']) {
      expect(await whole(`a ${mark} b`)).toBe('a €49.00 b');
    }
    expect(await whole(markOf({ fact: 'price', document: 1, variant: 2 }))).toBe('€59.00');
  });

  it.each([
    ['a {{price 7}} b', 'a  b'],
    ['a {{price}} b', 'a  b'],
    ['a {{cost 1}} b', 'a  b'],
    ['a {{price one}} b', 'a  b'],
    ['a {{price S / Blue}} b', 'a  b'],
    ['a {{price 1} b', 'a  b'],
    ['a {{price 1} {{price 1}}', 'a  €49.00'],
    ['a {{price {{price 1}}', 'a €49.00'],
    ['a {{price 1', 'a '],
    ['a {{price 1}', 'a '],
    ['a {{', 'a '],
    ['a {{\nb', 'a \nb'],
    ['a {{}} b', 'a  b'],
  ])('are left out where they are unknown or broken: %s', async (said, told) => {
    expect(await whole(said)).toBe(told);
    expect(await whole(...said)).toBe(told);
  });

  it('hold back nothing else, and not for long', async () => {
    expect(await read(['one ', '{two', '} three'])).toEqual(['one ', '{two', '} three', '.']);
    expect(await read(['one {', '{ 2'])).toEqual(['one ', '.']);
    expect(await read(['one {'])).toEqual(['one ', '{', '.']);
    const [first = '', ...rest] = await read(['{{', 'x'.repeat(5_000), ' y']);
    expect(first.length).toBeGreaterThan(4_900);
    expect(rest).toEqual([' y', '.']);
  });

  it('cannot be written by a page or a visitor', async () => {
    for (const hostile of ['{{price 1}}', '{{{{price 1}}}}', '{{{price 1}}}', '{\u0000{price 1}}'.replace('\0', '')]) {
      expect(await whole(withoutMarks(hostile))).not.toContain('€');
    }
    expect(withoutMarks('{a} {b}')).toBe('{a} {b}');
  });
});

describe('an earlier answer', () => {
  it.each(['en', 'de', 'fr', 'es', 'de-CH', 'sv', 'ja', 'en-US', 'pl'])('has no price to repeat in %s', locale => {
    for (const currency of ['EUR', 'USD', 'CAD', 'JPY', 'BHD', 'SEK', 'CHF', 'PLN']) {
      const price = new Intl.NumberFormat(locale, { style: 'currency', currency }).format(12_345.67);
      expect(withoutAmounts(`It costs ${price} [1].`)).toBe('It costs … [1].');
    }
  });

  it('keeps its other numbers', () => {
    const text = 'Size 42 [1], 30 days, 2 m long, wash at 30 °C; in 2 or 3 colours. 10 DAYS, 7.5 OK.';
    expect(withoutAmounts(text)).toBe(text);
  });
});
