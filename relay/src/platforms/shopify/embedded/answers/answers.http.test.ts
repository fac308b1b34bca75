import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FakeShop } from '../../../../../../e2e/fakes/shopify/index.ts';
import { conversationRow, daysAgo, messageRow } from '../../../../../../e2e/plant.ts';
import { type ShopifyRelay, startShopifyRelay } from '../../../../../../e2e/shopify.ts';
import { problemsOf } from '../../../../../../e2e/shopify-markup.ts';
import { changeSettings, HOSTILE, siteOf } from '../../../../../../e2e/shopify-plant.ts';

const GOOD = { question: 'Do you sell coats for dogs?', answer: 'Yes, in three sizes.', link: '' };
const LINK = 'https://shop.example/otter';

describe('the owner’s answers in the Shopify admin', () => {
  let bed: ShopifyRelay;
  let shop: FakeShop;
  let other: FakeShop;
  beforeAll(async () => {
    bed = await startShopifyRelay();
    [shop, other] = [bed.shopify.shop(), bed.shopify.shop()];
    for (const each of [shop, other]) await each.open(bed.relay.url);
    await bed.jobsDone({ hurry: true });
  });
  beforeEach(async () => {
    await bed.relay.db.entry.deleteMany();
    await bed.relay.db.conversation.deleteMany();
  });
  afterAll(() => bed.stop());

  async function ask(path: string, { of = shop, token = of.idToken(), body }: Ask = {}) {
    const response = await fetch(`${bed.relay.url}/shopify/app${path}`, {
      headers: { Authorization: `Bearer ${token}`, ...(body !== undefined && { 'Content-Type': 'application/json' }) },
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, text, json: () => JSON.parse(text) };
  }
  type Ask = { of?: FakeShop; token?: string; body?: unknown };

  const site = async (of = shop) => (await siteOf(bed.relay, of.domain)).site;
  const entries = async (of = shop) => (await bed.relay.services.entries.list(await site(of), { limit: 100 })).items;
  const open = async (of = shop) =>
    (await bed.relay.services.conversations.unanswered(await site(of), { limit: 100 })).items;
  const add = async (more: object = {}) =>
    bed.relay.services.entries.add(await site(), { question: GOOD.question, answer: GOOD.answer, links: [], ...more });

  /** A stored conversation with one question, and what the assistant said. */
  async function asked(question: string, answer: object, { conversation = {} } = {}) {
    const { id: siteId } = await site();
    const [id, clientTurnId] = [randomUUID(), randomUUID()];
    const at = (seconds: number) => new Date(daysAgo(1).getTime() + seconds * 1_000);
    await bed.relay.db.conversation.create({ data: { ...conversationRow(siteId, id, at(0)), ...conversation } });
    const said = { ...messageRow(siteId, id, at(1)), role: 'assistant', clientTurnId, ...answer };
    await bed.relay.db.message.createMany({
      data: [{ ...messageRow(siteId, id, at(0)), text: question, clientTurnId }, said],
    });
    return { conversationId: id, messageId: said.id };
  }
  const unanswered = (question: string, more = {}) =>
    asked(question, { text: 'I cannot say.', outcome: 'unanswered' }, more);

  it('are written, changed and removed, and stand on the page of the knowledge', async () => {
    expect((await ask('/knowledge')).text).toContain('You have written none yet.');
    const form = await ask('/knowledge/answers/new');
    expect(problemsOf(form.text)).toEqual([]);
    const written = await ask('/knowledge/answers', { body: { ...GOOD, link: ` ${LINK} ` } });
    expect(written.json()).toEqual({ message: 'Saved. The assistant answers from it in a moment.' });
    const [entry] = await entries();
    expect(entry).toMatchObject({ question: GOOD.question, answer: GOOD.answer, links: [{ title: '', url: LINK }] });

    const page = await ask('/knowledge');
    expect(page.text).toContain(`href="/shopify/app/knowledge/answers/${entry?.entryId}"`);
    expect(page.text).toContain(GOOD.answer);
    const change = await ask(`/knowledge/answers/${entry?.entryId}`);
    expect(problemsOf(change.text)).toEqual([]);
    for (const held of [GOOD.question, GOOD.answer, LINK]) expect(change.text).toContain(`value="${held}"`);
    await ask(`/knowledge/answers/${entry?.entryId}`, { body: { ...GOOD, answer: 'In four sizes.' } });
    expect(await entries()).toMatchObject([{ question: GOOD.question, answer: 'In four sizes.', links: [] }]);

    const removed = await ask(`/knowledge/answers/${entry?.entryId}/removed`, { body: {} });
    expect(removed.json()).toEqual({ message: 'The answer is removed.', reload: true });
    expect(await entries()).toEqual([]);
  });

  it('keep what the form has no field for', async () => {
    const links = [
      { title: 'Otter', url: LINK },
      { title: 'Sizes', url: 'https://shop.example/sizes' },
    ];
    const { entryId } = await add({ links, locale: 'de' });
    await ask(`/knowledge/answers/${entryId}`, { body: { ...GOOD, link: LINK } });
    expect(await entries()).toMatchObject([{ links, locale: 'de' }]);
    await ask(`/knowledge/answers/${entryId}`, { body: { ...GOOD, link: 'https://shop.example/new' } });
    expect(await entries()).toMatchObject([{ links: [{ title: '', url: 'https://shop.example/new' }, links[1]] }]);
  });

  it.each([
    ['no question', { ...GOOD, question: '' }, 'question', 'The question is empty.'],
    ['a long question', { ...GOOD, question: 'x'.repeat(501) }, 'question', /^The question has more than 500 char/],
    ['no answer', { ...GOOD, answer: ' \n ' }, 'answer', 'The answer is empty.'],
    ['a NUL', { ...GOOD, answer: 'a\u0000b' }, 'answer', /^The answer has a NUL/],
    ['a script', { ...GOOD, link: 'javascript:alert(1)' }, 'link', /^The address is not an absolute http or https/],
    ['half an address', { ...GOOD, link: 'shop' }, 'link', /^The address is not an absolute http or https/],
    ['a tick', { ...GOOD, link: true }, 'link', 'The address is not a text.'],
    ['an id that is none', { ...GOOD, messageId: 'x' }, 'messageId', /./],
    ['a field that there is not', { ...GOOD, colour: 'red' }, '', /./],
    ['a list', [], '', /./],
  ])('are refused with %s, in words at the field, new or not, and stay as they were', async (_, body, field, words) => {
    const before = await add();
    for (const path of ['/knowledge/answers', `/knowledge/answers/${before.entryId}`]) {
      const answer = await ask(path, { body });
      expect(answer.status).toBe(400);
      expect(answer.json().detail).toBe('Nothing was saved yet: One field needs your attention.');
      const message = typeof words === 'string' ? words : expect.stringMatching(words);
      expect(answer.json().errors).toEqual([{ path: field, message }]);
    }
    expect(await entries()).toEqual([before]);
  });

  it('say of every field what is wrong with it', async () => {
    const { detail, errors } = (
      await ask('/knowledge/answers', { body: { question: '', answer: '', link: 'x' } })
    ).json();
    expect(detail).toBe('Nothing was saved yet: 3 fields need your attention.');
    expect(errors.map(({ path }: { path: string }) => path).toSorted()).toEqual(['answer', 'link', 'question']);
  });

  it('are nothing to whoever does not prove to be of the shop', async () => {
    const { entryId } = await add();
    const { conversationId, messageId } = await unanswered('Do you sell coats?');
    const token = shop.idToken({}, 'the secret of somebody else');
    for (const [path, body] of [
      ['/knowledge/answers/new'],
      [`/knowledge/answers/${entryId}`],
      [`/knowledge/questions/${conversationId}/${messageId}`],
      [`/conversations/${conversationId}/answers/${messageId}`],
      ['/knowledge/answers', GOOD],
      [`/knowledge/answers/${entryId}`, GOOD],
      [`/knowledge/answers/${entryId}/removed`, {}],
      [`/knowledge/questions/${messageId}/handled`, {}],
    ] as const) {
      const answer = await ask(path, { token, body });
      expect({ path, status: answer.status }).toEqual({ path, status: 401 });
      expect(answer.text).not.toContain('coats');
    }
    expect(await entries()).toHaveLength(1);
    expect(await open()).toHaveLength(1);
  });

  it('and the questions of one shop are not there for another, nor is what is none', async () => {
    const { entryId } = await add();
    const { conversationId, messageId } = await unanswered('Do you sell coats?');
    for (const [of, entry, conversation, message] of [
      [other, entryId, conversationId, messageId],
      [shop, randomUUID(), conversationId, randomUUID()],
      [shop, 'x', 'x', 'x'],
    ] as const) {
      for (const [path, body] of [
        [`/knowledge/answers/${entry}`],
        [`/knowledge/questions/${conversation}/${message}`],
        [`/conversations/${conversation}/answers/${message}`],
        [`/knowledge/answers/${entry}`, GOOD],
        [`/knowledge/answers/${entry}/removed`, {}],
        [`/knowledge/questions/${message}/handled`, {}],
      ] as const) {
        const answer = await ask(path, { of, body });
        expect({ path, status: answer.status }).toEqual({ path, status: 404 });
        expect(answer.text).not.toContain('coats');
      }
    }
    expect((await ask('/knowledge', { of: other })).text).not.toContain('coats');
    await ask('/knowledge/answers', { of: other, body: { ...GOOD, messageId } });
    expect(await entries()).toHaveLength(1);
    expect(await open()).toHaveLength(1);
  });

  it('deal with a question that had none, which can be taken off the list as well', async () => {
    const first = await unanswered('Do you sell coats for dogs?');
    const second = await unanswered(HOSTILE);
    const page = await ask('/knowledge');
    expect(problemsOf(page.text)).toEqual([]);
    const form = `/knowledge/questions/${first.conversationId}/${first.messageId}`;
    expect(page.text).toContain(`href="/shopify/app${form}"`);
    const { text } = await ask(form);
    expect(problemsOf(text)).toEqual([]);
    expect(text).toContain('data-to="/shopify/app/knowledge"');
    expect(text).toMatch(/name="question"[^>]* value="Do you sell coats for dogs\?"/);
    expect(text).toMatch(/name="answer"[^>]* value=""/);
    expect(text).toContain(`value="${first.messageId}"`);
    await ask('/knowledge/answers', { body: { ...GOOD, messageId: first.messageId } });
    expect(await open()).toMatchObject([{ messageId: second.messageId }]);

    const handled = await ask(`/knowledge/questions/${second.messageId}/handled`, { body: {} });
    expect(handled.json()).toEqual({ message: 'The question is off the list.', reload: true });
    expect(await open()).toEqual([]);
    expect((await ask('/knowledge')).text).toContain('There is none: everything that was asked so far');
  });

  it('put right what the assistant said, beginning with it, without its marks', async () => {
    const passages = [
      {
        index: 1,
        documentId: randomUUID(),
        externalId: 'x',
        title: 'Coats',
        url: LINK,
        heading: 'Sizes',
        text: `For dogs up to 30 kg. ${HOSTILE}`,
        score: 3,
      },
    ];
    const { conversationId, messageId } = await asked('Which sizes?', {
      text: 'We say [1]:\n> For dogs up to 30 kg.',
      citations: [{ index: 1, title: 'Coats', url: LINK }],
      passages,
      outcome: 'answered',
    });
    const conversation = await ask(`/conversations/${conversationId}`);
    expect(problemsOf(conversation.text)).toEqual([]);
    expect(conversation.text).toContain('Why did it say that?');
    expect(conversation.text).toContain('[1] Coats – Sizes');
    const path = `/conversations/${conversationId}/answers/${messageId}`;
    expect(conversation.text.split(`href="/shopify/app${path}"`)).toHaveLength(2);
    const { text } = await ask(path);
    expect(problemsOf(text)).toEqual([]);
    expect(text).toContain(`data-to="/shopify/app/conversations/${conversationId}"`);
    for (const held of ['Which sizes?', 'We say:\nFor dogs up to 30 kg.', LINK, messageId]) {
      expect(text).toContain(`value="${held}"`);
    }
  });

  it('are not begun from what a visitor has restricted', async () => {
    const { conversationId, messageId } = await unanswered('A secret question?', {
      conversation: { restrictedAt: daysAgo(0) },
    });
    expect((await ask('/knowledge')).text).not.toContain('A secret question?');
    for (const path of [
      `/knowledge/questions/${conversationId}/${messageId}`,
      `/conversations/${conversationId}/answers/${messageId}`,
    ]) {
      expect(await ask(path)).toMatchObject({ status: 404, text: expect.not.stringContaining('secret') });
    }
  });

  it('and the questions without one go on behind the first page, each list by itself', async () => {
    const { id: siteId } = await site();
    const { db } = bed.relay;
    const numbers = Array.from({ length: 30 }, (_, index) => index + 10);
    const rows = numbers.map(number => {
      const at = new Date(daysAgo(1).getTime() + number * 60_000);
      const [conversationId, clientTurnId] = [randomUUID(), randomUUID()];
      const message = { ...messageRow(siteId, conversationId, at), clientTurnId };
      return {
        conversation: conversationRow(siteId, conversationId, at),
        messages: [
          { ...message, text: `Theirs ${number}?` },
          { ...message, id: randomUUID(), role: 'assistant', outcome: 'unanswered' },
        ],
        entry: { siteId, id: randomUUID(), question: `Mine ${number}?`, answer: 'Yes.', links: [], createdAt: at },
      };
    });
    await db.conversation.createMany({ data: rows.map(({ conversation }) => conversation) });
    await db.message.createMany({ data: rows.flatMap(({ messages }) => messages) });
    await db.entry.createMany({ data: rows.map(({ entry }) => ({ ...entry, updatedAt: entry.createdAt })) });
    for (const [list, name] of [
      ['answers', 'Mine'],
      ['questions', 'Theirs'],
    ] as const) {
      const seen: string[] = [];
      for (let path: string | undefined = '/knowledge'; path !== undefined; ) {
        const { text } = await ask(path);
        seen.push(...[...text.matchAll(new RegExp(`<s-text[^>]*>(${name} \\d+)`, 'g'))].map(([, each = '']) => each));
        path = new RegExp(`href="/shopify/app(/knowledge\\?${list}=[^"#]+)#${list}"`).exec(text)?.[1];
      }
      expect(seen).toEqual(numbers.map(number => `${name} ${number}`).toReversed());
    }
    expect((await ask('/knowledge?answers=x')).status).toBe(400);
  });

  it('have their cost beside their limit on the first page', async () => {
    const cost = async () => /Cost of answers[^<]*<\/s-text>\s*<s-text[^>]*>[^<]*/.exec((await ask('')).text)?.[0];
    expect(await cost()).toMatch(/^Cost of answers<.*>\$0\.00$/s);
    const { id: siteId, settings } = await site();
    const period = (await bed.relay.services.usage.ofThisPeriod(await site())).spend.month.period;
    await bed.relay.db.spend.create({ data: { siteId, period, micros: 1_204_000 } });
    const { limits } = settings;
    await changeSettings(bed.relay, shop.domain, { limits: { ...limits, spend: { ...limits.spend, perMonth: 5 } } });
    expect(await cost()).toMatch(/^Cost of answers \(of \$5\.00\)<.*>\$1\.20$/s);
  });
});
