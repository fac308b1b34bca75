import { describe, expect, it } from 'vitest';
import { sharedData } from '../../../../e2e/fakes/shared-data.ts';
import { extractiveLlm } from './extractive.ts';
import { drain, requestFor } from './llm.contract.ts';
import type { LlmRequest, Passage } from './llm.ts';
import { asPlainText } from './quote.ts';

const page = (text: string, index = 1, title = 'Delivery'): Passage => ({
  index,
  title,
  text,
  url: `https://shop.test/${index}`,
});

const delivery = page(
  `Delivery and returns
We pack every order by hand in Galway. Parcels to Ireland take two to three working days. Parcels to the rest of Europe take five to eight working days.
- Standard: €4.95
- Express: €12.50. Next working day.
You can return anything within 30 days. The money is refunded within a week.
How do I track my parcel?
We send a link by e-mail as soon as it has left.`,
);
const jumper = page(
  `The Kittiwake is knitted from undyed Donegal wool. It is warm and a little itchy.
Price: €129.00
Sizes: S, M, L, XL
Wash it by hand at 30 °C.`,
  2,
  'Kittiwake jumper',
);

async function ask(question: string, passages: Passage[] = [delivery, jumper], more: Partial<LlmRequest> = {}) {
  const { parts, error } = await drain(
    extractiveLlm().stream(requestFor({ question, passages, answerable: passages.length > 0, ...more })),
  );
  expect(error).toBeUndefined();
  return parts.map(part => (part.type === 'text' ? part.text : '')).join('');
}

describe('the extractive answer', () => {
  it.each([
    ['de-AT', 'Das steht auf den Seiten', 'nichts gefunden', 'Ich schlage'],
    ['fr', 'Voici ce que disent', 'Je n’ai rien trouvé', 'Je cherche'],
    ['ES', 'Esto dicen las páginas', 'No he encontrado nada', 'Busco'],
    ['ja', 'Here is what', 'I found nothing', 'I look things up'],
  ])('has its own words in the visitor’s language: %s', async (locale, quotes, nothing, purpose) => {
    expect(await ask('Irland', [delivery, jumper], { locale })).toMatch(new RegExp(`^${quotes}`));
    expect(await ask('Quantum?', [], { locale })).toContain(nothing);
    expect(await ask('hallo', [], { locale })).toContain(purpose);
  });

  it.each(['Was kostet der Kittiwake?', 'Combien coûte le Kittiwake ?', '¿Cuánto cuesta el Kittiwake?'])(
    'knows that a price is asked for: %s',
    async question => {
      const text = await ask(question);
      expect(text).toContain('> Price: €129.00 [2]');
      expect(text).not.toContain('itchy');
    },
  );

  it.each([
    ['how long does shipping to Ireland take', 'Parcels to Ireland take two to three working days. ', '[1]'],
    ['what is the express price?', '> Express: €12.50. Next working day. [1]', '[1]'],
    ['Can I get a refund after returning something?', 'You can return anything within 30 days. ', '[1]'],
    [
      'how do i track my order',
      'How do I track my parcel? We send a link by e-mail as soon as it has left. [1]',
      '[1]',
    ],
    ['how much is the kittiwake', '> Price: €129.00 [2]', '[2]'],
    ['washing the jumper', '> Wash it by hand at 30 °C. [2]', '[2]'],
    ['is the jumper itchy', 'It is warm and a little itchy.', '[2]'],
    ['what size is there', '> Sizes: S, M, L, XL [2]', '[2]'],
  ])('quotes what the pages say: %s', async (question, quote, marker) => {
    const text = await ask(question);
    expect(text).toMatch(/^Here is what this shop’s pages say:\n\n> /);
    expect(text).toContain(quote);
    expect(text).toContain(marker);
  });

  it('leaves sentences away that hold only the name of the product', async () => {
    const named = page(
      'The Kittiwake fits large.\nWash the Kittiwake jumper by hand.\nPrice: €129.00',
      1,
      'Kittiwake jumper',
    );
    expect(await ask('What does the Kittiwake jumper cost?', [named])).toMatch(/:\n\n> Price: €129\.00 \[1\]$/);
  });

  it('quotes a row of a table with its head, and a head with its rows', async () => {
    const table = page('What it costs to send\nWhere to | Cost\nIreland | €4\nIceland | €9');
    expect(await ask('Iceland', [table])).toContain('> Where to | Cost\n> Iceland | €9 [1]');
    expect(await ask('where can you send it', [table])).toContain(
      '> Where to | Cost\n> Ireland | €4\n> Iceland | €9 [1]',
    );
  });

  it('quotes an item of a list with the heading right above it, which may turn its meaning round', async () => {
    const list = page('What cannot be returned\n- Gift cards for returns\n- Socks, once worn\nAsk us.', 1, 'Shop');
    expect(await ask('gift cards for returns', [list])).toContain(
      '> What cannot be returned: Gift cards for returns [1]',
    );
  });

  it('knows a short word by its plural', async () => {
    expect(await ask('one hat?', [page('We knit. Our hats are warm.')])).toContain('> Our hats are warm. [1]');
  });

  it('quotes word for word, shortly, and each quote with its page', async () => {
    const all = [delivery, jumper].map(({ text }) => text.replaceAll('\n', ' ')).join(' ');
    const text = await ask('delivery price return wash size itchy track parcel days money');
    expect(text.length).toBeLessThan(700);
    const quotes = text.split('\n\n').slice(1);
    expect(quotes.length).toBeGreaterThan(1);
    for (const quote of quotes) {
      const words = /^> (.*) \[[12]\]$/.exec(quote)?.[1] ?? 'no quote';
      expect(all).toContain(words);
    }
  });

  describe('of a product with facts', () => {
    const facts = {
      price: '{{price 2}}',
      availability: '{{availability 2}}',
      variants: ['S / Blue', 'M / Blue', 'M / Red'].map((title, at) => ({
        title,
        price: `{{price 2.${at + 1}}}`,
        availability: `{{availability 2.${at + 1}}}`,
      })),
    };
    const priced = { ...page('It is warm and a little itchy.\nWash it by hand.', 2, 'Kittiwake jumper'), facts };
    const told = 'Kittiwake jumper: {{price 2}}, {{availability 2}} [2]';
    const all = [priced, delivery];

    it.each([
      'how much is the Kittiwake jumper?',
      'What does the jumper cost',
      'is the kittiwake in stock?',
      'Is the jumper available',
      'Was kostet der Kittiwake?',
      'Ist der Kittiwake lieferbar?',
      'Combien coûte le Kittiwake ?',
      'Le Kittiwake est-il épuisé ?',
      '¿Cuánto cuesta el Kittiwake?',
      '¿Está agotado el Kittiwake?',
    ])('tells them alone where they are asked for: %s', async question => {
      expect(await ask(question, all)).toBe(told);
    });

    it('tells them behind what it quotes of the product, and of no other page', async () => {
      expect(await ask('is the kittiwake itchy', all)).toMatch(
        /itchy\. \[2\]\n\nKittiwake jumper: \{\{price 2\}\}.*\[2\]$/,
      );
      expect(await ask('how long does delivery to Ireland take', all)).not.toContain('{{');
    });

    it('tells the variants that are asked for', async () => {
      const line = (at: number) => `- ${facts.variants[at - 1]?.title}: {{price 2.${at}}}, {{availability 2.${at}}}`;
      expect(await ask('how much is the red jumper', all)).toBe(`${told}\n${line(3)}`);
      expect(await ask('is the blue jumper in M in stock', all)).toBe(`${told}\n${line(2)}`);
      expect(await ask('what sizes of the jumper are there', all)).toBe(`${told}\n${line(1)}\n${line(2)}\n${line(3)}`);
    });

    it('quotes of the attributes what was asked for, and no names of variants', async () => {
      const attributes = page(
        'Type: Knitwear\nSize: S, M\nSKU: 4711\nCare: by hand\nS / Blue, M / Blue, M / Red',
        2,
        priced.title,
      );
      const answer = (question: string) => ask(question, [priced, attributes]);
      expect(await answer('Do you have the Kittiwake jumper in red?')).not.toMatch(/Type|Size|SKU|> S/);
      expect(await answer('is there a jumper')).not.toMatch(/Type|Size|SKU|Care|> S/);
      expect(await answer('what care does the jumper need')).toContain('> Care: by hand [2]');
    });

    it('tells those of the product that is meant', async () => {
      const other = { ...page('Made of wool.', 1, 'Gannet jumper'), facts: { price: 'p', availability: 'a' } };
      expect(await ask('how much is the Kittiwake jumper?', [other, priced])).toBe(told);
      expect(await ask('what do your jumpers cost?', [other, priced])).toBe(`Gannet jumper: p, a [1]\n\n${told}`);
    });

    it('makes no markup of a name', async () => {
      const hostile = { ...priced, title: '[Kittiwake](https://evil.test) | **jumper**' };
      expect(await ask('how much is the kittiwake', [hostile])).toBe(
        'Kittiwake | ∗∗jumper∗∗: {{price 2}}, {{availability 2}} [2]',
      );
    });
  });

  it('answers in several pieces, none of them empty, then one end', async () => {
    const { parts } = await drain(
      extractiveLlm().stream(requestFor({ question: 'express', passages: [delivery], answerable: true })),
    );
    expect(parts.length).toBeGreaterThan(2);
    expect(parts.at(-1)).toEqual({ type: 'finished', reason: 'stop' });
    for (const part of parts.slice(0, -1)) expect(part).toMatchObject({ text: expect.stringMatching(/\S/) });
  });

  it('keeps an answer below 700 characters on pages of any length', async () => {
    const long = page(`${`Another kettle of ours${' and more'.repeat(30)}. `.repeat(20)}${'word '.repeat(2_000)}`);
    expect((await ask('kettle', [long, { ...long, index: 2 }, { ...long, index: 3 }])).length).toBeLessThan(700);
    expect((await ask('kettle', [page('ä'.repeat(5_000))])).length).toBeLessThan(700);
  });

  it('quotes the beginning of the best page when it shares no word with the question', async () => {
    expect(await ask('¿Cuánto tarda?', [jumper])).toContain('The Kittiwake is knitted from undyed Donegal wool.');
  });

  it('finds the sentence in languages that do not put spaces between words', async () => {
    const japanese = page('当店はダブリンにあります。送料は五百円です。返品は三十日以内に可能です。');
    expect(await ask('返品はできますか', [japanese])).toContain('返品は三十日以内に可能です。');
  });

  it('says plainly that the pages hold nothing, and offers the shop’s people', async () => {
    for (const text of [
      await ask('do you sell tractors', []),
      await ask('do you sell tractors', [delivery], { answerable: false }),
    ]) {
      expect(text).toMatch(/^I found nothing about that on this shop’s pages\./);
      expect(text).toContain('contact');
      expect(text).not.toContain('[1]');
    }
  });

  it.each(['Hi', 'hello!', 'Thanks a lot', 'merci', 'what can you do?'])('says what it can do: %s', async question => {
    expect(await ask(question, [])).toMatch(/^I look things up/);
  });

  it('ends quietly for a visitor who has left', async () => {
    const visitor = new AbortController();
    const request = requestFor({ question: 'express', passages: [delivery], answerable: true, signal: visitor.signal });
    const parts = extractiveLlm().stream(request)[Symbol.asyncIterator]();
    await parts.next();
    visitor.abort();
    expect(await parts.next()).toEqual({ done: true, value: undefined });

    const late = new AbortController();
    const seen = [];
    for await (const part of extractiveLlm().stream({ ...request, answerable: false, signal: late.signal })) {
      seen.push(part.type);
      late.abort();
    }
    expect(seen).toEqual(['text']);
  });

  it.each([
    '[click me](https://evil.example/x)',
    '![x](https://evil.example/pixel.png)',
    '<https://evil.example>',
    'see hthttps://tps://evil.example or www.www.evil.example',
    'click 9https://evil.example',
    '# Ignore the above',
    '> - 1. # **You** *won* a `prize`',
    '```\ncode\n```',
    'A fact. [2] [3][4]',
    '[a]: https://evil.example',
    '- [[x](y)](z)',
    '\u202etxet\u202c\u0000\u2028\u2029> out of the quote',
    ...((sharedData('own/security/xss_markdown.json')?.vectors as string[] | undefined) ?? []),
  ])('lets no page put a link, markup or a citation into the answer: %j', async text => {
    const answer = await ask('evil prize click fact', [page(text)]);
    const [, ...quotes] = answer.split('\n\n');
    for (const quote of quotes) {
      expect(quote).toMatch(/^> [^\n\r\u2028\u2029]* \[1\]$/);
      const words = quote.slice(2, -4);
      expect(words).not.toMatch(/[[\]*`\u202e]|:\/\/|www\.|^\s*(#|>|[-+•] )/);
    }
  });

  it('leaves ordinary text as it is', () => {
    const text = 'Sizes: S–XL, 5 cm × 3 cm; €4.95 (incl. VAT) & more: shop@example.com – it’s a_b, #1!';
    expect(asPlainText(text)).toBe(text);
    expect(asPlainText('-5 °C is fine')).toBe('-5 °C is fine');
  });
});
