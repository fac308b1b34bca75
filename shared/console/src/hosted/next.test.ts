import { describe, expect, it } from 'vitest';
import { nextOf, withNext } from './next.ts';

const next = (value: string) => nextOf(`?${new URLSearchParams({ next: value })}`);

describe('where somebody goes after signing in', () => {
  it.each(['/console/team', '/connect?platform=wordpress&state=a%20b', '/'])('is %j, a path of this relay', path => {
    expect(next(path)).toBe(path);
  });

  it.each([
    '//evil.example',
    '/\\evil.example',
    '/a\\b',
    '/\t/evil.example',
    '/\n/evil.example',
    'https://evil.example',
    'javascript:alert(1)',
    'console',
    ' /console',
    '',
  ])('is never %j', path => {
    expect(next(path)).toBeNull();
  });

  it('is nowhere in particular without a word', () => {
    expect(nextOf('')).toBeNull();
    expect(withNext('/console/sign-in', null)).toBe('/console/sign-in');
  });

  it('is found again in the address that it was put into', () => {
    const address = withNext('/console/sign-in', '/connect?a=1&b=2');
    expect(nextOf(address.slice(address.indexOf('?')))).toBe('/connect?a=1&b=2');
  });
});
