import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, databases, pages, startTestRelay, type TestRelay, type TestSite } from '../../../../e2e/relay.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

describe.each(databases)('e-mails that are asked for at once, on %s', database => {
  let relay: TestRelay;
  let site: TestSite;
  beforeAll(async () => {
    relay = await startTestRelay({ database });
    site = await relay.site({ documents: pages });
  });
  afterAll(() => relay.stop());

  const mails = async (kind: string) => (await relay.rows('Email', site)).filter(each => each.kind === kind);
  const ask = (bearer: string, email: string) =>
    call<object>('POST', `${site.widget.base}/conversation/transcript`, { bearer, body: { email } });

  it('are no more of one chat than one after the other', async () => {
    const handle = await site.widget.begin('What does shipping to Iceland cost?');
    const replies = await Promise.all(Array.from({ length: 8 }, () => ask(handle, 'ann@example.com')));
    expect(replies.map(({ status }) => status).sort()).toEqual([202, 202, 202, 429, 429, 429, 429, 429]);
    expect(await mails('transcript')).toHaveLength(3);
  });

  it('are no more to one address than one after the other', async () => {
    const handles = await Promise.all(
      Array.from({ length: 8 }, () => site.widget.begin('What does shipping to Iceland cost?')),
    );
    const replies = await Promise.all(handles.map(handle => ask(handle, 'bob@example.com')));
    expect(replies.filter(({ status }) => status === 202)).toHaveLength(5);
  });

  it('are one of each cause, whoever hears of it', async () => {
    const { services } = relay;
    await site.plugin.change(settings => ({
      ...settings,
      notifications: { ...settings.notifications, addresses: ['owner@example.com'], leads: 'daily' },
    }));
    const digestDate = new Date(Date.now() - 2 * DAY_MS).toISOString().slice(0, 10);
    await relay.db.emailAddress.updateMany({ data: { confirmedAt: new Date(), digestDate } });
    await site.widget.lead({ fields: { email: 'left@example.com' } });
    relay.clock.setAhead(DAY_MS);
    const make = () => services.notifications.makeDigests(new AbortController().signal);
    await Promise.all([make(), make(), make()]);
    relay.clock.setAhead(0);
    expect(await mails('digest')).toHaveLength(1);

    const its = await services.sites.byKey(site.key);
    const spent = { period: 'day', name: '2026-11-22', percent: 80 } as const;
    const tell = () => relay.db.$transaction(tx => services.notifications.spent(tx, its, spent));
    await Promise.all([tell(), tell(), tell()]);
    expect(await mails('spend')).toHaveLength(1);
  });

  it('go with the lead that they tell of, and stay where a legal hold keeps their chat', async () => {
    const handle = await site.widget.begin('What does shipping to Iceland cost?');
    await ask(handle, 'held@example.com');
    const { id: conversationId } = await relay.services.conversations.find(
      await relay.services.sites.byKey(site.key),
      handle,
    );
    await site.plugin.hold({ conversationId, reason: 'A dispute', author: 'Ann' });
    const about = async (email: string) => {
      const { body } = await site.plugin.requestData({ type: 'access', subject: { email } });
      return body.result.data.emails.length;
    };
    await site.plugin.requestData({ type: 'erasure', subject: { email: 'held@example.com' } });
    expect(await about('held@example.com')).toBe(1);
    await site.plugin.requestData({ type: 'erasure', subject: { email: 'owner@example.com' } });
    expect(await about('owner@example.com')).toBe(0);
    expect(await relay.rows('EmailAddress', site)).toEqual([]);
    expect((await site.plugin.site()).body.notifications).toMatchObject([{ state: 'pending' }]);
  });
});
