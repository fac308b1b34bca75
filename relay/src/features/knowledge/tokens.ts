/** A word or code of a text, as it is looked for. */
export type Token = {
  text: string;
  /**
   * `word`: to be stemmed, and perhaps a stop word. `exact`: a number, size, part of a code or pair of characters, as
   * it is. `hint`: two neighbours in one, found by whoever writes them so, and no word of its own.
   */
  kind: 'word' | 'exact' | 'hint';
};

/** Longer words are cut: no index holds them, and nobody asks for them. */
const LENGTH_MAX = 64;

/** Scripts that put no spaces between words, or whose words are too long to be found whole. */
const UNSPACED = ['Han', 'Hiragana', 'Katakana', 'Hangul', 'Thai', 'Lao', 'Khmer', 'Myanmar']
  .map(script => `\\p{Script=${script}}`)
  .concat('ー')
  .join('');

/** Letters and digits that hang together, with what may stand inside a code, a measure or a compound. */
const RUN = new RegExp(
  `[${UNSPACED}]+|(?:(?![${UNSPACED}])[\\p{L}\\p{M}\\p{N}])+(?:['./_+#-](?:(?![${UNSPACED}])[\\p{L}\\p{M}\\p{N}])+)*`,
  'gu',
);
const isUnspaced = new RegExp(`^[${UNSPACED}]`, 'u');

/** Which dashes, strokes, crosses and apostrophes mean the same. */
const ALIKE: [RegExp, string][] = [
  [/[’‘ʼ＇`´]/g, "'"],
  [/[‐‑‒–−]/g, '-'],
  [/⁄/g, '/'],
  [/×/g, 'x'],
];

/** The words, numbers, sizes and codes of a text. */
export function tokenize(text: string): Token[] {
  // Unicode writes "42½" out as "421/2".
  const apart = text
    .replace(/[¼-¾⅐-⅞]/g, ' $&')
    .normalize('NFKC')
    .toLowerCase();
  const plain = ALIKE.reduce((all, [from, to]) => all.replace(from, to), apart);
  const tokens: Token[] = [];
  let before: { end: string; at: number } | undefined;
  for (const { 0: run, index } of plain.matchAll(RUN)) {
    if (isUnspaced.test(run)) {
      tokens.push(...pairsOf(run));
      before = undefined;
      continue;
    }
    const parts = partsOf(run);
    const [first = '', last = ''] = [parts[0], parts.at(-1)];
    // "MG 1204" is "MG-1204", and "30 days" more than a 30 and days.
    const isBeside = before && index - before.at === 1 && plain[before.at] === ' ';
    if (before && isBeside && (hasDigit(before.end) || hasDigit(first))) {
      tokens.push({ text: pair(before.end, first), kind: 'hint' });
    }
    tokens.push(...tokensOf(run, parts));
    before = { end: last, at: index + run.length };
  }
  return tokens.map(token => ({ ...token, text: cut(token.text) })).filter(token => token.text !== '');
}

/** The same letter with or without its accents and marks: visitors seldom type them. */
export function fold(word: string): string {
  return word
    .normalize('NFD')
    .replace(/[\u0300-\u036f\u064b-\u0652\u0640]/g, '')
    .replace(/[ßæœøłđıðþ]/g, letter => PLAIN[letter] ?? letter)
    .normalize('NFC');
}

const PLAIN: Record<string, string> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ı: 'i',
  ð: 'd',
  þ: 'th',
};

function tokensOf(run: string, parts: string[]): Token[] {
  const size = sizeOf(run);
  if (size) return [{ text: size, kind: 'exact' }];
  if (hasDigit(run)) return codeOf(parts);
  if (run.includes('-')) return compoundOf(run.split('-').flatMap(part => part.split(/[./_+#]/)));
  return run.split(/[./_+#]/).flatMap(wordsOf);
}

/** "mg-1204/b", "mg1204b" and "10x15" by their parts and by each two of them side by side. */
function codeOf(parts: string[]): Token[] {
  const single: Token[] = parts
    // One letter alone says nothing: the pairs hold it.
    .filter(part => hasDigit(part) || part.length > 1)
    .map(text => ({ text, kind: 'exact' }));
  const pairs: Token[] = parts.slice(1).map((part, at) => ({ text: pair(parts[at] ?? '', part), kind: 'exact' }));
  return [...single, ...pairs];
}

/** "t-shirt" is "tshirt"; "rain-jacket" is two words, and "rainjacket" for whoever writes it so. */
function compoundOf(parts: string[]): Token[] {
  const joined = parts.join('').replaceAll("'", '');
  const words = parts.flatMap(wordsOf);
  if (parts.length === 2 && parts.some(part => part.length <= 2)) {
    const others = words.filter(({ text }) => text.length > 2).map(({ text }): Token => ({ text, kind: 'hint' }));
    return [{ text: joined, kind: 'word' }, ...others];
  }
  return [...words, { text: joined, kind: 'hint' }];
}

/** A word without what its apostrophe only hangs on it: "don't", "shop's", "l'eau", "dell'acqua". */
function wordsOf(word: string): Token[] {
  if (!word.includes("'")) return [{ text: word, kind: 'word' }];
  const negated = NEGATED[word] ?? (word.endsWith("n't") ? word.slice(0, -3) : undefined);
  const pieces = negated ? [negated] : word.split("'");
  return pieces
    .filter((piece, at) => piece.length > 1 && !(at > 0 && HANGING.has(piece)))
    .map(text => ({ text, kind: 'word' }));
}

const NEGATED: Record<string, string> = { "won't": 'will', "can't": 'can', "shan't": 'shall' };
const HANGING = new Set(['re', 've', 'll']);

/** Sizes of clothes, one way of writing each: "XXL" is "2XL". */
function sizeOf(run: string): string | undefined {
  if (/^(?:x{0,1}[sml]|[2-6]x[sl])$/.test(run)) return run;
  const [, xs = '', letter = ''] = /^(x{2,6})([sl])$/.exec(run) ?? [];
  return xs ? `${xs.length}x${letter}` : undefined;
}

/** Cut at what stands inside a code, and where letters and digits meet. */
const partsOf = (run: string): string[] => run.match(/\p{N}+|(?:(?!\p{N})[\p{L}\p{M}])+/gu) ?? [];

const hasDigit = (text: string): boolean => /\p{N}/u.test(text);

/** No word holds the point in the middle. */
const pair = (first: string, second: string): string => `${first}·${second}`;

const cut = (text: string): string => (text.length <= LENGTH_MAX ? text : [...text].slice(0, LENGTH_MAX).join(''));

/** Each two characters that stand side by side, and a character that stands alone. */
function pairsOf(run: string): Token[] {
  const characters = [...run];
  if (characters.length === 1) return [{ text: run, kind: 'exact' }];
  return characters.slice(1).map((character, at) => ({ text: `${characters[at]}${character}`, kind: 'exact' }));
}
