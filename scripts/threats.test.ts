import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './run.mjs';

const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** What a row of a table of threats promises: its cells, and the tests that it names. */
type Threat = { cells: string[]; tests: { file: string; name: string }[] };

const ATTACKERS = ['visitor', 'page', 'site', 'member', 'author', 'vendor', 'network', 'dump', 'operator', 'supply'];

function threatsIn(markdown: string): Threat[] {
  return markdown.split('\n').flatMap(line => {
    const cells = line
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim());
    if (cells.length !== 5 || !ATTACKERS.includes(cells[0] as string)) return [];
    const named = (cells[3] as string).matchAll(/`([^`]+\.(?:test|spec)\.tsx?)` “([^”]+)”/g);
    return [{ cells, tests: [...named].map(([, file = '', name = '']) => ({ file, name })) }];
  });
}

/** The tests that are named and are not there. */
const missing = (threats: Threat[]) =>
  threats
    .flatMap(({ tests }) => tests)
    .filter(({ file, name }) => !existsSync(join(root, file)) || !read(file).includes(name))
    .map(({ file, name }) => `${file}: ${name}`);

describe('the threat model', () => {
  const threats = threatsIn(read('docs/security.md'));

  it('names a threat of every attacker, and a control and a test for each', () => {
    expect(threats.length).toBeGreaterThan(40);
    expect(new Set(threats.map(({ cells }) => cells[0]))).toEqual(new Set(ATTACKERS));
    const bare = threats.filter(({ cells, tests }) => !cells[1] || !cells[2] || tests.length === 0);
    expect(bare.map(({ cells }) => cells.join(' | '))).toEqual([]);
  });

  it('names tests that are there, under the names that they have', () => {
    expect(missing(threats)).toEqual([]);
  });

  it('would miss a test that is gone', () => {
    const row = (tests: string) => `| visitor | reads | a lock | ${tests} | |`;
    const gone = [
      '`scripts/threats.test.ts` “is of another name, put to\u200bgether”',
      '`scripts/none.test.ts` “is there”',
    ];
    expect(missing(threatsIn(gone.map(row).join('\n')))).toHaveLength(2);
  });

  it('names files of ours that exist', () => {
    const links = [...read('docs/security.md').matchAll(/\]\(([^)#]+)\)/g)].map(([, to = '']) => join('docs', to));
    expect(links.length).toBeGreaterThan(1);
    expect(links.filter(link => !existsSync(join(root, link)))).toEqual([]);
  });
});
