import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startFakeAnthropic } from '../../../../e2e/fakes/anthropic.ts';
import { startFakeBedrock } from '../../../../e2e/fakes/bedrock.ts';
import type { Behaviour, FakeModelServer, FakeRequest } from '../../../../e2e/fakes/model-server.ts';
import { startFakeOpenai } from '../../../../e2e/fakes/openai.ts';
import { pages, question, startTestRelay, type TestRelay } from '../../../../e2e/relay.ts';

const start = { openai: startFakeOpenai, anthropic: startFakeAnthropic, bedrock: startFakeBedrock };
type Provider = keyof typeof start;
const everyProvider = Object.keys(start) as Provider[];

const search = (query: string) => ({
  id: `id${query.length}`,
  name: 'search_knowledge',
  json: JSON.stringify({ query }),
});

/** The number under which a model has been given a document, in whatever way its vendor's body quotes it. */
function numberOf(title: string, { body }: FakeRequest): string | undefined {
  const words = JSON.stringify(body).replaceAll('\\', '');
  return words.match(new RegExp(`"document":(\\d+),"title":"${title}"`))?.[1];
}

describe('tools of an answer', () => {
  let relay: TestRelay;
  const vendors: FakeModelServer[] = [];
  beforeAll(async () => {
    relay = await startTestRelay();
  });
  afterEach(async () => {
    await Promise.all(vendors.splice(0).map(vendor => vendor.close()));
  });
  afterAll(() => relay.stop());

  /** A vendor that plays these one after the other. */
  async function vendorOf(provider: Provider, ...answers: ((request: FakeRequest) => Behaviour)[]) {
    let at = 0;
    const vendor = await start[provider]({ script: request => (answers[at++] ?? (() => ({ status: 500 })))(request) });
    vendors.push(vendor);
    return vendor;
  }

  async function siteOf(provider: Provider, ...answers: ((request: FakeRequest) => Behaviour)[]) {
    const vendor = await vendorOf(provider, ...answers);
    const site = await relay.site({ [provider]: vendor, documents: pages, answers: { providers: [provider] } });
    return { ...site, vendor };
  }

  it.each(everyProvider)('bring a page that the question did not find, and the answer cites it: %s', async provider => {
    const { widget, vendor } = await siteOf(
      provider,
      request => {
        expect(numberOf('Shipping', request)).toBeUndefined();
        return { pieces: ['One moment.'], calls: [search('parcels to Iceland'), search('wool of the jumpers')] };
      },
      request => ({ pieces: ['Nine ', `days [${numberOf('Shipping', request)}].`] }),
    );
    const turn = await widget.turn(question('Wie lange dauert der Versand?', { thread: [] }));
    expect(turn.kinds.filter(kind => kind !== 'delta')).toEqual(['started', 'citation', 'completed']);
    expect(turn.started).toMatchObject({ provider, model: 'fake' });
    expect(turn.completed).toMatchObject({
      text: 'One moment.\n\nNine days [1].',
      citations: [{ index: 1, title: 'Shipping', url: 'https://shop.example/shipping' }],
    });
    expect(vendor.requests).toHaveLength(2);
    expect(numberOf('Our wool', vendor.requests[1] as FakeRequest)).toBe('2');
  });

  it.each(everyProvider)('end with an answer, also for a model that calls and calls: %s', async provider => {
    const calls = (query: string) => () => ({ calls: [search(query)] });
    const { widget, vendor } = await siteOf(
      provider,
      calls('Iceland'),
      calls('Shetland sheep'),
      calls('Send back'),
      request => ({ pieces: [`It is here [${numberOf('Returns', request)}].`] }),
    );
    const { completed } = await widget.turn(question('Wie lange dauert der Versand?', { thread: [] }));
    expect(completed).toMatchObject({ text: 'It is here [3].', citations: [{ title: 'Returns' }] });
    expect(JSON.stringify(vendor.requests[2]?.body)).toContain('"look_up_product"');
    expect(JSON.stringify(vendor.requests[3]?.body)).not.toContain('"look_up_product"');
  });

  it.each(everyProvider)('have a form offered, and write nothing: %s', async provider => {
    const json = JSON.stringify({ email: 'somebody@else.example' });
    const { widget, plugin, id } = await siteOf(
      provider,
      () => ({ calls: [{ id: 'a', name: 'request_callback', json }] }),
      () => ({ pieces: ['Here is a form.'] }),
    );
    await plugin.change(settings => ({ ...settings, features: { ...settings.features, callback: true } }));
    const turn = await widget.turn(question('Can somebody call me?', { thread: [] }));
    expect(turn.events.filter(({ event }) => event === 'suggestion')).toEqual([
      { event: 'suggestion', data: { kind: 'callback', reason: 'asked_for' } },
    ]);
    expect(await relay.rows('Lead', { id })).toEqual([]);
    expect(await relay.tablesWith('somebody@else.example')).toEqual([]);
  });

  it('are there for the next provider, when the first one fails behind them', async () => {
    const first = await vendorOf('openai', () => ({ calls: [search('parcels to Iceland')] }));
    const second = await vendorOf(
      'anthropic',
      request => ({ calls: numberOf('Shipping', request) ? [] : [search('parcels to Iceland')] }),
      request => ({ pieces: [`Nine days [${numberOf('Shipping', request)}].`] }),
    );
    const { widget } = await relay.site({ openai: first, anthropic: second, documents: pages });
    const turn = await widget.turn(question('Wie lange dauert der Versand?', { thread: [] }));
    expect(turn.started).toMatchObject({ provider: 'anthropic' });
    expect(turn.completed).toMatchObject({ text: 'Nine days [1].', citations: [{ title: 'Shipping' }] });
    expect([first.requests.length, second.requests.length]).toEqual([2, 2]);
  });

  it('are left to a visitor who leaves while the model reads what they gave', async () => {
    const reads = Promise.withResolvers<void>();
    const { widget, vendor } = await siteOf(
      'bedrock',
      () => ({ pieces: ['One moment.'], calls: [search('parcels to Iceland')] }),
      () => {
        reads.resolve();
        return { pieces: [], ending: 'hang' };
      },
    );
    const turn = await widget.open(question('Wie lange dauert der Versand?', { thread: [] }));
    await reads.promise;
    turn.leave();
    await vendor.requests[1]?.hungUp;
  });
});
