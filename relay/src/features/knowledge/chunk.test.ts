import { describe, expect, it } from 'vitest';
import { chunk } from './chunk.ts';

const all = (text: string) =>
  chunk(text)
    .map(({ text: passage }) => passage)
    .join(' ')
    .split(/\s+/);

describe('chunks', () => {
  it('stay with the heading above them', () => {
    expect(chunk('Before.\n# Shipping\nNine days.\n## Costs\n14 euro.')).toEqual([
      { heading: '', text: 'Before.' },
      { heading: 'Shipping', text: 'Nine days.' },
      { heading: 'Costs', text: '14 euro.' },
    ]);
  });

  it('keep a heading with nothing under it', () => {
    expect(chunk('# Closed on Sundays\n\n# Contact\nCall us.')).toEqual([
      { heading: 'Closed on Sundays', text: 'Closed on Sundays' },
      { heading: 'Contact', text: 'Call us.' },
    ]);
  });

  it('are short, and lose no word and repeat none', () => {
    const sentences = Array.from({ length: 400 }, (_, at) => `Sentence ${at} says that nothing is lost.`);
    const text = [sentences.slice(0, 100).join(' '), sentences.slice(100).join('\n')].join('\n');
    expect(all(text)).toEqual(text.split(/\s+/));
    for (const { text: passage } of chunk(text)) expect(passage.length).toBeLessThanOrEqual(900);
  });

  it('end after a sentence where they can', () => {
    const text = `${'A sentence of some length. '.repeat(60)}`;
    for (const { text: passage } of chunk(text)) expect(passage.endsWith('.')).toBe(true);
  });

  it('cut no character in two', () => {
    const text = '🧶'.repeat(2_000);
    const passages = chunk(text);
    expect(passages.every(({ text: passage }) => passage.isWellFormed())).toBe(true);
    expect(passages.map(({ text: passage }) => passage).join('')).toBe(text);
  });

  it('have short headings, whatever a page calls one', () => {
    const passages = chunk(`# ${'long '.repeat(100_000)}\n${'text '.repeat(1_000)}`);
    for (const { heading } of passages) expect(heading.length).toBeLessThanOrEqual(200);
    const words = passages.map(({ heading, text }) => `${heading} ${text}`).join(' ');
    expect(words.length).toBeLessThan(1_000_000);
  });

  it.each(['', '   ', '\n\n', '# ', '#'])('of %j are few or none', text => {
    expect(chunk(text).length).toBeLessThanOrEqual(1);
  });
});
