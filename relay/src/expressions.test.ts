import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';
import { describe, expect, it } from 'vitest';

const root = path.join(import.meta.dirname, '../..');
const FOLDERS = ['relay/src', 'shared/contract/src', 'shared/console/src', 'widget-core/src'];

/** So long is the text that an expression is tried with: one of cubic time, or worse, does not end on it. */
const LENGTH = 3_000;
/** A hundred times what one of quadratic time takes. */
const PATIENCE_MS = 2_500;

/** What is slow, and never gets a long text: the expression, and why not. */
const BOUNDED: Record<string, string> = {
  '[^\\d０-９٠-٩۰-۹]*[\\d０-９٠-٩۰-۹]+$': 'of a number that was found, which has 17 digits and 16 gaps at the most',
};

type Expression = { file: string; source: string; flags: string };

/** The expressions that stand in a file, as Biome formats it; what is put together at run time is tried by its own tests. */
function expressionsIn(file: string): Expression[] {
  const text = readFileSync(path.join(root, file), 'utf8');
  const literals = text.matchAll(
    /(?:[(,=:[!&|?{;]|=>|\breturn|^)\s*\/((?:[^/\\\n[*]|\\.|\[(?:[^\]\\\n]|\\.)*\])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])*)\/([dgimsuvy]*)(?=[\s.,;:)\]}]|$)/gm,
  );
  return [...literals].flatMap(([, source = '', flags = '']) => {
    try {
      new RegExp(source, flags);
      return [{ file, source, flags }];
    } catch {
      return [];
    }
  });
}

/** Texts that make an expression look back the more, the more of its own signs they repeat. */
function attacksOn(source: string): string[] {
  const plain = source.replace(/\\[a-zA-Z]|\(\?<?[:=!]|[()[\]{}*+?|^$]/g, ' ').replace(/\\(.)/g, '$1');
  const literals = [...new Set(plain.replaceAll(' ', ''))].slice(0, 12);
  const pumps = [...new Set([...literals, 'a', 'A', '0', ' ', '\n', '.', '-', '@', '<', 'ß', 'あ'])];
  const pairs = literals.slice(0, 6).flatMap(one => ['a', '0', ' ', ...literals.slice(0, 4)].map(other => one + other));
  const starts = ['', plain.trim().split(/\s+/)[0] ?? ''];
  return [...pumps, ...pairs].flatMap(pump =>
    starts.map(start => `${start}${pump.repeat(Math.ceil(LENGTH / pump.length))}\u0001`),
  );
}

/** Whether it comes to an end with each of these texts. */
function ends({ source, flags }: Omit<Expression, 'file'>, texts: string[]): boolean {
  const context = vm.createContext({ source, flags: flags.replace(/[gy]/g, ''), texts });
  try {
    vm.runInContext('for (const text of texts) new RegExp(source, flags).test(text)', context, {
      timeout: PATIENCE_MS,
    });
    return true;
  } catch {
    return false;
  }
}

describe('the expressions that read the texts of others', () => {
  const expressions = FOLDERS.flatMap(folder =>
    globSync(`${folder}/**/*.{ts,tsx}`, { cwd: root })
      .filter(file => !/\.(test|contract|spec)\.tsx?$|\/generated\//.test(file))
      .flatMap(expressionsIn),
  );
  const unbounded = expressions.filter(({ source }) => !(source in BOUNDED));

  it('were found', () => {
    expect(expressions.length).toBeGreaterThan(300);
    const sources = expressions.map(({ source }) => source);
    expect(sources).toEqual(expect.arrayContaining(['^Bearer ([\\x21-\\x7e]{1,512})$', ...Object.keys(BOUNDED)]));
  });

  it.each([
    ['(a+)+$', ''],
    ['(x*)(x*)(x*)y', ''],
  ])(
    'would be caught taking for ever: %s',
    (source, flags) => {
      expect(ends({ source, flags }, attacksOn(source))).toBe(false);
    },
    20_000,
  );

  it.each(FOLDERS)(
    'come to an end with any text: %s',
    folder => {
      const slow = unbounded
        .filter(({ file }) => file.startsWith(folder))
        .filter(each => !ends(each, attacksOn(each.source)));
      expect(slow.map(({ file, source }) => `${file}: ${source}`)).toEqual([]);
    },
    60_000,
  );
});
