import type { PrechatField, Settings } from '@confab/contract';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databases, question, startTestRelay, type TestRelay, type TestSite } from '../../../../e2e/relay.ts';

const field = (name: string, type: PrechatField['type'], more: Partial<PrechatField> = {}): PrechatField => ({
  name,
  type,
  label: { en: name },
  required: false,
  purpose: { en: 'So that we can answer' },
  ...more,
});
const fields = [
  field('fullName', 'name'),
  field('email', 'email', { required: true }),
  field('phone', 'phone'),
  field('topic', 'choice', { options: [{ value: 'order', label: { en: 'My order' } }] }),
  field('note', 'text'),
];

describe.each(databases)('answers before the chat on %s', database => {
  let relay: TestRelay;
  let site: TestSite;
  beforeAll(async () => {
    relay = await startTestRelay({ database });
  });
  beforeEach(async () => {
    site = await relay.site();
    await ask({ enabled: true, fields }, 'IE');
  });
  afterAll(() => relay.stop());

  const ask = (prechat: Settings['prechat'], country: string | null = 'IE') =>
    site.plugin.change(settings => ({ ...settings, country, prechat }));
  const begin = async (prechat?: object, more: object = {}) =>
    site.widget.turn(question('Is it wool?', { consentToken: await site.widget.token(), prechat, ...more }));
  const begun = async (prechat: object): Promise<string> => (await begin(prechat)).started?.conversationId ?? '';
  const rows = () => relay.rows('Conversation', site);
  const kept = async () => (await rows()).map(({ prechat }) => prechat);
  const counts = async (body: object) => (await site.plugin.requestData(body)).body.result.counts;

  it('are kept with the conversation that they begin, blanks away, the number in its international form', async () => {
    const prechat = { fullName: ' Ann Doe ', email: 'Ann@A.example', phone: '01 234 5678', topic: 'order', note: ' ' };
    expect((await begin(prechat)).status).toBe(200);
    const expected = { fullName: 'Ann Doe', email: 'Ann@A.example', phone: '+35312345678', topic: 'order' };
    expect(await kept()).toEqual([expected]);
    const { id } = (await site.plugin.conversations()).body.items[0] ?? {};
    expect((await site.plugin.conversation(id ?? '')).body.prechat).toEqual(expected);
  });

  it.each([
    ['a required one that is missing', undefined, 'prechat.email', 'is required'],
    ['a required one that is blank', { email: ' ' }, 'prechat.email', 'is required'],
    ['an address that is none', { email: 'ann at home' }, 'prechat.email', 'is not an e-mail address'],
    ['a number that is none', { email: 'a@a.example', phone: '12' }, 'prechat.phone', 'is not a phone number'],
    ['what was not to choose', { email: 'a@a.example', topic: 'weather' }, 'prechat.topic', 'is none of the options'],
    ['what nobody asked', { email: 'a@a.example', shoeSize: '44' }, 'prechat.shoeSize', 'is not asked for'],
    ['a name of JavaScript', { email: 'a@a.example', constructor: 'x' }, 'prechat.constructor', 'is not asked for'],
  ])('are refused with %s, and nothing is kept', async (_, prechat, path, message) => {
    const { status, problem } = await begin(prechat);
    expect(status).toBe(400);
    expect(problem).toMatchObject({ code: 'validation_failed', errors: [{ path }] });
    expect(problem?.errors?.[0]?.message).toContain(message);
    expect(await rows()).toEqual([]);
  });

  it('may be kept under a name of JavaScript, and are missing there as anywhere', async () => {
    await ask({ enabled: true, fields: [field('constructor', 'text', { required: true })] });
    expect((await begin()).status).toBe(400);
    expect((await begin({ constructor: 'Lego' })).status).toBe(200);
    expect(await kept()).toEqual([{ constructor: 'Lego' }]);
  });

  it('that are refused do not spend the consent', async () => {
    const consentToken = await site.widget.token();
    expect((await site.widget.turn(question('Hi', { consentToken }))).status).toBe(400);
    expect((await site.widget.turn(question('Hi', { consentToken, prechat: { email: 'a@a.example' } }))).status).toBe(
      200,
    );
  });

  it('need a country’s code where the site has no country', async () => {
    await ask({ enabled: true, fields }, null);
    expect((await begin({ email: 'a@a.example', phone: '01 234 5678' })).status).toBe(400);
    expect((await begin({ email: 'a@a.example', phone: '+353 1 234 5678' })).status).toBe(200);
  });

  it('are refused by a site that asks for nothing', async () => {
    await ask({ enabled: false, fields });
    expect((await begin({ email: 'a@a.example' })).status).toBe(400);
    expect((await begin()).status).toBe(200);
    expect(await kept()).toEqual([null]);
  });

  it('are asked of nobody who declined, and not again in a conversation that goes on', async () => {
    expect((await site.widget.turn(question('Is it wool?', { thread: [] }))).status).toBe(200);
    const prechat = { email: 'a@a.example' };
    expect((await site.widget.turn(question('Is it wool?', { thread: [], prechat }))).status).toBe(400);
    const conversationId = await begun(prechat);
    expect((await site.widget.turn(question('And warm?', { conversationId }))).status).toBe(200);
  });

  it('leave the same first turn the same, also when the owner asks for more meanwhile', async () => {
    const first = question('Is it wool?', {
      consentToken: await site.widget.token(),
      prechat: { email: 'a@a.example' },
    });
    const answer = await site.widget.turn(first);
    await ask({ enabled: true, fields: [...fields, field('age', 'text', { required: true })] });
    const again = await site.widget.turn(first);
    expect(again.completed).toEqual({ ...answer.completed });
    expect(again.started?.conversationId).toBe(answer.started?.conversationId);
    expect(await rows()).toHaveLength(1);
  });

  describe('are the person’s', () => {
    const prechat = { fullName: 'Ann Doe', email: 'ann@a.example', phone: '01 234 5678' };

    it.each([{ email: 'ANN@a.example' }, { phone: '+353 1 2345678' }])('who is found by %j', async subject => {
      await begun(prechat);
      await begun({ email: 'bob@b.example' });
      const { result } = (await site.plugin.requestData({ type: 'access', subject })).body;
      expect(result.data.conversations).toMatchObject([{ prechat: { fullName: 'Ann Doe' } }]);
      expect(await counts({ type: 'erasure', subject })).toMatchObject({ conversations: 1, messages: 2 });
      expect(await kept()).toEqual([{ email: 'bob@b.example' }]);
    });

    it('who sees them with everything else that is held, and on the page to read', async () => {
      const handle = await begun(prechat);
      const { data } = (await site.widget.export(handle)).body;
      expect(data.conversations[0].prechat).toMatchObject({ email: 'ann@a.example', phone: '+35312345678' });
      const page = await fetch(`${site.widget.base}/conversation/export`, {
        headers: { Authorization: `Bearer ${handle}`, Accept: 'text/html' },
      });
      expect(await page.text()).toContain('Answers before the chat');
    });

    it('who has them corrected in the chat, each by its kind', async () => {
      const handle = await begun({ ...prechat, note: 'Write to ann@a.example' });
      const changes = { name: 'Ann Roe', email: 'ann@b.example', phone: '01 999 9999' };
      const { result } = (await site.widget.requestData(handle, { type: 'rectification', changes })).body;
      expect(result.counts).toMatchObject({ prechats: 1 });
      const corrected = { fullName: 'Ann Roe', email: 'ann@b.example', phone: '+35319999999' };
      expect(await kept()).toMatchObject([corrected]);
    });

    it('who has them corrected by the shop, wherever the old ones stand, and nobody else’s', async () => {
      await begun({ ...prechat, note: 'Write to ann@a.example' });
      const { started } = await begin({ fullName: 'Bob', email: 'bob@b.example' });
      const ask = question('Is ann@a.example yours?', { conversationId: started?.conversationId });
      expect((await site.widget.turn(ask)).status).toBe(200);
      const changes = { name: 'Ann Roe', email: 'ann@b.example' };
      const subject = { email: 'ann@a.example', phone: '+35312345678' };
      expect(await counts({ type: 'rectification', subject, changes })).toMatchObject({ prechats: 1, messages: 1 });
      expect((await kept()).sort((a, b) => (a.fullName < b.fullName ? -1 : 1))).toEqual([
        {
          ...prechat,
          fullName: 'Ann Roe',
          email: 'ann@b.example',
          phone: '+35312345678',
          note: 'Write to ann@b.example',
        },
        { fullName: 'Bob', email: 'bob@b.example' },
      ]);
    });

    it('who has them taken away', async () => {
      const handle = await begun({ email: 'ann@a.example' });
      await site.widget.requestData(handle, { type: 'rectification', changes: { email: null } });
      expect(await kept()).toEqual([null]);
    });

    it('and are told to nobody while the conversation is restricted', async () => {
      const handle = await begun(prechat);
      await site.widget.requestData(handle, { type: 'restriction' });
      const { id } = (await site.plugin.conversations()).body.items[0] ?? {};
      const told = await site.plugin.conversation(id ?? '');
      expect(told.body).toMatchObject({
        id,
        restricted: true,
        locale: null,
        pageUrl: null,
        prechat: null,
        messages: [],
      });
    });

    it('and go with the conversation when its time is over', async () => {
      await begun(prechat);
      const now = new Date(Date.now() + 366 * 24 * 60 * 60 * 1_000);
      await relay.services.retention.purgeSite(site.id, { trigger: 'manual', now });
      expect(await rows()).toEqual([]);
    });
  });
});
