import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { asyncOf, damaged, damages, fuzz, hostileText, inPieces } from '../../e2e/fuzz.ts';
import { readEventStream } from './event-stream.ts';
import { type MarkdownNode, parseMarkdown, plainText } from './markdown.ts';

const elements = (nodes: MarkdownNode[]): Exclude<MarkdownNode, string>[] =>
  nodes.flatMap(node => (typeof node === 'string' ? [] : [node, ...elements(node.children)]));

const stream = Buffer.from(
  ': hi\n\nevent: started\ndata: {"a":1}\n\nevent: delta\r\ndata: {"text":"Größe 🫖"}\r\n\r\ndata: one\rdata: two\r\rid: 7\nevent\ndata\n\n',
);
const read = async (bytes: Uint8Array, lengths: readonly number[]) =>
  Array.fromAsync(readEventStream(asyncOf(inPieces(bytes, lengths))));

const mark = fc.constantFrom(
  '**',
  '*',
  '`',
  '```\n',
  '[',
  '](',
  ')',
  '> ',
  '- ',
  '1. ',
  '\n',
  '\n\n',
  '# ',
  '[1]',
  '    ',
  '\\',
);
const link = hostileText({ max: 60 }).map(text => `[x](${text})`);

describe('what the widget reads', () => {
  fuzz(
    'an event stream says the same, however the network cuts it',
    [damages(), fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 })],
    async (done, lengths) => {
      const bytes = damaged(stream, done);
      expect(await read(bytes, lengths)).toEqual(await read(bytes, [bytes.length]));
    },
  );

  fuzz(
    'no answer becomes anything but text and harmless elements',
    [
      fc.array(fc.oneof(mark, link, hostileText({ max: 80 })), { maxLength: 30 }).map(parts => parts.join('')),
      hostileText({ max: 80 }),
    ],
    (text, url) => {
      const tree = parseMarkdown(text, [{ index: 1, title: text.slice(0, 50), url }]);
      for (const { tag, href } of elements(tree)) {
        expect(['p', 'br', 'strong', 'em', 'code', 'pre', 'ul', 'ol', 'li', 'blockquote', 'sup', 'a']).toContain(tag);
        if (href !== undefined) expect(href).toMatch(/^https?:\/\//);
      }
      expect(typeof plainText(tree)).toBe('string');
    },
    { runs: 800 },
  );
});
