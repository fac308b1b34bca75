import { randomUUID } from 'node:crypto';
import type { DocumentUpsert, ProductCard, Variant } from '@confab/contract';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startFakeAnthropic } from '../../../../e2e/fakes/anthropic.ts';
import type { FakeModelServer, Script } from '../../../../e2e/fakes/model-server.ts';
import { startFakeOpenai } from '../../../../e2e/fakes/openai.ts';
import { databases, pages, question, startTestRelay, type TestRelay } from '../../../../e2e/relay.ts';

const variant = (title: string, amount: string, available = true): Variant => ({
  id: `gid://shop/${title}`,
  title,
  price: { amount, currency: 'EUR' },
  available,
});
const jumper: DocumentUpsert = {
  externalId: 'jumper',
  type: 'product',
  url: 'https://shop.example/jumper',
  title: 'Kittiwake jumper',
  text: 'Knitted from undyed wool, warm and a little itchy, now {{price 1}}.',
  product: {
    image: { url: 'https://cdn.example/jumper.jpg', alt: 'A grey jumper' },
    variants: [variant('S / Blue', '39.17'), variant('M / Red', '59.83', false)],
  },
  updatedAt: '2026-01-01T00:00:00Z',
};
const documents = [...pages, jumper];

describe.each(databases)('products in answers on %s', database => {
  let relay: TestRelay;
  const vendors: FakeModelServer[] = [];
  /** What the site's calendar says: its documents have just come in. */
  let today: string;
  beforeAll(async () => {
    relay = await startTestRelay({ database });
    today = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeZone: 'UTC' }).format(relay.clock.now());
  });
  afterEach(async () => {
    await Promise.all(vendors.splice(0).map(vendor => vendor.close()));
  });
  afterAll(() => relay.stop());

  const starts = { openai: startFakeOpenai, anthropic: startFakeAnthropic };
  async function siteWith(script: Script, kind: keyof typeof starts = 'openai') {
    const vendor = await starts[kind]({ script });
    vendors.push(vendor);
    return { ...(await relay.site({ [kind]: vendor, documents })), vendor };
  }

  const card = (): ProductCard => ({
    index: 1,
    title: 'Kittiwake jumper',
    url: 'https://shop.example/jumper',
    image: { url: 'https://cdn.example/jumper.jpg', alt: 'A grey jumper' },
    price: '€39.17 to €59.83',
    available: true,
    asOf: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    variants: [
      { id: 'gid://shop/S / Blue', title: 'S / Blue', price: '€39.17', available: true },
      { id: 'gid://shop/M / Red', title: 'M / Red', price: '€59.83', available: false },
    ],
  });
  const pieces = [
    'It costs {{pri',
    'ce 1}}',
    ' [1], and is {',
    '{availability 1}}; in red {{availability 1.2}}{{',
    'x}}.',
  ];
  const told = () => `It costs €39.17 to €59.83 (as of ${today}) [1], and is in stock; in red sold out.`;

  it.each(['openai', 'anthropic'] as const)('are shown to %s without a price, and told with one', async kind => {
    const { widget, vendor } = await siteWith({ pieces }, kind);
    const turn = await widget.turn(question('How much is the Kittiwake jumper?', { thread: [] }));
    expect(turn.completed?.text).toBe(told());
    const deltas = turn.events.flatMap(({ event, data }) => (event === 'delta' ? [data.text] : []));
    expect(deltas.join('')).toBe(told());
    expect(deltas.join('')).not.toMatch(/[{}]/);

    const sent = JSON.stringify(vendor.requests[0]?.body);
    expect(sent).toContain('{{price 1.2}}');
    expect(sent).not.toMatch(/39\.17|59\.83|€|gid:/);
    // What the page itself wrote is no mark.
    expect(sent).toContain('now { {price 1}}.');
  });

  it('come as cards behind the citations, and are kept, read, replayed and exported with the answer', async () => {
    const { id, widget, plugin } = await siteWith({ pieces });
    const request = question('How much is the Kittiwake jumper?', { consentToken: await widget.token() });
    const turn = await widget.turn(request);
    expect(turn.kinds.slice(-3)).toEqual(['citation', 'product', 'completed']);
    expect(turn.events.at(-2)?.data).toEqual(card());
    expect(turn.completed?.products).toEqual([card()]);

    const again = await widget.turn(request);
    expect(again.kinds).toEqual(['started', 'delta', 'citation', 'product', 'completed']);
    expect(again.completed).toEqual(turn.completed);

    const handle = turn.started?.conversationId ?? '';
    const [asked, answered] = (await widget.conversation(handle)).body.messages;
    expect(asked).not.toHaveProperty('products');
    expect(answered).toMatchObject({ text: told(), products: [card()] });
    const { items } = (await plugin.conversations()).body;
    expect((await plugin.conversation(items[0]?.id ?? '')).body.messages[1]?.products).toEqual([card()]);
    const exported = (await widget.export(handle)).body.data.conversations[0].messages;
    expect(exported[0]).not.toHaveProperty('products');
    expect(exported[1].products).toEqual([card()]);

    await widget.erase(handle);
    expect(await relay.rows('Message', { id })).toEqual([]);
  });

  it('leave a thread that is not stored as it was, and nothing behind', async () => {
    const { id, widget } = await siteWith({ pieces });
    const thread = await widget.carry('How much is the Kittiwake jumper?');
    expect(thread[1]?.text).toBe(told());
    const next = await widget.turn(question('And the red one?', { thread }));
    expect(next.status).toBe(200);
    expect(await relay.rows('Message', { id })).toEqual([]);
  });

  it('are shown to a model without the price of an earlier answer', async () => {
    const { widget, vendor } = await siteWith({ pieces });
    const conversationId = await widget.begin('How much is the Kittiwake jumper?');
    await widget.turn(question('Is the jumper itchy?', { conversationId }));
    const sent = JSON.stringify(vendor.requests[1]?.body);
    expect(sent).toContain('It costs … to …');
    expect(sent).not.toMatch(/39\.17|59\.83/);
  });

  it('are cited where only their facts are told', async () => {
    const { widget } = await siteWith({ pieces: ['{{price 1}}, since you ask.'] });
    const { completed } = await widget.turn(question('How much is the Kittiwake jumper?', { thread: [] }));
    expect(completed).toMatchObject({ citations: [{ index: 1, title: 'Kittiwake jumper' }], products: [card()] });
  });

  it('are not shown where another page is cited', async () => {
    const { widget, vendor } = await siteWith({ pieces: ['It is [1].'] });
    const turn = await widget.turn(question('Is the wool of the jumper from Shetland sheep?', { thread: [] }));
    expect(JSON.stringify(vendor.requests[0]?.body)).toContain('{{price 2}}');
    expect(turn.completed?.citations).toMatchObject([{ title: 'Our wool' }]);
    expect(turn.kinds).not.toContain('product');
    expect(turn.completed).not.toHaveProperty('products');
  });

  it('give a visitor nothing who writes marks', async () => {
    const { widget, vendor } = await siteWith(({ body }) => ({
      pieces: [`You said: ${body.input.at(-1).content.split('\n\n').at(-1)}`],
    }));
    const hostile = 'The jumper: {{price 1}} {{{availability 1}}}';
    const first = await widget.turn(question(hostile, { thread: [] }));
    expect(first.completed?.text).toBe('You said: The jumper: { {price 1}} { { {availability 1}}}');
    const thread = [
      { role: 'visitor' as const, text: hostile },
      { role: 'assistant' as const, text: first.completed?.text ?? '', seal: first.completed?.seal ?? '' },
    ];
    await widget.turn(question('The jumper again', { thread }));
    expect(vendor.requests[1]?.body.input[0].content).toBe('The jumper: { {price 1}} { { {availability 1}}}');
  });

  it('keep what was told where the visitor leaves', async () => {
    const { id, widget } = await siteWith({ pieces: ['It costs {{price 1}}', ' and'], ending: 'hang' });
    const turn = await widget.open(question('How much is the jumper?', { consentToken: await widget.token() }));
    await turn.until('delta');
    turn.leave();
    await expect.poll(async () => (await relay.rows('Message', { id }))[1]?.status).toBe('interrupted');
    const [, answer] = await relay.rows('Message', { id });
    expect(answer).toMatchObject({ products: null, text: expect.stringMatching(/^It costs €39\.17 to/) });
  });

  describe('without a model', () => {
    const ask = async (text: string) => {
      const { widget } = await relay.site({ documents });
      return (await widget.turn(question(text, { thread: [] }))).completed;
    };

    it('are told from their facts', async () => {
      const completed = await ask('How much is the Kittiwake jumper?');
      expect(completed?.text).toBe(`Kittiwake jumper: €39.17 to €59.83 (as of ${today}), in stock [1]`);
      expect(completed?.products).toEqual([card()]);
      expect((await ask('Is the red Kittiwake jumper in stock?'))?.text).toContain('\n- M / Red: €59.83, sold out');
    });

    it('are told in the language of the visitor', async () => {
      const { widget, plugin } = await relay.site();
      await plugin.change(settings => ({ ...settings, locale: 'de' }));
      await plugin.sync({ upsert: documents });
      const { completed } = await widget.turn({
        ...question('Was kostet der Kittiwake?', { thread: [] }),
        locale: 'de-DE',
      });
      expect(completed?.text).toMatch(
        /^Kittiwake jumper: 39,17\u00a0€ bis 59,83\u00a0€ \(Stand: .*\), auf Lager \[1\]$/,
      );
    });

    it('are told behind what their page says', async () => {
      const text = (await ask('Is the Kittiwake jumper itchy?'))?.text;
      expect(text).toMatch(/> Knitted .* itchy, now \{ \{price 1\}\}\. \[1\]\n\nKittiwake jumper: €39\.17 to/);
    });
  });

  it('are told as they are synced last', async () => {
    const { widget, plugin } = await relay.site({ documents });
    const variants = [variant('S / Blue', '12.00', false)];
    await plugin.sync({ upsert: [{ ...jumper, product: { image: null, variants } }] });
    const { completed } = await widget.turn(question('How much is the Kittiwake jumper?', { thread: [] }));
    expect(completed?.text).toContain('€12.00');
    expect(completed?.products).toMatchObject([{ price: '€12.00', available: false, image: null }]);
  });

  it('take a token that proves nobody for none', async () => {
    const { id, widget, plugin } = await relay.site({ documents });
    await plugin.change(settings => ({ ...settings, features: { ...settings.features, orders: true } }));
    const asked = { customerToken: randomUUID(), consentToken: await widget.token() };
    const { status, started } = await widget.turn(question('Where is my order?', asked));
    expect(status).toBe(200);
    const conversationId = started?.conversationId ?? '';
    expect((await widget.turn(question('And now?', { conversationId, customerToken: 'x' }))).status).toBe(200);
    expect(await relay.rows('Conversation', { id })).toMatchObject([{ externalId: null }]);
  });
});
