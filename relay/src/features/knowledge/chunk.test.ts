import { describe, expect, it } from 'vitest';
import { chunk } from './chunk.ts';

const all = (text: string) =>
  chunk(text)
    .map(({ text: passage }) => passage)
    .join(' ')
    .split(/\s+/);

describe('chunks', () => {
  it('stay with the headings above them', () => {
    expect(chunk('Before.\n# Shipping\nNine days.\n## Costs\n14 euro.\n# Returns\n### By post\nFree.')).toEqual([
      { heading: '', text: 'Before.' },
      { heading: 'Shipping', text: 'Nine days.' },
      { heading: 'Shipping › Costs', text: '14 euro.' },
      { heading: 'Returns › By post', text: 'Free.' },
    ]);
  });

  it('keep a question and its answer together', () => {
    const faq = `# Help\n\nDo you ship to Iceland?\nYes, in nine days.\n\nIt costs 14 euro.\n\nMay I send it back?\n\nYes.`;
    expect(chunk(faq)).toEqual([
      { heading: 'Help › Do you ship to Iceland?', text: 'Yes, in nine days.\nIt costs 14 euro.' },
      { heading: 'Help › May I send it back?', text: 'Yes.' },
    ]);
  });

  it.each([
    ['within a paragraph', 'We asked.\nIs it wool?\nIt is.'],
    ['in a list', '- Is it wool?\n- Is it warm?\nBoth.'],
    ['one after the other', 'Is it wool?\n\nIs it warm?\n\nIs it blue?'],
    ['in a table', 'Wool? | Warm?\nYes | No'],
  ])('do not take a question for a heading that stands %s', (_, text) => {
    const passages = chunk(text).map(each => each.heading);
    expect(passages.filter(heading => heading !== '')).toEqual([]);
  });

  it('give each piece of a table its first row', () => {
    const rows = Array.from({ length: 100 }, (_, at) => `${at} | ${at + 60} cm | ${at + 80} cm`);
    const passages = chunk(['# Sizes', 'In centimetres.', 'Size | Waist | Chest', ...rows, 'Ask us.'].join('\n'));
    expect(passages.length).toBeGreaterThan(2);
    for (const { text } of passages) {
      expect(text.length).toBeLessThanOrEqual(900);
      expect(text).toContain('Size | Waist | Chest');
    }
    const words = passages
      .map(({ text }) => text)
      .join('\n')
      .split(/\s/);
    expect(words.filter(word => word === '179')).toEqual(['179']);
  });

  it('keep a heading with nothing under it', () => {
    expect(chunk('# Closed on Sundays\n\n# Contact\nCall us.')).toEqual([
      { heading: 'Closed on Sundays', text: 'Closed on Sundays' },
      { heading: 'Contact', text: 'Call us.' },
    ]);
  });

  it('keep no more of many headings than a short path', () => {
    const deep = Array.from({ length: 6 }, (_, at) => `${'#'.repeat(at + 1)} ${`heading${at} `.repeat(10)}`);
    const [passage] = chunk([...deep, 'Text.'].join('\n'));
    expect(passage?.heading.length).toBeLessThanOrEqual(200);
    expect(passage?.heading).toMatch(/heading5/);
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
