import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseRobots, ROBOTS_BYTES_MAX } from './robots.ts';

const vectors = path.join(import.meta.dirname, '../../../../../shared/data/own/crawl/robots_vectors.json');
type Vector = { name: string; robots: string; agent: string; path: string; allowed: boolean };
const cases: Vector[] = existsSync(vectors) ? JSON.parse(readFileSync(vectors, 'utf8')) : [];

const allows = (robots: string, pathAndQuery: string) => parseRobots(robots, 'ConfabBot').allows(pathAndQuery);

describe('robots.txt', () => {
  it.skipIf(cases.length === 0)('is obeyed in every case of ../shared/data', () => {
    expect(cases.length).toBeGreaterThan(20);
    const wrong = cases.filter(
      ({ robots, agent, path, allowed }) => parseRobots(robots, agent).allows(path) !== allowed,
    );
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  it('knows us with a version, and is not ours by the beginning of our name', () => {
    expect(allows('User-agent: ConfabBot/2.0\nDisallow: /', '/x')).toBe(false);
    expect(allows('User-agent: Confab\nDisallow: /', '/x')).toBe(true);
    expect(allows('User-agent: ConfabBotImages\nDisallow: /', '/x')).toBe(true);
  });

  it('means the same path however its characters are escaped', () => {
    expect(allows('User-agent: *\nDisallow: /%7Efoo', '/~foo')).toBe(false);
    expect(allows('User-agent: *\nDisallow: /föö', '/f%c3%b6%C3%B6')).toBe(false);
    expect(allows('User-agent: *\nDisallow: /a%2fb', '/a/b')).toBe(true);
  });

  it('anchors by a dollar at the end only, and finds the end also behind a star', () => {
    expect(allows('User-agent: *\nDisallow: /*.pdf$', '/a.pdf.pdf')).toBe(false);
    expect(allows('User-agent: *\nDisallow: /*.pdf$', '/a.pdf?x')).toBe(true);
    expect(allows('User-agent: *\nDisallow: /a*bcab$', '/abcab')).toBe(false);
    expect(allows('User-agent: *\nDisallow: /ab*b$', '/ab')).toBe(true);
    expect(allows('User-agent: *\nDisallow: /a$b', '/a$b')).toBe(false);
  });

  it('gives the delay of our group and every sitemap, wherever they stand', () => {
    const robots = parseRobots(
      'Sitemap: https://a.example/1.xml\nUser-agent: *\nCrawl-delay: 3\nUser-agent: confabbot\nCrawl-delay: 7.5\n' +
        'sitemap:https://a.example/2.xml # the second',
      'ConfabBot',
    );
    expect(robots.crawlDelay).toBe(7.5);
    expect(robots.sitemaps).toEqual(['https://a.example/1.xml', 'https://a.example/2.xml']);
    expect(parseRobots('User-agent: *\nCrawl-delay: soon', 'ConfabBot').crawlDelay).toBeUndefined();
  });

  it('takes names that every object has for user agents like any other', () => {
    expect(allows('User-agent: __proto__\nDisallow: /', '/x')).toBe(true);
    expect(allows('User-agent: constructor\nDisallow: /\nUser-agent: *\nAllow: /', '/x')).toBe(true);
  });

  it('reads a file of the largest size whose every rule would tire a naive matcher', () => {
    const rule = `Disallow: /${'*a'.repeat(900)}b\n`;
    const robots = parseRobots(`User-agent: *\n${rule.repeat(ROBOTS_BYTES_MAX / rule.length)}`, 'ConfabBot');
    expect(robots.allows(`/${'a'.repeat(2_000)}`)).toBe(true);
  });

  it('reads a file of the largest size in which thousands of agents share thousands of rules', () => {
    const half = ROBOTS_BYTES_MAX / 2;
    for (const agent of [() => '*', (at: number) => `agent${String.fromCharCode(97 + (at % 26)).repeat(at / 26)}`]) {
      let agents = '';
      for (let at = 0; agents.length < half; at += 1) agents += `User-agent: ${agent(at)}\n`;
      const robots = parseRobots(`${agents}User-agent: *\n${'Disallow: /x\n'.repeat(half / 13)}`, 'ConfabBot');
      expect(robots.allows('/x')).toBe(false);
    }
  });

  it('reads any bytes as a file without rules', () => {
    expect(allows('<!doctype html><title>Not found</title>', '/x')).toBe(true);
    expect(allows('\u0000\uFFFD:::\n:\n#', '/x')).toBe(true);
    expect(allows('User-agent: *\nDisallow: /\uD800', '/x')).toBe(true);
  });
});
