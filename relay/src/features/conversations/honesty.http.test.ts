import { randomUUID } from 'node:crypto';
import type { ThreadMessage } from '@confab/contract';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { FakeModelServer, Script } from '../../../../e2e/fakes/model-server.ts';
import { startFakeOpenai } from '../../../../e2e/fakes/openai.ts';
import { call, pages, question, SHOP, startTestRelay, type TestRelay, type TestSite } from '../../../../e2e/relay.ts';

const asked = 'How long do parcels to Iceland take?';
const unknown = 'Which quantum chromodynamics telescope is blooming?';

describe('honest answers', () => {
  let relay: TestRelay;
  const vendors: FakeModelServer[] = [];
  beforeAll(async () => {
    relay = await startTestRelay();
  });
  afterEach(async () => {
    await Promise.all(vendors.splice(0).map(vendor => vendor.close()));
  });
  afterAll(() => relay.stop());

  async function siteWith(script?: Script, features: { leads?: boolean } = {}) {
    const vendor = script && (await startFakeOpenai({ script }));
    if (vendor) vendors.push(vendor);
    const site = await relay.site({ ...(vendor && { openai: vendor }), documents: pages });
    await site.plugin.change(settings => ({ ...settings, features: { ...settings.features, ...features } }));
    return { ...site, vendor };
  }
  const ask = async ({ widget }: Pick<TestSite, 'widget'>, text: string, locale?: string) =>
    widget.turn({ ...question(text, { thread: [] }), ...(locale && { locale }) });
  const told = async (pieces: string[], text: string, features = {}) => ask(await siteWith({ pieces }, features), text);

  it('rest on what the search found, and are told as they are written', async () => {
    const { completed, kinds } = await told(['Nine days ', 'to Iceland [1].'], asked, { leads: true });
    expect(completed).toMatchObject({ text: 'Nine days to Iceland [1].', citations: [{ title: 'Shipping' }] });
    expect(kinds).not.toContain('suggestion');
  });

  it('cite nothing that they do not name', async () => {
    expect((await told(['Nine days.'], asked)).completed).toMatchObject({ text: 'Nine days.', citations: [] });
    const made = await told(['Canberra is the capital city of Australia [1], see [7].'], asked);
    expect(made.completed).toMatchObject({
      text: 'Canberra is the capital city of Australia [1], see .',
      citations: [],
    });
  });

  it('are not told from a model’s own memory', async () => {
    const turn = await told(['The Vera Rubin telescope ', 'blooms in May.'], unknown, { leads: true });
    expect(turn.completed?.text).toMatch(/^I found nothing about that/);
    expect(JSON.stringify(turn.events)).not.toContain('Rubin');
    expect(turn.events.find(({ event }) => event === 'suggestion')?.data).toEqual({
      kind: 'lead',
      reason: 'unanswered',
    });
    expect((await told(['It blooms.'], unknown)).kinds).not.toContain('suggestion');
  });

  it('say so in the visitor’s language, with a model and without one', async () => {
    const site = await siteWith({ pieces: ['Das Teleskop blüht im Mai.'] });
    const german = 'Welches Teleskop der Quantenphysik blüht denn gerade?';
    expect((await ask(site, german, 'en')).completed?.text).toMatch(/^Dazu habe ich .* nichts gefunden/);
    expect((await ask(await siteWith(), german, 'en')).completed?.text).toMatch(/^Dazu habe ich .* nichts gefunden/);
    expect(JSON.stringify(site.vendor?.requests[0]?.body)).toContain('of the tag \\"de\\"');
  });

  it('offer the same form when the turn is asked for again', async () => {
    const { widget } = await siteWith(undefined, { leads: true });
    const request = question(unknown, { consentToken: await widget.token() });
    const [first, again] = [await widget.turn(request), await widget.turn(request)];
    expect(first.kinds).toContain('suggestion');
    expect(again.events.filter(({ event }) => event !== 'delta')).toEqual(
      first.events.filter(({ event }) => event !== 'delta'),
    );
  });

  it.each(['Hello!', 'thanks', '👍', '?', '🧶🧶🧶'])('stay friendly where nothing is asked: %s', async text => {
    const turn = await told(['You are welcome!'], text, { leads: true });
    expect(turn.completed?.text).toBe('You are welcome!');
    expect(turn.kinds).not.toContain('suggestion');
    expect((await ask(await siteWith(), text)).completed?.text).toMatch(/^I look things up/);
  });

  it.each([
    ['a', 'a'],
    ['4,000 letters', 'ß'.repeat(4_000)],
    ['many words', 'parcels '.repeat(500)],
    ['mixed scripts', 'Wie long 送料 до Iceland parcels كم?'],
  ])('are sensible for %s', async (_, text) => {
    const turn = await ask(await siteWith(), text);
    expect(turn.kinds.at(-1)).toBe('completed');
    expect(turn.completed?.text).toBeTruthy();
  });

  it('see a question with the one before it', async () => {
    const site = await siteWith();
    const conversationId = await site.widget.begin(asked);
    const { completed } = await site.widget.turn(question('and quickly?', { conversationId }));
    expect(completed?.text).toMatch(/^I am not sure .*- Shipping \[1\].*\?$/s);
  });

  describe.each(['stored', 'carried'])('in a thread that is %s', kind => {
    const blankets = ['Alpaca', 'Linen', 'Cotton'].map(name => ({
      externalId: name,
      type: 'product' as const,
      url: `${SHOP}/${name}`,
      title: `${name} blanket`,
      text: `The ${name} blanket is woven in Peru. It comes in red and in green.`,
      updatedAt: '2026-01-01T00:00:00Z',
      product: {
        image: null,
        variants: [{ id: '1', title: 'One', price: { amount: '89.00', currency: 'EUR' }, available: true }],
      },
    }));

    async function answersTo(questions: string[], locale?: string): Promise<string[]> {
      const site = await siteWith();
      await site.plugin.sync({ upsert: blankets });
      let thread: ThreadMessage[] = [];
      let conversationId = '';
      const answers: string[] = [];
      for (const text of questions) {
        const how =
          kind === 'carried'
            ? { thread }
            : conversationId
              ? { conversationId }
              : { consentToken: await site.widget.token() };
        const { started, completed } = await site.widget.turn({ ...question(text, how), ...(locale && { locale }) });
        conversationId ||= started?.conversationId ?? '';
        const said = completed?.text ?? '';
        answers.push(said);
        const seal = completed?.seal ?? '';
        thread = [...thread, { role: 'visitor', text }, { role: 'assistant', text: said, seal }];
      }
      return answers;
    }

    it('go on from what was asked before', async () => {
      const [, price, colour, other, thanks] = await answersTo([
        'Where is the Linen blanket woven?',
        'and how much is it?',
        'and in red?',
        'Parcels to Iceland?',
        'thanks!',
      ]);
      expect(price).toMatch(/Linen blanket.*€89/s);
      expect(price).not.toMatch(/Alpaca|Cotton/);
      expect(colour).toMatch(/red and in green/);
      expect(other).toMatch(/nine days/);
      expect(thanks).toMatch(/^I look things up/);
    });

    it('ask back once, and not again', async () => {
      const [asked, answered] = await answersTo(['blanket', 'the price']);
      expect(asked).toMatch(/^I am not sure/);
      expect(answered).not.toMatch(/^I am not sure|^I found nothing/);
    });

    it('are told nothing on what the pages know no word of, whatever was asked before', async () => {
      const [, unknown] = await answersTo(['Where is the Linen blanket woven?', 'Who is Zanzibarine?']);
      expect(unknown).toMatch(/^I found nothing/);
    });

    it('stay in the visitor’s language where a few words show none', async () => {
      const answers = await answersTo(['Welches Teleskop der Quantenphysik blüht denn gerade?', 'und Xylophon?'], 'en');
      for (const answer of answers) expect(answer).toMatch(/^Dazu habe ich/);
    });
  });

  it('tell opening hours by code', async () => {
    const site = await siteWith({ pieces: ['We are open {{ho', 'urs}}.'] });
    const hours = {
      weekly: [{ day: 'monday' as const, opens: '09:00', closes: '17:00' }],
      holidays: [],
      exceptions: [],
    };
    await site.plugin.change(settings => ({ ...settings, hours }));
    const { completed } = await ask(site, 'What are your opening hours?');
    expect(completed?.text).toMatch(/^We are open Monday 9:00 AM – 5:00 PM/);
    expect(completed?.citations).toEqual([{ index: 1, title: 'Test shop', url: '' }]);
    const extractive = await siteWith();
    await extractive.plugin.change(settings => ({ ...settings, hours }));
    expect((await ask(extractive, 'What are your opening hours?')).completed?.text).toContain('Monday 9:00');
  });

  it('may name contacts of the pages, of the visitor and of the owner, and links of the site', async () => {
    const says =
      'Write to help@shop.example or ann@mine.example or boss@owner.example or x@evil.example, see https://shop.example/any, https://owner.example/book or https://evil.example [1].';
    const site = await siteWith({ pieces: [says] });
    await site.plugin.sync({
      upsert: [
        {
          externalId: 'contact',
          type: 'page',
          url: `${SHOP}/contact`,
          title: 'Contact',
          text: 'The zanzibarine desk is at help@shop.example.',
          updatedAt: '2026-01-01T00:00:00Z',
        },
      ],
    });
    await site.plugin.change(settings => ({
      ...settings,
      answers: { ...settings.answers, instructions: 'Offer boss@owner.example and https://owner.example/book.' },
    }));
    const { completed } = await ask(site, 'I am ann@mine.example, where is the zanzibarine desk?');
    expect(completed?.text).toBe(
      'Write to help@shop.example or ann@mine.example or boss@owner.example or , see https://shop.example/any, https://owner.example/book or  [1].',
    );
  });

  describe('kept with a conversation', () => {
    const unansweredOf = async ({ base, secret }: { base: string; secret: string }, query = '') =>
      // biome-ignore lint/suspicious/noExplicitAny: the test looks into it
      call<any>('GET', `${base}/unanswered${query}`, { bearer: secret });

    it('tell the owner how they went and what they rest on, and are exported and erased with it', async () => {
      const site = await siteWith({ pieces: ['Nine days to Iceland [1].'] });
      const handle = await site.widget.begin(asked);
      const { items } = (await site.plugin.conversations()).body;
      const [, answer] = (await site.plugin.conversation(items[0]?.id ?? '')).body.messages;
      expect(answer).toMatchObject({
        outcome: 'answered',
        passages: [
          {
            index: 1,
            externalId: 'shipping',
            title: 'Shipping',
            url: 'https://shop.example/shipping',
            text: 'Parcels to Iceland take nine days and cost 14 euro.',
          },
        ],
      });
      const read = (await site.widget.conversation(handle)).body.messages[1];
      expect(read).not.toHaveProperty('passages');
      const exported = (await site.widget.export(handle)).body.data.conversations[0].messages[1];
      expect(exported).toMatchObject({ outcome: 'answered', passages: answer?.passages });
      await site.widget.erase(handle);
      expect(await relay.rows('Message', site)).toEqual([]);
    });

    it('are listed where they are none, until the owner has dealt with them', async () => {
      const site = await siteWith();
      const api = { base: `${relay.url}/v1/site`, secret: site.secret };
      const handles: string[] = [];
      for (const [at, text] of [`${unknown} One`, asked, 'thanks', `${unknown} Two`, `${unknown} Three`].entries()) {
        relay.clock.setAhead(at * 1_000);
        handles.push(await site.widget.begin(text));
      }
      await site.widget.carry(`${unknown} Declined`);
      const first = await unansweredOf(api, '?limit=2');
      expect(first.body.items.map(({ question: text }: { question: string }) => text)).toEqual([
        `${unknown} Three`,
        `${unknown} Two`,
      ]);
      const rest = await unansweredOf(api, `?limit=2&cursor=${first.body.nextCursor}`);
      expect(rest.body).toMatchObject({ items: [{ question: `${unknown} One` }], nextCursor: null });

      const [{ messageId, conversationId }] = first.body.items;
      expect((await site.plugin.conversation(conversationId)).body.messages[1]?.id).toBe(messageId);
      const handle = (id: string, secret = site.secret) =>
        call('POST', `${api.base}/unanswered/${id}`, { bearer: secret });
      const other = await siteWith();
      expect((await handle(messageId, other.secret)).status).toBe(404);
      expect((await handle(messageId)).status).toBe(204);
      expect((await handle(messageId)).status).toBe(204);
      for (const id of [randomUUID(), 'x']) expect((await handle(id)).body).toMatchObject({ code: 'not_found' });
      // What its visitor restricts is not used, also not for this.
      await site.widget.requestData(handles[0] ?? '', { type: 'restriction' });
      expect((await unansweredOf(api)).body.items).toMatchObject([{ question: `${unknown} Two` }]);
      expect((await unansweredOf({ ...api, secret: other.secret })).body.items).toEqual([]);
    });
  });

  it('can be tried, with other settings, and leave nothing', async () => {
    const { id, plugin, secret, vendor } = await siteWith({ pieces: ['Nine days to Iceland [1].'] });
    const site = await relay.services.sites.bySecret(secret);
    const { tryAnswer } = relay.services.conversations;
    const signal = AbortSignal.timeout(10_000);
    const one = { text: asked, locale: undefined };
    expect(await tryAnswer(site, one, {}, signal)).toMatchObject({
      text: 'Nine days to Iceland [1].',
      outcome: 'answered',
      citations: [{ title: 'Shipping' }],
      passages: [{ externalId: 'shipping' }],
      provider: 'openai',
    });
    const answers = { ...site.settings.answers, instructions: 'Be formal.' };
    await tryAnswer(site, one, { settings: { ...site.settings, answers } }, signal);
    expect(vendor?.requests[0]?.body.instructions).not.toContain('Be formal.');
    expect(vendor?.requests[1]?.body.instructions).toContain('Be formal.');
    for (const table of ['Message', 'Conversation']) expect(await relay.rows(table, { id })).toEqual([]);
    expect((await plugin.site()).body.usage).toMatchObject({ answers: 0 });
  });
});
