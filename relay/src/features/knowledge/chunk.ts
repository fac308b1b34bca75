/** One retrievable passage: the headings above it, and its text. */
export type Chunk = { heading: string; text: string };

/** Long enough to answer from, short enough that its words are about one thing. */
const CHUNK_LENGTH = 900;

/** Headings go with each passage below them; what is longer is text. */
const HEADING_LENGTH = 200;

/** A question that stands as a heading of its answer is no longer than this. */
const QUESTION_LENGTH = 200;

/** Between a heading and the one above it. */
const PATH = ' › ';

/** Below every heading of HTML. */
const QUESTION_LEVEL = 7;

/**
 * Cuts a cleaned page at its headings and questions, then at paragraphs, then at sentences, into passages of about 900
 * characters. Each passage has the path of its headings, an answer has its question for one, and each piece of a table
 * has its first row. Else nothing is lost and nothing stands twice.
 */
export function chunk(text: string): Chunk[] {
  return sections(text).flatMap(({ heading, lines }) =>
    pack(blocksOf(lines)).map(passage => ({ heading, text: passage })),
  );
}

type Section = { heading: string; lines: string[] };

function sections(text: string): Section[] {
  const all: Section[] = [];
  let path: { level: number; title: string }[] = [];
  let current: Section = { heading: '', lines: [] };
  const open = (level: number, title: string) => {
    // A heading with nothing under it still says something: it becomes its own text, unless headings are under it.
    if (isEmpty(current) && path.length > 0 && level <= (path.at(-1)?.level ?? 0)) current.lines = [lastOf(path)];
    all.push(current);
    const [first = '', ...rest] = split(title, HEADING_LENGTH);
    path = [...path.filter(above => above.level < level), { level, title: first }];
    current = { heading: pathOf(path), lines: rest };
  };
  const lines = text.split('\n');
  lines.forEach((line, at) => {
    const [, marks = '', title = ''] = /^(#{1,6}) (.*)$/.exec(line) ?? [];
    if (marks) open(marks.length, title.trim());
    else if (isQuestion(lines, at)) open(QUESTION_LEVEL, line.trim());
    else current.lines.push(line);
  });
  if (isEmpty(current) && path.length > 0) current.lines = [lastOf(path)];
  all.push(current);
  return all.filter(section => !isEmpty(section));
}

const isEmpty = ({ lines }: Section): boolean => lines.every(line => line.trim() === '');
const lastOf = (path: readonly { title: string }[]): string => path.at(-1)?.title ?? '';

/** The nearest headings count most: those far above go where there are too many. */
function pathOf(path: readonly { title: string }[]): string {
  const titles = path.map(({ title }) => title).filter((title, at, all) => title !== '' && title !== all[at - 1]);
  while (titles.length > 1 && titles.join(PATH).length > HEADING_LENGTH) titles.shift();
  return titles.join(PATH);
}

/** A paragraph that begins with a question, or is one, and is answered by what follows it; not where a page begins. */
function isQuestion(lines: readonly string[], at: number): boolean {
  const line = lines[at]?.trim() ?? '';
  if (!/[?？؟]$/.test(line) || line.length > QUESTION_LENGTH || isRow(line) || isItem(line)) return false;
  const begins = at > 0 && (lines[at - 1]?.trim() === '' || /^#{1,6} /.test(lines[at - 1] ?? ''));
  if (!begins) return false;
  let next = at + 1;
  while (lines[next]?.trim() === '') next += 1;
  const answer = lines[next];
  return answer !== undefined && !/^#{1,6} /.test(answer) && !/[?？؟]$/.test(answer.trim());
}

const isRow = (line: string): boolean => line.includes(' | ');
const isItem = (line: string): boolean => /^(?:[-*•]|\d+[.)]) /.test(line);

/** What is put into a passage as a whole; `header` stands over it where a passage begins with it. */
type Block = { text: string; header: string };

/** Lines, and rows of tables under the first row of theirs. */
function blocksOf(lines: readonly string[]): Block[] {
  let header = '';
  return lines.flatMap((line, at) => {
    const isFirst = isRow(line) && !isRow(lines[at - 1] ?? '');
    if (isFirst || !isRow(line)) header = '';
    const over = header;
    // A first row as long as a passage would leave no room for the others.
    if (isFirst && isRow(lines[at + 1] ?? '') && line.length <= CHUNK_LENGTH / 3) header = line.trim();
    return split(line.trim(), over ? CHUNK_LENGTH - over.length - 1 : CHUNK_LENGTH).map(text => ({
      text,
      header: over,
    }));
  });
}

/** Cuts a line that is too long after a sentence, else after a word, else anywhere but inside a character. */
function split(line: string, length: number): string[] {
  const pieces: string[] = [];
  let rest = line;
  while (rest.length > length) {
    const window = rest.slice(0, length);
    const sentence = Math.max(...SENTENCE_ENDS.map(end => window.lastIndexOf(end)));
    const word = window.lastIndexOf(' ');
    let end = sentence > length / 2 ? sentence + 1 : word > length / 2 ? word : length;
    if (/[\ud800-\udbff]/.test(rest.charAt(end - 1))) end -= 1;
    pieces.push(rest.slice(0, end).trim());
    rest = rest.slice(end).trim();
  }
  if (rest) pieces.push(rest);
  return pieces;
}

const SENTENCE_ENDS = ['. ', '! ', '? ', '。', '！', '？', '۔', '। '];

function pack(blocks: readonly Block[]): string[] {
  const passages: string[] = [];
  let current = '';
  for (const { text, header } of blocks) {
    if (current && current.length + text.length + 1 > CHUNK_LENGTH) {
      passages.push(current);
      current = header;
    }
    current = current ? `${current}\n${text}` : text;
  }
  if (current) passages.push(current);
  return passages;
}
