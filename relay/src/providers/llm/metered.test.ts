import { describe, expect, it } from 'vitest';
import { type LlmRequest, type Model, type ModelPart, ProviderError } from './llm.ts';
import { type Budget, metered } from './metered.ts';
import { tokensOf, tokensOfRequest } from './tokens.ts';

const price = { input: 2, cached: 0.5, output: 8 };
const usage = { inputTokens: 100, outputTokens: 10, cachedInputTokens: 40 };

const request = (more: Partial<LlmRequest> = {}): LlmRequest => ({
  instructions: 'Answer from the passages.',
  messages: [{ role: 'visitor', text: 'Is it wool?' }],
  question: 'Is it wool?',
  locale: 'en',
  passages: [],
  answerable: true,
  maxTokens: 100,
  signal: new AbortController().signal,
  ...more,
});
const sentMicros = tokensOfRequest(request()) * price.input;

/** A purse that says what it was asked for. */
function purse({ isEmpty = false } = {}) {
  const reserved: number[] = [];
  const settled: number[] = [];
  const budget: Budget = {
    async reserve(micros) {
      reserved.push(micros);
      return isEmpty ? undefined : { settle: async cost => void settled.push(cost) };
    },
    isExhausted: isEmpty,
    total: async () => 0,
  };
  return { budget, reserved, settled };
}

/** A vendor that gives these parts, and throws what is an error. */
const vendor = (...parts: (ModelPart | Error)[]): Model & { calls: number } => ({
  provider: 'openai',
  model: 'gpt-4.1',
  calls: 0,
  async *stream() {
    this.calls += 1;
    for (const part of parts) {
      if (part instanceof Error) throw part;
      yield part;
    }
  },
});

const hello: ModelPart = { type: 'text', text: 'Hello there.' };
const helloMicros = tokensOf('Hello there.') * price.output;

async function spend(model: Model, { given = request(), isEmpty = false, takes = Infinity } = {}) {
  const { budget, reserved, settled } = purse({ isEmpty });
  const taken: ModelPart[] = [];
  let fault: unknown;
  try {
    for await (const part of metered(model, price, budget).stream(given)) {
      taken.push(part);
      if (taken.length >= takes) break;
    }
  } catch (error) {
    fault = error;
  }
  return { reserved, settled, taken, fault };
}

describe('a metered call', () => {
  it('sets the most aside that it may cost, before it is made', async () => {
    const { reserved } = await spend(vendor(hello, { type: 'finished', reason: 'stop', usage }));
    expect(reserved).toEqual([sentMicros + 100 * price.output]);
  });

  it('costs what the vendor says, cached input for less', async () => {
    const { settled, taken } = await spend(vendor(hello, { type: 'finished', reason: 'stop', usage }));
    expect(settled).toEqual([60 * 2 + 40 * 0.5 + 10 * 8]);
    expect(taken).toHaveLength(2);
  });

  it('is settled before its end is told, so that whoever hears it knows the cost', async () => {
    const { budget, settled } = purse();
    for await (const part of metered(vendor({ type: 'finished', reason: 'stop', usage }), price, budget).stream(
      request(),
    )) {
      expect([part.type, settled.length]).toEqual(['finished', 1]);
    }
  });

  it('is not made where it cannot be paid for', async () => {
    const model = vendor(hello);
    const { fault, settled } = await spend(model, { isEmpty: true });
    expect(fault).toMatchObject({ fault: 'over_budget', provider: 'openai' });
    expect([model.calls, settled]).toEqual([0, []]);
  });

  it('is not made where nobody can say whether it can be paid for', async () => {
    const model = vendor(hello);
    const { budget } = purse();
    const away = { ...budget, reserve: () => Promise.reject(new Error('the database is away')) };
    const parts = metered(model, price, away).stream(request())[Symbol.asyncIterator]();
    await expect(parts.next()).rejects.toMatchObject({ fault: 'unpayable', provider: 'openai' });
    expect(model.calls).toBe(0);
  });

  it('costs what was sent and what came back where the vendor does not say', async () => {
    const { settled } = await spend(vendor(hello, { type: 'finished', reason: 'stop' }));
    expect(settled).toEqual([Math.ceil(sentMicros + helloMicros)]);
  });

  it('counts what a tool was called with', async () => {
    const call: ModelPart = { type: 'call', call: { id: '1', name: 'search', input: { question: 'wool' } } };
    const { settled } = await spend(vendor(call, { type: 'finished', reason: 'tools' }));
    expect(settled[0]).toBeGreaterThan(sentMicros);
  });

  it('costs the same where it is given up half-way, or breaks off', async () => {
    const cut = new ProviderError('openai', 'unreachable', {
      cause: Object.assign(new Error(), { code: 'ECONNRESET' }),
    });
    expect((await spend(vendor(hello, hello), { takes: 1 })).settled).toEqual([Math.ceil(sentMicros + helloMicros)]);
    expect((await spend(vendor(hello, cut))).settled).toEqual([Math.ceil(sentMicros + helloMicros)]);
    expect((await spend(vendor(hello))).settled).toEqual([Math.ceil(sentMicros + helloMicros)]);
  });

  it('costs nothing where the vendor refused it, or could not be reached', async () => {
    for (const status of [400, 401, 429, 500]) {
      const refused = new ProviderError('openai', 'refused', { status });
      expect((await spend(vendor(refused))).settled).toEqual([0]);
    }
    const nobody = new ProviderError('openai', 'unreachable', {
      cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }),
    });
    expect((await spend(vendor(nobody))).settled).toEqual([0]);
  });

  it('costs what was sent where the connection was lost, or the time was up, before a word came', async () => {
    const reset = new Error('', { cause: Object.assign(new Error(), { code: 'ECONNRESET' }) });
    for (const fault of [
      new ProviderError('openai', 'unreachable', { cause: reset }),
      new ProviderError('openai', 'timed_out'),
      new ProviderError('openai', 'server_error'),
    ]) {
      expect((await spend(vendor(fault))).settled).toEqual([Math.ceil(sentMicros)]);
    }
    expect((await spend(vendor())).settled).toEqual([Math.ceil(sentMicros)]);
  });

  it('costs nothing where nobody waited any more before it was sent', async () => {
    const { settled } = await spend(vendor(), { given: request({ signal: AbortSignal.abort() }) });
    expect(settled).toEqual([0]);
  });

  it('is settled once, however it ends', async () => {
    const late = vendor({ type: 'finished', reason: 'stop', usage }, new ProviderError('openai', 'malformed'));
    expect((await spend(late)).settled).toHaveLength(1);
  });

  it('takes no counts from a server that makes no sense', async () => {
    const absurd = { inputTokens: -5, outputTokens: Number.NaN, cachedInputTokens: 9 };
    const { settled } = await spend(vendor({ type: 'finished', reason: 'stop', usage: absurd }));
    expect(settled).toEqual([0]);
    for (const count of [1e300, Number.POSITIVE_INFINITY]) {
      const endless = { inputTokens: count, outputTokens: count };
      const [micros = 0] = (await spend(vendor({ type: 'finished', reason: 'stop', usage: endless }))).settled;
      // A cost that the database could not hold would not be counted at all.
      expect(micros).toBe(2_000_000 * (price.input + price.output));
    }
  });
});

describe('the most tokens that a text may be', () => {
  it.each([
    ['a word or sign of a European language', 'How long do parcels to Iceland take, and what do they cost?', 13],
    ['three letters of a long German word', 'Rindfleischetikettierungsüberwachungsaufgabe', 15],
    ['a character of Chinese', '我们的羊毛来自设得兰群岛的绵羊。', 16],
    ['a byte of an emoji', '🧶🐑🧣', 12],
    ['a sign', '!"#$%&()*+,-./:;<=>?@[]^_{|}~', 29],
    ['a digit', '0123456789012345678901234567890', 31],
  ])('is no less than one for %s', (_, text, tokens) => {
    expect(tokensOf(text)).toBeGreaterThanOrEqual(tokens);
  });

  it('of English is a token for two letters, where vendors count one for four', () => {
    expect(tokensOf('How long do parcels to Iceland take, and what do they cost?')).toBeLessThanOrEqual(28);
  });

  it('counts everything that is sent', () => {
    const tool = { name: 'search', description: 'Looks things up', parameters: {}, run: async () => '' };
    const round = { text: 'Looking', calls: [{ id: '1', name: 'search', input: {}, result: 'Nothing was found.' }] };
    const [plain = 0, withTool = 0, withRound = 0] = [{}, { tools: [tool] }, { tools: [tool], rounds: [round] }].map(
      more => tokensOfRequest(request(more)),
    );
    expect(withTool).toBeGreaterThan(plain);
    expect(withRound).toBeGreaterThan(withTool);
  });
});
