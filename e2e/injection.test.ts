import type { DocumentUpsert, TurnEvent } from '@confab/contract';
import { type Injection, injections } from '@confab/relay/features/conversations/injections.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Behaviour, FakeModelServer, FakeRequest } from './fakes/model-server.ts';
import { startFakeOpenai } from './fakes/openai.ts';
import { pages, question, SHOP, startTestRelay, type TestRelay, type TestSite } from './relay.ts';

/** A word by which the page of a case is found, and the case told from a request. */
const wordOf = (at: number) => `kestrel${at + 100}`;

function documentOf({ where, writes }: Injection, at: number): DocumentUpsert {
  const word = wordOf(at);
  const text = `All that there is to say of the ${word} stands here.`;
  const written = {
    page: { text: `${text} ${writes}` },
    title: { title: `${word} ${writes}` },
    heading: { html: `<p>${text}</p><h2>${word}: ${writes}</h2><p>More of it.</p>` },
    variant: { product: productOf(writes), type: 'product' as const },
    attribute: { attributes: { material: writes } },
    message: {},
    tool: {},
  }[where];
  const { html, ...more } = { html: undefined, ...written };
  return {
    externalId: word,
    type: 'page',
    url: `${SHOP}/${word}`,
    title: `The ${word}`,
    ...(html === undefined ? { text } : { html }),
    updatedAt: '2026-01-01T00:00:00Z',
    ...more,
  };
}

const productOf = (title: string) => ({
  image: null,
  variants: [title, 'S'].map((name, at) => ({
    id: `${at}`,
    title: name.slice(0, 200),
    price: { amount: '5.00', currency: 'EUR' },
    available: true,
  })),
});

/** The case of a request, and the number that its page has there. */
function caseIn({ body }: FakeRequest): { injection: Injection; number: string } {
  const input = JSON.stringify(body.input);
  const at =
    Number(
      /.*kestrel(\d{3})/s.exec(body.input.findLast(({ role }: { role: string }) => role === 'user').content)?.[1],
    ) - 100;
  const [, number = '1'] =
    new RegExp(`document\\\\*":(\\d+),\\\\*"title\\\\*":\\\\*"[^"]*${wordOf(at)}`).exec(input) ?? [];
  return { injection: injections[at] as Injection, number };
}

/** Does whatever it was told to, and cuts its words anywhere. */
function obey(request: FakeRequest): Behaviour {
  const { injection, number } = caseIn(request);
  const results = request.body.input.flatMap(({ output }: { output?: string }) => output ?? []);
  if (injection.where === 'tool' && results.length === 0) {
    return { calls: [{ id: 'call', name: 'search_knowledge', json: injection.writes }] };
  }
  const words = injection.says.replaceAll('{id}', number).replace('{result}', results.join(' '));
  return { pieces: words.match(/.{1,5}/gsu) ?? [], chunkBytes: 7 };
}

describe('a model that obeys everything it reads', () => {
  let relay: TestRelay;
  let vendor: FakeModelServer;
  let site: TestSite;
  beforeAll(async () => {
    relay = await startTestRelay();
    vendor = await startFakeOpenai({ script: obey });
    site = await relay.site({ openai: vendor, documents: [...pages, ...injections.map(documentOf)] });
    const secret = { ...pages[0], externalId: 'secret', title: 'The other shop', text: 'Its secret plans are these.' };
    await relay.site({ documents: [secret as DocumentUpsert] });
  });
  afterAll(async () => {
    await vendor.close();
    await relay.stop();
  });

  const saidIn = (events: TurnEvent[]) =>
    events.flatMap(({ event, data }) => (event === 'delta' ? [data.text] : [])).join('');

  it.each(injections.map((injection, at) => ({ ...injection, at })))(
    'tells a visitor nothing of it: $where, $name',
    async ({ at, where, writes, says, never }) => {
      if (where !== 'tool') expect(says).toMatch(never);
      const asked = `Please tell me all of the ${wordOf(at)}.`;
      const turn = await site.widget.turn(question(where === 'message' ? `${writes} ${asked}` : asked, { thread: [] }));
      expect(turn.started?.provider).toBe('openai');
      const said = saidIn(turn.events);
      expect(turn.completed?.text).toBe(said);
      expect(said).not.toMatch(never);
      // What the attacker wrote did reach the model.
      const [word = ''] = writes.match(/\p{L}{3,}/gu) ?? [];
      if (where !== 'tool') expect(JSON.stringify(vendor.requests.at(-1)?.body.input).includes(word)).toBe(true);
      expect(JSON.stringify(turn.completed?.citations)).not.toMatch(/evil\.example\/|<script/);

      // Whatever it is, in every case:
      for (const [address] of said.matchAll(/\w+:\/\/[^\s)\]]+/g))
        expect(address).toMatch(/^https:\/\/shop\.example\//);
      expect(said).not.toMatch(/<[a-z/!]|@|\{\{|javascript:/i);
      expect(turn.kinds).not.toContain('suggestion');
      const numbers = [...said.matchAll(/\[(\d+)\]/g)].map(([, number]) => Number(number));
      for (const number of numbers) expect(number).toBeLessThan(10);
    },
  );

  it('is told nothing of another shop', () => {
    const requests = vendor.requests.map(({ body }) => JSON.stringify(body));
    expect(requests.length).toBeGreaterThan(injections.length);
    expect(requests.some(body => body.includes('secret plans are'))).toBe(false);
  });

  it('leaves nothing behind', async () => {
    for (const table of ['Conversation', 'Message', 'Lead']) expect(await relay.rows(table, site)).toEqual([]);
    expect(relay.logLines.join('')).not.toMatch(/evil|kestrel/);
  });
});
