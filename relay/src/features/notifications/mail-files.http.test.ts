import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, pages, startTestRelay, type TestRelay, type TestSite } from '../../../../e2e/relay.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

const soon = (question: () => unknown) => expect.poll(question, { timeout: 8_000, interval: 20 });
const transcript = (site: TestSite, bearer: string, email: string) =>
  call<object>('POST', `${site.widget.base}/conversation/transcript`, { bearer, body: { email } });

describe('a relay that nobody sends e-mails for', () => {
  let alone: TestRelay;
  beforeAll(async () => {
    alone = await startTestRelay();
  });
  afterAll(() => alone.stop());
  const files = async () => (await readdir(path.join(alone.dataDir, 'mail'))).filter(name => name.endsWith('.eml'));

  it('writes them into files, shows them to who develops, and takes them away with their conversation', async () => {
    const site = await alone.site({ documents: pages });
    const handle = await site.widget.begin('What does shipping to Iceland cost?');
    expect((await transcript(site, handle, 'files@example.com')).status).toBe(202);
    await soon(() => files().catch(() => [])).toHaveLength(1);
    const list = await call<string>('GET', `${alone.url}/dev/mail`);
    expect(list.body).toContain('files@example.com');
    const page = /\/dev\/mail\/[\w-]+/.exec(list.body)?.[0] ?? '';
    expect((await call<string>('GET', alone.url + page)).body).toContain('Your chat with Test shop');
    const html = await call<string>('GET', `${alone.url}${page}/html`);
    expect(html.headers.get('Content-Security-Policy')).toMatch(/default-src 'none'.*sandbox/);
    expect(html.body).toContain('Parcels to Iceland');
    expect((await call('GET', `${alone.url}/dev/mail/..%2Fsecret-key`)).status).toBe(404);

    await site.widget.erase(handle);
    expect(await files()).toEqual([]);
  });

  it('keeps them for seven days', async () => {
    const site = await alone.site();
    await site.plugin.change(settings => ({
      ...settings,
      notifications: { ...settings.notifications, addresses: ['week@example.com'] },
    }));
    await soon(() => files().catch(() => [])).toHaveLength(1);
    await alone.services.notifications.forget();
    expect(await files()).toHaveLength(1);
    alone.clock.setAhead(8 * DAY_MS);
    await alone.services.notifications.forget();
    expect(await files()).toEqual([]);
    alone.clock.setAhead(0);
  });

  it('takes no webhook', async () => {
    expect((await call('POST', `${alone.url}/emails/events`, { body: {} })).status).toBe(404);
  });

  it('says so in production, offers no chats by e-mail there, and shows none', async () => {
    const real = await startTestRelay({
      env: { NODE_ENV: 'production', CONFAB_PUBLIC_URL: 'https://relay.example', CONFAB_RATE_LIMIT: 'on' },
    });
    try {
      const { degraded } = (await call<{ degraded: string[] }>('GET', `${real.url}/readyz`)).body;
      expect(degraded).toContainEqual(expect.stringContaining('RESEND_API_KEY'));
      const site = await real.site({ documents: pages });
      const handle = await site.widget.begin('What does shipping to Iceland cost?');
      expect((await site.widget.config()).body.features.transcript).toBe(false);
      expect(await transcript(site, handle, 'x@example.com')).toMatchObject({ status: 403 });
      expect((await site.plugin.site()).body.integrations).toContainEqual({ name: 'email', state: 'not_configured' });
      expect((await call('GET', `${real.url}/dev/mail`)).status).toBe(404);
    } finally {
      await real.stop();
    }
  });
});
