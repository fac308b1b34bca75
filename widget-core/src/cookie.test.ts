import { describe, expect, it } from 'vitest';
import { cookieLine, findHandle } from './cookie.ts';

const HANDLE = '0b0e7a3c-9a55-4a0c-8f3e-0d7c5a1f2b3c';

describe('the cookie', () => {
  it('lives no longer than the site keeps data, and reaches no other site or host', () => {
    expect(cookieLine(HANDLE, 30, true)).toBe(
      `cf_conversation=${HANDLE}; Path=/; Max-Age=2592000; SameSite=Lax; Secure`,
    );
  });

  it('is Secure only where the page is, since it could not be set otherwise', () => {
    expect(cookieLine(HANDLE, 30, false)).not.toContain('Secure');
  });

  it.each([
    ['', undefined],
    [`cf_conversation=${HANDLE}`, HANDLE],
    [`a=b; cf_conversation=${HANDLE}; c=d`, HANDLE],
    [`xcf_conversation=${HANDLE}`, undefined],
    ['cf_conversation=', undefined],
    ['cf_conversation=../../export', undefined],
  ])('holds a UUID or counts as absent: %j', (cookies, handle) => {
    expect(findHandle(cookies)).toBe(handle);
  });
});
