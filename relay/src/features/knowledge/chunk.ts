/** One retrievable passage: the headings above it, and its text. */
export type Chunk = { heading: string; text: string };

/** Long enough to answer from, short enough that its words are about one thing. */
const CHUNK_LENGTH = 900;

/** A heading goes with each passage below it; what is longer is text. */
const HEADING_LENGTH = 200;

/**
 * Cuts a cleaned page at its headings, then at paragraphs, then at sentences, into passages of about 900 characters.
 * Nothing is lost and nothing stands twice.
 */
export function chunk(text: string): Chunk[] {
  return sections(text).flatMap(({ heading, lines }) =>
    pack(lines.flatMap(line => split(line, CHUNK_LENGTH))).map(passage => ({ heading, text: passage })),
  );
}

function sections(text: string): { heading: string; lines: string[] }[] {
  const all: { heading: string; lines: string[] }[] = [];
  let current = { heading: '', lines: [] as string[] };
  for (const line of text.split('\n')) {
    const heading = /^#{1,6} (.*)$/.exec(line)?.[1];
    if (heading === undefined) {
      current.lines.push(line);
    } else {
      all.push(current);
      const [title = '', ...rest] = split(heading.trim(), HEADING_LENGTH);
      current = { heading: title, lines: rest };
    }
  }
  all.push(current);
  // A heading with nothing under it still says something: it becomes its own text.
  return all
    .map(section => ({ ...section, lines: section.lines.filter(line => line.trim() !== '') }))
    .map(section => (section.lines.length === 0 ? { ...section, lines: [section.heading] } : section))
    .filter(section => section.lines.some(line => line.trim() !== ''));
}

/** Cuts a line that is too long after a sentence, else after a word, else anywhere but inside a character. */
function split(line: string, length: number): string[] {
  const pieces: string[] = [];
  let rest = line;
  while (rest.length > length) {
    const window = rest.slice(0, length);
    const sentence = Math.max(window.lastIndexOf('. '), window.lastIndexOf('! '), window.lastIndexOf('? '));
    const word = window.lastIndexOf(' ');
    let end = sentence > length / 2 ? sentence + 1 : word > length / 2 ? word : length;
    if (/[\ud800-\udbff]/.test(rest.charAt(end - 1))) end -= 1;
    pieces.push(rest.slice(0, end).trim());
    rest = rest.slice(end).trim();
  }
  if (rest) pieces.push(rest);
  return pieces;
}

function pack(lines: string[]): string[] {
  const passages: string[] = [];
  let current = '';
  for (const line of lines) {
    if (current && current.length + line.length + 1 > CHUNK_LENGTH) {
      passages.push(current);
      current = '';
    }
    current = current ? `${current}\n${line}` : line;
  }
  if (current) passages.push(current);
  return passages;
}
