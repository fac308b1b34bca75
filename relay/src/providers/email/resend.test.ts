import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type FakeResend, RESEND_KEY, RESEND_WEBHOOK_SECRET, startFakeResend } from '../../../../e2e/fakes/resend.ts';
import type { Mail } from './email.ts';
import { readResendEvent, resendMailer } from './resend.ts';

let fake: FakeResend;
beforeAll(async () => {
  fake = await startFakeResend();
});
afterAll(() => fake.close());

const mail = (more: Partial<Mail> = {}): Mail => ({
  id: crypto.randomUUID(),
  from: 'chat@relay.example',
  to: 'ann@example.com',
  subject: 'Größe – naïve 🧶',
  html: '<p>Hello</p>',
  text: 'Hello',
  headers: { 'List-Unsubscribe': '<https://relay.example/x>' },
  ...more,
});
const never = new AbortController().signal;
const mailer = ({ apiKey = RESEND_KEY, timeoutMs = 5_000 } = {}) =>
  resendMailer({ apiKey, baseUrl: `${fake.url}/`, timeoutMs });

describe('e-mails by Resend', () => {
  it('have the body that Resend published, and its id comes back', async () => {
    const one = mail();
    const { providerId } = await mailer().send(one, never);
    expect(providerId).toMatch(/^[0-9a-f-]{36}$/);
    const { id, ...body } = one;
    expect(fake.requests.at(-1)).toEqual({ key: id, body });
  });

  it('are sent once, however often the same one is handed over', async () => {
    const one = mail();
    const before = fake.sent.length;
    fake.failNext('applied_then_cut', 'half_written');
    await expect(mailer().send(one, never)).rejects.toMatchObject({ fault: 'unavailable' });
    await expect(mailer().send(one, never)).rejects.toMatchObject({ fault: 'unavailable' });
    const [first, second] = [await mailer().send(one, never), await mailer().send(one, never)];
    expect(first).toEqual(second);
    expect(fake.sent.length).toBe(before + 1);
  });

  it('are sent once, also where the second try would say something else by now', async () => {
    const one = mail();
    await mailer().send(one, never);
    const before = fake.sent.length;
    expect(await mailer().send({ ...one, text: 'Hello again' }, never)).toEqual({ providerId: null });
    expect(fake.sent.length).toBe(before);
  });

  it.each([
    ['unauthorized', { fault: 'unauthorized', words: 'API key is invalid' }],
    ['domain_not_verified', { fault: 'misconfigured', words: expect.stringContaining('not verified') }],
    ['invalid', { fault: 'invalid', words: 'Invalid `to` field.' }],
    ['rate_limited', { fault: 'rate_limited', retryAfterS: 7 }],
    ['server_error', { fault: 'unavailable' }],
    ['half_written', { fault: 'unavailable' }],
    ['error_in_200', { fault: 'garbled', words: 'Something went wrong.' }],
    ['html_in_200', { fault: 'unavailable' }],
  ] as const)('fail in our words: %s', async (fault, expected) => {
    const before = fake.requests.length;
    fake.failNext(fault);
    await expect(mailer().send(mail(), never)).rejects.toMatchObject({ name: 'EmailFault', ...expected });
    // The outbox tries again; nobody else does.
    expect(fake.requests.length).toBe(before + 1);
  });

  it('are given up when Resend is too slow, or when somebody says so', async () => {
    fake.failNext('timeout');
    await expect(mailer({ timeoutMs: 50 }).send(mail(), never)).rejects.toMatchObject({ fault: 'timed_out' });
    fake.failNext('timeout');
    const stop = new AbortController();
    const before = fake.requests.length;
    const sending = mailer().send(mail(), stop.signal);
    void vi.waitUntil(() => fake.requests.length > before).then(() => stop.abort());
    await expect(sending).rejects.toMatchObject({ fault: 'timed_out' });
  });

  it('print nothing, also where the SDK is told to', async () => {
    vi.stubEnv('RESEND_DEBUG', 'true');
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
    fake.failNext('invalid');
    await expect(mailer().send(mail(), never)).rejects.toMatchObject({ fault: 'invalid' });
    expect(printed).not.toHaveBeenCalled();
    vi.unstubAllEnvs();
    printed.mockRestore();
  });

  it('do not leave with a line break in a header', async () => {
    const evil = mail({ headers: { 'X-A': 'a\r\nBcc: all@example.com' } });
    await expect(mailer().send(evil, never)).rejects.toMatchObject({ fault: 'invalid' });
  });
});

describe('what Resend tells', () => {
  const to = ['ann@example.com'];
  const read = ({ body, headers }: { body: string; headers: object }, secret = RESEND_WEBHOOK_SECRET) =>
    readResendEvent(Buffer.from(body), { ...headers } as Record<string, string>, secret);

  it.each([
    [{ type: 'email.bounced', data: { to, bounce: { type: 'Permanent' } } }, [{ reason: 'bounced', addresses: to }]],
    [{ type: 'email.bounced', data: { to, bounce: { type: 'Transient' } } }, []],
    [{ type: 'email.complained', data: { to } }, [{ reason: 'complained', addresses: to }]],
    [{ type: 'email.complained', data: { to: [1, null] } }, [{ reason: 'complained', addresses: [] }]],
    [{ type: 'email.delivered', data: { to } }, []],
    [[], []],
  ])('is read: %j', async (event, expected) => {
    expect(await read(fake.event(event))).toEqual(expected);
  });

  it('is believed with its own signature only, and for five minutes', async () => {
    const event = { type: 'email.complained', data: { to } };
    const good = fake.event(event);
    const other = `whsec_${Buffer.alloc(32, 6).toString('base64')}`;
    expect(await read(fake.event(event, { secret: other }))).toBeUndefined();
    expect(await read({ ...good, body: good.body.replace('ann', 'bob') })).toBeUndefined();
    expect(await read({ ...good, headers: {} })).toBeUndefined();
    for (const minutes of [-6, 6]) {
      expect(await read(fake.event(event, { at: new Date(Date.now() + minutes * 60_000) }))).toBeUndefined();
    }
    expect(await read(good)).toHaveLength(1);
  });
});
