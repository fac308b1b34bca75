import { describe, expect, it } from 'vitest';
import { deviceCookie, deviceOf, headersOf, pendingOf } from './requests.ts';

const asking = (cookie: string) => ({ cookie, userAgent: 'Browser/1.0', ipAddress: '192.0.2.7' });

describe('a request of a browser', () => {
  it.each(['confab.session_token', '__Secure-confab.session_token'])('comes as nobody without %s', name => {
    const asked = asking(`${name}=a.b=; confab.two_factor=c.d; other=1`);
    expect(headersOf(asked).get('cookie')).toContain(`${name}=a.b=`);
    expect(headersOf(asked, { asNobody: true }).get('cookie')).toBe('confab.two_factor=c.d; other=1');
  });

  it('names the sign-in that waits for a code, and nothing where the cookie is none', () => {
    expect(pendingOf(asking('__Secure-confab.two_factor=2fa-abc.sig%3D'))).toBe('2fa-abc');
    expect(pendingOf(asking('confab.two_factor=%E0%A4%A'))).toBeUndefined();
    expect(pendingOf(asking(''))).toBeUndefined();
    expect(pendingOf(asking('__Secure-confab.two_factor=2fa-abc.a; confab.two_factor=2fa-def.b'))).toBeUndefined();
  });

  it('is known by the cookie of its device, where that is one of ours', () => {
    const device = 'abcdefghijklmnopqrstuv';
    expect(deviceOf(asking(`confab.device=${device}`))).toBe(device);
    expect(deviceOf(asking('confab.device=short'))).toBeUndefined();
    expect(deviceCookie(device, true)).toMatch(/^__Secure-confab\.device=.*; HttpOnly; SameSite=Lax; Secure$/);
    expect(deviceCookie(device, false)).not.toContain('Secure');
  });
});
