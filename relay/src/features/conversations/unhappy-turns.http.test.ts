import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startFakeAnthropic } from '../../../../e2e/fakes/anthropic.ts';
import type { Behaviour, FakeModelServer, Script } from '../../../../e2e/fakes/model-server.ts';
import { startFakeOpenai } from '../../../../e2e/fakes/openai.ts';
import { databases, pages, question, startTestRelay, type TestRelay, within } from '../../../../e2e/relay.ts';

const asked = 'How long do parcels to Iceland take?';

describe.each(databases)('turns that go wrong on %s', database => {
  let relay: TestRelay;
  const vendors: FakeModelServer[] = [];
  beforeAll(async () => {
    relay = await startTestRelay({ database });
  });
  afterEach(async () => {
    await Promise.all(vendors.splice(0).map(vendor => vendor.close()));
  });
  afterAll(() => relay.stop());

  /** A site whose first provider is a fake OpenAI; the second one is a fake Anthropic that answers. */
  async function siteWith(openaiScript: Script, anthropicScript: Script = {}, firstTokenMs = 500) {
    const openai = await startFakeOpenai({ script: openaiScript });
    const anthropic = await startFakeAnthropic({ script: anthropicScript });
    vendors.push(openai, anthropic);
    const site = await relay.site({ openai, anthropic, documents: pages, answers: { firstTokenMs } });
    return { ...site, openai, anthropic };
  }

  /** Says the first words, and then waits for the test. */
  function halfAnAnswer(firstWords = 'The first words, ') {
    const gate = Promise.withResolvers<void>();
    const behaviour: Behaviour = {
      pieces: [firstWords, 'and the last.'],
      before: piece => (piece === 1 ? gate.promise : undefined),
    };
    return { behaviour, goOn: gate.resolve };
  }

  describe('a visitor who leaves', () => {
    it('hangs up on the provider within a second, and the words so far are kept as interrupted', async () => {
      const { widget, openai } = await siteWith(halfAnAnswer().behaviour);
      const request = question(asked, { consentToken: await widget.token() });
      const turn = await widget.open(request);
      const [started] = await turn.until('delta');
      const handle = started?.event === 'started' ? started.data.conversationId : '';
      turn.leave();
      await within(1_000, openai.requests[0]?.hungUp ?? Promise.reject());

      const answer = async () => (await widget.conversation(handle)).body.messages[1];
      await expect.poll(answer).toMatchObject({ status: 'interrupted', text: 'The first words, ' });
      const again = await widget.turn(request);
      expect(again.completed).toMatchObject({ text: 'The first words, ', finishReason: 'interrupted' });
      expect(openai.requests).toHaveLength(1);
    });

    it('before the first word hangs up too, and nobody else is asked', async () => {
      const { widget, openai, anthropic, id } = await siteWith({ pieces: [], ending: 'hang' }, {}, 30_000);
      const body = JSON.stringify(question(asked, { consentToken: await widget.token() }));
      const leaving = new AbortController();
      const answer = fetch(`${widget.base}/turns`, { method: 'POST', body, signal: leaving.signal });
      await vi.waitFor(() => expect(openai.requests).toHaveLength(1), { interval: 5 });
      leaving.abort();
      await expect(answer).rejects.toThrow('abort');
      await within(1_000, openai.requests[0]?.hungUp ?? Promise.reject());
      const statuses = async () => (await relay.rows('Message', { id })).map(({ status }) => status).sort();
      await expect.poll(statuses).toEqual(['completed', 'interrupted']);
      expect(anthropic.requests).toHaveLength(0);
    });

    it('before the first word can still learn the handle of what has begun, and erase it', async () => {
      const { widget, openai, id } = await siteWith({ pieces: [], ending: 'hang' }, {}, 30_000);
      const request = question(asked, { consentToken: await widget.token() });
      const leaving = new AbortController();
      const { signal } = leaving;
      const answer = fetch(`${widget.base}/turns`, { method: 'POST', body: JSON.stringify(request), signal });
      await vi.waitFor(() => expect(openai.requests).toHaveLength(1), { interval: 5 });
      leaving.abort();
      await expect(answer).rejects.toThrow('abort');

      const again = await widget.turn(request);
      expect(again.kinds).toEqual(['started', 'failed']);
      expect(again.failed).toEqual({ code: 'turn_interrupted', retryable: true });
      expect(openai.requests).toHaveLength(1);
      expect((await widget.erase(again.started?.conversationId)).status).toBe(204);
      expect(await relay.rows('Message', { id })).toEqual([]);
    });

    it('is no fault in the log', async () => {
      const { widget, openai } = await siteWith(halfAnAnswer().behaviour);
      const before = relay.logLines.length;
      const turn = await widget.open(question(asked, { thread: [] }));
      await turn.until('delta');
      turn.leave();
      await within(1_000, openai.requests[0]?.hungUp ?? Promise.reject());
      await expect.poll(() => relay.logLines.slice(before).join('')).toContain('/turns');
      expect(relay.logLines.slice(before).filter(line => !line.includes('"level":"info"'))).toEqual([]);
    });
  });

  it('gives an answer up that a crash has cut, after ten minutes', async () => {
    const { behaviour, goOn } = halfAnAnswer();
    const { widget } = await siteWith(behaviour);
    const request = question(asked, { consentToken: await widget.token() });
    const turn = await widget.open(request);
    const [started] = await turn.until('delta');
    const handle = started?.event === 'started' ? started.data.conversationId : undefined;
    const status = async () => (await widget.conversation(handle)).body.messages[1]?.status;
    expect(await status()).toBe('streaming');
    // As if this process were another one, which has been gone for long.
    relay.clock.setAhead(11 * 60 * 1_000);
    try {
      expect(await status()).toBe('interrupted');
      expect((await widget.turn(request)).failed).toEqual({ code: 'turn_interrupted', retryable: true });
    } finally {
      relay.clock.setAhead(0);
    }
    goOn();
    await turn.rest();
    expect(await status()).toBe('completed');
  });

  describe('an erasure while the answer streams', () => {
    it.each(['erased', 'withdrawn'])('leaves nothing behind (%s)', async how => {
      const told = `Told before it was ${how}.`;
      const { behaviour, goOn } = halfAnAnswer(told);
      const { widget } = await siteWith(behaviour);
      const turn = await widget.open(
        question('Do parcels to Iceland take zanzibarine?', { consentToken: await widget.token() }),
      );
      const [started] = await turn.until('delta');
      const handle = (started?.event === 'started' && started.data.conversationId) || '';
      if (how === 'erased') expect((await widget.erase(handle)).status).toBe(204);
      else await widget.decide('withdrawn', { conversationId: handle });
      goOn();
      await turn.rest();
      expect((await widget.conversation(handle)).status).toBe(404);
      expect(await relay.tablesWith('zanzibarine')).toEqual([]);
      expect(await relay.tablesWith(told)).toEqual([]);
    });
  });

  describe('a provider that fails before its first word', () => {
    it.each<[string, Behaviour]>([
      ['by an error', { status: 500 }],
      ['by a refused key', { status: 401 }],
      ['by its own limit', { status: 429, headers: { 'retry-after': '30' } }],
      ['by silence', { pieces: [], ending: 'hang' }],
      ['by an empty answer', { pieces: [] }],
      ['by a broken stream', { pieces: [], ending: 'malformed' }],
      ['by a cut connection', { pieces: [], ending: 'cut' }],
    ])('%s leaves the answer to the next one', async (_, behaviour) => {
      const { widget, openai, anthropic } = await siteWith(behaviour);
      const turn = await widget.turn(question(asked, { thread: [] }));
      expect(turn.kinds).toEqual(['started', 'delta', 'completed']);
      expect(turn.started).toMatchObject({ provider: 'anthropic', model: 'fake' });
      expect([openai.requests.length, anthropic.requests.length]).toEqual([1, 1]);
    });

    it('leaves it to the shop’s own pages where every other one fails too, in the time the owner set', async () => {
      const silence: Behaviour = { pieces: [], ending: 'hang' };
      const { widget, openai } = await siteWith(silence, silence);
      const turn = await within(4_000, widget.turn(question(asked, { thread: [] })));
      expect(turn.started?.provider).toBe('extractive');
      expect(turn.completed?.text).toContain('nine days');
      await within(1_000, openai.requests[0]?.hungUp ?? Promise.reject());
    });

    it('is kept with the name of the one that answered', async () => {
      const { widget } = await siteWith({ status: 500 });
      const { body } = await widget.export(await widget.begin(asked));
      expect(body.data.conversations[0].messages[1]).toMatchObject({ provider: 'anthropic', status: 'completed' });
    });

    it('three times is skipped, and the owner can see it', async () => {
      const { widget, plugin, openai } = await siteWith({ status: 500 });
      for (let turn = 1; turn <= 4; turn += 1) await widget.turn(question(asked, { thread: [] }));
      expect(openai.requests).toHaveLength(3);
      expect((await plugin.site()).body.integrations.slice(0, 3)).toEqual([
        { name: 'openai', state: 'failing' },
        { name: 'anthropic', state: 'ready' },
        { name: 'bedrock', state: 'not_configured' },
      ]);
    });

    it('puts neither key nor question into the log, though the vendor repeats both', async () => {
      const { widget, openai } = await siteWith({ status: 400 });
      const before = relay.logLines.length;
      await widget.turn(question('Is zanzibarine in it?', { thread: [] }));
      const lines = relay.logLines.slice(before).join('');
      expect(lines).toContain('a provider did not answer');
      expect(lines).not.toContain('zanzibarine');
      const key = openai.requests[0]?.headers.authorization?.replace('Bearer ', '') ?? 'no key';
      expect(lines).not.toContain(key);
    });
  });

  describe('a provider that fails half-way', () => {
    it.each(['cut', 'error', 'malformed', 'no_end'] as const)(
      '(%s) ends with "failed"; what was seen is kept',
      async ending => {
        const { widget, anthropic } = await siteWith({ pieces: ['The first words, '], ending });
        const request = question(asked, { consentToken: await widget.token() });
        const turn = await widget.turn(request);
        expect(turn.kinds).toEqual(['started', 'delta', 'failed']);
        expect(turn.failed).toEqual({ code: 'provider_failed', retryable: true });
        expect(anthropic.requests).toHaveLength(0);

        const { body } = await widget.conversation(turn.started?.conversationId);
        expect(body.messages[1]).toMatchObject({ status: 'failed', text: 'The first words, ', citations: [] });
        expect((await widget.turn(request)).kinds).toEqual(['started', 'delta', 'failed']);
      },
    );

    it('gets no seal', async () => {
      const { widget } = await siteWith({ pieces: ['The first words, '], ending: 'cut' });
      const turn = await widget.turn(question(asked, { thread: [] }));
      expect(JSON.stringify(turn.events)).not.toContain('seal');
    });
  });

  it.each(['length', 'filtered'] as const)('tells that an answer ended by "%s"', async ending => {
    const { widget } = await siteWith({ pieces: ['Some words'], ending });
    expect((await widget.turn(question(asked, { thread: [] }))).completed?.finishReason).toBe(ending);
  });

  it('stops an answer that never ends', async () => {
    const { widget, openai } = await siteWith({ pieces: Array(50).fill('word '.repeat(200)), ending: 'hang' });
    const turn = await widget.turn(question(asked, { thread: [] }));
    expect(turn.completed?.finishReason).toBe('length');
    expect(turn.completed?.text.length).toBeLessThan(25_000);
    await within(1_000, openai.requests[0]?.hungUp ?? Promise.reject());
  });

  it('asks for no more words than the owner allows', async () => {
    const { widget, plugin, openai } = await siteWith({});
    await plugin.change(settings => ({ ...settings, answers: { ...settings.answers, maxTokens: 77 } }));
    await widget.turn(question(asked, { thread: [] }));
    expect(openai.requests[0]?.body.max_output_tokens).toBe(77);
  });
});
