import { createHash } from 'node:crypto';
import { type DataRequestPage, dataRequestPage, dataRequestResponse } from '@confab/contract';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startFakeOpenai } from '../../../../e2e/fakes/openai.ts';
import { daysAgo, plantCutErasure } from '../../../../e2e/plant.ts';
import {
  call,
  databases,
  pages,
  question,
  startTestRelay,
  type TestRelay,
  type TestSite,
} from '../../../../e2e/relay.ts';

const zeros = (counts: Record<string, number>) => Object.values(counts).every(count => count === 0);

describe.each(databases)('data requests on %s', database => {
  let relay: TestRelay;
  let site: TestSite;
  beforeAll(async () => {
    relay = await startTestRelay({ database });
  });
  beforeEach(async () => {
    site = await relay.site({ documents: pages });
  });
  afterAll(() => relay.stop());

  const erasure = (subject: object) => site.plugin.requestData({ type: 'erasure', subject });
  const access = async (subject: object) => (await site.plugin.requestData({ type: 'access', subject })).body.result;
  /** The tables that hold the text in a row of this site. */
  const tablesWith = async (text: string, { id } = site) =>
    Object.entries(await relay.dump()).flatMap(([table, rows]) =>
      rows.some(row => row.includes(id) && row.includes(text)) ? table : [],
    );
  const internalId = async () => (await site.plugin.conversations()).body.items[0]?.id ?? '';

  it('are answered as the contract says, whatever the type', async () => {
    await site.widget.begin('I am jane@a.example');
    for (const type of ['access', 'portability', 'rectification', 'restriction', 'erasure']) {
      const changes = type === 'rectification' ? { email: 'jane@b.example' } : undefined;
      const subject = { email: type === 'restriction' || type === 'erasure' ? 'jane@b.example' : 'jane@a.example' };
      const { status, body } = await site.plugin.requestData({ type, subject, changes, reference: 'ticket-1' });
      expect(status, JSON.stringify(body)).toBe(200);
      expect(dataRequestResponse.strict().parse(body)).toEqual(body);
      expect(body).toMatchObject({ type, source: 'plugin', status: 'completed', reference: 'ticket-1' });
      expect(Date.parse(body.dueAt) - Date.parse(body.receivedAt)).toBe(30 * 24 * 60 * 60 * 1_000);
      expect(zeros(body.result.counts)).toBe(false);
    }
  });

  describe('finding a person', () => {
    it.each([
      ['as it was written', 'jane.doe@exämple.com', 'Write to jane.doe@exämple.com please'],
      ['in other case', 'JANE.Doe@Exämple.COM', 'it is Jane.doe@exämple.com.'],
      ['in punycode', 'jane.doe@xn--exmple-cua.com', 'it is <jane.doe@exämple.com>'],
      ['decomposed', 'jane.doe@exa\u0308mple.com', 'it is jane.doe@exämple.com'],
      ['in wide letters', 'jane.doe@a.example', 'it is ｊａｎｅ.ｄｏｅ＠ａ.ｅｘａｍｐｌｅ'],
      ['in capitals that are not ASCII', 'jörg@a.example', 'it is JÖRG@A.EXAMPLE'],
      ['hidden from machines', 'jane.doe@a.example', 'it is Jane.Doe [at] A.example.'],
      ['in a link', 'jane.doe@a.example', 'see https://b.example/?m=jane.doe%40a.example&x=1'],
    ])('finds an e-mail address %s', async (_, email, text) => {
      await site.widget.begin(text);
      expect((await access({ email })).counts).toMatchObject({ conversations: 1 });
    });

    it.each([
      ['jane@a.example', 'I am jane+shop@a.example'],
      ['jane+shop@a.example', 'I am jane@a.example'],
      ['jane@a.example', 'I am mary.jane@a.example'],
      ['jane@a.example', 'I am jane@a.example.org'],
    ])('does not take another address for %s', async (email, text) => {
      await site.widget.begin(text);
      expect(zeros((await erasure({ email })).body.result.counts)).toBe(true);
      expect((await site.plugin.conversations()).body.items).toHaveLength(1);
    });

    it.each(['+1 415 555 2671', '+14155552671', '001 (415) 555-2671', 'tel:+1-415-555-2671'])(
      'finds a phone number asked for as %s however the visitor wrote it',
      async phone => {
        await site.widget.begin('Call me: (415) 555-2671');
        expect((await access({ phone })).counts).toMatchObject({ conversations: 1 });
      },
    );

    it.each([
      '+1.415.555.2671',
      '0014155552671',
      '４１５－５５５－２６７１',
      '（４１５）５５５．２６７１',
      '٤١٥٥٥٥٢٦٧١',
    ])('finds a phone number that the visitor wrote as %s', async written => {
      await site.widget.begin(`Call me: ${written}`);
      expect((await access({ phone: '+14155552671' })).counts).toMatchObject({ conversations: 1 });
    });

    it('reads a number without a country code as one of the site’s country, and refuses it without one', async () => {
      await site.widget.begin('Call me: 020 7946 0958');
      const request = { type: 'access', subject: { phone: '020 7946 0958' } };
      expect(await site.plugin.requestData(request)).toMatchObject({
        status: 400,
        body: { errors: [{ path: 'subject.phone', message: expect.stringContaining('+') }] },
      });
      await site.plugin.change(settings => ({ ...settings, country: 'GB' }));
      expect((await site.plugin.requestData(request)).body.result.counts).toMatchObject({ conversations: 1 });
    });

    it('finds a conversation by its id and by its handle, and no other site’s', async () => {
      const handle = await site.widget.begin('Is it wool?');
      const other = await relay.site();
      const id = await internalId();
      for (const conversationId of [handle, id, handle.toUpperCase()]) {
        expect((await access({ conversationId })).counts).toMatchObject({ conversations: 1 });
        const foreign = await other.plugin.requestData({ type: 'erasure', subject: { conversationId } });
        expect(zeros(foreign.body.result.counts)).toBe(true);
      }
      expect((await site.widget.conversation(handle)).status).toBe(200);
    });

    it('finds a customer by the platform’s id, in chats and leads, for every type, and no other site’s', async () => {
      const subject = { externalId: '7483920174839' };
      const other = await relay.site();
      for (const { id: siteId, widget } of [site, other]) {
        await widget.begin('Is it wool?');
        await relay.db.conversation.updateMany({ where: { siteId }, data: subject });
        await widget.lead({ fields: { name: 'Jane', email: 'jane@a.example' } });
        await relay.db.lead.updateMany({ where: { siteId }, data: subject });
        await widget.begin('Is it warm?');
      }
      const { body: read } = await site.plugin.requestData({ type: 'access', subject });
      expect(dataRequestResponse.parse(read)).toEqual(read);
      expect(read.result.data).toMatchObject({
        conversations: [subject],
        leads: [subject],
      });
      await site.plugin.requestData({ type: 'restriction', subject });
      const restricted = (rows: { restrictedAt: string | null }[]) => rows.filter(row => row.restrictedAt !== null);
      for (const table of ['Conversation', 'Lead']) {
        expect(restricted(await relay.rows(table, site)), table).toHaveLength(1);
        expect(restricted(await relay.rows(table, other)), table).toEqual([]);
      }
      const changes = { name: 'Joan', email: 'joan@a.example' };
      await site.plugin.requestData({ type: 'rectification', subject, changes });
      expect(await relay.rows('Lead', site)).toMatchObject([{ ...changes, emailKey: 'joan@a.example' }]);
      const erased = await site.plugin.requestData({ type: 'erasure', subject });
      expect(erased.body.result).toMatchObject({ counts: { conversations: 1, messages: 2, leads: 1 }, retained: {} });
      expect([await relay.rows('Lead', site), await relay.rows('Conversation', site)]).toMatchObject([
        [],
        { length: 1 },
      ]);
      expect(await relay.rows('Conversation', other)).toHaveLength(2);
    });

    it('does not let the words of another site’s visitors speak for or against anybody', async () => {
      const other = await relay.site();
      await site.widget.begin('I am jane@a.example');
      await site.widget.begin('Call +1 415 555 2671');
      await other.widget.begin('I am jane@a.example, +353 87 123 4567');
      const { status, body } = await erasure({ email: 'jane@a.example', phone: '+14155552671' });
      expect(status, JSON.stringify(body)).toBe(200);
      expect(body.result.counts).toMatchObject({ conversations: 2 });
      expect((await other.plugin.conversations()).body.items).toHaveLength(1);
    });

    it('does not take what the assistant quoted for the visitor’s own', async () => {
      await site.plugin.sync({
        upsert: [{ ...pages[0], text: 'Questions about parcels to Iceland: post@shop.example' }],
      });
      await site.widget.begin('Who answers questions about parcels to Iceland?');
      expect(await tablesWith('post@shop.example')).toContain('public."Message"');
      expect(zeros((await erasure({ email: 'post@shop.example' })).body.result.counts)).toBe(true);
    });

    it('gives zero counts for somebody unknown, and says so the same way for every type', async () => {
      for (const subject of [{ email: 'nobody@a.example' }, { phone: '+353871234567' }, { externalId: 'c-17' }]) {
        for (const type of ['access', 'portability', 'erasure', 'restriction']) {
          const { status, body } = await site.plugin.requestData({ type, subject });
          expect(status).toBe(200);
          expect(zeros(body.result.counts)).toBe(true);
        }
      }
    });

    it('refuses an address and a number of different people, and changes nothing', async () => {
      await site.widget.begin('I am jane@a.example, +1 415 555 2671');
      await site.widget.begin('I am john@a.example, +44 20 7946 0958');
      const before = await relay.rows('DataRequest', site);
      for (const type of ['erasure', 'access', 'restriction']) {
        const subject = { email: 'jane@a.example', phone: '+442079460958' };
        expect(await site.plugin.requestData({ type, subject })).toMatchObject({
          status: 409,
          body: { code: 'subject_ambiguous' },
        });
      }
      expect((await site.plugin.conversations()).body.items).toHaveLength(2);
      expect(await relay.rows('DataRequest', site)).toEqual(before);
    });

    it('takes an address and a number in different conversations for one person’s where nothing speaks against it', async () => {
      await site.widget.begin('I am jane@a.example');
      await site.widget.begin('Call +1 415 555 2671');
      const { body } = await erasure({ email: 'jane@a.example', phone: '+14155552671' });
      expect(body.result.counts).toMatchObject({ conversations: 2 });
    });
  });

  describe('bad input', () => {
    it.each([
      ['nobody', { type: 'erasure', subject: {} }],
      ['no subject', { type: 'erasure' }],
      ['an unknown type', { type: 'forget', subject: { email: 'a@b.example' } }],
      ['an unknown field', { type: 'erasure', subject: { email: 'a@b.example', name: 'Jane' } }],
      ['a wildcard', { type: 'erasure', subject: { email: '%' } }],
      ['a star', { type: 'erasure', subject: { email: '*@*' } }],
      ['SQL', { type: 'erasure', subject: { email: "' OR 1=1 --" } }],
      ['a regular expression for a number', { type: 'erasure', subject: { phone: '.*' } }],
      ['10,000 characters of address', { type: 'erasure', subject: { email: `${'a'.repeat(10_000)}@b.example` } }],
      ['10,000 digits', { type: 'erasure', subject: { phone: `+${'1'.repeat(10_000)}` } }],
      ['10,000 characters of id', { type: 'erasure', subject: { externalId: 'x'.repeat(10_000) } }],
      ['a NUL', { type: 'erasure', subject: { email: 'a\u0000@b.example' } }],
      ['an id that is none', { type: 'erasure', subject: { conversationId: '1' } }],
      ['a reference with an address', { type: 'access', subject: { externalId: '1' }, reference: 'of jane@a.example' }],
      ['a rectification of nothing', { type: 'rectification', subject: { email: 'a@b.example' } }],
      [
        'a rectification to no address',
        { type: 'rectification', subject: { email: 'a@b.example' }, changes: { email: 'x' } },
      ],
      ['changes with an erasure', { type: 'erasure', subject: { email: 'a@b.example' }, changes: { name: 'J' } }],
    ])('%s is a clear 400, and nothing is stored', async (_, body) => {
      await site.widget.begin('I am a@b.example');
      expect(await site.plugin.requestData(body)).toMatchObject({
        status: 400,
        body: { code: 'validation_failed', errors: [{ path: expect.any(String), message: expect.any(String) }] },
      });
      expect(await relay.rows('DataRequest', site)).toEqual([]);
      expect((await site.plugin.conversations()).body.items).toHaveLength(1);
    });

    it('says everything that is wrong at once', async () => {
      const { body } = await erasure({ email: 'x', phone: 'y' });
      expect(body.errors?.map(({ path }) => path)).toEqual(['subject.email', 'subject.phone']);
    });

    it.each(['%@example.com', '_@example.com', "o'connor@example.ie", 'a*b@example.com', '.*+?^$@example.com'])(
      '%s is looked for as it stands',
      async email => {
        await site.widget.begin('I am jane@example.com');
        const { status, body } = await erasure({ email });
        expect([200, 400]).toContain(status);
        if (status === 200) expect(zeros(body.result.counts)).toBe(true);
        expect((await site.plugin.conversations()).body.items).toHaveLength(1);
      },
    );
  });

  it('access gives everything, as JSON and as a page to read in which nothing is markup', async () => {
    const { receipt } = (await site.widget.decide('declined')).body;
    expect(receipt.subject).toBeUndefined();
    const text = '<img src=x onerror=alert(1)> I am jane@a.example';
    await site.widget.begin(text);
    const result = await access({ email: 'jane@a.example' });
    expect(result).toMatchObject({
      format: 'confab-personal-data/1',
      counts: { conversations: 1, leads: 0, pageViews: 0 },
      data: { conversations: [{ messages: [{ role: 'visitor', text }, { role: 'assistant' }], consents: [{}] }] },
    });
    const asked = (Accept: string) =>
      call<string>('POST', `${site.plugin.base}/data-requests`, {
        bearer: site.secret,
        body: { type: 'portability', subject: { email: 'jane@a.example' } },
        headers: { Accept },
      });
    for (const accepted of ['*/*', 'application/json', 'application/json, text/html;q=0.5']) {
      expect((await asked(accepted)).headers.get('Content-Type'), accepted).toContain('application/json');
    }
    const page = await asked('text/html,application/xhtml+xml,*/*;q=0.8');
    expect(page.headers.get('Content-Type')).toContain('text/html');
    // Nothing runs in it and nothing is loaded, whatever stands in it; and no cache gives it for the JSON.
    const [, style = ''] = /<style>(.*)<\/style>/s.exec(String(page.body)) ?? [];
    const hash = createHash('sha256').update(style).digest('base64');
    expect(page.headers.get('Content-Security-Policy')).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; frame-ancestors 'none'`,
    );
    expect(page.headers.get('Vary')).toContain('Accept');
    expect(page.headers.get('Cache-Control')).toBe('no-store');
    expect(page.body).toContain('&#60;img src=x onerror=alert(1)&#62; I am jane@a.example');
    expect(page.body).not.toContain('<img');
  });

  it('erasure takes everything of the person and leaves everybody else', async () => {
    const hers = await site.widget.begin('I am jane@a.example and I love zanzibarine');
    await site.widget.turn(question('Is quixolotl wool?', { conversationId: hers }));
    const his = await site.widget.begin('I am john@a.example');
    const { body } = await erasure({ email: 'Jane@A.example' });
    expect(body).toMatchObject({
      status: 'completed',
      result: { counts: { conversations: 1, messages: 4 }, retained: {} },
    });
    for (const word of ['zanzibarine', 'quixolotl', 'jane@a', 'Jane@A']) expect(await tablesWith(word)).toEqual([]);
    expect((await site.widget.conversation(hers)).status).toBe(404);
    expect((await site.widget.conversation(his)).status).toBe(200);
    expect(zeros((await erasure({ email: 'jane@a.example' })).body.result.counts)).toBe(true);
  });

  it('erasure, asked for many times at once, counts the person once', async () => {
    await site.widget.begin('I am jane@a.example');
    const answers = await Promise.all(Array.from({ length: 6 }, () => erasure({ email: 'jane@a.example' })));
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200));
    for (const [kind, count] of [
      ['conversations', 1],
      ['messages', 2],
    ] as const) {
      const counted = answers.map(({ body }) => body.result.counts[kind]);
      expect(counted.toSorted(), kind).toEqual([0, 0, 0, 0, 0, count]);
    }
  });

  it('erasure ends the answer that is being streamed, and nothing comes back', async () => {
    const openai = await startFakeOpenai({ script: { pieces: ['It is ', 'quixolotl', ' wool'], ending: 'hang' } });
    const streaming = await relay.site({ openai, documents: pages });
    const turn = await streaming.widget.open(
      question('Is the wool from Shetland? I am jane@a.example', { consentToken: await streaming.widget.token() }),
    );
    await turn.until('delta');
    const { body } = await streaming.plugin.requestData({ type: 'erasure', subject: { email: 'jane@a.example' } });
    expect(body.result.counts).toMatchObject({ conversations: 1, messages: 2 });
    expect((await turn.rest()).at(-1)).toEqual({
      event: 'failed',
      data: { code: 'conversation_not_found', retryable: false },
    });
    for (const word of ['jane@a.example', 'quixolotl']) expect(await tablesWith(word, streaming)).toEqual([]);
    await openai.close();
  });

  it('rectification puts the new address where the old one stands, and keeps a record of it', async () => {
    const handle = await site.widget.begin('I am jane@a.example, call +1 415 555 2671');
    const changes = { email: 'jane@b.example', phone: null };
    const subject = { email: 'jane@a.example', phone: '+14155552671' };
    const { body } = await site.plugin.requestData({ type: 'rectification', subject, changes });
    expect(body.result.counts).toMatchObject({ messages: 1 });
    const [message] = (await site.widget.conversation(handle)).body.messages;
    expect(message?.text).toBe('I am jane@b.example, call [removed]');
    expect(await tablesWith('jane@a.example')).toEqual([]);
    expect((await access({ email: 'jane@b.example' })).counts).toMatchObject({ conversations: 1 });
    expect((await site.plugin.dataRequests()).body.items.map(({ type }) => type)).toContain('rectification');
  });

  it('restriction keeps the conversation and answers without its history, until it is lifted', async () => {
    const openai = await startFakeOpenai({ script: { pieces: ['Yes.'] } });
    const own = await relay.site({ openai });
    const handle = await own.widget.begin('I am jane@a.example');
    const sent = () => JSON.stringify(openai.requests.at(-1)?.body);
    const restrict = (changes?: object) =>
      own.plugin.requestData({ type: 'restriction', subject: { email: 'jane@a.example' }, changes });

    expect((await restrict()).body.result.counts).toMatchObject({ conversations: 1 });
    await own.widget.turn(question('Is it wool?', { conversationId: handle }));
    expect(sent()).not.toContain('jane@a.example');
    expect((await own.widget.conversation(handle)).body.messages).toHaveLength(4);
    expect((await own.plugin.conversations()).body.items).toMatchObject([{ restricted: true, pageUrl: null }]);

    await restrict({ restricted: false });
    await own.widget.turn(question('Is it warm?', { conversationId: handle }));
    expect(sent()).toContain('jane@a.example');
    await openai.close();
  });

  describe('a legal hold', () => {
    const hold = (conversationId?: string) =>
      relay.services.legalHolds.place(site.id, { conversationId, reason: 'claim 17', author: 'the owner' });

    it('on a conversation keeps it from erasure, by the owner and by the visitor, and says so', async () => {
      const handle = await site.widget.begin('I am jane@a.example');
      await site.widget.begin('I am jane@a.example too');
      const [, older] = (await site.plugin.conversations()).body.items;
      const { id } = await hold(older?.id);
      const { body } = await erasure({ email: 'jane@a.example' });
      expect(body.result).toMatchObject({ counts: { conversations: 1 }, retained: { conversations: 1 } });
      expect(await site.widget.erase(handle)).toMatchObject({ status: 409, body: { code: 'legal_hold' } });
      expect((await site.widget.conversation(handle)).status).toBe(200);

      await relay.services.legalHolds.release(site.id, id, 'the owner');
      expect((await erasure({ email: 'jane@a.example' })).body.result).toMatchObject({
        counts: { conversations: 1 },
        retained: {},
      });
    });

    it('on a conversation keeps it from correction, and says so', async () => {
      const handle = await site.widget.begin('I am jane@a.example');
      await site.widget.begin('I am jane@a.example too');
      const [, older] = (await site.plugin.conversations()).body.items;
      await hold(older?.id);
      const { body } = await site.plugin.requestData({
        type: 'rectification',
        subject: { email: 'jane@a.example' },
        changes: { email: 'jane@b.example' },
      });
      expect(body.result).toEqual({
        counts: expect.objectContaining({ messages: 1 }),
        retained: { conversations: 1 },
      });
      expect((await site.widget.conversation(handle)).body.messages[0]?.text).toBe('I am jane@a.example');
    });

    it('on the site lets an answer that is being written come to its end', async () => {
      const openai = await startFakeOpenai({ script: { pieces: ['It is ', 'wool.'], ending: 'hang' } });
      const own = await relay.site({ openai, documents: pages });
      const turn = await own.widget.open(
        question('Is the wool from Shetland? I am jane@a.example', { consentToken: await own.widget.token() }),
      );
      const seen = await turn.until('delta');
      await relay.services.legalHolds.place(own.id, { reason: 'claim 17', author: 'the owner' });
      await own.plugin.requestData({ type: 'erasure', subject: { email: 'jane@a.example' } });
      await openai.close();
      const ended = [...seen, ...(await turn.rest())].at(-1);
      expect(ended?.data).not.toMatchObject({ code: 'conversation_not_found' });
      const [, answer] = (await relay.rows('Message', own)).toSorted((a, b) => (a.role < b.role ? 1 : -1));
      expect(answer).toMatchObject({ role: 'assistant', status: 'failed' });
      expect(answer.text).toContain('It is');
    });

    it('on the site keeps everything of it from erasure and correction', async () => {
      await site.widget.begin('I am jane@a.example');
      await site.widget.lead({ fields: { email: 'jane@a.example' } });
      await hold();
      expect((await erasure({ email: 'jane@a.example' })).body.result).toEqual({
        counts: {},
        retained: { conversations: 1, leads: 1 },
      });
      const changes = { email: 'jane@b.example' };
      const subject = { email: 'jane@a.example' };
      await site.plugin.requestData({ type: 'rectification', subject, changes });
      expect((await tablesWith('jane@a.example')).toSorted()).toEqual(['public."Lead"', 'public."Message"']);
    });

    it('turns a withdrawal into a restriction, and nothing more is stored', async () => {
      const handle = await site.widget.begin('I am jane@a.example');
      await hold(await internalId());
      const withdrawn = await site.widget.decide('withdrawn', { conversationId: handle });
      expect(withdrawn).toMatchObject({ status: 201, body: { erased: false } });
      expect((await site.plugin.conversations()).body.items).toMatchObject([{ restricted: true, messages: 2 }]);
      // Another tab of the visitor may still have the handle.
      const late = await site.widget.turn(question('Is it wool?', { conversationId: handle }));
      expect(late).toMatchObject({ status: 404, problem: { code: 'conversation_not_found' } });
      expect((await access({ email: 'jane@a.example' })).counts).toMatchObject({ conversations: 1 });
    });

    it('is not in the way of any other withdrawal', async () => {
      const handle = await site.widget.begin('I am jane@a.example');
      const withdrawn = await site.widget.decide('withdrawn', { conversationId: handle });
      expect(withdrawn).toMatchObject({ status: 201, body: { erased: true } });
      expect((await site.widget.decide('withdrawn')).body).not.toHaveProperty('erased');
      expect((await site.plugin.conversations()).body.items).toEqual([]);
    });
  });

  describe('a visitor', () => {
    it('makes every request about the own conversation, and about no other', async () => {
      const handle = await site.widget.begin('I am jane@a.example');
      const other = await site.widget.begin('I am jane@a.example too');
      const { body } = await site.widget.requestData(handle, { type: 'restriction' });
      expect(body).toMatchObject({ source: 'widget', status: 'completed', result: { counts: { conversations: 1 } } });
      expect((await site.widget.requestData(handle, { type: 'access' })).body.result.counts.conversations).toBe(1);
      expect((await site.widget.requestData(handle, { type: 'erasure' })).body.result.counts.conversations).toBe(1);
      expect((await site.widget.conversation(other)).status).toBe(200);
      expect(await site.widget.requestData(handle, { type: 'erasure' })).toMatchObject({ status: 404 });
      expect(await site.widget.requestData(undefined, { type: 'erasure' })).toMatchObject({ status: 401 });
    });

    it('cannot name somebody else', async () => {
      const handle = await site.widget.begin('Is it wool?');
      const subject = { email: 'john@a.example' };
      expect(await site.widget.requestData(handle, { type: 'access', subject })).toMatchObject({ status: 400 });
    });
  });

  describe('the list of requests', () => {
    it('says what was done and when, and nothing about whom', async () => {
      const handle = await site.widget.begin('I am jane@a.example');
      await erasure({ email: 'jane@a.example' });
      await site.widget.erase(handle);
      const { body } = await site.plugin.dataRequests();
      expect(dataRequestPage.parse(body)).toEqual(body);
      expect(body.items).toMatchObject([
        {
          type: 'erasure',
          status: 'completed',
          overdue: false,
          counts: { conversations: 1, messages: 2 },
          events: [{ event: 'received' }, { event: 'completed' }],
        },
      ]);
      expect(await tablesWith('jane@a.example')).toEqual([]);
      expect(relay.logLines.filter(line => line.includes('jane@a'))).toEqual([]);
      const rows = await relay.rows('DataRequest', site);
      expect(rows.map(({ ciphertext }) => ciphertext)).toEqual([null]);
    });

    it('is paged, newest first, without losing or repeating one', async () => {
      for (let n = 0; n < 5; n += 1) await erasure({ externalId: String(n) });
      const seen: string[] = [];
      const sizes: number[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const page: DataRequestPage = (await site.plugin.dataRequests(`?limit=2${cursor && `&cursor=${cursor}`}`)).body;
        sizes.push(page.items.length);
        seen.push(...page.items.map(({ dataRequestId }) => dataRequestId));
        cursor = page.nextCursor;
      }
      expect(sizes).toEqual([2, 2, 1]);
      expect(new Set(seen).size).toBe(5);
      expect((await site.plugin.dataRequests('?cursor=none')).status).toBe(400);
    });

    it('is paged without loss also where many came in the same moment', async () => {
      const at = new Date();
      const plant = () => plantCutErasure(relay, site.id, { externalId: 'c-17' }, at);
      const ids = [await plant(), await plant(), await plant()];
      const seen: string[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const page: DataRequestPage = (await site.plugin.dataRequests(`?limit=1${cursor && `&cursor=${cursor}`}`)).body;
        seen.push(...page.items.map(({ dataRequestId }) => dataRequestId));
        cursor = page.nextCursor;
      }
      expect(seen).toEqual(ids.toSorted().toReversed());
    });

    it('outlives its window only while there is something to do', async () => {
      const open = await plantCutErasure(relay, site.id, { email: 'jane@a.example' }, daysAgo(2_000));
      await erasure({ email: 'john@a.example' });
      await relay.services.retention.purgeSite(site.id, { trigger: 'manual', now: daysAgo(-1_090) });
      expect((await site.plugin.dataRequests()).body.items).toHaveLength(2);
      await relay.services.retention.purgeSite(site.id, { trigger: 'manual', now: daysAgo(-1_100) });
      expect((await site.plugin.dataRequests()).body.items).toMatchObject([{ dataRequestId: open }]);
    });

    it('shows one that was cut as overdue in time, and it is ended by whoever comes next', async () => {
      await site.widget.begin('I am jane@a.example');
      const id = await plantCutErasure(relay, site.id, { email: 'jane@a.example' }, daysAgo(40));
      const item = async () => (await site.plugin.dataRequests()).body.items.find(each => each.dataRequestId === id);
      expect(await item()).toMatchObject({ status: 'processing', overdue: true, completedAt: null });
      await relay.services.privacy.resume();
      expect(await item()).toMatchObject({
        status: 'completed',
        overdue: false,
        counts: { conversations: 1 },
        events: [{ event: 'received' }, { event: 'interrupted' }, { event: 'completed' }],
      });
      expect(await tablesWith('jane@a.example')).toEqual([]);
    });
  });

  describe('a fault half-way', () => {
    /** Has the database refuse this to every row of the site, until the function that it gives is called. */
    async function refuse(operation: 'DELETE' | 'UPDATE', table: string): Promise<() => Promise<unknown>> {
      const { db } = relay.database;
      const name = `refuse_${site.id.replaceAll('-', '')}`;
      await db.$executeRawUnsafe(`CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'refused'; END $$`);
      await db.$executeRawUnsafe(`CREATE TRIGGER ${name} BEFORE ${operation} ON "${table}" FOR EACH ROW
        WHEN (OLD."siteId" = '${site.id}') EXECUTE FUNCTION ${name}()`);
      return () => db.$executeRawUnsafe(`DROP FUNCTION ${name} CASCADE`);
    }
    const listed = async () => (await site.plugin.dataRequests()).body.items;
    const MINUTE_MS = 60_000;
    afterEach(() => relay.clock.setAhead(0));

    it('of an erasure takes nothing, and whoever comes next ends it, once', async () => {
      const handle = await site.widget.begin('I am jane@a.example');
      await site.widget.lead({ fields: { email: 'jane@a.example' }, conversationId: handle });
      const mend = await refuse('DELETE', 'Conversation');
      expect(await erasure({ email: 'jane@a.example' })).toMatchObject({ status: 500, body: { code: 'internal' } });
      const isWhole = async () => {
        expect((await site.widget.conversation(handle)).body.messages).toHaveLength(2);
        expect((await site.plugin.leads()).body.items).toHaveLength(1);
      };
      await isWhole();

      // Who asked may still be at it: for two minutes nobody else takes it up.
      await relay.services.privacy.resume();
      expect(await listed()).toMatchObject([{ status: 'processing', events: [{ event: 'received' }] }]);

      // One that fails again and again says so, fills no list, and does not stop the others.
      const other = await relay.site();
      await other.widget.begin('I am john@a.example');
      await plantCutErasure(relay, other.id, { email: 'john@a.example' }, new Date());
      relay.clock.setAhead(3 * MINUTE_MS);
      for (let n = 0; n < 3; n += 1) await expect(relay.services.privacy.resume()).rejects.toThrow('1 data request');
      await isWhole();
      expect(await listed()).toMatchObject([
        { status: 'processing', completedAt: null, events: [{ event: 'received' }, { event: 'interrupted' }] },
      ]);
      expect((await other.plugin.conversations()).body.items).toEqual([]);

      await mend();
      await Promise.all([relay.services.privacy.resume(), relay.services.privacy.resume()]);
      expect(await listed()).toMatchObject([
        {
          status: 'completed',
          counts: { conversations: 1, messages: 2, leads: 1 },
          events: [{ event: 'received' }, { event: 'interrupted' }, { event: 'completed' }],
        },
      ]);
      expect(await tablesWith('jane@a.example')).toEqual([]);
    });

    it('of a reading leaves no record of it', async () => {
      await site.widget.begin('I am jane@a.example');
      const mend = await refuse('UPDATE', 'DataRequest');
      const request = { type: 'access', subject: { email: 'jane@a.example' } };
      expect((await site.plugin.requestData(request)).status).toBe(500);
      expect(await listed()).toEqual([]);
      await mend();
      expect((await site.plugin.requestData(request)).status).toBe(200);
    });
  });
});
