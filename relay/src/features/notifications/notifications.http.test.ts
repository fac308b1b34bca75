import type { Settings } from '@confab/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type FakeResend,
  RESEND_KEY,
  RESEND_WEBHOOK_SECRET,
  type SentMail,
  startFakeResend,
} from '../../../../e2e/fakes/resend.ts';
import { call, pages, SHOP, startTestRelay, type TestRelay, type TestSite } from '../../../../e2e/relay.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

let fake: FakeResend;
let relay: TestRelay;
beforeAll(async () => {
  fake = await startFakeResend();
  relay = await startTestRelay({
    env: {
      RESEND_API_KEY: RESEND_KEY,
      RESEND_BASE_URL: fake.url,
      RESEND_WEBHOOK_SECRET,
      CONFAB_EMAIL_FROM: 'chat@relay.example',
    },
  });
});
afterAll(async () => {
  await relay.stop();
  await fake.close();
});

let number = 0;
/** An address that no other test has written to. */
const address = (name = 'ann') => {
  number += 1;
  return `${name}${number}@example.com`;
};
const to = (email: string) => fake.sent.filter(mail => mail.to === email);
const soon = (question: () => unknown) => {
  const ask = () => {
    // What no request makes is looked for every two seconds.
    relay.services.outbox.wake();
    return question();
  };
  return expect.poll(ask, { timeout: 8_000, interval: 20 });
};
/** Everything that waits is sent, or has found that there is nothing to send. */
const settled = () =>
  soon(async () => (await relay.rows('Delivery')).filter(({ state }) => state === 'waiting').length).toBe(0);
const arrives = async (email: string, count = 1): Promise<SentMail> => {
  await soon(() => to(email).length).toBe(count);
  return to(email).at(-1) as SentMail;
};
const linkIn = (mail: SentMail, page: string) =>
  new RegExp(`http://[^\\s"<>]+/emails/${page}\\?token=[\\w.-]+`).exec(mail.text)?.[0] ?? '';
const post = (url: string, body = '') =>
  call<string>('POST', url, { body, headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });
const transcript = (site: TestSite, bearer: string | undefined, body: unknown) =>
  call<object>('POST', `${site.widget.base}/conversation/transcript`, { bearer, body });
const notify = (site: TestSite, more: Partial<Settings['notifications']>, rest: Partial<Settings> = {}) =>
  site.plugin.change(settings => ({
    ...settings,
    ...rest,
    notifications: { ...settings.notifications, ...more },
  }));
/** A site whose owner has confirmed an address. */
const withReader = async (more: Partial<Settings['notifications']> = {}, rest: Partial<Settings> = {}) => {
  const site = await relay.site({ documents: pages });
  const owner = address('owner');
  await notify(site, { addresses: [owner], ...more }, rest);
  await post(linkIn(await arrives(owner), 'confirm'));
  return { site, owner };
};

describe('a chat by e-mail', () => {
  const shop = () => relay.site({ documents: pages });

  it('goes to the address that the visitor typed, with what was said and where it came from', async () => {
    const site = await shop();
    await site.plugin.change(settings => ({ ...settings, name: 'Größe & <b>Söhne</b>' }));
    const handle = await site.widget.begin('What does shipping to Iceland cost?');
    const email = address();
    expect(await transcript(site, handle, { email })).toMatchObject({ status: 202, body: {} });
    const mail = await arrives(email);
    expect(mail).toMatchObject({ from: 'chat@relay.example', subject: 'Your chat with Größe & <b>Söhne</b>' });
    expect(mail.text).toContain('What does shipping to Iceland cost?');
    expect(mail.text).toContain('Parcels to Iceland take nine days');
    expect(mail.text).toContain(`${SHOP}/shipping`);
    expect(mail.html).toContain('Größe &amp; &lt;b&gt;Söhne&lt;/b&gt;');
    expect(mail.headers).toEqual({ 'Auto-Submitted': 'auto-generated' });
    expect(mail.html).not.toMatch(/<img|<script|url\(/i);
    // The handle opens the conversation, so it stands in no mail.
    expect(JSON.stringify(mail)).not.toContain(handle);
  });

  it('leaves no address behind once it is sent', async () => {
    const site = await shop();
    const handle = await site.widget.begin('What does shipping to Iceland cost?');
    const email = address('leaves-none');
    await transcript(site, handle, { email });
    await arrives(email);
    await settled();
    expect(await relay.tablesWith(email)).toEqual([]);
    const [row] = await relay.rows('Email', site);
    expect(row).toMatchObject({ kind: 'transcript', ciphertext: null, keyId: null, providerId: expect.any(String) });
    expect(relay.logLines.filter(line => line.includes('leaves-none'))).toEqual([]);
  });

  it('is in the language of the chat, and its visitor’s words lead nowhere and run nothing', async () => {
    const site = await shop();
    const consentToken = await site.widget.token();
    const text =
      'Versand nach Iceland? <script>alert(1)</script> https://evil.example/x und evil.example/y, www.evil.example';
    const { started } = await site.widget.turn({
      clientTurnId: crypto.randomUUID(),
      text,
      page: { url: SHOP },
      consentToken,
      locale: 'de',
    });
    const email = address();
    await transcript(site, started?.conversationId, { email });
    const mail = await arrives(email);
    expect(mail.subject).toBe('Ihr Chat mit Test shop');
    expect(mail.html).toMatch(/<html[^>]* lang="de"/);
    expect(mail.html + mail.text).not.toContain('evil.example');
    expect(mail.text).toContain('[Link] und [Link], [Link]');
    expect(mail.html).not.toContain('<script>');
    expect(mail.text).toContain('<script>alert(1)</script>');
  });

  it('is not sent to what is not one address and nothing else', async () => {
    const site = await shop();
    const handle = await site.widget.begin('What does shipping to Iceland cost?');
    for (const email of [
      'ann',
      'ann@',
      'a@b@example.com',
      'ann@example.com, bob@example.com',
      'ann@example.com;bob@example.com',
      'Ann <ann@example.com>',
      '<ann@example.com>',
      'ann@example.com\r\nBcc: bob@example.com',
      'ann@example.com\n',
      'ann@example.com\r',
      '"a b"@example.com',
      'ann@[127.0.0.1]',
      `${'a'.repeat(65)}@example.com`,
      ' ',
      7,
      ['ann@example.com'],
    ]) {
      const refused = await transcript(site, handle, { email });
      expect(refused, JSON.stringify(email)).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    }
    expect(await relay.rows('Email', site)).toEqual([]);
  });

  it('is not sent of a chat that is not stored, not the caller’s, without an answer, or restricted', async () => {
    const [site, other] = [await shop(), await shop()];
    const email = address();
    const body = { email };
    expect(await transcript(site, undefined, body)).toMatchObject({ status: 401 });
    expect(await transcript(site, crypto.randomUUID(), body)).toMatchObject({
      body: { code: 'conversation_not_found' },
    });
    const foreign = await other.widget.begin('What does shipping to Iceland cost?');
    expect(await transcript(site, foreign, body)).toMatchObject({ status: 404 });

    const handle = await site.widget.begin('What does shipping to Iceland cost?');
    const { id } = await relay.services.conversations.find(await relay.services.sites.byKey(site.key), handle);
    const answers = { siteId: site.id, conversationId: id, role: 'assistant' };
    const kept = await relay.db.message.findFirstOrThrow({ where: answers });
    await relay.db.message.updateMany({ where: answers, data: { text: '' } });
    expect(await transcript(site, handle, body)).toMatchObject({ status: 409, body: { code: 'nothing_to_send' } });
    await relay.db.message.updateMany({ where: answers, data: { text: kept.text } });
    await site.widget.requestData(handle, { type: 'restriction' });
    expect(await transcript(site, handle, body)).toMatchObject({ status: 403, body: { code: 'not_offered' } });
    expect(to(email)).toEqual([]);
  });

  it('is not offered where the owner does not want it, and the panel is told', async () => {
    const site = await shop();
    const handle = await site.widget.begin('What does shipping to Iceland cost?');
    expect((await site.widget.config()).body.features.transcript).toBe(true);
    await site.plugin.change(settings => ({ ...settings, features: { ...settings.features, transcript: false } }));
    expect(await transcript(site, handle, { email: address() })).toMatchObject({
      status: 403,
      body: { code: 'not_offered' },
    });
    expect((await site.widget.config()).body.features.transcript).toBe(false);
  });

  it('is sent three times a day at the most, and to two addresses', async () => {
    const site = await shop();
    const handle = await site.widget.begin('What does shipping to Iceland cost?');
    const [ann, bob] = [address('ann'), address('bob')];
    for (const email of [ann, bob]) expect((await transcript(site, handle, { email })).status).toBe(202);
    const limited = { status: 429, body: { code: 'rate_limited' } };
    const refused = await transcript(site, handle, { email: address('eve') });
    expect(refused).toMatchObject(limited);
    expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0);
    expect((await transcript(site, handle, { email: ann.toUpperCase() })).status).toBe(202);
    expect(await transcript(site, handle, { email: ann })).toMatchObject(limited);
    relay.clock.setAhead(24 * 60 * 60 * 1_000);
    expect((await transcript(site, handle, { email: ann })).status).toBe(202);
    relay.clock.setAhead(0);
    const another = await site.widget.begin('What does shipping to Iceland cost?');
    const email = address('at-once');
    const replies = await Promise.all(Array.from({ length: 6 }, () => transcript(site, another, { email })));
    expect(replies.filter(({ status }) => status === 202)).toHaveLength(3);
  });

  it('comes to one address five times a day, from whatever site, also after an erasure', async () => {
    const email = address('flooded');
    for (let at = 1; at <= 6; at += 1) {
      const site = await shop();
      const handle = await site.widget.begin('What does shipping to Iceland cost?');
      const reply = await transcript(site, handle, { email });
      if (at <= 5) expect(reply.status).toBe(202);
      else {
        expect(reply).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
        expect(Number(reply.headers.get('Retry-After'))).toBeGreaterThan(0);
      }
      if (at === 3) {
        await arrives(email, 3);
        expect((await site.widget.erase(handle)).status).toBe(204);
        expect(await relay.rows('Email', site)).toEqual([]);
      }
    }
    await arrives(email, 5);
  });

  it('does not go out where the chat is erased or restricted before', async () => {
    const site = await shop();
    for (const type of ['erasure', 'restriction']) {
      const handle = await site.widget.begin('What does shipping to Iceland cost?');
      const email = address();
      // Resend is away for the first try.
      fake.failNext('server_error');
      await transcript(site, handle, { email });
      await soon(async () => (await relay.rows('Delivery', site)).some(({ attempts }) => attempts === 1)).toBe(true);
      await site.widget.requestData(handle, { type });
      await relay.services.outbox.again(site.id);
      await settled();
      expect(to(email)).toEqual([]);
      expect((await relay.rows('Email', site)).filter(({ ciphertext }) => ciphertext)).toEqual([]);
    }
  });

  it('arrives once where Resend has sent it and nobody heard of that', async () => {
    const site = await shop();
    const handle = await site.widget.begin('What does shipping to Iceland cost?');
    const email = address();
    fake.failNext('applied_then_cut');
    await transcript(site, handle, { email });
    await soon(async () => (await relay.rows('Delivery', site)).some(({ attempts }) => attempts === 1)).toBe(true);
    // What a process that was killed between the two leaves behind: sent, and not noted.
    await relay.services.outbox.again(site.id);
    await settled();
    expect(to(email)).toHaveLength(1);
    expect(fake.requests.filter(({ body }) => body.to === email)).toHaveLength(2);
  });

  it('is told of in an export, and goes with its conversation and its address', async () => {
    const site = await shop();
    const handle = await site.widget.begin('What does shipping to Iceland cost?');
    const email = address('exported');
    await transcript(site, handle, { email });
    await arrives(email);
    await settled();
    const { body } = await site.plugin.requestData({ type: 'access', subject: { email: email.toUpperCase() } });
    expect(body.result.data.emails).toMatchObject([{ kind: 'transcript', sentAt: expect.any(String) }]);
    expect(body.result.data.conversations).toHaveLength(1);
    const erased = await site.plugin.requestData({ type: 'erasure', subject: { email } });
    expect(erased.body.result.counts).toMatchObject({ emails: 1, conversations: 1 });
    expect(await relay.rows('Email', site)).toEqual([]);
  });

  it('leaves nothing of a visitor who declined, who has none to send', async () => {
    const site = await shop();
    await site.widget.carry('What does shipping to Iceland cost?');
    expect((await transcript(site, crypto.randomUUID(), { email: 'zanzi-decline@example.com' })).status).toBe(404);
    expect(await relay.tablesWith('zanzi-decline')).toEqual([]);
    expect(relay.logLines.filter(line => line.includes('zanzi-decline'))).toEqual([]);
  });
});

describe('an address for notifications', () => {
  it('gets nothing before its holder has pressed the button behind the link', async () => {
    const site = await relay.site();
    const owner = address('owner');
    await notify(site, { addresses: [owner] });
    const asking = await arrives(owner);
    expect(asking.subject).toBe('Confirm this address for Test shop');
    expect((await site.plugin.site()).body.notifications).toEqual([
      { email: owner, state: 'pending', unsubscribedFrom: [] },
    ]);
    const link = linkIn(asking, 'confirm');
    expect(link).not.toContain('owner');
    // A scanner follows links, and presses nothing.
    const page = await call<string>('GET', link);
    expect([page.status, page.body]).toEqual([200, expect.stringContaining('<form method="post"><button>Confirm')]);
    await site.widget.lead({ fields: { email: 'early@example.com' } });
    await settled();
    expect(to(owner)).toHaveLength(1);

    expect((await post(link)).body).toContain('Confirmed');
    expect((await site.plugin.site()).body.notifications).toMatchObject([{ state: 'confirmed' }]);
    await site.widget.lead({ fields: { email: 'late@example.com' } });
    expect((await arrives(owner, 2)).text).toContain('late@example.com');
  });

  it('is asked for seven days, by the link that we gave and no other', async () => {
    const site = await relay.site();
    const owner = address('owner');
    await notify(site, { addresses: [owner] });
    const link = linkIn(await arrives(owner), 'confirm');
    const wrong = [
      `${link}x`,
      link.replace(/token=../, 'token=xx'),
      link.split('?')[0],
      link.replace('confirm', 'unsubscribe'),
    ];
    for (const each of wrong) expect((await post(each as string)).status).toBe(404);
    relay.clock.setAhead(8 * DAY_MS);
    expect((await post(link)).status).toBe(404);
    expect((await site.plugin.site()).body.notifications).toMatchObject([{ state: 'pending' }]);
    // The next save asks again.
    await notify(site, {});
    expect((await post(linkIn(await arrives(owner, 2), 'confirm'))).status).toBe(200);
    relay.clock.setAhead(0);
  });

  it('is told when it is taken out, if it was confirmed', async () => {
    const { site, owner } = await withReader();
    const pending = address('pending');
    await notify(site, { addresses: [owner, pending] });
    await arrives(pending);
    await notify(site, { addresses: [] });
    expect((await arrives(owner, 2)).subject).toBe('Notifications of Test shop no longer come here');
    await site.widget.lead({ fields: { email: 'gone@example.com' } });
    await settled();
    expect([to(owner).length, to(pending).length]).toEqual([2, 1]);
    expect(await relay.rows('EmailAddress', site)).toEqual([]);
  });

  it('is asked three times a day at the most, from all sites', async () => {
    const victim = address('victim');
    for (let at = 0; at < 5; at += 1) await notify(await relay.site(), { addresses: [victim] });
    await settled();
    expect(to(victim)).toHaveLength(3);
  });

  it('is not forgotten where today’s last verification was sent before: the next day it is asked', async () => {
    const busy = address('busy');
    for (let at = 0; at < 3; at += 1) await notify(await relay.site(), { addresses: [busy] });
    await arrives(busy, 3);
    const site = await relay.site();
    await notify(site, { addresses: [busy] });
    relay.clock.setAhead(DAY_MS);
    try {
      await notify(site, { alerts: false });
      await arrives(busy, 4);
    } finally {
      relay.clock.setAhead(0);
    }
  });

  it('is one of twenty that a site has asked in a day', async () => {
    const site = await relay.site();
    const all = Array.from({ length: 25 }, () => address('stranger'));
    for (let from = 0; from < 25; from += 5) {
      await notify(site, { addresses: all.slice(from, from + 5) });
      await settled();
    }
    expect(all.filter(each => to(each).length > 0)).toHaveLength(20);
  });

  it('stands there once, also where it is written in two ways', async () => {
    const site = await relay.site();
    const { body, headers } = await site.plugin.settings();
    const addresses = ['ann@xn--bcher-kva.example', 'ann@bücher.example'];
    const given = { ...body, notifications: { ...body.notifications, addresses } };
    const refused = await site.plugin.save(given, headers.get('ETag') ?? '');
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ path: 'notifications.addresses' }] } });
  });

  it('that is none is refused in words, and nothing is saved', async () => {
    const site = await relay.site();
    const { body, headers } = await site.plugin.settings();
    const notifications = { ...body.notifications, addresses: ['ann@localhost'] };
    const refused = await site.plugin.save({ ...body, notifications }, headers.get('ETag') ?? '');
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ path: 'notifications.addresses.0' }] } });
    expect((await site.plugin.settings()).headers.get('ETag')).toBe(headers.get('ETag'));
    for (const evil of ['a@example.com\r\nBcc: b@example.com', 'A <a@example.com>', 'a@example.com,b@example.com']) {
      const given = { ...body, notifications: { ...notifications, addresses: [evil] } };
      expect((await site.plugin.save(given, headers.get('ETag') ?? '')).status).toBe(400);
    }
  });
});

describe('an owner is told', () => {
  it('of a callback with its wished time on both clocks, and of nothing that harms', async () => {
    const { site, owner } = await withReader({}, { timezone: 'Europe/Dublin', name: 'Wool\u202e & Söhne' });
    const fields = {
      name: '<img src=x onerror=alert(1)>',
      phone: '+353 85 012 3456',
      message: 'See https://evil.example/a\r\nBcc: all@example.com',
      Größe: 'evil.example',
    };
    const callbackAt = new Date(Date.now() + DAY_MS);
    await site.widget.lead({
      kind: 'callback',
      fields,
      callbackAt: callbackAt.toISOString(),
      timezone: 'Asia/Tokyo',
      page: { url: 'https://evil.example/form' },
    });
    const mail = await arrives(owner, 2);
    expect(mail.subject).toBe('Call back, please: Wool & Söhne');
    expect(mail.text).toContain('<img src=x onerror=alert(1)>');
    expect(mail.html).not.toContain('<img');
    expect(mail.html + mail.text).not.toContain('evil.example');
    expect(mail.text).toMatch(/GMT\+9/);
    expect(mail.headers).toMatchObject({
      'List-Unsubscribe': expect.stringMatching(/^<http:\/\/[^\s<>@]+\/emails\/unsubscribe\?token=[\w.-]+>$/),
      'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
    });
    expect(Object.keys(mail.headers).join()).not.toMatch(/bcc|reply/i);
  });

  it('once of each lead, however often it is heard of, and of none that is gone or restricted', async () => {
    const { site, owner } = await withReader();
    const { body } = await site.widget.lead({ fields: { email: 'once@example.com' } });
    await arrives(owner, 2);
    const heard = { siteId: site.id, type: 'lead.created', subjectId: body.leadId };
    await relay.db.$transaction(tx => relay.services.outbox.emit(tx, heard));
    await settled();
    expect(to(owner)).toHaveLength(2);
    for (const type of ['restriction', 'erasure']) {
      fake.failNext('server_error');
      const email = address(type);
      await site.widget.lead({ fields: { email } });
      await soon(async () =>
        (await relay.rows('Delivery', site)).some(({ target, attempts }) => target === 'email' && attempts === 1),
      ).toBe(true);
      await site.plugin.requestData({ type, subject: { email }, ...(type === 'restriction' && { changes: {} }) });
      await relay.services.outbox.again(site.id);
      await settled();
    }
    expect(to(owner)).toHaveLength(2);
  });

  it('no more of what was ended, in one click, and knows how to have it again', async () => {
    const { site, owner } = await withReader();
    await site.widget.lead({ fields: { email: 'one@example.com' } });
    const url = /<(.*)>/.exec((await arrives(owner, 2)).headers['List-Unsubscribe'] ?? '')?.[1] ?? '';
    expect((await call<string>('GET', url)).body).toContain('<form method="post">');
    expect((await site.plugin.site()).body.notifications).toMatchObject([{ state: 'confirmed' }]);
    for (let at = 0; at < 2; at += 1) expect((await post(url, 'List-Unsubscribe=One-Click')).status).toBe(200);
    expect((await site.plugin.site()).body.notifications).toMatchObject([
      { state: 'unsubscribed', unsubscribedFrom: ['leads'] },
    ]);
    await site.widget.lead({ fields: { email: 'two@example.com' } });
    await settled();
    expect(to(owner)).toHaveLength(2);
    const changed = await post(url.replace(/token=../, 'token=xx'), 'List-Unsubscribe=One-Click');
    expect(changed.status).toBe(404);
  });

  it('once a day of what came in, at eight by the site’s clock, in one mail', async () => {
    const timezone = 'Pacific/Auckland';
    const { site, owner } = await withReader({ leads: 'daily', callbacks: 'daily' }, { timezone });
    const { body } = await site.widget.lead({ fields: { name: 'Kept', email: 'digest-a@example.com' } });
    await site.widget.lead({ kind: 'callback', fields: { phone: '+353850123456', message: 'Erase me' } });
    await site.widget.lead({ fields: { email: 'digest-b@example.com', message: 'x'.repeat(3_000) } });
    await site.widget.begin('Do you sell zanzibarine spoons?');
    await settled();
    expect(to(owner)).toHaveLength(1);
    const make = () => relay.services.notifications.makeDigests(new AbortController().signal);
    await make();
    relay.clock.setAhead(DAY_MS);
    await site.plugin.requestData({ type: 'erasure', subject: { phone: '+353850123456' } });
    await Promise.all([make(), make()]);
    const mail = await arrives(owner, 2);
    expect(mail.text).toContain('digest-a@example.com');
    expect(mail.text).toContain('2 visitors left contact details');
    expect(mail.text).toContain('Do you sell zanzibarine spoons?');
    expect(mail.text).not.toContain('Erase me');
    expect(mail.headers['List-Unsubscribe-Post']).toBe('List-Unsubscribe=One-Click');
    // One of them is erased after it: the mail is gone, and makes no second one.
    await site.plugin.requestData({ type: 'erasure', subject: { email: 'digest-a@example.com' } });
    await make();
    relay.clock.setAhead(2 * DAY_MS);
    await make();
    await settled();
    expect(to(owner)).toHaveLength(2);
    expect(body.leadId).toBeTruthy();
    relay.clock.setAhead(0);
  });

  it('once of what does not arrive for a day', async () => {
    const { site, owner } = await withReader();
    const since = new Date(Date.now() - 2 * DAY_MS);
    const late = (target: string) => ({
      siteId: site.id,
      target,
      subjectId: crypto.randomUUID(),
      since,
      state: 'failed',
    });
    await relay.db.delivery.createMany({ data: [late('hubspot'), late('hubspot'), late('webhook:x'), late('email')] });
    for (let at = 0; at < 2; at += 1) await relay.services.notifications.tellLate();
    const mail = await arrives(owner, 2);
    expect(mail.text).toMatch(/HubSpot:\s+2 not delivered/);
    expect(mail.text).toMatch(/A webhook:\s+1 not delivered/);
    await settled();
    expect(to(owner)).toHaveLength(2);
  });

  it('of each part of a limit of cost once', async () => {
    const { site, owner } = await withReader();
    const its = await relay.services.sites.byKey(site.key);
    const { spent } = relay.services.notifications;
    for (const percent of [50, 50]) {
      await relay.db.$transaction(tx => spent(tx, its, { period: 'month', name: '2026-11', percent }));
    }
    expect((await arrives(owner, 2)).subject).toBe('Test shop: 50 % of the limit of cost');
    await settled();
    expect(to(owner)).toHaveLength(2);
  });

  it('of a limit that an answer has reached, and not where alerts are off', async () => {
    const { site, owner } = await withReader();
    const reach = async (alerts: boolean) => {
      await site.plugin.change(settings => ({
        ...settings,
        answers: {
          ...settings.answers,
          providers: ['openai'],
          openai: { ...settings.answers.openai, apiKey: 'key-of-the-site', baseUrl: fake.url },
        },
        limits: { ...settings.limits, spend: { ...settings.limits.spend, [alerts ? 'perDay' : 'perMonth']: 0 } },
        notifications: { ...settings.notifications, alerts },
      }));
      await site.widget.carry('What does shipping to Iceland cost?');
      await settled();
    };
    await reach(true);
    expect((await arrives(owner, 2)).subject).toBe('Test shop: 100 % of the limit of cost');
    await reach(false);
    expect(to(owner)).toHaveLength(2);
  });
});

describe('a bounce or a complaint', () => {
  const tell = (event: object, options = {}) => {
    const { body, headers } = fake.event(event, options);
    return call<string>('POST', `${relay.url}/emails/events`, { body, headers });
  };

  it('ends every mail to the address, and visitors are told nothing of it', async () => {
    const { site, owner } = await withReader();
    const email = address('bounced');
    const bounced = {
      type: 'email.bounced',
      data: { to: [owner, email.toUpperCase()], bounce: { type: 'Permanent' } },
    };
    for (let at = 0; at < 2; at += 1) expect((await tell(bounced)).status).toBe(204);
    const all = await relay.rows('EmailSuppression');
    expect(JSON.stringify(all)).not.toContain('bounced@');
    expect(all.filter(({ reason }) => reason === 'bounced')).toHaveLength(2);
    expect((await site.plugin.site()).body.notifications).toMatchObject([{ state: 'suppressed' }]);

    const handle = await site.widget.begin('What does shipping to Iceland cost?');
    for (let at = 0; at < 3; at += 1) expect((await transcript(site, handle, { email })).status).toBe(202);
    // As with any other address.
    expect((await transcript(site, handle, { email })).status).toBe(429);
    await site.widget.lead({ fields: { email: 'x@example.com' } });
    await settled();
    expect([to(email).length, to(owner).length]).toEqual([0, 1]);
  });

  it('is believed with a fresh signature of Resend’s only', async () => {
    const email = address('safe');
    const complained = { type: 'email.complained', data: { to: [email] } };
    const before = (await relay.rows('EmailSuppression')).length;
    const old = new Date(Date.now() - 10 * 60_000);
    const foreign = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
    for (const options of [{ at: old }, { secret: foreign }])
      expect((await tell(complained, options)).status).toBe(401);
    const unsigned = await call('POST', `${relay.url}/emails/events`, { body: complained });
    expect(unsigned.status).toBe(401);
    expect(await relay.rows('EmailSuppression')).toHaveLength(before);
    expect((await tell(complained)).status).toBe(204);
    expect(await relay.rows('EmailSuppression')).toHaveLength(before + 1);
  });
});

describe('what is kept of e-mails', () => {
  it('goes after thirty days', async () => {
    const site = await relay.site({ documents: pages });
    const handle = await site.widget.begin('What does shipping to Iceland cost?');
    const email = address();
    await transcript(site, handle, { email });
    await arrives(email);
    await settled();
    relay.clock.setAhead(29 * DAY_MS);
    await relay.services.retention.purgeSite(site.id, { trigger: 'nightly', signal: new AbortController().signal });
    expect(await relay.rows('Email', site)).toHaveLength(1);
    relay.clock.setAhead(31 * DAY_MS);
    await relay.services.retention.purgeSite(site.id, { trigger: 'nightly', signal: new AbortController().signal });
    expect(await relay.rows('Email', site)).toEqual([]);
    relay.clock.setAhead(0);
  });

  it.each(['an erasure', 'its time'])('goes with %s, also what could not be sent', async end => {
    const site = await relay.site({ documents: pages });
    const handle = await site.widget.begin('What does shipping to Iceland cost?');
    fake.failNext('server_error', 'server_error');
    await transcript(site, handle, { email: address('never') });
    const states = async () => {
      const emails = (await relay.rows('Delivery', site)).filter(({ target }) => target === 'email');
      return emails.map(({ state, attempts }) => `${state} ${attempts}`);
    };
    await soon(states).toEqual(['waiting 1']);
    relay.clock.setAhead(4 * DAY_MS);
    await soon(states).toEqual(['failed 2']);
    if (end === 'an erasure') {
      expect((await site.widget.erase(handle)).status).toBe(204);
    } else {
      relay.clock.setAhead(31 * DAY_MS);
      await relay.services.retention.purgeSite(site.id, { trigger: 'nightly', signal: new AbortController().signal });
    }
    relay.clock.setAhead(0);
    expect([await relay.rows('Email', site), await states()]).toEqual([[], []]);
  });
});
