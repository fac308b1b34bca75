import { expect, it } from 'vitest';
import { handleFor, handleHashOf } from './handle.ts';

it('makes one random handle from one token', () => {
  const handles = Array.from({ length: 1_000 }, (_, at) => handleFor(`token ${at}`));
  expect(new Set(handles).size).toBe(1_000);
  for (const handle of handles)
    expect(handle).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(handleFor('token 1')).toBe(handles[1]);
});

it('keeps a hash that tells nothing of the handle, and is the same for its capitals', () => {
  const handle = handleFor('token');
  expect(handleHashOf(handle)).toMatch(/^[0-9a-f]{64}$/);
  expect(handleHashOf(handle.toUpperCase())).toBe(handleHashOf(handle));
  expect(handleHashOf(handle)).not.toContain(handle.slice(0, 8));
});
