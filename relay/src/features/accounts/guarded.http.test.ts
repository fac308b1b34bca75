import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, PASSWORD, tokenFrom } from '../../../../e2e/console.ts';
import { startTestRelay, type TestRelay } from '../../../../e2e/relay.ts';

/** As it stands in production: behind a proxy that speaks HTTPS, with limits, and for whoever is invited. */
describe('signing in at a relay on the internet', () => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startTestRelay({
      env: {
        CONFAB_PUBLIC_URL: 'https://relay.example',
        CONFAB_TRUST_PROXY: '1',
        CONFAB_RATE_LIMIT: 'on',
        CONFAB_SIGN_UP: 'invited',
      },
    });
  });
  afterAll(() => relay.stop());

  const address = () => `${randomUUID()}@people.example`;
  const signInsFrom = (ip: string) => {
    const browser = openBrowser(relay.url);
    const headers = { Origin: 'https://relay.example', 'X-Forwarded-Host': 'relay.example', 'X-Forwarded-For': ip };
    return {
      browser,
      send: (path: string, body: object, method = 'POST') => browser.request(method, path, body, headers),
      get: (path: string) => browser.request('GET', path, undefined, headers),
    };
  };

  it('is for whoever was invited, by that very address, and needs no second mail', async () => {
    const email = address();
    const { token } = await relay.services.teams.inviteToRelay(email, 'en');
    expect(await tokenFrom(relay, email, 'invitation')).toBe(token);
    const ada = signInsFrom('192.0.2.1');
    const given = { name: 'Ada', email, password: PASSWORD };
    for (const refused of [
      given,
      { ...given, invitation: 'x'.repeat(43) },
      { ...given, email: address(), invitation: token },
    ]) {
      const reply = await ada.send('/v1/auth/sign-up', refused);
      expect([reply.status, reply.body.code]).toEqual([403, 'not_offered']);
    }
    expect((await ada.send('/v1/auth/sign-up', { ...given, invitation: token })).status).toBe(201);
    expect((await ada.send('/v1/invitations/accept', { token })).status).toBe(200);
    expect((await ada.get('/v1/me')).body.accounts).toHaveLength(1);
    // Where cookies travel encrypted alone, no page without encryption can set or read them.
    expect([...ada.browser.jar.keys()].sort()).toEqual(['__Secure-confab.device', '__Secure-confab.session_token']);
    const [session] = (await ada.get('/v1/me/sessions')).body.items;
    expect(session.ipAddress).toBe('192.0.2.1');
  });

  it('sets cookies that go over HTTPS alone', async () => {
    const email = address();
    const { token } = await relay.services.teams.inviteToRelay(email, 'en');
    const given = { name: 'Ada', email, password: PASSWORD, invitation: token };
    const cookies = (await signInsFrom('192.0.2.2').send('/v1/auth/sign-up', given)).headers.getSetCookie();
    expect(cookies.length).toBeGreaterThan(1);
    for (const cookie of cookies) expect(cookie).toMatch(/; Secure/);
  });

  it('is tried ten times at one address of a mailbox, from wherever', async () => {
    const email = address();
    const tries: number[] = [];
    for (let at = 0; at < 11; at += 1) {
      tries.push(
        (await signInsFrom(`198.51.100.${at}`).send('/v1/auth/sign-in', { email, password: PASSWORD })).status,
      );
    }
    expect(tries).toEqual([...Array(10).fill(401), 429]);
  });

  it('is tried thirty times from one address of the network, at whatever mailbox', async () => {
    const { send } = signInsFrom('203.0.113.9');
    const tries = await Promise.all(
      Array.from({ length: 31 }, () => send('/v1/auth/sign-in', { email: address(), password: PASSWORD })),
    );
    expect(tries.filter(({ status }) => status === 429)).toHaveLength(1);
    expect(tries.find(({ status }) => status === 429)?.headers.get('Retry-After')).toMatch(/^\d+$/);
  });

  it('has five mails sent to one mailbox in an hour, whether it has a user or not', async () => {
    const email = address();
    const replies: number[] = [];
    for (let at = 0; at < 6; at += 1) {
      replies.push((await signInsFrom(`198.51.101.${at}`).send('/v1/auth/reset-request', { email })).status);
    }
    expect(replies).toEqual([...Array(5).fill(202), 429]);

    // An invitation is one of them, whoever sends it.
    const owner = address();
    const { token } = await relay.services.teams.inviteToRelay(owner, 'en');
    const ada = signInsFrom('192.0.2.3');
    await ada.send('/v1/auth/sign-up', { name: 'Ada', email: owner, password: PASSWORD, invitation: token });
    const { accountId } = (await ada.send('/v1/invitations/accept', { token })).body;
    const invite = (to: string) =>
      ada.send(`/v1/accounts/${accountId}/invitations`, { email: to, role: 'agent', siteIds: null });
    expect((await invite(email)).status).toBe(429);
    expect((await invite(address())).status).toBe(201);
  });
});
