import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { KeptMail } from '@confab/relay/providers/email/files.ts';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { launchBrowser } from './browser.ts';
import { call, pages, question, SHOP, startTestRelay, type TestRelay } from './relay.ts';

// Every kind of e-mail as a mailbox shows it, made by the relay itself. With CONFAB_PICTURES the pictures are kept there.

const DAY_MS = 24 * 60 * 60 * 1_000;
const KINDS = ['transcript', 'lead', 'callback', 'digest', 'verification', 'security', 'late', 'spend'] as const;
const LOCALES = ['en', 'de'] as const;
/** Each ground and each width once: axe takes its time. */
const looks = [
  { name: 'light', colorScheme: 'light', width: 800 },
  { name: 'dark on a phone', colorScheme: 'dark', width: 320 },
] as const;

const LONG = 'Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverordnung'.repeat(2);

let relay: TestRelay;
let browser: Browser;
const mails = new Map<string, KeptMail>();
beforeAll(async () => {
  [relay, browser] = await Promise.all([startTestRelay(), launchBrowser()]);
  for (const locale of LOCALES) await makeAll(locale);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await relay?.stop();
});

/** Has one mail of each kind sent, as a site of this language has it. */
async function makeAll(locale: (typeof LOCALES)[number]): Promise<void> {
  relay.clock.setAhead(0);
  const site = await relay.site({ documents: pages });
  const name = locale === 'de' ? 'Wollhaus Größenwahn & Töchter' : 'Carrowgale Wool';
  const owner = `owner-${locale}@example.com`;
  const other = `other-${locale}@example.com`;
  const set = (more: object) =>
    site.plugin.change(settings => ({
      ...settings,
      name,
      locale,
      timezone: 'Europe/Berlin',
      allowedOrigins: [SHOP],
      notifications: { ...settings.notifications, ...more },
    }));
  await set({ addresses: [owner, other] });
  for (const email of [owner, other]) {
    const { text } = await arrives(email, 1);
    const link = /http:\S+\/emails\/confirm\?token=[\w.-]+/.exec(text)?.[0] ?? '';
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    await call('POST', link, { body: '', headers });
  }
  mails.set(`verification ${locale}`, await arrives(owner, 1));
  await set({ addresses: [owner] });
  mails.set(`security ${locale}`, await arrives(other, 2));

  const { started } = await site.widget.turn(
    question(`What does shipping to Iceland cost?\n\n${LONG}\nשלום, and see https://evil.example/login`, {
      consentToken: await site.widget.token(),
      locale,
    }),
  );
  const bearer = started?.conversationId;
  await site.widget.turn(question('Do you sell zanzibarine spoons?', { conversationId: bearer }));
  const email = `visitor-${locale}@example.com`;
  await call('POST', `${site.widget.base}/conversation/transcript`, { bearer, body: { email } });
  mails.set(`transcript ${locale}`, await arrives(email, 1));

  const fields = {
    name: 'Ann Ó Murchú',
    email: 'ann.with.a.rather.long.address.indeed@subdomain.of.a.long.example',
    phone: '+353 85 012 3456',
    message: `Is it wool?\n\n${LONG}\nSee https://evil.example/`,
    Größe: 'XL',
  };
  await site.widget.lead({ fields, page: { url: `${SHOP}/jumper` } });
  mails.set(`lead ${locale}`, await arrives(owner, 2));
  const callbackAt = new Date(Date.now() + DAY_MS).toISOString();
  const again = { ...fields, email: 'somebody.else@example.com', phone: '+353 85 012 9999' };
  await site.widget.lead({ kind: 'callback', fields: again, callbackAt, timezone: 'America/New_York' });
  mails.set(`callback ${locale}`, await arrives(owner, 3));

  const { notifications } = relay.services;
  const its = await relay.services.sites.byKey(site.key);
  await relay.db.$transaction(tx => notifications.spent(tx, its, { period: 'day', name: '2026-11-22', percent: 80 }));
  mails.set(`spend ${locale}`, await arrives(owner, 4));
  const late = { siteId: site.id, subjectId: crypto.randomUUID(), since: new Date(0), state: 'failed' };
  await relay.db.delivery.createMany({ data: ['hubspot', 'webhook:x'].map(target => ({ ...late, target })) });
  await notifications.tellLate();
  mails.set(`late ${locale}`, await arrives(owner, 5));

  await set({ leads: 'daily', callbacks: 'daily' });
  relay.clock.setAhead(DAY_MS);
  await notifications.makeDigests(new AbortController().signal);
  mails.set(`digest ${locale}`, await arrives(owner, 6));
}

/** The last mail to this address, once there are so many. */
async function arrives(email: string, count: number): Promise<KeptMail> {
  const folder = relay.services.mailFolder;
  let found: KeptMail[] = [];
  await vi.waitFor(
    async () => {
      relay.services.outbox.wake();
      const all = await Promise.all(((await folder?.list()) ?? []).map(({ id }) => folder?.read(id)));
      found = all.filter(mail => mail?.to === email) as KeptMail[];
      expect(found).toHaveLength(count);
    },
    { timeout: 20_000, interval: 50 },
  );
  return found[0] as KeptMail;
}

async function look(page: Page, picture: string): Promise<void> {
  // In the page alone: the frame of a mail runs no script, also not that of axe, which would wait for it.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).exclude('iframe').analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([]);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide).toBeLessThanOrEqual(0);
  const folder = process.env.CONFAB_PICTURES;
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${picture}.png`), fullPage: true });
}

async function open({ colorScheme, width }: (typeof looks)[number]): Promise<{ page: Page; requests: string[] }> {
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
  const page = await context.newPage();
  const requests: string[] = [];
  page.on('request', request => requests.push(request.url()));
  return { page, requests };
}

describe.each(looks)('$name', how => {
  it.each(LOCALES.flatMap(locale => KINDS.map(kind => [kind, locale] as const)))(
    'a mail of the kind %s in %s is clean, fits, and loads nothing',
    async (kind, locale) => {
      const { page, requests } = await open(how);
      await page.setContent(mails.get(`${kind} ${locale}`)?.html ?? '');
      expect(await page.locator('html').getAttribute('lang')).toBe(locale);
      await look(page, `${kind}-${locale}-${how.colorScheme}`);
      expect(requests).toEqual([]);
      await page.context().close();
    },
  );

  const linkIn = (name: string) => /http:\S+\/emails\/\w+\?token=[\w.-]+/.exec(mails.get(name)?.text ?? '')?.[0] ?? '';
  it.each([
    ['confirm', () => linkIn('verification de')],
    ['stop', () => linkIn('lead en')],
    ['invalid', () => `${relay.url}/emails/confirm?token=x`],
    ['mails', () => `${relay.url}/dev/mail`],
    ['mail', () => `${relay.url}/dev/mail/${mails.get('verification de')?.id}`],
  ])('the page %s is clean and fits', async (name, address) => {
    const { page } = await open(how);
    await page.goto(address());
    await look(page, `page-${name}-${how.colorScheme}`);
    await page.context().close();
  });
});

describe('in a browser without tricks', () => {
  it('a link of a mail does what it says only after the button', async () => {
    const page = await (await browser.newContext()).newPage();
    await page.goto(/http:\S+\/emails\/unsubscribe\?token=[\w.-]+/.exec(mails.get('late de')?.text ?? '')?.[0] ?? '');
    await page.getByRole('button', { name: 'Abbestellen' }).press('Enter');
    await page.getByRole('heading', { name: 'Abbestellt' }).waitFor();
    await page.context().close();
  });

  it('a mail in development is shown in a frame that runs and loads nothing', async () => {
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${relay.url}/dev/mail/${mails.get('transcript en')?.id}`);
    const frame = page.frameLocator('iframe');
    await frame.getByText('Parcels to Iceland').waitFor();
    expect(await page.locator('iframe').getAttribute('sandbox')).not.toContain('allow-scripts');
    await page.context().close();
  });
});
