import { randomUUID } from 'node:crypto';
import type { Entry, EntryPage, EvalCasePage } from '@confab/contract';
import { runCommand } from '@confab/relay/cli/commands.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  call,
  databases,
  listeningIo,
  pages,
  question,
  SHOP,
  startTestRelay,
  type TestRelay,
  type TestSite,
} from '../../../../e2e/relay.ts';

const dogs = {
  question: 'Do you sell coats for dogs?',
  answer: 'Yes: the Otter coat comes in three sizes, for dogs of up to thirty kilograms.',
  links: [{ title: 'Otter coat', url: `${SHOP}/otter` }],
};

describe.each(databases)('what an owner writes for the knowledge on %s', database => {
  let relay: TestRelay;
  let site: TestSite;
  beforeAll(async () => {
    relay = await startTestRelay({ database });
  });
  beforeEach(async () => {
    site = await relay.site({ documents: pages });
  });
  afterAll(() => relay.stop());

  const clientOf = ({ plugin: { base }, secret: bearer }: TestSite) => ({
    add: (body: object) => call<Entry>('POST', `${base}/entries`, { bearer, body }),
    change: (id: string, body: object) => call<Entry>('PUT', `${base}/entries/${id}`, { bearer, body }),
    remove: (id: string) => call<string>('DELETE', `${base}/entries/${id}`, { bearer }),
    list: (query = '') => call<EntryPage>('GET', `${base}/entries${query}`, { bearer }),
    cases: () => call<EvalCasePage>('GET', `${base}/eval-cases`, { bearer }),
    addCase: (body: object) => call<{ caseId: string }>('POST', `${base}/eval-cases`, { bearer, body }),
    removeCase: (id: string) => call<string>('DELETE', `${base}/eval-cases/${id}`, { bearer }),
    // biome-ignore lint/suspicious/noExplicitAny: the list is another feature's
    unanswered: () => call<any>('GET', `${base}/unanswered`, { bearer }),
  });

  const found = async (q: string) => (await site.plugin.search({ q })).body.items.map(({ title }) => title);
  /** The knowledge follows by a job. */
  const eventually = (look: () => Promise<void>) => vi.waitFor(look, { timeout: 10_000, interval: 50 });
  const ask = async (text: string) => (await site.widget.turn(question(text, { thread: [] }))).completed;

  it('is found a moment later, and cited with its link', async () => {
    const { status, body } = await clientOf(site).add(dogs);
    expect(status).toBe(201);
    expect(body).toMatchObject({ ...dogs, locale: null });
    await eventually(async () => expect(await found('dog coats')).toContain(dogs.question));
    const answer = await ask('do you have a coat for my dog?');
    expect(answer?.text).toContain('Otter coat comes in three sizes');
    expect(answer?.citations).toMatchObject([{ title: dogs.question, url: `${SHOP}/otter` }]);
  });

  it('is found as it was changed, and not any more once it is removed', async () => {
    const { entryId } = (await clientOf(site).add(dogs)).body;
    const changed = { question: 'Do you repair umbrellas?', answer: 'Every umbrella, on Thursdays.' };
    expect((await clientOf(site).change(entryId, changed)).body).toMatchObject({ ...changed, entryId, links: [] });
    await eventually(async () => expect(await found('umbrella')).toEqual([changed.question]));
    expect(await found('otter coat')).toEqual([]);
    expect((await clientOf(site).remove(entryId)).status).toBe(204);
    await eventually(async () => expect(await found('umbrella')).toEqual([]));
    expect((await clientOf(site).list()).body.items).toEqual([]);
  });

  it('is no document of the plugin, which can neither see nor delete it', async () => {
    const { entryId } = (await clientOf(site).add(dogs)).body;
    await eventually(async () => expect(await found('otter coat')).toEqual([dogs.question]));
    const ids = (await site.plugin.documents()).body.items.map(({ externalId }) => externalId);
    expect(ids.toSorted()).toEqual(['returns', 'shipping', 'wool']);
    await site.plugin.sync({ delete: [`entry:${entryId}`] });
    expect(await found('otter coat')).toEqual([dogs.question]);
  });

  it('is listed page by page, newest first', async () => {
    for (const number of [1, 2, 3]) await clientOf(site).add({ question: `Question ${number}?`, answer: 'Yes.' });
    const first = (await clientOf(site).list('?limit=2')).body;
    const second = (await clientOf(site).list(`?limit=2&cursor=${first.nextCursor}`)).body;
    expect([...first.items, ...second.items].map(each => each.question)).toEqual([
      'Question 3?',
      'Question 2?',
      'Question 1?',
    ]);
    expect(second.nextCursor).toBeNull();
  });

  it.each([
    ['no question', { answer: 'Yes.' }],
    ['an empty question', { question: ' \n', answer: 'Yes.' }],
    ['a question that is too long', { question: 'x'.repeat(501), answer: 'Yes.' }],
    ['no answer', { question: 'Why?', answer: '' }],
    ['a NUL', { question: 'Why?', answer: 'a\u0000b' }],
    ['a link that is a script', { ...dogs, links: [{ title: 'x', url: 'javascript:alert(1)' }] }],
    ['a field that there is not', { ...dogs, colour: 'red' }],
    ['a locale that is none', { ...dogs, locale: '../en' }],
  ])('with %s is refused, and nothing is kept', async (_, body) => {
    expect(await clientOf(site).add(body)).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    expect((await clientOf(site).list()).body.items).toEqual([]);
  });

  it('is nobody else’s to change or to remove', async () => {
    const { entryId } = (await clientOf(site).add(dogs)).body;
    const other = clientOf(await relay.site());
    for (const id of [entryId, randomUUID(), 'x']) {
      expect(await other.change(id, dogs)).toMatchObject({ status: 404, body: { code: 'not_found' } });
      expect(await other.remove(id)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    }
    expect((await other.list()).body.items).toEqual([]);
    expect((await clientOf(site).list()).body.items).toHaveLength(1);
  });

  it('deals with a question that stayed without an answer, and makes it a case of the test set', async () => {
    await site.widget.begin('Do you sell coats for dogs?');
    const [open] = (await clientOf(site).unanswered()).body.items;
    expect(open).toMatchObject({ question: 'Do you sell coats for dogs?' });
    const { entryId } = (await clientOf(site).add({ ...dogs, messageId: open.messageId })).body;
    expect((await clientOf(site).unanswered()).body.items).toEqual([]);
    expect((await clientOf(site).cases()).body.items).toMatchObject([
      { question: dogs.question, expects: 'answer', documents: [`entry:${entryId}`] },
    ]);
    await eventually(async () => expect((await ask('Do you sell coats for dogs?'))?.text).toContain('Otter'));
  });

  it.each(['jane@a.example', '+353 86 123 4567'])('takes no visitor’s %s along from their question', async contact => {
    await site.widget.begin(`Do you sell coats for dogs? I am ${contact}`);
    const [open] = (await clientOf(site).unanswered()).body.items;
    const corrected = { ...dogs, question: open.question, messageId: open.messageId };
    expect(await clientOf(site).add(corrected)).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    expect(await relay.tablesWith(contact)).toEqual(['public."Message"']);
    expect((await clientOf(site).unanswered()).body.items).toHaveLength(1);
    expect((await clientOf(site).add({ ...corrected, question: dogs.question })).status).toBe(201);
  });

  describe('the test set', () => {
    async function evaluate(...more: string[]) {
      const { said, io } = listeningIo();
      const argv = ['eval', '--site', site.key, ...more];
      const code = await runCommand(argv, io, async () => relay.services, new AbortController().signal);
      return { code, ...said };
    }

    it('passes while the knowledge answers its questions, and fails once it does not', async () => {
      const client = clientOf(site);
      await client.addCase({
        question: 'How long do parcels to Iceland take?',
        expects: 'answer',
        documents: ['shipping'],
      });
      await client.addCase({ question: 'Who won the chess championship?', expects: 'unknown' });
      for (const how of [[], ['--answers', '--provider', 'extractive']]) {
        expect(await evaluate(...how)).toMatchObject({ code: 0, out: expect.stringContaining('2 of 2 cases passed') });
      }
      const before = await relay.dump('public');
      await evaluate('--answers');
      expect((await relay.dump('public'))['public."Message"']).toEqual(before['public."Message"']);

      await site.plugin.sync({ delete: ['shipping'] });
      const { code, out } = await evaluate();
      expect(code).toBe(1);
      expect(out).toContain('FAILED How long do parcels to Iceland take?');
      expect(out).toContain('1 of 2 cases passed');
    });

    it('checks what an answer says', async () => {
      const asked = { question: 'How long do parcels to Iceland take?', expects: 'answer' };
      const { caseId } = (await clientOf(site).addCase({ ...asked, phrases: ['NINE  days'] })).body;
      expect((await evaluate('--answers', '--provider', 'extractive')).code).toBe(0);
      await clientOf(site).addCase({ ...asked, phrases: ['ten days'] });
      const { code, out } = await evaluate('--answers', '--provider', 'extractive');
      expect({ code, out }).toMatchObject({ code: 1, out: expect.stringContaining('does not say "ten days"') });
      expect((await clientOf(site).removeCase(caseId)).status).toBe(204);
      expect((await clientOf(site).removeCase(caseId)).status).toBe(404);
    });

    it('says where there is none, and what it does not understand', async () => {
      expect(await evaluate()).toMatchObject({ code: 0, out: expect.stringContaining('is empty') });
      for (const wrong of [
        ['--model', 'x'],
        ['--answers', '--provider', 'x'],
        ['--answers', '--model', 'x'],
      ]) {
        expect((await evaluate(...wrong)).code).toBe(2);
      }
    });
  });
});
