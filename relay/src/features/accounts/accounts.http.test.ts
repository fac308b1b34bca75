import { randomUUID } from 'node:crypto';
import type { SessionList, SignInPage } from '@confab/contract';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { softwareAuthenticator, totpOf } from '../../../../e2e/authenticator.ts';
import { mailsTo, openBrowser, PASSWORD, signIn, signUp, tokenFrom } from '../../../../e2e/console.ts';
import { call, startTestRelay, type TestRelay } from '../../../../e2e/relay.ts';

const HOUR_MS = 60 * 60 * 1_000;
const DAY_MS = 24 * HOUR_MS;
const OTHER = 'eleven-Quiet-orchards';

let relay: TestRelay;
beforeAll(async () => {
  // A passkey is of a host with a name.
  relay = await startTestRelay({ env: { HOST: 'localhost' } });
});
afterEach(() => relay.clock.setAhead(0));
afterAll(() => relay.stop());

const keysOf = ({ email, password }: { email: string; password: string }) => ({ email, password });
const address = () => `${randomUUID()}@people.example`;
const mailWith = (email: string, subject: RegExp) =>
  vi.waitFor(
    async () => {
      const mail = (await mailsTo(relay, email)).find(each => subject.test(each.subject));
      if (!mail) throw new Error(`no mail ${subject}`);
      return mail;
    },
    { timeout: 10_000, interval: 50 },
  );
const signInsOf = async (user: { request: ReturnType<typeof openBrowser>['request'] }) =>
  (await user.request<SignInPage>('GET', '/v1/me/sign-ins')).body.items;

async function withCodes() {
  const user = await signUp(relay);
  const { uri } = (await user.request('POST', '/v1/me/totp', { password: user.password })).body;
  const confirmed = await user.request('POST', '/v1/me/totp/confirm', { code: totpOf(uri) });
  return { user, uri, recoveryCodes: confirmed.body.recoveryCodes as string[] };
}

describe('signing up', () => {
  it('makes nobody before the mail’s link was opened, and works once', async () => {
    const email = address();
    const browser = openBrowser(relay.url);
    const asked = await browser.request('POST', '/v1/auth/sign-up', { name: 'Ada', email, password: PASSWORD });
    expect([asked.status, asked.body]).toEqual([202, {}]);
    const token = await tokenFrom(relay, email, 'verify');
    expect(await relay.db.user.count({ where: { email } })).toBe(0);
    expect((await browser.request('POST', '/v1/auth/sign-in', { email, password: PASSWORD })).status).toBe(401);

    const verified = await browser.request('POST', '/v1/auth/verify', { token });
    expect(verified.body.user).toMatchObject({ name: 'Ada', email, twoFactor: false });
    expect(verified.body.accounts).toMatchObject([{ name: 'Ada', role: 'owner' }]);
    const cookie = verified.headers.getSetCookie().find(each => each.startsWith('confab.session_token='));
    expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Lax$/);
    expect((await browser.request('POST', '/v1/auth/verify', { token })).body.code).toBe('link_invalid');
  });

  it('answers as ever for an address that has a user, and tells its holder by mail', async () => {
    const ada = await signUp(relay);
    const given = { name: 'Eve', email: ada.email.toUpperCase(), password: OTHER };
    const [known, unknown] = await Promise.all(
      [given, { ...given, email: address() }].map(body =>
        openBrowser(relay.url).request('POST', '/v1/auth/sign-up', body),
      ),
    );
    expect([known?.status, known?.body]).toEqual([unknown?.status, unknown?.body]);
    expect([...(known?.headers.keys() ?? [])]).toEqual([...(unknown?.headers.keys() ?? [])]);
    expect((await mailWith(ada.email, /have an account already/)).text).toContain('/console/sign-in');
    expect((await ada.me()).user.name).toBe('Ada Owner');
    expect((await signIn(relay, ada)).email).toBe(ada.email);
  });

  it('refuses passwords that are guessed first', async () => {
    const email = `jonathan.marlowe.${randomUUID()}@people.example`;
    for (const password of ['1234567890', 'Password2024!', 'qwertyuiop', 'aaaaaaaaaaaa', 'JonathanMarlowe1']) {
      const body = { name: 'Jonathan Marlowe', email, password };
      const reply = await openBrowser(relay.url).request('POST', '/v1/auth/sign-up', body);
      expect([password, reply.body.code]).toEqual([password, 'password_refused']);
    }
    const short = { name: 'J', email, password: 'Nine-nin3' };
    expect((await openBrowser(relay.url).request('POST', '/v1/auth/sign-up', short)).body.code).toBe(
      'validation_failed',
    );
  });

  it('keeps the password by argon2id alone, and no token of a link', async () => {
    const ada = await signUp(relay, { password: 'unforgettable-Mangroves-9' });
    const token = await (async () => {
      await ada.request('POST', '/v1/auth/reset-request', { email: ada.email });
      return tokenFrom(relay, ada.email, 'reset/new');
    })();
    const { id } = (await ada.me()).user;
    const [row] = await relay.db.credential.findMany({ where: { userId: id } });
    expect(row?.password).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await relay.tablesWith('unforgettable-Mangroves-9')).toEqual([]);
    expect(await relay.tablesWith(token)).toEqual([]);
  });
});

describe('signing in', () => {
  it('answers the same for a wrong password and for an address that nobody has', async () => {
    const ada = await signUp(relay);
    const [wrong, nobody] = await Promise.all(
      [ada.email, address()].map(email =>
        openBrowser(relay.url).request('POST', '/v1/auth/sign-in', { email, password: OTHER }),
      ),
    );
    const said = (reply: typeof wrong) => ({ ...reply?.body, requestId: '' });
    expect(wrong?.status).toBe(401);
    expect(said(wrong)).toEqual(said(nobody));
    expect([...(wrong?.headers.keys() ?? [])]).toEqual([...(nobody?.headers.keys() ?? [])]);
    await vi.waitFor(async () =>
      expect((await signInsOf(ada))[0]).toMatchObject({ outcome: 'refused', method: 'password' }),
    );
  });

  it('begins a session of its own each time, and ends the one that the browser had', async () => {
    const ada = await signUp(relay);
    const before = ada.cookie;
    await ada.request('POST', '/v1/auth/sign-in', keysOf(ada));
    expect(ada.cookie).not.toBe(before);
    const old = await call('GET', `${relay.url}/v1/me`, { headers: { Cookie: before } });
    expect(old.status).toBe(401);
    expect((await ada.me()).user.email).toBe(ada.email);
  });

  it('takes no session that somebody else chose', async () => {
    const [ada, eve] = await Promise.all([signUp(relay), signUp(relay)]);
    const browser = openBrowser(relay.url);
    for (const [name, value] of eve.browser.jar) browser.jar.set(name, value);
    await browser.request('POST', '/v1/auth/sign-in', { email: ada.email, password: ada.password });
    expect(browser.jar.get('confab.session_token')).not.toBe(eve.browser.jar.get('confab.session_token'));
    expect((await browser.request('GET', '/v1/me')).body.user.email).toBe(ada.email);
    expect((await eve.request('GET', '/v1/me')).status).toBe(401);
    const forged = openBrowser(relay.url);
    forged.jar.set('confab.session_token', 'chosen.by-somebody');
    expect((await forged.request('GET', '/v1/me')).status).toBe(401);
  });

  it('is asked for by pages of the relay alone', async () => {
    const ada = await signUp(relay);
    const { email, password } = ada;
    const sent: [string, string, unknown][] = [
      ['POST', '/v1/auth/sign-in', { email, password }],
      ['POST', '/v1/auth/sign-out', undefined],
      ['PUT', '/v1/me', { name: 'Eve', locale: 'en' }],
      ['DELETE', '/v1/me/sessions', undefined],
    ];
    for (const [method, path, body] of sent) {
      for (const headers of [{ Origin: 'https://evil.example' }, { Origin: 'null' }, { Origin: '' }]) {
        const reply = await ada.request(method, path, body, headers);
        expect([path, reply.status, reply.body.code]).toEqual([path, 403, 'cross_site']);
      }
    }
    expect((await ada.me()).user.name).toBe('Ada Owner');
  });

  it('is told by mail on a new device, and not again on one that is known', async () => {
    const ada = await signUp(relay);
    await ada.request('POST', '/v1/auth/sign-out');
    await ada.request('POST', '/v1/auth/sign-in', keysOf(ada));
    const elsewhere = openBrowser(relay.url);
    await elsewhere.request('POST', '/v1/auth/sign-in', keysOf(ada), { 'User-Agent': 'Elsewhere/1.0' });
    const mail = await mailWith(ada.email, /new device/);
    expect(mail.text).toContain('Elsewhere/1.0');
    expect((await mailsTo(relay, ada.email)).filter(({ subject }) => /new device/.test(subject))).toHaveLength(1);
    expect(await signInsOf(ada)).toMatchObject([
      { outcome: 'signed_in', userAgent: 'Elsewhere/1.0', ipAddress: expect.stringMatching(/127\.0\.0\.1|::1/) },
      { outcome: 'signed_in', method: 'password' },
      { outcome: 'signed_in', method: 'link' },
    ]);
  });
});

describe('a session', () => {
  it('is listed, and out at once when it is ended, by whichever browser of its user', async () => {
    const ada = await signUp(relay);
    const phone = await signIn(relay, ada);
    const heard: object[] = [];
    const stop = relay.services.live.on(`user ${(await ada.me()).user.id}`, event => heard.push(event));
    const { items } = (await ada.request<SessionList>('GET', '/v1/me/sessions')).body;
    expect(items.map(({ current }) => current).sort()).toEqual([false, true]);
    const other = items.find(({ current }) => !current)?.sessionId;
    expect((await ada.request('DELETE', `/v1/me/sessions/${other}`)).status).toBe(204);
    expect((await phone.request('GET', '/v1/me')).status).toBe(401);
    await vi.waitFor(() => expect(heard).toEqual([{ type: 'signed_out', id: other }]));
    stop();
    expect((await ada.request('DELETE', `/v1/me/sessions/${other}`)).status).toBe(404);
    const eve = await signUp(relay);
    const hers = (await eve.request<SessionList>('GET', '/v1/me/sessions')).body.items[0]?.sessionId;
    expect((await ada.request('DELETE', `/v1/me/sessions/${hers}`)).status).toBe(404);
    expect((await eve.me()).user.email).toBe(eve.email);

    await ada.request('POST', '/v1/auth/sign-out');
    expect((await ada.request('GET', '/v1/me')).status).toBe(401);
  });

  it('ends after a day in which nobody used it, and after thirty whoever did', async () => {
    const idle = await signUp(relay);
    relay.clock.setAhead(25 * HOUR_MS);
    expect((await idle.request('GET', '/v1/me')).status).toBe(401);
    relay.clock.setAhead(0);
    const busy = await signUp(relay);
    for (let hours = 20; hours < 30 * 24; hours += 20) {
      relay.clock.setAhead(hours * HOUR_MS);
      expect((await busy.request('GET', '/v1/me')).status).toBe(200);
    }
    relay.clock.setAhead(30 * DAY_MS + HOUR_MS);
    expect((await busy.request('GET', '/v1/me')).status).toBe(401);
    expect((await busy.request('POST', '/v1/auth/sign-in', keysOf(busy))).status).toBe(200);
    expect((await busy.request('GET', '/v1/me')).status).toBe(200);
  });
});

describe('a password', () => {
  it('is set anew by a link that works once and for an hour, and ends every session', async () => {
    const ada = await signUp(relay);
    const [known, unknown] = await Promise.all(
      [ada.email, address()].map(email => openBrowser(relay.url).request('POST', '/v1/auth/reset-request', { email })),
    );
    expect([known?.status, known?.body]).toEqual([unknown?.status, unknown?.body]);
    const token = await tokenFrom(relay, ada.email, 'reset/new');
    const reset = (password: string) => openBrowser(relay.url).request('POST', '/v1/auth/reset', { token, password });
    expect((await reset('password1234')).body.code).toBe('password_refused');
    relay.clock.setAhead(HOUR_MS + 60_000);
    expect((await reset(OTHER)).body.code).toBe('link_invalid');
    relay.clock.setAhead(0);
    expect((await reset(OTHER)).status).toBe(204);
    expect((await reset(PASSWORD)).body.code).toBe('link_invalid');
    expect((await ada.request('GET', '/v1/me')).status).toBe(401);
    expect((await openBrowser(relay.url).request('POST', '/v1/auth/sign-in', keysOf(ada))).status).toBe(401);
    expect((await signIn(relay, { ...ada, password: OTHER })).email).toBe(ada.email);
    await mailWith(ada.email, /password has changed/);
  });

  it('is changed by whoever knows it, which ends all other sessions', async () => {
    const ada = await signUp(relay);
    const phone = await signIn(relay, ada);
    const before = ada.cookie;
    const wrong = await ada.request('PUT', '/v1/me/password', { current: OTHER, password: OTHER });
    expect(wrong.body.code).toBe('confirmation_required');
    expect((await phone.me()).user.email).toBe(ada.email);
    expect((await ada.request('PUT', '/v1/me/password', { current: PASSWORD, password: OTHER })).status).toBe(204);
    expect((await ada.me()).user.email).toBe(ada.email);
    expect((await phone.request('GET', '/v1/me')).status).toBe(401);
    expect((await call('GET', `${relay.url}/v1/me`, { headers: { Cookie: before } })).status).toBe(401);
  });
});

describe('an address', () => {
  it('is changed once its holder has confirmed it in a browser that is signed in; the old one is told', async () => {
    const ada = await signUp(relay);
    const phone = await signIn(relay, ada);
    const email = address();
    const wrong = await ada.request('POST', '/v1/me/email', { email, password: OTHER });
    expect(wrong.body.code).toBe('confirmation_required');
    await ada.request('POST', '/v1/auth/reset-request', { email: ada.email });
    const oldLink = await tokenFrom(relay, ada.email, 'reset/new');
    expect((await ada.request('POST', '/v1/me/email', { email, password: PASSWORD })).status).toBe(202);
    await mailWith(ada.email, /about to change/);
    const token = await tokenFrom(relay, email, 'verify');
    for (const stranger of [openBrowser(relay.url), (await signUp(relay)).browser]) {
      const { status, body } = await stranger.request('POST', '/v1/auth/verify', { token });
      expect([status, body.code]).toEqual([401, 'unauthorized']);
    }
    expect((await ada.me()).user.email).toBe(ada.email);
    expect((await ada.request('POST', '/v1/auth/verify', { token })).body.user.email).toBe(email);
    expect((await phone.request('GET', '/v1/me')).status).toBe(401);
    await mailWith(ada.email, /has changed/);
    const reset = await ada.request('POST', '/v1/auth/reset', { token: oldLink, password: OTHER });
    expect(reset.body.code).toBe('link_invalid');
  });

  it('that somebody has is not taken, and who asks does not learn of it', async () => {
    const [ada, eve] = await Promise.all([signUp(relay), signUp(relay)]);
    const asked = await eve.request('POST', '/v1/me/email', { email: ada.email, password: PASSWORD });
    expect([asked.status, asked.body]).toEqual([202, {}]);
    expect((await mailWith(ada.email, /have an account already/)).text).not.toContain('token=');
  });
});

describe('the second factor', () => {
  it('is asked for after the password, and a code works once', async () => {
    const { user, uri } = await withCodes();
    expect((await user.me()).user.twoFactor).toBe(true);
    const browser = openBrowser(relay.url);
    const first = await browser.request('POST', '/v1/auth/sign-in', keysOf(user));
    expect(first.body).toEqual({ state: 'second_factor' });
    expect((await browser.request('GET', '/v1/me')).status).toBe(401);
    const wrong = await browser.request('POST', '/v1/auth/second-factor', { code: '000000', kind: 'totp' });
    expect(wrong.body.code).toBe('second_factor_refused');
    const code = totpOf(uri);
    const right = await browser.request('POST', '/v1/auth/second-factor', { code, kind: 'totp' });
    expect(right.body).toEqual({ state: 'signed_in' });
    expect((await browser.request('GET', '/v1/me')).status).toBe(200);

    const again = openBrowser(relay.url);
    await again.request('POST', '/v1/auth/sign-in', keysOf(user));
    expect((await again.request('POST', '/v1/auth/second-factor', { code, kind: 'totp' })).status).toBe(401);
    expect((await signInsOf(user)).map(({ outcome }) => outcome).slice(0, 5)).toEqual([
      'refused',
      'second_factor',
      'signed_in',
      'refused',
      'second_factor',
    ]);
  });

  it('is not passed by the session and the code of somebody else', async () => {
    const [{ user }, eve] = await Promise.all([withCodes(), withCodes()]);
    const browser = openBrowser(relay.url);
    await browser.request('POST', '/v1/auth/sign-in', keysOf(user));
    browser.jar.set('confab.session_token', eve.user.browser.jar.get('confab.session_token') ?? '');
    const hers = { code: totpOf(eve.uri), kind: 'totp' };
    expect((await browser.request('POST', '/v1/auth/second-factor', hers)).status).toBe(401);
  });

  it('takes no code a second time for whoever names the sign-in of somebody else beside it', async () => {
    const [{ user, uri }, eve] = await Promise.all([withCodes(), withCodes()]);
    const code = totpOf(uri);
    const pendingFor = async (who: typeof user) => {
      const browser = openBrowser(relay.url);
      await browser.request('POST', '/v1/auth/sign-in', keysOf(who));
      return browser.jar.get('confab.two_factor') ?? '';
    };
    const send = (Cookie: string) =>
      openBrowser(relay.url).request('POST', '/v1/auth/second-factor', { code, kind: 'totp' }, { Cookie });
    expect((await send(`confab.two_factor=${await pendingFor(user)}`)).status).toBe(200);
    const [his, hers] = [await pendingFor(user), await pendingFor(eve.user)];
    const before = await signInsOf(eve.user);
    for (const cookies of [
      `__Secure-confab.two_factor=${hers}; confab.two_factor=${his}`,
      `confab.two_factor=${hers}; confab.two_factor=${his}`,
      `confab.two_factor=${his}; confab.two_factor=${hers}`,
    ]) {
      expect((await send(cookies)).status).toBe(401);
    }
    expect(await signInsOf(eve.user)).toEqual(before);
  });

  it('has recovery codes: shown once, each for one time, none of them readable in the database', async () => {
    const { user, recoveryCodes } = await withCodes();
    expect(new Set(recoveryCodes).size).toBe(10);
    const [code = ''] = recoveryCodes;
    expect(await relay.tablesWith(code)).toEqual([]);
    const by = async (given: string) => {
      const browser = openBrowser(relay.url);
      await browser.request('POST', '/v1/auth/sign-in', keysOf(user));
      return (await browser.request('POST', '/v1/auth/second-factor', { code: given, kind: 'recovery' })).status;
    };
    expect([await by(code), await by(code)]).toEqual([200, 401]);
    await mailWith(user.email, /recovery code was used/);
    const confirmed = await user.request('POST', '/v1/me/totp/confirm', { code: '000000' });
    expect(confirmed.body.code).toBe('validation_failed');

    const { body } = await user.request('POST', '/v1/me/recovery-codes', { password: user.password });
    expect(await by(recoveryCodes[1] as string)).toBe(401);
    expect(await by(body.recoveryCodes[0])).toBe(200);
  });

  it('is closed for a while after ten wrong codes', async () => {
    const { user, recoveryCodes } = await withCodes();
    for (const _ of [1, 2]) {
      const browser = openBrowser(relay.url);
      await browser.request('POST', '/v1/auth/sign-in', keysOf(user));
      for (let tries = 0; tries < 5; tries += 1) {
        await browser.request('POST', '/v1/auth/second-factor', { code: `00000${tries}`, kind: 'recovery' });
      }
    }
    const browser = openBrowser(relay.url);
    await browser.request('POST', '/v1/auth/sign-in', keysOf(user));
    const right = { code: recoveryCodes[0], kind: 'recovery' };
    const reply = await browser.request('POST', '/v1/auth/second-factor', right);
    expect([reply.status, reply.headers.get('Retry-After')]).toEqual([429, '900']);
  });

  it('is switched off by the password alone', async () => {
    const { user } = await withCodes();
    const wrong = await user.request('DELETE', '/v1/me/totp', { password: OTHER });
    expect(wrong.body.code).toBe('confirmation_required');
    expect((await user.request('DELETE', '/v1/me/totp', { password: user.password })).status).toBe(204);
    expect((await user.me()).user.twoFactor).toBe(false);
    expect((await openBrowser(relay.url).request('POST', '/v1/auth/sign-in', keysOf(user))).body).toEqual({
      state: 'signed_in',
    });
  });
});

describe('a passkey', () => {
  const signInWith = async (device: ReturnType<typeof softwareAuthenticator>, how?: { verified: boolean }) => {
    const browser = openBrowser(relay.url);
    const options = (await browser.request('POST', '/v1/auth/passkey/options')).body;
    const reply = await browser.request('POST', '/v1/auth/passkey', { response: device.get(options, how) });
    return { browser, reply };
  };
  const addTo = async (user: Awaited<ReturnType<typeof signUp>>, how?: { verified: boolean }) => {
    const device = softwareAuthenticator(relay.url);
    const { password } = user;
    const options = (await user.request('POST', '/v1/me/passkeys/options', { password })).body;
    const response = device.create(options, how);
    return { device, options, reply: await user.request('POST', '/v1/me/passkeys', { name: 'Laptop', response }) };
  };

  it('signs in for both factors, is listed, and no longer does once it is removed', async () => {
    const { user } = await withCodes();
    const refused = await user.request('POST', '/v1/me/passkeys/options', { password: OTHER });
    expect(refused.body.code).toBe('confirmation_required');
    const { device, options, reply } = await addTo(user);
    expect(options.rp).toEqual({ id: 'localhost', name: 'Confab' });
    expect(reply.status).toBe(201);
    const { browser, reply: signed } = await signInWith(device);
    expect(signed.body).toEqual({ state: 'signed_in' });
    expect((await browser.request('GET', '/v1/me')).body.user.email).toBe(user.email);
    const { items } = (await user.request('GET', '/v1/me/passkeys')).body;
    expect(items).toMatchObject([{ name: 'Laptop' }]);
    const eve = await signUp(relay);
    expect((await eve.request('DELETE', `/v1/me/passkeys/${items[0].id}`)).status).toBe(404);
    expect((await user.request('DELETE', `/v1/me/passkeys/${items[0].id}`)).status).toBe(204);
    expect((await signInWith(device)).reply.body.code).toBe('sign_in_refused');
  });

  it('that does not ask who its holder is stands for nothing', async () => {
    const user = await signUp(relay);
    expect((await addTo(user, { verified: false })).reply.status).toBe(400);
    const { device } = await addTo(user);
    expect((await signInWith(device, { verified: false })).reply.status).toBe(401);
  });

  it('answers a challenge once', async () => {
    const user = await signUp(relay);
    const { device } = await addTo(user);
    const browser = openBrowser(relay.url);
    const options = (await browser.request('POST', '/v1/auth/passkey/options')).body;
    const cookie = browser.cookie;
    const response = device.get(options);
    expect((await browser.request('POST', '/v1/auth/passkey', { response })).status).toBe(200);
    const replayed = await openBrowser(relay.url).request('POST', '/v1/auth/passkey', { response }, { Cookie: cookie });
    expect(replayed.status).toBe(401);
  });
});

describe('what is kept of users', () => {
  it('is theirs to take along, without what proves that it is them', async () => {
    const { user, recoveryCodes } = await withCodes();
    const { body, headers } = await user.request('GET', '/v1/me/export');
    expect(body).toMatchObject({ format: 'confab-user', user: { email: user.email }, accounts: [{ role: 'owner' }] });
    expect(headers.get('Content-Disposition')).toContain('attachment');
    const text = JSON.stringify(body);
    for (const secret of ['argon2', '"token"', ...recoveryCodes]) expect(text).not.toContain(secret);
  });

  it('is purged: sign-ins after a year, sessions and links when they have ended, mails after a week', async () => {
    const ada = await signUp(relay);
    const { id } = (await ada.me()).user;
    await ada.request('POST', '/v1/auth/reset-request', { email: ada.email });
    await tokenFrom(relay, ada.email, 'reset/new');
    const counts = async () => {
      const where = { where: { userId: id } };
      const { db } = relay;
      return Promise.all([
        db.signIn.count(where),
        db.session.count(where),
        db.verification.count({ where: { value: id } }),
      ]);
    };
    await relay.services.accounts.purge();
    expect(await counts()).toEqual([1, 1, 1]);
    relay.clock.setAhead(2 * DAY_MS);
    await relay.services.accounts.purge();
    expect(await counts()).toEqual([1, 0, 0]);
    expect(await relay.db.accountMail.count()).toBeGreaterThan(0);
    relay.clock.setAhead(364 * DAY_MS);
    await relay.services.accounts.purge();
    expect(await counts()).toEqual([1, 0, 0]);
    expect(await relay.db.accountMail.count()).toBe(0);
    relay.clock.setAhead(366 * DAY_MS);
    await relay.services.accounts.purge();
    expect(await counts()).toEqual([0, 0, 0]);
  });

  it('goes out to support with what helps, and where to answer', async () => {
    const ada = await signUp(relay);
    const given = { subject: 'Help', message: 'It does not work.', page: '/console/sites' };
    expect((await ada.request('POST', '/v1/me/support', given)).status).toBe(202);
    const mail = await mailWith('support@localhost.localdomain', /Support: Help/);
    const [account] = (await ada.me()).accounts;
    for (const said of [given.message, given.page, ada.email, account?.accountId ?? ''])
      expect(mail.text).toContain(said);
    expect(mail.headers.find(({ name }) => name === 'Reply-To')?.value).toContain(ada.email);
  });

  it('stands in no line of the log, nor beside it', async () => {
    const beside: unknown[] = [];
    const spies = (['log', 'info', 'warn', 'error'] as const).map(level =>
      vi.spyOn(console, level).mockImplementation((...said) => void beside.push(said)),
    );
    const ada = await signUp(relay, { name: 'Unmistakable Name' });
    await openBrowser(relay.url).request('POST', '/v1/auth/sign-in', { email: ada.email, password: OTHER });
    for (const spy of spies) spy.mockRestore();
    expect(beside).toEqual([]);
    const log = relay.logLines.join('');
    const token = ada.browser.jar.get('confab.session_token') ?? '';
    for (const word of [ada.email, 'Unmistakable', PASSWORD, OTHER, token.split('.')[0] as string]) {
      expect(log).not.toContain(word);
    }
  });
});
